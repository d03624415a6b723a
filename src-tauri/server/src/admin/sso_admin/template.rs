//! A CloudFormation template: the resources of `AWS::SSO`, checked as the API checks its requests.

mod functions;
mod inputs;

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use self::{
    functions::{OWN, Scope},
    inputs::Wrong,
};
use super::{access_control, permission_sets, policies, tags};
use crate::{
    admin::{body, body::Body, wire::AdminError},
    domain::policies::check_count,
    instance::Instance,
    organisation::{Boundary, FileError, PermissionSet, Policies, Principal},
    store::{SetName, Template, TemplateAssignment},
};

const PERMISSION_SET: &str = "AWS::SSO::PermissionSet";
const ASSIGNMENT: &str = "AWS::SSO::Assignment";
const ATTRIBUTES: &str = "AWS::SSO::InstanceAccessControlAttributeConfiguration";
const PERMISSION_SET_PROPERTIES: [&str; 10] = [
    "InstanceArn",
    "Name",
    "Description",
    "SessionDuration",
    "RelayStateType",
    "ManagedPolicies",
    "CustomerManagedPolicyReferences",
    "InlinePolicy",
    "PermissionsBoundary",
    "Tags",
];
const ASSIGNMENT_PROPERTIES: [&str; 6] =
    ["InstanceArn", "PermissionSetArn", "PrincipalId", "PrincipalType", "TargetId", "TargetType"];
const SECTIONS: [&str; 7] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Mappings",
    "Conditions",
    "Resources",
];

/// Whether a file is a template and not an organisation.
pub fn is_template(text: &str) -> bool {
    parse(text).is_ok_and(|value| value.get("Resources").is_some())
}

fn parse(text: &str) -> Result<Value, (usize, String)> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| (error.line(), error.to_string()));
    }
    let at =
        |error: serde_norway::Error| (error.location().map_or(0, |place| place.line()), error.to_string());
    let value: serde_norway::Value = serde_norway::from_str(text).map_err(at)?;
    plain(value).map_err(|problem| (0, problem))
}

/// YAML's short forms of functions, written out.
fn plain(value: serde_norway::Value) -> Result<Value, String> {
    use serde_norway::Value as Yaml;

    Ok(match value {
        Yaml::Tagged(tagged) => {
            let argument = plain(tagged.value)?;
            match tagged.tag.to_string().trim_start_matches('!') {
                name @ ("Ref" | "Condition") => json!({ name: argument }),
                "GetAtt" => {
                    let parts = argument.as_str().and_then(|text| text.split_once('.'));
                    let parts = parts.map(|(resource, attribute)| json!([resource, attribute]));
                    json!({ "Fn::GetAtt": parts.unwrap_or(argument) })
                }
                name => json!({ format!("Fn::{name}"): argument }),
            }
        }
        Yaml::Sequence(members) => members.into_iter().map(plain).collect::<Result<Vec<_>, _>>()?.into(),
        Yaml::Mapping(members) => {
            let member = |(name, value)| match name {
                Yaml::String(name) => Ok((name, plain(value)?)),
                // Mappings go by the numbers of accounts.
                Yaml::Number(name) => Ok((name.to_string(), plain(value)?)),
                _ => Err("a name is not text".to_owned()),
            };
            Value::Object(members.into_iter().map(member).collect::<Result<Map<_, _>, String>>()?)
        }
        scalar => serde_json::to_value(scalar).map_err(|error| error.to_string())?,
    })
}

