//! The state the loop owns. Nothing else writes it.

use crate::{
    console::Destined,
    hand_out,
    keys::KeyWork,
    model::{
        Timestamp,
        application::Application,
        aws_config::{AwsConfig, Converted},
        code::Code,
        environment::Environment,
        history::Entry,
        ids::{AccountId, AppId, Grant, OrgId, ProfileName, RoleName, Target},
        notice::Notice,
        organisation::{Kind, Organisation},
        pacing::Pace,
        policy::Policy,
        portal::{Account, HalfSync, Portal, Sync},
        profile::{Kept, State as ProfileState},
        refresh::TOKEN_MARGIN,
        rules::Rules,
        secret::{ClientRegistration, RoleCredentials, TokenSet},
        settings::{Pause, Settings, Way},
        sign_in::{Session, SignIn},
        step_up::Patterns,
    },
    network::Network,
    ports::{FileCondition, FileSet, Keyring, Known, LongLivedKey},
    request::Answer,
    safety::Consents,
    snapshot::{Launch, RecordNow, SandboxNow},
    step_up::StepUp,
    update::Update,
    waiting::Waiting,
};
use jiff::SignedDuration;
use secrecy::SecretString;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use tokio::{sync::oneshot, task::JoinHandle, time::Instant};

/// One organisation.
pub(crate) struct Org {
    pub organisation: Organisation,
    pub sign_in: SignIn,
    /// The sign-in that goes on while the person signs in again.
    pub previous: Option<Session>,
    /// Counts sign-ins and their ends: what a task brings from an older one is not applied.
    pub era: u64,
    /// False for a sandbox whose server does not run: whoever holds its port now gets no token.
    pub ready: bool,
    pub failure: Option<Code>,
    pub tokens: Option<TokenSet>,
    /// Counts tokens: a 401 that was meant for an older one is no news.
    pub token_no: u64,
    /// The token that the portal answered 401, until it takes a later one.
    pub refused: Option<u64>,
    pub clients: Vec<ClientRegistration>,
    /// The one that the tokens were issued to, once that is known.
    pub issued_to: Option<ClientRegistration>,
    /// The browser brought no answer. The page of a registration that the server forgot says so to the
    /// person alone, so the next attempt makes a new one.
    pub doubted: bool,
    pub credentials: HashMap<(AccountId, RoleName), RoleCredentials>,
    pub portal: Arc<Portal>,
    pub sync: Sync,
    /// What an unfinished sync knows already; the next one goes on from here.
    pub half: Option<HalfSync>,
    /// When the store was last told of it, and whether more is known since.
    pub half_saved: Timestamp,
    pub half_unsaved: bool,
    /// Counts syncs: what an older one tells late is not the running one's.
    pub sync_no: u64,
    /// Asked for, or interrupted: begun as soon as there is a token.
    pub sync_wanted: bool,
    pub sync_failures: u32,
    pub pace: Pace,
    pub labels: BTreeMap<AccountId, Environment>,
    /// Wishes that wait for a sign-in or a renewal.
    pub waiting: Vec<Waiting>,
    pub attempt: Option<JoinHandle<()>>,
    /// The attempt has its tokens and is being stored.
    pub landing: bool,
    /// Being removed, as soon as its keys are out of the file.
    pub leaving: Option<oneshot::Sender<Answer>>,
    pub syncing: Option<JoinHandle<()>>,
    /// A program's wish has begun a sign-in since the person last signed in: no second tab for programs.
    pub programs_tried: bool,
    pub renewing: bool,
    pub renew_failures: u32,
    pub renew_not_before: Option<Timestamp>,
    /// What the server takes from the app.
    pub offer: crate::native::Offer,
    /// What the server knows this computer by, for each user name.
    pub known: BTreeMap<String, Known>,
    /// Of a sign-in in the app that is under way.
    pub flow: crate::native::Flow,
}

