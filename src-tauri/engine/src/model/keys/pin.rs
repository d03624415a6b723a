//! The PIN on its way from the person to the key.

use super::KeyFault;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// CTAP 2.1, 6.5.1: a PIN is at most 63 bytes of UTF-8.
pub const MOST_PIN_BYTES: usize = 63;

/// A key's PIN. Cannot be printed or serialised, and its memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct Pin(SecretString);

impl Pin {
    /// From the bytes that were typed; `None` where they are no UTF-8.
    #[must_use]
    pub fn new(bytes: &Zeroizing<Vec<u8>>) -> Option<Self> {
        std::str::from_utf8(bytes).ok().map(|text| Self(SecretString::from(text)))
    }

    /// The PIN itself, for the key alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether a key whose shortest PIN has so many characters may take it.
    ///
    /// # Errors
    /// Too short, or too long.
    pub fn fits(&self, least: u8) -> Result<(), KeyFault> {
        if self.expose().chars().count() < usize::from(least) {
            return Err(KeyFault::PinTooShort { least });
        }
        if self.expose().len() > MOST_PIN_BYTES { Err(KeyFault::PinTooLong) } else { Ok(()) }
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin([REDACTED])")
    }
}

impl PartialEq for Pin {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Pin {}

/// What the person typed: the PIN there is, the new one, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pins {
    /// The one the key has.
    pub old: Option<Pin>,
    /// The one it is to have.
    pub new: Option<Pin>,
}

impl Pins {
    /// From the prompt's bytes: for the PIN there is, then for the new one, a byte that tells the length, and
    /// so many bytes of UTF-8; 0 for none. `None` where it is not that.
    #[must_use]
    pub fn read(bytes: &Zeroizing<Vec<u8>>) -> Option<Self> {
        let (old, rest) = one(bytes)?;
        let (new, rest) = one(rest)?;
        rest.is_empty().then_some(Self { old, new })
    }
}

fn one(bytes: &[u8]) -> Option<(Option<Pin>, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::from(*length))?;
    if text.is_empty() {
        return Some((None, rest));
    }
    Some((Some(Pin::new(&Zeroizing::new(text.to_vec()))?), rest))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn pin(text: &str) -> Pin {
        Pin::new(&Zeroizing::new(text.as_bytes().to_vec())).unwrap()
    }

    #[test]
    fn a_pin_is_measured_in_characters_below_and_in_bytes_above() {
        assert_eq!(pin("123").fits(4), Err(KeyFault::PinTooShort { least: 4 }));
        assert_eq!(pin("1234").fits(4), Ok(()));
        // Four characters of four bytes each.
        assert_eq!(pin("🔑🔑🔑🔑").fits(4), Ok(()));
        assert_eq!(pin(&"a".repeat(63)).fits(4), Ok(()));
        assert_eq!(pin(&"a".repeat(64)).fits(4), Err(KeyFault::PinTooLong));
        assert_eq!(pin(&"é".repeat(32)).fits(4), Err(KeyFault::PinTooLong));
    }

    #[test]
    fn a_pin_is_never_printed() {
        let pins = Pins { old: Some(pin("1234")), new: Some(pin("567890")) };
        let printed = format!("{pins:?} {pins:#?}");
        assert!(!printed.contains("1234") && !printed.contains("5678"), "{printed}");
    }

    #[test]
    fn what_the_prompt_sends_is_read_whole_or_not_at_all() {
        let read = |bytes: &[u8]| Pins::read(&Zeroizing::new(bytes.to_vec()));
        assert_eq!(read(b"\x041234\x00"), Some(Pins { old: Some(pin("1234")), new: None }));
        assert_eq!(read(b"\x041234\x03567"), Some(Pins { old: Some(pin("1234")), new: Some(pin("567")) }));
        for bad in [&b""[..], b"\x04123", b"\x041234", b"\x00\x00x", b"\x02\xff\xfe\x00"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
