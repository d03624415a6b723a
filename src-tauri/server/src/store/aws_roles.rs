//! Roles at AWS: what is to be done, and what became of it.

use jiff::Timestamp;

use super::access_requests::{RecordSettled, RequestStatus, Wanted};
use super::{
    AuditEntry, Result, Store, access_requests, all, audit, execute, from_json, millis, moment, one,
    permission_sets,
    sql::{self, Connection, Row, params},
    to_json,
};
use crate::organisation::PermissionSet;

/// How a role is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwsRoleState {
    /// It is as it should be, as far as was seen.
    Applied,
    /// It failed, and is soon tried again.
    Retrying,
    /// It failed for a reason that lasts; it is tried again now and then.
    Failed,
}

impl AwsRoleState {
    fn word(self) -> &'static str {
        match self {
            Self::Applied => "APPLIED",
            Self::Retrying => "RETRYING",
            Self::Failed => "FAILED",
        }
    }
}

/// A role at AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsRole {
    /// 12 digits.
    pub account_id: String,
    /// The permission set's ARN.
    pub permission_set: String,
    /// `AWSReservedSSO_…`
    pub role_name: String,
    /// How it is doing.
    pub state: AwsRoleState,
    /// The permission set's revision that was tried last.
    pub revision: i64,
    /// The role as it was made last, as JSON; none if it never was.
    pub applied: Option<String>,
    /// Why it failed; of a role that is as it should be, as far as was seen, why it cannot be looked at.
    pub failure: Option<String>,
    /// How often in a row.
    pub attempts: u32,
    /// When it is tried again.
    pub next_try: Timestamp,
    /// How it differed from what was made when it was looked at last.
    pub drift: Vec<String>,
    /// When that was.
    pub checked: Timestamp,
}

/// A role to be made or changed.
#[derive(Debug, Clone)]
pub struct WantedRole {
    /// 12 digits.
    pub account_id: String,
    /// The permission set as it is now.
    pub set: PermissionSet,
    /// The revision that is to be in force.
    pub revision: i64,
    /// What is known of it.
    pub known: Option<AwsRole>,
}

fn role_from(row: &Row<'_>) -> sql::Result<AwsRole> {
    let state: String = row.get("state")?;
    Ok(AwsRole {
        account_id: row.get("account_id")?,
        permission_set: row.get("permission_set")?,
        role_name: row.get("role_name")?,
        state: match state.as_str() {
            "APPLIED" => AwsRoleState::Applied,
            "RETRYING" => AwsRoleState::Retrying,
            _ => AwsRoleState::Failed,
        },
        revision: row.get("revision")?,
        applied: row.get("applied")?,
        failure: row.get("failure")?,
        attempts: row.get("attempts")?,
        next_try: moment(row, "next_try")?,
        drift: from_json(row, "drift")?,
        checked: moment(row, "checked")?,
    })
}

fn find(c: &Connection, account: &str, set: &str) -> sql::Result<Option<AwsRole>> {
    one(c, "SELECT * FROM aws_role WHERE account_id = ?1 AND permission_set = ?2", [account, set], role_from)
}

