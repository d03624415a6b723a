//! What asks for a touch: each wish comes through here first.

use super::{Held, asking, close, ending, is_open, words};
use crate::{
    engine::Context,
    hand_out,
    model::{
        Timestamp,
        code::Code,
        environment::{self, Act, Environment},
        ids::{AccountId, Grant, OrgId, ProfileName},
        profile::State as ProfileState,
        rules::{self, Rules},
        step_up::{self, Closed, Demand, For, Marked, Program, Unanswered},
    },
    ports::Write,
    request::{Answer, Of, Reply, Request, StepUpRequest},
    safety,
    state::{Org, State},
};
use jiff::SignedDuration;
use std::{collections::BTreeSet, time::Duration};
use tokio::sync::oneshot;

/// A profile that is kept for so much longer than its role is open needs no touch of its own.
const SLACK: SignedDuration = SignedDuration::from_secs(30);

/// What a wish needs a touch for.
pub(super) struct Need {
    pub wanted: For,
    pub program: Option<Program>,
    pub lasting: Option<Duration>,
}

/// Lets a wish through that needs no touch, with whoever waits for it; holds one that does.
pub(crate) fn gate(
    ctx: &Context,
    state: &mut State,
    request: Request,
    answer: oneshot::Sender<Answer>,
) -> Option<(Request, oneshot::Sender<Answer>)> {
    let Some(need) = need(ctx, state, &request) else { return Some((request, answer)) };
    let refused = match (&need.wanted, &need.program) {
        // Nobody could be asked: there is no window.
        _ if ctx.on_demand => Some(Code::StepUpNeeded),
        (For::Role { grant, .. }, Some(_)) if ending::was_denied(ctx, state, grant) => {
            Some(Code::StepUpEnded { why: Unanswered::DeniedBefore })
        }
        _ => None,
    };
    match refused {
        // Whoever asked may have gone.
        Some(code) => drop(answer.send(Err(code))),
        None => asking::hold(ctx, state, need, Held::Ask(request, answer)),
    }
    None
}

/// Holds keys of a role that asks for a touch, also where it was found after the gate only: a profile that was
/// written to the AWS config file a moment ago.
pub(crate) fn hold_found(ctx: &Context, state: &mut State, wish: hand_out::Wish) -> Option<hand_out::Wish> {
    let (profile, program) = (wish.profile().cloned(), wish.program());
    let Some(need) = of_role(state, ctx.now(), wish.grant(), Act::CopyKeys, profile, program) else {
        return Some(wish);
    };
    if ctx.on_demand {
        wish.answer(Err(Code::StepUpNeeded));
    } else if need.program.is_some() && ending::was_denied(ctx, state, wish.grant()) {
        wish.answer(Err(Code::StepUpEnded { why: Unanswered::DeniedBefore }));
    } else {
        asking::hold(ctx, state, need, Held::HandOut(wish));
    }
    None
}

/// What the person wishes of step-up itself.
pub(crate) fn ask(ctx: &Context, state: &mut State, request: StepUpRequest, answer: oneshot::Sender<Answer>) {
    let answered = match request {
        StepUpRequest::Deny { number } => {
            ending::deny(ctx, state, number);
            Ok(Reply::Done)
        }
        StepUpRequest::Allow { number } => {
            words::allow(ctx, state, number);
            Ok(Reply::Done)
        }
        StepUpRequest::Another { number } => {
            asking::another(ctx, state, number);
            Ok(Reply::Done)
        }
        StepUpRequest::Show => {
            asking::show_again(state);
            Ok(Reply::Done)
        }
        StepUpRequest::Try(pattern) => safety::try_role(state, &pattern),
        StepUpRequest::Stop(grant) => {
            close(ctx, state, Closed::Stopped, |one| one.grant == grant);
            Ok(Reply::Done)
        }
        StepUpRequest::Mark { grant, on } => return mark(ctx, state, &grant, on, answer),
        StepUpRequest::AddKey => {
            let need = Need { wanted: For::Register, program: None, lasting: None };
            let held = Held::Ask(Request::StepUp(StepUpRequest::AddKey), answer);
            return asking::hold(ctx, state, need, held);
        }
        StepUpRequest::ForgetKey(id) => asking::forget(ctx, state, &id),
    };
    let _ = answer.send(answered);
}

/// From now on this role asks for a touch whenever it is used, or no more.
fn mark(ctx: &Context, state: &mut State, grant: &Grant, on: bool, answer: oneshot::Sender<Answer>) {
    let one = Marked { account: grant.account.clone(), role: grant.role.clone() };
    let settings = state.change(|own| {
        let marked = &mut own.safety.step_up.marked;
        marked.retain(|other| *other != one);
        if on {
            marked.push(one);
        }
    });
    if on {
        keep_for_now(ctx, state, grant);
    }
    ctx.save(settings, answer);
}

/// Roles that are kept without an end and that nothing marks.
pub(crate) fn unmarked(state: &State) -> BTreeSet<Grant> {
    let endless = state.profiles.values().filter(|p| p.kept.until.is_none()).map(|p| &p.kept.grant);
    endless.filter(|grant| !state.is_marked(grant)).cloned().collect()
}

