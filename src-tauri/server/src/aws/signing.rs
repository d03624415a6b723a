//! The web identity tokens that AWS's STS takes, and the keys that they are signed with. The keys lie sealed in the
//! store, so that all that serve an instance sign alike.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{Jwk, JwkSet, PublicKeyUse},
};
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};

use super::role::{AUDIENCE, subject_prefix};
use crate::{
    chance::Chance,
    mfa::sealing::Purpose,
    organisation::{Account, PermissionSet, Tags, User},
    secret::InstanceKey,
    store::{AwsSigningKey, Store, StoreError},
};

/// How long one key signs.
const SIGNS: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How long a new key is published before it signs, and an old one after: AWS keeps what it read for a while.
const PUBLISHED: SignedDuration = SignedDuration::from_hours(24);
/// A token is used at once; AWS's clock may be another.
const LIFE: Duration = Duration::from_secs(5 * 60);
const EARLIER: i64 = 60;
/// Session tags that a token brings (IAM User Guide, session tags with web identity federation).
const TAGS_CLAIM: &str = "https://aws.amazon.com/tags";

/// Keys could not be made or used.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The database.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A library refused.
    #[error("could not {0} the key that web identity tokens are signed with")]
    Key(&'static str),
}

/// The keys of an instance.
#[derive(Debug, Clone, Copy)]
pub struct Keyring<'a> {
    /// Where they lie.
    pub store: &'a Store,
    /// Where names and nonces are drawn.
    pub chance: &'a Chance,
    /// What they are sealed under.
    pub key: &'a InstanceKey,
}

/// Which of keys, oldest first, signs, and whether it is time for a new one.
fn choose(made: &[Timestamp], now: Timestamp) -> (Option<usize>, bool) {
    let age = |at: &Timestamp| now.duration_since(*at);
    let signs =
        made.iter().rposition(|at| age(at) >= PUBLISHED).or(if made.is_empty() { None } else { Some(0) });
    (signs, made.last().is_none_or(|newest| age(newest) >= SIGNS))
}

impl Keyring<'_> {
    fn purpose(kid: &str) -> Purpose<'_> {
        Purpose { name: "web identity signing key", owner: kid }
    }

    /// The keys that are published, oldest first; makes one when it is time.
    fn all(self, now: Timestamp) -> Result<Vec<AwsSigningKey>, SigningError> {
        let mut keys = self.store.aws_signing_keys()?;
        let made = |keys: &[AwsSigningKey]| keys.iter().map(|key| key.created).collect::<Vec<_>>();
        if choose(&made(&keys), now).1 {
            let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)
                .map_err(|_| SigningError::Key("make"))?;
            let kid = self.chance.hex(16);
            let pem = zeroize::Zeroizing::new(pair.serialize_pem());
            let sealed = Self::purpose(&kid)
                .seal(self.key, self.chance, pem.as_bytes())
                .ok_or(SigningError::Key("seal"))?;
            self.store.add_aws_signing_key(&AwsSigningKey { kid, sealed, created: now })?;
            keys = self.store.aws_signing_keys()?;
        }
        let (signs, _) = choose(&made(&keys), now);
        // Long after its successor began to sign, an old one is in no token.
        if let Some(signs) = signs
            && signs > 0
            && now.duration_since(keys[signs].created) >= PUBLISHED * 2
        {
            self.store.forget_aws_signing_keys(keys[signs].created)?;
            keys.drain(..signs);
        }
        Ok(keys)
    }

    fn opened(self, key: &AwsSigningKey) -> Result<EncodingKey, SigningError> {
        let pem = Self::purpose(&key.kid).open(self.key, &key.sealed).ok_or(SigningError::Key("open"))?;
        EncodingKey::from_rsa_pem(&pem).map_err(|_| SigningError::Key("read"))
    }

    /// What AWS checks tokens with (RFC 7517).
    ///
    /// # Errors
    /// [`SigningError`] if there is no key.
    pub fn jwks(self, now: Timestamp) -> Result<JwkSet, SigningError> {
        let keys = self.all(now)?.into_iter().map(|key| {
            let mut jwk = Jwk::from_encoding_key(&self.opened(&key)?, Algorithm::RS256)
                .map_err(|_| SigningError::Key("publish"))?;
            jwk.common.key_id = Some(key.kid);
            jwk.common.public_key_use = Some(PublicKeyUse::Signature);
            Ok(jwk)
        });
        Ok(JwkSet { keys: keys.collect::<Result<_, SigningError>>()? })
    }

    /// A token for one session of one role.
    ///
    /// # Errors
    /// [`SigningError`] if it cannot be signed.
    pub fn token(self, claims: &Value, now: Timestamp) -> Result<String, SigningError> {
        let keys = self.all(now)?;
        let made: Vec<_> = keys.iter().map(|key| key.created).collect();
        let signs = choose(&made, now).0.ok_or(SigningError::Key("find"))?;
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(keys[signs].kid.clone());
        let key = self.opened(&keys[signs])?;
        jsonwebtoken::encode(&header, claims, &key).map_err(|_| SigningError::Key("use"))
    }
}

