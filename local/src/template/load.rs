//! From a template's text to a [`Stack`].

use std::{cell::Cell, collections::BTreeMap};

use serde_json::{Map, Value};

use super::{
    Stack, StackPlace, api,
    error::{Result, TemplateError},
    function::{self, DeclaredRoute},
    intrinsics::Resolver,
    messaging, names, parameters, read, storage, typed,
};

/// What a template is resolved with.
#[derive(Clone, Debug, Default)]
pub struct TemplateOptions {
    /// Where the stack lives.
    pub place: StackPlace,
    /// Parameters that differ from their defaults.
    pub parameters: BTreeMap<String, String>,
    /// ARNs that services have drawn, by logical id; those that aren't here are made up.
    pub arns: BTreeMap<String, String>,
}

/// Types that watch, pay for, name or permit what runs at AWS, and have nothing to do on this machine.
const WITHOUT_EFFECT: [&str; 12] = [
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::Budgets::Budget",
    "AWS::CertificateManager::Certificate",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::IAM::Role",
    "AWS::KMS::Alias",
    "AWS::Logs::LogGroup",
    "AWS::Route53::RecordSet",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
];

const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Transform",
    "Description",
    "Metadata",
    "Parameters",
    "Mappings",
    "Rules",
    "Conditions",
    "Globals",
    "Resources",
    "Outputs",
];

/// Reads the text of a template.
///
/// # Errors
/// [`TemplateError`] with the path of what can't be read or run.
pub fn load(text: &str, options: &TemplateOptions) -> Result<Stack> {
    let template = read::read(text)?;
    let template = template.as_object().ok_or_else(|| TemplateError::new("template", "isn't a map"))?;
    if let Some(section) = template.keys().find(|section| !SECTIONS.contains(&section.as_str())) {
        return Err(TemplateError::new(section, "local doesn't know this section"));
    }
    let empty = Map::new();
    let section = |name: &str| match template.get(name) {
        None => Ok(&empty),
        Some(value) => value.as_object().ok_or_else(|| TemplateError::new(name, "isn't a map")),
    };
    let globals = section("Globals")?;
    let conditions = section("Conditions")?;
    let resources = with_globals(section("Resources")?, globals)?;
    let mut resolver = Resolver {
        place: &options.place,
        arns: &options.arns,
        parameters: parameters::values(section("Parameters")?, &options.parameters)?,
        resources: &resources,
        mappings: section("Mappings")?,
        conditions,
        depth: Cell::new(0),
    };
    check_rules(&resolver, section("Rules")?)?;
    let present = existing(&resolver, &resources)?;
    resolver.resources = &present;
    let mut loader = Loader {
        resolver: &resolver,
        stack: Stack { place: options.place.clone(), ..Stack::default() },
        routes: Vec::new(),
    };
    for (id, resource) in &present {
        loader.resource(id, resource)?;
    }
    loader.settle_routes()?;
    let mut stack = loader.stack;
    for (name, output) in section("Outputs")? {
        let path = format!("Outputs.{name}");
        if let Some(condition) = output.get("Condition").and_then(Value::as_str)
            && !resolver.condition(condition, &path)?
        {
            continue;
        }
        let value = output.get("Value").ok_or_else(|| TemplateError::new(&path, "has no Value"))?;
        let value = resolver.present(value, &format!("{path}.Value"))?;
        stack.outputs.insert(name.clone(), typed::text_of(&value).unwrap_or_else(|| value.to_string()));
    }
    Ok(stack)
}

