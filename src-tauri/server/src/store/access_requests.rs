//! Requests that take their time (sso-admin API, `AccountAssignmentOperationStatus` and
//! `PermissionSetProvisioningStatus`): what they ask for acts when they say `SUCCEEDED`, in one transaction.

use jiff::Timestamp;

use super::{
    AuditEntry, Result, Store, accounts, all, assignments, audit, execute, groups, millis, moment, one,
    permission_sets,
    sql::{self, Connection, Row, params},
    users,
};
use crate::organisation::{Assignment, Principal};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// `CreateAccountAssignment`
    Assign(Assignment),
    /// `DeleteAccountAssignment`
    Revoke(Assignment),
    /// `ProvisionPermissionSet`
    Provision {
        /// The permission set's ARN.
        permission_set: String,
        /// The account; all that have it, if there is none.
        account_id: Option<String>,
    },
}

/// Which list a request is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// `ListAccountAssignmentCreationStatus`
    Assign,
    /// `ListAccountAssignmentDeletionStatus`
    Revoke,
    /// `ListPermissionSetProvisioningStatus`
    Provision,
}

impl RequestKind {
    /// The operation that asked for it.
    pub fn operation(self) -> &'static str {
        match self {
            Self::Assign => "CreateAccountAssignment",
            Self::Revoke => "DeleteAccountAssignment",
            Self::Provision => "ProvisionPermissionSet",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Assign => "CREATE_ASSIGNMENT",
            Self::Revoke => "DELETE_ASSIGNMENT",
            Self::Provision => "PROVISION",
        }
    }
}

/// How far a request is (sso-admin API, `StatusValues`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestStatus {
    /// `IN_PROGRESS`
    InProgress,
    /// `SUCCEEDED`
    Succeeded,
    /// `FAILED`, with `FailureReason`.
    Failed(String),
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRequest {
    /// `RequestId`, in the form of a UUID.
    pub id: String,
    /// What it asks for.
    pub wanted: Wanted,
    /// How far it is.
    pub status: RequestStatus,
    /// `CreatedDate`.
    pub created: Timestamp,
}

/// A request that is made now.
#[derive(Debug)]
pub struct NewRequest {
    /// Its id, in the form of a UUID.
    pub id: String,
    /// What it asks for.
    pub wanted: Wanted,
    /// The event of it, which names the request.
    pub entry: AuditEntry,
}

impl NewRequest {
    /// The request as it is kept at that moment.
    pub fn into_request(self, now: Timestamp) -> AccessRequest {
        AccessRequest { id: self.id, wanted: self.wanted, status: RequestStatus::InProgress, created: now }
    }
}

/// Writes down what became of a request: the request as it stands now, and its permission set's name, if that is
/// still there.
pub type RecordSettled<'a> = &'a dyn Fn(&AccessRequest, Option<&str>) -> AuditEntry;

impl Wanted {
    /// The permission set's ARN.
    pub fn permission_set(&self) -> &str {
        match self {
            Self::Assign(assignment) | Self::Revoke(assignment) => &assignment.permission_set,
            Self::Provision { permission_set, .. } => permission_set,
        }
    }

    /// Which list it is in.
    pub fn kind(&self) -> RequestKind {
        match self {
            Self::Assign(_) => RequestKind::Assign,
            Self::Revoke(_) => RequestKind::Revoke,
            Self::Provision { .. } => RequestKind::Provision,
        }
    }
}

/// Most that are settled in one transaction, so that others get their turn.
const BATCH: u32 = 64;

pub(super) fn request_from(row: &Row<'_>) -> sql::Result<AccessRequest> {
    let (kind, status): (String, String) = (row.get("kind")?, row.get("status")?);
    let wanted = if kind == RequestKind::Provision.word() {
        Wanted::Provision { permission_set: row.get("permission_set")?, account_id: row.get("account_id")? }
    } else {
        let assignment = assignments::assignment_from(row)?;
        if kind == RequestKind::Assign.word() {
            Wanted::Assign(assignment)
        } else {
            Wanted::Revoke(assignment)
        }
    };
    let status = match status.as_str() {
        "SUCCEEDED" => RequestStatus::Succeeded,
        "FAILED" => RequestStatus::Failed(row.get::<_, Option<String>>("failure")?.unwrap_or_default()),
        _ => RequestStatus::InProgress,
    };
    Ok(AccessRequest { id: row.get("id")?, wanted, status, created: moment(row, "created")? })
}

fn add(c: &Connection, id: &str, wanted: &Wanted, now: Timestamp) -> sql::Result<()> {
    let (set, account, principal) = match wanted {
        Wanted::Assign(assignment) | Wanted::Revoke(assignment) => {
            let Assignment { account_id, permission_set, principal } = assignment;
            (permission_set, Some(account_id), Some(principal))
        }
        Wanted::Provision { permission_set, account_id } => (permission_set, account_id.as_ref(), None),
    };
    execute(
        c,
        "INSERT INTO access_request
             (id, kind, status, permission_set, account_id, principal_type, principal_id, created)
         VALUES (?1, ?2, 'IN_PROGRESS', ?3, ?4, ?5, ?6, ?7)",
        params![
            id,
            wanted.kind().word(),
            set,
            account,
            principal.map(Principal::kind),
            principal.map(Principal::id),
            millis(now)
        ],
    )
    .map(drop)
}

