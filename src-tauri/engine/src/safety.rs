//! Environments and what they ask for: what the person confirms first, what was said to it, the person's own
//! rules, and profiles that are kept for a limited time.

use crate::{
    engine::Context,
    model::{
        Timestamp,
        code::Code,
        environment::{self, Act, Care, Environment, Sensitivity, may_be_default},
        history::{By, Event as Happened},
        ids::{AccountId, Grant, OrgId, ProfileName, RoleName},
        notice::Notice,
        profile::State as ProfileState,
        rules::{self, Field},
        step_up::{Patterns, RolePattern},
    },
    notify,
    ports::FileSet,
    request::{Answer, Confirm, Consent, Of, Reply, Request},
    state::{Ending, Org, State},
    step_up, stop,
};
use jiff::{SignedDuration, civil::Date};
use std::{collections::BTreeMap, time::Duration};
use tokio::sync::oneshot;

/// "Do not ask again for this role" holds for so long.
pub(crate) const QUIET: SignedDuration = SignedDuration::from_mins(15);
/// A privileged role of production is kept fresh for this long, unless the person says otherwise …
const KEPT: SignedDuration = SignedDuration::from_hours(1);
/// … within these bounds.
const SHORTEST: SignedDuration = SignedDuration::from_mins(15);
const LONGEST: SignedDuration = SignedDuration::from_hours(4);
/// A reason is a sentence or two, not a file.
const REASON: usize = 500;
/// Accounts named to somebody who tries a rule.
const NAMED: usize = 5;

/// What the person said lately. Not kept: after a start everything is asked about again.
#[derive(Default)]
pub(crate) struct Consents {
    quiet: BTreeMap<Grant, Timestamp>,
    /// The day on which the person last let keys of this role be copied.
    copied: BTreeMap<Grant, Date>,
}

/// What the person has to confirm before `act` on this role, if anything.
pub(crate) fn confirm(ctx: &Context, state: &State, org: &Org, grant: &Grant, act: Act) -> Option<Confirm> {
    let care = care(state, org, grant, act);
    let touched = act != Act::KeepFresh && step_up::was_touched(state, grant, ctx.now());
    let asks = match care {
        _ if touched => false,
        Care::Direct | Care::Notice => false,
        Care::Confirm => act == Act::KeepFresh || !is_quiet(ctx, state, grant),
        Care::ConfirmDaily => {
            let today = today(ctx);
            !is_quiet(ctx, state, grant) && state.consents.copied.get(grant) != Some(&today)
        }
        Care::TimeBoxed => true,
    };
    asks.then(|| question(org, grant, care))
}

/// As [`confirm`], and always for an account in production: a button outside the window opens nothing
/// there by itself.
pub(crate) fn confirm_outside(ctx: &Context, state: &State, org: &Org, grant: &Grant) -> Option<Confirm> {
    let production = environment_of(state, org, grant) == Environment::Production;
    confirm(ctx, state, org, grant, Act::OpenConsole)
        .or_else(|| production.then(|| question(org, grant, Care::Confirm)))
}

/// The person said yes: noted with the reason, and done.
pub(crate) fn confirmed(
    ctx: &Context,
    state: &mut State,
    request: Request,
    consent: Consent,
) -> (Request, Option<Duration>) {
    let why = consent.why.map(|why| why.trim().chars().take(REASON).collect::<String>());
    let why = why.filter(|why| !why.is_empty());
    let (grants, act): (Vec<Grant>, Act) = match &request {
        Request::OpenConsole { grant, .. } => (vec![grant.clone()], Act::OpenConsole),
        Request::CopyEnvironment { grant, .. }
        | Request::CopyCredentials { grant, .. }
        | Request::HandOut { of: Of::Role(grant), .. } => (vec![grant.clone()], Act::CopyKeys),
        Request::KeepFresh { grant, .. } => (vec![grant.clone()], Act::KeepFresh),
        Request::KeepMany { wanted, .. } => {
            (wanted.iter().map(|w| w.grant.clone()).collect(), Act::KeepFresh)
        }
        _ => return (request, None),
    };
    let (now, today) = (ctx.now(), today(ctx));
    for grant in grants {
        let asked = state
            .org(&grant.org)
            .is_some_and(|org| !matches!(care(state, org, &grant, act), Care::Direct | Care::Notice));
        if !asked {
            continue;
        }
        let quiet = consent.quiet && act != Act::KeepFresh;
        if quiet {
            state.consents.quiet.insert(grant.clone(), now + QUIET);
        }
        if act == Act::CopyKeys {
            state.consents.copied.insert(grant.clone(), today);
        }
        let account_name = state.account_name(&grant);
        let why = why.clone();
        ctx.note(state, By::You, Happened::Confirmed { grant, account_name, act, why, quiet });
    }
    (request, consent.lasting)
}

