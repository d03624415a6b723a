//! Whose token it is. Accepted in the three headers that clients use (SSO Portal API 2019-06-10).

use axum::http::{HeaderMap, header};
use jiff::Timestamp;

use super::wire::PortalError;
use crate::{
    domain::{sign_in_session::SignInSession, token_family},
    instance::Instance,
    organisation::User,
    secret::Digest,
};

/// The person behind a portal call.
pub struct Caller {
    /// The family of the token.
    pub family_id: String,
    /// Whether the person signed in in the app itself for the token, rather than let a program in in a browser.
    pub native: bool,
    /// When the token is over.
    pub ends: Timestamp,
    /// The session that the token was approved in.
    pub session: SignInSession,
    /// The person.
    pub user: User,
}

/// Finds the caller.
///
/// # Errors
/// `UnauthorizedException` for a missing, unknown, expired or revoked token alike, and for one without the
/// portal's scope.
pub fn authenticate(instance: &Instance, headers: &HeaderMap) -> Result<Caller, PortalError> {
    let token = digest(headers).ok_or(PortalError::Unauthorized)?;
    let bearer = instance.store.bearer(token)?.ok_or(PortalError::Unauthorized)?;
    let now = instance.now();
    let good = !bearer.revoked
        && now < bearer.ends
        && bearer.session.is_live(now)
        && token_family::may_use_portal(&bearer.scopes);
    let user = if good { instance.user(&bearer.session.user_id)? } else { None };
    let user = user.ok_or(PortalError::Unauthorized)?;
    if bearer.is_arrival {
        instance.store.note_arrival(token)?;
    }
    Ok(Caller {
        family_id: bearer.family_id,
        native: bearer.native,
        ends: bearer.ends,
        session: bearer.session,
        user,
    })
}

impl Caller {
    /// Whether neither the token nor the session is over by itself.
    pub fn lasts(&self, now: Timestamp) -> bool {
        now < self.ends && self.session.is_live(now)
    }
}

/// What stands for the request's token.
pub fn digest(headers: &HeaderMap) -> Option<Digest> {
    token(headers).map(Digest::of)
}

/// Whether the request claims to come from a program: browsers bring cookies.
pub fn has_token(headers: &HeaderMap) -> bool {
    token(headers).is_some()
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let named = ["x-amz-sso_bearer_token", "x-amz-sso-bearer-token"]
        .iter()
        .find_map(|name| headers.get(*name).and_then(|value| value.to_str().ok()));
    let standard = || headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ");
    named.or_else(standard).map(str::trim).filter(|token| !token.is_empty())
}
