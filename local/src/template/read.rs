//! From YAML with CloudFormation's short forms to plain JSON with the long ones.

use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

use super::error::{Result, TemplateError};

/// Reads the text of a template: `!Ref X` becomes `{"Ref": "X"}`, `!GetAtt A.B` becomes `{"Fn::GetAtt": ["A", "B"]}`.
pub(super) fn read(text: &str) -> Result<Value> {
    let yaml: Yaml =
        serde_yaml_ng::from_str(text).map_err(|error| TemplateError::new("template", error.to_string()))?;
    long_form(yaml, "template")
}

fn long_form(yaml: Yaml, path: &str) -> Result<Value> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::Number(number) => number_of(&number, path)?,
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => Value::Array(
            items
                .into_iter()
                .enumerate()
                .map(|(index, item)| long_form(item, &format!("{path}[{index}]")))
                .collect::<Result<_>>()?,
        ),
        Yaml::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let key = key_of(&key, path)?;
                let value = long_form(value, &child(path, &key))?;
                map.insert(key, value);
            }
            Value::Object(map)
        }
        Yaml::Tagged(tagged) => tag(&tagged.tag.to_string(), tagged.value, path)?,
    })
}

fn tag(tag: &str, value: Yaml, path: &str) -> Result<Value> {
    let name = tag.trim_start_matches('!');
    let value = long_form(value, path)?;
    Ok(match (name, value) {
        ("Ref" | "Condition", value) => json!({ name: value }),
        ("GetAtt", Value::String(text)) => match text.split_once('.') {
            Some((resource, attribute)) => json!({ "Fn::GetAtt": [resource, attribute] }),
            None => return Err(TemplateError::new(path, format!("!GetAtt {text} names no attribute"))),
        },
        (
            "Sub" | "GetAtt" | "Join" | "If" | "Equals" | "Not" | "And" | "Or" | "Select" | "Split"
            | "FindInMap" | "Base64",
            value,
        ) => json!({ format!("Fn::{name}"): value }),
        _ => return Err(TemplateError::new(path, format!("local doesn't know the function !{name}"))),
    })
}

fn number_of(number: &serde_yaml_ng::Number, path: &str) -> Result<Value> {
    if let Some(value) = number.as_i64() {
        return Ok(json!(value));
    }
    if let Some(value) = number.as_u64() {
        return Ok(json!(value));
    }
    // Only rates such as `ThrottlingRateLimit: 0.5` come as fractions.
    number
        .as_f64()
        .and_then(serde_json::Number::from_f64)
        .map(Value::Number)
        .ok_or_else(|| TemplateError::new(path, "isn't a finite number"))
}

fn key_of(key: &Yaml, path: &str) -> Result<String> {
    match key {
        Yaml::String(text) => Ok(text.clone()),
        Yaml::Number(number) => Ok(number.to_string()),
        Yaml::Bool(value) => Ok(value.to_string()),
        _ => Err(TemplateError::new(path, "has a key that isn't text")),
    }
}

/// The path of `key` below `path`; the root has no name of its own.
pub(super) fn child(path: &str, key: &str) -> String {
    if path == "template" { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_become_long_ones_wherever_they_nest() {
        let value = read(
            "A: !If [Prod, !Sub '${X}-y', !Ref AWS::NoValue]\nB: !GetAtt Table.Stream.Arn\nC: !Join ['-', [a, !Select [0, !Split [',', 'x,y']]]]",
        )
        .unwrap();
        assert_eq!(
            value,
            json!({
                "A": {"Fn::If": ["Prod", {"Fn::Sub": "${X}-y"}, {"Ref": "AWS::NoValue"}]},
                "B": {"Fn::GetAtt": ["Table", "Stream.Arn"]},
                "C": {"Fn::Join": ["-", ["a", {"Fn::Select": [0, {"Fn::Split": [",", "x,y"]}]}]]},
            })
        );
    }

    #[test]
    fn unknown_functions_and_doubled_keys_are_refused() {
        let error = read("Resources:\n  A:\n    B: !ImportValue x").unwrap_err();
        assert_eq!(error.to_string(), "Resources.A.B: local doesn't know the function !ImportValue");
        assert!(read("A: 1\nA: 2").unwrap_err().to_string().contains("duplicate"));
    }
}
