//! A key that was unlocked with its PIN.

use jiff::{SignedDuration, Timestamp};

use crate::{
    Ask, Error, Feature, Info, Key,
    ctap::{Fail, Run, pin_uv::Token},
};

/// How long a PIN's token lives at most. The key may drop it earlier.
pub const UNLOCKED_FOR: SignedDuration = SignedDuration::from_mins(5);

/// A key and the PIN's token: the PIN itself is gone. Each operation takes the time, and answers
/// [`Error::Locked`] once [`Self::until`] is over; the token is then zeroed.
#[derive(Debug)]
pub struct Unlocked {
    pub(crate) key: Key,
    token: Option<Held>,
    until: Timestamp,
    info: Info,
}

/// A token that is not shown.
struct Held(Token);

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Unlocked {
    pub(crate) fn new(key: Key, token: Token, info: Info, now: Timestamp) -> Self {
        let until = now.saturating_add(UNLOCKED_FOR).unwrap_or(Timestamp::MAX);
        Self { key, token: Some(Held(token)), until, info }
    }

    /// When it locks itself.
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// Whether it is unlocked still; locks it when its time is over.
    pub fn is_unlocked(&mut self, now: Timestamp) -> bool {
        if now >= self.until {
            self.token = None;
        }
        self.token.is_some()
    }

    /// Zeroes the token. The key can be used on without it.
    pub fn lock(self) -> Key {
        self.key
    }

    /// What the key said when it was unlocked, or asked by [`Self::refresh`].
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// Asks the key anew what it is and holds.
    ///
    /// # Errors
    /// What ends any operation.
    pub async fn refresh(&mut self, ask: &Ask) -> Result<&Info, Error> {
        self.info = self.key.info(ask).await?;
        Ok(&self.info)
    }

    /// Begins an operation, if it is unlocked still.
    pub(crate) async fn begin<'a>(&mut self, now: Timestamp, ask: &'a Ask) -> Result<Run<'a>, Error> {
        if !self.is_unlocked(now) {
            return Err(Error::Locked);
        }
        self.key.run(ask).await
    }

    /// The key and its token, borrowed apart.
    pub(crate) fn parts(&mut self) -> Result<(&mut Key, &Token), Error> {
        let Self { key, token, .. } = self;
        token.as_ref().map(|held| (key, &held.0)).ok_or(Error::Locked)
    }

    /// What a refusal means; zeroes a token that the key takes no more.
    pub(crate) fn refused(&mut self, fail: Fail, feature: Feature, run: &Run<'_>) -> Error {
        let error = fail.explain(feature, run.before());
        if error == Error::Locked {
            self.token = None;
        }
        error
    }
}
