#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::urls::tests::custom;
use engine::{
    model::{
        application::{Application, Applications},
        aws_config::Converted,
        environment::Environment,
        history::{By, Event},
        ids::{AccountId, AppId, AppRef, Grant, OrgId, ProfileName, RoleName, Target},
        portal::{Account, HalfSync, Portal},
        profile::{Kept, Written},
        settings::Pause,
    },
    ports::{SealKind, SealedRow, StoredSignIn},
};
use jiff::SignedDuration;

fn now() -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_123).unwrap()
}

fn open(dir: &Path) -> SqliteStore {
    SqliteStore::open(&dir.join("data/latchkey.db"), Arc::default(), now()).unwrap()
}

fn page(before: Option<i64>, limit: u32) -> HistoryPage {
    HistoryPage { before, limit, ..HistoryPage::default() }
}

fn grant(account: &str) -> Grant {
    Grant { org: OrgId::new("o1"), account: AccountId::new(account), role: RoleName::new("ReadOnly") }
}

fn app() -> AppRef {
    AppRef { org: OrgId::new("o1"), app: AppId::new("ins-1") }
}

fn applications() -> Applications {
    Applications::Listed(vec![Application {
        id: app().app,
        name: "Grafana".into(),
        description: None,
        icon: None,
    }])
}

fn entry(at: Timestamp) -> Entry {
    Entry { id: 0, at, by: By::You, event: Event::SignedOut { org: OrgId::new("o1") } }
}

fn sealed(kind: SealKind, name: &str, user: &str) -> Write {
    Write::Sealed(SealedRow {
        org: OrgId::new("o1"),
        user: user.into(),
        kind,
        name: name.into(),
        sealed: vec![1, 2, 3],
    })
}

fn everything() -> Vec<Write> {
    let org = custom("http://localhost:4040");
    let portal = Portal {
        user_id: None,
        user: Some("sam".into()),
        accounts: vec![Account {
            id: AccountId::new("111122223333"),
            name: "payments-prod".into(),
            email: None,
            roles: Some(vec![RoleName::new("ReadOnly")]),
        }],
        applications: applications(),
        synced: Some(now()),
        changes: vec![],
        app_changes: vec![],
    };
    let half = HalfSync {
        user: Some("sam".into()),
        user_id: Some("id".into()),
        since: now(),
        accounts: portal.accounts.clone(),
        applications: applications(),
    };
    let kept = Kept {
        profile: ProfileName::new("pay"),
        grant: grant("111122223333"),
        region: None,
        paused: false,
        added: now(),
        written: Some(Written {
            at: now(),
            issued: now(),
            expires: now(),
            fingerprint: "ab".into(),
            key_tail: "WXYZ".into(),
        }),
        used: Some(now()),
        until: None,
        delivery: engine::model::delivery::Delivery::OnDemand,
        placed: None,
        session: None,
        asked: None,
    };
    vec![
        Write::Organisation(org.clone()),
        Write::Portal(org.id.clone(), portal),
        Write::HalfSync(org.id.clone(), Some(half)),
        Write::SignedIn(
            org.id.clone(),
            Some(StoredSignIn { user: Some("sam".into()), since: now(), ends: None }),
        ),
        sealed(SealKind::Tokens, "", "sam"),
        sealed(SealKind::RoleCredentials, "111122223333/ReadOnly", "sam"),
        Write::Kept(kept),
        Write::Favourite(grant("2").into(), Some(2)),
        Write::Favourite(app().into(), Some(1)),
        Write::Favourite(grant("1").into(), Some(0)),
        Write::Chosen(org.id.clone()),
        Write::Label(org.id, AccountId::new("1"), Some(Environment::Production)),
        Write::Launched(grant("1").into(), now()),
        Write::Launched(app().into(), now() + SignedDuration::from_secs(1)),
        Write::History(entry(now())),
        Write::Pause(Some(Pause { until: Some(now()) })),
        Write::NoticeShown("k".into(), now()),
        Write::Conversions(vec![converted()]),
    ]
}

