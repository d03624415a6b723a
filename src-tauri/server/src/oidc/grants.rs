//! First exchanges: a device code or an authorization code for the first tokens of a family.

use jiff::Timestamp;

use super::{
    clients::{self, AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN},
    create_token::{self, Issued},
    wire::{Kind, OidcError},
};
use crate::{
    domain::{
        authorization_code::Refused,
        device_grant::{self, DeviceGrant},
        sign_in_session::SignInSession,
        token_family,
    },
    instance::Instance,
    limits::What,
    secret::Digest,
    store::{Client, NewTokens, PresentedCode},
};

/// Polling with a device code.
pub fn device_code(instance: &Instance, client: &Client, device_code: &str) -> Result<Issued, OidcError> {
    let now = instance.now();
    let spent = || Kind::InvalidGrant.because("Invalid device code provided");
    let expired = |_| Kind::ExpiredToken.because("The device code has expired");
    let guess = instance.count(What::WrongCodes)?;
    let polled = instance.store.device_grant(Digest::of(device_code))?.ok_or_else(spent)?;
    guess.forgive();
    match polled.grant {
        DeviceGrant::Pending(pending) => {
            let facts = pending.0;
            if facts.client_id != client.id {
                return Err(spent());
            }
            if now >= facts.ends {
                return Err(expired(device_grant::Expired));
            }
            let Some(due) = device_grant::pace(polled.polls_due, now) else {
                return Err(Kind::SlowDown.because("Polling too fast"));
            };
            instance.store.record_poll(facts.code, due)?;
            Err(Kind::AuthorizationPending.because("Authorization is still pending"))
        }
        DeviceGrant::Approved(approved) => {
            if approved.facts.client_id != client.id {
                return Err(spent());
            }
            let (facts, session_id) = approved.exchange(now).map_err(expired)?;
            let session = live_session(instance, &session_id, now)?;
            let event = create_token::event(instance, client, DEVICE_CODE, &session)?;
            let family = Family { id: instance.chance.uuid(), native: false };
            let (issued, tokens) =
                first_tokens(instance, client, facts.scopes.clone(), &session, family, now);
            if !instance.store.exchange_device_grant(&facts, &tokens, &event)? {
                return Err(spent());
            }
            Ok(issued)
        }
        DeviceGrant::Rejected(facts) if facts.client_id == client.id => {
            Err(Kind::AccessDenied.because("The request was denied in the browser"))
        }
        DeviceGrant::Rejected(_) | DeviceGrant::Exchanged(_) => Err(spent()),
    }
}

/// Exchanging an authorization code. A second use ends the tokens of the first (RFC 6749 §4.1.2).
pub fn authorization_code(
    instance: &Instance,
    client: &Client,
    code: &str,
    redirect_uri: &str,
    verifier: &str,
) -> Result<Issued, OidcError> {
    let now = instance.now();
    let digest = Digest::of(code);
    let unknown = || Kind::InvalidGrant.because("Invalid authorization code provided");
    let code = match instance.store.authorization_code(digest)?.ok_or_else(unknown)? {
        PresentedCode::Fresh(code) => code,
        PresentedCode::Spent(code) => {
            if code.client_id == client.id {
                tracing::warn!(
                    client = client.name,
                    "an authorization code was used twice: its tokens are revoked"
                );
                instance.store.revoke_family(&code.family_id, now)?;
            }
            return Err(unknown());
        }
    };
    let redeemed = code.redeem(&client.id, redirect_uri, verifier, now).map_err(|refused| match refused {
        Refused::MalformedVerifier => Kind::InvalidRequest.because(refused.to_string()),
        _ => Kind::InvalidGrant.because(refused.to_string()),
    })?;
    let session = live_session(instance, &redeemed.session_id, now)?;
    let event = create_token::event(instance, client, AUTHORIZATION_CODE, &session)?;
    let family = Family { id: redeemed.family_id, native: redeemed.native };
    let (issued, tokens) = first_tokens(instance, client, redeemed.scopes, &session, family, now);
    if !instance.store.exchange_authorization_code(digest, &tokens, now, &event)? {
        return Err(unknown());
    }
    Ok(issued)
}

fn live_session(instance: &Instance, id: &str, now: Timestamp) -> Result<SignInSession, OidcError> {
    instance
        .store
        .session(id)?
        .filter(|session| session.is_live(now))
        .ok_or_else(|| Kind::InvalidGrant.because("The sign-in session has ended"))
}

/// The family that tokens begin.
struct Family {
    id: String,
    /// Whether the person signed in in the app itself.
    native: bool,
}

fn first_tokens(
    instance: &Instance,
    client: &Client,
    scopes: Vec<String>,
    session: &SignInSession,
    family: Family,
    now: Timestamp,
) -> (Issued, NewTokens) {
    let access = instance.chance.token();
    let access_ends = token_family::access_token_ends(&scopes, session.ends, now);
    // None for a client that could not use it.
    let may_refresh = token_family::is_refreshable(&scopes) && clients::covers(client, REFRESH_TOKEN);
    let refresh = may_refresh.then(|| instance.chance.token());
    let tokens = NewTokens {
        family_id: family.id,
        native: family.native,
        client_id: client.id.clone(),
        session_id: session.id.clone(),
        scopes,
        access: access.digest(),
        access_ends,
        refresh: refresh.as_ref().map(crate::secret::Token::digest),
    };
    let seconds = access_ends.duration_since(now).as_secs();
    (Issued { access, seconds, refresh }, tokens)
}
