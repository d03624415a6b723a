//! Failed sign-ins. Names are kept as digests: people type passwords into the wrong field.

use jiff::Timestamp;

use super::{
    Result, Store, execute, millis, moment, one,
    sql::{self, Connection, params},
};
use crate::{
    domain::lockout::{Locked, Lockout},
    secret::Digest,
};

impl Store {
    /// Counts an attempt under a name, unless the name is locked. Looking and counting are one transaction, so
    /// that attempts at the same moment see each other.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn count_attempt(
        &self,
        name: Digest,
        now: Timestamp,
    ) -> Result<std::result::Result<Lockout, Locked>> {
        self.add("count a sign-in attempt", |tx| {
            let known = one(tx, "SELECT * FROM lockout WHERE name = ?1", [name.as_bytes()], |row| {
                Ok(Lockout {
                    failures: row.get("failures")?,
                    last: moment(row, "last")?,
                    until: moment(row, "until")?,
                })
            })?;
            let attempt = Lockout::attempt(known, now);
            if let Ok(state) = &attempt {
                execute(
                    tx,
                    "INSERT INTO lockout (name, failures, last, until) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (name) DO UPDATE SET failures = ?2, last = ?3, until = ?4",
                    params![name.as_bytes(), state.failures, millis(state.last), millis(state.until)],
                )?;
            }
            Ok(attempt)
        })
    }
}

impl Store {
    /// Forgets the attempts counted under a name.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn forget_attempts(&self, name: Digest) -> Result<()> {
        self.add("forget sign-in attempts", |tx| forget(tx, name))
    }
}

pub(super) fn forget(tx: &Connection, name: Digest) -> sql::Result<()> {
    execute(tx, "DELETE FROM lockout WHERE name = ?1", [name.as_bytes()]).map(drop)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn attempts_at_the_same_moment_see_each_other() {
        let (store, now) = (Store::in_memory(), Timestamp::from_second(1_800_000_000).unwrap());
        let name = Digest::of("sam");
        let admitted = std::thread::scope(|scope| {
            let attempt = || store.count_attempt(name, now).unwrap().is_ok();
            let under_way: Vec<_> = (0..40).map(|_| scope.spawn(attempt)).collect();
            under_way.into_iter().map(|thread| thread.join().unwrap()).filter(|ok| *ok).count()
        });
        // The fifth is looked at, too; only then is the name locked.
        assert_eq!(admitted, 5);
    }
}
