//! The engine's door for other programs of ours: what comes over the local socket, as the engine's requests,
//! and what the engine answers and publishes, as plain values.
//!
//! Blocking: called on the socket's own threads, never on the runtime's.

mod told;
mod touch;

use engine::{
    Engine, Reply as Answered, Request as Wish, Snapshot,
    model::{
        Timestamp,
        assume::Assume,
        code::Code,
        history::Entry,
        ids::{AccountId, AppId, AppRef, Grant, OrgId, ProfileName, RoleName, Target},
        portal::Sync,
        settings::Naming,
        sign_in::{Method, SignIn},
    },
    ports::{Clock, HistoryPage},
    request::{Answer, Asker, Consent, Of},
    snapshot::{Launch, OrganisationNow},
};
use link::{Caller, Problem, Reply, Request, Role, SignInWaits, Wanted};
use std::{sync::Arc, time::Duration};
use tokio::{runtime::Handle, sync::watch};

/// A person may take so long to sign in; the engine gives up before.
const SIGN_IN_TAKES: Duration = Duration::from_secs(11 * 60);

/// A browser may take so long to start, or a sign-in page to be known.
const OPENING_TAKES: Duration = Duration::from_secs(60);

/// Listing a large organisation whose server limits requests may take so long.
const LISTING_TAKES: Duration = Duration::from_secs(5 * 60);

/// An organisation's id and name, where one is known.
pub type Named<'a> = Option<(&'a OrgId, &'a str)>;

/// The words for people, which are the view's.
#[derive(Clone, Copy)]
pub struct Words {
    /// Title, meaning and next step of a failure, of an organisation where one is known.
    pub problem: fn(&Code, Named<'_>) -> [String; 3],
    /// A line of Activity, and who wanted it.
    pub line: fn(&Snapshot, &Entry) -> [String; 2],
}

/// The door.
#[derive(Clone)]
pub struct Door {
    engine: Engine,
    clock: Arc<dyn Clock>,
    runtime: Handle,
    words: Words,
    touches: Arc<touch::Touches>,
}

impl Door {
    /// Stands before an engine that runs on that runtime.
    #[must_use]
    pub fn new(engine: Engine, clock: Arc<dyn Clock>, runtime: Handle, words: Words) -> Self {
        Self { engine, clock, runtime, words, touches: Arc::default() }
    }

    /// Whether a sign-in is under way, which must not be cut off.
    #[must_use]
    pub fn signing_in(&self) -> bool {
        self.snapshot().organisations.iter().any(|o| matches!(o.sign_in, SignIn::InProgress(_)))
    }

    /// Does what is asked and waits for it. `None` for what is not the engine's to do, such as showing a
    /// window.
    #[must_use]
    pub fn answer(&self, request: Request, caller: &Caller) -> Option<Reply> {
        if matches!(request, Request::Status | Request::ShowWindow | Request::ShowSandbox | Request::HandOver)
        {
            return None;
        }
        Some(self.runtime.block_on(self.done(request, caller)))
    }

