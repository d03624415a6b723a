//! The world's vault, store, files, browser, sandbox and desktop.

use super::{World, begin, grant, sso};
use crate::{
    model::{
        Timestamp,
        aws_config::{AwsConfig, Conversion, Converted, Undone},
        code::Code,
        history::{By, Entry, Event as Happened},
        ids::{OrgId, RoleName},
        notice::Notice,
        organisation::{Endpoints, Organisation},
        policy::Policy,
        portal::{Account, Portal},
        profile::{Conflict, Written},
        secret::{ClientRegistration, RoleCredentials},
        settings::{BrowserChoice, Settings},
        sign_in::Method,
    },
    ports::{
        AwsFiles, Browser, CachedSignIn, Clock, Delivered, Desktop, Exports, FileChange, FileCondition,
        FileOutcome, FileSet, Found, HistoryPage, InstalledBrowser, Keyring, Manner, Presence, RecordCheck,
        RecordedAccount, Redirect, RedirectListener, Sandbox, SandboxReady, SealKind, Sealable, SealedRow,
        SecretUrl, SettingsFile, Store, Stored, StoredSignIn, Vault, Write,
    },
};
use async_trait::async_trait;
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use std::{path::PathBuf, time::Duration};
use url::Url;

#[async_trait]
impl Vault for World {
    async fn open(&self) -> Keyring {
        let takes = *self.keyring_takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        Keyring::Ready
    }
    fn seal(&self, org: &OrgId, user: &str, name: &str, secret: &Sealable) -> Result<SealedRow, Code> {
        let (kind, sealed) = match secret {
            Sealable::Client(client) => (SealKind::Client, client.client_id.clone().into_bytes()),
            Sealable::Tokens(_) => (SealKind::Tokens, vec![]),
            Sealable::RoleCredentials(_) => (SealKind::RoleCredentials, vec![]),
            Sealable::Known(known) => {
                let device = known.device.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
                (SealKind::Known, device.as_bytes().to_vec())
            }
        };
        Ok(SealedRow { org: org.clone(), user: user.into(), kind, name: name.into(), sealed })
    }
    fn unseal(&self, row: &SealedRow) -> Result<Sealable, Code> {
        Ok(match row.kind {
            SealKind::Client => Sealable::Client(sso::client(Method::DeviceCode)),
            SealKind::RoleCredentials => Sealable::RoleCredentials(RoleCredentials {
                access_key_id: SecretString::from("ASIAKEPT"),
                secret_access_key: SecretString::from("kept"),
                session_token: SecretString::from("kept"),
                issued: self.now(),
                expires: self.now() + SignedDuration::from_hours(1),
            }),
            _ => Sealable::Tokens(sso::tokens(begin(), *self.token_expires.lock().unwrap())),
        })
    }
}

