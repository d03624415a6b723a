//! Role credentials for whoever asks: `credential_process`, the environment of a command, the clipboard.
//! However many ask at once, there is one call to the portal, one renewal and one sign-in, and all get its
//! answer.

use crate::{
    assume,
    console::Fetch,
    deliver,
    engine::{Context, Event},
    environment_copy::{self, Form},
    model::{
        Timestamp,
        assume::Assume,
        aws_config::comparable,
        code::Code,
        environment::Act,
        history::{By, Event as Happened},
        ids::{AccountId, Grant, ProfileName, RoleName},
        refresh::hand_out_until,
        secret::RoleCredentials,
        sign_in::{Method, SignIn},
        step_up::Program,
    },
    ports::SsoError,
    renewal,
    request::{Answer, Asker, HandedOut, Of, Reply},
    safety::confirm,
    sign_in,
    state::{Org, Pass, State},
    step_up::{self, Held},
    usage,
    waiting::Waiting,
};
use jiff::SignedDuration;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The same program with the same role is one line of Activity in this time.
const ONE_LINE: SignedDuration = SignedDuration::from_mins(10);

/// At most so many programs are remembered for that.
const REMEMBERED: usize = 200;

/// Where the keys go.
pub(crate) enum To {
    /// A program, in the answer.
    Program(Asker),
    /// The clipboard.
    Clipboard(Form),
}

/// A wish, and who waits for it.
pub(crate) struct Wish {
    grant: Grant,
    profile: Option<ProfileName>,
    region: Option<String>,
    assume: Option<Assume>,
    to: To,
    may_sign_in: bool,
    answer: oneshot::Sender<Answer>,
}

impl Wish {
    /// The program that waits, where one does.
    pub fn program(&self) -> Option<Program> {
        match &self.to {
            To::Program(Asker { program, pid, path, .. }) => {
                Some(Program { name: program.clone(), pid: *pid, path: path.clone() })
            }
            To::Clipboard(_) => None,
        }
    }

    /// Whether the person is asked in a window, where nobody can be where the program runs.
    fn by_window(&self) -> bool {
        matches!(&self.to, To::Program(asker) if asker.by_window)
    }

    /// Whether the window asked about it a moment ago, and the person said yes. Who can be asked where the program runs
    /// is asked there.
    fn was_allowed(&self, ctx: &Context, state: &State) -> bool {
        let program = self.program().filter(|_| self.by_window());
        program.is_some_and(|program| step_up::is_allowed(state, &self.grant, &program, ctx.now()))
    }

    /// Of which role.
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// By which profile.
    pub fn profile(&self) -> Option<&ProfileName> {
        self.profile.as_ref()
    }

    pub fn answer(self, answer: Answer) {
        let _ = self.answer.send(answer);
    }
}

/// What became of a call to the portal that one or many wait for.
pub(crate) struct Outcome {
    grant: Grant,
    pass: Pass,
    result: Result<RoleCredentials, SsoError>,
}

/// Somebody asks.
pub(crate) struct Asked {
    pub of: Of,
    pub assume: Option<Assume>,
    pub to: To,
    pub may_sign_in: bool,
    pub confirmed: bool,
    /// The AWS config file was read for it already.
    pub looked: bool,
    pub answer: oneshot::Sender<Answer>,
}

pub(crate) fn ask(ctx: &Context, state: &mut State, asked: Asked) {
    let found = match resolve(state, &asked.of, ctx.now()) {
        Ok(found) => found,
        Err(Code::UnknownProfile { .. }) if !asked.looked => return look(ctx, asked),
        Err(code) => {
            let _ = asked.answer.send(Err(code));
            return;
        }
    };
    let Found { grant, profile, region, kept } = found;
    let Asked { assume, to, may_sign_in, confirmed, answer, .. } = asked;
    let wish = Wish { grant, profile, region, assume, to, may_sign_in, answer };
    let Some(wish) = step_up::hold_found(ctx, state, wish) else { return };
    // What the person keeps was confirmed when it began to be kept.
    if kept || confirmed { begin(ctx, state, wish) } else { confirm_first(ctx, state, wish) }
}

/// Begins, unless the person has to say yes in words first.
pub(crate) fn confirm_first(ctx: &Context, state: &mut State, wish: Wish) {
    let question = state
        .org(&wish.grant.org)
        .filter(|org| org.may_use(&wish.grant))
        .and_then(|org| confirm(ctx, state, org, &wish.grant, Act::CopyKeys))
        .filter(|_| !wish.was_allowed(ctx, state));
    match question {
        Some(_) if wish.by_window() && !ctx.on_demand => step_up::ask_in_words(ctx, state, wish),
        Some(question) => wish.answer(Ok(Reply::Confirm(question))),
        None => begin(ctx, state, wish),
    }
}

