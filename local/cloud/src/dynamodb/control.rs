//! Tables, streams over the wire, tags and PartiQL: rare operations, passed through with our place in the ARNs.

use bytes::Bytes;
use dynoxide::actions::{self, get_shard_iterator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    Tables, ViewType,
    refusals::{refusal, unreadable},
    run::{Run, internal, now, written},
    streams,
};
use crate::{AwsError, Refusal};

impl Run<'_> {
    pub(super) fn other(&mut self, operation: &'static str, input: &Value) -> Result<Bytes, Refusal> {
        let inside = self.inside_arns(input)?;
        let output = self.dispatch(operation, inside)?;
        let mut output = self.outside_arns(&output)?;
        if ["CreateTable", "UpdateTable", "DeleteTable"].contains(&operation) {
            self.reload()?;
        }
        self.show_declared_view(&mut output);
        written(&output)
    }

    fn dispatch(&mut self, operation: &'static str, mut input: Value) -> Result<Value, Refusal> {
        let storage = &self.state.storage;
        let vectors = &self.state.vectors;
        macro_rules! pass {
            ($action:ident $(, $more:expr)?) => {
                output(now(actions::$action::execute(storage, read(operation, input)? $(, $more)?))?)
            };
        }
        match operation {
            "CreateTable" => {
                let declared = keep_both_images(&mut input);
                // All of a table or none of it, wherever a kill may fall.
                let created = self.whole(|| pass!(create_table))?;
                self.declare(&created, declared)?;
                Ok(created)
            }
            "UpdateTable" => {
                let declared = keep_both_images(&mut input);
                let updated = pass!(update_table, vectors)?;
                self.declare(&updated, declared)?;
                Ok(updated)
            }
            "DeleteTable" => {
                let deleted = pass!(delete_table, vectors)?;
                self.forget(&deleted)?;
                Ok(deleted)
            }
            "DescribeTable" => pass!(describe_table, vectors),
            "ListTables" => pass!(list_tables),
            "UpdateTimeToLive" => pass!(update_time_to_live),
            "DescribeTimeToLive" => pass!(describe_time_to_live),
            "ListStreams" => pass!(list_streams),
            "DescribeStream" => pass!(describe_stream),
            "GetShardIterator" => pass!(get_shard_iterator),
            "GetRecords" => self.records(&input),
            "TagResource" => empty(now(actions::tag_resource::execute(storage, read(operation, input)?))),
            "UntagResource" => empty(now(actions::untag_resource::execute(storage, read(operation, input)?))),
            "ListTagsOfResource" => pass!(list_tags_of_resource),
            "ExecuteStatement" => pass!(execute_statement),
            "ExecuteTransaction" => pass!(execute_transaction),
            "BatchExecuteStatement" => pass!(batch_execute_statement),
            _ => Err(AwsError::new("UnknownOperationException", "").into()),
        }
    }

    /// Does `work` within one transaction of the database.
    fn whole<T>(&self, work: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
        let connection = self.state.storage.conn();
        let failed = |error: rusqlite::Error| internal(&error.to_string());
        connection.execute_batch("SAVEPOINT whole").map_err(failed)?;
        let done = work();
        let end = if done.is_ok() { "RELEASE whole" } else { "ROLLBACK TO whole; RELEASE whole" };
        connection.execute_batch(end).map_err(failed)?;
        done
    }

    /// `GetRecords`, from the same reading as the event sources': with the declared view, and without the writes
    /// that changed nothing.
    fn records(&self, input: &Value) -> Result<Value, Refusal> {
        let iterator = input["ShardIterator"].as_str().and_then(get_shard_iterator::decode_shard_iterator);
        let view = |table: &str| self.cloud.tables().get(table).and_then(|table| table.view);
        let found =
            iterator.and_then(|(table, shard, position)| Some((view(&table)?, table, shard, position)));
        let Some((view, table, shard, position)) = found else {
            return Err(AwsError::new("ValidationException", "Invalid ShardIterator.").into());
        };
        let limit = input["Limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(1000);
        let (records, position) =
            streams::read(self.state.storage.conn(), &table, view, position, limit.clamp(1, 1000));
        let region = &self.cloud.place.region;
        let records = records.iter().map(|record| record.to_event(region)).collect::<Vec<_>>();
        let next = get_shard_iterator::encode_shard_iterator(&table, &shard, position);
        Ok(json!({"Records": records, "NextShardIterator": next}))
    }

    /// `dynoxide` knows one place only, its own.
    fn inside_arns(&self, input: &Value) -> Result<Value, Refusal> {
        swap(input, &self.cloud.place.arn("dynamodb", ""), &dynoxide_arn())
    }

    fn outside_arns(&self, output: &Value) -> Result<Value, Refusal> {
        swap(output, &dynoxide_arn(), &self.cloud.place.arn("dynamodb", ""))
    }

    /// Keeps the view that a table's stream was declared with.
    fn declare(&self, output: &Value, declared: Option<ViewType>) -> Result<(), Refusal> {
        let (Some(view), Some(table)) = (declared, output["TableDescription"]["TableName"].as_str()) else {
            return Ok(());
        };
        self.state
            .storage
            .conn()
            .execute("INSERT OR REPLACE INTO _cloud_views VALUES (?1, ?2)", [table, view.name()])
            .map_err(|error| internal(&error.to_string()))?;
        Ok(())
    }

    /// The same, for a stream that is already there.
    pub(super) fn declare_again(&self, table: &str, stream: &Value) -> Result<(), Refusal> {
        let view = stream["StreamViewType"].as_str().and_then(ViewType::parse);
        self.declare(&json!({"TableDescription": {"TableName": table}}), view)?;
        self.reload()
    }

    /// A table that is created under the same name later has a stream of its own.
    fn forget(&self, deleted: &Value) -> Result<(), Refusal> {
        let table = deleted["TableDescription"]["TableName"].as_str().unwrap_or_default();
        for kept in ["_stream_records", "_cloud_views", "_cloud_checkpoints"] {
            let delete = format!("DELETE FROM {kept} WHERE table_name = ?1");
            self.state
                .storage
                .conn()
                .execute(&delete, [table])
                .map_err(|error| internal(&error.to_string()))?;
        }
        Ok(())
    }

    fn reload(&self) -> Result<(), Refusal> {
        let tables = Tables::load(&self.state.storage).map_err(|error| refusal(&error))?;
        *self.cloud.tables.write().unwrap_or_else(std::sync::PoisonError::into_inner) = tables;
        Ok(())
    }

    /// Puts the declared view where an answer has that of the database, and takes out what it hides.
    fn show_declared_view(&self, output: &mut Value) {
        let tables = self.cloud.tables();
        for name in ["Table", "TableDescription"] {
            let table = output[name]["TableName"].as_str().and_then(|table| tables.get(table));
            if let Some(view) = table.and_then(|table| table.view)
                && let Some(shown) = output[name].get_mut("StreamSpecification")
            {
                shown["StreamViewType"] = view.name().into();
            }
        }
    }
}

