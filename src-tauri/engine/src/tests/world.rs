//! The world of the engine's tests: values behind every port, and a log of what was asked of them.

mod doors;
mod sso;

use crate::{
    Engine, Request, Snapshot,
    model::{
        Timestamp,
        aws_config::AwsConfig,
        code::Code,
        delivery::Delivery,
        ids::{AccountId, Grant, OrgId, ProfileName, RoleName, Target},
        organisation::Kind,
        policy::Policy,
        portal::{HalfSync, Portal},
        profile::{Conflict, Kept, State},
        settings::Settings,
    },
    ports::{Clock, LongLivedKey, Ports, Presence, Reads, RecordCheck, SandboxReady, SsoError, Write},
    request::Answer,
};
use jiff::{SignedDuration, tz::TimeZone};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

pub(super) fn begin() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

pub(super) fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

/// What the world looks like and what was asked of it, in order. A list of errors is answered by the next
/// calls, the last one first; an error that stands is answered by every call.
pub(super) struct World {
    started: tokio::time::Instant,
    pub(super) log: Mutex<Vec<String>>,
    /// Role credentials live for so long.
    lifetime: SignedDuration,
    /// The sign-in ends then.
    pub(super) ends: Mutex<Option<Timestamp>>,
    /// The access token of the store ends then.
    pub(super) token_expires: Mutex<Timestamp>,
    /// New access tokens live for so long.
    pub(super) token_life: Mutex<SignedDuration>,
    pub(super) kind: Mutex<Kind>,
    pub(super) signed_in: Mutex<bool>,
    pub(super) portal: Mutex<Option<Portal>>,
    /// The next role-credentials calls answer this.
    pub(super) refuse: Mutex<Vec<SsoError>>,
    /// Every role-credentials call answers this.
    pub(super) refuse_always: Mutex<Option<SsoError>>,
    /// The next renewals answer this; every one does.
    pub(super) renewals: Mutex<Vec<SsoError>>,
    pub(super) renew_never: Mutex<Option<SsoError>>,
    pub(super) listings: Mutex<Vec<SsoError>>,
    /// The accounts that the server lists, and those whose roles it never brings.
    pub(super) accounts: Mutex<Vec<&'static str>>,
    /// The applications that it lists, or how it refuses to.
    pub(super) applications: Mutex<Result<Vec<&'static str>, SsoError>>,
    pub(super) roles_hang: Mutex<Vec<&'static str>>,
    pub(super) list_never: Mutex<Option<SsoError>>,
    pub(super) logouts: Mutex<Vec<SsoError>>,
    pub(super) registrations: Mutex<Vec<SsoError>>,
    pub(super) exchanges: Mutex<Vec<SsoError>>,
    /// The browser brings its answer after so long; without it no port can be opened.
    pub(super) redirect_takes: Mutex<Option<Duration>>,
    /// The same `nextToken` stands on every page.
    pub(super) endless_pages: Mutex<bool>,
    /// Its applications have icons, which fail to come for this.
    pub(super) pictured: Mutex<bool>,
    pub(super) icons_fail: Mutex<Option<SsoError>>,
    pub(super) who_fails: Mutex<bool>,
    pub(super) presence: Mutex<Presence>,
    pub(super) boot_jump: Mutex<Duration>,
    /// How long the server takes for a renewal, for role credentials, for who is signed in, for a logout,
    /// for a list, and the person for a sign-in.
    pub(super) renewal_takes: Mutex<Duration>,
    pub(super) credentials_take: Mutex<Duration>,
    pub(super) who_takes: Mutex<Duration>,
    pub(super) logout_takes: Mutex<Duration>,
    pub(super) list_takes: Mutex<Duration>,
    pub(super) sign_in_takes: Mutex<Duration>,
    pub(super) keyring_takes: Mutex<Duration>,
    /// The next commits take so long.
    pub(super) commits_take: Mutex<Vec<Duration>>,
    /// What an administrator decided.
    pub(super) policy: Mutex<Result<Policy, Code>>,
    /// The next saves of settings take so long.
    pub(super) saves_take: Mutex<Vec<Duration>>,
    /// Every commit fails with this.
    pub(super) store_fails: Mutex<Option<Code>>,
    /// What the store holds, by a name for each row.
    pub(super) rows: Mutex<BTreeMap<String, String>>,
    pub(super) kept: Mutex<Vec<Kept>>,
    pub(super) half: Mutex<Option<HalfSync>>,
    /// Keys that are known for step-up.
    pub(super) step_up_keys: Mutex<Vec<crate::model::step_up::StepUpKey>>,
    /// Roles that the server was known to guard.
    pub(super) demanded: Mutex<Vec<Grant>>,
    /// What the store knows of long-lived keys, and what stands in the file.
    pub(super) long_lived: Mutex<Vec<LongLivedKey>>,
    pub(super) foreign_keys: Mutex<Vec<LongLivedKey>>,
    pub(super) file_changed: Mutex<Option<Timestamp>>,
    /// The store brings sealed role credentials back at the next start.
    pub(super) brings_credentials: Mutex<bool>,
    /// Activity as it was stored.
    pub(super) happened: Mutex<Vec<String>>,
    /// The file's answers.
    pub(super) file_fails: Mutex<Option<Code>>,
    pub(super) file_conflict: Mutex<Option<Conflict>>,
    pub(super) looks: Mutex<Option<Conflict>>,
    /// Another program put back what it had read, until it is written again.
    pub(super) undone: Mutex<bool>,
    pub(super) reads: Mutex<Reads>,
    pub(super) settings: Mutex<Settings>,
    /// What the AWS config file says.
    pub(super) config: Mutex<AwsConfig>,
    /// What the sandbox's server says when it is ready.
    pub(super) sandbox: Mutex<Option<SandboxReady>>,
    /// What the desktop refuses: notifications, consoles; and what another program changed.
    pub(super) refused: Mutex<Refused>,
    /// Who signs in.
    pub(super) user: Mutex<String>,
    /// What the server stamps on credentials less what is true: the skew of this computer's clock.
    pub(super) server_ahead: Mutex<SignedDuration>,
    /// What the servers say of this computer's clock.
    pub(super) skew: Mutex<Option<i64>>,
    /// So many answers with a wrong state come first.
    pub(super) strange_answers: Mutex<u32>,
    /// The sign-ins in the CLI's cache.
    /// What the AWS CLI registered.
    pub(super) shared: Mutex<Option<crate::model::secret::ClientRegistration>>,
    pub(super) cached: Mutex<BTreeMap<String, crate::ports::CachedSignIn>>,
    /// What following the record's chain comes to.
    pub(super) record: Mutex<RecordCheck>,
    /// Security keys.
    pub(super) keys: Arc<super::keys::port::Port>,
    /// A server's API for the app.
    pub(super) native: Arc<super::native::port::Port>,
    /// Where this program's file is.
    pub(super) program: Arc<super::update::Place>,
}

