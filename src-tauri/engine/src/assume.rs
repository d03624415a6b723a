//! The second link of a chain: with the credentials that were found, those of a role that trusts them. However
//! many ask at once, STS is asked once, and all get its answer until it is due.

use crate::{
    engine::{Context, Event},
    model::{
        assume::Assume,
        code::Code,
        ids::{Grant, OrgId},
        refresh::hand_out_until,
        secret::RoleCredentials,
    },
    ports::SsoError,
    request::{Answer, HandedOut, Reply},
    sign_in,
    state::State,
};
use std::collections::BTreeMap;
use tokio::sync::oneshot;

/// With which role's credentials, of which sign-in, which role.
type Key = (Grant, u64, Assume);

/// What was assumed, and who waits for what is being assumed.
#[derive(Default)]
pub(crate) struct Assumed {
    known: BTreeMap<Key, RoleCredentials>,
    under_way: BTreeMap<Key, Vec<(HandedOut, oneshot::Sender<Answer>)>>,
}

/// How a call ended.
pub(crate) struct Outcome {
    key: Key,
    result: Result<RoleCredentials, SsoError>,
}

/// Assumes a role with what was found, for whoever waits.
pub(crate) fn begin(
    ctx: &Context,
    state: &mut State,
    found: HandedOut,
    assume: Assume,
    answer: oneshot::Sender<Answer>,
) {
    let Some((account, role)) = assume.role() else {
        let code = Code::AssumeRefused { role_arn: assume.role_arn, reason: "no role's ARN".to_owned() };
        let _ = answer.send(Err(code));
        return;
    };
    let Some(org) = state.org(&found.grant.org) else {
        let _ = answer.send(Err(Code::Gone { what: "organisation".to_owned() }));
        return;
    };
    let session_name = assume.session_name(org.session().and_then(|session| session.user.as_deref()));
    let (organisation, account_name, era) = (org.organisation.clone(), org.account_name(&account), org.era);
    let grant = Grant { org: found.grant.org.clone(), account, role };
    let key = (found.grant.clone(), era, assume);
    let with = found.credentials.clone();
    let handed = HandedOut { grant, account_name, ..found };
    let now = ctx.now();
    if let Some(known) = state.assumed.known.get(&key).filter(|known| now < hand_out_until(known)) {
        let _ = answer.send(Ok(told(&handed, known)));
        return;
    }
    if let Some(others) = state.assumed.under_way.get_mut(&key) {
        return others.push((handed, answer));
    }
    state.assumed.under_way.insert(key.clone(), vec![(handed, answer)]);
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let wanted = Assume { session_name: Some(session_name), ..key.2.clone() };
        let result = ctx.ports.sso.assume_role(&organisation, &with, &wanted).await;
        ctx.send(Event::Assumed(Outcome { key, result }));
    });
}

pub(crate) fn finish(ctx: &Context, state: &mut State, outcome: Outcome) {
    let Outcome { key, result } = outcome;
    let waiting = state.assumed.under_way.remove(&key).unwrap_or_default();
    let now = ctx.now();
    // Of a sign-in that ended meanwhile nothing is kept.
    let stands = state.org(&key.0.org).is_some_and(|org| org.era == key.1);
    state.assumed.known.retain(|_, known| known.expires > now);
    match result {
        Ok(credentials) => {
            for (handed, answer) in waiting {
                let _ = answer.send(Ok(told(&handed, &credentials)));
            }
            if stands {
                state.assumed.known.insert(key, credentials);
            }
        }
        Err(error) => {
            let code = sign_in::code_of(error);
            for (_, answer) in waiting {
                let _ = answer.send(Err(code.clone()));
            }
        }
    }
}

/// The sign-in ended: what was assumed with it goes.
pub(crate) fn forget(state: &mut State, org: &OrgId) {
    state.assumed.known.retain(|(grant, ..), _| grant.org != *org);
}

fn told(handed: &HandedOut, credentials: &RoleCredentials) -> Reply {
    Reply::Credentials(Box::new(HandedOut { credentials: credentials.clone(), ..handed.clone() }))
}
