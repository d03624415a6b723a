//! The RADIUS servers, and what they want to be typed while somebody signs in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AuditEntry, Result, Store, audit, execute, from_json, millis, moment, one,
    sql::{self, Connection, Row, params},
    to_json,
};
use crate::{radius::Settings, secret::Digest};

/// The servers as they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RadiusSource {
    /// All but the secret.
    pub settings: Settings,
    /// The shared secret, sealed.
    pub secret: Vec<u8>,
    /// When that was last changed.
    pub changed: Timestamp,
}

/// What a server wants to be typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RadiusChallenge {
    /// The server, which alone knows of it.
    pub server: String,
    /// What goes along with the answer.
    pub state: Option<Vec<u8>>,
    /// What the server says; may be empty.
    pub message: String,
    /// Whether what is typed is not to be seen.
    pub is_hidden: bool,
    /// Whether the attempt that led here was counted, and is all that its answer costs.
    pub is_paid: bool,
}

fn source_from(row: &Row<'_>) -> sql::Result<RadiusSource> {
    Ok(RadiusSource {
        settings: from_json(row, "settings")?,
        secret: row.get("secret")?,
        changed: moment(row, "changed")?,
    })
}

/// The servers, if they are set up.
pub(super) fn source(c: &Connection) -> sql::Result<Option<RadiusSource>> {
    one(c, "SELECT * FROM radius_source", [], source_from)
}

/// The challenge of a half sign-in's row.
pub(super) fn challenge(row: &Row<'_>) -> sql::Result<Option<RadiusChallenge>> {
    let held: Option<String> = row.get("radius")?;
    held.is_some().then(|| from_json(row, "radius")).transpose()
}

impl Store {
    /// The RADIUS servers, if they are set up; whether they count says [`Self::mfa_policy`].
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn radius_source(&self) -> Result<Option<RadiusSource>> {
        self.read("find the RADIUS servers", source)
    }

    /// Sets the RADIUS servers up. Their challenges of before are over.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn put_radius_source(&self, source: &RadiusSource, entry: &AuditEntry) -> Result<()> {
        self.write("keep the RADIUS servers", |tx| {
            execute(
                tx,
                "INSERT INTO radius_source (only, settings, secret, changed) VALUES (1, ?1, ?2, ?3)
                 ON CONFLICT (only) DO UPDATE SET settings = ?1, secret = ?2, changed = ?3",
                params![to_json(&source.settings)?, source.secret, millis(source.changed)],
            )?;
            forget_challenges(tx)?;
            audit::append(tx, entry)
        })
    }

    /// Forgets the RADIUS servers; `false` if there are none.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn remove_radius_source(&self, entry: &AuditEntry) -> Result<bool> {
        self.write("forget the RADIUS servers", |tx| {
            let gone = execute(tx, "DELETE FROM radius_source", [])? == 1;
            if gone {
                forget_challenges(tx)?;
                audit::append(tx, entry)?;
            }
            Ok(gone)
        })
    }

    /// Keeps what a server wants to be typed, for the half sign-in of this cookie.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn keep_radius_challenge(
        &self,
        cookie: Digest,
        challenge: &RadiusChallenge,
        entry: &AuditEntry,
    ) -> Result<()> {
        self.write("keep a RADIUS server's challenge", |tx| {
            let sql = "UPDATE half_sign_in SET radius = ?2 WHERE cookie = ?1";
            execute(tx, sql, params![cookie.as_bytes(), to_json(challenge)?])?;
            audit::append(tx, entry)
        })
    }

    /// Takes what a server wants to be typed: each challenge is answered once, whichever node is asked.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn take_radius_challenge(&self, cookie: Digest) -> Result<Option<RadiusChallenge>> {
        self.write("take a RADIUS server's challenge", |tx| {
            let sql = "SELECT radius FROM half_sign_in WHERE cookie = ?1";
            let held = one(tx, sql, [cookie.as_bytes()], challenge)?.flatten();
            let sql = "UPDATE half_sign_in SET radius = NULL WHERE cookie = ?1";
            execute(tx, sql, [cookie.as_bytes()])?;
            Ok(held)
        })
    }
}

fn forget_challenges(tx: &Connection) -> sql::Result<()> {
    execute(tx, "UPDATE half_sign_in SET radius = NULL WHERE radius IS NOT NULL", []).map(drop)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use crate::mfa::{
        Policy,
        policy::{Factor, Mode, WithoutDevice},
    };

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn servers() -> RadiusSource {
        let settings = Settings {
            label: "Token".to_owned(),
            servers: vec!["radius1.acme.test".to_owned()],
            port: 1812,
            patience: 5,
            retries: 2,
        };
        RadiusSource { settings, secret: b"sealed".to_vec(), changed: now() }
    }

    #[test]
    fn a_challenge_is_taken_once_and_is_over_when_the_servers_change() {
        let (store, entry, cookie) = (Store::in_memory(), AuditEntry::empty(now()), Digest::of("half"));
        let insert = "INSERT INTO half_sign_in
            (cookie, workflow, username, user_id, proved, counter, network, back, must_change, ends)
            VALUES (?1, 'w', 'sam', 'u', 'PASSWORD', ?1, ?1, '/start', FALSE, 1)";
        store.write("begin a sign-in", |tx| execute(tx, insert, [cookie.as_bytes()])).unwrap();
        assert_eq!(store.take_radius_challenge(cookie).unwrap(), None);
        let challenge = RadiusChallenge {
            server: "radius1.acme.test:1812".to_owned(),
            state: Some(vec![0, 255]),
            message: "Code?".to_owned(),
            is_hidden: false,
            is_paid: true,
        };
        let keep = || store.keep_radius_challenge(cookie, &challenge, &entry).unwrap();
        keep();
        assert_eq!(store.half_sign_in(cookie).unwrap().unwrap().radius.as_ref(), Some(&challenge));
        assert_eq!(store.take_radius_challenge(cookie).unwrap().as_ref(), Some(&challenge));
        assert_eq!(store.take_radius_challenge(cookie).unwrap(), None);
        keep();
        store.put_radius_source(&servers(), &entry).unwrap();
        assert_eq!(store.radius_source().unwrap(), Some(servers()));
        assert_eq!(store.take_radius_challenge(cookie).unwrap(), None);
        assert!(store.remove_radius_source(&entry).unwrap());
        assert!(!store.remove_radius_source(&entry).unwrap());
    }

    #[test]
    fn radius_is_in_force_with_its_servers_and_the_directory_alone() {
        let (store, entry) = (Store::in_memory(), AuditEntry::empty(now()));
        let set = Policy {
            mode: Mode::Always,
            allowed: vec![Factor::Radius],
            without_device: WithoutDevice::Enrol,
        };
        store.set_mfa_policy(&set, &entry).unwrap();
        let takes = || {
            assert_eq!(store.mfa_policy_as_set().unwrap(), set);
            store.mfa_policy().unwrap().takes_radius()
        };
        assert!(!takes());
        store.put_radius_source(&servers(), &entry).unwrap();
        assert!(!takes(), "people sign in with this server's passwords");
        let sql = "UPDATE identity_source SET kind = 'LDAP'";
        store.write("change the source", |tx| execute(tx, sql, [])).unwrap();
        assert!(takes());
        store.remove_radius_source(&entry).unwrap();
        assert!(!takes());
    }
}
