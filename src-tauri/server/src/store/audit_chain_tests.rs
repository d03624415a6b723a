//! What somebody with access to the table could do, and what follows of it.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::{
    chance::Chance,
    store::{AuditEntry, Lookup},
};

struct Trail {
    store: Store,
    key: InstanceKey,
}

const START: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).unwrap()
}

impl Trail {
    fn new() -> Self {
        let trail = Self { store: Store::in_memory(), key: InstanceKey::new(Chance::from_system().key()) };
        trail.store.begin_audit(&trail.key).unwrap();
        trail
    }

    fn of(events: i64) -> Self {
        let trail = Self::new();
        (1..=events).for_each(|second| trail.append(second));
        trail
    }

    fn append(&self, second: i64) {
        let event = json!({
            "eventID": format!("event-{second}"),
            "additionalEventData": { "UserName": if second % 2 == 0 { "kim" } else { "sam" } },
            "resources": [{ "type": "AWS::SSO::PermissionSet", "ARN": "arn:aws:sso:::permissionSet/x/ReadOnly" }],
        });
        let entry = AuditEntry {
            moment: at(second),
            source: "sso.amazonaws.com".to_owned(),
            name: "Federate".to_owned(),
            event: event.to_string(),
            resources: super::super::resources_of(&event),
            key: self.key.clone(),
        };
        self.store.append_audit(&[entry]).unwrap();
    }

    fn verdict(&self) -> Verdict {
        self.store.verify_audit(&self.key, None).unwrap()
    }

    #[track_caller]
    fn is_whole(&self, rows: u64) -> End {
        match self.verdict() {
            Verdict::Whole(whole) => {
                assert_eq!(whole.events, rows);
                whole.head
            }
            Verdict::Broken(what) => panic!("{what:?}"),
        }
    }
}

#[track_caller]
fn noticed(sql: &str, what: Break) {
    let trail = Trail::of(5);
    trail.is_whole(5);
    trail.store.tamper(sql);
    assert_eq!(trail.verdict(), Verdict::Broken(what), "{sql}");
    // What the server writes afterwards does not heal it.
    trail.append(6);
    trail.append(7);
    assert!(matches!(trail.verdict(), Verdict::Broken(_)), "{sql}: healed");
}

#[test]
fn changes_are_noticed_and_named() {
    for column in [
        "moment = moment + 1",
        "source = 'x'",
        "name = 'x'",
        "event = '{}'",
        "mac = zeroblob(32)",
        "mac = NULL",
    ] {
        noticed(&format!("UPDATE audit SET {column} WHERE id = 3"), Break::Row(3));
    }
    noticed(
        "UPDATE audit SET event = json_set(event, '$.additionalEventData.UserName', 'eve') WHERE id = 2",
        Break::Row(2),
    );
    noticed(
        "PRAGMA defer_foreign_keys = on; UPDATE audit SET id = 99 WHERE id = 2; UPDATE audit SET id = 2 WHERE id = 3; UPDATE audit SET id = 3 WHERE id = 99",
        Break::Row(2),
    );
    noticed("UPDATE audit_resource SET name = 'Other' WHERE audit = 4", Break::Index(4));
    noticed("DELETE FROM audit_resource WHERE audit = 4", Break::Index(4));
    noticed("UPDATE audit_resource SET moment = 0 WHERE audit = 4", Break::Index(4));
}

#[test]
fn missing_rows_are_noticed_wherever_they_stood() {
    noticed("DELETE FROM audit WHERE id = 3", Break::Missing(3));
    noticed("DELETE FROM audit WHERE id <= 2", Break::Missing(1));
    noticed("DELETE FROM audit WHERE id >= 4", Break::Missing(4));
    noticed("DELETE FROM audit", Break::Missing(1));
}