impl Org {
    pub fn new(organisation: Organisation, portal: Portal) -> Self {
        Self {
            ready: organisation.kind != Kind::Sandbox,
            organisation,
            sign_in: SignIn::SignedOut,
            previous: None,
            era: 0,
            failure: None,
            tokens: None,
            token_no: 0,
            refused: None,
            clients: Vec::new(),
            issued_to: None,
            doubted: false,
            credentials: HashMap::new(),
            portal: Arc::new(portal),
            sync: Sync::Idle,
            half: None,
            half_saved: Timestamp::UNIX_EPOCH,
            half_unsaved: false,
            sync_no: 0,
            sync_wanted: false,
            sync_failures: 0,
            pace: Pace::default(),
            labels: BTreeMap::new(),
            waiting: Vec::new(),
            attempt: None,
            landing: false,
            leaving: None,
            syncing: None,
            programs_tried: false,
            renewing: false,
            renew_failures: 0,
            renew_not_before: None,
            offer: crate::native::Offer::default(),
            known: BTreeMap::new(),
            flow: crate::native::Flow::default(),
        }
    }

    pub fn id(&self) -> &OrgId {
        &self.organisation.id
    }

    pub fn file_set(&self) -> FileSet {
        if self.organisation.kind == Kind::Sandbox { FileSet::Sandbox } else { FileSet::Own }
    }

    /// The sign-in that stands, if only until the next one is finished.
    pub fn session(&self) -> Option<&Session> {
        match &self.sign_in {
            SignIn::SignedIn(session) => Some(session),
            SignIn::InProgress(_) => self.previous.as_ref(),
            _ => None,
        }
    }

    /// As [`Self::session`].
    pub fn session_mut(&mut self) -> Option<&mut Session> {
        match &mut self.sign_in {
            SignIn::SignedIn(session) => Some(session),
            SignIn::InProgress(_) => self.previous.as_mut(),
            _ => None,
        }
    }

    /// The access token, if it outlives a request made now.
    pub fn usable_token(&self, now: Timestamp) -> Option<&TokenSet> {
        let standing = self.ready && self.session().is_some();
        self.tokens.as_ref().filter(|t| standing && t.expires > now + TOKEN_MARGIN)
    }

    /// What a call is made with, if it can be made now.
    pub fn pass(&self, now: Timestamp) -> Option<Pass> {
        let token = self.usable_token(now)?.access_token.clone();
        Some(Pass { token, era: self.era, number: self.token_no, at: now })
    }

    /// New tokens take the place of the old ones.
    pub fn take_tokens(&mut self, tokens: TokenSet) {
        self.tokens = Some(tokens);
        self.token_no += 1;
    }

    /// A token that is usable, or that can be renewed without the person.
    pub fn stands(&self, now: Timestamp) -> bool {
        let renewable = self.session().is_some_and(|s| s.renewable && s.ends.is_none_or(|end| end > now));
        (self.ready && renewable) || self.usable_token(now).is_some()
    }

    pub fn account(&self, id: &AccountId) -> Option<&Account> {
        let listed = self.portal.accounts.iter().find(|a| a.id == *id);
        listed.or_else(|| self.half.iter().flat_map(|h| &h.accounts).find(|a| a.id == *id))
    }

    pub fn application(&self, id: &AppId) -> Option<&Application> {
        let first_sync = || self.half.as_ref().and_then(|half| half.applications.find(id));
        self.portal.applications.find(id).or_else(first_sync)
    }

    pub fn account_name(&self, id: &AccountId) -> String {
        self.account(id).map_or_else(|| id.as_str().to_owned(), |a| a.name.clone())
    }

    /// Whether the role is listed; `true` as long as nothing says otherwise.
    pub fn may_use(&self, grant: &Grant) -> bool {
        match self.account(&grant.account) {
            Some(account) => account.roles.as_ref().is_none_or(|r| r.contains(&grant.role)),
            None => self.portal.synced.is_none(),
        }
    }

    /// Who is signed in, or was last.
    pub fn last_user(&self) -> Option<&str> {
        self.user().or(self.portal.user.as_deref())
    }

