//! Who shares a transaction, and what is issued on what was found before.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{
    organisation::User,
    secret::{Digest, InstanceKey},
    store::{Verdict, users},
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

#[test]
fn all_that_wait_are_kept_with_their_events() {
    let home = tempfile::tempdir().unwrap();
    let store = begun(Store::open(&home.path().join("instance.sqlite")).unwrap());
    let seen = store.revision();
    let before = store.writer.commits();
    let hearings: Vec<_> = {
        // They come to wait while somebody else writes.
        let writer = store.writer();
        let hearings = (0..600).map(|number| issue(&store, &number.to_string(), seen)).collect();
        drop(writer);
        hearings
    };
    for hearing in hearings {
        assert_eq!(hearing.blocking_recv().unwrap().unwrap(), Kept::Kept);
    }
    assert_eq!(events(&store), 600);
    assert!(store.writer.commits() - before <= 600 / 256 + 2, "{}", store.writer.commits() - before);
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
