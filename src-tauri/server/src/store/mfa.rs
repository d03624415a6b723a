//! Second factors: devices, the policy, and the contexts in which a person proved one.

use jiff::Timestamp;

use super::{
    AuditEntry, NewDevice, Result, SourceKind, Store, audit, identity_source, millis, moment,
    optional_moment, radius,
    sql::{self, Connection, OptionalExtension, Row, params},
};
use crate::{
    mfa::{Device, Kind, Policy, policy::Factor},
    secret::Digest,
};

const POLICY: &str = "mfa_policy";

fn device(row: &Row<'_>) -> sql::Result<Device> {
    let kind: String = row.get("kind")?;
    Ok(Device {
        id: row.get("id")?,
        user_id: row.get("user_id")?,
        name: row.get("name")?,
        kind: Kind::of_word(&kind).ok_or_else(|| sql::Error::conversion("no kind of device"))?,
        credential: row.get("credential")?,
        data: row.get("data")?,
        last_step: row.get("last_step")?,
        drift: row.get("drift")?,
        added: moment(row, "added")?,
        last_used: optional_moment(row, "last_used")?,
    })
}

fn policy_as_set(c: &Connection) -> sql::Result<Policy> {
    let kept: Option<String> =
        c.query_row("SELECT value FROM meta WHERE name = ?1", [POLICY], |row| row.get(0)).optional()?;
    kept.map_or_else(
        || Ok(Policy::default()),
        |text| serde_json::from_str(&text).map_err(sql::Error::conversion),
    )
}

/// A device that proved who its owner is, with what to remember of that.
#[derive(Debug, Clone)]
pub enum Used {
    /// An app's code: its time step, and by how many steps the app's clock is ahead.
    Code {
        /// Which device.
        device: String,
        /// The step.
        step: i64,
        /// The drift.
        drift: i64,
    },
    /// An authenticator's answer: the key pair with its new counter.
    Key {
        /// Which device.
        device: String,
        /// What was stored when the answer was looked at.
        before: Vec<u8>,
        /// What to store.
        data: Vec<u8>,
    },
}

/// A browser on a network in which a person proved a second factor.
#[derive(Debug)]
pub struct Context<'a> {
    /// Whose.
    pub user_id: &'a str,
    /// What the browser brought, which may be known to others.
    pub before: Option<Digest>,
    /// What it is given in its place.
    pub browser: Digest,
    /// Its network.
    pub network: Digest,
    /// Until when it is known.
    pub ends: Timestamp,
}

impl Used {
    /// Remembers; `false` if a code of this or a later step was taken in the meantime, or an answer of the same key.
    pub(super) fn keep(&self, tx: &Connection, now: Timestamp) -> sql::Result<bool> {
        let changed = match self {
            Self::Code { device, step, drift } => tx.execute(
                "UPDATE mfa_device SET last_step = ?2, drift = ?3, last_used = ?4
                 WHERE id = ?1 AND (last_step IS NULL OR last_step < ?2)",
                params![device, step, drift, millis(now)],
            )?,
            Self::Key { device, before, data } => tx.execute(
                "UPDATE mfa_device SET data = ?3, last_used = ?4 WHERE id = ?1 AND data = ?2",
                params![device, before, data, millis(now)],
            )?,
        };
        Ok(changed == 1)
    }
}

impl Store {
    /// The policy that is in force; nothing is asked for until one was set. RADIUS is in it only where its servers can
    /// be asked: they are set up, and the LDAP directory that they belong to is the source.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails, or what is kept is no policy.
    pub fn mfa_policy(&self) -> Result<Policy> {
        self.read("read the MFA policy", |c| {
            let policy = policy_as_set(c)?;
            if !policy.allowed.contains(&Factor::Radius) {
                return Ok(policy);
            }
            let can_be_asked = identity_source::kind(c)? == SourceKind::Ldap && radius::source(c)?.is_some();
            Ok(policy.where_radius(can_be_asked))
        })
    }

    /// The policy as it was set, whatever of it can be had.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails, or what is kept is no policy.
    pub fn mfa_policy_as_set(&self) -> Result<Policy> {
        self.read("read the MFA policy", policy_as_set)
    }

