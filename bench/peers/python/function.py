"""Reads one item as a function in Python does, with the SDK that Lambda comes with."""

import json
import os

import boto3

dynamodb = boto3.client("dynamodb")
table = os.environ["TABLE_NAME"]


def handler(event, context):
    key = {"id": {"S": event["pathParameters"]["id"]}}
    item = dynamodb.get_item(TableName=table, Key=key).get("Item")
    if item is None:
        return answer(404, {})
    return answer(200, {"id": item["id"]["S"], "name": item["name"]["S"], "price": int(item["price"]["N"])})


def answer(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