/// As [`mark`], by other rules: what was among those before gets an end if it is not any more.
pub(crate) fn mark_by_rules(ctx: &Context, state: &mut State, unmarked: &BTreeSet<Grant>) {
    for grant in unmarked {
        if state.is_marked(grant) {
            keep_for_now(ctx, state, grant);
        }
    }
}

/// As [`mark_by_rules`], at the start: what a managed file marks was kept before it did.
pub(crate) fn mark_by_policy(ctx: &Context, state: &mut State) {
    let endless = state.profiles.values().filter(|p| p.kept.until.is_none()).map(|p| &p.kept.grant);
    let marked: BTreeSet<Grant> = endless.filter(|grant| state.is_marked(grant)).cloned().collect();
    for grant in &marked {
        keep_for_now(ctx, state, grant);
    }
}

/// What was kept without an end before its role was marked ends as if it had begun now.
fn keep_for_now(ctx: &Context, state: &mut State, grant: &Grant) {
    let ends = safety::ends(state, grant, None, ctx.now());
    let endless = state.profiles.values_mut().filter(|p| p.kept.grant == *grant && p.kept.until.is_none());
    let writes: Vec<_> = endless
        .map(|profile| {
            profile.kept.until = ends;
            Write::Kept(profile.kept.clone())
        })
        .collect();
    ctx.commit(writes);
}

/// A server gives a role out after a touch alone, as it turned out. That is kept over a start, and what was fetched
/// before is not kept: nothing of the role is there then with nobody having touched anything.
pub(crate) fn learnt(ctx: &Context, state: &mut State, grant: &Grant) {
    // What was open is not any more, whatever was said when it was opened.
    state.step_up.opened.retain(|one| one.grant != *grant);
    if !state.step_up.demanded.insert(grant.clone()) {
        return;
    }
    if let Some(org) = state.org_mut(&grant.org) {
        org.credentials.remove(&(grant.account.clone(), grant.role.clone()));
    }
    ctx.commit(vec![demands(state), Write::RemoveCredentials(grant.clone())]);
}

/// The server says that it asks for no touch any more.
pub(super) fn lifted(ctx: &Context, state: &mut State, grant: &Grant) {
    state.step_up.demanded.remove(grant);
    ctx.commit(vec![demands(state)]);
}

/// Of organisations that are gone, nothing is remembered.
fn demands(state: &State) -> Write {
    let there = state.step_up.demanded.iter().filter(|grant| state.org(&grant.org).is_some());
    Write::Demanded(there.cloned().collect())
}

/// A server gives a role out after a touch alone: asked for, unless nobody is there to be asked.
pub(crate) fn demanded(ctx: &Context, state: &mut State, grant: &Grant, held: Held) {
    learnt(ctx, state, grant);
    if ctx.on_demand {
        return held.refuse(ctx, state, &Code::StepUpNeeded);
    }
    let (act, program, profile) = match &held {
        Held::HandOut(wish) => (Act::CopyKeys, wish.program(), wish.profile().cloned()),
        Held::Refresh(profile) => (Act::KeepFresh, None, Some(profile.clone())),
        Held::Ask(..) | Held::Console(_) => (Act::OpenConsole, None, None),
    };
    if program.is_some() && ending::was_denied(ctx, state, grant) {
        return held.refuse(ctx, state, &Code::StepUpEnded { why: Unanswered::DeniedBefore });
    }
    match role(state, grant, act, profile, Demand::Server) {
        Some(wanted) => asking::hold(ctx, state, Need { wanted, program, lasting: None }, held),
        None => held.refuse(ctx, state, &Code::AccessRemoved),
    }
}

fn need(ctx: &Context, state: &State, request: &Request) -> Option<Need> {
    let now = ctx.now();
    let (request, agreed, lasting) = match request {
        Request::Confirmed { request, consent } => (&**request, true, consent.lasting),
        other => (other, false, None),
    };
    let plain = |grant: &Grant, act| of_role(state, now, grant, act, None, None);
    match request {
        Request::OpenConsole { grant, .. } => plain(grant, Act::OpenConsole),
        Request::CopyEnvironment { grant, .. } | Request::CopyCredentials { grant, .. } => {
            plain(grant, Act::CopyKeys)
        }
        Request::HandOut { of, asker, .. } => {
            let found = hand_out::resolve(state, of, now).ok()?;
            let program = Program { name: asker.program.clone(), pid: asker.pid, path: asker.path.clone() };
            let profile = match of {
                Of::Profile(name) => Some(name.clone()),
                Of::Role(_) => None,
            };
            of_role(state, now, &found.grant, Act::CopyKeys, profile, Some(program))
        }
        Request::KeepFresh { grant, profile, confirmed, .. } => {
            keep(ctx, state, grant, profile, agreed || *confirmed, lasting)
        }
        Request::KeepMany { wanted, confirmed } => wanted
            .iter()
            .find_map(|one| keep(ctx, state, &one.grant, &one.profile, agreed || *confirmed, lasting)),
        Request::RefreshProfile(name) => {
            let profile = state.profiles.get(name).filter(|p| p.state == ProfileState::TouchNeeded)?;
            let (grant, name) = (&profile.kept.grant, Some(name.clone()));
            let wanted = role(state, grant, Act::KeepFresh, name, Demand::Server)?;
            Some(Need { wanted, program: None, lasting: None })
        }
        // Who adds a key could touch it, and who takes one away need not.
        Request::StepUp(StepUpRequest::AddKey) => change(state, ""),
        Request::StepUp(StepUpRequest::ForgetKey(id)) => change(state, id),
        Request::StepUp(StepUpRequest::Mark { on: false, .. }) => change(state, ""),
        Request::SetSettings(set)
            // What the organisation decided is not loosened by whatever is set.
            if state.policy.over(set).safety.step_up.is_laxer_than(&state.settings.safety.step_up)
                || takes_from_production(state, &state.rules.with_own(&set.safety.rules), None) =>
        {
            change(state, "")
        }
        // What a team shares can do the same, and comes from a file that anybody may have written.
        Request::AdoptTeam { rules, .. }
            if takes_from_production(
                state,
                &state.rules.with_own(&rules::beside(&state.settings.safety.rules, rules.clone())),
                None,
            ) =>
        {
            change(state, "")
        }
        Request::SetEnvironment { org, account, environment }
            if takes_from_production(state, &state.rules, Some((org, account, *environment))) =>
        {
            change(state, "")
        }
        _ => None,
    }
}