#[async_trait]
impl Store for World {
    async fn load(&self, now: Timestamp) -> Result<Stored, Code> {
        let url = Url::parse("https://acme.test/start").unwrap();
        let organisation = Organisation {
            id: OrgId::new("acme"),
            name: "Acme".into(),
            start_url: url.clone(),
            region: "eu-west-1".into(),
            kind: *self.kind.lock().unwrap(),
            endpoints: Endpoints {
                oidc: url.clone(),
                portal: url.clone(),
                federation: url.clone(),
                sts: url.clone(),
            },
            added: now,
        };
        let roles = Some(vec![RoleName::new("Dev")]);
        let account = Account { id: grant().account, name: "payments-dev".into(), email: None, roles };
        let listed =
            Portal { accounts: vec![account], synced: Some(now), changes: vec![], ..Portal::default() };
        let portal = self.portal.lock().unwrap().clone().unwrap_or(listed);
        let signed_in = *self.signed_in.lock().unwrap();
        let sign_in = signed_in.then(|| StoredSignIn {
            user: Some("sam".into()),
            since: begin(),
            ends: *self.ends.lock().unwrap(),
        });
        let row = |kind| SealedRow {
            org: OrgId::new("acme"),
            user: "sam".into(),
            kind,
            name: String::new(),
            sealed: vec![],
        };
        let mut sealed = if signed_in { vec![row(SealKind::Client), row(SealKind::Tokens)] } else { vec![] };
        if *self.brings_credentials.lock().unwrap() {
            let rows = self.rows.lock().unwrap();
            let kept = rows.keys().filter_map(|name| name.strip_prefix("sealed role_credentials "));
            sealed.extend(kept.map(|name| SealedRow { name: name.into(), ..row(SealKind::RoleCredentials) }));
        }
        Ok(Stored {
            organisations: vec![(organisation, portal, sign_in)],
            sealed,
            half_syncs: self.half.lock().unwrap().iter().map(|h| (OrgId::new("acme"), h.clone())).collect(),
            kept: self.kept.lock().unwrap().clone(),
            demanded: self.demanded.lock().unwrap().clone(),
            long_lived: self.long_lived.lock().unwrap().clone(),
            step_up_keys: self.step_up_keys.lock().unwrap().clone(),
            installed: Some(begin() - SignedDuration::from_hours(2)),
            history: vec![Entry { id: 41, at: begin(), by: By::You, event: Happened::Resumed }],
            ..Stored::default()
        })
    }
    async fn commit(&self, writes: Vec<Write>) -> Result<(), Code> {
        let takes = self.commits_take.lock().unwrap().pop();
        if let Some(takes) = takes {
            tokio::time::sleep(takes).await;
        }
        if let Some(code) = self.store_fails.lock().unwrap().clone() {
            self.note("commit failed");
            return Err(code);
        }
        for write in writes {
            self.apply(write);
        }
        Ok(())
    }
    async fn history(&self, _: HistoryPage) -> Result<Vec<Entry>, Code> {
        Ok(vec![])
    }
    async fn recorded_accounts(&self) -> Result<Vec<RecordedAccount>, Code> {
        Ok(vec![])
    }
    async fn check_record(&self) -> Result<RecordCheck, Code> {
        self.note("check record");
        Ok(*self.record.lock().unwrap())
    }
}

#[async_trait]
impl SettingsFile for World {
    async fn load(&self) -> Result<Settings, Code> {
        Ok(self.settings.lock().unwrap().clone())
    }
    async fn save(&self, settings: &Settings) -> Result<(), Code> {
        let takes = self.saves_take.lock().unwrap().pop();
        tokio::time::sleep(takes.unwrap_or_default()).await;
        *self.settings.lock().unwrap() = settings.clone();
        Ok(())
    }
    async fn policy(&self) -> Result<Policy, Code> {
        self.policy.lock().unwrap().clone()
    }
}