impl Store {
    /// Finds a role.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn aws_role(&self, account: &str, set: &str) -> Result<Option<AwsRole>> {
        self.read("find a role", |c| find(c, account, set))
    }

    /// All roles of an account, by permission set.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn aws_roles_in(&self, account: &str) -> Result<Vec<AwsRole>> {
        self.read("list an account's roles", |c| {
            let sql = "SELECT * FROM aws_role WHERE account_id = ?1 ORDER BY permission_set";
            all(c, sql, [account], role_from)
        })
    }

    /// Up to `limit` roles that failed, differ from what was made, or cannot be looked at.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn aws_roles_needing_attention(&self, limit: u32) -> Result<Vec<AwsRole>> {
        self.read("list roles that need attention", |c| {
            let sql =
                "SELECT * FROM aws_role WHERE state <> 'APPLIED' OR drift <> '[]' OR failure IS NOT NULL
                       ORDER BY account_id, permission_set LIMIT ?1";
            all(c, sql, [limit], role_from)
        })
    }

    /// How many roles are as they should be, and how many are known.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn count_aws_roles(&self) -> Result<(i64, i64)> {
        self.read("count roles", |c| {
            let sql = "SELECT count(*) AS known,
                           coalesce(sum(CASE WHEN state = 'APPLIED' AND drift = '[]' AND failure IS NULL
                                         THEN 1 ELSE 0 END), 0) AS good
                       FROM aws_role";
            let counted = one(c, sql, [], |row| Ok((row.get("good")?, row.get("known")?)))?;
            Ok(counted.unwrap_or_default())
        })
    }

    /// How many roles there are of each kind, by a word: `applied` (as they should be, as far as was seen), `retrying`,
    /// `failed`, `changed` (by others, at AWS), `unchecked`. Kinds without roles are left out.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn aws_roles_by_kind(&self) -> Result<Vec<(String, i64)>> {
        self.read("count roles by kind", |c| {
            let sql =
                "SELECT CASE WHEN state <> 'APPLIED' THEN lower(state) WHEN drift <> '[]' THEN 'changed'
                              WHEN failure IS NOT NULL THEN 'unchecked' ELSE 'applied' END AS kind,
                           count(*) AS number
                       FROM aws_role GROUP BY kind";
            all(c, sql, [], |row| Ok((row.get("kind")?, row.get("number")?)))
        })
    }

    /// Up to `limit` roles that are to be made or changed now, by account. Nothing of an account that is not there.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn aws_roles_due(&self, now: Timestamp, limit: u32) -> Result<Vec<WantedRole>> {
        self.read("look for roles to make", |c| {
            let sql = "SELECT v.account_id, v.permission_set, v.revision FROM provisioned v
                 JOIN account a ON a.id = v.account_id AND a.absent_since IS NULL
                 LEFT JOIN aws_role r ON r.account_id = v.account_id AND r.permission_set = v.permission_set
                 WHERE r.account_id IS NULL
                    OR (r.next_try <= ?1 AND (r.state <> 'APPLIED' OR r.revision < v.revision))
                 ORDER BY v.account_id, v.permission_set LIMIT ?2";
            let due: Vec<(String, String, i64)> = all(c, sql, params![millis(now), limit], |row| {
                Ok((row.get("account_id")?, row.get("permission_set")?, row.get("revision")?))
            })?;
            let mut wanted = Vec::with_capacity(due.len());
            for (account_id, arn, revision) in due {
                let known = find(c, &account_id, &arn)?;
                let Some(set) = permission_sets::find(c, &arn)? else { continue };
                wanted.push(WantedRole { account_id, set, revision, known });
            }
            Ok(wanted)
        })
    }

    /// Up to `limit` roles that nobody is assigned to any more, to be removed now.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn aws_roles_to_remove(&self, now: Timestamp, limit: u32) -> Result<Vec<AwsRole>> {
        self.read("look for roles to remove", |c| {
            let sql = "SELECT r.* FROM aws_role r
                 LEFT JOIN account a ON a.id = r.account_id
                 LEFT JOIN provisioned v ON v.account_id = r.account_id AND v.permission_set = r.permission_set
                 WHERE v.account_id IS NULL AND a.absent_since IS NULL AND r.next_try <= ?1
                 ORDER BY r.account_id, r.permission_set LIMIT ?2";
            all(c, sql, params![millis(now), limit], role_from)
        })
    }

    /// Up to `limit` roles that were looked at last before a moment, those of longest ago first.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn aws_roles_to_check(&self, before: Timestamp, limit: u32) -> Result<Vec<AwsRole>> {
        self.read("look for roles to check", |c| {
            let sql = "SELECT r.* FROM aws_role r
                 JOIN account a ON a.id = r.account_id AND a.absent_since IS NULL
                 WHERE r.state = 'APPLIED' AND r.checked < ?1 ORDER BY r.checked LIMIT ?2";
            all(c, sql, params![millis(before), limit], role_from)
        })
    }

    /// Keeps what became of a role, with its event if that is one.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn put_aws_role(&self, role: &AwsRole, entry: Option<&AuditEntry>) -> Result<()> {
        self.write("keep what became of a role", |tx| {
            execute(
                tx,
                "INSERT INTO aws_role (account_id, permission_set, role_name, state, revision, applied, failure,
                     attempts, next_try, drift, checked)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                 ON CONFLICT (account_id, permission_set) DO UPDATE SET role_name = ?3, state = ?4, revision = ?5,
                     applied = ?6, failure = ?7, attempts = ?8, next_try = ?9, drift = ?10, checked = ?11",
                params![
                    role.account_id,
                    role.permission_set,
                    role.role_name,
                    role.state.word(),
                    role.revision,
                    role.applied,
                    role.failure,
                    role.attempts,
                    millis(role.next_try),
                    to_json(&role.drift)?,
                    millis(role.checked)
                ],
            )?;
            entry.map_or(Ok(()), |entry| audit::append(tx, entry))
        })
    }

    /// Keeps what was seen of a role that was last looked at `before`. Whoever wanted it looked at, or made again, since
    /// then is not forgotten for it.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn put_aws_role_check(
        &self,
        role: &AwsRole,
        before: Timestamp,
        entry: Option<&AuditEntry>,
    ) -> Result<()> {
        self.write("keep what was seen of a role", |tx| {
            execute(
                tx,
                "UPDATE aws_role SET failure = ?3, drift = ?4,
                     checked = CASE WHEN checked = ?5 THEN ?6 ELSE checked END
                 WHERE account_id = ?1 AND permission_set = ?2 AND state = 'APPLIED'",
                params![
                    role.account_id,
                    role.permission_set,
                    role.failure,
                    to_json(&role.drift)?,
                    millis(before),
                    millis(role.checked)
                ],
            )?;
            entry.map_or(Ok(()), |entry| audit::append(tx, entry))
        })
    }

    /// Forgets a role that is gone, with the event of that.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn forget_aws_role(&self, account: &str, set: &str, entry: &AuditEntry) -> Result<()> {
        self.write("forget a role", |tx| {
            execute(
                tx,
                "DELETE FROM aws_role WHERE account_id = ?1 AND permission_set = ?2",
                [account, set],
            )?;
            audit::append(tx, entry)
        })
    }

    /// Has a role made again as it should be; `false` if there is none.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn reapply_aws_role(&self, account: &str, set: &str, entry: &AuditEntry) -> Result<bool> {
        self.write("have a role made again", |tx| {
            let sql = "UPDATE aws_role SET state = 'RETRYING', next_try = 0, attempts = 0
                       WHERE account_id = ?1 AND permission_set = ?2";
            let found = execute(tx, sql, [account, set])? == 1;
            if found {
                audit::append(tx, entry)?;
            }
            Ok(found)
        })
    }

    /// Has all roles looked at soon.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn check_aws_roles(&self) -> Result<()> {
        // Another number each time: a look that is under way does not pass for this one.
        let sql = "UPDATE aws_role SET checked = CASE WHEN checked < 0 THEN checked - 1 ELSE -1 END";
        self.write("have roles checked", |tx| execute(tx, sql, []).map(drop))
    }

    /// Ends the requests for access whose roles are all made or removed, or failed `tries` times or for good; records
    /// what became of each. How many there were.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails.
    pub fn finish_access_requests(&self, tries: u32, record: RecordSettled<'_>) -> Result<usize> {
        let open = "SELECT * FROM access_request WHERE status = 'IN_PROGRESS' AND stage = 'ROLES'
                    ORDER BY created, id";
        let ended = self.read("look for requests whose roles are made", |c| {
            let mut ended = Vec::new();
            for request in all(c, open, [], access_requests::request_from)? {
                if let Some(outcome) = outcome(c, &request.wanted, tries)? {
                    ended.push((request, outcome));
                }
            }
            Ok(ended)
        })?;
        if ended.is_empty() {
            return Ok(0);
        }
        self.write("end requests for access", |tx| {
            let number = ended.len();
            for (mut request, outcome) in ended {
                let failure = outcome.err();
                let status = if failure.is_none() { "SUCCEEDED" } else { "FAILED" };
                let sql = "UPDATE access_request SET status = ?2, failure = ?3, stage = NULL
                           WHERE id = ?1 AND status = 'IN_PROGRESS'";
                if execute(tx, sql, params![request.id, status, failure])? == 1 {
                    request.status = failure.map_or(RequestStatus::Succeeded, RequestStatus::Failed);
                    let set = permission_sets::find(tx, request.wanted.permission_set())?.map(|set| set.name);
                    audit::append(tx, &record(&request, set.as_deref()))?;
                }
            }
            Ok(number)
        })
    }
}