/// Reads a template for an instance, with what its parameters are given.
///
/// # Errors
/// [`FileError`] with the line of the resource, parameter or condition and what is wrong with it.
pub fn read(
    instance: &Instance,
    file: &str,
    text: &str,
    given: &BTreeMap<String, String>,
) -> Result<Template, FileError> {
    let whole = |line, problem| FileError { file: file.to_owned(), line, field: None, problem };
    let document = parse(text).map_err(|(line, problem)| whole(line, problem))?;
    let mistake = |name: &str, problem: String| FileError {
        file: file.to_owned(),
        line: line_of(text, name),
        field: Some(name.to_owned()),
        problem,
    };
    for section in document.as_object().into_iter().flatten().map(|(name, _)| name) {
        if !SECTIONS.contains(&section.as_str()) {
            return Err(mistake(section, "is not supported here".to_owned()));
        }
    }
    let resources = document["Resources"]
        .as_object()
        .ok_or_else(|| mistake("Resources", "must be a mapping of names to resources".to_owned()))?;
    let scope = scope(instance, &document, given).map_err(|(name, problem)| mistake(&name, problem))?;
    let arn = instance.addresses.instance_arn();
    let mut template = Template::default();
    for (id, resource) in resources {
        let wrong = |problem: String| mistake(id, problem);
        let sections = ["Type", "Properties", "DependsOn", "Metadata", "Condition"];
        if let Some(name) = resource
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
            .find(|name| !sections.contains(&name.as_str()))
        {
            return Err(wrong(format!("has {name}, which is not supported here")));
        }
        let kind = resource["Type"].as_str().unwrap_or_default();
        if ![PERMISSION_SET, ASSIGNMENT, ATTRIBUTES].contains(&kind) {
            let words =
                format!("is {kind:?}; only {PERMISSION_SET}, {ASSIGNMENT} and {ATTRIBUTES} are applied here");
            return Err(wrong(words));
        }
        if !is_in(&scope, resource).map_err(wrong)? {
            continue;
        }
        let properties = scope.resolve(&resource["Properties"]).map_err(wrong)?;
        let hidden = properties.as_object().into_iter().flatten();
        if let Some((name, _)) =
            hidden.filter(|(name, _)| *name != "PermissionSetArn").find(|(_, value)| names_own(value))
        {
            let words = "has the ARN of a permission set of this template, which is not known before";
            return Err(wrong(format!("{words}, in {name}")));
        }
        if properties["InstanceArn"] != arn {
            return Err(wrong(format!("needs the InstanceArn {arn}, which is this instance's")));
        }
        let outcome = match kind {
            PERMISSION_SET => only(&properties, &PERMISSION_SET_PROPERTIES)
                .and_then(|()| permission_set(instance, Body(&properties)))
                .and_then(|set| match template.sets.iter().any(|known| known.name == set.name) {
                    true => Err(AdminError::validation(format!("is the second permission set {}", set.name))),
                    false => {
                        template.sets.push(set);
                        Ok(())
                    }
                }),
            ASSIGNMENT => only(&properties, &ASSIGNMENT_PROPERTIES)
                .and_then(|()| assignment(id, Body(&properties)))
                .map(|assignment| template.assignments.push(assignment)),
            _ if kind == ATTRIBUTES && template.attributes.is_some() => {
                Err(AdminError::validation("is the second of its type: an instance has one"))
            }
            _ => only(&properties, &["InstanceArn", "AccessControlAttributes"])
                .and_then(|()| access_control::wanted(Body(&properties)))
                .map(|attributes| template.attributes = Some(attributes)),
        };
        outcome.map_err(|error| wrong(error.message().to_owned()))?;
    }
    Ok(template)
}

/// What the functions of a template may name.
fn scope(instance: &Instance, document: &Value, given: &BTreeMap<String, String>) -> Result<Scope, Wrong> {
    let settings = instance.settings();
    let mut scope = Scope {
        parameters: inputs::parameters(&document["Parameters"], given)?,
        pseudo: BTreeMap::from([
            ("AWS::AccountId", settings.management_account.clone()),
            ("AWS::Partition", "aws".to_owned()),
            ("AWS::Region", settings.region.clone()),
            ("AWS::URLSuffix", "amazonaws.com".to_owned()),
        ]),
        mappings: document["Mappings"].clone(),
        ..Scope::default()
    };
    scope.conditions = inputs::conditions(&document["Conditions"], &scope)?;
    let mut known = BTreeMap::new();
    for (id, resource) in document["Resources"].as_object().into_iter().flatten() {
        let wrong = |problem| (id.clone(), problem);
        let kind = resource["Type"].as_str().unwrap_or_default();
        if ![PERMISSION_SET, ATTRIBUTES].contains(&kind) || !is_in(&scope, resource).map_err(wrong)? {
            continue;
        }
        if kind == PERMISSION_SET {
            let name = scope.resolve(&resource["Properties"]["Name"]).map_err(wrong)?;
            let name = name.as_str().unwrap_or_default();
            known.insert(format!("{id}.PermissionSetArn"), format!("{OWN}{name}"));
        } else {
            known.insert(id.clone(), instance.addresses.instance_arn());
        }
    }
    scope.resources = known;
    Ok(scope)
}