    /// What a server knows this computer by, of whoever has this name.
    pub fn known_by(&self, username: &str) -> Known {
        self.known.get(username).cloned().unwrap_or_default()
    }

    pub fn user(&self) -> Option<&str> {
        self.session().and_then(|s| s.user.as_deref())
    }
}

/// What a call to the portal is made with.
#[derive(Clone)]
pub(crate) struct Pass {
    pub token: SecretString,
    /// The era of the sign-in.
    pub era: u64,
    /// The number of the token.
    pub number: u64,
    /// When it was taken.
    pub at: Timestamp,
}

/// So often within [`UNDOINGS_WITHIN`] a profile is written again that another program undid.
const UNDOINGS: usize = 5;
const UNDOINGS_WITHIN: SignedDuration = SignedDuration::from_mins(1);

/// One kept profile.
pub(crate) struct Profile {
    pub kept: Kept,
    pub state: ProfileState,
    pub in_flight: bool,
    pub failures: u32,
    pub failing_since: Option<Timestamp>,
    /// Why the last try failed; stands while the next one is under way.
    pub failing: Option<Code>,
    pub not_before: Option<Timestamp>,
    pub replace_foreign: bool,
    /// The person asked for it, so Activity says "you".
    pub by_person: bool,
    /// Its time is over, so that it is being ended.
    pub over: bool,
    /// What a touch opened was closed: its keys are to leave the file.
    pub closed: bool,
    /// Renew although it is not due.
    pub forced: bool,
    /// Another program put back what it had read before our last write, which is not in the file any more.
    pub undone: bool,
    /// When that happened lately.
    pub undoings: Vec<Timestamp>,
    /// The files changed while it was being written, so that it is looked at again after that.
    pub missed: bool,
    /// Counts what the person wished of it: a refresh that was begun before the last wish does not fulfil
    /// it.
    pub wish: u64,
    /// The person stopped it while a refresh was under way: done when that is over, so that the refresh
    /// cannot write what was just taken out.
    pub ending: Option<Ending>,
}

/// How a profile ends when its refresh is over.
pub(crate) struct Ending {
    pub remove: bool,
    /// It is kept on without its keys, until the next touch.
    pub stays: bool,
    pub set: FileSet,
    pub answers: Vec<oneshot::Sender<Answer>>,
}

/// The person quits: done when what must not be cut off is over, or when it has had its time.
pub(crate) struct Quitting {
    pub answer: oneshot::Sender<Answer>,
    pub by: Instant,
    /// To be started again, as another version.
    pub again: bool,
}

impl Profile {
    pub fn new(kept: Kept) -> Self {
        Self {
            kept,
            state: ProfileState::Waiting,
            in_flight: false,
            failures: 0,
            failing_since: None,
            failing: None,
            not_before: None,
            replace_foreign: false,
            by_person: false,
            over: false,
            closed: false,
            forced: false,
            undone: false,
            undoings: Vec::new(),
            missed: false,
            wish: 0,
            ending: None,
        }
    }

    /// Counts that another program undid our last write. `false` when that happens again and again: it means
    /// it then, or another Latchkey keeps a profile of this name.
    pub fn may_be_put_back(&mut self, now: Timestamp) -> bool {
        self.undoings.retain(|at| *at + UNDOINGS_WITHIN > now);
        self.undoings.push(now);
        self.undoings.len() <= UNDOINGS
    }

    /// The person wants it written now.
    pub fn wanted(&mut self) {
        self.wish += 1;
        self.forced = true;
        self.closed = false;
        self.by_person = true;
        self.not_before = None;
    }

    pub fn blocked(&self) -> bool {
        matches!(
            self.state,
            ProfileState::Conflict(_) | ProfileState::AccessRemoved | ProfileState::TouchNeeded
        )
    }
}

/// A notification that is true and has not been shown.
pub(crate) struct Pending {
    pub notice: Notice,
    pub since: Timestamp,
    /// The last reason that was noted in Activity.
    pub held: Option<&'static str>,
    /// "Later" was pressed, or it is held: not before, unless the person comes back.
    pub not_before: Option<Timestamp>,
}

