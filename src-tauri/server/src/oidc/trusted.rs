//! Tokens of trusted issuers: where their keys are, and whether a token is one of theirs (RFC 7519, RFC 7523 §3,
//! OpenID Connect Discovery 1.0). Signatures are the library's affair; the time is the instance's.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, dangerous, decode, decode_header,
    jwk::{Jwk, PublicKeyUse},
};
use serde_json::Value;
use url::Url;

use crate::{
    domain::loopback::is_loopback,
    fetch::{self, FetchError, Reach},
    instance::{Instance, Shared},
    secret::Digest,
    store::TrustedIssuer,
};

/// What of clocks may differ.
const SKEW: SignedDuration = SignedDuration::from_secs(60);
/// Keys are asked for anew after this.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// And for a key that is not among them, no sooner than this.
const AGAIN: SignedDuration = SignedDuration::from_secs(10);
/// No key that both sides have: who checks could sign.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Why a token is not believed; says nothing of what is in it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Untrusted {
    /// No token, or one without what it needs.
    #[error("The assertion is not a signed JSON Web Token with {0}")]
    Malformed(&'static str),
    /// Not made for this.
    #[error("The assertion is not signed by a key of its issuer, or is for another audience")]
    Refused,
    /// It does not say whose it is.
    #[error("The assertion's issuer has not verified the e-mail address that it is known by")]
    Unverified,
    /// Not any more, or not yet.
    #[error("The assertion is not valid at this time")]
    Moment,
    /// Its keys cannot be had.
    #[error("The keys of the assertion's issuer could not be fetched")]
    Keys,
}

/// Why the keys of an issuer cannot be had, as a sentence without its full stop.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// It was not answered.
    #[error("{address}: {cause}")]
    Fetch {
        /// What was asked.
        address: String,
        /// Why not.
        cause: FetchError,
    },
    /// Something else stands there.
    #[error("{0} does not answer with JSON")]
    NotJson(String),
    /// Its discovery document is another's (OpenID Connect Discovery 1.0 §4.3).
    #[error("the discovery document is of {0:?}; the issuer URL must be the same to the letter")]
    Another(String),
    /// Its discovery document leads to no keys.
    #[error("the discovery document has no jwks_uri")]
    NoWay,
    /// It has none of a kind that is known.
    #[error("there is no key at {0} that a token could be checked with")]
    None(String),
}

/// Keys, and when they were fetched.
type Fetched = (Timestamp, Arc<Vec<Jwk>>);

/// The keys of issuers by address, as they were last.
#[derive(Debug, Default)]
pub struct IssuerKeys(Mutex<HashMap<String, Fetched>>);

/// What a token that is believed says.
#[derive(Debug, PartialEq, Eq)]
pub struct Believed {
    /// Whose it is, in the issuer's words.
    pub who: String,
    /// What tells it from every other of its issuer.
    pub id: String,
    /// When it is not taken any more.
    pub ends: Timestamp,
}

/// What the ARN of each trusted token issuer begins with.
pub fn arn_prefix(instance: &Instance) -> String {
    let account = &instance.settings().management_account;
    format!("arn:aws:sso::{account}:trustedTokenIssuer/{}/", instance.addresses.instance_id())
}

/// Who a token says made it. Nothing of it is believed yet.
///
/// # Errors
/// [`Untrusted::Malformed`].
pub fn issuer_named(token: &str) -> Result<String, Untrusted> {
    let said = dangerous::insecure_decode::<Value>(token).map_err(|_| Untrusted::Malformed("claims"))?;
    let issuer = said.claims["iss"].as_str().ok_or(Untrusted::Malformed("an iss"))?;
    Ok(issuer.to_owned())
}

/// The keys of an issuer among which the token's may be.
///
/// # Errors
/// [`Untrusted::Keys`].
pub async fn keys_of(instance: &Shared, issuer_url: &str, token: &str) -> Result<Arc<Vec<Jwk>>, Untrusted> {
    let header = decode_header(token).map_err(|_| Untrusted::Malformed("a header"))?;
    let now = instance.now();
    let known = {
        let keys = instance.issuer_keys.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.get(issuer_url).cloned()
    };
    if let Some((fetched, keys)) = known {
        let age = now.duration_since(fetched).abs();
        let has_it = header
            .kid
            .as_ref()
            .is_none_or(|kid| keys.iter().any(|key| key.common.key_id.as_ref() == Some(kid)));
        if age < FRESH && (has_it || age < AGAIN) {
            return Ok(keys);
        }
    }
    let keys = fetch_keys(issuer_url).await.map_err(|error| {
        tracing::warn!(%error, issuer = issuer_url, "the keys of a trusted token issuer could not be fetched");
        Untrusted::Keys
    })?;
    let keys = Arc::new(keys);
    let mut all = instance.issuer_keys.0.lock().unwrap_or_else(PoisonError::into_inner);
    all.insert(issuer_url.to_owned(), (now, Arc::clone(&keys)));
    Ok(keys)
}

