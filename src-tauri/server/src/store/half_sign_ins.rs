//! Sign-ins that wait for a second factor, and the end of such a sign-in.

use jiff::Timestamp;

use super::{
    AuditEntry, Begun, Context, RadiusChallenge, Result, Store, Used, audit, digest, lockouts, mfa, millis,
    moment, passwords, radius, sessions,
    sql::{self, Connection, OptionalExtension, params},
};
use crate::{
    mfa::{Device, Kind},
    secret::Digest,
};

/// A sign-in whose password was right.
#[derive(Debug, Clone)]
pub struct HalfSignIn {
    /// Joins the events of one sign-in.
    pub workflow: String,
    /// Who signs in.
    pub username: String,
    /// The same in the identity store.
    pub user_id: String,
    /// `CredentialType`s proved so far, joined by commas.
    pub proved: String,
    /// Under what wrong answers count.
    pub counter: Digest,
    /// The network the password came from.
    pub network: Digest,
    /// Where to go in the end.
    pub back: String,
    /// Whether the password was for one use and has to be replaced first.
    pub must_change: bool,
    /// What a RADIUS server wants to be typed.
    pub radius: Option<RadiusChallenge>,
    /// When it is over.
    pub ends: Timestamp,
}

impl HalfSignIn {
    /// Whether it is not over yet.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.ends
    }
}

/// A device that is set up by the sign-in which it ends.
#[derive(Debug)]
pub struct NewDevice<'a> {
    /// It.
    pub device: &'a Device,
    /// The kinds that count: whoever has one of these proves that one instead.
    pub instead_of: &'a [Kind],
    /// Its event.
    pub entry: &'a AuditEntry,
}

/// What ends a half sign-in well.
#[derive(Debug)]
pub struct Completion<'a> {
    /// The half sign-in's cookie, if there was one.
    pub half: Option<Digest>,
    /// The session that begins.
    pub begun: Begun<'a>,
    /// What proved it.
    pub used: Option<Used>,
    /// What is set up with it.
    pub enrolled: Option<NewDevice<'a>>,
    /// The counters to forget.
    pub counters: &'a [Digest],
    /// The context to remember.
    pub context: Option<Context<'a>>,
    /// A challenge that is answered, and until when to know it.
    pub challenge: Option<(Digest, Timestamp)>,
    /// The events.
    pub entries: &'a [AuditEntry],
}