    async fn done(&self, request: Request, caller: &Caller) -> Reply {
        let mut snapshots = self.engine.snapshots();
        if snapshots.wait_for(|now| now.loaded).await.is_err() {
            return self.ended_midway();
        }
        self.catch_up().await;
        match request {
            Request::Credentials { of, sign_in, confirmed } => {
                self.credentials(of, None, caller, sign_in, Yes::of(confirmed)).await
            }
            Request::Assume { of, assume, sign_in, confirmed } => {
                self.credentials(of, Some(told::assume(assume)), caller, sign_in, Yes::of(confirmed)).await
            }
            Request::AddOrganisation { typed, region, endpoints, name } => {
                let endpoints = match endpoints.as_ref().map(told::endpoints).transpose() {
                    Ok(endpoints) => endpoints,
                    Err(code) => return self.failed(&code, None),
                };
                let wish = Wish::AddOrganisation { typed, name, region, endpoints };
                match self.engine.ask(wish).await {
                    Ok(Answered::Added(org)) => Reply::Added(org.to_string()),
                    other => self.plain(other, None),
                }
            }
            Request::Overview => Reply::Overview(told::overview(&self.snapshot(), self.clock.now())),
            Request::Sync { org } => self.sync(&OrgId::new(org), snapshots).await,
            Request::Team => Reply::Team(told::team(&self.snapshot().settings)),
            Request::Lowered { rules } => match told::rules(rules) {
                Ok(rules) => Reply::Lowered(told::lowered(&self.snapshot(), rules)),
                Err(code) => self.failed(&code, None),
            },
            Request::AdoptTeam(team) => match told::adopted(team) {
                Ok(wish) => {
                    let answer = self.engine.ask(wish).await;
                    self.plain(answer, None)
                }
                Err(code) => self.failed(&code, None),
            },
            Request::SetNaming { template } => {
                let answer = self.engine.ask(Wish::SetNaming(Naming { template })).await;
                self.plain(answer, None)
            }
            Request::List => self.list(snapshots).await,
            Request::SignIn { org, code } => self.sign_in(&OrgId::new(org), code, snapshots).await,
            Request::AwaitSignIn { org } => self.await_sign_in(&OrgId::new(org), snapshots).await,
            Request::SignOut { org } => {
                let org = OrgId::new(org);
                let answer = self.engine.ask(Wish::SignOut(org.clone())).await;
                self.plain(answer, Some(&org))
            }
            Request::OpenConsole { role, destination, region, confirmed } => {
                let grant = grant(role);
                let wish = Wish::OpenConsole {
                    grant: grant.clone(),
                    destination,
                    region,
                    private: false,
                    confirmed: false,
                };
                self.open(agreed(wish, confirmed), Target::Role(grant), snapshots).await
            }
            Request::OpenApp { org, app } => {
                let app = AppRef { org: OrgId::new(org), app: AppId::new(app) };
                self.open(Wish::OpenApp(app.clone()), Target::App(app), snapshots).await
            }
            Request::AskInWindow { request } => match *request {
                Request::Credentials { of, sign_in, .. } => {
                    self.credentials(of, None, caller, sign_in, Yes::InWindow).await
                }
                Request::Assume { of, assume, sign_in, .. } => {
                    self.credentials(of, Some(told::assume(assume)), caller, sign_in, Yes::InWindow).await
                }
                _ => Reply::Refused(link::Refusal::Impossible),
            },
            Request::TellOfTouch { request } => self.or_touch(*request, caller).await,
            Request::AwaitTouch { id } => match self.touches.take(id) {
                Some(waits) => waits.await.unwrap_or_else(|_| self.ended_midway()),
                None => self.failed(&Code::Gone { what: "that request".to_owned() }, None),
            },
            Request::History { limit } => {
                let page = HistoryPage { limit: limit.min(10_000), ..HistoryPage::default() };
                match self.engine.ask(Wish::History(page)).await {
                    Ok(Answered::History(entries)) => {
                        let now = self.snapshot();
                        let line = |entry: &Entry| {
                            let [sentence, by] = (self.words.line)(&now, entry);
                            link::Line { at: told::time(entry.at), sentence, by }
                        };
                        Reply::History(entries.iter().map(line).collect())
                    }
                    other => self.plain(other, None),
                }
            }
            Request::Status | Request::ShowWindow | Request::ShowSandbox | Request::HandOver => {
                Reply::Refused(link::Refusal::Impossible)
            }
        }
    }

    async fn credentials(
        &self,
        of: Wanted,
        assume: Option<Assume>,
        caller: &Caller,
        sign_in: bool,
        yes: Yes,
    ) -> Reply {
        let (of, org) = match of {
            Wanted::Profile(name) => (Of::Profile(ProfileName::new(name)), None),
            Wanted::Role(role) => {
                let grant = grant(role);
                let org = grant.org.clone();
                (Of::Role(grant), Some(org))
            }
        };
        let asker = Asker {
            program: caller.program.clone(),
            pid: caller.pid,
            path: caller.path.clone(),
            by_window: yes == Yes::InWindow,
        };
        let wish = Wish::HandOut { of, assume, asker, may_sign_in: sign_in, confirmed: false };
        match self.engine.ask(agreed(wish, yes == Yes::Said)).await {
            Ok(Answered::Credentials(handed)) => Reply::Credentials(told::credentials(&handed)),
            other => self.plain(other, org.as_ref()),
        }
    }