fn converted() -> Converted {
    Converted {
        entry: 7,
        at: now(),
        path: "/h/.aws/config".into(),
        backup: "/h/.aws/config.latchkey-20261124-0031.bak".into(),
        profiles: vec!["old".into()],
        before: "b".into(),
        after: "a".into(),
    }
}

#[tokio::test]
async fn what_was_committed_is_there_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.load(now()).await.unwrap();
    store.commit(everything()).await.unwrap();
    drop(store);
    let hosts = Arc::new(AllowedHosts::default());
    let store = SqliteStore::open(&dir.path().join("data/latchkey.db"), Arc::clone(&hosts), now()).unwrap();
    let later = now() + SignedDuration::from_hours(1);
    let stored = store.load(later).await.unwrap();
    let (org, portal, signed_in) = &stored.organisations[0];
    assert_eq!(*org, custom("http://localhost:4040"));
    assert_eq!(portal.accounts[0].name, "payments-prod");
    assert_eq!(portal.synced, Some(now()));
    assert_eq!(signed_in.as_ref().unwrap().user.as_deref(), Some("sam"));
    let (of, half) = &stored.half_syncs[0];
    assert_eq!((of, half.user_id.as_deref(), half.since), (&org.id, Some("id"), now()));
    assert_eq!(half.accounts, portal.accounts);
    assert_eq!(stored.sealed.len(), 2);
    assert_eq!(stored.kept[0].written.as_ref().unwrap().key_tail, "WXYZ");
    assert_eq!(stored.kept[0].used, Some(now()));
    assert_eq!(stored.conversions, [converted()]);
    assert_eq!(stored.favourites, [grant("1").into(), app().into(), Target::from(grant("2"))]);
    assert_eq!(stored.labels[0].2, Environment::Production);
    let second = SignedDuration::from_secs(1);
    assert_eq!(stored.launches, [(app().into(), now() + second), (Target::from(grant("1")), now())]);
    assert_eq!(portal.applications.listed()[0].name, "Grafana");
    assert_eq!(stored.history.len(), 1);
    assert!(stored.history[0].id > 0);
    assert_eq!(stored.chosen, stored.organisations.first().map(|(org, ..)| org.id.clone()));
    assert_eq!(stored.pause, Some(Pause { until: Some(now()) }));
    assert_eq!(stored.notices, [("k".to_owned(), now())]);
    assert_eq!(stored.installed, Some(now()), "the first start counts, not this one");
    assert_eq!(hosts.check(&org.start_url), Ok(()), "a stored organisation's pages may be opened");
}

#[tokio::test]
async fn removing_an_organisation_takes_all_of_it_but_what_was_done() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(everything()).await.unwrap();
    store.commit(vec![Write::RemoveOrganisation(OrgId::new("o1"))]).await.unwrap();
    let stored = store.load(now()).await.unwrap();
    assert!(stored.organisations.is_empty() && stored.sealed.is_empty() && stored.kept.is_empty());
    assert!(stored.half_syncs.is_empty());
    assert!(stored.favourites.is_empty() && stored.labels.is_empty() && stored.launches.is_empty());
    assert_eq!(stored.history.len(), 1);
}

#[tokio::test]
async fn the_whole_list_takes_the_place_of_the_half_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(everything()).await.unwrap();
    let org = OrgId::new("o1");
    store
        .commit(vec![Write::Portal(org.clone(), Portal::default()), Write::HalfSync(org, None)])
        .await
        .unwrap();
    assert!(store.load(now()).await.unwrap().half_syncs.is_empty());
}

