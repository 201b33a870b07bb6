//! DynamoDB's requests, read once into `dynoxide`'s types.

use bytes::Bytes;
use dynoxide::actions::{
    batch_get_item::BatchGetItemRequest, batch_write_item::BatchWriteItemRequest,
    delete_item::DeleteItemRequest, get_item::GetItemRequest, put_item::PutItemRequest, query::QueryRequest,
    scan::ScanRequest, transact_get_items::TransactGetItemsRequest,
    transact_write_items::TransactWriteItemsRequest, update_item::UpdateItemRequest,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{DynamoDb, refusals::unreadable};
use crate::{AwsError, Refusal};

/// A request, read.
pub(crate) struct Request {
    pub(super) kind: Kind,
    /// The body as it came, for what is compared byte by byte.
    pub(super) body: Bytes,
}

pub(super) enum Kind {
    Put(PutItemRequest),
    Get(GetItemRequest),
    Update(UpdateItemRequest),
    Delete(DeleteItemRequest),
    Query(QueryRequest),
    Scan(ScanRequest),
    BatchGet(BatchGetItemRequest),
    BatchWrite(BatchWriteItemRequest),
    TransactGet(TransactGetItemsRequest),
    TransactWrite(TransactWriteItemsRequest),
    /// Tables, streams, tags, PartiQL: rare, and read when it runs.
    Other {
        operation: &'static str,
        input: Value,
    },
}

const OTHERS: [&str; 19] = [
    "CreateTable",
    "DeleteTable",
    "DescribeTable",
    "ListTables",
    "UpdateTable",
    "UpdateTimeToLive",
    "DescribeTimeToLive",
    "ListStreams",
    "DescribeStream",
    "GetShardIterator",
    "GetRecords",
    "TagResource",
    "UntagResource",
    "ListTagsOfResource",
    "ExecuteStatement",
    "ExecuteTransaction",
    "BatchExecuteStatement",
    "DescribeEndpoints",
    "DescribeLimits",
];

impl DynamoDb {
    /// Reads a request.
    pub(crate) fn parse(&self, operation: &str, body: &Bytes) -> Result<Request, Refusal> {
        fn read<T: DeserializeOwned>(
            operation: &str,
            body: &Bytes,
            kind: impl Fn(T) -> Kind,
        ) -> Result<Kind, Refusal> {
            serde_json::from_slice(body).map(kind).map_err(|error| unreadable(operation, &error))
        }
        let kind = match operation {
            "PutItem" => read(operation, body, Kind::Put),
            "GetItem" => read(operation, body, Kind::Get),
            "UpdateItem" => read(operation, body, Kind::Update),
            "DeleteItem" => read(operation, body, Kind::Delete),
            "Query" => read(operation, body, Kind::Query),
            "Scan" => read(operation, body, Kind::Scan),
            "BatchGetItem" => read(operation, body, Kind::BatchGet),
            "BatchWriteItem" => read(operation, body, Kind::BatchWrite),
            "TransactGetItems" => read(operation, body, Kind::TransactGet),
            "TransactWriteItems" => read(operation, body, Kind::TransactWrite),
            other => match OTHERS.iter().find(|known| **known == other) {
                Some(operation) => read(operation, body, |input| Kind::Other { operation, input }),
                None => Err(AwsError::new("UnknownOperationException", "").into()),
            },
        }?;
        Ok(Request { kind, body: body.clone() })
    }
}