type Outcome = std::result::Result<(), String>;

/// What became of the roles of a request; `None` while they are under way.
fn outcome(c: &Connection, wanted: &Wanted, tries: u32) -> sql::Result<Option<Outcome>> {
    let provisioned = "SELECT v.account_id, v.revision, a.absent_since FROM provisioned v
                       JOIN account a ON a.id = v.account_id
                       WHERE v.permission_set = ?1 AND (CAST(?2 AS TEXT) IS NULL OR v.account_id = ?2)";
    let (set, account) = match wanted {
        Wanted::Assign(it) | Wanted::Revoke(it) => (&it.permission_set, Some(&it.account_id)),
        Wanted::Provision { permission_set, account_id } => (permission_set, account_id.as_ref()),
    };
    let there: Vec<(String, i64, Option<i64>)> = all(c, provisioned, params![set, account], |row| {
        Ok((row.get("account_id")?, row.get("revision")?, row.get("absent_since")?))
    })?;
    let gave_up = |role: &AwsRole| {
        let over = role.state == AwsRoleState::Failed || role.attempts >= tries;
        over.then(|| format!("Account {}: {}", role.account_id, role.failure.clone().unwrap_or_default()))
    };
    if let Wanted::Revoke(it) = wanted {
        // Others have it still, or the role is gone.
        if !there.is_empty() {
            return Ok(Some(Ok(())));
        }
        // Nothing is done in an account that is not there: the role goes when it is back.
        let sql = "SELECT 1 FROM account WHERE id = ?1 AND absent_since IS NOT NULL";
        if one(c, sql, [&it.account_id], |_| Ok(()))?.is_some() {
            return Ok(Some(Ok(())));
        }
        return Ok(match find(c, &it.account_id, set)? {
            None => Some(Ok(())),
            Some(role) => gave_up(&role).map(Err),
        });
    }
    if there.is_empty() && matches!(wanted, Wanted::Assign(_)) {
        return Ok(Some(Err("The assignment was deleted meanwhile.".to_owned())));
    }
    let mut failures = Vec::new();
    for (account_id, revision, absent) in there {
        if absent.is_some() {
            failures.push(format!("Account {account_id}: it is suspended or has left the organization."));
            continue;
        }
        let Some(role) = find(c, &account_id, set)? else { return Ok(None) };
        let is_made = role.state == AwsRoleState::Applied && role.revision >= revision;
        if !is_made {
            // What is known of an older revision says nothing about this one.
            match gave_up(&role).filter(|_| role.revision >= revision) {
                Some(failure) => failures.push(failure),
                None => return Ok(None),
            }
        }
    }
    Ok(Some(match failures.len() {
        0 => Ok(()),
        1 => Err(failures.remove(0)),
        more => Err(format!("{} ({} more accounts failed.)", failures.remove(0), more - 1)),
    }))
}
