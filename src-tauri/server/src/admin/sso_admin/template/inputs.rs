//! What a template depends on: its parameters (CloudFormation User Guide, `Parameters`) with what they are given or
//! their defaults, and its conditions (`Conditions`), which compare them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::functions::{Scope, parts, text};

/// What is wrong, and with which parameter or condition.
pub type Wrong = (String, String);

/// Attributes of a parameter that say something here.
const KNOWN: [&str; 11] = [
    "Type",
    "Default",
    "Description",
    "AllowedValues",
    "ConstraintDescription",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
    "NoEcho",
    "AllowedPattern",
];
/// One condition within another, at most.
const DEEPEST: usize = 32;

/// Values of a template's parameters: what is given, or their defaults.
///
/// # Errors
/// The first parameter that has none or a wrong one, or that is given and is not in the template.
pub fn parameters(
    section: &Value,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, Wrong> {
    let empty = serde_json::Map::new();
    let declared = match section {
        Value::Null => &empty,
        Value::Object(declared) => declared,
        _ => return Err(("Parameters".to_owned(), "must be a mapping of names to parameters".to_owned())),
    };
    if let Some(name) = given.keys().find(|name| !declared.contains_key(*name)) {
        return Err((name.clone(), "is given, and is no parameter of this template".to_owned()));
    }
    let values = declared.iter().map(|(name, parameter)| {
        let value = parameter_value(parameter, given.get(name)).map_err(|problem| (name.clone(), problem))?;
        Ok((name.clone(), value))
    });
    values.collect()
}

fn parameter_value(parameter: &Value, given: Option<&String>) -> Result<Value, String> {
    if let Some(name) = parameter
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
        .find(|name| !KNOWN.contains(&name.as_str()))
    {
        return Err(format!("has {name}, which a parameter cannot have"));
    }
    if !parameter["AllowedPattern"].is_null() {
        return Err("has AllowedPattern, which is not supported here".to_owned());
    }
    let default = &parameter["Default"];
    let value = match (given, default) {
        (Some(given), _) => given.clone(),
        (None, Value::Null) => return Err("has no Default; give it with --parameter NAME=VALUE".to_owned()),
        (None, default) => text("Default", default)?,
    };
    let items: Vec<&str> = match parameter["Type"].as_str().unwrap_or_default() {
        "String" | "Number" => vec![&value],
        "CommaDelimitedList" | "List<Number>" if value.is_empty() => Vec::new(),
        "CommaDelimitedList" | "List<Number>" => value.split(',').map(str::trim).collect(),
        other => {
            return Err(format!(
                "has the Type {other:?}; String, Number, CommaDelimitedList and List<Number> are known here"
            ));
        }
    };
    let kind = parameter["Type"].as_str().unwrap_or_default();
    items.iter().try_for_each(|item| allowed(parameter, kind.contains("Number"), item))?;
    Ok(if kind.contains("List") { json!(items) } else { json!(value) })
}

fn allowed(parameter: &Value, is_number: bool, item: &str) -> Result<(), String> {
    let wrong = |why: String| match parameter["ConstraintDescription"].as_str() {
        Some(description) => Err(format!("cannot be {item:?}: {description}")),
        None => Err(format!("cannot be {item:?}: {why}")),
    };
    if let Some(values) = parameter["AllowedValues"].as_array() {
        let values =
            values.iter().map(|value| text("AllowedValues", value)).collect::<Result<Vec<_>, _>>()?;
        if !values.iter().any(|value| value == item) {
            return wrong(format!("it is one of {}", values.join(", ")));
        }
    }
    let limit = |name: &str| -> Result<Option<f64>, String> {
        let limit = &parameter[name];
        if limit.is_null() {
            return Ok(None);
        }
        let limit = text(name, limit)?.parse().map_err(|_| format!("has {name} that is no number"))?;
        Ok(Some(limit))
    };
    let (size, least, most, what) = if is_number {
        let Ok(number) = item.parse::<f64>() else { return wrong("it is a number".to_owned()) };
        (number, limit("MinValue")?, limit("MaxValue")?, "is")
    } else {
        let length = u32::try_from(item.chars().count()).unwrap_or(u32::MAX);
        (f64::from(length), limit("MinLength")?, limit("MaxLength")?, "has a length of")
    };
    if let Some(least) = least.filter(|least| size < *least) {
        return wrong(format!("it {what} at least {least}"));
    }
    match most.filter(|most| size > *most) {
        Some(most) => wrong(format!("it {what} at most {most}")),
        None => Ok(()),
    }
}

/// What comes of a template's conditions; they see parameters and mappings, but no resources.
///
/// # Errors
/// The first condition that cannot be told.
pub fn conditions(section: &Value, scope: &Scope) -> Result<BTreeMap<String, bool>, Wrong> {
    let declared = match section {
        Value::Null => return Ok(BTreeMap::new()),
        Value::Object(declared) => declared,
        _ => return Err(("Conditions".to_owned(), "must be a mapping of names to conditions".to_owned())),
    };
    let conditions = Conditions { section, scope };
    let told =
        declared.iter().map(|(name, condition)| Ok((name.clone(), conditions.holds(name, condition, 0)?)));
    told.collect()
}

struct Conditions<'a> {
    section: &'a Value,
    scope: &'a Scope,
}

impl Conditions<'_> {
    /// Whether a condition holds that stands in the one of this name.
    fn holds(&self, name: &str, condition: &Value, depth: usize) -> Result<bool, Wrong> {
        let wrong = |problem: String| (name.to_owned(), problem);
        if depth > DEEPEST {
            return Err(wrong("goes through too many other conditions, or through itself".to_owned()));
        }
        let all = |argument: &Value| -> Result<Vec<bool>, Wrong> {
            let parts = argument.as_array().filter(|parts| (2..=10).contains(&parts.len()));
            let words = "has Fn::And or Fn::Or, which take a list of 2 to 10 conditions";
            let parts = parts.ok_or_else(|| wrong(words.to_owned()))?;
            parts.iter().map(|part| self.holds(name, part, depth + 1)).collect()
        };
        let members = condition.as_object().filter(|members| members.len() == 1);
        let member = members.and_then(|members| members.iter().next());
        match member.map(|(function, argument)| (function.as_str(), argument)) {
            Some(("Fn::Equals", argument)) => self.are_equal(argument).map_err(wrong),
            Some(("Fn::Not", argument)) => {
                let [argument] = parts("Fn::Not", argument).map_err(wrong)?;
                self.holds(name, argument, depth + 1).map(|holds| !holds)
            }
            Some(("Fn::And", argument)) => Ok(all(argument)?.into_iter().all(|holds| holds)),
            Some(("Fn::Or", argument)) => Ok(all(argument)?.into_iter().any(|holds| holds)),
            Some(("Condition", other)) => {
                let other = other.as_str().unwrap_or_default();
                match &self.section[other] {
                    Value::Null => {
                        Err(wrong(format!("refers to the condition {other}, which is not in this template")))
                    }
                    condition => self.holds(other, condition, depth + 1),
                }
            }
            _ => {
                let words =
                    "is no condition: Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition are known here";
                Err(wrong(words.to_owned()))
            }
        }
    }

    fn are_equal(&self, argument: &Value) -> Result<bool, String> {
        let argument = self.scope.resolve(argument)?;
        let [one, other] = parts("Fn::Equals", &argument)?;
        Ok(text("Fn::Equals", one)? == text("Fn::Equals", other)?)
    }
}
