//! Passwords: Argon2id, the same work for names that nobody has, as many checks at a time as there are processors
//! and no more than four, so that a flood of sign-ins cannot take the machine's memory, and a line before it
//! so that it cannot take the server's threads either.

pub mod line;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use argon2::{
    Argon2, Block, Params,
    password_hash::{Error, Output, PasswordHash, PasswordHasher, PasswordVerifier, Salt, SaltString},
};

use crate::{chance::Chance, limits::Network, secret::Token};
use line::{Line, Turn};

/// How many passwords are checked at a time at most: each takes 19 MiB meanwhile.
const AT_A_TIME: usize = 4;

/// Checks passwords against their hashes.
pub struct PasswordBook {
    nobodys: String,
    line: Arc<Line>,
    /// What passwords are checked in, while others wait to be.
    memory: Mutex<Vec<Vec<Block>>>,
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
        Ok(Self { nobodys, line: Line::new(at_a_time()), memory: Mutex::default() })
    }

    /// Waits for the turn of whoever sent the request that is being answered; `None` if the line is full.
    pub async fn turn(&self) -> Option<Turn> {
        self.line.turn(Network::current()).await
    }

    /// Whether this is the password with this hash in PHC form. Takes as long for `None`, a person who is not there
    /// or has none. Whoever asks on behalf of a stranger holds a [`Turn`].
    pub fn verify(&self, known: Option<&str>, password: &str) -> bool {
        let Ok(parsed) = PasswordHash::new(known.unwrap_or(&self.nobodys)) else { return false };
        self.matches(&parsed, password) && known.is_some()
    }

    fn matches(&self, known: &PasswordHash<'_>, password: &str) -> bool {
        let ours = Argon2::default();
        let (Some(salt), Some(hash)) = (known.salt, known.hash) else { return false };
        let is_ours = known.algorithm == argon2::Algorithm::default().ident()
            && known.version == Some(argon2::Version::default().into())
            && Params::try_from(known).is_ok_and(|params| {
                let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
                costs(&params) == costs(ours.params())
                    && params.keyid().is_empty()
                    && params.data().is_empty()
            });
        if !is_ours {
            return ours.verify_password(password.as_bytes(), known).is_ok();
        }
        let mut salt_bytes = [0; Salt::MAX_LENGTH];
        let Ok(salt) = salt.decode_b64(&mut salt_bytes) else { return false };
        let mut memory = self.lend();
        let computed = Output::init_with(hash.len(), |out| {
            Ok(ours.hash_password_into_with_memory(password.as_bytes(), salt, out, &mut memory)?)
        });
        self.take_back(memory);
        // Compared in constant time.
        computed.is_ok_and(|computed| computed == hash)
    }

    /// To have the system map these 19 MiB anew for each takes a good part of the time that a check takes.
    fn lend(&self) -> Vec<Block> {
        let kept = self.memory.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| vec![Block::default(); Argon2::default().params().block_count()])
    }

    fn take_back(&self, memory: Vec<Block>) {
        let waits = self.line.is_waited_in();
        let mut kept = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if !waits {
            // Nothing of anybody's password lies about.
            kept.clear();
        } else if kept.len() < at_a_time() {
            kept.push(memory);
        }
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

    /// A hash of other parameters counts as well, and the same memory serves one after the other.
    #[tokio::test]
    async fn hashes_of_any_parameters_and_in_any_memory() {
        let chance = Chance::from_system();
        let (one, other) = (chance.password(), chance.password());
        let book = PasswordBook::new(&chance).unwrap();
        let params = Params::new(16, 3, 2, Some(24)).unwrap();
        let small = Argon2::new(argon2::Algorithm::Argon2i, argon2::Version::V0x13, params);
        let salt = SaltString::encode_b64(&[7; 16]).unwrap();
        let small = small.hash_password(one.expose().as_bytes(), &salt).unwrap().to_string();
        assert!(book.verify(Some(&small), one.expose()) && !book.verify(Some(&small), other.expose()));
        let hashes = [&one, &other].map(|password| hash(password, &chance).unwrap());
        let kept = || book.memory.lock().unwrap().len();
        // As many are in line as are checked at a time, and one more.
        let mut turns: Vec<_> = Vec::new();
        for _ in 0..at_a_time() {
            turns.push(book.turn().await.unwrap());
        }
        let mut place = Box::pin(book.turn());
        std::future::poll_fn(|context| {
            assert!(place.as_mut().poll(context).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        for _ in 0..2 {
            assert!(
                book.verify(Some(&hashes[0]), one.expose()) && book.verify(Some(&hashes[1]), other.expose())
            );
            assert!(
                !book.verify(Some(&hashes[1]), one.expose())
                    && !book.verify(Some(&hashes[0]), other.expose())
            );
            assert_eq!(kept(), 1);
        }
        drop(place);
        assert!(book.verify(Some(&hashes[0]), one.expose()));
        assert_eq!(kept(), 0, "nobody waits");
    }
}
