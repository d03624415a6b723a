//! The directory in its database: how it is read, by whom at the same time, and what older databases bring.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::{sync::mpsc, thread};

use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite_migration::Migrations;

use super::*;
use crate::{
    chance::Chance,
    ids::Ids,
    organisation::{Document, sample},
    rig::Rig,
    secret::InstanceKey,
};

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn seed(store: &Store, document: &Document) {
    let (key, chance) = (InstanceKey::new([7; 32]), Chance::from_system());
    let ids = Ids { key: &key, chance: &chance, instance_id: "ssoins-0" };
    store.apply(&Apply { document, ids: &ids, now: now(), record: None, digest: None }).unwrap().unwrap();
}

/// Statements of the portal, as SQLite sees them.
#[test]
fn the_portal_never_reads_a_whole_table() {
    let rig = Rig::new();
    let store = &rig.instance.store;
    if store.is_shared() {
        return;
    }
    let sam = rig.user("sam").id;
    let plans = store.plans(|| {
        store.user(&sam).unwrap();
        store.user_by_login("sam").unwrap();
        store.accounts_of(&sam).unwrap();
        store.permission_sets_of(&sam, "111122223333").unwrap();
        store.applications_of(&sam).unwrap();
        store.is_for(&rig.application("Wiki"), &sam).unwrap();
        store.password(&sam).unwrap();
    });
    assert!(plans.len() > 10, "{plans:#?}");
    for step in plans {
        // The person and their groups; what these have.
        let is_own = ["SCAN p", "SCAN x", "SCAN CONSTANT ROW"].contains(&step.as_str());
        assert!(!step.starts_with("SCAN") || is_own, "{step}");
    }
}

#[test]
fn another_process_changes_the_directory_and_it_is_seen_at_once() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("instance.sqlite");
    let (one, other) = (Store::open(&file).unwrap(), Store::open(&file).unwrap());
    let mut document = sample("http://localhost:4711").unwrap();
    seed(&one, &document);
    let sam = other.user_by_login("sam").unwrap().unwrap();
    assert_eq!(other.accounts_of(&sam.id).unwrap().len(), 11);
    document.users.remove("sam");
    document.assignments.retain(|one| one.principal.to_string() != "user sam");
    seed(&other, &document);
    assert!(one.user(&sam.id).unwrap().is_none());
    assert!(one.accounts_of(&sam.id).unwrap().is_empty());
}

#[test]
fn readers_do_not_wait_for_a_writer() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(&home.path().join("instance.sqlite")).unwrap();
    seed(&store, &sample("http://localhost:4711").unwrap());
    let ((begun, has_begun), (done, is_done)) = (mpsc::channel(), mpsc::channel::<()>());
    thread::scope(|scope| {
        let store = &store;
        scope.spawn(move || {
            store
                .write("hold the writer", |tx| {
                    tx.execute("UPDATE user SET display_name = 'x'", [])?;
                    begun.send(()).unwrap();
                    is_done.recv().unwrap();
                    Ok(())
                })
                .unwrap();
        });
        has_begun.recv().unwrap();
        // A reader that waited would never come to the line that lets the writer go.
        assert_eq!(store.user_by_login("sam").unwrap().unwrap().display_name, "Sam Sample");
        done.send(()).unwrap();
    });
    assert_eq!(store.user_by_login("sam").unwrap().unwrap().display_name, "x");
}

#[test]
fn sessions_and_passwords_of_an_older_database_stay_their_persons() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("instance.sqlite");
    let mut old = Connection::open(&file).unwrap();
    Migrations::from_slice(&MIGRATIONS[..8]).to_latest(&mut old).unwrap();
    let (key, chance) = (InstanceKey::new([7; 32]), Chance::from_system());
    let known_as = Ids { key: &key, chance: &chance, instance_id: "ssoins-0" }.user("sam");
    let own = "INSERT INTO own_password (user_id, hash, earlier, must_change, changed) VALUES (?1, 'own', '', 0, 0)";
    old.execute(own, [known_as]).unwrap();
    let sql = "INSERT INTO sign_in_session (id, cookie, username, began, ends) VALUES (?1, ?2, ?3, 0, ?4)";
    let ends = millis(now()) + 1000;
    old.execute(sql, rusqlite::params!["s", Digest::of("c").as_bytes(), "sam", ends]).unwrap();
    old.execute(sql, rusqlite::params!["t", Digest::of("d").as_bytes(), "gone", ends]).unwrap();
    drop(old);
    let store = Store::open(&file).unwrap();
    let mut document = sample("http://localhost:4711").unwrap();
    document.users.get_mut("sam").unwrap().password_hash = Some("of the file".to_owned());
    seed(&store, &document);
    let sam = store.user_by_login("sam").unwrap().unwrap();
    assert_eq!(store.session("s").unwrap().unwrap().user_id, sam.id);
    assert_eq!(store.session("t").unwrap().unwrap().user_id, "");
    assert_eq!(store.password(&sam.id).unwrap().unwrap().hash, "own");
}

#[test]
fn lists_come_in_pages() {
    let rig = Rig::new();
    let store = &rig.instance.store;
    let engineering = store.group_by_name("engineering").unwrap().unwrap();
    let first = store.members(&engineering.id, "", 1).unwrap();
    let rest = store.members(&engineering.id, &first[0].1, 10).unwrap();
    assert_eq!((first.len(), rest.len()), (1, 1));
    assert_eq!(store.memberships_of(&rig.user("sam").id, "", 10).unwrap().len(), 2);
    assert_eq!(store.permission_sets("", 100).unwrap().len(), 6);
    assert_eq!(store.applications("Grafana", 2).unwrap().len(), 2);
    let set = store.permission_set_by_name("ReadOnly").unwrap().unwrap();
    assert_eq!(store.assignments_in("111122223333", &set.arn, "", 10).unwrap().len(), 1);
    assert_eq!(store.provisioned_sets("111122223333", "", 10).unwrap().len(), 2);
}