#[test]
fn the_ends_cannot_be_moved_or_taken_away() {
    noticed("DELETE FROM audit_end", Break::Anchor);
    noticed("DELETE FROM audit; DELETE FROM audit_end", Break::Anchor);
    noticed("DELETE FROM audit_end WHERE which = 'head'", Break::Head(5));
    // Cut short, with the end moved to fit: the seal is over the end, and each end has its own.
    let cut = "DELETE FROM audit WHERE id > 3;
        UPDATE audit_end SET id = 3, mac = (SELECT mac FROM audit WHERE id = 3) WHERE which = 'head'";
    noticed(cut, Break::Head(3));
    let front =
        "UPDATE audit_end SET id = 2, mac = (SELECT mac FROM audit WHERE id = 2) WHERE which = 'anchor';
        DELETE FROM audit WHERE id <= 2";
    noticed(front, Break::Anchor);
    let swapped = "DELETE FROM audit;
        UPDATE audit_end SET (id, mac, seal) = (SELECT id, mac, seal FROM audit_end WHERE which = 'anchor') WHERE which = 'head'";
    noticed(swapped, Break::Head(0));
    noticed("DELETE FROM audit; DELETE FROM audit_end WHERE which = 'head'", Break::Head(0));
}

#[test]
fn another_key_opens_nothing() {
    let trail = Trail::of(3);
    let other = InstanceKey::new(Chance::from_system().key());
    assert_eq!(trail.store.verify_audit(&other, None).unwrap(), Verdict::Broken(Break::Anchor));
}

#[test]
fn an_older_state_is_noticed_by_the_mark() {
    let trail = Trail::of(3);
    let ends = "CREATE TABLE kept AS SELECT * FROM audit_end";
    trail.store.tamper(ends);
    trail.append(4);
    let mark = trail.is_whole(4);
    assert!(matches!(trail.store.verify_audit(&trail.key, Some(&mark)).unwrap(), Verdict::Whole(_)));
    trail.store.tamper(
        "DELETE FROM audit WHERE id > 3; DELETE FROM audit_end; INSERT INTO audit_end SELECT * FROM kept",
    );
    // Nothing in the database tells.
    trail.is_whole(3);
    let verdict = trail.store.verify_audit(&trail.key, Some(&mark)).unwrap();
    assert_eq!(verdict, Verdict::Broken(Break::OlderThanMark(4)));
    // Nor can it grow over it.
    trail.append(5);
    let verdict = trail.store.verify_audit(&trail.key, Some(&mark)).unwrap();
    assert_eq!(verdict, Verdict::Broken(Break::OlderThanMark(4)));
}

#[test]
fn forgetting_moves_the_anchor_with_the_rows() {
    let trail = Trail::of(6);
    let mark = trail.is_whole(6);
    assert_eq!(trail.store.forget_audit(&trail.key, at(3), None).unwrap(), 2);
    trail.is_whole(4);
    assert!(trail.store.look_up_audit(&Lookup::default(), 10).unwrap().len() == 4);
    assert_eq!(trail.store.forget_audit(&trail.key, at(100), Some(4)).unwrap(), 2, "no further than asked");
    trail.is_whole(2);
    assert_eq!(trail.store.forget_audit(&trail.key, at(100), None).unwrap(), 2);
    trail.is_whole(0);
    assert!(matches!(trail.store.verify_audit(&trail.key, Some(&mark)).unwrap(), Verdict::Whole(_)));
    trail.append(7);
    assert_eq!(trail.is_whole(1).id, 7, "numbers are never given twice");
}

#[test]
fn forgetting_does_not_take_proof_along() {
    let trail = Trail::of(4);
    // Made old, to be swept away.
    trail.store.tamper(
        "UPDATE audit SET moment = 0 WHERE id = 2; UPDATE audit_resource SET moment = 0 WHERE audit = 2",
    );
    assert_eq!(trail.store.forget_audit(&trail.key, at(3), None).unwrap(), 0);
    assert_eq!(trail.verdict(), Verdict::Broken(Break::Row(2)));
    // A clock that went back keeps rows longer and takes none out of the middle.
    let trail = Trail::new();
    [10, 1, 11].into_iter().for_each(|second| trail.append(second));
    assert_eq!(trail.store.forget_audit(&trail.key, at(5), None).unwrap(), 0);
    trail.is_whole(3);
}