/// When a profile that is begun now ends by itself, if it does.
pub(crate) fn ends(
    state: &State,
    grant: &Grant,
    lasting: Option<Duration>,
    now: Timestamp,
) -> Option<Timestamp> {
    let org = state.org(&grant.org)?;
    (care(state, org, grant, Act::KeepFresh) == Care::TimeBoxed).then(|| {
        let wanted = lasting.and_then(|d| SignedDuration::try_from(d).ok()).unwrap_or(KEPT);
        now + wanted.clamp(SHORTEST, LONGEST)
    })
}

/// Whether a profile may have this name for this role.
pub(crate) fn may_be_named(state: &State, org: &Org, grant: &Grant, name: &ProfileName) -> Result<(), Code> {
    let class = environment_of(state, org, grant);
    let allowed = state.settings.safety.default_allowed.contains(&grant.account);
    if may_be_default(class, sensitivity(grant), name.as_str(), allowed) {
        return Ok(());
    }
    let account_name = org.account_name(&grant.account);
    let plain: String = account_name.to_lowercase().chars().map(plain).collect();
    let suggestion = if plain.is_empty() { grant.account.to_string() } else { plain };
    let (org, account) = (grant.org.clone(), grant.account.clone());
    Err(Code::DefaultInProduction { org, account, account_name, suggestion })
}

fn plain(c: char) -> char {
    if c.is_ascii_alphanumeric() { c } else { '-' }
}

/// Whether a profile of this account may be named `default` from now on.
pub(crate) fn allow_default(
    ctx: &Context,
    state: &mut State,
    account: &AccountId,
    allowed: bool,
    answer: oneshot::Sender<Answer>,
) {
    let settings = state.change(|own| {
        let list = &mut own.safety.default_allowed;
        list.retain(|other| other != account);
        if allowed {
            list.push(account.clone());
        }
    });
    ctx.save(settings, answer);
}

/// The accounts that a rule would fit.
pub(crate) fn try_rule(state: &State, field: Field, pattern: &str) -> Answer {
    let regex = rules::compile(pattern).map_err(|reason| Code::BadPattern { reason })?;
    let mut names: Vec<_> = state
        .orgs
        .iter()
        .flat_map(|org| &org.portal.accounts)
        .filter(|a| rules::fits(&regex, field, &a.name, a.id.as_str(), a.email.as_deref()))
        .map(|a| a.name.clone())
        .collect();
    names.sort_by_key(|name| name.to_lowercase());
    let accounts = names.len();
    names.truncate(NAMED);
    Ok(Reply::Fits { accounts, names })
}

/// The roles that a rule for them would fit.
pub(crate) fn try_role(state: &State, pattern: &RolePattern) -> Answer {
    let patterns = Patterns::only(pattern).map_err(|reason| Code::BadPattern { reason })?;
    let mut names = Vec::new();
    for account in state.orgs.iter().flat_map(|org| &org.portal.accounts) {
        let fit = |role: &&RoleName| patterns.fit(role.as_str(), &account.name, account.id.as_str());
        let roles = account.roles.iter().flatten().filter(fit);
        names.extend(roles.map(|role| format!("{}, {role}", account.name)));
    }
    names.sort_by_key(|name| name.to_lowercase());
    let roles = names.len();
    names.truncate(NAMED);
    Ok(Reply::FitsRoles { roles, names })
}

/// Ends the profiles whose time is over: their keys leave the file, whatever else is under way.
pub(crate) fn end_what_is_over(ctx: &Context, state: &mut State, now: Timestamp) {
    let due: Vec<_> = state
        .profiles
        .values()
        .filter(|p| p.kept.until.is_some_and(|until| until <= now))
        .filter(|p| p.ending.is_none() && !(p.over && p.in_flight) && p.not_before.is_none_or(|t| t <= now))
        .map(|p| (p.kept.profile.clone(), p.kept.grant.org.clone()))
        .collect();
    for (name, org) in due {
        let set = state.org(&org).map_or(FileSet::Own, Org::file_set);
        let Some(profile) = state.profiles.get_mut(&name) else { continue };
        profile.over = true;
        // What another program wrote there is not ours to take out.
        let remove = !matches!(profile.state, ProfileState::Conflict(_));
        stop::end_when_free(ctx, state, &name, Ending { remove, stays: false, set, answers: Vec::new() });
    }
}

