#![allow(clippy::unwrap_used, reason = "tests")]

use crate::{
    store::SqliteStore,
    vault::{KeyStore, KeyStoreError, RecordKey},
};
use engine::{
    model::{
        Timestamp,
        code::Code,
        history::{By, Entry, Event},
        ids::OrgId,
    },
    ports::{HistoryPage, RecordCheck, Store, Write},
};
use jiff::SignedDuration;
use rusqlite::Connection;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// A keyring that holds one item.
#[derive(Default)]
struct Drawer(Mutex<Option<Vec<u8>>>);

impl KeyStore for Drawer {
    fn get(&self) -> Result<Option<Zeroizing<Vec<u8>>>, KeyStoreError> {
        Ok(self.0.lock().unwrap().clone().map(Zeroizing::new))
    }
    fn put(&self, key: &[u8]) -> Result<(), KeyStoreError> {
        *self.0.lock().unwrap() = Some(key.to_vec());
        Ok(())
    }
}

/// A computer: its disk and its keyring.
struct Machine {
    dir: TempDir,
    drawer: Arc<Drawer>,
}

impl Machine {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), drawer: Arc::default() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("data/latchkey.db")
    }

    /// The next start, with the keyring or without.
    fn start(&self, keyring: bool) -> SqliteStore {
        let key = RecordKey::in_keyring(self.drawer.clone());
        if keyring {
            key.read().unwrap();
        }
        SqliteStore::open(&self.path(), Arc::default(), at(0)).unwrap().sealing_with(key)
    }

    /// Another program, which has the file and not the key.
    fn outside(&self, sql: &str) {
        let changed = Connection::open(self.path()).unwrap().execute(sql, []).unwrap();
        assert!(changed > 0, "{sql}");
    }
}

fn at(day: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_hours(24 * day)
}

fn line(id: i64, day: i64) -> Write {
    let event = Event::SignedOut { org: OrgId::new(format!("org-{id}")) };
    Write::History(Entry { id, at: at(day), by: By::You, event })
}

async fn write(store: &SqliteStore, ids: std::ops::RangeInclusive<i64>) {
    for id in ids {
        store.commit(vec![line(id, 0)]).await.unwrap();
    }
}

fn intact(lines: u64, late: u64) -> RecordCheck {
    RecordCheck::Intact { lines, late }
}

async fn ids(store: &SqliteStore) -> Vec<i64> {
    let page = HistoryPage { limit: 1000, ..HistoryPage::default() };
    store.history(page).await.unwrap().iter().map(|e| e.id).rev().collect()
}

#[tokio::test]
async fn what_was_written_is_intact_in_this_process_and_the_next() {
    let machine = Machine::new();
    let store = machine.start(true);
    assert_eq!(store.check_record().await.unwrap(), intact(0, 0));
    write(&store, 1..=5).await;
    assert_eq!(store.check_record().await.unwrap(), intact(5, 0));
    let next = machine.start(true);
    assert_eq!(next.check_record().await.unwrap(), intact(5, 0));
    write(&next, 6..=6).await;
    assert_eq!(next.check_record().await.unwrap(), intact(6, 0));
}

/// Each change that a program without the key can make, and the line at which it is found.
#[tokio::test]
async fn every_change_outside_is_found_at_its_line() {
    for (sql, entry) in [
        ("UPDATE history SET event = replace(event, 'org-4', 'org-9') WHERE id = 4", 4),
        ("UPDATE history SET at = at + 1 WHERE id = 4", 4),
        ("UPDATE history SET by = '\"schedule\"' WHERE id = 4", 4),
        ("UPDATE history SET late = 1 WHERE id = 4", 4),
        ("UPDATE history SET mac = zeroblob(32) WHERE id = 4", 4),
        ("UPDATE history SET mac = NULL WHERE id = 4", 4),
        ("DELETE FROM history WHERE id = 4", 5),
        ("DELETE FROM history WHERE id <= 4", 5),
        ("DELETE FROM history WHERE id > 4", 5),
        ("DELETE FROM history", 1),
        (
            "INSERT INTO history (id, at, by, event, mac) SELECT id + 100, at, by, event, mac FROM history WHERE id = 4",
            104,
        ),
        (
            "UPDATE record_chain SET id = 4, mac = (SELECT mac FROM history WHERE id = 4) WHERE name = 'head'",
            9,
        ),
        (
            "UPDATE record_chain SET id = 4, mac = (SELECT mac FROM history WHERE id = 4) WHERE name = 'anchor'",
            1,
        ),
        ("DELETE FROM record_chain WHERE name = 'head'", 9),
        ("DELETE FROM record_chain WHERE name = 'anchor'", 1),
        ("DELETE FROM record_chain", 1),
    ] {
        let machine = Machine::new();
        write(&machine.start(true), 1..=8).await;
        machine.outside(sql);
        assert_eq!(machine.start(true).check_record().await.unwrap(), RecordCheck::Broken { entry }, "{sql}");
    }
}

/// What comes after a change does not heal it.
#[tokio::test]
async fn a_change_stays_found_when_more_is_written() {
    for (sql, entry) in [
        ("UPDATE history SET at = at + 1 WHERE id = 4", 4),
        ("DELETE FROM history WHERE id > 4", 5),
        ("DELETE FROM record_chain", 1),
        ("DELETE FROM history", 9),
    ] {
        let machine = Machine::new();
        write(&machine.start(true), 1..=8).await;
        machine.outside(sql);
        let store = machine.start(true);
        // The engine goes on after the newest line that it finds.
        let last = ids(&store).await.last().copied().unwrap_or(8);
        write(&store, last + 1..=last + 2).await;
        let found = store.check_record().await.unwrap();
        assert_eq!(found, RecordCheck::Broken { entry }, "{sql}");
    }
}