#[async_trait]
impl AwsFiles for World {
    async fn apply(
        &self,
        _: FileSet,
        changes: Vec<FileChange>,
    ) -> Result<(Vec<FileOutcome>, Option<PathBuf>), Code> {
        if let Some(code) = self.file_fails.lock().unwrap().clone() {
            self.note("file failed");
            return Err(code);
        }
        if let Some(conflict) = *self.file_conflict.lock().unwrap() {
            return Ok((changes.iter().map(|_| FileOutcome::Conflict(conflict)).collect(), None));
        }
        self.note(format!("write file {}", changes.len()));
        *self.undone.lock().unwrap() = false;
        let outcome = |change| match change {
            FileChange::Put { credentials, region, replace_foreign, .. } => {
                self.note(format!("put {} {replace_foreign}", region.unwrap_or_default()));
                FileOutcome::Written(Written {
                    at: self.now(),
                    issued: credentials.issued,
                    expires: credentials.expires,
                    fingerprint: "f".into(),
                    key_tail: "tail".into(),
                })
            }
            FileChange::Ask { profile, replace_foreign, .. } => {
                self.note(format!("ask {profile} {replace_foreign}"));
                FileOutcome::Placed
            }
            FileChange::SignIn { profile, session, others, .. } => {
                let session = if others.contains(&session) { format!("{session}-2") } else { session };
                self.note(format!("sign in {profile} {session}"));
                FileOutcome::PlacedIn(session)
            }
            FileChange::Remove { .. } => FileOutcome::Removed,
        };
        Ok((changes.into_iter().map(outcome).collect(), None))
    }
    async fn check(&self, _: FileSet, Delivered { profile, .. }: &Delivered) -> Result<Found, Code> {
        if self.refused.lock().unwrap().changed.iter().any(|name| name == profile.as_str()) {
            return Ok(Found::Conflict(Conflict::ChangedByAnother));
        }
        if *self.undone.lock().unwrap() {
            return Ok(Found::Undone);
        }
        let looks = *self.looks.lock().unwrap();
        Ok(looks.or((profile.as_str() == "taken").then_some(Conflict::Foreign)).into())
    }
    async fn condition(&self, _: FileSet) -> FileCondition {
        FileCondition {
            reads: *self.reads.lock().unwrap(),
            long_lived: self.foreign_keys.lock().unwrap().clone(),
            changed: *self.file_changed.lock().unwrap(),
            ..FileCondition::default()
        }
    }
    async fn config(&self) -> Result<AwsConfig, Code> {
        Ok(self.config.lock().unwrap().clone())
    }
    async fn plan_conversion(&self, profiles: Vec<String>) -> Result<Conversion, Code> {
        let profiles = profiles.into_iter().map(|name| (name, "acme".to_owned())).collect();
        let (path, added, seen) = (PathBuf::from("config"), vec!["acme".to_owned()], "seen".to_owned());
        Ok(Conversion { path, profiles, added, diff: vec![], seen })
    }
    async fn convert(&self, profiles: Vec<String>, seen: String) -> Result<Converted, Code> {
        if seen != "seen" {
            return Err(Code::FileChanged { path: "config".into() });
        }
        self.note("convert");
        let (path, backup) = (PathBuf::from("config"), PathBuf::from("config.bak"));
        let (before, after) = (String::new(), String::new());
        Ok(Converted { entry: 0, at: self.now(), path, backup, profiles, before, after })
    }
    async fn undo_conversion(&self, made: Converted) -> Result<Undone, Code> {
        if self.refused.lock().unwrap().undoing {
            let (path, backup) = ("config".into(), "config.bak".into());
            return Err(Code::PlacesChanged { path, places: made.profiles, backup });
        }
        self.note("undo conversion");
        Ok(Undone { whole: true, kept_sessions: vec![] })
    }
    async fn shared_registration(
        &self,
        _: &str,
        _: &str,
        method: Method,
        _: Vec<String>,
    ) -> Result<Option<ClientRegistration>, Code> {
        Ok(self.shared.lock().unwrap().clone().filter(|client| client.method == method))
    }
    async fn share_registration(
        &self,
        _: &str,
        _: &str,
        client: ClientRegistration,
        _: Vec<String>,
    ) -> Result<(), Code> {
        self.note(format!("share {}", client.client_id));
        Ok(())
    }
    async fn unshare_registration(&self, _: &str, _: &str, client_id: &str) -> Result<(), Code> {
        self.shared.lock().unwrap().take_if(|client| client.client_id == client_id);
        self.note(format!("unshare {client_id}"));
        Ok(())
    }
    async fn cached_sign_in(&self, session: &str) -> Result<Option<CachedSignIn>, Code> {
        Ok(self.cached.lock().unwrap().get(session).cloned())
    }
    async fn cache_sign_in(
        &self,
        session: &str,
        sign_in: CachedSignIn,
        ours: Vec<String>,
    ) -> Result<Option<CachedSignIn>, Code> {
        let mut cached = self.cached.lock().unwrap();
        let foreign =
            |it: &CachedSignIn| !it.client.as_ref().is_some_and(|client| ours.contains(&client.client_id));
        let stays = |it: &&CachedSignIn| {
            it.tokens.expires > sign_in.tokens.expires || foreign(it) && it.tokens.expires > self.now()
        };
        if let Some(newer) = cached.get(session).filter(stays) {
            return Ok(Some(newer.clone()));
        }
        self.note(format!("cache {session}"));
        cached.insert(session.to_owned(), sign_in);
        Ok(None)
    }
    async fn uncache_sign_in(&self, session: &str, clients: Vec<String>) -> Result<(), Code> {
        let ours = |it: &CachedSignIn| it.client.as_ref().is_some_and(|c| clients.contains(&c.client_id));
        self.cached.lock().unwrap().retain(|name, it| name != session || !ours(it));
        Ok(())
    }
    async fn make_private(&self, _: FileSet) -> Result<(), Code> {
        self.note("make private");
        Ok(())
    }
    async fn undo(&self, _: FileSet) -> Result<(), Code> {
        self.note("undo");
        Ok(())
    }
}

