//! What the administration's pages look for: parts of names, newest requests, how many there are of what.

use jiff::Timestamp;

use super::{
    AccessRequest, Result, Store,
    access_requests::request_from,
    accounts,
    accounts::account_from,
    all,
    applications::application_from,
    groups::group_from,
    millis, one,
    permission_sets::set_from,
    sql::{self, Connection, Row, params},
    users,
};
use crate::organisation::{Account, Application, Group, PermissionSet, Principal, User};

/// How many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// People in the directory.
    pub users: i64,
    /// Those of them who are disabled.
    pub disabled: i64,
    /// Groups.
    pub groups: i64,
    /// AWS accounts.
    pub accounts: i64,
    /// Permission sets.
    pub permission_sets: i64,
    /// Assignments to accounts.
    pub assignments: i64,
    /// Applications.
    pub applications: i64,
    /// Permission sets that are `OUTDATED` in an account, once for each account.
    pub outdated: i64,
    /// Requests for access that failed.
    pub failed: i64,
    /// Administrators who may sign in.
    pub administrators: i64,
}

/// The requests for access that may need somebody to look at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestState {
    /// Those that are `IN_PROGRESS`.
    InProgress,
    /// Those that are `FAILED`.
    Failed,
}

/// How many people are looked at one by one, because letters of theirs are those that are searched for. Where there
/// are more, a page of them is soon full in the order of user names, wherever in it they are.
const FEW: usize = 5000;
/// How many trigrams of what is searched for are looked up. Each takes time, most those of what everybody's address ends
/// with. Every second of so many is in the first seventeen letters, which tell names and addresses apart; whom they
/// find besides is told apart by the whole text.
const MOST_TRIGRAMS: usize = 8;
/// How many trigrams may begin with two letters for them to be looked up.
const MOST_BEGINNINGS: usize = 32;

/// What finds the people in whom trigrams of the words occur: those in whom the words do, in any case, and few others.
/// None for words that are too short to have any.
fn trigrams(words: &str) -> Option<String> {
    let letters: Vec<char> = words.chars().collect();
    // Text ends there for SQLite's tokenizer.
    if letters.contains(&'\0') {
        return None;
    }
    let step = if letters.len() < MOST_TRIGRAMS + 3 { 1 } else { 2 };
    let quoted = letters.windows(3).step_by(step).take(MOST_TRIGRAMS).map(|three| {
        let three: String = three.iter().collect();
        format!("\"{}\"", three.replace('"', "\"\""))
    });
    Some(quoted.collect::<Vec<_>>().join(" AND ")).filter(|all| !all.is_empty())
}

/// The same for two letters: all trigrams that begin with them, if they are not many more than are looked up.
fn beginnings(c: &Connection, words: &str) -> sql::Result<Option<Vec<String>>> {
    // What is the same in any case is ASCII's alone here.
    if words.len() != 2 || !words.bytes().all(|letter| letter.is_ascii_graphic() || letter == b' ') {
        return Ok(None);
    }
    let sql = "SELECT term FROM user_trigram WHERE term >= ?1 AND term < ?1 || char(1114111) LIMIT ?2";
    let most = i64::try_from(MOST_BEGINNINGS + 1).unwrap_or(i64::MAX);
    let terms = all(c, sql, params![words.to_ascii_lowercase(), most], |row| row.get(0))?;
    Ok((terms.len() <= MOST_BEGINNINGS).then_some(terms))
}

/// What finds the people whom words are about, as far as trigrams tell; `None` if they do not.
fn query(c: &Connection, words: &str) -> sql::Result<Option<String>> {
    // The end of a line would find what two columns have together.
    if words.contains('\n') {
        return Ok(None);
    }
    let Some(terms) = beginnings(c, words)? else { return Ok(trigrams(words)) };
    let quoted: Vec<String> = terms.iter().map(|term| format!("\"{}\"", term.replace('"', "\"\""))).collect();
    // Nobody's letters: the query for nobody.
    Ok(Some(if quoted.is_empty() { "\"\u{b}\u{b}\u{b}\"".to_owned() } else { quoted.join(" OR ") }))
}

/// The numbers of those that trigrams find, as JSON that SQLite makes itself; `None` if they are not [`FEW`].
fn few(c: &Connection, trigrams: &str) -> sql::Result<Option<String>> {
    let sql = "SELECT count(*), json_group_array(rowid)
               FROM (SELECT rowid FROM user_search WHERE user_search MATCH ?1 LIMIT ?2)";
    let few = i64::try_from(FEW).unwrap_or(i64::MAX);
    let found = one(c, sql, params![trigrams, few.saturating_add(1)], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    })?;
    Ok(found.filter(|(count, _)| *count <= few).map(|(_, numbers)| numbers))
}

