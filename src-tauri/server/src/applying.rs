//! An organisation file and the instance: what it would change, in words, and changing it.

use std::fmt;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{
    audit::{self, Event},
    instance::Instance,
    organisation::{Document, Settings},
    store::{Action, Apply, AuditEntry, Change, Kind, NotThere, Refused, StoreError, Template},
};

/// Why a document was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something stands in its way.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It names something that is not there.
    #[error(transparent)]
    NotThere(#[from] NotThere),
}

/// Events of the identity store (CloudTrail).
const IDENTITY_STORE: &str = "identitystore.amazonaws.com";

impl Instance {
    /// What applying a document would change.
    ///
    /// # Errors
    /// [`ApplyError`]
    pub fn plan(&self, document: &Document) -> Result<Vec<Change>, ApplyError> {
        let ids = self.ids();
        let apply = Apply { document, ids: &ids, now: self.now(), record: None, digest: None };
        Ok(self.store.plan(&apply)??)
    }

    /// Applies a document: what changed by it. With the digest of a file it is remembered as the one that this
    /// instance started with.
    ///
    /// # Errors
    /// [`ApplyError`]; then nothing has changed.
    pub fn apply(&self, document: &Document, digest: Option<&str>) -> Result<Vec<Change>, ApplyError> {
        let record = |change: &Change| self.entry_of(&document.settings, change);
        let ids = self.ids();
        let apply = Apply { document, ids: &ids, now: self.now(), record: Some(&record), digest };
        Ok(self.store.apply(&apply)??)
    }

    /// Applies a CloudFormation template, or tells what that would change: what it names is made or changed, and
    /// everything else stays.
    ///
    /// # Errors
    /// [`ApplyError`]; then nothing has changed.
    pub fn apply_template(&self, template: &Template, rehearse: bool) -> Result<Vec<Change>, ApplyError> {
        let settings = self.settings();
        let record = |change: &Change| self.entry_of(&settings, change);
        let record: Option<&dyn Fn(&Change) -> AuditEntry> = if rehearse { None } else { Some(&record) };
        Ok(self.store.apply_template(template, self.now(), record)??)
    }

    /// The event of a change by a file.
    fn entry_of(&self, settings: &Settings, change: &Change) -> AuditEntry {
        let (source, name) = event_of(change);
        let fields: Vec<&str> = change.fields.iter().map(|field| field.field).collect();
        self.entry_under(
            settings,
            &Event {
                source,
                name,
                details: json!({ "name": change.name, "fields": fields }),
                additional: json!({ "appliedDocument": true }),
                ..Event::default()
            },
        )
    }

    /// Applies the organisation file that the instance starts with, if it is another than last time.
    ///
    /// # Errors
    /// [`ApplyError`]; then nothing has changed.
    pub fn apply_if_changed(&self, document: &Document, text: &str) -> Result<(), ApplyError> {
        let digest = digest(text);
        if self.store.applied_file()?.as_deref() == Some(digest.as_str()) {
            return Ok(());
        }
        let changes = self.apply(document, Some(&digest))?;
        tracing::info!(changes = changes.len(), "the organisation file was applied");
        Ok(())
    }

    /// Applies a document without a trace in the trail.
    #[cfg(test)]
    pub fn seed(&self, document: &Document) {
        let ids = self.ids();
        let apply = Apply { document, ids: &ids, now: self.now(), record: None, digest: None };
        self.store.apply(&apply).expect("the store works").expect("nobody is in the way");
    }
}

