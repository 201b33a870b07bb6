//! Parameters: what a deployment may choose.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    error::{Result, TemplateError},
    typed,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Parameter {
    r#type: String,
    default: Option<Value>,
    allowed_values: Option<Vec<Value>>,
    allowed_pattern: Option<String>,
    min_value: Option<typed::Integer>,
    max_value: Option<typed::Integer>,
    min_length: Option<typed::Integer>,
    max_length: Option<typed::Integer>,
    constraint_description: Option<String>,
    #[serde(rename = "Description")]
    _description: Option<typed::Ignored>,
    #[serde(rename = "NoEcho")]
    _no_echo: Option<typed::Ignored>,
}

/// The value of every parameter: the chosen one, else the template's default.
pub(super) fn values(
    declared: &Map<String, Value>,
    chosen: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>> {
    if let Some(name) = chosen.keys().find(|name| !declared.contains_key(*name)) {
        return Err(TemplateError::new("Parameters", format!("the template has no parameter {name}")));
    }
    declared
        .iter()
        .map(|(name, declaration)| {
            let path = format!("Parameters.{name}");
            let parameter: Parameter = typed::parse(declaration.clone(), &path)?;
            let text = match (chosen.get(name), &parameter.default) {
                (Some(value), _) => value.clone(),
                (None, Some(default)) => typed::text_of(default)
                    .ok_or_else(|| TemplateError::new(format!("{path}.Default"), "isn't text or a number"))?,
                (None, None) => {
                    return Err(TemplateError::new(path, "has no default, and no value is given"));
                }
            };
            let value = parameter.check(text, &path)?;
            Ok((name.clone(), value))
        })
        .collect()
}

impl Parameter {
    fn check(&self, text: String, path: &str) -> Result<Value> {
        let refuse = |why: String| {
            let why =
                self.constraint_description.as_ref().map_or(why.clone(), |said| format!("{why}: {said}"));
            Err(TemplateError::new(path, why))
        };
        if let Some(allowed) = &self.allowed_values
            && !allowed.iter().filter_map(typed::text_of).any(|value| value == text)
        {
            return refuse(format!("{text:?} isn't one of its AllowedValues"));
        }
        if let Some(pattern) = &self.allowed_pattern {
            let whole = regex::Regex::new(&format!("^(?:{pattern})$"))
                .map_err(|error| TemplateError::new(format!("{path}.AllowedPattern"), error.to_string()))?;
            if !whole.is_match(&text) {
                return refuse(format!("{text:?} doesn't match its AllowedPattern"));
            }
        }
        let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        if self.min_length.is_some_and(|min| length < min.0)
            || self.max_length.is_some_and(|max| length > max.0)
        {
            return refuse(format!("{text:?} is too short or too long"));
        }
        match self.r#type.as_str() {
            "Number" => match text.parse::<i64>() {
                Ok(number)
                    if self.min_value.is_some_and(|min| number < min.0)
                        || self.max_value.is_some_and(|max| number > max.0) =>
                {
                    refuse(format!("{number} is too small or too large"))
                }
                Ok(number) => Ok(Value::from(number)),
                Err(_) if text.parse::<f64>().is_ok() => Ok(Value::String(text)),
                Err(_) => refuse(format!("{text:?} isn't a number")),
            },
            "CommaDelimitedList" | "List<Number>" | "List<String>" => {
                Ok(text.split(',').map(|item| Value::String(item.trim().to_owned())).collect())
            }
            "String" => Ok(Value::String(text)),
            other if other.starts_with("AWS::") && !other.contains("SSM") => Ok(Value::String(text)),
            other => Err(TemplateError::new(path, format!("has type {other}, which local can't look up"))),
        }
    }
}
