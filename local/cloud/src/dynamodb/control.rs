//! Tables, streams over the wire, tags and PartiQL: rare operations, passed through with our place in the ARNs.

use bytes::Bytes;
use dynoxide::actions;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Tables, ViewType,
    refusals::{refusal, unreadable},
    run::{Run, internal, now, written},
};
use crate::{AwsError, Refusal};

impl Run<'_> {
    pub(super) fn other(&mut self, operation: &'static str, input: Value) -> Result<Bytes, Refusal> {
        let inside = self.inside_arns(input)?;
        let output = self.dispatch(operation, inside)?;
        let mut output = self.outside_arns(output)?;
        if ["CreateTable", "UpdateTable", "DeleteTable"].contains(&operation) {
            self.reload()?;
        }
        self.show_declared_view(&mut output);
        written(&output)
    }

    fn dispatch(&mut self, operation: &'static str, mut input: Value) -> Result<Value, Refusal> {
        let storage = &self.state.storage;
        let vectors = &self.state.vectors;
        match operation {
            "CreateTable" => {
                let declared = keep_both_images(&mut input);
                let output = json(now(actions::create_table::execute(storage, read(operation, input)?))?)?;
                self.declare(&output, declared)?;
                Ok(output)
            }
            "UpdateTable" => {
                let declared = keep_both_images(&mut input);
                let output =
                    json(now(actions::update_table::execute(storage, read(operation, input)?, vectors))?)?;
                self.declare(&output, declared)?;
                Ok(output)
            }
            "DeleteTable" => {
                json(now(actions::delete_table::execute(storage, read(operation, input)?, vectors))?)
            }
            "DescribeTable" => {
                json(now(actions::describe_table::execute(storage, read(operation, input)?, vectors))?)
            }
            "ListTables" => json(now(actions::list_tables::execute(storage, read(operation, input)?))?),
            "UpdateTimeToLive" => {
                json(now(actions::update_time_to_live::execute(storage, read(operation, input)?))?)
            }
            "DescribeTimeToLive" => {
                json(now(actions::describe_time_to_live::execute(storage, read(operation, input)?))?)
            }
            "ListStreams" => json(now(actions::list_streams::execute(storage, read(operation, input)?))?),
            "DescribeStream" => {
                json(now(actions::describe_stream::execute(storage, read(operation, input)?))?)
            }
            "GetShardIterator" => {
                json(now(actions::get_shard_iterator::execute(storage, read(operation, input)?))?)
            }
            "GetRecords" => json(now(actions::get_records::execute(storage, read(operation, input)?))?),
            "TagResource" => empty(now(actions::tag_resource::execute(storage, read(operation, input)?))),
            "UntagResource" => empty(now(actions::untag_resource::execute(storage, read(operation, input)?))),
            "ListTagsOfResource" => {
                json(now(actions::list_tags_of_resource::execute(storage, read(operation, input)?))?)
            }
            "ExecuteStatement" => {
                json(now(actions::execute_statement::execute(storage, read(operation, input)?))?)
            }
            "ExecuteTransaction" => {
                json(now(actions::execute_transaction::execute(storage, read(operation, input)?))?)
            }
            "BatchExecuteStatement" => {
                json(now(actions::batch_execute_statement::execute(storage, read(operation, input)?))?)
            }
            _ => Err(AwsError::new("UnknownOperationException", "").into()),
        }
    }

    /// `dynoxide` knows one place only, its own.
    fn inside_arns(&self, input: Value) -> Result<Value, Refusal> {
        swap(&input, &self.cloud.place.arn("dynamodb", ""), &dynoxide_arn())
    }

    fn outside_arns(&self, output: Value) -> Result<Value, Refusal> {
        swap(&output, &dynoxide_arn(), &self.cloud.place.arn("dynamodb", ""))
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
        self.declare(&serde_json::json!({"TableDescription": {"TableName": table}}), view)?;
        self.reload()
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

fn json(output: impl Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(output).map_err(|error| internal(&error.to_string()))
}

fn empty<T>(done: Result<T, Refusal>) -> Result<Value, Refusal> {
    done.map(|_| Value::Object(serde_json::Map::new()))
}
