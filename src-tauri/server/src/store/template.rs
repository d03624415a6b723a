//! Applying a CloudFormation template: what it names is made or changed, everything else stays. One transaction; a
//! plan is the same one, undone.

use jiff::Timestamp;

use super::{
    Action, AuditEntry, Result, Store, accounts, assignments, attributes, audit,
    changes::{Change, Kind, change, gone, set_facts},
    execute, groups, permission_sets,
    sql::{self, Connection},
    users,
};
use crate::organisation::{AccessControlAttribute, Assignment, PermissionSet, Principal};

/// Which permission set an assignment is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetName {
    /// One of the template's own, by name.
    Own(String),
    /// One that is there, by ARN.
    Arn(String),
}

/// An assignment of a template, and what it is called there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateAssignment {
    /// The logical id.
    pub resource: String,
    /// The permission set.
    pub permission_set: SetName,
    /// 12 digits.
    pub account_id: String,
    /// Who.
    pub principal: Principal,
}

/// What a template describes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    /// Permission sets; their ARNs are used for those that are new.
    pub sets: Vec<PermissionSet>,
    /// Assignments.
    pub assignments: Vec<TemplateAssignment>,
    /// Attributes for access control, in the place of all that are there.
    pub attributes: Option<Vec<AccessControlAttribute>>,
}

/// A resource names something that is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("resource {resource}: there is no {what}")]
pub struct NotThere {
    /// The logical id.
    pub resource: String,
    /// What it names.
    pub what: String,
}

type Outcome<T> = sql::Result<std::result::Result<T, NotThere>>;

impl Store {
    /// Applies a template, or without `record` only tells what that would change.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails; then nothing has changed, as with [`NotThere`].
    pub fn apply_template(
        &self,
        template: &Template,
        now: Timestamp,
        record: Option<&dyn Fn(&Change) -> AuditEntry>,
    ) -> Result<std::result::Result<Vec<Change>, NotThere>> {
        self.attempt("apply a template", |tx| {
            let changes = match run(tx, template, now)? {
                Ok(changes) => changes,
                Err(refused) => return Ok((Err(refused), false)),
            };
            if let Some(record) = record {
                changes.iter().try_for_each(|change| audit::append(tx, &record(change)))?;
            }
            Ok((Ok(changes), record.is_some()))
        })
    }
}

fn run(tx: &Connection, template: &Template, now: Timestamp) -> Outcome<Vec<Change>> {
    let mut changes = Vec::new();
    for wanted in &template.sets {
        let known = permission_sets::find_by_name(tx, &wanted.name)?;
        let next = match &known {
            Some(set) => PermissionSet {
                arn: set.arn.clone(),
                created: set.created,
                // CloudFormation has no word for it, so a template leaves it as it is.
                requires_key: set.requires_key,
                ..wanted.clone()
            },
            None => wanted.clone(),
        };
        let before = known.as_ref().map(set_facts).transpose()?;
        let change = change(Kind::PermissionSet, &wanted.name, before.as_ref(), &set_facts(&next)?);
        if change.is_some() {
            permission_sets::put(tx, &next, false)?;
            // The file says how things shall be, not what somebody has still to do about it.
            assignments::provision(tx, &next.arn, None)?;
        }
        changes.extend(change);
    }
    for wanted in &template.assignments {
        match assign(tx, wanted, now)? {
            Ok(change) => changes.extend(change),
            Err(refused) => return Ok(Err(refused)),
        }
    }
    if let Some(wanted) = &template.attributes {
        let known = attributes::list(tx)?;
        for attribute in &known {
            if !wanted.iter().any(|wanted| wanted.key == attribute.key) {
                execute(tx, "DELETE FROM access_control_attribute WHERE key = ?1", [&attribute.key])?;
                changes.push(gone(Kind::AccessControlAttribute, &attribute.key));
            }
        }
        for attribute in wanted {
            let before = known.iter().find(|known| known.key == attribute.key);
            let before = before.map(|known| vec![("source", known.sources.join(", "))]);
            let after = vec![("source", attribute.sources.join(", "))];
            changes.extend(change(Kind::AccessControlAttribute, &attribute.key, before.as_ref(), &after));
            attributes::put(tx, attribute, false)?;
        }
    }
    Ok(Ok(changes))
}

fn assign(tx: &Connection, wanted: &TemplateAssignment, now: Timestamp) -> Outcome<Option<Change>> {
    let TemplateAssignment { resource, permission_set, account_id, principal } = wanted;
    let missing = |what: String| Ok(Err(NotThere { resource: resource.clone(), what }));
    let set = match permission_set {
        SetName::Own(name) => permission_sets::find_by_name(tx, name)?,
        SetName::Arn(arn) => permission_sets::find(tx, arn)?,
    };
    let Some(set) = set else { return missing("such permission set".to_owned()) };
    if accounts::find(tx, account_id)?.is_none() {
        return missing(format!("account {account_id}"));
    }
    let who = match principal {
        Principal::User(id) => users::find(tx, id)?.map(|user| format!("user {}", user.username)),
        Principal::Group(id) => groups::find(tx, id)?.map(|group| format!("group {}", group.name)),
    };
    let Some(who) = who else {
        return missing(format!("{} {}", principal.kind().to_lowercase(), principal.id()));
    };
    let name = format!("{} in {account_id} for {who}", set.name);
    let (account_id, principal) = (account_id.clone(), principal.clone());
    let assignment = Assignment { account_id, permission_set: set.arn, principal };
    let added = assignments::add(tx, &assignment, now, false)?;
    Ok(Ok(added.then_some(Change {
        action: Action::Create,
        kind: Kind::Assignment,
        name,
        fields: Vec::new(),
    })))
}
