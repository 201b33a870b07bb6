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

use super::{DynamoDb, names::with_names, refusals::unreadable};
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
            body: &[u8],
            kind: impl Fn(T) -> Kind,
        ) -> Result<Kind, Refusal> {
            serde_json::from_slice(body).map(kind).map_err(|error| unreadable(operation, &error))
        }
        // A list would do for a request's members in their order, which AWS doesn't know.
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(
                AwsError::new("SerializationException", "The request's body is not an object.").into()
            );
        }
        let named = with_names(body);
        let body_read = named.as_ref();
        let kind = match operation {
            "PutItem" => read(operation, body_read, Kind::Put),
            "GetItem" => read(operation, body_read, Kind::Get),
            "UpdateItem" => read(operation, body_read, Kind::Update),
            "DeleteItem" => read(operation, body_read, Kind::Delete),
            "Query" => read(operation, body_read, Kind::Query),
            "Scan" => read(operation, body_read, Kind::Scan),
            "BatchGetItem" => read(operation, body_read, Kind::BatchGet),
            "BatchWriteItem" => read(operation, body_read, Kind::BatchWrite),
            "TransactGetItems" => read(operation, body_read, Kind::TransactGet),
            "TransactWriteItems" => read(operation, body_read, Kind::TransactWrite),
            other => match OTHERS.iter().find(|known| **known == other) {
                Some(operation) => read(operation, body_read, |input| Kind::Other { operation, input }),
                None => Err(AwsError::new("UnknownOperationException", "").into()),
            },
        }?;
        Ok(Request { kind, body: body.clone() })
    }
}
