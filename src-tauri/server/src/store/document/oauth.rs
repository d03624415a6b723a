//! What a document says of trusted token issuers and of how applications get tokens. An application in the file has
//! what the file gives it, and no more; an issuer that the file brought is known by its id, which is derived from its
//! name, and goes with it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Apply, Refused};
use crate::{
    domain::integration::{AUTHORIZATION_CODE, IAM, JWT_BEARER, REFRESH_TOKEN, TOKEN_EXCHANGE},
    organisation::{DocumentIssuer, EVERY_APPLICATION, Oauth},
    store::{
        Permission, TrustedIssuer,
        application_permissions::{self, Permissions},
        applications,
        changes::{Action, Change, FieldChange, Kind, change, gone, issuer_facts},
        execute, one,
        sql::{self, Connection, params},
        to_json, trusted_issuers,
    },
};

/// Permissions as the file calls them.
const FIELDS: [(&str, Permission); 3] = [
    ("actor_policy", Permission::Authentication),
    ("grants", Permission::Grant),
    ("scopes", Permission::Scope),
];

impl Apply<'_> {
    /// Adds and changes issuers.
    pub(super) fn issuers(&self, c: &Connection) -> sql::Result<std::result::Result<Vec<Change>, Refused>> {
        let mut changes = Vec::new();
        for wanted in self.document.trusted_issuers.values() {
            let known = trusted_issuers::find_by_name(c, &wanted.name)?;
            let next = self.issuer(c, known.as_ref(), wanted)?;
            let before = known.as_ref().map(issuer_facts);
            let change =
                change(Kind::TrustedTokenIssuer, &wanted.name, before.as_ref(), &issuer_facts(&next));
            if change.is_some() {
                if trusted_issuers::is_taken(c, &next)? {
                    return Ok(Err(Refused::IssuerTaken(next.name)));
                }
                if known.is_some_and(|known| known.issuer_url != next.issuer_url) {
                    // The API never gives one another address; it is as if it were another one.
                    trusted_issuers::remove(c, &next.id)?;
                }
                trusted_issuers::put(c, &next)?;
            }
            changes.extend(change);
        }
        Ok(Ok(changes))
    }

    fn issuer(
        &self,
        c: &Connection,
        known: Option<&TrustedIssuer>,
        wanted: &DocumentIssuer,
    ) -> sql::Result<TrustedIssuer> {
        let id = match known {
            Some(known) => known.id.clone(),
            None => {
                let derived = self.ids.trusted_issuer(&wanted.name);
                let is_taken = trusted_issuers::find(c, &derived)?.is_some();
                if is_taken { self.ids.random_trusted_issuer() } else { derived }
            }
        };
        Ok(TrustedIssuer {
            id,
            name: wanted.name.clone(),
            issuer_url: wanted.issuer_url.clone(),
            claim_path: wanted.claim_path.clone(),
            attribute_path: wanted.attribute_path.clone(),
            created: known.map_or(self.now, |known| known.created),
        })
    }

    /// Forgets issuers that a document brought and this one does not name.
    pub(super) fn issuers_gone(&self, c: &Connection) -> sql::Result<Vec<Change>> {
        let mut changes = Vec::new();
        for known in trusted_issuers::list(c, "", u32::MAX)? {
            let is_ours = known.id == self.ids.trusted_issuer(&known.name);
            if is_ours && !self.document.trusted_issuers.contains_key(&known.name) {
                trusted_issuers::remove(c, &known.id)?;
                execute(
                    c,
                    "DELETE FROM tag WHERE resource = ?1",
                    [self.arn("trustedTokenIssuer", &known.id)],
                )?;
                changes.push(gone(Kind::TrustedTokenIssuer, known.name));
            }
        }
        Ok(changes)
    }

    /// Gives applications what they may do, and adds that to what changes of them.
    pub(super) fn permissions(&self, c: &Connection, changes: &mut Vec<Change>) -> sql::Result<()> {
        for wanted in self.document.applications.values() {
            let Some(application) = applications::find_by_name(c, &wanted.name)? else { continue };
            let before = application_permissions::all_of(c, &application.id)?;
            let after = match &wanted.oauth {
                Some(oauth) => self.wanted(c, oauth)?,
                None => Permissions::new(),
            };
            if wanted.oauth.is_none() && before.is_empty() {
                // Neither the file nor anybody else says that it gets tokens.
                continue;
            }
            let mut fields = Vec::new();
            for (field, permission) in FIELDS {
                let (before, after) = (text(&before, permission)?, text(&after, permission)?);
                if before != after {
                    fields.push(FieldChange { field, before, after });
                }
            }
            fields.extend(self.who(c, &application.id, wanted.oauth.as_ref(), wanted.url.is_some())?);
            for (permission, name) in before.keys().filter(|which| !after.contains_key(*which)) {
                application_permissions::delete(c, (&application.id, *permission, name))?;
            }
            for ((permission, name), value) in
                after.iter().filter(|(which, value)| before.get(*which) != Some(*value))
            {
                application_permissions::put(c, (&application.id, *permission, name), value)?;
            }
            if fields.is_empty() {
                continue;
            }
            let known =
                changes.iter_mut().find(|known| known.name == wanted.name && known.action != Action::Delete);
            match known {
                Some(known) => known.fields.extend(fields),
                None => changes.push(Change {
                    action: Action::Update,
                    kind: Kind::Application,
                    name: wanted.name.clone(),
                    fields,
                }),
            }
        }
        Ok(())
    }

    /// Says for whom an application is, and that the portal lists none that leads nowhere.
    fn who(
        &self,
        c: &Connection,
        id: &str,
        oauth: Option<&Oauth>,
        leads_somewhere: bool,
    ) -> sql::Result<Option<FieldChange>> {
        let sql = "SELECT assignment_required FROM application WHERE id = ?1";
        let Some(before) = one(c, sql, [id], |row| row.get::<_, bool>(0))? else { return Ok(None) };
        let after = oauth.is_none_or(|oauth| oauth.assignment_required);
        let sql = "UPDATE application SET visible = ?2, assignment_required = ?3 WHERE id = ?1";
        execute(c, sql, params![id, leads_somewhere, after])?;
        let (before, after) = (before.to_string(), after.to_string());
        Ok((before != after).then_some(FieldChange { field: "assignment_required", before, after }))
    }

    fn wanted(&self, c: &Connection, oauth: &Oauth) -> sql::Result<Permissions> {
        let mut wanted = Permissions::new();
        if let Some(policy) = &oauth.actor_policy {
            let method = json!({ "Iam": { "ActorPolicy": policy } });
            wanted.insert((Permission::Authentication, IAM.to_owned()), method);
        }
        let mut grant = |name: &str, value: Value| wanted.insert((Permission::Grant, name.to_owned()), value);
        if !oauth.redirect_uris.is_empty() {
            let uris = json!({ "AuthorizationCode": { "RedirectUris": oauth.redirect_uris } });
            grant(AUTHORIZATION_CODE, uris);
        }
        if oauth.refresh_token {
            grant(REFRESH_TOKEN, json!({ "RefreshToken": {} }));
        }
        if oauth.token_exchange {
            grant(TOKEN_EXCHANGE, json!({ "TokenExchange": {} }));
        }
        let mut issuers = Vec::new();
        for (name, audiences) in &oauth.jwt_bearer {
            if let Some(issuer) = trusted_issuers::find_by_name(c, name)? {
                let arn = self.arn("trustedTokenIssuer", &issuer.id);
                issuers.push(json!({ "TrustedTokenIssuerArn": arn, "AuthorizedAudiences": audiences }));
            }
        }
        if !issuers.is_empty() {
            grant(JWT_BEARER, json!({ "JwtBearer": { "AuthorizedTokenIssuers": issuers } }));
        }
        for (scope, targets) in &oauth.scopes {
            let mut arns = Vec::new();
            for target in targets {
                if target == EVERY_APPLICATION {
                    arns.push(format!("arn:aws:sso:::instance/{}", self.ids.instance_id));
                } else if let Some(application) = applications::find_by_name(c, target)? {
                    arns.push(self.arn("application", &application.id));
                }
            }
            let value = if arns.is_empty() { Value::Null } else { json!(arns) };
            wanted.insert((Permission::Scope, scope.clone()), value);
        }
        Ok(wanted)
    }

    /// `arn:aws:sso::ACCOUNT:KIND/ssoins-…/ID`
    fn arn(&self, kind: &str, id: &str) -> String {
        let account = &self.document.settings.management_account;
        format!("arn:aws:sso::{account}:{kind}/{}/{id}", self.ids.instance_id)
    }
}

/// What there is of a kind, for a person to compare.
fn text(permissions: &Permissions, of: Permission) -> sql::Result<String> {
    let own = permissions.iter().filter(|((permission, _), _)| *permission == of);
    let own: BTreeMap<&str, &Value> = own.map(|((_, name), value)| (name.as_str(), value)).collect();
    if own.is_empty() { Ok(String::new()) } else { to_json(&own) }
}
