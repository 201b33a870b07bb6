//! Tables as a template declares them.

use serde_json::{Value, json};

use super::{DynamoDb, run::Run};
use crate::{AwsError, Refusal};

impl DynamoDb {
    /// Sees to it that a table is as declared: creates it, or adds to the one that is there the indexes, the
    /// stream and the time to live that it lacks. Its items stay. `declared` is a `CreateTable` request, or the
    /// properties of an `AWS::DynamoDB::Table` with its name.
    pub fn ensure_table(&self, declared: &Value) -> Result<(), Refusal> {
        let mut declared = declared.clone();
        as_request(&mut declared);
        let name = declared["TableName"].as_str().unwrap_or_default().to_owned();
        let ttl = declared.get("TimeToLiveSpecification").cloned();
        let mut state = self.lock();
        let mut run = Run::new(self, &mut state);
        match run.describe(&name)? {
            None => {
                run.other("CreateTable", &declared)?;
            }
            Some(there) => run.extend(&name, &there, &declared)?,
        }
        run.expire(&name, ttl)
    }
}

impl Run<'_> {
    fn describe(&mut self, name: &str) -> Result<Option<Value>, Refusal> {
        match self.other("DescribeTable", &json!({"TableName": name})) {
            Ok(body) => Ok(serde_json::from_slice::<Value>(&body).ok().map(|mut body| body["Table"].take())),
            Err(refusal) if refusal.error.code == "ResourceNotFoundException" => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    fn extend(&mut self, name: &str, there: &Value, declared: &Value) -> Result<(), Refusal> {
        if there["KeySchema"] != declared["KeySchema"] {
            let message = format!("Table {name} exists with another key; it would have to be replaced.");
            return Err(AwsError::new("ValidationException", message).into());
        }
        let empty = Vec::new();
        let indexes = |table: &Value| {
            let indexes = table["GlobalSecondaryIndexes"].as_array().unwrap_or(&empty).clone();
            indexes.into_iter().map(|index| (index["IndexName"].clone(), index)).collect::<Vec<_>>()
        };
        let present = indexes(there);
        for (_, index) in
            indexes(declared).into_iter().filter(|(name, _)| !present.iter().any(|(there, _)| there == name))
        {
            self.other(
                "UpdateTable",
                &json!({
                    "TableName": name,
                    "AttributeDefinitions": declared["AttributeDefinitions"],
                    "GlobalSecondaryIndexUpdates": [{"Create": index}],
                }),
            )?;
        }
        let stream = &declared["StreamSpecification"];
        let streams = there["StreamSpecification"]["StreamEnabled"] == true;
        match (streams, stream["StreamEnabled"] == true) {
            (false, true) => {
                self.other("UpdateTable", &json!({"TableName": name, "StreamSpecification": stream}))?;
            }
            (true, true) => self.declare_again(name, stream)?,
            _ => {}
        }
        Ok(())
    }

    fn expire(&mut self, name: &str, declared: Option<Value>) -> Result<(), Refusal> {
        let Some(ttl) = declared.filter(|ttl| ttl["Enabled"] == true) else { return Ok(()) };
        let there = self.other("DescribeTimeToLive", &json!({"TableName": name}))?;
        let there = serde_json::from_slice::<Value>(&there).unwrap_or_default();
        if there["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED" {
            return Ok(());
        }
        self.other("UpdateTimeToLive", &json!({"TableName": name, "TimeToLiveSpecification": ttl}))?;
        Ok(())
    }
}

/// CloudFormation's properties as the API's request has them.
fn as_request(declared: &mut Value) {
    if let Some(stream) = declared.get_mut("StreamSpecification").and_then(Value::as_object_mut) {
        stream.entry("StreamEnabled").or_insert(true.into());
    }
    if let Some(encryption) = declared.get_mut("SSESpecification").and_then(Value::as_object_mut)
        && let Some(enabled) = encryption.remove("SSEEnabled")
    {
        encryption.insert("Enabled".to_owned(), enabled);
    }
}
