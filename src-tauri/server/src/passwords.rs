//! Passwords: Argon2id, the same work for names that nobody has, as many checks at a time as there are processors
//! and no more than four, so that a flood of sign-ins cannot take the machine's memory, and a line before it
//! so that it cannot take the server's threads either.

pub mod line;

use std::{fmt, sync::Arc, thread};

use argon2::{
    Argon2,
    password_hash::{Error, PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};

use crate::{chance::Chance, limits::Network, secret::Token};
use line::{Line, Turn};

/// How many passwords are checked at a time at most: each takes 19 MiB meanwhile.
const AT_A_TIME: usize = 4;

/// Checks passwords against their hashes.
pub struct PasswordBook {
    nobodys: String,
    line: Arc<Line>,
}

/// How many passwords are checked at a time.
pub fn at_a_time() -> usize {
    thread::available_parallelism().map_or(1, |processors| processors.get().min(AT_A_TIME))
}

impl fmt::Debug for PasswordBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordBook(..)")
    }
}

impl PasswordBook {
    /// A book that nobody waits at yet.
    ///
    /// # Errors
    /// The hashing library's error, if the stand-in hash cannot be made.
    pub fn new(chance: &Chance) -> Result<Self, Error> {
        let nobodys = hash(&chance.password(), chance)?;
        Ok(Self { nobodys, line: Line::new(at_a_time()) })
    }

    /// Waits for the turn of whoever sent the request that is being answered; `None` if the line is full.
    pub async fn turn(&self) -> Option<Turn> {
        self.line.turn(Network::current()).await
    }

    /// Whether this is the password with this hash in PHC form. Takes as long for `None`, a person who is not there
    /// or has none. Whoever asks on behalf of a stranger holds a [`Turn`].
    pub fn verify(&self, known: Option<&str>, password: &str) -> bool {
        let Ok(parsed) = PasswordHash::new(known.unwrap_or(&self.nobodys)) else { return false };
        let matches = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
        matches && known.is_some()
    }
}

/// Hashes a password with Argon2id and the library's parameters (19 MiB, two passes: OWASP's first choice).
///
/// # Errors
/// The hashing library's error.
pub fn hash(password: &Token, chance: &Chance) -> Result<String, Error> {
    let salt = SaltString::encode_b64(&chance.key()[..16])?;
    Ok(Argon2::default().hash_password(password.expose().as_bytes(), &salt)?.to_string())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_of_the_right_user() {
        let chance = Chance::from_system();
        let password = chance.password();
        let hash = hash(&password, &chance).unwrap();
        assert!(hash.starts_with("$argon2id$"));
        let book = PasswordBook::new(&chance).unwrap();
        assert!(book.verify(Some(&hash), password.expose()));
        assert!(!book.verify(Some(&hash), "wrong"));
        assert!(!book.verify(Some("plain"), "plain"));
        assert!(!book.verify(None, password.expose()));
    }
}