/// What does not work, or was changed.
#[derive(Default)]
pub(super) struct Refused {
    pub(super) notifications: bool,
    pub(super) consoles: bool,
    pub(super) apps: bool,
    pub(super) undoing: bool,
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

    pub(super) fn row(&self, name: &str) -> Option<String> {
        self.rows.lock().unwrap().get(name).cloned()
    }

    fn apply(&self, write: Write) {
        let mut rows = self.rows.lock().unwrap();
        match write {
            Write::Sealed(row) => {
                self.note(format!("commit sealed {}", row.kind.as_str()));
                let name = format!("sealed {} {}", row.kind.as_str(), row.name);
                let whose = String::from_utf8(row.sealed).unwrap();
                rows.insert(name.trim().to_owned(), if row.user.is_empty() { whose } else { row.user });
            }
            Write::RemoveSealed(_, kind) => {
                self.note("commit remove sealed");
                let of_kind = kind.map_or("sealed ".to_owned(), |k| format!("sealed {}", k.as_str()));
                rows.retain(|name, _| !name.starts_with(&of_kind));
            }
            Write::Kept(kept) => {
                if kept.written.is_some() {
                    self.note("commit kept");
                }
                let paused = if kept.paused { "paused" } else { "going" };
                rows.insert(format!("kept {}", kept.profile), paused.to_owned());
            }
            Write::RemoveKept(profile) => {
                rows.remove(&format!("kept {profile}"));
            }
            Write::Favourite(target, place) => {
                let name = match target {
                    Target::Role(grant) => grant.role.to_string(),
                    Target::App(app) => app.app.to_string(),
                };
                match place {
                    Some(place) => rows.insert(format!("favourite {name}"), place.to_string()),
                    None => rows.remove(&format!("favourite {name}")),
                };
            }
            Write::RemoveCredentials(Grant { account, role, .. }) => {
                rows.remove(&format!("sealed role_credentials {account}/{role}"));
            }
            Write::LongLived(all) => *self.long_lived.lock().unwrap() = all,
            Write::Demanded(all) => *self.demanded.lock().unwrap() = all,
            Write::StepUpKeys(keys) => *self.step_up_keys.lock().unwrap() = keys,
            Write::HalfSync(_, half) => {
                self.note("commit half");
                *self.half.lock().unwrap() = half;
            }
            Write::ClearHistory => {
                self.note("clear history");
                self.happened.lock().unwrap().clear();
            }
            Write::RemoveOrganisation(_) => self.note("commit remove organisation"),
            Write::Chosen(org) => self.note(format!("commit chosen {org}")),
            Write::History(entry) => {
                self.note(format!("commit line {}", entry.id));
                self.happened.lock().unwrap().push(format!("{:?}", entry.event));
            }
            _ => {}
        }
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

pub(super) fn grant() -> Grant {
    Grant { org: OrgId::new("acme"), account: AccountId::new("1"), role: RoleName::new("Dev") }
}

/// Starts the engine in a world. `lifetime` of role credentials; the sign-in's end.
pub(super) async fn start(lifetime: SignedDuration, ends: Option<Timestamp>) -> (Arc<World>, Engine) {
    start_in(lifetime, ends, |_| ()).await
}

/// As [`start`], in a world that `change` made another before the engine saw it.
pub(super) async fn start_in(
    lifetime: SignedDuration,
    ends: Option<Timestamp>,
    change: impl FnOnce(&World),
) -> (Arc<World>, Engine) {
    let world = Arc::new(World {
        started: tokio::time::Instant::now(),
        log: Mutex::default(),
        lifetime,
        ends: Mutex::new(ends),
        token_expires: Mutex::new(ends.map_or(begin() + minutes(60), |e| e.min(begin() + minutes(60)))),
        token_life: Mutex::new(minutes(60)),
        kind: Mutex::new(Kind::Custom),
        signed_in: Mutex::new(true),
        portal: Mutex::default(),
        refuse: Mutex::default(),
        refuse_always: Mutex::default(),
        renewals: Mutex::default(),
        renew_never: Mutex::default(),
        listings: Mutex::default(),
        accounts: Mutex::new(vec!["1"]),
        applications: Mutex::new(Ok(vec!["wiki"])),
        roles_hang: Mutex::default(),
        list_never: Mutex::default(),
        logouts: Mutex::default(),
        registrations: Mutex::default(),
        exchanges: Mutex::default(),
        redirect_takes: Mutex::default(),
        endless_pages: Mutex::default(),
        pictured: Mutex::default(),
        icons_fail: Mutex::default(),
        who_fails: Mutex::default(),
        presence: Mutex::default(),
        boot_jump: Mutex::default(),
        renewal_takes: Mutex::default(),
        credentials_take: Mutex::default(),
        who_takes: Mutex::default(),
        logout_takes: Mutex::default(),
        list_takes: Mutex::default(),
        sign_in_takes: Mutex::default(),
        keyring_takes: Mutex::default(),
        commits_take: Mutex::default(),
        policy: Mutex::new(Ok(Policy::default())),
        saves_take: Mutex::default(),
        store_fails: Mutex::default(),
        rows: Mutex::default(),
        kept: Mutex::default(),
        half: Mutex::default(),
        step_up_keys: Mutex::default(),
        demanded: Mutex::default(),
        long_lived: Mutex::default(),
        foreign_keys: Mutex::default(),
        file_changed: Mutex::default(),
        brings_credentials: Mutex::default(),
        happened: Mutex::default(),
        file_fails: Mutex::default(),
        file_conflict: Mutex::default(),
        looks: Mutex::default(),
        undone: Mutex::default(),
        reads: Mutex::default(),
        settings: Mutex::default(),
        config: Mutex::default(),
        sandbox: Mutex::default(),
        refused: Mutex::default(),
        user: Mutex::new("sam".to_owned()),
        server_ahead: Mutex::default(),
        skew: Mutex::default(),
        strange_answers: Mutex::default(),
        shared: Mutex::default(),
        cached: Mutex::default(),
        record: Mutex::new(RecordCheck::Intact { lines: 1, late: 0 }),
        keys: Arc::default(),
        native: Arc::default(),
        program: Arc::default(),
    });
    change(&world);
    let engine = again(&world).await;
    (world, engine)
}

/// Starts an engine on what the world's store holds.
pub(super) async fn again(world: &Arc<World>) -> Engine {
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
        exports: world.clone(),
        keys: world.keys.clone(),
        native: world.native.clone(),
        program: world.program.clone(),
    };
    let engine = Engine::start(ports, TimeZone::UTC);
    until(&engine, |s| s.loaded).await;
    engine
}

pub(super) async fn until(engine: &Engine, mut wanted: impl FnMut(&Snapshot) -> bool) -> Arc<Snapshot> {
    let mut snapshots = engine.snapshots();
    let found = tokio::time::timeout(Duration::from_secs(24 * 3600), snapshots.wait_for(|s| wanted(s))).await;
    found.expect("the wanted state within a day").expect("a living engine").clone()
}

/// Lets so much time pass.
pub(super) async fn pass(time: SignedDuration) {
    tokio::time::sleep(Duration::try_from(time).unwrap()).await;
}

pub(super) fn now(engine: &Engine) -> Arc<Snapshot> {
    engine.snapshots().borrow().clone()
}

pub(super) async fn keep(engine: &Engine, name: &str) -> Answer {
    let request = Request::KeepFresh {
        grant: grant(),
        profile: ProfileName::new(name),
        delivery: Delivery::CredentialsFile,
        region: None,
        replace_foreign: false,
        confirmed: true,
    };
    engine.ask(request).await
}

pub(super) fn console() -> Request {
    Request::OpenConsole { grant: grant(), destination: None, region: None, private: false, confirmed: true }
}

pub(super) fn fresh(s: &Snapshot) -> bool {
    s.profiles.iter().any(|p| p.state == State::Fresh)
}

pub(super) fn no_answer() -> SsoError {
    SsoError::Other(Code::NoAnswer { host: "h".into() })
}