    /// An organisation that was never listed is listed first.
    async fn list(&self, mut snapshots: watch::Receiver<Arc<Snapshot>>) -> Reply {
        let bare =
            |o: &&OrganisationNow| o.portal.synced.is_none() && matches!(o.sign_in, SignIn::SignedIn(_));
        let wanted: Vec<_> =
            self.snapshot().organisations.iter().filter(bare).map(|o| o.organisation.id.clone()).collect();
        for org in &wanted {
            // One that is under way already is waited for as well.
            let _ = self.engine.ask(Wish::Sync(org.clone())).await;
        }
        self.catch_up().await;
        let listed = snapshots.wait_for(|now| {
            wanted.iter().filter_map(|org| of(now, org)).all(|o| {
                o.portal.synced.is_some() || matches!(o.sync, Sync::Failed { .. } | Sync::Paused { .. })
            })
        });
        // What is known by then is better than nothing.
        let _ = tokio::time::timeout(OPENING_TAKES, listed).await;
        Reply::Listing(told::listing(&self.snapshot()))
    }

    async fn sync(&self, org: &OrgId, mut snapshots: watch::Receiver<Arc<Snapshot>>) -> Reply {
        let begun = self.clock.now();
        if let Err(code) = self.engine.ask(Wish::Sync(org.clone())).await {
            return self.failed(&code, Some(org));
        }
        let over = snapshots.wait_for(|now| {
            of(now, org).is_none_or(|o| match &o.sync {
                Sync::Failed { at, .. } => *at >= begun,
                // By the person, meanwhile.
                Sync::Paused { .. } => true,
                _ => o.portal.synced.is_some_and(|at| at >= begun),
            })
        });
        let found = tokio::time::timeout(LISTING_TAKES, over).await;
        let Ok(Ok(now)) = found.map(|found| found.map(|now| Arc::clone(&now))) else {
            let now = self.snapshot();
            let host = of(&now, org).and_then(|o| o.organisation.endpoints.portal.host_str());
            return self.failed(&Code::NoAnswer { host: host.unwrap_or_default().to_owned() }, Some(org));
        };
        match of(&now, org).map(|o| &o.sync) {
            Some(Sync::Failed { code, .. }) => self.failed(code, Some(org)),
            Some(Sync::Paused { .. }) => self.failed(&Code::Paused { profile: None }, Some(org)),
            Some(_) => Reply::Done,
            None => self.failed(&Code::Gone { what: "organisation".to_owned() }, None),
        }
    }

    async fn sign_in(&self, org: &OrgId, code: bool, mut snapshots: watch::Receiver<Arc<Snapshot>>) -> Reply {
        let standing = of(&self.snapshot(), org).map(|now| matches!(now.sign_in, SignIn::SignedIn(_)));
        match standing {
            None => return self.failed(&Code::Gone { what: "organisation".to_owned() }, None),
            Some(true) => return Reply::Done,
            Some(false) => {}
        }
        let method = code.then_some(Method::DeviceCode);
        if let Err(failure) = self.engine.ask(Wish::SignIn { org: org.clone(), method }).await {
            return self.failed(&failure, Some(org));
        }
        self.catch_up().await;
        let known = snapshots.wait_for(|now| {
            of(now, org).is_none_or(|now| match &now.sign_in {
                SignIn::InProgress(attempt) if code => attempt.user_code.is_some(),
                SignIn::InProgress(attempt) => attempt.link.is_some(),
                _ => true,
            })
        });
        let now = match tokio::time::timeout(OPENING_TAKES, known).await {
            Ok(Ok(now)) => Arc::clone(&now),
            _ => return self.failed(&Code::SignInTimedOut, Some(org)),
        };
        let Some(found) = of(&now, org) else {
            return self.failed(&Code::Gone { what: "organisation".to_owned() }, None);
        };
        match &found.sign_in {
            SignIn::InProgress(attempt) => Reply::SignInWaits(SignInWaits {
                organisation: found.organisation.name.clone(),
                link: attempt.link.clone(),
                user_code: attempt.user_code.clone(),
                no_browser: found.sign_in_failure.as_ref().map(|why| self.problem(why, Some(org))),
            }),
            _ => self.ended(found),
        }
    }

    async fn await_sign_in(&self, org: &OrgId, mut snapshots: watch::Receiver<Arc<Snapshot>>) -> Reply {
        let over = snapshots
            .wait_for(|now| of(now, org).is_none_or(|now| !matches!(now.sign_in, SignIn::InProgress(_))));
        match tokio::time::timeout(SIGN_IN_TAKES, over).await {
            Ok(Ok(now)) => match of(&now, org) {
                Some(found) => self.ended(found),
                None => self.failed(&Code::Gone { what: "organisation".to_owned() }, None),
            },
            _ => self.failed(&Code::SignInTimedOut, Some(org)),
        }
    }

