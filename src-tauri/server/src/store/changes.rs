//! What a document changes, field by field: the facts of a thing before and after, as they are called in the file.

use super::TrustedIssuer;
use super::{sql, to_json};
use crate::organisation::{Account, Application, PermissionSet, Role, Settings, User};

/// What happens to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It is new.
    Create,
    /// Some of it changes.
    Update,
    /// It goes.
    Delete,
}

/// To what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The instance's settings.
    Organisation,
    /// A group.
    Group,
    /// A user.
    User,
    /// An account.
    Account,
    /// A permission set.
    PermissionSet,
    /// An assignment to an account.
    Assignment,
    /// An application.
    Application,
    /// An attribute for access control.
    AccessControlAttribute,
    /// A role that is assumed, not assigned.
    Role,
    /// An issuer whose tokens are believed.
    TrustedTokenIssuer,
}

/// One field of a change; absent is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// As it is called in the file.
    pub field: &'static str,
    /// What was there.
    pub before: String,
    /// What is there now.
    pub after: String,
}

/// One thing that a document changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happens.
    pub action: Action,
    /// To what kind of thing.
    pub kind: Kind,
    /// Its name in the file.
    pub name: String,
    /// Field by field; none for what goes.
    pub fields: Vec<FieldChange>,
}

pub(super) type Facts = Vec<(&'static str, String)>;

/// The change from one state to another; `None` if there is none.
pub(super) fn change(kind: Kind, name: &str, before: Option<&Facts>, after: &Facts) -> Option<Change> {
    let was = |field: &str| {
        before.and_then(|facts| facts.iter().find(|(name, _)| *name == field)).map(|(_, value)| value.clone())
    };
    let fields: Vec<FieldChange> = after
        .iter()
        .map(|(field, after)| FieldChange {
            field,
            before: was(field).unwrap_or_default(),
            after: after.clone(),
        })
        .filter(|field| field.before != field.after)
        .collect();
    let action = if before.is_some() { Action::Update } else { Action::Create };
    (action == Action::Create || !fields.is_empty()).then(|| Change {
        action,
        kind,
        name: name.to_owned(),
        fields,
    })
}

pub(super) fn gone(kind: Kind, name: impl Into<String>) -> Change {
    Change { action: Action::Delete, kind, name: name.into(), fields: Vec::new() }
}

pub(super) fn user_facts(user: &User, groups: &[String]) -> Facts {
    let mut facts = vec![
        ("display_name", user.display_name.clone()),
        ("email", user.email.clone()),
        ("enabled", user.enabled.to_string()),
        ("groups", groups.join(", ")),
    ];
    let named = user.profile.named();
    facts.extend(named.into_iter().map(|(name, value)| (name, value.clone().unwrap_or_default())));
    facts
}

pub(super) fn set_facts(set: &PermissionSet) -> sql::Result<Facts> {
    let tags: Vec<String> = set.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let policies = &set.policies;
    let references = &policies.customer_managed;
    Ok(vec![
        ("description", set.description.clone()),
        ("session_duration", set.session_duration.to_string()),
        ("relay_state", set.relay_state.clone().unwrap_or_default()),
        ("requires_security_key", set.requires_key.to_string()),
        ("tags", tags.join(", ")),
        ("managed_policies", policies.managed.join(", ")),
        (
            "customer_managed_policies",
            if references.is_empty() { String::new() } else { to_json(references)? },
        ),
        ("inline_policy", policies.inline.clone().unwrap_or_default()),
        ("permissions_boundary", policies.boundary.as_ref().map(to_json).transpose()?.unwrap_or_default()),
    ])
}

pub(super) fn application_facts(application: &Application) -> sql::Result<Facts> {
    Ok(vec![
        ("description", application.description.clone()),
        ("url", application.url.clone().unwrap_or_default()),
        ("saml", application.saml.as_ref().map(to_json).transpose()?.unwrap_or_default()),
    ])
}

/// The instance's settings.
pub(super) fn settings_facts(settings: &Settings) -> Facts {
    vec![
        ("name", settings.name.clone()),
        ("region", settings.region.clone()),
        ("management_account", settings.management_account.clone()),
        ("session_duration", settings.session_duration.to_string()),
    ]
}

pub(super) fn account_facts(account: &Account) -> Facts {
    vec![("name", account.name.clone()), ("email", account.email.clone()), ("ou", account.ou.clone())]
}

/// Of an issuer whose tokens are believed.
pub(super) fn issuer_facts(issuer: &TrustedIssuer) -> Facts {
    vec![
        ("issuer_url", issuer.issuer_url.clone()),
        ("claim", issuer.claim_path.clone()),
        ("attribute", issuer.attribute_path.clone()),
    ]
}

/// Of a role that is assumed.
pub(super) fn role_facts(role: &Role) -> Facts {
    let trusted: Vec<String> = role.trusted.iter().map(ToString::to_string).collect();
    vec![
        ("trusted", trusted.join(", ")),
        ("external_id", role.external_id.clone().unwrap_or_default()),
        ("max_session_duration", role.max_session_duration.to_string()),
    ]
}