/// As [`matching`], of users, and quicker: few are found by the index of their names' trigrams, and others by looking
/// at each in an index that has all there is to look at.
fn matching_users(c: &Connection, words: &str, after: &str, limit: u32) -> sql::Result<Vec<User>> {
    let (words, columns) = (words.trim(), users::COLUMNS);
    let by = ["u.username", "u.display_name", "u.email"].as_slice();
    if words.is_empty() {
        let select = format!("SELECT {columns} FROM user u");
        return matching(c, &select, ("u.username", by), (words, after, limit), users::user_from);
    }
    let page = |found: &str| {
        format!(
            "SELECT {columns} FROM ({found} LIMIT ?2) x CROSS JOIN user u ON u.id = x.id ORDER BY u.username"
        )
    };
    if is_nobodys(c, words) {
        return Ok(Vec::new());
    }
    if c.is_postgres() && !words.contains('\n') {
        // Its index of trigrams is over the same text, and it knows itself when that is of use.
        let sql = page(
            "SELECT n.user_id AS id FROM user_number n JOIN user v ON v.id = n.user_id
             WHERE v.username > ?1 AND n.text LIKE ?3 ESCAPE '\\' ORDER BY v.username",
        );
        return all(c, &sql, params![after, limit, pattern(words)], users::user_from);
    }
    let trigrams = if c.is_postgres() { None } else { query(c, words)? };
    if let Some(few) = trigrams.map(|trigrams| few(c, &trigrams)).transpose()?.flatten() {
        let sql = page(
            "SELECT n.user_id AS id FROM json_each(?4) f CROSS JOIN user_number n ON n.number = f.value
             WHERE n.text > ?1 AND instr(n.text, lower(?3)) ORDER BY n.text",
        );
        // Behind the line that is that user name, and before all that only begin with it.
        let after = format!("{after}\u{b}");
        return all(c, &sql, params![after, limit, words, few], users::user_from);
    }
    let found = format!(
        "SELECT u.id FROM user u WHERE u.username > ?1 AND ({}) ORDER BY u.username",
        contains(c, by)
    );
    all(c, &page(&found), params![after, limit, pattern(words)], users::user_from)
}

/// Whether nobody's text can hold the words: PostgreSQL has none with a NUL, and takes none to look for.
fn is_nobodys(c: &Connection, words: &str) -> bool {
    c.is_postgres() && words.contains('\0')
}

/// That one of these columns is like the third parameter.
fn contains(c: &Connection, columns: &[&str]) -> String {
    let like = |column: &&str| match c.is_postgres() {
        true => format!("lower({column}) LIKE ?3 ESCAPE '\\'"),
        // In any case by itself.
        false => format!("{column} LIKE ?3 ESCAPE '\\'"),
    };
    columns.iter().map(like).collect::<Vec<_>>().join(" OR ")
}

