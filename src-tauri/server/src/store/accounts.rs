//! Accounts and the tree of organizational units they stand in.

use rusqlite::{Connection, Row, params};

use super::{Result, Store, all, execute, one};
use crate::organisation::{Account, OrganizationalUnit, ROOT};

/// An account with its unit's path, of tables `a` and `o`.
pub(super) const COLUMNS: &str =
    "a.id, a.name, a.email, CASE o.path WHEN '' THEN 'Root' ELSE o.path END AS ou";

pub(super) fn account_from(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account { id: row.get("id")?, name: row.get("name")?, email: row.get("email")?, ou: row.get("ou")? })
}

fn unit_from(row: &Row<'_>) -> rusqlite::Result<OrganizationalUnit> {
    Ok(OrganizationalUnit {
        id: row.get("id")?,
        parent: row.get("parent_id")?,
        name: row.get("name")?,
        path: row.get("path")?,
    })
}

pub(super) fn find(c: &Connection, id: &str) -> rusqlite::Result<Option<Account>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM account a JOIN organizational_unit o ON o.id = a.ou_id WHERE a.id = ?1"
    );
    one(c, &sql, [id], account_from)
}

/// The id of the unit with this path, which is made with all above it if it is not there; `id_of` gives a new
/// unit's id from its path.
pub(super) fn unit_at(
    c: &Connection,
    path: &str,
    id_of: &dyn Fn(&str) -> String,
) -> rusqlite::Result<String> {
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

pub(super) fn put(c: &Connection, account: &Account, ou_id: &str, declared: bool) -> rusqlite::Result<()> {
    execute(
        c,
        "INSERT INTO account (id, name, email, ou_id, declared) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET name = ?2, email = ?3, ou_id = ?4, declared = declared OR ?5",
        params![account.id, account.name, account.email, ou_id, declared],
    )
    .map(drop)
}

pub(super) fn remove(c: &Connection, id: &str) -> rusqlite::Result<bool> {
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
}