/// What a file is known by.
pub fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// The event that the API's operation would leave (CloudTrail).
fn event_of(change: &Change) -> (&'static str, &'static str) {
    use Action::{Create, Delete, Update};
    match (change.kind, change.action) {
        (Kind::Organisation, Create) => (audit::SSO, "CreateInstance"),
        (Kind::Organisation, Update | Delete) => (audit::SSO, "UpdateInstance"),
        (Kind::Group, Create) => (IDENTITY_STORE, "CreateGroup"),
        (Kind::Group, Update) => (IDENTITY_STORE, "UpdateGroup"),
        (Kind::Group, Delete) => (IDENTITY_STORE, "DeleteGroup"),
        (Kind::User, Create) => (IDENTITY_STORE, "CreateUser"),
        (Kind::User, Update) => (IDENTITY_STORE, "UpdateUser"),
        (Kind::User, Delete) => (IDENTITY_STORE, "DeleteUser"),
        (Kind::Account, Create) => (audit::ORGANIZATIONS, "CreateAccount"),
        (Kind::Account, Update) => (audit::ORGANIZATIONS, "UpdateAccount"),
        (Kind::Account, Delete) => (audit::ORGANIZATIONS, "RemoveAccountFromOrganization"),
        (Kind::PermissionSet, Create) => (audit::SSO, "CreatePermissionSet"),
        (Kind::PermissionSet, Update) => (audit::SSO, "UpdatePermissionSet"),
        (Kind::PermissionSet, Delete) => (audit::SSO, "DeletePermissionSet"),
        (Kind::Assignment, Create | Update) => (audit::SSO, "CreateAccountAssignment"),
        (Kind::Assignment, Delete) => (audit::SSO, "DeleteAccountAssignment"),
        (Kind::Application, Create) => (audit::SSO, "CreateApplication"),
        (Kind::Application, Update) => (audit::SSO, "UpdateApplication"),
        (Kind::Application, Delete) => (audit::SSO, "DeleteApplication"),
        (Kind::AccessControlAttribute, _) => {
            (audit::SSO, "UpdateInstanceAccessControlAttributeConfiguration")
        }
        (Kind::TrustedTokenIssuer, Create) => (audit::SSO, "CreateTrustedTokenIssuer"),
        (Kind::TrustedTokenIssuer, Update) => (audit::SSO, "UpdateTrustedTokenIssuer"),
        (Kind::TrustedTokenIssuer, Delete) => (audit::SSO, "DeleteTrustedTokenIssuer"),
        (Kind::Role, Create) => (audit::IAM, "CreateRole"),
        (Kind::Role, Update) => (audit::IAM, "UpdateAssumeRolePolicy"),
        (Kind::Role, Delete) => (audit::IAM, "DeleteRole"),
    }
}

/// Changes for a person to read: a line for each thing, one for each of its fields, and the sum.
pub struct Told<'c>(pub &'c [Change]);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return writeln!(f, "Nothing to change: everything is as the file says.");
        }
        for change in self.0 {
            let mark = match change.action {
                Action::Create => '+',
                Action::Update => '~',
                Action::Delete => '-',
            };
            writeln!(f, "{mark} {} {}", noun(change.kind), plain(&change.name))?;
            for field in &change.fields {
                let (before, after) = (&field.before, &field.after);
                match change.action {
                    Action::Update if before.is_empty() => writeln!(f, "    {}: {after:?}", field.field)?,
                    Action::Update => writeln!(f, "    {}: {before:?} -> {after:?}", field.field)?,
                    // What is empty in something new is not worth a line.
                    _ if after.is_empty() => {}
                    _ => writeln!(f, "    {}: {after:?}", field.field)?,
                }
            }
        }
        let count = |action| self.0.iter().filter(|change| change.action == action).count();
        let (created, updated, deleted) =
            (count(Action::Create), count(Action::Update), count(Action::Delete));
        writeln!(f, "{created} to create, {updated} to change, {deleted} to delete.")
    }
}

/// A name without what a terminal obeys: it could hide lines of a plan.
fn plain(name: &str) -> String {
    name.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'")
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Organisation => "organisation",
        Kind::Group => "group",
        Kind::User => "user",
        Kind::Account => "account",
        Kind::PermissionSet => "permission set",
        Kind::Assignment => "assignment",
        Kind::Application => "application",
        Kind::AccessControlAttribute => "access control attribute",
        Kind::Role => "role",
        Kind::TrustedTokenIssuer => "trusted token issuer",
    }
}
