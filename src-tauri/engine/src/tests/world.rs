//! The world of the engine's tests: values behind every port, and a log of what was asked of them.

use crate::{
    Engine, Request, Snapshot,
    model::{
        Timestamp,
        code::Code,
        history::{By, Entry, Event as Happened},
        ids::{AccountId, Grant, OrgId, ProfileName, RoleName},
        notice::Notice,
        organisation::{Endpoints, Kind, Organisation},
        portal::{Account, Portal},
        profile::{Conflict, State, Written},
        secret::{ClientRegistration, RoleCredentials, TokenSet},
        settings::Settings,
        sign_in::Method,
    },
    ports::{
        AccountRow, AuthorizeRequest, AwsFiles, Browser, Clock, Desktop, DeviceGrant, Discovered, FileChange,
        FileCondition, FileOutcome, FileSet, Keyring, Page, Ports, Presence, Redirect, RedirectListener,
        Sandbox, SandboxReady, SealKind, Sealable, SealedRow, SecretUrl, SettingsFile, Sso, SsoError, Store,
        Stored, StoredSignIn, Vault, WhoAmI, Write,
    },
    request::Answer,
};
use async_trait::async_trait;
use jiff::{SignedDuration, tz::TimeZone};
use secrecy::SecretString;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use url::Url;

pub(super) fn begin() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

pub(super) fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

/// What the world looks like and what was asked of it, in order.
pub(super) struct World {
    started: tokio::time::Instant,
    pub(super) log: Mutex<Vec<String>>,
    /// Role credentials live for so long.
    lifetime: SignedDuration,
    /// The sign-in ends then.
    ends: Option<Timestamp>,
    /// The access token ends then.
    token_expires: Timestamp,
    renewable: bool,
    /// The next role-credentials calls answer this.
    pub(super) refuse: Mutex<Vec<SsoError>>,
    pub(super) presence: Mutex<Presence>,
    pub(super) boot_jump: Mutex<Duration>,
    /// How long the server takes for a renewal, for role credentials, and the person for a sign-in.
    pub(super) renewal_takes: Mutex<Duration>,
    pub(super) credentials_take: Mutex<Duration>,
    pub(super) sign_in_takes: Mutex<Duration>,
    /// What the desktop refuses: notifications, consoles, the file; and what another program changed.
    pub(super) refused: Mutex<Refused>,
    /// Who signs in.
    pub(super) user: Mutex<String>,
}

/// What does not work, or was changed.
#[derive(Default)]
pub(super) struct Refused {
    pub(super) notifications: bool,
    pub(super) consoles: bool,
    pub(super) file: Option<Code>,
    pub(super) changed: Vec<String>,
}

impl World {
    pub(super) fn note(&self, what: impl Into<String>) {
        self.log.lock().unwrap().push(what.into());
    }

    pub(super) fn count(&self, what: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|l| l.starts_with(what)).count()
    }

    pub(super) fn place(&self, what: &str) -> usize {
        self.log.lock().unwrap().iter().position(|l| l.starts_with(what)).expect("it happened")
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        begin() + SignedDuration::try_from(self.started.elapsed()).unwrap()
    }
    fn since_boot(&self) -> Duration {
        self.started.elapsed() + *self.boot_jump.lock().unwrap()
    }
}

fn unused<T>() -> Result<T, SsoError> {
    Err(SsoError::Other(Code::Internal { what: "not part of this test".into() }))
}

