//! Accounts and units as AWS Organizations has them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    AuditEntry, Result, Store, accounts, all, audit, execute, from_json, millis, moment, optional_moment,
    sql::{self, Connection, params},
    to_json,
};
use crate::organisation::{Account, ROOT};

/// Looks at AWS Organizations that are remembered.
const KEPT: u32 = 100;

/// An organization as AWS has it.
#[derive(Debug, Clone, Default)]
pub struct Organization {
    /// Accounts, and whether AWS says that they are suspended.
    pub accounts: Vec<(Account, bool)>,
    /// Ids of units by path; the root has the empty one.
    pub units: BTreeMap<String, String>,
}

/// What a look at AWS Organizations found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Synced {
    /// When.
    pub moment: Timestamp,
    /// Accounts that were not there: id and name.
    pub came: Vec<String>,
    /// Accounts that left or were suspended.
    pub went: Vec<String>,
    /// Accounts with another name, address or unit.
    pub changed: Vec<String>,
    /// Why nothing could be found.
    pub failure: Option<String>,
}

impl Synced {
    /// Whether everything was as it was.
    pub fn is_quiet(&self) -> bool {
        self.came.is_empty() && self.went.is_empty() && self.changed.is_empty() && self.failure.is_none()
    }
}

/// Why an account is not acted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// Since when.
    pub since: Timestamp,
    /// Whether AWS has it and calls it suspended; else it left the organization.
    pub is_suspended: bool,
}

fn label(account: &Account) -> String {
    format!("{} ({})", account.name, account.id)
}

impl Store {
    /// Why an account is not acted on, if it is not.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn absence(&self, account_id: &str) -> Result<Option<Absence>> {
        self.read("find out whether an account is there", |c| {
            let sql = "SELECT absent_since, absence FROM account WHERE id = ?1 AND absent_since IS NOT NULL";
            super::one(c, sql, [account_id], |row| {
                let word: Option<String> = row.get("absence")?;
                let since = optional_moment(row, "absent_since")?.unwrap_or_default();
                Ok(Absence { since, is_suspended: word.as_deref() == Some("SUSPENDED") })
            })
        })
    }

    /// Takes over what AWS Organizations has. What it does not have any more is marked, never deleted.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails; then nothing has changed.
    pub fn take_organization(
        &self,
        organization: &Organization,
        id: &str,
        now: Timestamp,
        record: &dyn Fn(&Synced) -> AuditEntry,
    ) -> Result<Synced> {
        self.write("take over the organization's accounts", |tx| {
            let mut synced = Synced { moment: now, ..Synced::default() };
            let id_of =
                |path: &str| organization.units.get(path).cloned().unwrap_or_else(|| format!("ou-{path}"));
            let moved = begin_to_move_units(tx, organization)?;
            // Those above come first.
            for (path, id) in &organization.units {
                match moved.get(id) {
                    Some(before) => move_unit(tx, id, before, path, &id_of, &mut synced)?,
                    None => drop(accounts::unit_at(tx, path, &id_of)?),
                }
            }
            let mut there = BTreeSet::new();
            for (account, is_suspended) in &organization.accounts {
                there.insert(account.id.as_str());
                take(tx, account, *is_suspended, &id_of, now, &mut synced)?;
            }
            let sql = "SELECT id FROM account WHERE imported AND absence IS NULL";
            let known: Vec<String> = all(tx, sql, [], |row| row.get(0))?;
            for gone in known.iter().filter(|id| !there.contains(id.as_str())) {
                let Some(account) = accounts::find(tx, gone)? else { continue };
                let sql = "UPDATE account SET absent_since = ?2, absence = 'LEFT' WHERE id = ?1";
                execute(tx, sql, params![gone, millis(now)])?;
                synced.went.push(label(&account));
            }
            drop_empty_units(tx, organization)?;
            keep(tx, id, &synced)?;
            if !synced.is_quiet() {
                audit::append(tx, &record(&synced))?;
            }
            Ok(synced)
        })
    }

    /// Remembers that AWS Organizations could not be read.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn add_failed_sync(&self, id: &str, now: Timestamp, failure: &str) -> Result<()> {
        let synced = Synced { moment: now, failure: Some(failure.to_owned()), ..Synced::default() };
        self.write("keep that accounts could not be read", |tx| keep(tx, id, &synced))
    }

    /// What was found lately, newest first. The first is the last look, whatever it found.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn syncs(&self, limit: u32) -> Result<Vec<Synced>> {
        self.read("list what was found at AWS Organizations", |c| {
            all(c, "SELECT * FROM aws_sync ORDER BY moment DESC, id LIMIT ?1", [limit], |row| {
                Ok(Synced {
                    moment: moment(row, "moment")?,
                    came: from_json(row, "came")?,
                    went: from_json(row, "went")?,
                    changed: from_json(row, "changed")?,
                    failure: row.get("failure")?,
                })
            })
        })
    }
}