impl Store {
    /// Keeps a half sign-in under the digest of its cookie; wrong passwords counted under `name` are forgotten.
    /// `false` if the person has another password now than that with the hash `proof`.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn begin_half_sign_in(
        &self,
        half: &HalfSignIn,
        cookie: Digest,
        name: Digest,
        proof: &str,
        entries: &[AuditEntry],
    ) -> Result<bool> {
        self.write("begin a sign-in", |tx| {
            if passwords::in_force(tx, &half.user_id)?.as_deref() != Some(proof) {
                return Ok(false);
            }
            tx.execute(
                "INSERT INTO half_sign_in
                 (cookie, workflow, username, user_id, proved, counter, network, back, must_change, ends)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                params![
                    cookie.as_bytes(),
                    half.workflow,
                    half.username,
                    half.user_id,
                    half.proved,
                    half.counter.as_bytes(),
                    half.network.as_bytes(),
                    half.back,
                    half.must_change,
                    millis(half.ends)
                ],
            )?;
            lockouts::forget(tx, name)?;
            entries.iter().try_for_each(|entry| audit::append(tx, entry))?;
            Ok(true)
        })
    }

    /// A half sign-in, also one that is over: where it led is known for a while.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn half_sign_in(&self, cookie: Digest) -> Result<Option<HalfSignIn>> {
        self.read("find a sign-in under way", |c| {
            c.query_row("SELECT * FROM half_sign_in WHERE cookie = ?1", [cookie.as_bytes()], |row| {
                Ok(HalfSignIn {
                    workflow: row.get("workflow")?,
                    username: row.get("username")?,
                    user_id: row.get("user_id")?,
                    proved: row.get("proved")?,
                    counter: digest(row, "counter")?,
                    network: digest(row, "network")?,
                    back: row.get("back")?,
                    must_change: row.get("must_change")?,
                    radius: radius::challenge(row)?,
                    ends: moment(row, "ends")?,
                })
            })
            .optional()
        })
    }

    /// Forgets a half sign-in that leads nowhere.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn end_half_sign_in(&self, cookie: Digest, entries: &[AuditEntry]) -> Result<()> {
        self.write("end a sign-in under way", |tx| {
            tx.execute("DELETE FROM half_sign_in WHERE cookie = ?1", [cookie.as_bytes()])?;
            entries.iter().try_for_each(|entry| audit::append(tx, entry))
        })
    }

    /// Keeps the state of a ceremony that begins.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn keep_ceremony(&self, cookie: Digest, state: &str, entry: &AuditEntry) -> Result<()> {
        self.write("keep a security key's challenge", |tx| {
            tx.execute(
                "UPDATE half_sign_in SET ceremony = ?2 WHERE cookie = ?1",
                params![cookie.as_bytes(), state],
            )?;
            audit::append(tx, entry)
        })
    }

    /// Takes the state of the ceremony under way: each challenge is answered once.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn take_ceremony(&self, cookie: Digest) -> Result<Option<String>> {
        self.write("take a security key's challenge", |tx| {
            let state: Option<Option<String>> = tx
                .query_row(
                    "SELECT ceremony FROM half_sign_in WHERE cookie = ?1",
                    [cookie.as_bytes()],
                    |row| row.get(0),
                )
                .optional()?;
            tx.execute("UPDATE half_sign_in SET ceremony = NULL WHERE cookie = ?1", [cookie.as_bytes()])?;
            Ok(state.flatten())
        })
    }

    /// Begins the session that was proved. `false`, and nothing happened, if the half sign-in is over, its code
    /// was taken by somebody else, its challenge was answered before, or its new device cannot be added.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn complete_sign_in(&self, done: &Completion<'_>, now: Timestamp) -> Result<bool> {
        let work = |tx: &Connection| {
            if let Some(half) = done.half
                && tx.execute(
                    "DELETE FROM half_sign_in WHERE cookie = ?1 AND ends > ?2",
                    params![half.as_bytes(), millis(now)],
                )? != 1
            {
                return Err(sql::Error::NoRow);
            }
            if let Some(new) = &done.enrolled
                && !mfa::enrol(tx, new)?
            {
                return Err(sql::Error::NoRow);
            }
            if let Some(used) = &done.used
                && !used.keep(tx, now)?
            {
                return Err(sql::Error::NoRow);
            }
            if let Some((challenge, ends)) = done.challenge
                && tx.execute(
                    "INSERT INTO spent_challenge (challenge, ends) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                    params![challenge.as_bytes(), millis(ends)],
                )? != 1
            {
                return Err(sql::Error::NoRow);
            }
            if let Some(context) = &done.context {
                mfa::remember_context(tx, context)?;
            }
            if !sessions::insert(tx, &done.begun)? {
                return Err(sql::Error::NoRow);
            }
            done.counters.iter().try_for_each(|counter| lockouts::forget(tx, *counter))?;
            done.entries.iter().try_for_each(|entry| audit::append(tx, entry))
        };
        let outcome = self.begin("complete a sign-in", &done.begun, work);
        match outcome {
            Ok(()) => Ok(true),
            // The transaction rolled back.
            Err(super::StoreError::Statement { cause: sql::Error::NoRow, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::domain::sign_in_session::SignInSession;

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    /// A store with one person.
    fn store() -> Store {
        let store = Store::in_memory();
        let insert = "INSERT INTO user
            (id, username, display_name, email, email_verified, enabled, profile, created, updated)
            VALUES ('u', 'sam', 'Sam', 'sam@acme.test', TRUE, TRUE, '{}', 0, 0)";
        store.write("add a person", |tx| tx.execute(insert, [])).unwrap();
        let password = "INSERT INTO password (user_id, hash, earlier, must_change, changed) VALUES ('u', 'h', '', FALSE, 0)";
        store.write("give a password", |tx| tx.execute(password, [])).unwrap();
        store
    }

    /// Whether a session of this id begins.
    fn complete(
        store: &Store,
        id: &str,
        half: Option<Digest>,
        challenge: Option<&str>,
        step: Option<i64>,
    ) -> bool {
        let session = SignInSession::begin(id.to_owned(), "u", SignedDuration::from_hours(1), now());
        let done = Completion {
            half,
            begun: Begun::new(&session, Digest::of(id)),
            used: step.map(|step| Used::Code { device: "app".to_owned(), step, drift: 0 }),
            enrolled: None,
            counters: &[],
            context: None,
            challenge: challenge.map(|challenge| (Digest::of(challenge), now())),
            entries: &[],
        };
        let completed = store.complete_sign_in(&done, now()).unwrap();
        assert_eq!(store.session(id).unwrap().is_some(), completed, "all of it or nothing");
        completed
    }

    #[test]
    fn a_challenge_and_a_half_sign_in_complete_one_sign_in_each() {
        let store = store();
        assert!(complete(&store, "one", None, Some("first"), None));
        assert!(!complete(&store, "two", None, Some("first"), None));
        let half = HalfSignIn {
            workflow: "w".to_owned(),
            username: "sam".to_owned(),
            user_id: "u".to_owned(),
            proved: "PASSWORD".to_owned(),
            counter: Digest::of("counter"),
            network: Digest::of("network"),
            back: "/start".to_owned(),
            must_change: false,
            radius: None,
            ends: now().checked_add(SignedDuration::from_mins(10)).unwrap(),
        };
        let cookie = Digest::of("half");
        assert!(!store.begin_half_sign_in(&half, cookie, Digest::of("name"), "of before", &[]).unwrap());
        assert!(store.begin_half_sign_in(&half, cookie, Digest::of("name"), "h", &[]).unwrap());
        assert!(complete(&store, "three", Some(cookie), None, None));
        assert!(!complete(&store, "four", Some(cookie), None, None));
    }

    #[test]
    fn a_code_completes_one_sign_in_whoever_looked_at_it_when() {
        let store = store();
        let app = Device {
            id: "app".to_owned(),
            user_id: "u".to_owned(),
            name: "Phone".to_owned(),
            kind: Kind::Totp,
            credential: None,
            data: Vec::new(),
            last_step: Some(4),
            drift: 0,
            added: now(),
            last_used: None,
        };
        let entry = AuditEntry::empty(now());
        assert!(store.add_mfa_device(&app, &entry).unwrap());
        for (id, step, taken) in
            [("a", 4, false), ("b", 6, true), ("c", 6, false), ("d", 5, false), ("e", 7, true)]
        {
            assert_eq!(complete(&store, id, None, None, Some(step)), taken, "{step}");
        }
    }
}