#[async_trait]
impl Sso for World {
    async fn discover(&self, _: &str, _: Option<&str>, _: Option<&Endpoints>) -> Result<Discovered, Code> {
        Err(Code::NotAPortal { host: "x".into() })
    }
    async fn register(&self, _: &Organisation, _: Method) -> Result<ClientRegistration, SsoError> {
        Ok(client())
    }
    fn authorize(&self, _: &Organisation, _: &ClientRegistration, _: &Url) -> Result<AuthorizeRequest, Code> {
        Err(Code::ListenFailed)
    }
    async fn exchange(
        &self,
        _: &Organisation,
        _: &ClientRegistration,
        _: &AuthorizeRequest,
        _: &SecretString,
    ) -> Result<TokenSet, SsoError> {
        unused()
    }
    async fn start_device(&self, _: &Organisation, _: &ClientRegistration) -> Result<DeviceGrant, SsoError> {
        Ok(DeviceGrant {
            device_code: SecretString::from("d"),
            user_code: "ABCD-EFGH".into(),
            verification: Url::parse("http://localhost/device").unwrap(),
            expires: self.now() + minutes(10),
            interval: Duration::from_secs(1),
        })
    }
    async fn await_device(
        &self,
        _: &Organisation,
        _: &ClientRegistration,
        _: &DeviceGrant,
    ) -> Result<TokenSet, SsoError> {
        let takes = *self.sign_in_takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        Ok(tokens(self.now() + minutes(60), true))
    }
    async fn refresh(
        &self,
        _: &Organisation,
        _: &ClientRegistration,
        _: &SecretString,
    ) -> Result<TokenSet, SsoError> {
        self.note("refresh token");
        let takes = *self.renewal_takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        let end = self.now() + minutes(60);
        Ok(tokens(self.ends.map_or(end, |e| e.min(end)), true))
    }
    async fn who_am_i(&self, _: &Organisation, _: &SecretString) -> Result<WhoAmI, SsoError> {
        let user = self.user.lock().unwrap().clone();
        Ok(WhoAmI { user: Some(user), ends: self.ends })
    }
    async fn accounts(
        &self,
        _: &Organisation,
        _: &SecretString,
        _: Option<&str>,
    ) -> Result<Page<AccountRow>, SsoError> {
        let row = AccountRow { id: AccountId::new("1"), name: "payments-dev".into(), email: None };
        Ok(Page { rows: vec![row], next: None })
    }
    async fn roles(
        &self,
        _: &Organisation,
        _: &SecretString,
        _: &AccountId,
        _: Option<&str>,
    ) -> Result<Page<RoleName>, SsoError> {
        Ok(Page { rows: vec![RoleName::new("Dev")], next: None })
    }
    async fn role_credentials(
        &self,
        _: &Organisation,
        _: &SecretString,
        _: &AccountId,
        _: &RoleName,
    ) -> Result<RoleCredentials, SsoError> {
        self.note("role credentials");
        let takes = *self.credentials_take.lock().unwrap();
        tokio::time::sleep(takes).await;
        if let Some(error) = self.refuse.lock().unwrap().pop() {
            return Err(error);
        }
        let now = self.now();
        let secret = || SecretString::from("s");
        Ok(RoleCredentials {
            access_key_id: secret(),
            secret_access_key: secret(),
            session_token: secret(),
            issued: now,
            expires: now + self.lifetime,
        })
    }
    async fn console_link(
        &self,
        _: &Organisation,
        _: &RoleCredentials,
        _: Option<&Url>,
    ) -> Result<SecretUrl, SsoError> {
        if self.refused.lock().unwrap().consoles {
            return Err(SsoError::Other(Code::NoAnswer { host: "h".into() }));
        }
        Ok(SecretUrl { url: SecretString::from("http://localhost/"), host: "localhost".into() })
    }
    async fn logout(&self, _: &Organisation, _: &SecretString) -> Result<(), SsoError> {
        self.note("logout");
        Ok(())
    }
}

fn client() -> ClientRegistration {
    ClientRegistration {
        client_id: "c".into(),
        client_secret: SecretString::from("c"),
        expires: begin() + SignedDuration::from_hours(2000),
        method: Method::DeviceCode,
    }
}

fn tokens(expires: Timestamp, renewable: bool) -> TokenSet {
    TokenSet {
        access_token: SecretString::from("a"),
        expires,
        refresh_token: renewable.then(|| SecretString::from("r")),
    }
}

