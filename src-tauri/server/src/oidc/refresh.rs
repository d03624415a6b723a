//! Refreshing: a new access token and the next refresh token, until the sign-in session ends.

use super::{
    clients::REFRESH_TOKEN,
    create_token::{self, Issued},
    wire::{Kind, OidcError},
};
use crate::{
    domain::token_family::{self, Refresh},
    instance::Instance,
    secret::Digest,
    store::{Client, Successor},
};

/// Exchanges a refresh token.
///
/// # Errors
/// `InvalidGrant` when it is unknown, another client's, used before, or its session has ended.
pub fn refresh(instance: &Instance, client: &Client, token: &str) -> Result<Issued, OidcError> {
    // Of two refreshes at the same moment one comes second; looked at anew, its token is the one before the
    // newest.
    for _ in 0..2 {
        if let Some(issued) = attempt(instance, client, token)? {
            return Ok(issued);
        }
    }
    Err(refused())
}

fn refused() -> OidcError {
    Kind::InvalidGrant.because("Invalid refresh token provided")
}

/// `None` if the family changed in between.
fn attempt(instance: &Instance, client: &Client, token: &str) -> Result<Option<Issued>, OidcError> {
    let now = instance.now();
    let known = instance.store.refresh_token(Digest::of(token))?.ok_or_else(refused)?;
    if known.client_id != client.id || known.revoked || !known.session.is_live(now) {
        return Err(refused());
    }
    let access = instance.chance.token();
    let refresh = instance.chance.token();
    let access_ends = token_family::access_token_ends(&known.scopes, known.session.ends, now);
    let next = Successor { access: access.digest(), access_ends, refresh: refresh.digest() };
    let event = create_token::event(instance, client, REFRESH_TOKEN, &known.session)?;
    let done = match token_family::judge_refresh(known.generation, known.newest, now) {
        Refresh::Rotate => instance.store.rotate(&known, &next, now, &event)?,
        Refresh::Reissue => instance.store.reissue(&known, &next, &event)?,
        Refresh::Reused => {
            tracing::warn!(
                client = client.name,
                "an old refresh token was used again: its family is revoked"
            );
            instance.store.revoke_family(&known.family_id, now)?;
            return Err(refused());
        }
    };
    let seconds = access_ends.duration_since(now).as_secs();
    Ok(done.then_some(Issued { access, seconds, refresh: Some(refresh) }))
}
