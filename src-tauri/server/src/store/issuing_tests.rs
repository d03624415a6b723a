//! Who shares a transaction, and what is issued on what was found before.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{
    organisation::User,
    secret::{Digest, InstanceKey},
    store::{
        Verdict,
        testing::{TestDatabase, is_postgres},
        users,
    },
};

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn key(id: &str) -> IssuedKey {
    IssuedKey {
        access_key_id: id.to_owned(),
        session_token: Digest::of(id),
        account_id: "111122223333".to_owned(),
        permission_set: "ReadOnly".to_owned(),
        role_name: "AWSReservedSSO_ReadOnly_0000000000000000".to_owned(),
        role_id: "AROA".to_owned(),
        session_name: "sam".to_owned(),
        user_id: "1".to_owned(),
        tags: crate::organisation::Tags::new(),
        ends: now(),
        assumed: None,
    }
}

/// The key of [`AuditEntry::empty`].
fn trail_key() -> InstanceKey {
    InstanceKey::new([7; 32])
}

fn issue(store: &Store, id: &str, seen: Revision) -> Hearing {
    store.issue(key(id), AuditEntry::empty(now()), seen)
}

#[track_caller]
fn events(store: &Store) -> u64 {
    match store.verify_audit(&trail_key(), None).unwrap() {
        Verdict::Whole(whole) => whole.events,
        Verdict::Broken(what) => panic!("{what:?}"),
    }
}

fn begun(store: Store) -> Store {
    store.begin_audit(&trail_key()).unwrap();
    put_person(&store, true);
    store
}

/// One that nothing but a test writes to.
fn alone(mut store: Store) -> Store {
    store.afterwards = None;
    store
}

/// Whose the credentials are.
fn put_person(store: &Store, enabled: bool) {
    let person = User {
        id: "1".to_owned(),
        username: "sam".to_owned(),
        display_name: "Sam Sample".to_owned(),
        email: String::new(),
        email_verified: false,
        groups: Vec::new(),
        enabled,
        profile: crate::organisation::Profile::default(),
        created: now(),
        updated: now(),
    };
    store.write("keep a person", |tx| users::put(tx, &person, false)).unwrap();
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        thread::yield_now();
    }
}

#[test]
fn all_that_wait_are_kept_with_their_events() {
    let home = tempfile::tempdir().unwrap();
    let store = alone(begun(Store::open(&home.path().join("instance.sqlite")).unwrap()));
    let seen = store.revision();
    let before = store.writer.commits();
    let hearings: Vec<_> = {
        // They come to wait while somebody else writes, all but the first after the queue has begun to.
        let writer = store.writer();
        let first = issue(&store, "0", seen);
        until("the queue waits for its turn", || store.writer.waiting() == 1);
        let hearings =
            [first].into_iter().chain((1..600).map(|number| issue(&store, &number.to_string(), seen)));
        let hearings = hearings.collect();
        drop(writer);
        hearings
    };
    for hearing in hearings {
        assert_eq!(hearing.blocking_recv().unwrap().unwrap(), Kept::Kept);
    }
    assert_eq!(events(&store), 600);
    // The turn takes along who has come until then.
    assert_eq!(store.writer.commits() - before, 3);
    for number in 0..600 {
        assert!(store.role_credentials(&number.to_string()).unwrap().is_some());
    }
    assert_eq!(store.revision(), seen, "nothing was altered");
}

#[test]
fn nothing_is_issued_on_what_was_altered_since() {
    let store = begun(Store::in_memory());
    let seen = store.revision();
    assert_eq!(issue(&store, "before", seen).blocking_recv().unwrap().unwrap(), Kept::Kept);
    store.revoke_family("one", now()).unwrap();
    assert_eq!(issue(&store, "after", seen).blocking_recv().unwrap().unwrap(), Kept::Outdated);
    assert!(store.role_credentials("after").unwrap().is_none());
    assert_eq!(events(&store), 1);
    let hearing = issue(&store, "anew", store.revision());
    assert_eq!(hearing.blocking_recv().unwrap().unwrap(), Kept::Kept);
}

