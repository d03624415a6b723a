//! The PIN of a key: its rules, and a holder that forgets it.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, Zeroizing};

/// The most bytes of UTF-8 a PIN may have (CTAP 2.1, 6.5.1).
pub const LONGEST_PIN: usize = 63;

/// A PIN on its way to a key: in Unicode's normal form C, never shown, zeroed when dropped.
pub struct Pin(Zeroizing<String>);

/// Which rule a PIN breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinRule {
    /// Fewer characters (Unicode code points) than the key demands.
    #[error("it has fewer than {0} characters")]
    TooShort(usize),
    /// More than [`LONGEST_PIN`] bytes.
    #[error("it has more than {LONGEST_PIN} bytes")]
    TooLong,
    /// A null character, which ends a PIN on the wire.
    #[error("it holds a null character")]
    Null,
    /// Bytes that are no UTF-8.
    #[error("it is no text")]
    NotText,
    /// The new PIN is the old one, on a key that demands another.
    #[error("it is the PIN that was to be changed")]
    Unchanged,
    /// A rule of the key's own, which it does not tell.
    #[error("the key has a rule against it")]
    OfTheKey,
}

impl Pin {
    /// Takes a PIN as a window sends it: UTF-8 bytes, which are zeroed here.
    ///
    /// # Errors
    /// [`PinRule::NotText`], [`PinRule::Null`] or [`PinRule::TooLong`]. What a key demands on top is checked
    /// by [`Self::check`].
    pub fn new(mut bytes: Vec<u8>) -> Result<Self, PinRule> {
        let pin = std::str::from_utf8(&bytes).map(Self::normalised).map_err(|_| PinRule::NotText);
        bytes.zeroize();
        let pin = pin?;
        if pin.contains('\0') {
            return Err(PinRule::Null);
        }
        if pin.len() > LONGEST_PIN {
            return Err(PinRule::TooLong);
        }
        Ok(Self(pin))
    }

    fn normalised(text: &str) -> Zeroizing<String> {
        // Normal form C of n bytes has at most 3n: room from the start, so that growing leaves no copy behind.
        let mut pin = Zeroizing::new(String::with_capacity(3 * text.len()));
        pin.extend(text.nfc());
        pin
    }

    /// Holds the PIN against a key's minimum length in characters ([`crate::Info::min_pin_length`]).
    ///
    /// # Errors
    /// [`PinRule::TooShort`].
    pub fn check(&self, least: usize) -> Result<(), PinRule> {
        if self.0.chars().count() < least { Err(PinRule::TooShort(least)) } else { Ok(()) }
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], least: usize, expect: Result<(), PinRule>) {
        assert_eq!(Pin::new(bytes.to_vec()).and_then(|pin| pin.check(least)), expect, "{bytes:?}");
    }

    #[test]
    fn characters_count_for_the_shortest_and_bytes_for_the_longest() {
        check(b"1234", 4, Ok(()));
        check(b"123", 4, Err(PinRule::TooShort(4)));
        check("🔑🔑🔑🔑".as_bytes(), 4, Ok(()));
        check("🔑".repeat(15).as_bytes(), 4, Ok(()));
        check("🔑".repeat(16).as_bytes(), 4, Err(PinRule::TooLong));
        check(&[b'1'; 63], 4, Ok(()));
        check(&[b'1'; 64], 4, Err(PinRule::TooLong));
        check(b"12\x0034", 4, Err(PinRule::Null));
        check(b"\xff\xfe\xfd\xfc", 4, Err(PinRule::NotText));
    }

    #[test]
    fn a_letter_and_its_accent_are_one_character() {
        check("e\u{301}".repeat(3).as_bytes(), 4, Err(PinRule::TooShort(4)));
        let (composed, decomposed) = (Pin::new("é".into()), Pin::new("e\u{301}".into()));
        assert_eq!(composed.map(|pin| pin.text().to_owned()), decomposed.map(|pin| pin.text().to_owned()));
    }

    #[test]
    fn it_is_not_shown() {
        assert_eq!(format!("{:?}", Pin::new(b"1234".to_vec())), "Ok(Pin(..))");
    }
}