/// Refuses parameters that break a rule of the template.
fn check_rules(resolver: &Resolver<'_>, rules: &Map<String, Value>) -> Result<()> {
    for (name, rule) in rules {
        let path = format!("Rules.{name}");
        if let Some(condition) = rule.get("RuleCondition")
            && !resolver.truth(condition, &format!("{path}.RuleCondition"))?
        {
            continue;
        }
        for assertion in rule.get("Assertions").and_then(Value::as_array).into_iter().flatten() {
            let assert = assertion.get("Assert").ok_or_else(|| TemplateError::new(&path, "has no Assert"))?;
            if !resolver.truth(assert, &format!("{path}.Assertions"))? {
                let said = assertion.get("AssertDescription").and_then(Value::as_str).unwrap_or("is broken");
                return Err(TemplateError::new(path, said));
            }
        }
    }
    Ok(())
}

/// The resources whose condition holds.
fn existing(resolver: &Resolver<'_>, resources: &Map<String, Value>) -> Result<Map<String, Value>> {
    let mut present = Map::new();
    for (id, resource) in resources {
        let path = format!("Resources.{id}");
        if let Some(condition) = resource.get("Condition") {
            let name = condition.as_str().ok_or_else(|| {
                TemplateError::new(format!("{path}.Condition"), "isn't the name of a condition")
            })?;
            if !resolver.condition(name, &path)? {
                continue;
            }
        }
        present.insert(id.clone(), resource.clone());
    }
    Ok(present)
}

/// Merges `Globals` into each resource as SAM does: maps by key, lists end to end, the resource's own value last.
fn with_globals(resources: &Map<String, Value>, globals: &Map<String, Value>) -> Result<Map<String, Value>> {
    for section in globals.keys() {
        if section != "Function" && section != "HttpApi" {
            return Err(TemplateError::new(format!("Globals.{section}"), "local doesn't know this section"));
        }
    }
    let mut merged = resources.clone();
    for resource in merged.values_mut() {
        let global = match resource.get("Type").and_then(Value::as_str) {
            Some("AWS::Serverless::Function") => globals.get("Function"),
            Some("AWS::Serverless::HttpApi") => globals.get("HttpApi"),
            _ => None,
        };
        if let (Some(global), Some(resource)) = (global, resource.as_object_mut()) {
            let own = resource.remove("Properties").unwrap_or_else(|| Value::Object(Map::new()));
            resource.insert("Properties".to_owned(), merge(global.clone(), own));
        }
    }
    Ok(merged)
}

fn merge(global: Value, own: Value) -> Value {
    match (global, own) {
        (Value::Object(mut global), Value::Object(own)) => {
            // A function such as {"Ref": …} is one value, not a map to merge into.
            if own.len() == 1 && own.keys().all(|key| key == "Ref" || key.starts_with("Fn::")) {
                return Value::Object(own);
            }
            for (key, value) in own {
                let value = match global.remove(&key) {
                    Some(inherited) => merge(inherited, value),
                    None => value,
                };
                global.insert(key, value);
            }
            Value::Object(global)
        }
        (Value::Array(mut global), Value::Array(own)) => {
            global.extend(own);
            Value::Array(global)
        }
        (_, own) => own,
    }
}

struct Loader<'r> {
    resolver: &'r Resolver<'r>,
    stack: Stack,
    routes: Vec<DeclaredRoute>,
}

