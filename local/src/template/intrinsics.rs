//! CloudFormation's functions, resolved to the emulated values.

use std::{cell::Cell, collections::BTreeMap};

use serde_json::{Map, Value};

use super::{
    StackPlace,
    error::{Result, TemplateError},
    names,
    read::child,
    typed,
};

/// How deep references may lead to references; more is a circle.
const DEPTH: usize = 32;

/// Resolves the functions in a template.
pub(super) struct Resolver<'t> {
    pub place: &'t StackPlace,
    pub arns: &'t BTreeMap<String, String>,
    pub parameters: BTreeMap<String, Value>,
    pub resources: &'t Map<String, Value>,
    pub mappings: &'t Map<String, Value>,
    pub conditions: &'t Map<String, Value>,
    pub depth: Cell<usize>,
}

impl Resolver<'_> {
    /// `value` with every function in it resolved; nothing where it is `AWS::NoValue`.
    pub(super) fn value(&self, value: &Value, path: &str) -> Result<Option<Value>> {
        match value {
            Value::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    list.extend(self.value(item, &format!("{path}[{index}]"))?);
                }
                Ok(Some(Value::Array(list)))
            }
            Value::Object(map) => match map.iter().next() {
                Some((name, argument)) if map.len() == 1 && is_function(name, argument) => {
                    self.call(name, argument, path)
                }
                _ => {
                    let mut resolved = Map::new();
                    for (key, value) in map {
                        if let Some(value) = self.value(value, &child(path, key))? {
                            resolved.insert(key.clone(), value);
                        }
                    }
                    Ok(Some(Value::Object(resolved)))
                }
            },
            plain => Ok(Some(plain.clone())),
        }
    }

    /// Like [`Self::value`], where something must be left.
    pub(super) fn present(&self, value: &Value, path: &str) -> Result<Value> {
        self.value(value, path)?
            .ok_or_else(|| TemplateError::new(path, "is AWS::NoValue where a value is needed"))
    }

    /// Whether the condition called `name` holds.
    pub(super) fn condition(&self, name: &str, path: &str) -> Result<bool> {
        let condition = self
            .conditions
            .get(name)
            .ok_or_else(|| TemplateError::new(path, format!("the template has no condition {name}")))?;
        self.deeper(path, || self.truth(condition, &format!("Conditions.{name}")))
    }

    fn call(&self, name: &str, argument: &Value, path: &str) -> Result<Option<Value>> {
        let found = match name {
            "Ref" => {
                let id = self.text(argument, path)?;
                if id == "AWS::NoValue" {
                    return Ok(None);
                }
                self.reference(&id, path)?
            }
            "Fn::If" => {
                let [condition, yes, no] = self.arguments::<3>(name, argument, path)?;
                let condition = self.text(condition, path)?;
                return self.value(if self.condition(&condition, path)? { yes } else { no }, path);
            }
            "Fn::GetAtt" => {
                let parts: Vec<String> = self
                    .list(name, argument, path)?
                    .iter()
                    .map(|part| self.text(part, path))
                    .collect::<Result<_>>()?;
                let (id, attribute) =
                    parts.split_first().filter(|(_, rest)| !rest.is_empty()).ok_or_else(|| {
                        TemplateError::new(path, "Fn::GetAtt needs a resource and an attribute")
                    })?;
                Value::String(self.attribute(id, &attribute.join("."), path)?)
            }
            "Fn::Sub" => Value::String(self.substitute(argument, path)?),
            "Fn::Join" => {
                let [separator, items] = self.arguments::<2>(name, argument, path)?;
                let separator = self.text(separator, path)?;
                let items = self.present(items, path)?;
                let texts: Option<Vec<String>> =
                    items.as_array().and_then(|items| items.iter().map(typed::text_of).collect());
                let texts =
                    texts.ok_or_else(|| TemplateError::new(path, "Fn::Join joins a list of texts"))?;
                Value::String(texts.join(&separator))
            }
            "Fn::Select" => {
                let [index, items] = self.arguments::<2>(name, argument, path)?;
                let index: typed::Integer = typed::parse(self.present(index, path)?, path)?;
                let items = self.present(items, path)?;
                usize::try_from(index.0).ok().and_then(|index| items.get(index).cloned()).ok_or_else(
                    || TemplateError::new(path, format!("Fn::Select finds no item {}", index.0)),
                )?
            }
            "Fn::Split" => {
                let [separator, text] = self.arguments::<2>(name, argument, path)?;
                let (separator, text) = (self.text(separator, path)?, self.text(text, path)?);
                text.split(separator.as_str()).map(|part| Value::String(part.to_owned())).collect()
            }
            "Fn::FindInMap" => {
                let keys: [String; 3] = {
                    let [map, first, second] = self.arguments::<3>(name, argument, path)?;
                    [self.text(map, path)?, self.text(first, path)?, self.text(second, path)?]
                };
                let found = self.mappings.get(&keys[0]).and_then(|map| map.get(&keys[1])?.get(&keys[2]));
                found
                    .cloned()
                    .ok_or_else(|| TemplateError::new(path, format!("Mappings has no {}", keys.join("."))))?
            }
            "Fn::Base64" => {
                use base64::Engine as _;
                Value::String(base64::engine::general_purpose::STANDARD.encode(self.text(argument, path)?))
            }
            "Condition" => Value::Bool(self.condition(&self.text(argument, path)?, path)?),
            "Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or" => Value::Bool(self.logic(name, argument, path)?),
            _ => return Err(TemplateError::new(path, format!("local doesn't know the function {name}"))),
        };
        Ok(Some(found))
    }

    /// Whether a condition holds.
    pub(super) fn truth(&self, value: &Value, path: &str) -> Result<bool> {
        match self.present(value, path)? {
            Value::Bool(truth) => Ok(truth),
            _ => Err(TemplateError::new(path, "isn't a condition")),
        }
    }

    fn logic(&self, name: &str, argument: &Value, path: &str) -> Result<bool> {
        let items = self.list(name, argument, path)?;
        if name == "Fn::Equals" {
            let [left, right] = self.arguments::<2>(name, argument, path)?;
            let (left, right) = (self.present(left, path)?, self.present(right, path)?);
            return Ok(
                left == right || typed::text_of(&left).is_some_and(|l| typed::text_of(&right) == Some(l))
            );
        }
        let truths = items.iter().map(|item| self.truth(item, path)).collect::<Result<Vec<_>>>()?;
        match (name, truths.as_slice()) {
            ("Fn::Not", [truth]) => Ok(!truth),
            ("Fn::And", [_, ..]) => Ok(truths.iter().all(|truth| *truth)),
            ("Fn::Or", [_, ..]) => Ok(truths.iter().any(|truth| *truth)),
            _ => Err(TemplateError::new(path, format!("{name} has the wrong number of conditions"))),
        }
    }

    fn reference(&self, id: &str, path: &str) -> Result<Value> {
        let place = self.place;
        let pseudo = match id {
            "AWS::Region" => Some(place.region.as_str()),
            "AWS::AccountId" => Some(place.account.as_str()),
            "AWS::StackName" => Some(place.stack.as_str()),
            "AWS::Partition" => Some("aws"),
            "AWS::URLSuffix" => Some("amazonaws.com"),
            _ => None,
        };
        if let Some(pseudo) = pseudo {
            return Ok(Value::String(pseudo.to_owned()));
        }
        if id == "AWS::StackId" {
            let id = format!(
                "arn:aws:cloudformation:{}:{}:stack/{}/local",
                place.region, place.account, place.stack
            );
            return Ok(Value::String(id));
        }
        if let Some(value) = self.parameters.get(id) {
            return Ok(value.clone());
        }
        let resource = self.resources.get(id);
        match resource {
            Some(resource) => self.deeper(path, || names::reference(self, id, resource)).map(Value::String),
            // SAM's `!Ref Api.Stage`.
            None if id.split_once('.').is_some_and(|(api, part)| part == "Stage" && self.is_api(api)) => {
                Ok(Value::String("$default".to_owned()))
            }
            None => names::generated(self, self.resources, id, None).map(Value::String).ok_or_else(|| {
                TemplateError::new(path, format!("{id} is neither a parameter nor a resource"))
            }),
        }
    }

    fn is_api(&self, id: &str) -> bool {
        self.resources
            .get(id)
            .and_then(|resource| resource.get("Type"))
            .is_some_and(|kind| kind == "AWS::Serverless::HttpApi")
    }

    fn attribute(&self, id: &str, attribute: &str, path: &str) -> Result<String> {
        match self.resources.get(id) {
            Some(resource) => self
                .deeper(path, || names::attribute(self, id, resource, attribute))
                .map_err(|error| TemplateError::new(path, format!("{id}.{attribute}: {}", error.reason))),
            None => names::generated(self, self.resources, id, Some(attribute))
                .ok_or_else(|| TemplateError::new(path, format!("the template has no resource {id}"))),
        }
    }

    fn substitute(&self, argument: &Value, path: &str) -> Result<String> {
        let (text, given) = match argument {
            Value::String(text) => (text.as_str(), None),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(text), Value::Object(given)] => (text.as_str(), Some(given)),
                _ => return Err(TemplateError::new(path, "Fn::Sub needs a text and a map")),
            },
            _ => return Err(TemplateError::new(path, "Fn::Sub needs a text")),
        };
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let (before, after) = rest.split_at(start);
            out.push_str(before);
            let Some(end) = after.find('}') else {
                return Err(TemplateError::new(path, "Fn::Sub has a ${ without its }"));
            };
            let name = after[2..end].trim();
            rest = &after[end + 1..];
            if let Some(literal) = name.strip_prefix('!') {
                out.push_str(&format!("${{{literal}}}"));
                continue;
            }
            let value = match (given.and_then(|given| given.get(name)), name.split_once('.')) {
                (Some(value), _) => self.present(value, path)?,
                (None, Some((id, attribute))) => Value::String(self.attribute(id, attribute, path)?),
                (None, None) => self.reference(name, path)?,
            };
            let value = typed::text_of(&value)
                .ok_or_else(|| TemplateError::new(path, format!("${{{name}}} isn't text in Fn::Sub")))?;
            out.push_str(&value);
        }
        out.push_str(rest);
        Ok(out)
    }

    fn text(&self, value: &Value, path: &str) -> Result<String> {
        typed::text_of(&self.present(value, path)?).ok_or_else(|| TemplateError::new(path, "isn't text"))
    }

    fn list<'v>(&self, name: &str, argument: &'v Value, path: &str) -> Result<&'v [Value]> {
        argument
            .as_array()
            .map(Vec::as_slice)
            .ok_or_else(|| TemplateError::new(path, format!("{name} needs a list")))
    }

    fn arguments<'v, const N: usize>(
        &self,
        name: &str,
        argument: &'v Value,
        path: &str,
    ) -> Result<&'v [Value; N]> {
        <&[Value; N]>::try_from(self.list(name, argument, path)?)
            .map_err(|_| TemplateError::new(path, format!("{name} needs {N} arguments")))
    }

    fn deeper<T>(&self, path: &str, look: impl FnOnce() -> Result<T>) -> Result<T> {
        if self.depth.get() >= DEPTH {
            return Err(TemplateError::new(path, "leads in a circle"));
        }
        self.depth.set(self.depth.get() + 1);
        let found = look();
        self.depth.set(self.depth.get() - 1);
        found
    }
}

fn is_function(name: &str, argument: &Value) -> bool {
    // A policy statement has a `Condition` too, but never names one by text.
    name == "Ref" || name.starts_with("Fn::") || (name == "Condition" && argument.is_string())
}