/// Everything.
pub(crate) struct State {
    pub orgs: Vec<Org>,
    /// The one that the person chose to look at; it may be gone.
    pub chosen: Option<OrgId>,
    pub profiles: BTreeMap<ProfileName, Profile>,
    pub favourites: Vec<Target>,
    pub launched: Arc<Vec<(Target, Timestamp)>>,
    pub launches: Vec<(Target, Launch)>,
    /// Service and region that the last wish for a console named, to try it again.
    pub destined: BTreeMap<Grant, Destined>,
    /// Calls for role credentials under way, with the programs that wait for each.
    pub handing_out: BTreeMap<Grant, Vec<hand_out::Wish>>,
    /// Roles that were assumed with such credentials.
    pub assumed: crate::assume::Assumed,
    /// Programs that asked before the keyring answered.
    pub locked_out: Vec<hand_out::Wish>,
    /// When which program was last noted to have been given which role's keys, newest first.
    pub handed_out: Vec<((Grant, Option<String>), Timestamp)>,
    pub pause: Option<Pause>,
    /// What holds: the person's settings, and the organisation's over them.
    pub settings: Settings,
    /// The person's own, as their file has them. Changed by [`State::change`].
    pub own: Settings,
    /// What the organisation decided on this computer.
    pub policy: Arc<Policy>,
    /// Why what it wrote is not used.
    pub policy_problem: Option<Code>,
    /// The way to servers that is in force.
    pub way: Way,
    pub settings_problem: Option<Code>,
    pub store_problem: Option<Code>,
    pub keyring: Keyring,
    /// The keyring has not answered yet; nothing is known of sign-ins until then.
    pub keyring_opens: bool,
    pub network: Network,
    pub files: HashMap<FileSet, FileCondition>,
    /// What is remembered of long-lived keys that stood in the person's file.
    pub long_lived: Vec<LongLivedKey>,
    /// What the AWS config file had when it was read last.
    pub config: Arc<AwsConfig>,
    /// Conversions of that file, oldest first.
    pub conversions: Vec<Converted>,
    /// When the files were looked at last, since silence depended on who read them.
    pub looked: Option<Timestamp>,
    pub clock_skew: Option<i64>,
    pub history: Arc<Vec<Entry>>,
    /// The number of the newest line of Activity: none is ever used twice.
    pub last_line: i64,
    pub record: RecordNow,
    /// The settings' rules, ready to be used.
    pub rules: Arc<Rules>,
    /// Those by which roles ask for a touch.
    pub patterns: Arc<Patterns>,
    pub consents: Consents,
    /// The attempt that got answers which were not its own, and how many.
    pub strange: Option<(u64, u32)>,
    /// The window has the focus.
    pub window_focused: bool,
    pub sandbox: SandboxNow,
    pub installed: Timestamp,
    pub shown: Vec<(String, Timestamp)>,
    pub pending: Vec<Pending>,
    pub on_screen: Vec<Notice>,
    /// Keys of what is never to be shown although it is true, such as while notifications are off.
    pub dropped: Vec<String>,
    /// Keys of what was put off once: not again.
    pub put_off: Vec<String>,
    pub judging: bool,
    /// No notification before this moment: after a wake-up, silent renewal goes first.
    pub hush: Option<Timestamp>,
    pub next_attempt: u64,
    /// Sign-outs that the server has not confirmed yet.
    pub revoking: usize,
    pub quitting: Option<Quitting>,
    pub update: Update,
    /// Security keys.
    pub keys: KeyWork,
    /// Touches that are waited for, and what they opened.
    pub step_up: StepUp,
}

impl State {
    /// Whether secrets can be sealed for good.
    pub fn sealing(&self) -> bool {
        self.keyring == Keyring::Ready && !self.keyring_opens
    }

