//! Passwords: Argon2id, the same work for names that nobody has, one check at a time so that a flood of
//! sign-ins cannot take the machine's memory.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use argon2::{
    Argon2,
    password_hash::{Error, PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};

use crate::{chance::Chance, secret::Token};

/// The users' password hashes.
pub struct PasswordBook {
    hashes: HashMap<String, String>,
    nobodys: String,
    one_at_a_time: Mutex<()>,
}

impl fmt::Debug for PasswordBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordBook({} users)", self.hashes.len())
    }
}

impl PasswordBook {
    /// Takes hashes in PHC form by user name.
    ///
    /// # Errors
    /// The hashing library's error, if the stand-in hash cannot be made.
    pub fn new(hashes: HashMap<String, String>, chance: &Chance) -> Result<Self, Error> {
        let nobodys = hash(&chance.password(), chance)?;
        Ok(Self { hashes, nobodys, one_at_a_time: Mutex::new(()) })
    }

    /// Whether this is the user's password. Takes as long for `None`, a person who is not there.
    pub fn verify(&self, username: Option<&str>, password: &str) -> bool {
        let known = username.and_then(|name| self.hashes.get(name));
        let Ok(parsed) = PasswordHash::new(known.unwrap_or(&self.nobodys)) else { return false };
        let _turn = self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
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
        let book = PasswordBook::new(HashMap::from([("sam".to_owned(), hash)]), &chance).unwrap();
        assert!(book.verify(Some("sam"), password.expose()));
        assert!(!book.verify(Some("sam"), "wrong"));
        assert!(!book.verify(Some("kim"), password.expose()));
        assert!(!book.verify(None, password.expose()));
    }
}