    /// Sets the policy.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn set_mfa_policy(&self, policy: &Policy, entry: &AuditEntry) -> Result<()> {
        self.write("set the MFA policy", |tx| {
            let text = serde_json::to_string(policy).map_err(sql::Error::conversion)?;
            tx.execute(
                "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
                params![POLICY, text],
            )?;
            audit::append(tx, entry)
        })
    }

    /// A person's devices, the one used last first.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn mfa_devices(&self, user_id: &str) -> Result<Vec<Device>> {
        self.read("list a person's MFA devices", |c| {
            let mut statement = c.prepare_cached(
                "SELECT * FROM mfa_device WHERE user_id = ?1 ORDER BY coalesce(last_used, added) DESC, id",
            )?;
            statement.query_map([user_id], device)?.collect()
        })
    }

    /// The device that an authenticator's key pair belongs to.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn mfa_device_by_credential(&self, credential: &[u8]) -> Result<Option<Device>> {
        self.read("find an MFA device", |c| {
            c.query_row("SELECT * FROM mfa_device WHERE credential = ?1", [credential], device).optional()
        })
    }

    /// Adds a device, unless its key pair is known here or its owner has as many of its kind as allowed.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn add_mfa_device(&self, new: &Device, entry: &AuditEntry) -> Result<bool> {
        self.write("add an MFA device", |tx| add(tx, new, entry))
    }

    /// Gives a person's device another name.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn rename_mfa_device(&self, user_id: &str, id: &str, name: &str, entry: &AuditEntry) -> Result<bool> {
        self.write("rename an MFA device", |tx| {
            let changed = tx.execute(
                "UPDATE mfa_device SET name = ?3 WHERE id = ?2 AND user_id = ?1",
                [user_id, id, name],
            )?;
            if changed == 1 {
                audit::append(tx, entry)?;
            }
            Ok(changed == 1)
        })
    }

    /// Removes a person's device. `keep_one_of` are the kinds of which one must stay; `false` if there is no
    /// such device or it is the last of these.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn remove_mfa_device(
        &self,
        user_id: &str,
        id: &str,
        keep_one_of: &[Kind],
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.write("remove an MFA device", |tx| {
            let mut statement = tx.prepare_cached("SELECT * FROM mfa_device WHERE user_id = ?1")?;
            let devices: Vec<Device> = statement.query_map([user_id], device)?.collect::<sql::Result<_>>()?;
            drop(statement);
            let demanded = |kind: Kind| keep_one_of.contains(&kind);
            let others = devices.iter().any(|device| device.id != id && demanded(device.kind));
            let Some(gone) = devices.iter().find(|device| device.id == id) else { return Ok(false) };
            if demanded(gone.kind) && !others {
                return Ok(false);
            }
            tx.execute("DELETE FROM mfa_device WHERE id = ?1", [id])?;
            // Who takes a lost device away does not trust where it was used.
            tx.execute("DELETE FROM mfa_context WHERE user_id = ?1", [user_id])?;
            audit::append(tx, entry)?;
            Ok(true)
        })
    }

    /// Takes all of a person's devices away, and their known contexts and half sign-ins with them; gives their
    /// number. For administrators.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn reset_mfa(&self, user_id: &str, entry: &AuditEntry) -> Result<usize> {
        self.write("reset a person's MFA devices", |tx| {
            let gone = tx.execute("DELETE FROM mfa_device WHERE user_id = ?1", [user_id])?;
            tx.execute("DELETE FROM mfa_context WHERE user_id = ?1", [user_id])?;
            tx.execute("DELETE FROM half_sign_in WHERE user_id = ?1", [user_id])?;
            audit::append(tx, entry)?;
            Ok(gone)
        })
    }

    /// Whether a person proved a second factor in this browser on this network.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn knows_context(
        &self,
        user_id: &str,
        browser: Digest,
        network: Digest,
        now: Timestamp,
    ) -> Result<bool> {
        self.read("look a context up", |c| {
            c.query_row(
                "SELECT 1 FROM mfa_context WHERE user_id = ?1 AND browser = ?2 AND network = ?3 AND ends > ?4",
                params![user_id, browser.as_bytes(), network.as_bytes(), millis(now)],
                |_| Ok(()),
            )
            .optional()
            .map(|found| found.is_some())
        })
    }
}

fn add(tx: &Connection, new: &Device, entry: &AuditEntry) -> sql::Result<bool> {
    let is_app = new.kind == Kind::Totp;
    let there: i64 = tx.query_row(
        "SELECT count(*) FROM mfa_device WHERE user_id = ?1 AND (kind = 'totp') = ?2",
        params![new.user_id, is_app],
        |row| row.get(0),
    )?;
    if usize::try_from(there).is_ok_and(|there| there >= new.kind.most()) {
        return Ok(false);
    }
    let added = tx.execute(
        "INSERT INTO mfa_device
         (id, user_id, name, kind, credential, data, last_step, drift, added, last_used)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
        params![
            new.id,
            new.user_id,
            new.name,
            new.kind.word(),
            new.credential,
            new.data,
            new.last_step,
            new.drift,
            millis(new.added),
            new.last_used.map(millis)
        ],
    )?;
    if added == 1 {
        audit::append(tx, entry)?;
    }
    Ok(added == 1)
}

/// Adds a device by which a sign-in ends; `false` if its owner has one that counts by now, or it cannot be added.
pub(super) fn enrol(tx: &Connection, new: &NewDevice<'_>) -> sql::Result<bool> {
    let mut statement = tx.prepare_cached("SELECT * FROM mfa_device WHERE user_id = ?1")?;
    let devices: Vec<Device> =
        statement.query_map([&new.device.user_id], device)?.collect::<sql::Result<_>>()?;
    drop(statement);
    let has_one = devices.iter().any(|device| new.instead_of.contains(&device.kind));
    Ok(!has_one && add(tx, new.device, new.entry)?)
}

/// Remembers a context. The browser gets another mark for it, with what it was known for before: whoever slipped it
/// one of their own has nothing of it.
pub(super) fn remember_context(tx: &Connection, context: &Context<'_>) -> sql::Result<()> {
    if let Some(before) = context.before {
        tx.execute(
            "UPDATE mfa_context SET browser = ?2 WHERE browser = ?1",
            [before.as_bytes(), context.browser.as_bytes()],
        )?;
    }
    tx.execute(
        "INSERT INTO mfa_context (user_id, browser, network, ends) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (user_id, browser, network) DO UPDATE SET ends = ?4",
        params![
            context.user_id,
            context.browser.as_bytes(),
            context.network.as_bytes(),
            millis(context.ends)
        ],
    )
    .map(drop)
}
