//! Values that must not be read by the wrong eyes: tokens as their holder sees them, the digests that the
//! store keeps instead, and the instance's own key.

use std::fmt;

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// An opaque secret as handed to its holder. `Debug` is redacted, there is no `Serialize`: whoever puts it
/// on the wire says so with [`Token::expose`].
#[derive(Clone)]
pub struct Token(SecretString);

impl Token {
    /// Wraps a value drawn or derived by this server.
    pub fn new(value: String) -> Self {
        Self(SecretString::from(value))
    }

    /// The value, for the answer that hands it out.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What the store keeps.
    pub fn digest(&self) -> Digest {
        Digest::of(self.expose())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

/// SHA-256 of a secret. Plain hashing is enough where the secret carries 256 random bits; passwords go
/// through Argon2id instead.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest under which `secret` was stored, if it was.
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// A digest read back from the store; `None` if it has the wrong length.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

/// The instance's key: 32 random bytes made once per data folder. Form tokens and the secret halves of role
/// credentials are HMACs under it, so neither has to be stored.
#[derive(Clone)]
pub struct InstanceKey(Zeroizing<[u8; 32]>);

impl InstanceKey {
    /// Wraps key bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// HMAC-SHA256 over the purpose and the parts. Each piece is preceded by its length, so no two lists of
    /// parts give the same message.
    pub fn derive(&self, purpose: &str, parts: &[&str]) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.mac(purpose, parts).finalize().into_bytes().into())
    }

    /// [`InstanceKey::derive`] as a digest to store, for secrets that can be guessed.
    pub fn digest(&self, purpose: &str, secret: &str) -> Digest {
        Digest(*self.derive(purpose, &[secret]))
    }

    /// Compares in constant time a value from outside with what [`InstanceKey::derive`] gives.
    pub fn verify(&self, purpose: &str, parts: &[&str], claimed: &[u8]) -> bool {
        self.mac(purpose, parts).verify_slice(claimed).is_ok()
    }

    /// What is put through it, once it is put through to the end.
    pub fn sealing(&self, purpose: &str) -> Sealing {
        Sealing(self.mac(purpose, &[]))
    }

    /// The first `n` hex digits of a derived value: stable public ids for things named in the organisation.
    pub fn public_id(&self, kind: &str, parts: &[&str], n: usize) -> String {
        let mut id = hex::encode(self.derive(kind, parts).as_slice());
        id.truncate(n);
        id
    }

    fn mac(&self, purpose: &str, parts: &[&str]) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(self.0.as_slice())
            .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        for part in std::iter::once(&purpose).chain(parts) {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac
    }
}

/// HMAC-SHA256 over more than fits into memory.
pub struct Sealing(Hmac<Sha256>);

impl Sealing {
    /// More of it.
    pub fn put(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The seal in hexadecimal digits.
    pub fn seal(self) -> String {
        hex::encode(self.0.finalize().into_bytes())
    }

    /// Compares in constant time.
    pub fn is(self, seal: &str) -> bool {
        hex::decode(seal).is_ok_and(|seal| self.0.verify_slice(&seal).is_ok())
    }
}

impl fmt::Debug for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InstanceKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let token = Token::new("s3cret".to_owned());
        let shown = format!("{token:?} {:?} {:?}", token.digest(), InstanceKey::new([7; 32]));
        assert_eq!(shown, "Token(redacted) Digest(..) InstanceKey(redacted)");
    }

    #[test]
    fn derived_values_keep_their_parts_apart() {
        let key = InstanceKey::new([7; 32]);
        assert_ne!(*key.derive("p", &["ab", "c"]), *key.derive("p", &["a", "bc"]));
        assert_ne!(*key.derive("p", &["a"]), *key.derive("q", &["a"]));
        assert!(key.verify("p", &["a"], key.derive("p", &["a"]).as_slice()));
        assert!(!key.verify("p", &["b"], key.derive("p", &["a"]).as_slice()));
    }
}
