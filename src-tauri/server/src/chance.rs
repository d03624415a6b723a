//! Randomness as a part of the instance: one seeded generator, and the shapes of what is drawn from it.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};

use crate::secret::Token;

/// Letters of user codes: no vowels (no words come up) and none that read alike.
const USER_CODE_LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Characters of generated passwords: lower case, none that read alike.
const PASSWORD_LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// AWS access key ids are base32; in the order in which a database has the letters.
const KEY_ID_LETTERS: &[u8; 32] = b"234567ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A cryptographically secure generator, seeded from the operating system.
pub struct Chance(Mutex<StdRng>);

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chance(..)")
    }
}

impl Chance {
    /// Seeds from the operating system.
    pub fn from_system() -> Self {
        Self(Mutex::new(StdRng::from_os_rng()))
    }

    /// 32 bytes for a key.
    pub fn key(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.with(|rng| rng.fill_bytes(&mut bytes));
        bytes
    }

    /// An opaque bearer value with 256 bits of randomness: a mark by which scanners for leaked secrets know
    /// it, then base64url, which alone could begin with the dash of an option of `aws sso --access-token`.
    pub fn token(&self) -> Token {
        Token::new(format!("lk_{}", BASE64_URL_SAFE_NO_PAD.encode(self.key())))
    }

    /// A version 4 UUID.
    pub fn uuid(&self) -> String {
        let mut bytes = [0; 16];
        self.with(|rng| rng.fill_bytes(&mut bytes));
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// The id of an event, a version 7 UUID: it begins with the event's moment, by which it is looked up.
    pub fn event_id(&self, now: Timestamp) -> String {
        let mut bytes = [0; 10];
        self.with(|rng| rng.fill_bytes(&mut bytes));
        let moment = u64::try_from(now.as_millisecond()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(moment, &bytes).into_uuid().to_string()
    }

    /// `n` lower-case hex digits, as in `ssoins-…` and `d-…`.
    pub fn hex(&self, n: usize) -> String {
        self.letters(b"0123456789abcdef", n)
    }

    /// A device flow user code, `XXXX-XXXX`.
    pub fn user_code(&self) -> String {
        format!("{}-{}", self.letters(USER_CODE_LETTERS, 4), self.letters(USER_CODE_LETTERS, 4))
    }

    /// A temporary access key id, `ASIA` and 16 characters. The first half counts the time in 16 milliseconds, so that
    /// the database appends those that are issued instead of strewing them; the other 40 bits are drawn. It is no
    /// secret: with the session token it is found, with the secret access key it signs.
    pub fn access_key_id(&self, now: Timestamp) -> String {
        let time = now.as_millisecond() >> 4;
        let five = |place: i64| usize::try_from((time >> (place * 5)) & 31).unwrap_or_default();
        let letter = |place| char::from(KEY_ID_LETTERS[five(place)]);
        let time: String = (0..8).rev().map(letter).collect();
        format!("ASIA{time}{}", self.letters(KEY_ID_LETTERS, 8))
    }

    /// A lasting access key id, `AKIA` and 16 characters.
    pub fn administrator_key_id(&self) -> String {
        format!("AKIA{}", self.letters(KEY_ID_LETTERS, 16))
    }

    /// A password of four groups of five characters (99 bits).
    pub fn password(&self) -> Token {
        let groups: Vec<String> = (0..4).map(|_| self.letters(PASSWORD_LETTERS, 5)).collect();
        Token::new(groups.join("-"))
    }

    fn letters(&self, alphabet: &[u8], n: usize) -> String {
        self.with(|rng| (0..n).map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())])).collect())
    }

    fn with<T>(&self, f: impl FnOnce(&mut StdRng) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_what_the_protocol_asks_for() {
        let chance = Chance::from_system();
        let code = chance.user_code();
        assert_eq!(code.len(), 9);
        assert_eq!(code.as_bytes()[4], b'-');
        let at = |ms: i64| Timestamp::from_millisecond(ms).expect("in range");
        let now = 1_800_000_000_000;
        let key = chance.access_key_id(at(now));
        assert_eq!(key.len(), 20);
        assert!(key.starts_with("ASIA"));
        assert!(key < chance.access_key_id(at(now + 16)), "in the order in which they were issued");
        assert!(key[..12] < *chance.access_key_id(at(now + 40 * 365 * 86_400_000)));
        let event = chance.event_id(at(now));
        assert_eq!((event.as_bytes()[14], &event[..13]), (b'7', "01a3185c-5000"));
        assert_eq!(chance.token().expose().len(), 46);
        assert!(chance.token().expose().starts_with("lk_"), "no option of a command line");
        assert_ne!(chance.token().expose(), chance.token().expose());
        assert_eq!(chance.uuid().as_bytes()[14], b'4');
    }
}