/// The profile may have been written to the config file a moment ago.
fn look(ctx: &Context, asked: Asked) {
    let ctx = ctx.clone();
    tokio::spawn(async move {
        if let Ok(config) = ctx.ports.files.config().await {
            ctx.send(Event::Config(Arc::new(config)));
        }
        ctx.send(Event::Asked(Asked { looked: true, ..asked }));
    });
}

pub(crate) struct Found {
    pub grant: Grant,
    profile: Option<ProfileName>,
    region: Option<String>,
    kept: bool,
}

/// A profile is one that is kept, or one with SSO settings in the AWS config file.
pub(crate) fn resolve(state: &State, of: &Of, now: Timestamp) -> Result<Found, Code> {
    let name = match of {
        Of::Role(grant) => {
            return Ok(Found { grant: grant.clone(), profile: None, region: None, kept: false });
        }
        Of::Profile(name) => name,
    };
    if let Some(profile) = state.profiles.get(name) {
        let (grant, region) = (profile.kept.grant.clone(), profile.kept.region.clone());
        // One whose time is over is kept no more, also where nobody was there to end it.
        let kept = profile.kept.until.is_none_or(|until| now < until);
        return Ok(Found { grant, profile: Some(name.clone()), region, kept });
    }
    let unknown = || Code::UnknownProfile { profile: name.as_str().to_owned() };
    let listed = state.config.profiles.iter().find(|p| p.name == name.as_str()).ok_or_else(unknown)?;
    let (Some(start_url), Some(account), Some(role)) = (&listed.start_url, &listed.account, &listed.role)
    else {
        return Err(unknown());
    };
    let wanted = comparable(start_url);
    let grant = |org: &Org| Grant {
        org: org.id().clone(),
        account: AccountId::new(account.as_str()),
        role: RoleName::new(role.as_str()),
    };
    let same = |org: &&Org| comparable(org.organisation.start_url.as_str()) == wanted;
    // Of several users of one organisation the one who has the role, and is signed in.
    let fitness = |org: &&Org| (org.may_use(&grant(org)), org.session().is_some());
    let org = state.orgs.iter().rev().filter(same).max_by_key(fitness).ok_or_else(unknown)?;
    let grant = grant(org);
    Ok(Found { grant, profile: Some(name.clone()), region: listed.region.clone(), kept: false })
}

pub(crate) fn begin(ctx: &Context, state: &mut State, wish: Wish) {
    let now = ctx.now();
    let sealing = state.seals(&wish.grant);
    let id = wish.grant.org.clone();
    let Some(org) = state.org(&id) else {
        return wish.answer(Err(Code::Gone { what: "organisation".to_owned() }));
    };
    if !org.may_use(&wish.grant) {
        return wish.answer(Err(Code::AccessRemoved));
    }
    if let Some(credentials) = cached(state, &wish.grant, now).filter(|c| now < hand_out_until(c)) {
        return hand_out(ctx, state, wish, credentials);
    }
    let Some(pass) = org.pass(now) else {
        return if state.keyring_opens { state.locked_out.push(wish) } else { wait(ctx, state, wish) };
    };
    if let Some(others) = state.handing_out.get_mut(&wish.grant) {
        return others.push(wish);
    }
    let Some(org) = state.org(&id) else { return };
    let fetch = Fetch::of(ctx, org, pass, sealing, &wish.grant, now).fresh();
    state.handing_out.insert(wish.grant.clone(), vec![wish]);
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let result = fetch.credentials().await.map(|(credentials, _)| credentials);
        let (grant, pass) = (fetch.grant.clone(), fetch.pass.clone());
        ctx.send(Event::HandedOut(Outcome { grant, pass, result }));
    });
}

/// Credentials that still work, whether or not they are due.
fn cached(state: &State, grant: &Grant, now: Timestamp) -> Option<RoleCredentials> {
    let key = (grant.account.clone(), grant.role.clone());
    let found = state.org(&grant.org)?.credentials.get(&key).filter(|c| c.expires > now);
    found.filter(|_| step_up::needs_no_touch(state, grant, now)).cloned()
}

