//! The loop with a world of values and tokio's paused clock: what is asked of the server, in which order
//! things happen, and what a person is told. Real servers, files and keyrings are in `tests/`.

use crate::{
    Engine, Request, Signal, Snapshot,
    model::{
        Timestamp,
        code::Code,
        history::Entry,
        ids::{AccountId, Grant, OrgId, ProfileName, RoleName},
        notice::Notice,
        organisation::{Endpoints, Kind, Organisation},
        portal::{Account, Portal},
        profile::{Conflict, State, Written},
        secret::{ClientRegistration, RoleCredentials, TokenSet},
        settings::Settings,
        sign_in::{Method, SignIn},
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

fn begin() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

/// What the world looks like and what was asked of it, in order.
struct World {
    started: tokio::time::Instant,
    log: Mutex<Vec<String>>,
    /// Role credentials live for so long.
    lifetime: SignedDuration,
    /// The sign-in ends then.
    ends: Option<Timestamp>,
    /// The access token ends then.
    token_expires: Timestamp,
    renewable: bool,
    /// The next role-credentials calls answer this.
    refuse: Mutex<Vec<SsoError>>,
    presence: Mutex<Presence>,
    boot_jump: Mutex<Duration>,
}

impl World {
    fn note(&self, what: impl Into<String>) {
        self.log.lock().unwrap().push(what.into());
    }

    fn count(&self, what: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|l| l.starts_with(what)).count()
    }

    fn place(&self, what: &str) -> usize {
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
        unused()
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
        unused()
    }
    async fn await_device(
        &self,
        _: &Organisation,
        _: &ClientRegistration,
        _: &DeviceGrant,
    ) -> Result<TokenSet, SsoError> {
        unused()
    }
    async fn refresh(
        &self,
        _: &Organisation,
        _: &ClientRegistration,
        _: &SecretString,
    ) -> Result<TokenSet, SsoError> {
        self.note("refresh token");
        let end = self.now() + minutes(60);
        Ok(tokens(self.ends.map_or(end, |e| e.min(end)), true))
    }
    async fn who_am_i(&self, _: &Organisation, _: &SecretString) -> Result<WhoAmI, SsoError> {
        Ok(WhoAmI { user: Some("sam".into()), ends: self.ends })
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
        unused()
    }
    async fn logout(&self, _: &Organisation, _: &SecretString) -> Result<(), SsoError> {
        self.note("logout");
        Ok(())
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
            SealKind::Client => Sealable::Client(ClientRegistration {
                client_id: "c".into(),
                client_secret: SecretString::from("c"),
                expires: begin() + SignedDuration::from_hours(2000),
                method: Method::Browser,
            }),
            _ => Sealable::Tokens(tokens(self.token_expires, self.renewable)),
        })
    }
}