/// The keys of an issuer as it tells them now, by its discovery document. Those of a kind that the library does not
/// know are left out, so that they do not take the others with them.
///
/// # Errors
/// [`KeysError`]
pub async fn fetch_keys(issuer_url: &str) -> Result<Vec<Jwk>, KeysError> {
    let address = format!("{}/.well-known/openid-configuration", issuer_url.trim_end_matches('/'));
    let first = Url::parse(&address).map_err(|_| refused(&address, FetchError::NotHttps))?;
    // The issuer was found to be of this machine, or to be asked by https, when it was added.
    let reach = if is_loopback(&first) { Reach::Everywhere } else { Reach::Network };
    let configuration = get(&address, reach).await?;
    if configuration["issuer"] != issuer_url {
        let named = configuration["issuer"].as_str().unwrap_or_default();
        return Err(KeysError::Another(named.chars().take(512).collect()));
    }
    let address = configuration["jwks_uri"].as_str().ok_or(KeysError::NoWay)?;
    let next = Url::parse(address).map_err(|_| refused(address, FetchError::NotHttps))?;
    let keys = get(address, reach.onward(&first, &next)).await?;
    let keys = keys["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    let keys: Vec<Jwk> = keys.iter().filter_map(|key| serde_json::from_value(key.clone()).ok()).collect();
    if keys.is_empty() { Err(KeysError::None(address.to_owned())) } else { Ok(keys) }
}

fn refused(address: &str, cause: FetchError) -> KeysError {
    KeysError::Fetch { address: address.to_owned(), cause }
}

async fn get(address: &str, reach: Reach) -> Result<Value, KeysError> {
    let text = fetch::document(address, reach).await.map_err(|cause| refused(address, cause))?;
    serde_json::from_str(&text).map_err(|_| KeysError::NotJson(address.to_owned()))
}

/// Believes a token of this issuer for one of these audiences, or does not.
///
/// # Errors
/// [`Untrusted`].
pub fn verify(
    token: &str,
    keys: &[Jwk],
    issuer: &TrustedIssuer,
    audiences: &[String],
    now: Timestamp,
) -> Result<Believed, Untrusted> {
    let header = decode_header(token).map_err(|_| Untrusted::Malformed("a header"))?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Untrusted::Malformed("an asymmetric algorithm"));
    }
    let mut validation = Validation::new(header.alg);
    // It would ask the system for the time.
    (validation.validate_exp, validation.validate_nbf) = (false, false);
    validation.set_required_spec_claims(&["iss", "aud"]);
    validation.set_issuer(&[&issuer.issuer_url]);
    validation.set_audience(audiences);
    let fits = |key: &&Jwk| {
        let common = &key.common;
        (header.kid.is_none() || common.key_id == header.kid)
            && common.public_key_use.as_ref().is_none_or(|of| *of == PublicKeyUse::Signature)
            && common.key_algorithm.is_none_or(|of| of.to_string() == format!("{:?}", header.alg))
    };
    let claims = keys.iter().filter(fits).find_map(|key| {
        let key = DecodingKey::from_jwk(key).ok()?;
        decode::<Value>(token, &key, &validation).ok().map(|token| token.claims)
    });
    let claims = claims.ok_or(Untrusted::Refused)?;
    let moment = |name: &str| {
        // Seconds, which may have a fraction (RFC 7519 §2).
        let seconds = claims[name].as_i64().or_else(|| claims[name].as_f64().and_then(whole));
        seconds.and_then(|seconds| Timestamp::from_second(seconds).ok())
    };
    let ends = moment("exp").ok_or(Untrusted::Malformed("an exp"))?;
    let ends = ends.checked_add(SKEW).unwrap_or(ends);
    let soon = now.checked_add(SKEW).unwrap_or(now);
    if now >= ends || ["nbf", "iat"].into_iter().filter_map(moment).any(|begins| begins > soon) {
        return Err(Untrusted::Moment);
    }
    // Where people say themselves which address is theirs, it may be somebody else's (OpenID Connect Core §5.7).
    let denies = |claim: &Value| *claim == Value::Bool(false) || *claim == "false";
    if issuer.claim_path == "email" && denies(&claims["email_verified"]) {
        return Err(Untrusted::Unverified);
    }
    let who = issuer.claim_path.split('.').fold(&claims, |value, part| &value[part]);
    let who = who.as_str().filter(|who| !who.is_empty());
    let who = who.ok_or(Untrusted::Malformed("the claim that says whose it is"))?.to_owned();
    // Without an id, what was signed is what it is known by: the signature itself may be written in more than one way.
    let id = match claims["jti"].as_str() {
        Some(id) => format!("jti {}", hex::encode(Digest::of(id).as_bytes())),
        None => {
            let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
            format!("sha256 {}", hex::encode(Digest::of(signed).as_bytes()))
        }
    };
    Ok(Believed { who, id, ends })
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "what is out of range is no moment"
)]
fn whole(seconds: f64) -> Option<i64> {
    (seconds.is_finite() && seconds.abs() < 1e12).then_some(seconds as i64)
}