#[async_trait]
impl Vault for World {
    async fn open(&self) -> Keyring {
        Keyring::Ready
    }
    fn seal(&self, org: &OrgId, user: &str, name: &str, secret: &Sealable) -> Result<SealedRow, Code> {
        let kind = match secret {
            Sealable::Client(_) => SealKind::Client,
            Sealable::Tokens(_) => SealKind::Tokens,
            Sealable::RoleCredentials(_) => SealKind::RoleCredentials,
        };
        Ok(SealedRow { org: org.clone(), user: user.into(), kind, name: name.into(), sealed: vec![] })
    }
    fn unseal(&self, row: &SealedRow) -> Result<Sealable, Code> {
        Ok(match row.kind {
            SealKind::Client => Sealable::Client(client()),
            _ => Sealable::Tokens(tokens(self.token_expires, self.renewable)),
        })
    }
}

pub(super) fn grant() -> Grant {
    Grant { org: OrgId::new("acme"), account: AccountId::new("1"), role: RoleName::new("Dev") }
}

#[async_trait]
impl Store for World {
    async fn load(&self, now: Timestamp) -> Result<Stored, Code> {
        let url = Url::parse("http://localhost/start").unwrap();
        let organisation = Organisation {
            id: OrgId::new("acme"),
            name: "Acme".into(),
            start_url: url.clone(),
            region: "eu-west-1".into(),
            kind: Kind::Custom,
            endpoints: Endpoints {
                oidc: url.clone(),
                portal: url.clone(),
                federation: url.clone(),
                sts: url.clone(),
            },
            added: now,
        };
        let roles = Some(vec![RoleName::new("Dev")]);
        let account = Account { id: AccountId::new("1"), name: "payments-dev".into(), email: None, roles };
        let portal = Portal { user: None, accounts: vec![account], synced: Some(now), changes: vec![] };
        let signed_in = StoredSignIn { user: Some("sam".into()), since: now, ends: self.ends };
        let row = |kind| SealedRow {
            org: OrgId::new("acme"),
            user: "sam".into(),
            kind,
            name: String::new(),
            sealed: vec![],
        };
        Ok(Stored {
            organisations: vec![(organisation, portal, Some(signed_in))],
            sealed: vec![row(SealKind::Client), row(SealKind::Tokens)],
            installed: Some(now - SignedDuration::from_hours(2)),
            history: vec![Entry { id: 41, at: now, by: By::You, event: Happened::Resumed }],
            ..Stored::default()
        })
    }
    async fn commit(&self, writes: Vec<Write>) -> Result<(), Code> {
        for write in writes {
            match write {
                Write::Sealed(row) => self.note(format!("commit sealed {}", row.kind.as_str())),
                Write::RemoveSealed(..) => self.note("commit remove sealed"),
                Write::History(line) => self.note(format!("commit line {}", line.id)),
                Write::Kept(kept) if kept.written.is_some() => self.note("commit kept"),
                _ => {}
            }
        }
        Ok(())
    }
    async fn history(&self, _: Option<i64>, _: u32) -> Result<Vec<Entry>, Code> {
        Ok(vec![])
    }
}

#[async_trait]
impl SettingsFile for World {
    async fn load(&self) -> Result<Settings, Code> {
        Ok(Settings::default())
    }
    async fn save(&self, _: &Settings) -> Result<(), Code> {
        Ok(())
    }
}

