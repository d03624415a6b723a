//! Profiles that sign in by a session of the config file, and that session's sign-in in the AWS CLI's cache.

use super::{Pair, code, on_demand::conflict, owner, profile_name, refused};
use aws_files::{
    AskOutcome, CachedRenewal, Change, ConfigFile, Consent, ForeignKeys, RegisteredSession, Remove,
    SsoRegistration, SsoWish, Standing,
};
use engine::{
    model::{
        aws_config::comparable,
        code::Code,
        ids::{Grant, ProfileName},
        profile::{Conflict, Written},
        secret::{ClientRegistration, TokenSet},
        sign_in::Method,
    },
    ports::{CachedSignIn, FileOutcome},
};
use jiff::Timestamp;
use std::path::PathBuf;

/// A wish to let a profile's tools sign in by a session.
pub(super) struct Wish<'a> {
    pub profile: &'a ProfileName,
    pub grant: &'a Grant,
    pub start_url: &'a str,
    pub sso_region: &'a str,
    pub session: &'a str,
    pub others: &'a [String],
    pub region: Option<&'a String>,
    pub last: Option<&'a Written>,
    pub replace_foreign: bool,
}

impl Pair {
    /// Writes the sections first and takes keys out of the credentials file then.
    pub(super) fn sign_in_by_session(
        &self,
        wish: &Wish<'_>,
        now: Timestamp,
    ) -> Result<(FileOutcome, Option<PathBuf>), Code> {
        let standing = self.standing(wish.profile, wish.last)?;
        let foreign_keys = matches!(
            standing,
            Standing::ChangedByAnother
                | Standing::Foreign { keys: ForeignKeys::LongLived | ForeignKeys::Session }
        );
        if foreign_keys && !wish.replace_foreign {
            return Ok((FileOutcome::Conflict(Conflict::KeysHide), None));
        }
        let name = profile_name(wish.profile)?;
        let sections = SsoWish {
            profile: name.clone(),
            owner: owner(wish.grant)?,
            start_url: wish.start_url.to_owned(),
            sso_region: wish.sso_region.to_owned(),
            account: wish.grant.account.to_string(),
            role: wish.grant.role.to_string(),
            session: wish.session.to_owned(),
            others: wish.others.to_vec(),
            region: wish.region.cloned(),
            consent: if wish.replace_foreign { Consent::ReplaceWithBackup } else { Consent::OursOnly },
        };
        let (outcome, session) = self.config.sign_in_by_session(&sections, now).map_err(|e| code(&e))?;
        let mut backup = match outcome {
            AskOutcome::Written(backup) => backup,
            AskOutcome::Conflict(standing) => {
                let conflict = conflict(standing).unwrap_or(Conflict::OtherSource);
                return Ok((FileOutcome::Conflict(conflict), None));
            }
            AskOutcome::Refused(error) => return Ok((FileOutcome::Failed(refused(&error)), None)),
            AskOutcome::NotChanged(error) => return Ok((self.not_changed(&error.to_string()), None)),
        };
        let change = match standing {
            Standing::Absent | Standing::Foreign { keys: ForeignKeys::None } => None,
            Standing::Ours { .. } => {
                Some(Change::Remove(Remove { profile: name, last: wish.last.map(super::fingerprint) }))
            }
            Standing::Foreign { .. } | Standing::ChangedByAnother => Some(Change::Clear(name)),
        };
        if let Some(change) = change {
            let done = self.credentials.update(&[change], now).map_err(|e| code(&e))?;
            backup = done.backup.or(backup);
        }
        Ok((FileOutcome::PlacedIn(session), backup))
    }
}

/// The sessions of the config file by which one signs in there.
pub(super) struct Sessions {
    start_url: String,
    region: String,
    but: Vec<String>,
}

impl Sessions {
    pub fn new(start_url: &str, region: &str, but: Vec<String>) -> Self {
        Self { start_url: comparable(start_url), region: region.to_owned(), but }
    }

    pub fn of(&self, config: &ConfigFile) -> Result<Vec<RegisteredSession>, Code> {
        let mut found = config.sso_sessions().map_err(|e| code(&e))?;
        found.retain(|it| {
            comparable(&it.start_url) == self.start_url
                && it.region == self.region
                && !self.but.contains(&it.name)
        });
        Ok(found)
    }
}

pub(super) fn client(found: SsoRegistration, method: Method) -> ClientRegistration {
    let SsoRegistration { client_id, client_secret, expires, browser: _ } = found;
    ClientRegistration { client_id, client_secret, expires, method }
}

pub(super) fn registration(client: ClientRegistration) -> SsoRegistration {
    let ClientRegistration { client_id, client_secret, expires, method } = client;
    SsoRegistration { client_id, client_secret, expires, browser: method.registration() == Method::Browser }
}

pub(super) fn to_file(sign_in: CachedSignIn) -> aws_files::CachedSignIn {
    let CachedSignIn { start_url, region, tokens, client } = sign_in;
    let renewal = client.zip(tokens.refresh_token).map(|(client, refresh_token)| CachedRenewal {
        client_id: client.client_id,
        client_secret: client.client_secret,
        registration_expires: client.expires,
        refresh_token,
    });
    let (access_token, expires) = (tokens.access_token, tokens.expires);
    aws_files::CachedSignIn { start_url, region, access_token, expires, renewal }
}

/// The time of issue is not told: nothing is older than now.
pub(super) fn from_file(found: aws_files::CachedSignIn, now: Timestamp) -> CachedSignIn {
    let aws_files::CachedSignIn { start_url, region, access_token, expires, renewal } = found;
    let mut tokens = TokenSet { access_token, issued: now, expires, refresh_token: None };
    let client = renewal.map(|renewal| {
        tokens.refresh_token = Some(renewal.refresh_token);
        ClientRegistration {
            client_id: renewal.client_id,
            client_secret: renewal.client_secret,
            expires: renewal.registration_expires,
            method: Method::Browser,
        }
    });
    CachedSignIn { start_url, region, tokens, client }
}
