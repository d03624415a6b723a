//! Sealing: XChaCha20-Poly1305 with a random nonce, of a library; what a row is for is associated data,
//! so that a row moved to another place in the store does not open there.

use chacha20poly1305::{
    Key as CipherKey, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use engine::model::code::Code;
use rand::{TryRngCore, rngs::OsRng};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const KEY: usize = 32;
const NONCE: usize = 24;
/// The first byte of a sealed row.
const VERSION: u8 = 1;

/// A sealing key; gone from memory when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Key([u8; KEY]);

/// What a row is for.
pub(super) struct Label<'a> {
    pub(super) org: &'a str,
    pub(super) user: &'a str,
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
}

impl Key {
    /// A new key of the operating system's randomness.
    pub(super) fn random() -> Self {
        Self(random())
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Version, nonce and ciphertext.
    pub(super) fn seal(&self, label: &Label<'_>, plain: &[u8]) -> Result<Vec<u8>, Code> {
        let nonce: [u8; NONCE] = random();
        let ciphertext = self
            .cipher()
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: &label.bytes() })
            .map_err(|_| Code::Internal { what: "a secret could not be sealed".to_owned() })?;
        let mut sealed = Vec::with_capacity(1 + NONCE + ciphertext.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// What was sealed, or `None` when key, label or bytes are not what they were.
    pub(super) fn unseal(&self, label: &Label<'_>, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (&version, rest) = sealed.split_first()?;
        let (nonce, ciphertext) = rest.split_at_checked(NONCE)?;
        if version != VERSION {
            return None;
        }
        let payload = Payload { msg: ciphertext, aad: &label.bytes() };
        self.cipher().decrypt(XNonce::from_slice(nonce), payload).ok().map(Zeroizing::new)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(CipherKey::from_slice(&self.0))
    }
}

impl Label<'_> {
    /// Each part with its length, so that no two labels have the same bytes.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"latchkey sealed row 1".to_vec();
        for part in [self.org, self.user, self.kind, self.name] {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

#[expect(clippy::expect_used, reason = "without the system's randomness nothing may be sealed")]
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.try_fill_bytes(&mut bytes).expect("the operating system has no randomness");
    bytes
}