/// There is no token to ask with: a renewal, or the person.
fn wait(ctx: &Context, state: &mut State, wish: Wish) {
    let now = ctx.now();
    let id = wish.grant.org.clone();
    let Some(org) = state.org_mut(&id) else { return };
    if org.stands(now) {
        org.waiting.push(Waiting::HandOut(wish));
        org.renew_not_before = None;
        return renewal::begin(ctx, state, &id);
    }
    // What still works is better than a tab that nobody asked for.
    if let Some(credentials) = cached(state, &wish.grant, now) {
        return hand_out(ctx, state, wish, credentials);
    }
    let Some(org) = state.org_mut(&id) else { return };
    let under_way = matches!(org.sign_in, SignIn::InProgress(_));
    if !wish.may_sign_in || (org.programs_tried && !under_way) {
        return wish.answer(Err(Code::SignInNeeded));
    }
    org.programs_tried = true;
    // A program brings up no form for a password, and cuts no sign-in off that is under way.
    let way = (!under_way && wish.program().is_some()).then_some(Method::Browser);
    if let Err(code) = sign_in::begin(ctx, state, &id, way) {
        return wish.answer(Err(code));
    }
    if let Some(org) = state.org_mut(&id) {
        org.waiting.push(Waiting::HandOut(wish));
    }
}

pub(crate) fn finish(ctx: &Context, state: &mut State, outcome: Outcome) {
    let Outcome { grant, pass, result } = outcome;
    let wishes = state.handing_out.remove(&grant).unwrap_or_default();
    match result {
        Ok(credentials) => {
            renewal::remember(ctx, state, &grant, &pass, credentials.clone());
            // Of a sign-in that ended meanwhile, perhaps another person's.
            if state.org(&grant.org).is_none_or(|org| org.era != pass.era) {
                return wishes.into_iter().for_each(|wish| begin(ctx, state, wish));
            }
            for wish in wishes {
                hand_out(ctx, state, wish, credentials.clone());
            }
        }
        Err(SsoError::Unauthorized) if state.org(&grant.org).is_some_and(|o| o.era == pass.era) => {
            renewal::unauthorized(ctx, state, &grant.org, &pass);
            wishes.into_iter().for_each(|wish| begin(ctx, state, wish));
        }
        // Old ones neither: the organisation wants a touch for them.
        Err(SsoError::StepUpNeeded) => {
            for wish in wishes {
                step_up::demanded(ctx, state, &grant, Held::HandOut(wish));
            }
        }
        Err(error) => {
            let code = sign_in::code_of(error);
            let now = ctx.now();
            for wish in wishes {
                // A server that does not answer takes nothing from keys that still work.
                let old = cached(state, &grant, now);
                match old.filter(|_| code != Code::AccessRemoved) {
                    Some(old) => hand_out(ctx, state, wish, old),
                    None => wish.answer(Err(code.clone())),
                }
            }
        }
    }
}

/// The keyring has answered: those who came before it did are served now.
pub(crate) fn unlocked(ctx: &Context, state: &mut State) {
    for wish in std::mem::take(&mut state.locked_out) {
        begin(ctx, state, wish);
    }
}

fn hand_out(ctx: &Context, state: &mut State, wish: Wish, credentials: RoleCredentials) {
    let now = ctx.now();
    let Some(org) = state.org(&wish.grant.org) else {
        return wish.answer(Err(Code::Gone { what: "organisation".to_owned() }));
    };
    let account_name = org.account_name(&wish.grant.account);
    let region = wish.region.unwrap_or_else(|| org.organisation.region.clone());
    let asker = match wish.to {
        To::Program(asker) => asker,
        To::Clipboard(form) => {
            let handed = HandedOut { credentials, grant: wish.grant, account_name, region };
            return environment_copy::begin(ctx, org, handed, form, wish.answer);
        }
    };
    if let Some(profile) = &wish.profile {
        deliver::was_asked(ctx, state, profile, &asker);
    }
    note(ctx, state, &wish.grant, wish.profile, &asker, &account_name, now);
    let handed = HandedOut { credentials, grant: wish.grant, account_name, region };
    match wish.assume {
        Some(assume) => assume::begin(ctx, state, handed, assume, wish.answer),
        // Whoever asked may have gone.
        None => drop(wish.answer.send(Ok(Reply::Credentials(Box::new(handed))))),
    }
}

/// Once for each program and role in a while: a tool may ask many times a minute.
fn note(
    ctx: &Context,
    state: &mut State,
    grant: &Grant,
    profile: Option<ProfileName>,
    asker: &Asker,
    account_name: &str,
    now: Timestamp,
) {
    let key = (grant.clone(), asker.program.clone());
    let recently = state.handed_out.iter().any(|(k, at)| *k == key && *at + ONE_LINE > now);
    if recently {
        return;
    }
    state.handed_out.retain(|(k, _)| *k != key);
    state.handed_out.truncate(REMEMBERED);
    state.handed_out.insert(0, (key, now));
    usage::of_role(ctx, state, grant);
    let event = Happened::HandedOut {
        profile,
        grant: grant.clone(),
        account_name: account_name.to_owned(),
        program: asker.program.clone(),
        pid: asker.pid,
    };
    ctx.note(state, By::Program, event);
}
