//! A device authorization: pending until a person approves or rejects it in the browser, then exchanged
//! once for tokens (RFC 8628, SSO-OIDC API, CreateToken).

use jiff::{SignedDuration, Timestamp};

use crate::secret::{Digest, InstanceKey};

/// How long a device code lives (AWS SDKs reference, SSO credentials).
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// The polling interval told to clients; the real service says 1 s (SSO-OIDC API, StartDeviceAuthorization).
pub const INTERVAL: SignedDuration = SignedDuration::from_secs(1);
/// How far polls may run ahead of the interval: the AWS CLI polls once before it prints its prompt and again
/// at once after it, which must not cost it five seconds a poll (captures in aws-cli issues 5878 and 5971).
const BURST: SignedDuration = SignedDuration::from_secs(2);

/// What stays the same through all states.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Digest of the device code.
    pub code: Digest,
    /// Digest of the user code `XXXX-XXXX` under the instance's key, see [`user_code_digest`].
    pub user_code: Digest,
    /// The registered client that asked.
    pub client_id: String,
    /// Scopes of the registration.
    pub scopes: Vec<String>,
    /// When the code stops working.
    pub ends: Timestamp,
}

/// A device authorization in one of its states.
#[derive(Debug, Clone, PartialEq)]
pub enum DeviceGrant {
    /// Nobody has decided yet.
    Pending(Pending),
    /// A signed-in person allowed it; tokens have not been fetched.
    Approved(Approved),
    /// A signed-in person refused it.
    Rejected(Facts),
    /// Tokens were fetched; the code is spent.
    Exchanged(Facts),
}

/// Nobody has decided yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending(pub Facts);

/// A signed-in person allowed it.
#[derive(Debug, Clone, PartialEq)]
pub struct Approved {
    /// What was allowed.
    pub facts: Facts,
    /// The sign-in session of the person who allowed it.
    pub session_id: String,
}

/// The code's ten minutes are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the device code has expired")]
pub struct Expired;

/// What is kept of a user code. A code has too few letters for a plain digest to hide it, so it is one under
/// the instance's key, which does not stand in the database.
pub fn user_code_digest(key: &InstanceKey, user_code: &str) -> Digest {
    key.digest("user code", user_code)
}

impl Facts {
    fn still_good(self, at: Timestamp) -> Result<Self, Expired> {
        if at < self.ends { Ok(self) } else { Err(Expired) }
    }
}

impl Pending {
    /// Allows the client to fetch tokens of this session.
    ///
    /// # Errors
    /// [`Expired`] once the code is over.
    pub fn approve(self, session_id: &str, at: Timestamp) -> Result<Approved, Expired> {
        Ok(Approved { facts: self.0.still_good(at)?, session_id: session_id.to_owned() })
    }

    /// Refuses the client.
    ///
    /// # Errors
    /// [`Expired`] once the code is over.
    pub fn reject(self, at: Timestamp) -> Result<Facts, Expired> {
        self.0.still_good(at)
    }
}

impl Approved {
    /// Spends the code.
    ///
    /// # Errors
    /// [`Expired`] once the code is over.
    pub fn exchange(self, at: Timestamp) -> Result<(Facts, String), Expired> {
        Ok((self.facts.still_good(at)?, self.session_id))
    }
}

/// Paces polls: `due` is the moment up to which earlier polls have used the interval up. Gives the new `due`,
/// or `None` when the client must slow down.
pub fn pace(due: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let from = due.max(now);
    if from.duration_since(now) >= BURST {
        return None;
    }
    from.checked_add(INTERVAL).ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + seconds).unwrap()
    }

    fn pending() -> Pending {
        Pending(Facts {
            code: Digest::of("code"),
            user_code: Digest::of("BCDF-GHJK"),
            client_id: "client".into(),
            scopes: vec![],
            ends: at(600),
        })
    }

    #[test]
    fn approved_then_exchanged() {
        let (facts, session) = pending().approve("s1", at(10)).unwrap().exchange(at(11)).unwrap();
        assert_eq!((facts.client_id.as_str(), session.as_str()), ("client", "s1"));
    }

    #[test]
    fn nothing_happens_after_the_end() {
        assert_eq!(pending().approve("s1", at(600)), Err(Expired));
        assert_eq!(pending().reject(at(601)), Err(Expired));
        assert_eq!(pending().approve("s1", at(599)).unwrap().exchange(at(600)), Err(Expired));
    }

    #[test]
    fn the_cli_may_poll_twice_at_once_but_not_keep_doing_so() {
        let due = pace(at(0), at(0)).unwrap();
        let due = pace(due, at(0)).unwrap();
        assert_eq!(pace(due, at(0)), None, "a third poll in the same moment is too much");
        let mut due = due;
        for second in 1..20 {
            due = pace(due, at(second)).unwrap_or_else(|| panic!("one poll a second is fine, at {second}"));
        }
    }
}
