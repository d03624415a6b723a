//! Everything back from the file. A row that cannot be read is left out with a word in the log: one bad
//! row must not cost the rest.

use super::Problem;
use engine::{
    model::{
        Timestamp,
        history::Entry,
        ids::{AccountId, AppId, AppRef, Grant, OrgId, RoleName, Target},
    },
    ports::{HistoryPage, RecordedAccount, SealKind, SealedRow, Stored, StoredSignIn},
};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;

/// How many launches and lines of Activity are read at the start.
const RECENT: u32 = 200;

pub(super) fn everything(db: &Connection) -> Result<Stored, Problem> {
    let fact = |name: &str| {
        db.query_row("SELECT value FROM facts WHERE name = ?1", [name], |row| row.get::<_, String>(0))
            .optional()
    };
    Ok(Stored {
        organisations: organisations(db)?,
        half_syncs: rows(db, "SELECT org, body FROM half_syncs", |row| {
            let org = OrgId::new(row.get::<_, String>(0)?);
            Ok(json(row, 1)?.map(|half| (org, half)))
        })?,
        sealed: sealed(db)?,
        kept: rows(db, "SELECT body FROM kept ORDER BY profile", |row| json(row, 0))?,
        favourites: rows(
            db,
            "SELECT org, account, role, NULL, place FROM favourites
             UNION ALL SELECT org, NULL, NULL, app, place FROM favourite_apps ORDER BY place",
            |row| Ok(Some(target(row)?)),
        )?,
        labels: rows(db, "SELECT org, account, environment FROM labels", |row| {
            let ids = (OrgId::new(row.get::<_, String>(0)?), AccountId::new(row.get::<_, String>(1)?));
            Ok(json(row, 2)?.map(|environment| (ids.0, ids.1, environment)))
        })?,
        launches: rows(
            db,
            &format!(
                "SELECT org, account, role, NULL, at, id FROM launches
                 UNION ALL SELECT org, NULL, NULL, app, at, id FROM app_launches
                 ORDER BY at DESC, id DESC LIMIT {RECENT}"
            ),
            |row| Ok(moment(row, 4)?.zip(Some(target(row)?)).map(|(at, target)| (target, at))),
        )?,
        history: history(db, &HistoryPage { limit: RECENT, ..HistoryPage::default() })?,
        chosen: fact("chosen")?.map(OrgId::new),
        pause: fact("pause")?.and_then(|text| parse(&text)),
        conversions: fact("conversions")?.and_then(|text| parse(&text)).unwrap_or_default(),
        step_up_keys: fact("step_up_keys")?.and_then(|text| parse(&text)).unwrap_or_default(),
        demanded: fact("demanded")?.and_then(|text| parse(&text)).unwrap_or_default(),
        long_lived: fact("long_lived")?.and_then(|text| parse(&text)).unwrap_or_default(),
        notices: rows(db, "SELECT key, at FROM notices", |row| {
            let key = row.get(0)?;
            Ok(moment(row, 1)?.map(|at| (key, at)))
        })?,
        installed: fact("installed")?
            .and_then(|text| text.parse().ok())
            .and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        damaged: None,
    })
}

pub(super) fn history(db: &Connection, page: &HistoryPage) -> Result<Vec<Entry>, Problem> {
    let mut statement = db.prepare_cached(
        "SELECT id, at, by, event FROM history WHERE id < ?1 AND at >= ?3 AND at < ?4
         ORDER BY id DESC LIMIT ?2",
    )?;
    let since = page.since.map_or(i64::MIN, Timestamp::as_millisecond);
    let until = page.until.map_or(i64::MAX, Timestamp::as_millisecond);
    let bounds = params![page.before.unwrap_or(i64::MAX), page.limit, since, until];
    let found = statement.query_map(bounds, |row| {
        let (id, at, by, event) = (row.get(0)?, moment(row, 1)?, json(row, 2)?, json(row, 3)?);
        Ok(at.zip(by).zip(event).map(|((at, by), event)| Entry { id, at, by, event }))
    })?;
    Ok(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Each account once, with the name it had last.
pub(super) fn recorded_accounts(db: &Connection) -> Result<Vec<RecordedAccount>, Problem> {
    rows(
        db,
        "SELECT json_extract(event, '$.grant.org'), json_extract(event, '$.grant.account'),
                json_extract(event, '$.account_name'), max(id)
         FROM history WHERE json_extract(event, '$.grant.account') IS NOT NULL GROUP BY 1, 2",
        |row| {
            let (org, account) = (row.get::<_, String>(0)?, row.get::<_, String>(1)?);
            let name = row.get::<_, Option<String>>(2)?;
            Ok(Some(RecordedAccount { org: OrgId::new(org), account: AccountId::new(account), name }))
        },
    )
}

type OrganisationRow =
    (engine::model::organisation::Organisation, engine::model::portal::Portal, Option<StoredSignIn>);

fn organisations(db: &Connection) -> Result<Vec<OrganisationRow>, Problem> {
    rows(
        db,
        "SELECT o.body, p.body, s.since, s.user, s.ends FROM organisations o
         LEFT JOIN portals p ON p.org = o.id LEFT JOIN sign_ins s ON s.org = o.id ORDER BY o.added, o.id",
        |row| {
            let Some(org) = json(row, 0)? else { return Ok(None) };
            let portal = match row.get::<_, Option<String>>(1)? {
                Some(text) => parse(&text).unwrap_or_default(),
                None => Default::default(),
            };
            let signed_in = match moment(row, 2)? {
                Some(since) => Some(StoredSignIn { user: row.get(3)?, since, ends: moment(row, 4)? }),
                None => None,
            };
            Ok(Some((org, portal, signed_in)))
        },
    )
}

fn sealed(db: &Connection) -> Result<Vec<SealedRow>, Problem> {
    rows(db, "SELECT org, user, kind, name, sealed FROM sealed", |row| {
        let kind = row.get::<_, String>(2)?;
        let kinds = [SealKind::Client, SealKind::Tokens, SealKind::RoleCredentials, SealKind::Known];
        let Some(kind) = kinds.into_iter().find(|k| k.as_str() == kind) else { return Ok(None) };
        Ok(Some(SealedRow {
            org: OrgId::new(row.get::<_, String>(0)?),
            user: row.get(1)?,
            kind,
            name: row.get(3)?,
            sealed: row.get(4)?,
        }))
    })
}

fn rows<T>(
    db: &Connection,
    sql: &str,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<Option<T>>,
) -> Result<Vec<T>, Problem> {
    let mut statement = db.prepare(sql)?;
    let found = statement.query_map([], |row| read(row))?.collect::<Result<Vec<_>, _>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// Organisation, account and role, or organisation and, in the fourth column, application.
fn target(row: &Row<'_>) -> rusqlite::Result<Target> {
    let org = OrgId::new(row.get::<_, String>(0)?);
    if let Some(app) = row.get::<_, Option<String>>(3)? {
        return Ok(Target::App(AppRef { org, app: AppId::new(app) }));
    }
    Ok(Target::Role(Grant {
        org,
        account: AccountId::new(row.get::<_, String>(1)?),
        role: RoleName::new(row.get::<_, String>(2)?),
    }))
}

fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.and_then(|ms| Timestamp::from_millisecond(ms).ok()))
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    Ok(parse(&row.get::<_, String>(column)?))
}

fn parse<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text)
        .inspect_err(|error| tracing::warn!(%error, "a row of the store could not be read and is left out"))
        .ok()
}
