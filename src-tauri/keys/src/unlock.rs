//! A key that was unlocked with its PIN.

use jiff::{SignedDuration, Timestamp};

use crate::{Info, Key};

/// How long a PIN's token lives at most. The key may drop it earlier.
pub const UNLOCKED_FOR: SignedDuration = SignedDuration::from_mins(5);

/// A key and the PIN's token: the PIN itself is gone. Each operation takes the time, and answers
/// [`crate::Error::Locked`] once [`Self::until`] is over; the token is then zeroed.
pub struct Unlocked {}

impl Unlocked {
    /// When it locks itself.
    pub fn until(&self) -> Timestamp {
        unimplemented!()
    }

    /// Whether it is unlocked still; locks it when its time is over.
    pub fn is_unlocked(&mut self, _now: Timestamp) -> bool {
        false
    }

    /// Zeroes the token. The key can be used on without it.
    pub fn lock(self) -> Key {
        unimplemented!()
    }

    /// What the key said last.
    pub fn info(&self) -> &Info {
        unimplemented!()
    }
}