#[async_trait]
impl AwsFiles for World {
    async fn apply(
        &self,
        _: FileSet,
        changes: Vec<FileChange>,
    ) -> Result<(Vec<FileOutcome>, Option<PathBuf>), Code> {
        if let Some(code) = self.refused.lock().unwrap().file.clone() {
            return Err(code);
        }
        self.note(format!("write file {}", changes.len()));
        let outcome = |change| match change {
            FileChange::Put { credentials, .. } => FileOutcome::Written(Written {
                at: self.now(),
                issued: credentials.issued,
                expires: credentials.expires,
                fingerprint: "f".into(),
                key_tail: "tail".into(),
            }),
            FileChange::Remove { .. } => FileOutcome::Removed,
        };
        Ok((changes.into_iter().map(outcome).collect(), None))
    }
    async fn check(
        &self,
        _: FileSet,
        profile: &ProfileName,
        _: Option<&Written>,
    ) -> Result<Option<Conflict>, Code> {
        if self.refused.lock().unwrap().changed.iter().any(|name| name == profile.as_str()) {
            return Ok(Some(Conflict::ChangedByAnother));
        }
        Ok((profile.as_str() == "taken").then_some(Conflict::Foreign))
    }
    async fn condition(&self, _: FileSet) -> FileCondition {
        FileCondition::default()
    }
    async fn make_private(&self, _: FileSet) -> Result<(), Code> {
        Ok(())
    }
    async fn undo(&self, _: FileSet) -> Result<(), Code> {
        Ok(())
    }
}

#[async_trait]
impl Browser for World {
    async fn open(&self, _: &Url) -> Result<(), Code> {
        Ok(())
    }
    async fn open_once(&self, _: SecretUrl) -> Result<(), Code> {
        Ok(())
    }
}

#[async_trait]
impl RedirectListener for World {
    async fn listen(&self) -> Result<Box<dyn Redirect>, Code> {
        Err(Code::ListenFailed)
    }
}

#[async_trait]
impl Sandbox for World {
    async fn start(&self) -> Result<SandboxReady, Code> {
        Err(Code::SandboxFailed { reason: "not part of this test".into() })
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
impl Desktop for World {
    async fn presence(&self) -> Presence {
        *self.presence.lock().unwrap()
    }
    async fn notify(&self, notice: &Notice, _: bool) -> Result<(), Code> {
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
        Ok(())
    }
}

/// Starts the engine in a world. `lifetime` of role credentials; the sign-in's end.
pub(super) async fn start(lifetime: SignedDuration, ends: Option<Timestamp>) -> (Arc<World>, Engine) {
    let world = Arc::new(World {
        started: tokio::time::Instant::now(),
        log: Mutex::default(),
        lifetime,
        ends,
        token_expires: ends.map_or(begin() + minutes(60), |e| e.min(begin() + minutes(60))),
        renewable: true,
        refuse: Mutex::default(),
        presence: Mutex::default(),
        boot_jump: Mutex::default(),
        renewal_takes: Mutex::default(),
        credentials_take: Mutex::default(),
        sign_in_takes: Mutex::default(),
        refused: Mutex::default(),
        user: Mutex::new("sam".to_owned()),
    });
    let ports = Ports {
        clock: world.clone(),
        sso: world.clone(),
        vault: world.clone(),
        store: world.clone(),
        settings: world.clone(),
        files: world.clone(),
        browser: world.clone(),
        redirect: world.clone(),
        sandbox: world.clone(),
        desktop: world.clone(),
    };
    let engine = Engine::start(ports, TimeZone::UTC);
    until(&engine, |s| s.loaded).await;
    (world, engine)
}

pub(super) async fn until(engine: &Engine, mut wanted: impl FnMut(&Snapshot) -> bool) -> Arc<Snapshot> {
    let mut snapshots = engine.snapshots();
    let found = tokio::time::timeout(Duration::from_secs(24 * 3600), snapshots.wait_for(|s| wanted(s))).await;
    found.expect("the wanted state within a day").expect("a living engine").clone()
}

pub(super) async fn keep(engine: &Engine, name: &str) -> Answer {
    let request = Request::KeepFresh {
        grant: grant(),
        profile: ProfileName::new(name),
        region: None,
        replace_foreign: false,
        confirmed: true,
    };
    engine.ask(request).await
}

pub(super) fn fresh(s: &Snapshot) -> bool {
    s.profiles.iter().any(|p| p.state == State::Fresh)
}