#[async_trait]
impl Browser for World {
    async fn installed(&self) -> Vec<InstalledBrowser> {
        vec![]
    }
    async fn name(&self, _: &OrgId) -> Option<String> {
        Some("Firefox".to_owned())
    }
    fn prefer(&self, choices: std::collections::BTreeMap<OrgId, BrowserChoice>) {
        self.note(format!("prefer {}", choices.len()));
    }
    async fn open(&self, _: &OrgId, url: &Url) -> Result<(), Code> {
        if url.fragment().is_some() {
            if self.refused.lock().unwrap().apps {
                return Err(Code::BrowserFailed { reason: "it did not start".into() });
            }
            self.note(format!("open {url}"));
            return Ok(());
        }
        self.note("sign-in page");
        Ok(())
    }
    async fn open_once(&self, _: &OrgId, _: SecretUrl, private: bool) -> Result<(), Code> {
        self.note(if private { "private window" } else { "tab" });
        Ok(())
    }
}

#[async_trait]
impl RedirectListener for World {
    async fn listen(&self) -> Result<Box<dyn Redirect>, Code> {
        let takes = self.redirect_takes.lock().unwrap().ok_or(Code::ListenFailed)?;
        Ok(Box::new(Port(takes, *self.strange_answers.lock().unwrap())))
    }
}

/// A port that the browser comes to after a while.
struct Port(Duration, u32);

#[async_trait]
impl Redirect for Port {
    fn uri(&self) -> Url {
        Url::parse("http://127.0.0.1:5/oauth/callback").unwrap()
    }
    async fn answer(
        self: Box<Self>,
        _: &SecretString,
        _: &Organisation,
        strange: Box<dyn Fn() + Send + Sync>,
    ) -> Result<SecretString, Code> {
        for _ in 0..self.1 {
            strange();
        }
        tokio::time::sleep(self.0).await;
        Ok(SecretString::from("code"))
    }
}

#[async_trait]
impl Sandbox for World {
    async fn start(&self) -> Result<SandboxReady, Code> {
        let ready = self.sandbox.lock().unwrap().clone();
        ready.ok_or_else(|| Code::SandboxFailed { reason: "not part of this test".into() })
    }
    async fn stop(&self) {}
    async fn delete(&self) -> Result<(), Code> {
        Ok(())
    }
    fn exports(&self) -> Vec<String> {
        vec![]
    }
}

#[async_trait]
impl Exports for World {
    async fn save(&self, name: &str, text: String) -> Result<PathBuf, Code> {
        self.note(format!("export {name} {text}"));
        Ok(PathBuf::from("/downloads").join(name))
    }
    async fn show_file(&self, path: &std::path::Path) -> Result<(), Code> {
        self.note(format!("show {}", path.display()));
        Ok(())
    }
    async fn show_logs(&self) -> Result<(), Code> {
        self.note("show logs");
        Ok(())
    }
}

#[async_trait]
impl Desktop for World {
    async fn presence(&self) -> Presence {
        *self.presence.lock().unwrap()
    }
    async fn notify(&self, notice: &Notice, _: Manner) -> Result<(), Code> {
        if self.refused.lock().unwrap().notifications {
            return Err(Code::Gone { what: "notification server".into() });
        }
        self.note(format!("notify {} {}", notice.key(), notice.keys().len()));
        Ok(())
    }
    async fn withdraw(&self, key: &str) {
        self.note(format!("withdraw {key}"));
    }
    async fn copy_secret(&self, _: SecretString, _: Duration) -> Result<(), Code> {
        self.note("copied");
        Ok(())
    }
}