/// Does what is asked for, or says why it cannot be done.
fn settle(c: &Connection, wanted: &Wanted, now: Timestamp) -> sql::Result<std::result::Result<(), String>> {
    let refuse = |what: &str, id: &str| Ok(Err(format!("There is no {what} {id}.")));
    match wanted {
        Wanted::Assign(assignment) => {
            if accounts::find(c, &assignment.account_id)?.is_none() {
                return refuse("account", &assignment.account_id);
            }
            if permission_sets::find(c, &assignment.permission_set)?.is_none() {
                return refuse("permission set", &assignment.permission_set);
            }
            let known = match &assignment.principal {
                Principal::User(id) => users::find(c, id)?.is_some(),
                Principal::Group(id) => groups::find(c, id)?.is_some(),
            };
            if !known {
                let what = if assignment.principal.kind() == "USER" { "user" } else { "group" };
                return refuse(what, assignment.principal.id());
            }
            assignments::add(c, assignment, now, false)?;
        }
        Wanted::Revoke(assignment) => {
            assignments::remove(c, assignment)?;
        }
        Wanted::Provision { permission_set, account_id } => {
            if permission_sets::find(c, permission_set)?.is_none() {
                return refuse("permission set", permission_set);
            }
            let accounts = assignments::provision(c, permission_set, account_id.as_deref())?;
            if let Some(account) = account_id
                && accounts == 0
            {
                return Ok(Err(format!("The permission set is not provisioned to account {account}.")));
            }
        }
    }
    Ok(Ok(()))
}

/// Roles that failed are tried at once; what is provisioned is made again even where it seems to be right.
fn try_roles_now(tx: &Connection, wanted: &Wanted) -> sql::Result<()> {
    let (set, account, state) = match wanted {
        Wanted::Assign(it) | Wanted::Revoke(it) => (&it.permission_set, Some(&it.account_id), "APPLIED"),
        Wanted::Provision { permission_set, account_id } => (permission_set, account_id.as_ref(), ""),
    };
    let sql = "UPDATE aws_role SET state = 'RETRYING', next_try = 0, attempts = 0
               WHERE permission_set = ?1 AND (CAST(?2 AS TEXT) IS NULL OR account_id = ?2) AND state <> ?3";
    execute(tx, sql, params![set, account, state]).map(drop)
}

impl Store {
    /// Keeps new requests under ids drawn by the caller.
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails; then none is kept.
    pub fn add_access_requests(&self, new: &[NewRequest], now: Timestamp) -> Result<()> {
        self.write("keep requests for access", |tx| {
            new.iter().try_for_each(|new| {
                add(tx, &new.id, &new.wanted, now)?;
                audit::append(tx, &new.entry)
            })
        })
    }

    /// Finds a request.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn access_request(&self, id: &str) -> Result<Option<AccessRequest>> {
        self.read("find a request for access", |c| {
            one(c, "SELECT * FROM access_request WHERE id = ?1", [id], request_from)
        })
    }

    /// Up to `limit` requests of a kind after this one (by the moment it was made and its id), oldest first.
    ///
    /// # Errors
    /// [`super::StoreError`] if the statement fails.
    pub fn access_requests(
        &self,
        kind: RequestKind,
        after: Option<(Timestamp, &str)>,
        limit: u32,
    ) -> Result<Vec<AccessRequest>> {
        let (moment, id) = after.map_or((i64::MIN, ""), |(moment, id)| (millis(moment), id));
        self.read("list requests for access", |c| {
            let sql = "SELECT * FROM access_request WHERE kind = ?1 AND (created, id) > (?2, ?3)
                       ORDER BY created, id LIMIT ?4";
            all(c, sql, params![kind.word(), moment, id, limit], request_from)
        })
    }

    /// Does what requests ask for, oldest first, until none is open, and records what became of each: how many
    /// there were. Those that succeed and need roles stay open until [`Store::finish_access_requests`].
    ///
    /// # Errors
    /// [`super::StoreError`] if a statement fails; what was settled before stays so.
    pub fn settle_access_requests(
        &self,
        now: Timestamp,
        needs_roles: bool,
        record: RecordSettled<'_>,
    ) -> Result<usize> {
        let mut settled = 0;
        loop {
            let batch = self.settle_some(now, needs_roles, record)?;
            settled += batch;
            if batch == 0 {
                return Ok(settled);
            }
        }
    }

    fn settle_some(&self, now: Timestamp, needs_roles: bool, record: RecordSettled<'_>) -> Result<usize> {
        let open = "SELECT * FROM access_request WHERE status = 'IN_PROGRESS' AND stage IS NULL
                    ORDER BY created, id LIMIT ?1";
        // Looking costs no lock.
        if self.read("look for open requests", |c| all(c, open, [1], |_| Ok(())))?.is_empty() {
            return Ok(0);
        }
        self.write("settle requests for access", |tx| {
            let batch = all(tx, open, [BATCH], request_from)?;
            let settled = batch.len();
            for mut request in batch {
                let set = permission_sets::find(tx, request.wanted.permission_set())?.map(|set| set.name);
                let failure = settle(tx, &request.wanted, now)?.err();
                if failure.is_none() && needs_roles {
                    execute(tx, "UPDATE access_request SET stage = 'ROLES' WHERE id = ?1", [&request.id])?;
                    try_roles_now(tx, &request.wanted)?;
                    continue;
                }
                let status = if failure.is_none() { "SUCCEEDED" } else { "FAILED" };
                let sql = "UPDATE access_request SET status = ?2, failure = ?3 WHERE id = ?1";
                execute(tx, sql, params![request.id, status, failure])?;
                request.status = failure.map_or(RequestStatus::Succeeded, RequestStatus::Failed);
                audit::append(tx, &record(&request, set.as_deref()))?;
            }
            Ok(settled)
        })
    }
}
