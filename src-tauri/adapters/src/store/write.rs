//! Each change as SQL.

use super::{DAY_MS, HISTORY_DAYS, NOTICE_DAYS, Problem, chain};
use crate::vault::RecordKey;
use engine::{
    model::{
        Timestamp,
        history::Entry,
        ids::{AppRef, Grant, Target},
    },
    ports::{SealKind, StoredSignIn, Write},
};
use rusqlite::{Connection, params};

/// Makes one change.
pub(super) fn apply(db: &Connection, record: &RecordKey, change: &Write) -> Result<(), Problem> {
    match change {
        Write::Organisation(org) => {
            db.execute(
                "INSERT INTO organisations (id, added, body) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE SET added = excluded.added, body = excluded.body",
                params![org.id.as_str(), ms(org.added), serde_json::to_string(org)?],
            )?;
        }
        Write::RemoveOrganisation(org) => {
            db.execute("DELETE FROM organisations WHERE id = ?1", [org.as_str()])?;
        }
        Write::Sealed(row) => {
            db.execute(
                "INSERT OR REPLACE INTO sealed (org, kind, name, user, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![row.org.as_str(), row.kind.as_str(), row.name, row.user, row.sealed],
            )?;
        }
        Write::RemoveSealed(org, kind) => {
            db.execute(
                "DELETE FROM sealed WHERE org = ?1 AND (?2 IS NULL OR kind = ?2)",
                params![org.as_str(), kind.map(SealKind::as_str)],
            )?;
        }
        Write::RemoveCredentials(Grant { org, account, role }) => {
            db.execute(
                "DELETE FROM sealed WHERE org = ?1 AND kind = ?2 AND name = ?3",
                params![org.as_str(), SealKind::RoleCredentials.as_str(), format!("{account}/{role}")],
            )?;
        }
        Write::SignedIn(org, None) => {
            db.execute("DELETE FROM sign_ins WHERE org = ?1", [org.as_str()])?;
        }
        Write::SignedIn(org, Some(StoredSignIn { user, since, ends })) => {
            db.execute(
                "INSERT OR REPLACE INTO sign_ins (org, user, since, ends) VALUES (?1, ?2, ?3, ?4)",
                params![org.as_str(), user, ms(*since), ends.map(ms)],
            )?;
        }
        Write::Portal(org, portal) => {
            db.execute(
                "INSERT OR REPLACE INTO portals (org, body) VALUES (?1, ?2)",
                params![org.as_str(), serde_json::to_string(portal)?],
            )?;
        }
        Write::HalfSync(org, None) => {
            db.execute("DELETE FROM half_syncs WHERE org = ?1", [org.as_str()])?;
        }
        Write::HalfSync(org, Some(half)) => {
            db.execute(
                "INSERT OR REPLACE INTO half_syncs (org, body) VALUES (?1, ?2)",
                params![org.as_str(), serde_json::to_string(half)?],
            )?;
        }
        Write::Kept(kept) => {
            db.execute(
                "INSERT OR REPLACE INTO kept (profile, org, body) VALUES (?1, ?2, ?3)",
                params![kept.profile.as_str(), kept.grant.org.as_str(), serde_json::to_string(kept)?],
            )?;
        }
        Write::RemoveKept(profile) => {
            db.execute("DELETE FROM kept WHERE profile = ?1", [profile.as_str()])?;
        }
        Write::Favourite(Target::Role(grant), place) => favourite(db, grant, *place)?,
        Write::Favourite(Target::App(app), place) => favourite_app(db, app, *place)?,
        Write::Label(org, account, None) => {
            db.execute(
                "DELETE FROM labels WHERE org = ?1 AND account = ?2",
                params![org.as_str(), account.as_str()],
            )?;
        }
        Write::Label(org, account, Some(environment)) => {
            db.execute(
                "INSERT OR REPLACE INTO labels (org, account, environment) VALUES (?1, ?2, ?3)",
                params![org.as_str(), account.as_str(), serde_json::to_string(environment)?],
            )?;
        }
        Write::Launched(Target::App(AppRef { org, app }), at) => {
            db.execute(
                "INSERT INTO app_launches (org, app, at) VALUES (?1, ?2, ?3)",
                params![org.as_str(), app.as_str(), ms(*at)],
            )?;
        }
        Write::Launched(Target::Role(grant), at) => {
            db.execute(
                "INSERT INTO launches (org, account, role, at) VALUES (?1, ?2, ?3, ?4)",
                params![grant.org.as_str(), grant.account.as_str(), grant.role.as_str(), ms(*at)],
            )?;
        }
        Write::History(entry) => history(db, record, entry)?,
        Write::ClearHistory => chain::clear(db, record)?,
        Write::Chosen(org) => fact(db, "chosen", org.as_str())?,
        Write::Pause(None) => {
            db.execute("DELETE FROM facts WHERE name = 'pause'", [])?;
        }
        Write::Pause(Some(pause)) => fact(db, "pause", &serde_json::to_string(pause)?)?,
        Write::Conversions(all) => fact(db, "conversions", &serde_json::to_string(all)?)?,
        Write::StepUpKeys(all) => fact(db, "step_up_keys", &serde_json::to_string(all)?)?,
        Write::Demanded(all) => fact(db, "demanded", &serde_json::to_string(all)?)?,
        Write::LongLived(all) => fact(db, "long_lived", &serde_json::to_string(all)?)?,
        Write::NoticeShown(key, at) => {
            db.execute("INSERT OR REPLACE INTO notices (key, at) VALUES (?1, ?2)", params![key, ms(*at)])?;
        }
    }
    Ok(())
}

