//! Seals what must not be read or changed where it lies: the secrets of authenticator apps in the store, and
//! what travels through a page's form and back. The key belongs to one purpose and one owner, so that a value
//! cannot be passed off as another's.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305, XNonce, aead::Aead};
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::{chance::Chance, secret::InstanceKey};

const NONCE: usize = 24;

/// What a sealed value is for, and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Purpose<'a> {
    /// What for.
    pub name: &'a str,
    /// Whose: a user, a session.
    pub owner: &'a str,
}

impl Purpose<'_> {
    fn cipher(&self, key: &InstanceKey) -> XChaCha20Poly1305 {
        let key = key.derive("sealing", &[self.name, self.owner]);
        XChaCha20Poly1305::new(Key::from_slice(key.as_slice()))
    }

    /// Seals; `None` only if the library refuses, which it does for lengths that do not occur.
    pub fn seal(&self, key: &InstanceKey, chance: &Chance, plain: &[u8]) -> Option<Vec<u8>> {
        let nonce = &chance.key()[..NONCE];
        let sealed = self.cipher(key).encrypt(XNonce::from_slice(nonce), plain).ok()?;
        Some([nonce, &sealed].concat())
    }

    /// Opens what [`Self::seal`] made for the same purpose and owner.
    pub fn open(&self, key: &InstanceKey, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        self.cipher(key).decrypt(XNonce::from_slice(nonce), sealed).ok().map(Zeroizing::new)
    }

    /// Seals for a form, until a moment.
    pub fn seal_until(
        &self,
        key: &InstanceKey,
        chance: &Chance,
        plain: &[u8],
        ends: Timestamp,
    ) -> Option<String> {
        let plain = Zeroizing::new([&ends.as_millisecond().to_be_bytes(), plain].concat());
        self.seal(key, chance, &plain).map(|sealed| BASE64_URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Opens what came back in a form, unless its time is over; gives the moment as well.
    pub fn open_live(
        &self,
        key: &InstanceKey,
        sealed: &str,
        now: Timestamp,
    ) -> Option<(Zeroizing<Vec<u8>>, Timestamp)> {
        let plain = self.open(key, &BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?)?;
        let (ends, rest) = plain.split_first_chunk()?;
        let ends = Timestamp::from_millisecond(i64::from_be_bytes(*ends)).ok()?;
        (now < ends).then(|| (Zeroizing::new(rest.to_vec()), ends))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn opens_for_the_same_purpose_and_owner_only() {
        let (key, chance) = (InstanceKey::new([7; 32]), Chance::from_system());
        let purpose = Purpose { name: "app", owner: "sam" };
        let sealed = purpose.seal(&key, &chance, b"secret").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(purpose.open(&key, &sealed).unwrap().as_slice(), b"secret");
        for other in [Purpose { name: "app", owner: "kim" }, Purpose { name: "form", owner: "sam" }] {
            assert!(other.open(&key, &sealed).is_none());
        }
        assert!(purpose.open(&InstanceKey::new([8; 32]), &sealed).is_none());
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(purpose.open(&key, &changed).is_none());
        assert!(purpose.open(&key, &sealed[..10]).is_none());
        assert_ne!(purpose.seal(&key, &chance, b"secret").unwrap(), sealed, "a new nonce each time");
    }

    #[test]
    fn what_a_form_brings_back_too_late_stays_closed() {
        let (key, chance) = (InstanceKey::new([7; 32]), Chance::from_system());
        let at = |seconds: i64| Timestamp::from_second(1_800_000_000 + seconds).unwrap();
        let purpose = Purpose { name: "form", owner: "sam" };
        let sealed = purpose.seal_until(&key, &chance, b"state", at(600)).unwrap();
        assert_eq!(purpose.open_live(&key, &sealed, at(599)).unwrap().0.as_slice(), b"state");
        assert!(purpose.open_live(&key, &sealed, at(600)).is_none());
        assert!(purpose.open_live(&key, "no base64 \u{e9}", at(0)).is_none());
    }
}