/// What text is like that contains the words.
fn pattern(words: &str) -> String {
    let escaped =
        words.trim().to_ascii_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

/// Rows after `after` in the order of `key`, of which one of `columns` contains the words in any case of ASCII's
/// letters; others are found as they are written. Rows are looked at in turn, no more than it takes to fill a page.
fn matching<T>(
    c: &Connection,
    select: &str,
    (key, columns): (&str, &[&str]),
    (words, after, limit): (&str, &str, u32),
    read: impl FnMut(&Row<'_>) -> sql::Result<T>,
) -> sql::Result<Vec<T>> {
    let words = words.trim();
    if is_nobodys(c, words) {
        return Ok(Vec::new());
    }
    if words.is_empty() {
        let sql = format!("{select} WHERE {key} > ?1 ORDER BY {key} LIMIT ?2");
        return all(c, &sql, params![after, limit], read);
    }
    let contains = contains(c, columns);
    let sql = format!("{select} WHERE {key} > ?1 AND ({contains}) ORDER BY {key} LIMIT ?2");
    all(c, &sql, params![after, limit, pattern(words)], read)
}

impl Store {
    /// Up to `limit` people after this user name in whose user name, display name or email address the words
    /// occur.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn find_users(&self, words: &str, after: &str, limit: u32) -> Result<Vec<User>> {
        self.read("look for users", |c| matching_users(c, words, after, limit))
    }

    /// Up to `limit` groups after this name in whose name or description the words occur.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn find_groups(&self, words: &str, after: &str, limit: u32) -> Result<Vec<Group>> {
        self.read("look for groups", |c| {
            let by = ("name", ["name", "description"].as_slice());
            matching(c, "SELECT * FROM user_group", by, (words, after, limit), group_from)
        })
    }

    /// Up to `limit` permission sets after this name in whose name or description the words occur.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn find_permission_sets(&self, words: &str, after: &str, limit: u32) -> Result<Vec<PermissionSet>> {
        self.read("look for permission sets", |c| {
            let by = ("name", ["name", "description"].as_slice());
            matching(c, "SELECT * FROM permission_set", by, (words, after, limit), set_from)
        })
    }

    /// Up to `limit` accounts after this id in whose id, name, email address or unit the words occur.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn find_accounts(&self, words: &str, after: &str, limit: u32) -> Result<Vec<Account>> {
        self.read("look for accounts", |c| {
            let select = format!(
                "SELECT {} FROM account a JOIN organizational_unit o ON o.id = a.ou_id",
                accounts::COLUMNS
            );
            let by = ("a.id", ["a.id", "a.name", "a.email", "o.path"].as_slice());
            matching(c, &select, by, (words, after, limit), account_from)
        })
    }

    /// Up to `limit` applications after this name in whose name or description the words occur.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn find_applications(&self, words: &str, after: &str, limit: u32) -> Result<Vec<Application>> {
        self.read("look for applications", |c| {
            let by = ("name", ["name", "description"].as_slice());
            matching(c, "SELECT * FROM application", by, (words, after, limit), application_from)
        })
    }

    /// Finds an application by its id, `apl-…`.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn application_by_id(&self, id: &str) -> Result<Option<Application>> {
        self.read("find an application", |c| {
            one(c, "SELECT * FROM application WHERE id = ?1", [id], application_from)
        })
    }

    /// Up to `limit` users and groups after this id that see an application, by id.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn principals_of_application(&self, id: &str, after: &str, limit: u32) -> Result<Vec<Principal>> {
        self.read("list who sees an application", |c| {
            let sql = "SELECT principal_type, principal_id FROM application_assignment
                       WHERE application_id = ?1 AND principal_id > ?2 ORDER BY principal_id LIMIT ?3";
            let read = |row: &Row<'_>| {
                let (kind, id): (String, String) = (row.get(0)?, row.get(1)?);
                Ok(if kind == "GROUP" { Principal::Group(id) } else { Principal::User(id) })
            };
            all(c, sql, params![id, after, limit], read)
        })
    }

    /// The accounts of a unit and of all units below it, by id.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn accounts_below(&self, unit_id: &str) -> Result<Vec<Account>> {
        self.read("list accounts", |c| {
            let sql = format!(
                "WITH RECURSIVE below (id) AS (
                     SELECT id FROM organizational_unit WHERE id = ?1
                     UNION ALL SELECT u.id FROM organizational_unit u JOIN below b ON u.parent_id = b.id)
                 SELECT {} FROM below b JOIN account a ON a.ou_id = b.id
                 JOIN organizational_unit o ON o.id = a.ou_id ORDER BY a.id",
                accounts::COLUMNS
            );
            all(c, &sql, [unit_id], account_from)
        })
    }

    /// Up to `limit` requests for access that were made before this one (by the moment it was made and its id) or
    /// last of all, the newest first; those of one `state` or all.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn latest_access_requests(
        &self,
        state: Option<RequestState>,
        before: Option<(Timestamp, &str)>,
        limit: u32,
    ) -> Result<Vec<AccessRequest>> {
        let (moment, id) = before.map_or((i64::MAX, ""), |(moment, id)| (millis(moment), id));
        self.read("list requests for access", |c| {
            // Of each kind, or of the state, by its index; then the newest of these.
            let of = |which: &str| {
                format!(
                    "SELECT * FROM (SELECT * FROM access_request WHERE {which} AND (created, id) < (?2, ?3)
                     ORDER BY created DESC, id DESC LIMIT ?1) x"
                )
            };
            let found = match state {
                Some(RequestState::Failed) => of("status = 'FAILED'"),
                Some(RequestState::InProgress) => of("status = 'IN_PROGRESS'"),
                None => ["kind = 'CREATE_ASSIGNMENT'", "kind = 'DELETE_ASSIGNMENT'", "kind = 'PROVISION'"]
                    .map(of)
                    .join(" UNION ALL "),
            };
            let sql = format!("{found} ORDER BY created DESC, id DESC LIMIT ?1");
            all(c, &sql, params![limit, moment, id], request_from)
        })
    }

    /// How many there are of what.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn counts(&self) -> Result<Counts> {
        self.read("count", |c| {
            let sql = "SELECT (SELECT count(*) FROM user) AS users,
                    (SELECT count(*) FROM user WHERE NOT enabled) AS disabled,
                    (SELECT count(*) FROM user_group) AS groups,
                    (SELECT count(*) FROM account) AS accounts,
                    (SELECT count(*) FROM permission_set) AS permission_sets,
                    (SELECT count(*) FROM assignment) AS assignments,
                    (SELECT count(*) FROM application) AS applications,
                    (SELECT count(*) FROM provisioned v JOIN permission_set s ON s.arn = v.permission_set
                     WHERE v.revision < s.revision) AS outdated,
                    (SELECT count(*) FROM access_request WHERE status = 'FAILED') AS failed,
                    (SELECT count(*) FROM administrator a JOIN user u ON u.id = a.user_id
                     WHERE u.enabled) AS administrators";
            let read = |row: &Row<'_>| {
                Ok(Counts {
                    users: row.get("users")?,
                    disabled: row.get("disabled")?,
                    groups: row.get("groups")?,
                    accounts: row.get("accounts")?,
                    permission_sets: row.get("permission_sets")?,
                    assignments: row.get("assignments")?,
                    applications: row.get("applications")?,
                    outdated: row.get("outdated")?,
                    failed: row.get("failed")?,
                    administrators: row.get("administrators")?,
                })
            };
            one(c, sql, [], read).map(Option::unwrap_or_default)
        })
    }
}

#[cfg(test)]
#[path = "searches_tests.rs"]
mod tests;
