//! What a template says by functions (CloudFormation User Guide, intrinsic functions), worked out before a resource is
//! read: `Ref`, `Fn::GetAtt`, `Fn::Sub`, `Fn::Join`, `Fn::Split`, `Fn::Select`, `Fn::FindInMap` and `Fn::If`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Stands before the name of a set of the same template, whose ARN is not known yet; no ARN begins so.
pub const OWN: &str = "\0";

/// What functions may name.
#[derive(Debug, Default)]
pub struct Scope {
    /// Parameters: texts, or lists of texts.
    pub parameters: BTreeMap<String, Value>,
    /// Pseudo parameters, `AWS::Region` and its like.
    pub pseudo: BTreeMap<&'static str, String>,
    /// The section `Mappings`.
    pub mappings: Value,
    /// What came of the conditions.
    pub conditions: BTreeMap<String, bool>,
    /// What `Ref` and `Fn::GetAtt` (with a dot) make of the resources.
    pub resources: BTreeMap<String, String>,
}

/// Of `{"Fn::Join": [...]}` the name and the argument.
pub fn function(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = members.iter().next().filter(|_| members.len() == 1)?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name, argument))
}

impl Scope {
    /// A value without functions. What is `AWS::NoValue` is left out.
    ///
    /// # Errors
    /// What is wrong, to stand after the name of what has it.
    pub fn resolve(&self, value: &Value) -> Result<Value, String> {
        Ok(self.value(value)?.unwrap_or_default())
    }

    fn value(&self, value: &Value) -> Result<Option<Value>, String> {
        Ok(Some(match value {
            Value::Object(members) => match function(members) {
                Some((name, argument)) => return self.call(name, argument),
                None => {
                    let kept = members.iter().filter_map(|(name, value)| {
                        let value = self.value(value).transpose()?;
                        Some(value.map(|value| (name.clone(), value)))
                    });
                    Value::Object(kept.collect::<Result<_, String>>()?)
                }
            },
            Value::Array(members) => {
                let kept = members.iter().filter_map(|member| self.value(member).transpose());
                Value::Array(kept.collect::<Result<_, String>>()?)
            }
            other => other.clone(),
        }))
    }

    fn call(&self, name: &str, argument: &Value) -> Result<Option<Value>, String> {
        let done = match name {
            "Ref" => return self.reference(argument.as_str().unwrap_or_default()),
            "Fn::GetAtt" => {
                let parts: Vec<&str> = match argument {
                    Value::Array(parts) => parts.iter().filter_map(Value::as_str).collect(),
                    other => other.as_str().into_iter().collect(),
                };
                json!(self.attribute(&parts.join("."))?)
            }
            "Fn::Sub" => json!(self.filled_in(argument)?),
            "Fn::Join" => {
                let [delimiter, list] = self.arguments(name, argument)?;
                let texts = list_of(name, &list)?.iter().map(|part| text(name, part));
                json!(texts.collect::<Result<Vec<_>, _>>()?.join(&text(name, &delimiter)?))
            }
            "Fn::Split" => {
                let [delimiter, whole] = self.arguments(name, argument)?;
                let (delimiter, whole) = (text(name, &delimiter)?, text(name, &whole)?);
                if delimiter.is_empty() {
                    return Err(format!("has {name} with nothing to split at"));
                }
                json!(whole.split(&delimiter).collect::<Vec<_>>())
            }
            "Fn::Select" => {
                let [index, list] = self.arguments(name, argument)?;
                let (index, list) = (text(name, &index)?, list_of(name, &list)?);
                let chosen = index.parse::<usize>().ok().and_then(|index| list.get(index));
                let lack = || format!("has {name} of number {index:?} in a list of {}", list.len());
                chosen.ok_or_else(lack)?.clone()
            }
            "Fn::FindInMap" => {
                let [map, first, second] = self.arguments(name, argument)?;
                let (map, first, second) = (text(name, &map)?, text(name, &first)?, text(name, &second)?);
                let found = &self.mappings[&map][&first][&second];
                if !matches!(found, Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Array(_)) {
                    return Err(format!("asks the mapping {map} for {first}, {second}, which is not in it"));
                }
                found.clone()
            }
            "Fn::If" => {
                let [condition, yes, no] = parts(name, argument)?;
                let condition = condition.as_str().unwrap_or_default();
                return self.value(if self.holds(condition)? { yes } else { no });
            }
            _ => return Err(format!("has the function {name}, which is not supported here")),
        };
        if done.as_str().is_some_and(|done| done.contains(OWN)) && name != "Fn::GetAtt" {
            return Err(format!(
                "puts the ARN of a permission set of this template into {name}; it is not known before"
            ));
        }
        Ok(Some(done))
    }

