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

    /// Takes back an attempt that was counted as `attempt` and not looked at, unless another was counted since.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn take_back_attempt(&self, name: Digest, attempt: &Lockout) -> Result<()> {
        self.add("take a sign-in attempt back", |tx| {
            let sql =
                "UPDATE lockout SET failures = failures - 1, until = last WHERE name = ?1 AND failures = ?2";
            execute(tx, sql, params![name.as_bytes(), attempt.failures]).map(drop)
        })
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

    #[test]
    fn an_attempt_that_was_not_looked_at_is_taken_back_alone() {
        let (store, now) = (Store::in_memory(), Timestamp::from_second(1_800_000_000).unwrap());
        let name = Digest::of("sam");
        let count = || store.count_attempt(name, now).unwrap();
        for _ in 0..9 {
            store.take_back_attempt(name, &count().unwrap()).unwrap();
        }
        let first = count().unwrap();
        assert_eq!(first.failures, 1);
        let second = count().unwrap();
        store.take_back_attempt(name, &first).unwrap();
        assert_eq!(count().unwrap().failures, 3, "another was counted since");
        store.take_back_attempt(name, &second).unwrap();
        count().unwrap();
        let fifth = count().unwrap();
        assert!(count().is_err(), "locked");
        store.take_back_attempt(name, &fifth).unwrap();
        assert_eq!(count().unwrap().failures, 5, "as it was before the fifth");
    }
}