/// Whether a resource's condition holds, or it has none.
fn is_in(scope: &Scope, resource: &Value) -> Result<bool, String> {
    match &resource["Condition"] {
        Value::Null => Ok(true),
        condition => scope.holds(condition.as_str().unwrap_or_default()),
    }
}

/// Whether a value has the place of an ARN that is not known yet.
fn names_own(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(OWN),
        Value::Array(members) => members.iter().any(names_own),
        Value::Object(members) => members.values().any(names_own),
        _ => false,
    }
}

fn only(properties: &Value, known: &[&str]) -> Result<(), AdminError> {
    let mut names = properties.as_object().into_iter().flatten().map(|(name, _)| name);
    match names.find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(AdminError::validation(format!("has the property {name}, which it cannot have"))),
        None => Ok(()),
    }
}

fn permission_set(instance: &Instance, said: Body<'_>) -> Result<PermissionSet, AdminError> {
    let mut policies = Policies::default();
    for arn in said.list("ManagedPolicies", 0..=20)?.unwrap_or_default() {
        policies.managed.push(policies::managed(Body(&json!({ "ManagedPolicyArn": arn })))?.to_owned());
    }
    for reference in said.list("CustomerManagedPolicyReferences", 0..=20)?.unwrap_or_default() {
        let reference = json!({ "CustomerManagedPolicyReference": reference });
        policies.customer_managed.push(policies::reference(Body(&reference))?);
    }
    // CloudFormation takes the policy as an object, too.
    let inline = said.get("InlinePolicy").map(|policy| match policy {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    if let Some(policy) = &inline {
        policies::check_inline(policy)?;
    }
    policies.inline = inline;
    if let Some(boundary) = said.object("PermissionsBoundary")? {
        policies.boundary = Some(match boundary.get("ManagedPolicyArn") {
            Some(_) => Boundary::Managed(policies::managed(boundary)?.to_owned()),
            None => Boundary::CustomerManaged(policies::reference(boundary)?),
        });
    }
    check_count(&policies).map_err(AdminError::validation)?;
    let name = permission_sets::name(said)?;
    let mut set = PermissionSet {
        arn: instance.ids().random_permission_set(),
        name: name.to_owned(),
        description: String::new(),
        relay_state: None,
        requires_key: false,
        session_duration: SignedDuration::from_hours(1),
        tags: tags::given(said)?,
        policies,
        revision: 1,
        created: instance.now(),
    };
    let mut more = said.0.clone();
    more["RelayState"] = more["RelayStateType"].take();
    permission_sets::change(&mut set, Body(&more))?;
    Ok(set)
}

fn assignment(resource: &str, said: Body<'_>) -> Result<TemplateAssignment, AdminError> {
    said.one_of("TargetType", &["AWS_ACCOUNT"])?;
    let kind = said.one_of("PrincipalType", &["USER", "GROUP"])?;
    let id = said.need("PrincipalId")?;
    if !body::is_uuid(id) {
        return Err(body::invalid("PrincipalId", "Member must be a UUID"));
    }
    let arn = said.need("PermissionSetArn")?;
    Ok(TemplateAssignment {
        resource: resource.to_owned(),
        permission_set: match arn.strip_prefix(OWN) {
            Some(name) => SetName::Own(name.to_owned()),
            None => SetName::Arn(arn.to_owned()),
        },
        account_id: super::account_id(said, "TargetId")?.to_owned(),
        principal: Principal::of(kind, id.to_lowercase()).ok_or_else(AdminError::wrong_type)?,
    })
}

/// The line on which a name stands before its colon, from 1; 0 if there is none.
fn line_of(text: &str, name: &str) -> usize {
    let is_there = |line: &str| {
        let rest = line.trim_start().trim_start_matches(['{', '"', '\'', ' ']).strip_prefix(name);
        rest.is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
    };
    text.lines().position(is_there).map_or(0, |at| at + 1)
}