/// Taking every seal away does not make a record that never had one.
#[tokio::test]
async fn a_record_without_any_seal_is_not_taken_for_an_old_one() {
    let machine = Machine::new();
    write(&machine.start(true), 1..=8).await;
    machine.outside("UPDATE history SET mac = NULL, event = replace(event, 'org-4', 'org-9')");
    machine.outside("DELETE FROM record_chain");
    let store = machine.start(true);
    write(&store, 9..=9).await;
    assert!(matches!(store.check_record().await.unwrap(), RecordCheck::Broken { .. }));
}

#[tokio::test]
async fn a_record_of_an_older_version_is_sealed_as_it_is() {
    let machine = Machine::new();
    {
        let store = machine.start(false);
        write(&store, 1..=20).await;
        assert_eq!(store.check_record().await.unwrap(), RecordCheck::Unsealed);
    }
    let store = machine.start(true);
    write(&store, 21..=22).await;
    assert_eq!(store.check_record().await.unwrap(), intact(22, 20));
    machine.outside("UPDATE history SET at = at + 1 WHERE id = 3");
    assert_eq!(store.check_record().await.unwrap(), RecordCheck::Broken { entry: 3 });
}

#[tokio::test]
async fn lines_written_without_the_keyring_are_sealed_later_and_counted() {
    let machine = Machine::new();
    write(&machine.start(true), 1..=3).await;
    let locked = machine.start(false);
    write(&locked, 4..=5).await;
    assert_eq!(locked.check_record().await.unwrap(), RecordCheck::Unsealed);
    assert_eq!(locked.commit(vec![Write::ClearHistory]).await, Err(Code::KeyringLocked));
    let store = machine.start(true);
    write(&store, 6..=6).await;
    assert_eq!(store.check_record().await.unwrap(), intact(6, 2));
}

#[tokio::test]
async fn what_is_too_old_goes_and_the_rest_is_still_a_chain() {
    let machine = Machine::new();
    let store = machine.start(true);
    for (id, day) in [(1, 0), (2, 1), (3, 60), (4, 61)] {
        store.commit(vec![line(id, day)]).await.unwrap();
    }
    store.commit(vec![line(5, 92)]).await.unwrap();
    assert_eq!(ids(&store).await, [3, 4, 5]);
    assert_eq!(store.check_record().await.unwrap(), intact(3, 0));
    store.load(at(152)).await.unwrap();
    assert_eq!(ids(&store).await, [5]);
    assert_eq!(machine.start(true).check_record().await.unwrap(), intact(1, 0));
    machine.outside("UPDATE history SET at = at + 1 WHERE id = 5");
    assert_eq!(store.check_record().await.unwrap(), RecordCheck::Broken { entry: 5 });
}

/// Making lines old is no way to have them forgotten without a trace.
#[tokio::test]
async fn lines_that_were_made_old_are_kept_and_found() {
    let machine = Machine::new();
    write(&machine.start(true), 1..=8).await;
    machine.outside("UPDATE history SET at = 0 WHERE id <= 4");
    let store = machine.start(true);
    store.load(at(1)).await.unwrap();
    write(&store, 9..=9).await;
    assert_eq!(ids(&store).await.len(), 9);
    assert_eq!(store.check_record().await.unwrap(), RecordCheck::Broken { entry: 1 });
}

/// A clock that was wrong for a while does not tear the chain.
#[tokio::test]
async fn a_line_from_the_past_in_the_middle_stays_until_those_before_it_go() {
    let machine = Machine::new();
    let store = machine.start(true);
    for (id, day) in [(1, 50), (2, 0), (3, 91)] {
        store.commit(vec![line(id, day)]).await.unwrap();
    }
    assert_eq!(ids(&store).await, [1, 2, 3]);
    assert_eq!(store.check_record().await.unwrap(), intact(3, 0));
}

#[tokio::test]
async fn after_a_clearing_the_chain_begins_anew_even_if_it_was_broken() {
    let machine = Machine::new();
    let store = machine.start(true);
    write(&store, 1..=8).await;
    machine.outside("DELETE FROM history WHERE id = 4");
    store.commit(vec![Write::ClearHistory]).await.unwrap();
    assert_eq!(store.check_record().await.unwrap(), intact(0, 0));
    write(&store, 9..=10).await;
    assert_eq!(store.check_record().await.unwrap(), intact(2, 0));
    machine.outside("DELETE FROM history WHERE id = 9");
    assert_eq!(store.check_record().await.unwrap(), RecordCheck::Broken { entry: 10 });
}

#[tokio::test]
async fn another_key_makes_no_chain_that_fits() {
    let machine = Machine::new();
    write(&machine.start(true), 1..=3).await;
    let ours = machine.drawer.0.lock().unwrap().clone();
    *machine.drawer.0.lock().unwrap() = None;
    write(&machine.start(true), 4..=4).await;
    *machine.drawer.0.lock().unwrap() = ours;
    assert_eq!(machine.start(true).check_record().await.unwrap(), RecordCheck::Broken { entry: 4 });
}

/// Ninety days of a busy person.
#[tokio::test]
async fn fifty_thousand_lines_are_checked_in_a_few_seconds() {
    let machine = Machine::new();
    let store = machine.start(true);
    for chunk in 0..50 {
        let lines = (1..=1000).map(|n| line(chunk * 1000 + n, 0)).collect();
        store.commit(lines).await.unwrap();
    }
    let begun = std::time::Instant::now();
    assert_eq!(store.check_record().await.unwrap(), intact(50_000, 0));
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    assert!(Path::new(&machine.path()).exists());
}
