//! What a person marks: favourites, and which environment an account belongs to.

use crate::{
    engine::Context,
    model::{
        environment::Environment,
        history::{Account, By, Event as Happened},
        ids::{AccountId, OrgId, Target},
    },
    ports::Write,
    request::{Answer, Reply},
    state::State,
};
use std::sync::Arc;

pub(crate) fn set_favourite(ctx: &Context, state: &mut State, target: Target, on: bool) -> Answer {
    state.favourites.retain(|t| *t != target);
    let mut writes = vec![];
    if on {
        state.favourites.push(target);
    } else {
        writes.push(Write::Favourite(target, None));
    }
    // All of them: a place that was left would be given twice.
    writes.extend(places(&state.favourites));
    ctx.commit(writes);
    Ok(Reply::Done)
}

/// Changes places with the nearest of the same organisation, since only those stand in one list. The first
/// stays where it is going up, and the last going down.
#[expect(clippy::unnecessary_wraps, reason = "the answer to a request")]
pub(crate) fn move_favourite(ctx: &Context, state: &mut State, target: &Target, up: bool) -> Answer {
    let all = &mut state.favourites;
    let Some(at) = all.iter().position(|t| t == target) else { return Ok(Reply::Done) };
    let beside = |t: &Target| t.org() == target.org();
    let other = if up {
        all[..at].iter().rposition(beside)
    } else {
        all[at + 1..].iter().position(beside).map(|n| at + 1 + n)
    };
    if let Some(other) = other {
        all.swap(at, other);
        ctx.commit(places(all).collect());
    }
    Ok(Reply::Done)
}

fn places(favourites: &[Target]) -> impl Iterator<Item = Write> {
    (0..).zip(favourites).map(|(place, target)| Write::Favourite(target.clone(), Some(place)))
}

/// `None` goes back to the guess.
#[expect(clippy::unnecessary_wraps, reason = "the answer to a request")]
pub(crate) fn set_environment(
    ctx: &Context,
    state: &mut State,
    org: &OrgId,
    account: &AccountId,
    environment: Option<Environment>,
) -> Answer {
    let rules = Arc::clone(&state.rules);
    if let Some(o) = state.org_mut(org) {
        let decided = o
            .account(account)
            .is_some_and(|a| rules.decided(&a.name, a.id.as_str(), a.email.as_deref()).is_some());
        if decided {
            // The organisation's word stays, whatever the person says.
            return Ok(Reply::Done);
        }
        match environment {
            Some(label) => o.labels.insert(account.clone(), label),
            None => o.labels.remove(account),
        };
        let grant = Account { org: org.clone(), account: account.clone() };
        let account_name = o.account_name(account);
        ctx.commit(vec![Write::Label(org.clone(), account.clone(), environment)]);
        ctx.note(state, By::You, Happened::Labelled { grant, account_name, environment });
    }
    Ok(Reply::Done)
}