/// What a token says (IAM User Guide, available keys for AWS OIDC federation and session tags).
pub fn claims(
    issuer: &str,
    token_id: &str,
    (user, account, set): (&User, &Account, &PermissionSet),
    tags: &Tags,
    now: Timestamp,
) -> Value {
    let now = now.as_second();
    let mut claims = json!({
        "iss": issuer,
        "sub": format!("{}{}", subject_prefix(&account.id, &set.arn), user.id),
        "aud": AUDIENCE,
        "jti": token_id,
        "iat": now,
        "nbf": now - EARLIER,
        "exp": now + i64::try_from(LIFE.as_secs()).unwrap_or_default(),
    });
    if !tags.is_empty() {
        let tags: serde_json::Map<String, Value> =
            tags.iter().map(|(key, value)| (key.clone(), json!([value]))).collect();
        claims[TAGS_CLAIM] = json!({ "principal_tags": tags, "transitive_tag_keys": [] });
    }
    claims
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use jsonwebtoken::{DecodingKey, Validation};

    use super::*;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + days * 86_400).unwrap()
    }

    #[test]
    fn a_new_key_is_published_a_day_before_it_signs() {
        assert_eq!(choose(&[], at(0)), (None, true));
        assert_eq!(choose(&[at(0)], at(0)), (Some(0), false), "the first has nothing to wait for");
        assert_eq!(choose(&[at(0)], at(89)), (Some(0), false));
        assert_eq!(choose(&[at(0)], at(90)), (Some(0), true));
        assert_eq!(choose(&[at(0), at(90)], at(90)), (Some(0), false));
        assert_eq!(choose(&[at(0), at(90)], at(91)), (Some(1), false));
    }

    #[test]
    fn tokens_verify_with_what_is_published_and_keys_change() {
        let (store, chance, key) = (Store::in_memory(), Chance::from_system(), InstanceKey::new([7; 32]));
        let ring = Keyring { store: &store, chance: &chance, key: &key };
        let verified_by = |token: &str, now: Timestamp| -> Vec<String> {
            let mut rules = Validation::new(Algorithm::RS256);
            rules.set_audience(&[AUDIENCE]);
            rules.validate_exp = false;
            let good = |jwk: &Jwk| {
                let key = DecodingKey::from_jwk(jwk).unwrap();
                jsonwebtoken::decode::<Value>(token, &key, &rules).is_ok()
            };
            let keys = ring.jwks(now).unwrap().keys;
            keys.iter().filter(|jwk| good(jwk)).map(|jwk| jwk.common.key_id.clone().unwrap()).collect()
        };
        let claims = json!({ "aud": AUDIENCE, "exp": 0 });
        let first = ring.token(&claims, at(0)).unwrap();
        assert_eq!(verified_by(&first, at(0)).len(), 1);
        assert_eq!(ring.jwks(at(90)).unwrap().keys.len(), 2, "the next one is published");
        assert_eq!(verified_by(&ring.token(&claims, at(90)).unwrap(), at(90)), verified_by(&first, at(90)));
        let second = ring.token(&claims, at(91)).unwrap();
        assert_ne!(verified_by(&second, at(91)), verified_by(&first, at(91)));
        assert_eq!(ring.jwks(at(93)).unwrap().keys.len(), 1, "the old one is forgotten");
        assert!(verified_by(&first, at(93)).is_empty());
        let sealed = &store.aws_signing_keys().unwrap()[0].sealed;
        assert!(!sealed.windows(7).any(|part| part == b"PRIVATE"));
    }
}