/// A profile whose time was over is kept no more: told, with the way to go on.
pub(crate) fn time_over(ctx: &Context, state: &mut State, kept: &crate::model::profile::Kept) {
    let Some(until) = kept.until else { return };
    let account_name = state.account_name(&kept.grant);
    let notice = Notice::TimeOver {
        profile: kept.profile.clone(),
        grant: kept.grant.clone(),
        account_name: account_name.clone(),
        region: kept.region.clone(),
        delivery: kept.delivery,
        added: kept.added,
        until,
    };
    notify::raise(state, notice, ctx.now());
    let (profile, grant) = (kept.profile.clone(), kept.grant.clone());
    ctx.note(state, By::Schedule, Happened::KeepEnded { profile, grant, account_name });
}

/// An answer did not belong to the attempt: once may be an old tab, twice is told.
pub(crate) fn strange_answer(ctx: &Context, state: &mut State, id: &OrgId, attempt: u64) {
    let (of, count) = state.strange.get_or_insert((attempt, 0));
    if *of != attempt {
        (*of, *count) = (attempt, 0);
    }
    *count += 1;
    if *count != 2 {
        return;
    }
    let Some(org_name) = state.org(id).map(|o| o.organisation.name.clone()) else { return };
    let at = ctx.now();
    ctx.note(state, By::Schedule, Happened::StrangeAnswers { org: id.clone() });
    notify::raise(state, Notice::StrangeAnswers { org: id.clone(), org_name, at }, at);
}

/// The server would have a password sent elsewhere: not done, and told.
pub(crate) fn password_moved(ctx: &Context, state: &mut State, id: &OrgId, host: &str) {
    let Some(org_name) = state.org(id).map(|o| o.organisation.name.clone()) else { return };
    let (at, host) = (ctx.now(), host.to_owned());
    ctx.note(state, By::Schedule, Happened::PasswordHostMoved { org: id.clone(), host: host.clone() });
    notify::raise(state, Notice::PasswordHostMoved { org: id.clone(), org_name, host, at }, at);
}

fn today(ctx: &Context) -> Date {
    ctx.now().to_zoned_datetime(ctx.zone.clone()).date()
}

fn is_quiet(ctx: &Context, state: &State, grant: &Grant) -> bool {
    state.consents.quiet.get(grant).is_some_and(|until| *until > ctx.now())
}

pub(crate) fn sensitivity(grant: &Grant) -> Sensitivity {
    environment::sensitivity(grant.role.as_str())
}

fn care(state: &State, org: &Org, grant: &Grant, act: Act) -> Care {
    let usual = environment::care(environment_of(state, org, grant), sensitivity(grant), act);
    // Without a key that is known here, what the person marked is asked about in words.
    match act {
        _ if !state.is_marked(grant) => usual,
        Act::KeepFresh => Care::TimeBoxed,
        Act::OpenConsole | Act::CopyKeys => usual.max(Care::Confirm),
    }
}

fn question(org: &Org, grant: &Grant, care: Care) -> Confirm {
    let instead = org.account(&grant.account).and_then(|a| {
        let roles = a.roles.as_deref().unwrap_or_default();
        roles.iter().find(|r| environment::sensitivity(r.as_str()) == Sensitivity::ReadOnly).cloned()
    });
    Confirm {
        grant: grant.clone(),
        account_name: org.account_name(&grant.account),
        instead: instead.filter(|r| *r != grant.role).map(|role| Grant {
            org: grant.org.clone(),
            account: grant.account.clone(),
            role,
        }),
        care,
    }
}

pub(crate) fn environment_of(state: &State, org: &Org, grant: &Grant) -> Environment {
    let label = org.labels.get(&grant.account).copied();
    let account = org.account(&grant.account);
    environment::classify(
        account.map_or("", |a| a.name.as_str()),
        grant.account.as_str(),
        account.and_then(|a| a.email.as_deref()),
        label,
        &state.rules,
    )
    .environment
}
