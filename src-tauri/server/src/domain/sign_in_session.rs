//! A person's sign-in session: begun in the browser, shared by the browser's pages and by every token that the
//! person approved in it. When it ends, they all end (IAM Identity Center User Guide, sessions).

use jiff::{SignedDuration, Timestamp};

/// How long a session lasts unless the organisation says otherwise (IAM Identity Center User Guide, sessions).
pub const DEFAULT_LENGTH: SignedDuration = SignedDuration::from_hours(8);
/// The shortest and the longest session AWS lets an administrator set (IAM Identity Center User Guide,
/// sessions).
pub const LENGTHS: std::ops::RangeInclusive<SignedDuration> =
    SignedDuration::from_mins(15)..=SignedDuration::from_mins(129_600);

/// A session that a person signed in to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInSession {
    /// Its id, which is no secret.
    pub id: String,
    /// Who signed in: the person's id.
    pub user_id: String,
    /// When.
    pub began: Timestamp,
    /// When they proved who they are: not after it began, and long before where an identity provider remembered them.
    pub authenticated: Timestamp,
    /// When it is over by itself.
    pub ends: Timestamp,
    /// When it was ended by somebody, if it was.
    pub ended: Option<Timestamp>,
    /// Wrong user codes typed in it.
    pub wrong_codes: i64,
    /// Whether a second factor was proved for it or in it.
    pub factor: bool,
}

impl SignInSession {
    /// Begins a session.
    pub fn begin(id: String, user_id: &str, length: SignedDuration, now: Timestamp) -> Self {
        Self {
            id,
            user_id: user_id.to_owned(),
            began: now,
            authenticated: now,
            ends: now.checked_add(length).unwrap_or(Timestamp::MAX),
            ended: None,
            wrong_codes: 0,
            factor: false,
        }
    }

    /// Whether the person still counts as signed in.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.ends
    }
}

/// Wrong user codes before a session may try no more (RFC 8628 §5.1).
pub const WRONG_CODES_ALLOWED: i64 = 10;