    /// Whether a condition holds.
    ///
    /// # Errors
    /// That there is none of that name.
    pub fn holds(&self, condition: &str) -> Result<bool, String> {
        let holds = self.conditions.get(condition);
        holds
            .copied()
            .ok_or_else(|| format!("refers to the condition {condition}, which is not in this template"))
    }

    fn arguments<const N: usize>(&self, name: &str, argument: &Value) -> Result<[Value; N], String> {
        let resolved = self.resolve(argument)?;
        parts(name, &resolved).map(|parts: [&Value; N]| parts.map(Value::clone))
    }

    fn reference(&self, name: &str) -> Result<Option<Value>, String> {
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        if let Some(known) = self.parameters.get(name) {
            return Ok(Some(known.clone()));
        }
        let known =
            self.pseudo.get(name).or_else(|| self.resources.get(name).filter(|_| !name.contains('.')));
        match known {
            Some(known) => Ok(Some(json!(known))),
            None if self.resources.contains_key(&format!("{name}.PermissionSetArn")) => {
                Err(format!("refers to {name}, whose Ref is no ARN; use GetAtt {name}.PermissionSetArn"))
            }
            None => Err(format!("refers to {name}, which is not in this template")),
        }
    }

    fn attribute(&self, name: &str) -> Result<String, String> {
        let known = self.resources.get(name).filter(|_| name.contains('.'));
        known.cloned().ok_or_else(|| format!("refers to {name}, which is not in this template"))
    }

    /// `Fn::Sub`: a text, or a text and what some of its names mean.
    fn filled_in(&self, argument: &Value) -> Result<String, String> {
        let (template, own) = match argument {
            Value::Array(_) => {
                let [template, own] = parts("Fn::Sub", argument)?;
                (template, self.resolve(own)?)
            }
            template => (template, Value::Null),
        };
        let template = template.as_str().ok_or("has Fn::Sub without a text")?;
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            let unclosed = || format!("has Fn::Sub with ${{ that nothing closes in {template:?}");
            let (name, after) = after.split_once('}').ok_or_else(unclosed)?;
            filled.push_str(before);
            rest = after;
            match name.strip_prefix('!') {
                // As it is, without the mark.
                Some(literal) => filled.push_str(&format!("${{{literal}}}")),
                None if !own[name].is_null() => filled.push_str(&text("Fn::Sub", &own[name])?),
                None if name.contains('.') => filled.push_str(&self.attribute(name)?),
                None => filled.push_str(&text("Fn::Sub", &self.reference(name)?.unwrap_or_default())?),
            }
        }
        Ok(filled + rest)
    }
}

/// What a function takes is a list of so many.
pub fn parts<'v, const N: usize>(name: &str, argument: &'v Value) -> Result<[&'v Value; N], String> {
    let parts = argument.as_array().map(|parts| parts.iter().collect::<Vec<_>>()).unwrap_or_default();
    <[&Value; N]>::try_from(parts).map_err(|_| format!("has {name}, which takes a list of {N}"))
}

fn list_of<'v>(name: &str, value: &'v Value) -> Result<&'v Vec<Value>, String> {
    value.as_array().ok_or_else(|| format!("has {name} with something that is no list"))
}

/// A text; numbers and truth values are taken as they are written.
pub fn text(name: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        _ => Err(format!("has {name} with something that is no text")),
    }
}