    fn ended(&self, found: &OrganisationNow) -> Reply {
        match (&found.sign_in, &found.sign_in_failure) {
            (SignIn::SignedIn(_), _) => Reply::Done,
            (_, Some(why)) => self.failed(why, Some(&found.organisation.id)),
            _ => self.failed(&Code::SignInCancelled, Some(&found.organisation.id)),
        }
    }

    /// Opens something and waits until it is open, or known not to be.
    async fn open(&self, wish: Wish, target: Target, mut snapshots: watch::Receiver<Arc<Snapshot>>) -> Reply {
        let begun = self.clock.now();
        let org = target.org().clone();
        match self.engine.ask(wish).await {
            Ok(Answered::Done) => self.catch_up().await,
            other => return self.plain(other, Some(&org)),
        }
        let over = snapshots.wait_for(|now| settled(now, &target, begun).is_some());
        let found = tokio::time::timeout(SIGN_IN_TAKES, over).await;
        let found = found.ok().and_then(Result::ok).map(|now| settled(&now, &target, begun));
        match found.flatten() {
            Some(Ok(())) => Reply::Done,
            Some(Err(why)) => self.failed(&why, Some(&org)),
            None => self.failed(&Code::SignInTimedOut, Some(&org)),
        }
    }

    fn ended_midway(&self) -> Reply {
        self.failed(&Code::Internal { what: "the engine has ended".to_owned() }, None)
    }

    /// An answer comes before the snapshot that shows what it did.
    async fn catch_up(&self) {
        // An engine that has ended shows nothing new.
        let _ = self.engine.ask(Wish::CatchUp).await;
    }

    fn plain(&self, answer: Answer, org: Option<&OrgId>) -> Reply {
        match answer {
            Err(why) => self.failed(&why, org),
            Ok(Answered::Confirm(confirm)) => Reply::Confirm(told::confirm(&confirm)),
            Ok(_) => Reply::Done,
        }
    }

    fn failed(&self, why: &Code, org: Option<&OrgId>) -> Reply {
        Reply::Failed(self.problem(why, org))
    }

    fn problem(&self, why: &Code, org: Option<&OrgId>) -> Problem {
        let now = self.snapshot();
        let named = org.and_then(|org| of(&now, org)).map(|o| &o.organisation);
        let [title, meaning, next] = (self.words.problem)(why, named.map(|o| (&o.id, o.name.as_str())));
        Problem { code: told::tag(why), title, meaning, next }
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.engine.snapshots().borrow().clone()
    }
}

/// What the person says to what has to be confirmed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Yes {
    /// Nothing yet: whoever asks is told that it has to be.
    Unsaid,
    /// Yes, where the program runs.
    Said,
    /// It is asked in the window.
    InWindow,
}

impl Yes {
    fn of(confirmed: bool) -> Self {
        if confirmed { Self::Said } else { Self::Unsaid }
    }
}

/// As the person answered what was asked before.
fn agreed(wish: Wish, confirmed: bool) -> Wish {
    if confirmed { Wish::Confirmed { request: Box::new(wish), consent: Consent::default() } } else { wish }
}

fn of<'a>(now: &'a Snapshot, org: &OrgId) -> Option<&'a OrganisationNow> {
    now.organisations.iter().find(|o| o.organisation.id == *org)
}

fn grant(role: Role) -> Grant {
    Grant { org: OrgId::new(role.org), account: AccountId::new(role.account), role: RoleName::new(role.role) }
}

/// What became of a launch that was begun then; `None` while nobody knows.
fn settled(now: &Snapshot, target: &Target, begun: Timestamp) -> Option<Result<(), Code>> {
    match now.launches.iter().find(|(t, _)| t == target).map(|(_, launch)| launch) {
        Some(Launch::Opened(at, _)) if *at >= begun => Some(Ok(())),
        Some(Launch::Failed { at, code, .. }) if *at >= begun => Some(Err(code.clone())),
        // Given up, with the sign-in it waited for.
        None => Some(Err(Code::SignInCancelled)),
        _ => None,
    }
}