fn grant() -> Grant {
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
        let portal = Portal { accounts: vec![account], synced: Some(now), changes: vec![] };
        let signed_in = StoredSignIn { user: Some("sam".into()), since: now, ends: self.ends };
        let row = |kind| SealedRow {
            org: OrgId::new("acme"),
            user: String::new(),
            kind,
            name: String::new(),
            sealed: vec![],
        };
        Ok(Stored {
            organisations: vec![(organisation, portal, Some(signed_in))],
            sealed: vec![row(SealKind::Client), row(SealKind::Tokens)],
            installed: Some(now - SignedDuration::from_hours(2)),
            ..Stored::default()
        })
    }
    async fn commit(&self, writes: Vec<Write>) -> Result<(), Code> {
        for write in writes {
            match write {
                Write::Sealed(row) => self.note(format!("commit sealed {}", row.kind.as_str())),
                Write::RemoveSealed(..) => self.note("commit remove sealed"),
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
        self.note(format!("notify {}", notice.key()));
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
async fn start(lifetime: SignedDuration, ends: Option<Timestamp>) -> (Arc<World>, Engine) {
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

async fn until(engine: &Engine, mut wanted: impl FnMut(&Snapshot) -> bool) -> Arc<Snapshot> {
    let mut snapshots = engine.snapshots();
    let found = tokio::time::timeout(Duration::from_secs(24 * 3600), snapshots.wait_for(|s| wanted(s))).await;
    found.expect("the wanted state within a day").expect("a living engine").clone()
}

async fn keep(engine: &Engine, name: &str) -> Answer {
    let request = Request::KeepFresh {
        grant: grant(),
        profile: ProfileName::new(name),
        region: None,
        replace_foreign: false,
        confirmed: true,
    };
    engine.ask(request).await
}

fn fresh(s: &Snapshot) -> bool {
    s.profiles.iter().any(|p| p.state == State::Fresh)
}

#[tokio::test(start_paused = true)]
async fn fifteen_minutes_cost_two_requests() {
    let (world, engine) = start(minutes(15), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    tokio::time::sleep(Duration::from_secs(14 * 60)).await;
    assert_eq!(world.count("role credentials"), 2);
    let snapshot = engine.snapshots().borrow().clone();
    let left = snapshot.profiles[0].kept.written.as_ref().unwrap().expires.duration_since(world.now());
    assert!(left > minutes(10), "{left:?} left after 14 minutes");
}

#[tokio::test(start_paused = true)]
async fn the_sealed_row_stands_before_the_file_and_the_state() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    assert!(world.place("role credentials") < world.place("commit sealed role_credentials"));
    assert!(world.place("commit sealed role_credentials") < world.place("write file"));
    assert!(world.place("write file") < world.place("commit kept"));
}

#[tokio::test(start_paused = true)]
async fn profiles_of_one_role_cost_one_request_and_one_write() {
    let (world, engine) = start(minutes(60), None).await;
    keep(&engine, "a").await.unwrap();
    keep(&engine, "b").await.unwrap();
    until(&engine, |s| s.profiles.iter().filter(|p| p.state == State::Fresh).count() == 2).await;
    let before = (world.count("role credentials"), world.count("write file"));
    tokio::time::sleep(Duration::from_secs(41 * 60)).await;
    assert_eq!(world.count("role credentials"), before.0 + 1);
    assert_eq!(world.count("write file"), before.1 + 1);
    assert_eq!(world.count("write file 2"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_jump_of_the_boot_clock_is_a_wake_up_and_ends_the_wait_for_a_retry() {
    let (world, engine) = start(minutes(60), None).await;
    let down = || SsoError::Other(Code::NoAnswer { host: "h".into() });
    *world.refuse.lock().unwrap() = (0..3).map(|_| down()).collect();
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, |s| s.profiles.iter().any(|p| matches!(p.state, State::Retrying { .. }))).await;
    let asked = world.count("role credentials");
    *world.boot_jump.lock().unwrap() = Duration::from_secs(3600);
    engine.signal(Signal::FilesChanged);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.count("role credentials"), asked + 1, "asked again at once after the wake-up");
}

#[tokio::test(start_paused = true)]
async fn a_401_is_answered_by_one_renewal_and_another_try() {
    let (world, engine) = start(minutes(60), None).await;
    world.refuse.lock().unwrap().push(SsoError::Unauthorized);
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    assert_eq!((world.count("refresh token"), world.count("role credentials")), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_sign_in_is_told_once_and_taken_back_by_signing_out() {
    let (world, engine) = start(minutes(60), Some(begin() + minutes(30))).await;
    keep(&engine, "pay-dev").await.unwrap();
    tokio::time::sleep(Duration::from_secs(14 * 60)).await;
    assert_eq!(world.count("notify"), 0);
    tokio::time::sleep(Duration::from_secs(10 * 60)).await;
    assert_eq!(world.count("notify sign-in-ending"), 1);
    engine.ask(Request::SignOut(OrgId::new("acme"))).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.count("withdraw sign-in-ending"), 1);
    assert_eq!(world.count("logout"), 1);
    assert_eq!(world.count("commit remove sealed"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_locked_screen_holds_what_the_unlocking_shows() {
    let (world, engine) = start(minutes(60), Some(begin() + minutes(30))).await;
    world.presence.lock().unwrap().locked = true;
    keep(&engine, "pay-dev").await.unwrap();
    tokio::time::sleep(Duration::from_secs(20 * 60)).await;
    assert_eq!(world.count("notify"), 0);
    world.presence.lock().unwrap().locked = false;
    engine.signal(Signal::PersonBack);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.count("notify sign-in-ending"), 1);
}

#[tokio::test(start_paused = true)]
async fn after_the_end_nothing_is_asked_and_the_state_says_why() {
    let (world, engine) = start(minutes(15), Some(begin() + minutes(30))).await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, |s| matches!(s.organisations[0].sign_in, SignIn::Ended { .. })).await;
    let asked = world.count("role credentials");
    until(&engine, |s| s.profiles[0].state == State::Expired).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(world.count("role credentials"), asked);
    assert_eq!(world.count("notify"), 3, "{:?}", world.log.lock().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_taken_is_not_written_and_another_is_offered() {
    let (world, engine) = start(minutes(60), None).await;
    let taken = Code::ProfileTaken {
        profile: "taken".into(),
        conflict: Conflict::Foreign,
        suggestion: "taken-2".into(),
    };
    assert_eq!(keep(&engine, "taken").await, Err(taken));
    assert_eq!(world.count("write file"), 0);
}
