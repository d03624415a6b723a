//! Which roles tokens were found to have, so that who asks for credentials again and again is not looked up again and
//! again. It is never the truth: a grant holds for one [`Revision`] of the database, against which it is compared in
//! the transaction that issues on it.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;

use super::Caller;
use crate::{
    organisation::{Account, PermissionSet, Settings, Tags},
    secret::Digest,
    store::Revision,
};

/// So many are remembered, at most.
const MOST: usize = 20_000;

/// A token's role, as it was found.
pub struct Grant {
    /// Whose token it is.
    pub caller: Caller,
    /// The account.
    pub account: Account,
    /// The permission set, as it is in force there.
    pub set: PermissionSet,
    /// The tags of the person's sessions.
    pub tags: Tags,
    /// What holds for the instance.
    pub settings: Arc<Settings>,
    /// As of then.
    pub seen: Revision,
    /// Whether a directory elsewhere is to be asked each time, so that it holds this once.
    pub once: bool,
}

/// By what a grant is found: the token, the account and the role's name.
pub type Wanted = (Digest, String, String);

/// What is remembered of the tokens' roles.
#[derive(Default)]
pub struct Grants(Mutex<Option<Known>>);

/// Grants of one revision.
type Known = (Revision, HashMap<Wanted, Arc<Grant>>);

impl fmt::Debug for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Grants(..)")
    }
}

impl Grants {
    /// One that holds at this revision, and is not over by itself.
    pub fn find(&self, wanted: &Wanted, revision: Revision, now: Timestamp) -> Option<Arc<Grant>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, grants) = known.as_ref().filter(|(seen, _)| *seen == revision)?;
        grants.get(wanted).filter(|grant| grant.caller.lasts(now)).cloned()
    }

    /// Remembers one. A role that asks for a touch of a security key is open for a while only, and asked for anew.
    pub fn remember(&self, wanted: Wanted, grant: &Arc<Grant>) {
        if grant.set.requires_key {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (seen, grants) = known.get_or_insert_with(|| (grant.seen, HashMap::new()));
        if *seen != grant.seen || grants.len() >= MOST {
            grants.clear();
            *seen = grant.seen;
        }
        grants.insert(wanted, Arc::clone(grant));
    }
}
