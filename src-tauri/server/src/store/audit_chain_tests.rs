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

    /// The same, each taken into the index by itself.
    fn taken_in(events: i64) -> Self {
        let trail = Self::new();
        (1..=events).for_each(|second| {
            trail.append(second);
            trail.store.index_audit().unwrap();
        });
        trail
    }

    fn append(&self, second: i64) {
        self.append_as(second, &format!("event-{second}"));
    }

    fn append_as(&self, second: i64, event_id: &str) {
        let event = json!({
            "eventID": event_id,
            "additionalEventData": { "UserName": if second % 2 == 0 { "kim" } else { "sam" } },
            "resources": [{ "type": "AWS::SSO::PermissionSet", "ARN": "arn:aws:sso:::permissionSet/x/ReadOnly" }],
        });
        let entry = AuditEntry {
            moment: at(second),
            source: "sso.amazonaws.com".to_owned(),
            name: "Federate".to_owned(),
            event: event.to_string(),
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
    noticed_in(&Trail::of(5), sql, what);
    noticed_in(&Trail::taken_in(5), sql, what);
}

#[track_caller]
fn noticed_in(trail: &Trail, sql: &str, what: Break) {
    trail.is_whole(5);
    trail.store.tamper(sql);
    assert_eq!(trail.verdict(), Verdict::Broken(what), "{sql}");
    // What the server writes afterwards does not heal it.
    trail.append(6);
    trail.append(7);
    assert!(matches!(trail.verdict(), Verdict::Broken(_)), "{sql}: healed");
    trail.store.index_audit().unwrap();
    assert!(matches!(trail.verdict(), Verdict::Broken(_)), "{sql}: healed by the index");
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
}

#[test]
fn changes_of_what_rows_are_found_by_are_noticed() {
    for sql in [
        "UPDATE audit_term SET value = 'Other' WHERE last = 4 AND field = 'resource'",
        "UPDATE audit_term SET rows = x'01' WHERE last = 4 AND field = 'name'",
        "UPDATE audit_term SET rows = x'80' WHERE last = 4 AND field = 'name'",
        "UPDATE audit_term SET last = 5 WHERE last = 4 AND field = 'event'",
        "DELETE FROM audit_term WHERE last = 4",
        "DELETE FROM audit_term WHERE last = 4 AND field = 'user'",
        "INSERT INTO audit_term VALUES ('user', 'eve', 4, x'00')",
    ] {
        noticed_in(&Trail::taken_in(5), sql, Break::Index(4));
    }
    // Nothing that is yet to come would be taken in.
    let far = "INSERT INTO audit_term VALUES ('user', 'eve', 1000000, x'00')";
    noticed_in(&Trail::taken_in(5), far, Break::Index(6));
    // In a run of several.
    let trail = Trail::of(5);
    trail.store.index_audit().unwrap();
    noticed_in(&trail, "UPDATE audit_term SET rows = x'010101' WHERE value = 'kim'", Break::Index(3));
    // Moments out of order, of which nothing is known.
    let trail = Trail::new();
    [10, 1, 11, 12, 13].into_iter().for_each(|second| trail.append(second));
    trail.store.index_audit().unwrap();
    noticed_in(&trail, "UPDATE audit_order SET behind = 8999", Break::Index(2));
}

#[test]
fn an_index_that_was_taken_away_is_made_again() {
    let of = |trail: &Trail| {
        let lookup = Lookup { username: Some("kim".to_owned()), ..Lookup::default() };
        let found = trail.store.look_up_audit(&lookup, 10).unwrap();
        found.iter().map(|found| found.position.id).collect::<Vec<_>>()
    };
    let trail = Trail::taken_in(5);
    for sql in ["DELETE FROM audit_term", "DELETE FROM audit_term WHERE last >= 4", "DELETE FROM audit_order"]
    {
        trail.store.tamper(sql);
        assert_eq!(of(&trail), [4, 2], "{sql}");
        trail.is_whole(5);
    }
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
    forgetting(&Trail::of(6));
    forgetting(&Trail::taken_in(6));
    // All of them in one run.
    let trail = Trail::of(6);
    trail.store.index_audit().unwrap();
    forgetting(&trail);
}

fn forgetting(trail: &Trail) {
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
    trail.store.tamper("UPDATE audit SET moment = 0 WHERE id = 2");
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
fn lookups_page_through_everything_once_by_each_term() {
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
    // By their ids alone, by moment where an id tells it.
    let dated = "01a3185c-9268-7000-8000-000000000000";
    trail.append_as(17, dated);
    assert_eq!(super::super::audit_index::moment_in(dated), Some((START + 17) * 1000));
    assert_eq!(all(&Lookup { event_id: some(dated), ..Lookup::default() }), [31]);
}

#[test]
fn lookups_read_no_more_than_they_must() {
    let trail = Trail::taken_in(12);
    let some = |text: &str| Some(text.to_owned());
    let after = Some(crate::store::Position { moment: START * 1000, id: 8 });
    for lookup in [
        Lookup::default(),
        Lookup { from: Some(at(3)), to: Some(at(5)), ..Lookup::default() },
        Lookup { username: some("kim"), ..Lookup::default() },
        Lookup { name: some("Federate"), ..Lookup::default() },
        Lookup { source: some("sso.amazonaws.com"), ..Lookup::default() },
        Lookup { event_id: some("event-3"), ..Lookup::default() },
        Lookup { access_key_id: some("x"), ..Lookup::default() },
        Lookup { resource_name: some("ReadOnly"), ..Lookup::default() },
        Lookup { resource_type: some("AWS::SSO::PermissionSet"), ..Lookup::default() },
    ] {
        let lookup = Lookup { after, ..lookup };
        let term = lookup.username.is_some();
        let plans = trail.store.plans(|| drop(trail.store.look_up_audit(&lookup, 4).unwrap()));
        let text = plans.join("; ");
        assert!(!text.contains("SCAN") && !text.contains("TEMP B-TREE"), "{text}");
        let term = term && !trail.store.is_shared();
        assert!(!term || text.contains("PRIMARY KEY (field=? AND value=? AND last>? AND last<?)"), "{text}");
    }
}

/// Several write at once, and clocks are set back: what is asked for by time is found all the same.
#[test]
fn moments_need_not_be_in_order() {
    let moments = [10, 11, 4, 12, 13, 1, 2, 14, 13, 20, 19, 30];
    for all_at_once in [true, false] {
        let trail = Trail::new();
        for second in moments {
            trail.append(second);
            if !all_at_once {
                trail.store.index_audit().unwrap();
            }
        }
        for (from, to) in (0..32).flat_map(|from| (from..32).map(move |to| (from, to))) {
            for username in [None, Some("kim".to_owned())] {
                let is_meant =
                    |second: i64| (from..=to).contains(&second) && (username.is_none() || second % 2 == 0);
                let rows = moments.iter().zip(1..).filter(|(second, _)| is_meant(**second));
                let mut expected: Vec<i64> = rows.map(|(_, row)| row).collect();
                expected.reverse();
                let lookup = Lookup {
                    from: Some(at(from)),
                    to: Some(at(to)),
                    username: username.clone(),
                    ..Lookup::default()
                };
                let found = trail.store.look_up_audit(&lookup, 50).unwrap();
                let found: Vec<i64> = found.iter().map(|found| found.position.id).collect();
                assert_eq!(found, expected, "{from} to {to} of {username:?}");
            }
        }
        trail.is_whole(12);
    }
}
