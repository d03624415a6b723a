//! Accounts and the tree of organizational units they stand in.

use super::{
    AuditEntry, Result, Store, all, audit, execute, one,
    sql::{self, Connection, Row, params},
};
use crate::organisation::{Account, OrganizationalUnit, ROOT};

/// An account with its unit's path, of tables `a` and `o`.
pub(super) const COLUMNS: &str =
    "a.id, a.name, a.email, CASE o.path WHEN '' THEN 'Root' ELSE o.path END AS ou";

pub(super) fn account_from(row: &Row<'_>) -> sql::Result<Account> {
    Ok(Account { id: row.get("id")?, name: row.get("name")?, email: row.get("email")?, ou: row.get("ou")? })
}

fn unit_from(row: &Row<'_>) -> sql::Result<OrganizationalUnit> {
    Ok(OrganizationalUnit {
        id: row.get("id")?,
        parent: row.get("parent_id")?,
        name: row.get("name")?,
        path: row.get("path")?,
    })
}

pub(super) fn find(c: &Connection, id: &str) -> sql::Result<Option<Account>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM account a JOIN organizational_unit o ON o.id = a.ou_id WHERE a.id = ?1"
    );
    one(c, &sql, [id], account_from)
}

/// The id of the unit with this path, which is made with all above it if it is not there; `id_of` gives a new
/// unit's id from its path.
pub(super) fn unit_at(c: &Connection, path: &str, id_of: &dyn Fn(&str) -> String) -> sql::Result<String> {
    let path = if path == ROOT { "" } else { path };
    let sql = "SELECT id FROM organizational_unit WHERE path = ?1";
    if let Some(id) = one(c, sql, [path], |row| row.get(0))? {
        return Ok(id);
    }
    let (parent, name) = match path.rsplit_once('/') {
        Some((above, name)) => (Some(unit_at(c, above, id_of)?), name),
        None if path.is_empty() => (None, ROOT),
        None => (Some(unit_at(c, "", id_of)?), path),
    };
    let id = id_of(path);
    let sql = "INSERT INTO organizational_unit (id, parent_id, name, path) VALUES (?1, ?2, ?3, ?4)";
    execute(c, sql, params![id, parent, name, path])?;
    Ok(id)
}

pub(super) fn put(c: &Connection, account: &Account, ou_id: &str, declared: bool) -> sql::Result<()> {
    execute(
        c,
        "INSERT INTO account (id, name, email, ou_id, declared) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET name = ?2, email = ?3, ou_id = ?4, declared = account.declared OR ?5",
        params![account.id, account.name, account.email, ou_id, declared],
    )
    .map(drop)
}

pub(super) fn remove(c: &Connection, id: &str) -> sql::Result<bool> {
    Ok(execute(c, "DELETE FROM account WHERE id = ?1", [id])? == 1)
}

impl Store {
    /// Finds an account.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn account(&self, id: &str) -> Result<Option<Account>> {
        self.read("find an account", |c| find(c, id))
    }

    /// Up to `limit` accounts right in this unit after this id, in order.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn accounts_in(&self, ou_id: &str, after: &str, limit: u32) -> Result<Vec<Account>> {
        self.read("list accounts", |c| {
            let sql = format!(
                "SELECT {COLUMNS} FROM account a JOIN organizational_unit o ON o.id = a.ou_id
                 WHERE a.ou_id = ?1 AND a.id > ?2 ORDER BY a.id LIMIT ?3"
            );
            all(c, &sql, params![ou_id, after, limit], account_from)
        })
    }

    /// All organizational units, each after the one it stands below.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn organizational_units(&self) -> Result<Vec<OrganizationalUnit>> {
        self.read("list organizational units", |c| {
            all(c, "SELECT * FROM organizational_unit ORDER BY path", [], unit_from)
        })
    }

    /// Adds an account or changes one; `id_of` gives the id of a unit that is not there yet from its path.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn put_account(
        &self,
        account: &Account,
        id_of: &dyn Fn(&str) -> String,
        entry: &AuditEntry,
    ) -> Result<()> {
        self.write("keep an account", |tx| {
            let unit = unit_at(tx, &account.ou, id_of)?;
            put(tx, account, &unit, false)?;
            audit::append(tx, entry)
        })
    }

    /// Adds an account; `false`, and nothing has changed, if there is one with its id.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn add_account(
        &self,
        account: &Account,
        id_of: &dyn Fn(&str) -> String,
        entry: &AuditEntry,
    ) -> Result<bool> {
        self.write("add an account", |tx| {
            if find(tx, &account.id)?.is_some() {
                return Ok(false);
            }
            let unit = unit_at(tx, &account.ou, id_of)?;
            put(tx, account, &unit, false)?;
            audit::append(tx, entry)?;
            Ok(true)
        })
    }

    /// Adds the unit of this path, and those above it that are not there; `false`, and nothing has changed, if
    /// there is one.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn add_unit(&self, path: &str, id_of: &dyn Fn(&str) -> String, entry: &AuditEntry) -> Result<bool> {
        self.write("add an organizational unit", |tx| {
            let sql = "SELECT 1 FROM organizational_unit WHERE path = ?1";
            if one(tx, sql, [path], |_| Ok(()))?.is_some() {
                return Ok(false);
            }
            unit_at(tx, path, id_of)?;
            audit::append(tx, entry)?;
            Ok(true)
        })
    }

    /// Forgets a unit; `false`, and nothing has changed, if it is the root or anything stands in it.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn delete_unit(&self, id: &str, entry: &AuditEntry) -> Result<bool> {
        self.write("delete an organizational unit", |tx| {
            let sql = "DELETE FROM organizational_unit WHERE id = ?1 AND parent_id IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM account WHERE ou_id = ?1)
                 AND NOT EXISTS (SELECT 1 FROM organizational_unit below WHERE below.parent_id = ?1)";
            let gone = execute(tx, sql, [id])? == 1;
            if gone {
                audit::append(tx, entry)?;
            }
            Ok(gone)
        })
    }

    /// Forgets an account and every assignment in it; `false` if there is none.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn delete_account(&self, id: &str, entry: &AuditEntry) -> Result<bool> {
        self.write("delete an account", |tx| {
            let found = remove(tx, id)?;
            if found {
                audit::append(tx, entry)?;
            }
            Ok(found)
        })
    }
}