fn take(
    tx: &Connection,
    account: &Account,
    is_suspended: bool,
    id_of: &dyn Fn(&str) -> String,
    now: Timestamp,
    synced: &mut Synced,
) -> sql::Result<()> {
    let before = accounts::find(tx, &account.id)?;
    let was_absent = super::one(tx, "SELECT absence FROM account WHERE id = ?1", [&account.id], |row| {
        row.get::<_, Option<String>>(0)
    })?
    .flatten();
    let unit = accounts::unit_at(tx, &account.ou, id_of)?;
    if before.as_ref() != Some(account) {
        accounts::put(tx, account, &unit, false)?;
    }
    execute(tx, "UPDATE account SET imported = TRUE WHERE id = ?1 AND NOT imported", [&account.id])?;
    match (is_suspended, was_absent.as_deref()) {
        (true, Some("SUSPENDED")) => {}
        (true, _) => {
            let sql = "UPDATE account SET absent_since = ?2, absence = 'SUSPENDED' WHERE id = ?1";
            execute(tx, sql, params![account.id, millis(now)])?;
            synced.went.push(format!("{} is suspended", label(account)));
        }
        (false, Some(_)) => {
            let sql = "UPDATE account SET absent_since = NULL, absence = NULL WHERE id = ?1";
            execute(tx, sql, [&account.id])?;
            synced.came.push(format!("{} is back", label(account)));
        }
        (false, None) => match before {
            None => synced.came.push(label(account)),
            Some(before) if before != *account => synced.changed.push(label(account)),
            Some(_) => {}
        },
    }
    Ok(())
}

/// What a unit was before it was moved or renamed.
struct Unit {
    parent: Option<String>,
    name: String,
    path: String,
}

/// The units that stand elsewhere by now, by their ids. Their places are given up, so that two may change them.
fn begin_to_move_units(tx: &Connection, organization: &Organization) -> sql::Result<BTreeMap<String, Unit>> {
    let sql = "SELECT id, parent_id, name, path FROM organizational_unit WHERE parent_id IS NOT NULL";
    let known: Vec<(String, Unit)> = all(tx, sql, [], |row| {
        let unit = Unit { parent: row.get("parent_id")?, name: row.get("name")?, path: row.get("path")? };
        Ok((row.get("id")?, unit))
    })?;
    let places: BTreeMap<&str, &str> =
        organization.units.iter().map(|(path, id)| (id.as_str(), path.as_str())).collect();
    let mut moved = BTreeMap::new();
    for (id, unit) in known {
        if places.get(id.as_str()).is_some_and(|place| *place != unit.path) {
            // No path begins so.
            let sql = "UPDATE organizational_unit SET path = ?2 WHERE id = ?1";
            execute(tx, sql, params![id, format!("/{id}")])?;
            moved.insert(id, unit);
        }
    }
    Ok(moved)
}

/// Gives a unit its place. Where another one that is not AWS's has it, that one serves, and what is left is dropped when
/// it is empty.
fn move_unit(
    tx: &Connection,
    id: &str,
    before: &Unit,
    path: &str,
    id_of: &dyn Fn(&str) -> String,
    synced: &mut Synced,
) -> sql::Result<()> {
    let sql = "SELECT 1 FROM organizational_unit WHERE path = ?1";
    if super::one(tx, sql, [path], |_| Ok(()))?.is_some() {
        return Ok(());
    }
    let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
    let parent = accounts::unit_at(tx, above, id_of)?;
    let sql = "UPDATE organizational_unit SET parent_id = ?2, name = ?3, path = ?4 WHERE id = ?1";
    execute(tx, sql, params![id, parent, name, path])?;
    // What goes along with the one above is not told.
    if before.name != name || before.parent.as_ref() != Some(&parent) {
        synced.changed.push(format!("unit {} is {path} now", before.path));
    }
    Ok(())
}

/// Units that AWS does not have and in which nothing stands, from below.
fn drop_empty_units(tx: &Connection, organization: &Organization) -> sql::Result<()> {
    let sql = "SELECT id, path FROM organizational_unit WHERE parent_id IS NOT NULL ORDER BY path DESC";
    let units: Vec<(String, String)> = all(tx, sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (id, path) in units.iter().filter(|(_, path)| path != ROOT && !organization.units.contains_key(path))
    {
        tracing::debug!(path, "an organizational unit is not at AWS");
        let sql = "DELETE FROM organizational_unit WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM account WHERE ou_id = ?1)
             AND NOT EXISTS (SELECT 1 FROM organizational_unit below WHERE below.parent_id = ?1)";
        execute(tx, sql, [id])?;
    }
    Ok(())
}

/// A quiet look takes the place of a quiet look before it.
fn keep(tx: &Connection, id: &str, synced: &Synced) -> sql::Result<()> {
    let quiet =
        "DELETE FROM aws_sync WHERE came = '[]' AND went = '[]' AND changed = '[]' AND failure IS NULL";
    execute(tx, quiet, [])?;
    execute(
        tx,
        "INSERT INTO aws_sync (id, moment, came, went, changed, failure) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            id,
            millis(synced.moment),
            to_json(&synced.came)?,
            to_json(&synced.went)?,
            to_json(&synced.changed)?,
            synced.failure
        ],
    )?;
    let old =
        "DELETE FROM aws_sync WHERE id NOT IN (SELECT id FROM aws_sync ORDER BY moment DESC, id LIMIT ?1)";
    execute(tx, old, [KEPT]).map(drop)
}