/// Whether an account that is production now is none any more, by these rules or with this label.
fn takes_from_production(
    state: &State,
    rules: &Rules,
    labelled: Option<(&OrgId, &AccountId, Option<Environment>)>,
) -> bool {
    state.orgs.iter().any(|org| {
        org.portal.accounts.iter().any(|account| {
            let label = org.labels.get(&account.id).copied();
            let then = match labelled {
                Some((of, id, label)) if of == org.id() && *id == account.id => label,
                _ => label,
            };
            let class = |label, rules: &Rules| {
                let email = account.email.as_deref();
                environment::classify(&account.name, account.id.as_str(), email, label, rules).environment
            };
            class(label, &state.rules) == Environment::Production
                && class(then, rules) != Environment::Production
        })
    })
}

/// Where a key is known, step-up is changed by a touch alone.
fn change(state: &State, forget: &str) -> Option<Need> {
    let keys = &state.step_up.keys;
    let name = keys.iter().find(|key| key.id == forget).map(|key| key.name.clone());
    let wanted = name.map_or(For::Change, |name| For::Forget { name });
    (!keys.is_empty()).then_some(Need { wanted, program: None, lasting: None })
}

/// What has to be confirmed first is confirmed first: for how long is said there.
fn keep(
    ctx: &Context,
    state: &State,
    grant: &Grant,
    profile: &ProfileName,
    agreed: bool,
    lasting: Option<Duration>,
) -> Option<Need> {
    let org = state.org(&grant.org)?;
    if !agreed && safety::confirm(ctx, state, org, grant, Act::KeepFresh).is_some() {
        return None;
    }
    let now = ctx.now();
    let ends = safety::ends(state, grant, lasting, now).map(|ends| ends - SLACK);
    let long_enough = ends
        .is_none_or(|ends| state.step_up.opened.iter().any(|one| one.grant == *grant && one.until >= ends));
    let demand = asks(state, org, grant)?;
    if long_enough && is_open(state, grant, now) || !org.may_use(grant) {
        return None;
    }
    let wanted = role(state, grant, Act::KeepFresh, Some(profile.clone()), demand)?;
    Some(Need { wanted, program: None, lasting })
}

fn of_role(
    state: &State,
    now: Timestamp,
    grant: &Grant,
    act: Act,
    profile: Option<ProfileName>,
    program: Option<Program>,
) -> Option<Need> {
    let org = state.org(&grant.org)?;
    // What is not there is told by what was asked.
    if is_open(state, grant, now) || !org.may_use(grant) {
        return None;
    }
    let demand = asks(state, org, grant)?;
    Some(Need { wanted: role(state, grant, act, profile, demand)?, program, lasting: None })
}

/// Who asks for a touch before this role is used, if anybody. Without a key that is known here, the person's own
/// rules ask in words; without a sign-in, the server is asked for nothing yet.
fn asks(state: &State, org: &Org, grant: &Grant) -> Option<Demand> {
    if state.step_up.demanded.contains(grant) {
        return org.session().is_some().then_some(Demand::Server);
    }
    let here = !state.step_up.keys.is_empty()
        && step_up::asks_here(
            state.is_marked(grant),
            safety::environment_of(state, org, grant),
            safety::sensitivity(grant),
        );
    here.then_some(Demand::Here)
}

/// What a role is used for, as it is asked.
pub(super) fn role(
    state: &State,
    grant: &Grant,
    act: Act,
    profile: Option<ProfileName>,
    demand: Demand,
) -> Option<For> {
    let org = state.org(&grant.org)?;
    Some(For::Role {
        grant: grant.clone(),
        account_name: org.account_name(&grant.account),
        environment: safety::environment_of(state, org, grant),
        act,
        profile,
        demand,
    })
}