#[tokio::test]
async fn a_file_of_the_first_schema_is_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data/latchkey.db");
    std::fs::create_dir(dir.path().join("data")).unwrap();
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("migrations/0001_first.sql")).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    old.execute("INSERT INTO notices (key, at) VALUES ('k', ?1)", [now().as_millisecond()]).unwrap();
    let body = |value: serde_json::Value| value.to_string();
    let org = custom("http://localhost:4040");
    old.execute(
        "INSERT INTO organisations (id, added, body) VALUES ('o1', 0, ?1)",
        [serde_json::to_string(&org).unwrap()],
    )
    .unwrap();
    let portal = serde_json::json!({
        "accounts": [{ "id": "1", "name": "one", "email": null, "roles": null }], "synced": null, "changes": []
    });
    old.execute("INSERT INTO portals (org, body) VALUES ('o1', ?1)", [body(portal)]).unwrap();
    drop(old);
    let store = open(dir.path());
    let stored = store.load(now()).await.unwrap();
    assert_eq!(stored.notices.len(), 1, "what was there is there");
    assert_eq!(stored.organisations[0].1.accounts.len(), 1, "so is a portal from before applications");
    store.commit(everything()).await.unwrap();
    let stored = store.load(now()).await.unwrap();
    assert_eq!((stored.half_syncs.len(), stored.favourites.len()), (1, 3));
    store.commit(vec![Write::Favourite(app().into(), None)]).await.unwrap();
    assert_eq!(store.load(now()).await.unwrap().favourites.len(), 2);
}

#[tokio::test]
async fn sealed_rows_are_replaced_and_removed_by_kind() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(everything()).await.unwrap();
    store.commit(vec![sealed(SealKind::Tokens, "", "kim")]).await.unwrap();
    let rows = store.load(now()).await.unwrap().sealed;
    assert_eq!(rows.len(), 2, "another person's tokens replace the row");
    store.commit(vec![Write::RemoveSealed(OrgId::new("o1"), Some(SealKind::Tokens))]).await.unwrap();
    let rows = store.load(now()).await.unwrap().sealed;
    assert!(matches!(rows.as_slice(), [SealedRow { kind: SealKind::RoleCredentials, .. }]));
    store.commit(vec![Write::RemoveSealed(OrgId::new("o1"), None)]).await.unwrap();
    assert!(store.load(now()).await.unwrap().sealed.is_empty());
}

#[tokio::test]
async fn a_commit_happens_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let unknown = Write::Portal(OrgId::new("nobody"), Portal::default());
    let failed = store.commit(vec![Write::History(entry(now())), unknown]).await;
    assert!(matches!(failed, Err(Code::Store { .. })), "{failed:?}");
    assert!(store.load(now()).await.unwrap().history.is_empty());
}

#[tokio::test]
async fn a_line_of_activity_keeps_its_number() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let line = |id| Write::History(Entry { id, ..entry(now()) });
    store.commit(vec![line(8), line(7)]).await.unwrap();
    let ids = |lines: Vec<Entry>| lines.iter().map(|line| line.id).collect::<Vec<_>>();
    assert_eq!(ids(store.history(page(None, 10)).await.unwrap()), [8, 7]);
    assert_eq!(ids(store.history(page(Some(8), 10)).await.unwrap()), [7]);
}

#[tokio::test]
async fn history_is_read_in_pages_and_pruned() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let old = now() - SignedDuration::from_hours(24 * 91);
    store.commit(vec![Write::History(entry(old))]).await.unwrap();
    assert_eq!(store.history(page(None, 10)).await.unwrap().len(), 1);
    store.commit((0..5).map(|_| Write::History(entry(now()))).collect()).await.unwrap();
    let first = store.history(page(None, 3)).await.unwrap();
    let second = store.history(page(Some(first[2].id), 10)).await.unwrap();
    assert_eq!((first.len(), second.len()), (3, 2), "the old line is gone");
    assert!(first.iter().chain(&second).map(|e| e.id).is_sorted_by(|a, b| a > b));
    let stored = store.load(now() + SignedDuration::from_hours(24 * 91)).await.unwrap();
    assert!(stored.history.is_empty());
}

#[tokio::test]
async fn a_full_disk_is_told_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(everything()).await.unwrap();
    {
        let connection = store.shared.connection.lock().unwrap();
        let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        connection.pragma_update(None, "max_page_count", pages).unwrap();
    }
    let big = Write::NoticeShown("k".repeat(1 << 20), now());
    let failed = store.commit(vec![Write::Pause(None), big]).await;
    assert!(matches!(failed, Err(Code::DiskFull { .. })), "{failed:?}");
    assert!(store.load(now()).await.unwrap().pause.is_some());
}

