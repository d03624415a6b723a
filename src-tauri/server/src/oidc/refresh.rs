//! Refreshing: a new access token and the next refresh token, until the sign-in session ends.

use super::{
    create_token::Issued,
    wire::{Kind, OidcError},
};
use crate::{
    domain::token_family::{self, Refresh},
    instance::Instance,
    secret::Digest,
    store::{Client, Successor},
};

/// Exchanges a refresh token.
pub fn refresh(instance: &Instance, client: &Client, token: &str) -> Result<Issued, OidcError> {
    let now = instance.now();
    let refused = || Kind::InvalidGrant.because("Invalid refresh token provided");
    let known = instance.store.refresh_token(Digest::of(token))?.ok_or_else(refused)?;
    if known.client_id != client.id || known.revoked || !known.session.is_live(now) {
        return Err(refused());
    }
    let judgement =
        token_family::judge_refresh(known.generation, known.family_generation, known.rotated, now);
    let access = instance.chance.token();
    let refresh = instance.chance.token();
    let access_ends = token_family::access_token_ends(&known.scopes, known.session.ends, now);
    let next = Successor { access: access.digest(), access_ends, refresh: refresh.digest() };
    let done = match judgement {
        Refresh::Rotate => instance.store.rotate(&known, &next, now)?,
        Refresh::Reissue => instance.store.reissue(&known, &next)?,
        Refresh::Reused => {
            tracing::warn!(client = client.name, "an old refresh token was used again: its family is revoked");
            instance.store.revoke_family(&known.family_id, now)?;
            false
        }
    };
    if !done {
        return Err(refused());
    }
    let seconds = access_ends.duration_since(now).as_secs();
    Ok(Issued { access, seconds, refresh: Some(refresh), session: known.session })
}