    /// Whether a role's credentials are sealed for good. Those that a server gives out after a touch alone are not:
    /// at the next start they would be there with nobody having touched anything.
    pub fn seals(&self, grant: &Grant) -> bool {
        self.sealing() && !self.step_up.is_demanded(grant)
    }

    pub fn org(&self, id: &OrgId) -> Option<&Org> {
        self.orgs.iter().find(|o| o.id() == id)
    }

    pub fn org_mut(&mut self, id: &OrgId) -> Option<&mut Org> {
        self.orgs.iter_mut().find(|o| o.organisation.id == *id)
    }

    /// What people see it named: with its user, its host or a number where another is named alike.
    pub fn name_of(&self, org: &Org) -> String {
        let name = &org.organisation.name;
        let alike: Vec<&Org> = self.orgs.iter().filter(|o| o.organisation.name == *name).collect();
        let others = || alike.iter().filter(|o| o.id() != org.id());
        if others().next().is_none() {
            return name.clone();
        }
        let host = |o: &Org| o.organisation.start_url.host_str().unwrap_or_default().to_owned();
        if let Some(user) = org.last_user() {
            let short = |user: &str| user.split('@').next().unwrap_or(user).to_owned();
            if others().all(|o| o.last_user().map(short) != Some(short(user))) {
                return format!("{name} ({})", short(user));
            }
            if others().all(|o| o.last_user() != Some(user)) {
                return format!("{name} ({user})");
            }
        }
        if others().all(|o| host(o) != host(org)) {
            return format!("{name} ({})", host(org));
        }
        match alike.iter().position(|o| o.id() == org.id()) {
            Some(place @ 1..) => format!("{name} ({})", place + 1),
            _ => name.clone(),
        }
    }

    /// Something was opened: the row says so, and it is the newest of the recent ones.
    pub fn note_launch(&mut self, target: Target, browser: Option<String>, now: Timestamp) {
        self.set_launch(&target, Launch::Opened(now, browser));
        let launched = Arc::make_mut(&mut self.launched);
        launched.insert(0, (target, now));
        launched.truncate(200);
    }

    /// The person's settings are others from now on.
    pub fn set_settings(&mut self, own: Settings) {
        if self.own.safety.rules != own.safety.rules {
            self.rules = Arc::new(self.rules.with_own(&own.safety.rules));
        }
        if self.own.safety.step_up.patterns != own.safety.step_up.patterns {
            self.patterns = Arc::new(Patterns::compile(&self.policy.patterns(&own.safety.step_up.patterns)));
        }
        self.settings = self.policy.over(&own);
        self.own = own;
    }

    /// Changes the person's settings; what is to be saved.
    pub fn change(&mut self, edit: impl FnOnce(&mut Settings)) -> Settings {
        let mut own = self.own.clone();
        edit(&mut own);
        self.set_settings(own.clone());
        own
    }

    /// What the organisation decided, from the start on.
    pub fn set_policy(&mut self, policy: Policy) {
        let own = &self.own.safety;
        self.rules = Arc::new(Rules::compile(&own.rules).below(&policy.safety.rules));
        self.patterns = Arc::new(Patterns::compile(&policy.patterns(&own.step_up.patterns)));
        self.settings = policy.over(&self.own);
        self.policy = Arc::new(policy);
    }

    /// Whether the person has this role ask for a touch: marked by hand, or by a rule.
    pub fn is_marked(&self, grant: &Grant) -> bool {
        let by_rule = || {
            let name = self.account_name(grant);
            self.patterns.fit(grant.role.as_str(), &name, grant.account.as_str())
        };
        self.settings.safety.step_up.is_marked(grant) || by_rule()
    }

    pub fn account_name(&self, grant: &Grant) -> String {
        self.org(&grant.org)
            .map_or_else(|| grant.account.as_str().to_owned(), |o| o.account_name(&grant.account))
    }

    pub fn set_launch(&mut self, target: &Target, launch: Launch) {
        self.launches.retain(|(t, _)| t != target);
        self.launches.push((target.clone(), launch));
        if self.launches.len() > 8 {
            self.launches.remove(0);
        }
    }
}