#[test]
fn other_processes_alter_too() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("instance.sqlite");
    let store = begun(Store::open(&path).unwrap());
    let other = Store::open(&path).unwrap();
    // What the other one did when it began has been seen.
    store.sweep(now()).unwrap();
    let seen = store.revision();
    assert_eq!(issue(&store, "before", seen).blocking_recv().unwrap().unwrap(), Kept::Kept);
    other.once("drawn by the other", || "1".to_owned()).unwrap();
    assert_eq!(issue(&store, "after", seen).blocking_recv().unwrap().unwrap(), Kept::Outdated);
    assert_ne!(store.revision(), seen);
    let hearing = issue(&store, "anew", store.revision());
    assert_eq!(hearing.blocking_recv().unwrap().unwrap(), Kept::Kept);
}

#[test]
fn one_that_cannot_be_kept_fails_alone() {
    let store = begun(Store::in_memory());
    let seen = store.revision();
    let hearings: Vec<_> = {
        let writer = store.writer();
        let hearings = ["one", "two", "one", "three"].map(|id| issue(&store, id, seen)).into();
        drop(writer);
        hearings
    };
    let kept: Vec<bool> =
        hearings.into_iter().map(|hearing| hearing.blocking_recv().unwrap().is_ok()).collect();
    assert_eq!(kept, [true, true, false, true]);
    assert_eq!(events(&store), 3, "what is not issued leaves no event");
}

#[test]
fn credentials_end_as_they_did() {
    let store = begun(Store::in_memory());
    let mut one = key("one");
    one.ends = now().checked_add(SignedDuration::from_hours(1)).unwrap();
    let hearing = store.issue(one, AuditEntry::empty(now()), store.revision());
    hearing.blocking_recv().unwrap().unwrap();
    store.expire_role_credentials(now()).unwrap();
    assert_eq!(store.role_credentials("one").unwrap().unwrap().ends, now());
}

#[test]
fn nobody_who_may_not_sign_in_gets_any_whatever_was_found_before() {
    let store = begun(Store::in_memory());
    put_person(&store, false);
    // Even where nothing was altered since.
    let hearing = issue(&store, "queued", store.revision());
    assert_eq!(hearing.blocking_recv().unwrap().unwrap(), Kept::Outdated);
    assert!(store.add_role_credentials(&key("alone"), &AuditEntry::empty(now())).is_err());
    assert!(store.add_assumed_role(&key("assumed"), &AuditEntry::empty(now())).is_err());
    for id in ["queued", "alone", "assumed"] {
        assert!(store.role_credentials(id).unwrap().is_none(), "{id}");
    }
    assert_eq!(events(&store), 0, "what is not issued leaves no event");
    put_person(&store, true);
    store.add_role_credentials(&key("alone"), &AuditEntry::empty(now())).unwrap();
}

/// What a server waits for is the lock of all of them: what comes meanwhile goes with its next turn.
#[test]
fn those_that_come_while_another_server_writes_share_a_turn() {
    if !is_postgres() {
        return;
    }
    let test = TestDatabase::new();
    let store = alone(begun(Store::connect(&test.database()).unwrap()));
    let other = Store::connect(&test.database()).unwrap();
    let seen = store.revision();
    let before = store.writer.commits();
    let session = test.session();
    let waits = || {
        let sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        session.batch(sql).unwrap().concat().concat() == "1"
    };
    let mut hearings = Vec::new();
    let write = |_: &Connection| {
        hearings.push(issue(&store, "first", seen));
        until("the queue waits for its turn", waits);
        hearings.extend((0..40).map(|number| issue(&store, &number.to_string(), seen)));
        Ok(())
    };
    other.add("write", write).unwrap();
    for hearing in hearings {
        assert_eq!(hearing.blocking_recv().unwrap().unwrap(), Kept::Kept);
    }
    assert_eq!(store.writer.commits() - before, 1);
    assert_eq!(events(&store), 41);
}

/// Whoever waits hears that the turn does not come.
#[test]
fn a_database_that_is_away_is_told_to_all_that_wait() {
    if !is_postgres() {
        return;
    }
    let test = TestDatabase::new();
    let store = begun(Store::connect(&test.database()).unwrap());
    let seen = store.revision();
    test.session().batch("ALTER TABLE revision RENAME TO elsewhere").unwrap();
    let hearings: Vec<_> = (0..20).map(|number| issue(&store, &number.to_string(), seen)).collect();
    for hearing in hearings {
        assert!(hearing.blocking_recv().unwrap().is_err());
    }
    test.session().batch("ALTER TABLE elsewhere RENAME TO revision").unwrap();
    let hearing = issue(&store, "after", store.revision());
    assert_eq!(hearing.blocking_recv().unwrap().unwrap(), Kept::Kept);
}