/// Has the stream, if one is asked for, keep both images. Returns the view that was asked for.
pub(super) fn keep_both_images(input: &mut Value) -> Option<ViewType> {
    let stream = input.get_mut("StreamSpecification")?;
    let declared = stream.get("StreamViewType")?.as_str().and_then(ViewType::parse)?;
    stream["StreamViewType"] = ViewType::NewAndOldImages.name().into();
    Some(declared)
}

fn dynoxide_arn() -> String {
    format!("arn:aws:dynamodb:{}:{}:", dynoxide::streams::LOCAL_REGION, dynoxide::streams::LOCAL_ACCOUNT)
}

fn swap(value: &Value, from: &str, to: &str) -> Result<Value, Refusal> {
    let text = value.to_string();
    if !text.contains(from) {
        return Ok(value.clone());
    }
    serde_json::from_str(&text.replace(from, to)).map_err(|error| internal(&error.to_string()))
}

fn read<T: DeserializeOwned>(operation: &str, input: Value) -> Result<T, Refusal> {
    serde_json::from_value(input).map_err(|error| unreadable(operation, &error))
}

fn output(output: impl Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(output).map_err(|error| internal(&error.to_string()))
}

fn empty<T>(done: Result<T, Refusal>) -> Result<Value, Refusal> {
    done.map(|_| Value::Object(serde_json::Map::new()))
}