impl Loader<'_> {
    fn resource(&mut self, id: &str, resource: &Value) -> Result<()> {
        let path = format!("Resources.{id}");
        let kind = resource
            .get("Type")
            .and_then(Value::as_str)
            .ok_or_else(|| TemplateError::new(&path, "has no Type"))?;
        if WITHOUT_EFFECT.contains(&kind) {
            return Ok(());
        }
        let path = format!("{path}.Properties");
        let properties = match resource.get("Properties") {
            None => Value::Object(Map::new()),
            Some(properties) => self.resolver.present(properties, &path)?,
        };
        let name = || names::physical(self.resolver, id, resource);
        let get = |attribute: &str| names::attribute(self.resolver, id, resource, attribute);
        let own = id.to_owned();
        let stack = &mut self.stack;
        match kind {
            "AWS::Serverless::Function" => {
                let metadata = resource.get("Metadata").cloned();
                let (spec, routes) = function::function(id, (name()?, get("Arn")?), properties, metadata)?;
                stack.functions.insert(own, spec);
                self.routes.extend(routes);
            }
            "AWS::Serverless::HttpApi" => {
                if let Some(other) = &stack.api {
                    return Err(TemplateError::new(
                        path,
                        format!("local runs one HTTP API, and {} is one", other.id),
                    ));
                }
                stack.api = Some(api::http_api(properties, &path, id, name()?)?);
            }
            "AWS::DynamoDB::Table" => {
                let table = storage::table(properties, &path, name()?, get("Arn")?, get("StreamArn")?)?;
                stack.tables.insert(own, table);
            }
            "AWS::SQS::Queue" => {
                let queue = messaging::queue(properties, &path, name()?, get("Arn")?, get("QueueUrl")?)?;
                stack.queues.insert(own, queue);
            }
            "AWS::SQS::QueuePolicy" => stack.queue_policies.push(messaging::queue_policy(properties, &path)?),
            "AWS::SNS::Topic" => {
                stack.topics.insert(own, messaging::topic(properties, &path, name()?, get("TopicArn")?)?);
            }
            "AWS::SNS::Subscription" => {
                stack.subscriptions.insert(own, messaging::subscription(properties, &path)?);
            }
            "AWS::SecretsManager::Secret" => {
                stack.secrets.insert(own, storage::secret(properties, &path, name()?, get("Arn")?)?);
            }
            "AWS::KMS::Key" => {
                stack.keys.insert(own, storage::encryption_key(properties, &path, name()?)?);
            }
            "AWS::S3::Bucket" => {
                stack.buckets.insert(own, name()?);
            }
            "AWS::SES::EmailIdentity" => stack.identities.push(name()?),
            "AWS::Lambda::Permission" => {
                let text = |property: &str| {
                    properties
                        .get(property)
                        .and_then(Value::as_str)
                        .map(str::to_owned)
                        .ok_or_else(|| TemplateError::new(format!("{path}.{property}"), "is missing"))
                };
                stack.permissions.push((text("FunctionName")?, text("Principal")?));
            }
            other => {
                let reason = format!("resource {id} has type {other}, which local can't run");
                return Err(TemplateError::new(format!("Resources.{id}.Type"), reason));
            }
        }
        Ok(())
    }

    fn settle_routes(&mut self) -> Result<()> {
        for DeclaredRoute { api: named, path, mut route } in std::mem::take(&mut self.routes) {
            let Some(api) = self.stack.api.as_mut() else {
                return Err(TemplateError::new(path, "is a route, and the template has no HTTP API"));
            };
            if named.as_deref() != Some(api.api_id.as_str()) {
                return Err(TemplateError::new(format!("{path}.ApiId"), format!("isn't !Ref {}", api.id)));
            }
            route.authorizer = match route.authorizer.as_deref() {
                None => api.default_authorizer.clone(),
                Some("NONE") => None,
                Some(name) if api.authorizers.contains_key(name) => Some(name.to_owned()),
                Some(name) => {
                    let reason = format!("no authorizer is called {name}");
                    return Err(TemplateError::new(format!("{path}.Auth.Authorizer"), reason));
                }
            };
            if let Some(twin) = api.routes.iter().find(|other| other.key == route.key) {
                let reason = format!("{} has the route {} already", twin.function, route.key);
                return Err(TemplateError::new(path, reason));
            }
            api.routes.push(route);
        }
        if let Some(api) = self.stack.api.as_mut() {
            let permissions = &self.stack.permissions;
            for authorizer in api.authorizers.values_mut() {
                authorizer.invocable |= permissions.iter().any(|(function, principal)| {
                    principal == "apigateway.amazonaws.com"
                        && (function == &authorizer.function_arn
                            || authorizer.function_arn.ends_with(&format!(":{function}")))
                });
            }
        }
        Ok(())
    }
}