#[tokio::test]
async fn a_file_that_another_program_holds_is_busy() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.shared.connection.lock().unwrap().busy_timeout(std::time::Duration::ZERO).unwrap();
    let other = Connection::open(dir.path().join("data/latchkey.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let held = store.commit(everything()).await;
    assert!(matches!(held, Err(Code::FileBusy { .. })), "{held:?}");
    drop(other);
    store.commit(everything()).await.unwrap();
}

#[test]
fn what_may_pass_is_told_from_what_cannot_be_stored() {
    use rusqlite::ffi;
    let code = |extended| {
        Problem::from(rusqlite::Error::SqliteFailure(ffi::Error::new(extended), None)).code(Path::new("f"))
    };
    for passing in [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_PROTOCOL] {
        assert!(matches!(code(passing), Code::FileNotWritable { .. }), "{passing}");
    }
    for held in [ffi::SQLITE_BUSY, ffi::SQLITE_BUSY_SNAPSHOT, ffi::SQLITE_LOCKED] {
        assert!(matches!(code(held), Code::FileBusy { .. }), "{held}");
    }
    for lost in [ffi::SQLITE_CONSTRAINT_FOREIGNKEY, ffi::SQLITE_TOOBIG] {
        assert!(matches!(code(lost), Code::Store { .. }), "{lost}");
    }
}

#[tokio::test]
async fn what_cannot_be_tidied_up_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(everything()).await.unwrap();
    store.shared.connection.lock().unwrap().pragma_update(None, "query_only", true).unwrap();
    let stored = store.load(now() + SignedDuration::from_hours(24 * 91)).await.unwrap();
    assert_eq!((stored.organisations.len(), stored.kept.len()), (1, 1));
}

#[tokio::test]
async fn a_profile_of_an_older_version_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(everything()).await.unwrap();
    let older = "UPDATE kept SET body = json_remove(body, '$.used')";
    store.shared.connection.lock().unwrap().execute_batch(older).unwrap();
    let kept = store.load(now()).await.unwrap().kept;
    assert_eq!((kept.len(), kept[0].used), (1, None));
}

#[tokio::test]
async fn a_damaged_file_is_moved_aside() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data/latchkey.db");
    std::fs::create_dir(dir.path().join("data")).unwrap();
    std::fs::write(&path, "this is no database at all, whatever its name may say").unwrap();
    let store = open(dir.path());
    let aside = store.moved_aside().unwrap();
    assert!(std::fs::read_to_string(aside).unwrap().starts_with("this is no database"));
    store.commit(everything()).await.unwrap();
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data/latchkey.db");
    drop(open(dir.path()));
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 999).unwrap();
    drop(connection);
    let before = std::fs::read(&path).unwrap();
    let refused = SqliteStore::open(&path, Arc::default(), now());
    assert!(matches!(refused, Err(Code::Store { .. })), "a newer file was opened");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
#[cfg(unix)]
async fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(everything()).await.unwrap();
    for name in ["latchkey.db", "latchkey.db-wal", "latchkey.db-shm"] {
        let mode = std::fs::metadata(dir.path().join("data").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

/// A profile that was kept before there was a choice stays where it is.
#[test]
fn profiles_of_an_older_store_are_in_the_credentials_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("latchkey.db");
    drop(open::open(&path, now()).unwrap());
    let db = rusqlite::Connection::open(&path).unwrap();
    let body = r#"{"profile":"pay","grant":{"org":"o1","account":"1","role":"Dev"},"region":null,"paused":false,"added":"2026-11-24T00:00:00Z","written":null}"#;
    db.execute_batch("PRAGMA foreign_keys = off; PRAGMA user_version = 4").unwrap();
    db.execute("INSERT INTO kept (profile, org, body) VALUES ('pay', 'o1', ?1)", [body]).unwrap();
    drop(db);
    let db = open::open(&path, now()).unwrap().connection;
    let body: String = db.query_row("SELECT body FROM kept", [], |row| row.get(0)).unwrap();
    assert!(body.contains(r#""delivery":"credentials_file""#), "{body}");
    let kept: Kept = serde_json::from_str(&body).unwrap();
    assert_eq!(kept.delivery, engine::model::delivery::Delivery::CredentialsFile);
}