fn favourite(db: &Connection, grant: &Grant, place: Option<u32>) -> Result<(), Problem> {
    let (org, account, role) = (grant.org.as_str(), grant.account.as_str(), grant.role.as_str());
    match place {
        Some(place) => db.execute(
            "INSERT OR REPLACE INTO favourites (org, account, role, place) VALUES (?1, ?2, ?3, ?4)",
            params![org, account, role, place],
        )?,
        None => db.execute(
            "DELETE FROM favourites WHERE org = ?1 AND account = ?2 AND role = ?3",
            params![org, account, role],
        )?,
    };
    Ok(())
}

fn favourite_app(db: &Connection, app: &AppRef, place: Option<u32>) -> Result<(), Problem> {
    let (org, app) = (app.org.as_str(), app.app.as_str());
    match place {
        Some(place) => db.execute(
            "INSERT OR REPLACE INTO favourite_apps (org, app, place) VALUES (?1, ?2, ?3)",
            params![org, app, place],
        )?,
        None => db.execute("DELETE FROM favourite_apps WHERE org = ?1 AND app = ?2", params![org, app])?,
    };
    Ok(())
}

fn history(db: &Connection, record: &RecordKey, entry: &Entry) -> Result<(), Problem> {
    chain::catch_up(db, record)?;
    db.execute(
        "INSERT INTO history (id, at, by, event) VALUES (NULLIF(?1, 0), ?2, ?3, ?4)",
        params![
            entry.id,
            ms(entry.at),
            serde_json::to_string(&entry.by)?,
            serde_json::to_string(&entry.event)?
        ],
    )?;
    chain::seal_line(db, record, db.last_insert_rowid())?;
    // Long-running processes prune as they write; the index makes it one look.
    chain::prune(db, record, ms(entry.at) - HISTORY_DAYS * DAY_MS)
}

/// Remembers the first start of this installation.
pub(super) fn note_installation(db: &Connection, now: Timestamp) -> Result<(), Problem> {
    db.execute("INSERT OR IGNORE INTO facts (name, value) VALUES ('installed', ?1)", [ms(now).to_string()])?;
    Ok(())
}

/// Forgets what is too old to matter.
pub(super) fn forget_old(db: &Connection, record: &RecordKey, now: Timestamp) -> Result<(), Problem> {
    let now = ms(now);
    chain::prune(db, record, now - HISTORY_DAYS * DAY_MS)?;
    db.execute("DELETE FROM launches WHERE at < ?1", [now - HISTORY_DAYS * DAY_MS])?;
    db.execute("DELETE FROM app_launches WHERE at < ?1", [now - HISTORY_DAYS * DAY_MS])?;
    db.execute("DELETE FROM notices WHERE at < ?1", [now - NOTICE_DAYS * DAY_MS])?;
    Ok(())
}

fn fact(db: &Connection, name: &str, value: &str) -> Result<(), Problem> {
    db.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?1, ?2)", [name, value])?;
    Ok(())
}

fn ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}
