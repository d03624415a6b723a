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

pub(crate) fn set_favourite(ctx: &Context, state: &mut State, target: Target, on: bool) -> Answer {
    state.favourites.retain(|t| *t != target);
    let place = u32::try_from(state.favourites.len()).unwrap_or(u32::MAX);
    if on {
        state.favourites.push(target.clone());
    }
    ctx.commit(vec![Write::Favourite(target, on.then_some(place))]);
    Ok(Reply::Done)
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
    if let Some(o) = state.org_mut(org) {
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