#[test]
fn rows_of_before_the_chain_are_taken_into_it_once() {
    let trail = Trail { store: Store::in_memory(), key: InstanceKey::new(Chance::from_system().key()) };
    let old = "INSERT INTO audit (id, moment, source, name, event) VALUES (7, 1, 's', 'n', '{}'), (8, 2, 's', 'n', '{}')";
    trail.store.tamper(old);
    trail.store.begin_audit(&trail.key).unwrap();
    trail.append(1);
    assert_eq!(trail.is_whole(3).id, 9);
    trail.store.tamper("DELETE FROM audit_end");
    trail.store.begin_audit(&trail.key).unwrap();
    assert_eq!(trail.verdict(), Verdict::Broken(Break::Anchor), "a chain that was is not begun anew");
}

#[test]
fn lookups_page_through_everything_once_by_each_index() {
    let trail = Trail::of(25);
    // Several at one moment.
    (0..5).for_each(|_| trail.append(25));
    let all = |lookup: &Lookup| {
        let (mut lookup, mut seen) = (lookup.clone(), Vec::new());
        loop {
            let page = trail.store.look_up_audit(&lookup, 4).unwrap();
            let Some(last) = page.last() else { return seen };
            lookup.after = Some(last.position);
            seen.extend(page.iter().map(|found| found.position.id));
        }
    };
    let some = |text: &str| Some(text.to_owned());
    let newest_first: Vec<i64> = (1..=30).rev().collect();
    assert_eq!(all(&Lookup::default()), newest_first);
    assert_eq!(all(&Lookup { name: some("Federate"), ..Lookup::default() }), newest_first);
    assert_eq!(all(&Lookup { resource_name: some("ReadOnly"), ..Lookup::default() }), newest_first);
    assert_eq!(
        all(&Lookup { resource_type: some("AWS::SSO::PermissionSet"), ..Lookup::default() }),
        newest_first
    );
    assert_eq!(all(&Lookup { username: some("kim"), ..Lookup::default() }).len(), 12);
    let few = Lookup { from: Some(at(3)), to: Some(at(5)), username: some("sam"), ..Lookup::default() };
    assert_eq!(all(&few), [5, 3]);
    assert_eq!(all(&Lookup { event_id: some("event-9"), ..Lookup::default() }), [9]);
    assert_eq!(all(&Lookup { resource_name: some("x' OR 1=1 --"), ..Lookup::default() }), [0; 0]);
    let after = Some(crate::store::Position { moment: START * 1000, id: 3 });
    for (lookup, index) in [
        (Lookup::default(), "audit_moment"),
        (Lookup { username: some("kim"), ..Lookup::default() }, "audit_username"),
        (Lookup { name: some("x"), ..Lookup::default() }, "audit_name"),
        (Lookup { source: some("x"), ..Lookup::default() }, "audit_source"),
        (Lookup { event_id: some("x"), ..Lookup::default() }, "audit_event_id"),
        (Lookup { access_key_id: some("x"), ..Lookup::default() }, "audit_access_key"),
        (Lookup { resource_name: some("x"), ..Lookup::default() }, "PRIMARY KEY (name="),
        (Lookup { resource_type: some("x"), ..Lookup::default() }, "audit_resource_type"),
    ] {
        let plan = trail.store.plan_of(&Lookup { after, ..lookup });
        assert!(plan.contains(index) && !plan.contains("SCAN"), "{plan}");
        assert!(index == "audit_event_id" || !plan.contains("TEMP B-TREE FOR ORDER BY"), "{plan}");
    }
}
