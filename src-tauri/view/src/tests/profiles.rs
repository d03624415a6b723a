use crate::{
    Around,
    fixture::{DEV, PROD, grant, minutes, now, profile, with, zone},
    ui_credentials::{UiProfile, UiWriter},
    ui_portal,
    ui_portal::UiFed,
    ui_state,
};
use engine::{
    Snapshot,
    model::{
        Timestamp,
        code::Code,
        delivery::Delivery,
        history::{By, Entry, Event},
        ids::{AccountId, Grant, OrgId, ProfileName, RoleName},
        portal::AccessChange,
        profile::{Conflict, State},
    },
};
use std::sync::Arc;

fn shown(change: impl FnOnce(&mut Snapshot)) -> UiProfile {
    ui_state(&with(change), &Around::default(), &zone()).profiles.remove(0)
}

fn pay_dev(state: State) -> engine::snapshot::ProfileNow {
    profile("pay-dev", grant(DEV, "PowerUser"), 42, state)
}

fn entry(at: Timestamp, event: Event) -> Entry {
    Entry { id: at.as_second(), at, by: By::Schedule, event }
}

fn refreshed(name: &str, of: Grant, at: Timestamp) -> Entry {
    let (profile, account_name) = (ProfileName::new(name), "payments-dev".to_owned());
    let expires = at + jiff::SignedDuration::from_hours(1);
    entry(at, Event::Refreshed { profile, grant: of, account_name, expires, key_tail: None })
}

#[test]
fn the_last_five_refreshes_of_a_profile_and_no_others() {
    let power = || grant(DEV, "PowerUser");
    let row = shown(|s| {
        let failed = Event::RefreshFailed {
            profile: ProfileName::new("pay-dev"),
            grant: power(),
            account_name: "payments-dev".into(),
            code: Code::DiskFull { path: "/home/sam/.aws/credentials".into() },
        };
        let mut lines = vec![
            refreshed("pay-dev", power(), minutes(-18)),
            refreshed("pay-ro", grant(PROD, "ReadOnly"), minutes(-20)),
            entry(minutes(-24), failed),
            // The name was another role's before.
            refreshed("pay-dev", grant(PROD, "ReadOnly"), minutes(-30)),
        ];
        lines.extend((1..6).map(|n| refreshed("pay-dev", power(), minutes(-60 * n))));
        s.history = Arc::new(lines);
        s.profiles = vec![pay_dev(State::Fresh)];
    });
    let told: Vec<_> = row.refreshes.iter().map(|r| (r.at, r.text.as_str(), r.ok)).collect();
    let at = |n| minutes(n).as_millisecond();
    let expect = [
        (at(-18), "refreshed, valid until 12:00", true),
        (at(-24), "failed: The disk is full", false),
        (at(-60), "refreshed, valid until 11:18", true),
        (at(-120), "refreshed, valid until 10:18", true),
        (at(-180), "refreshed, valid until 09:18", true),
    ];
    assert_eq!(told, expect);
}

#[test]
fn a_file_that_cannot_be_written_says_how_long_the_old_credentials_work() {
    let path = || "/home/sam/.aws/credentials".to_owned();
    let told = |code: Code, left: i64| {
        let p = profile("pay-dev", grant(DEV, "PowerUser"), left, State::NotWritable(code));
        shown(|s| s.profiles = vec![p]).problem.unwrap()
    };
    let refused = || Code::FileNotWritable { path: path(), reason: "Permission denied".into() };
    let works = told(refused(), 8);
    assert_eq!(works.title, "Cannot write /home/sam/.aws/credentials");
    assert_eq!(works.meaning, "The system said: Permission denied. The old credentials work for 8 min more.");
    let expired = told(refused(), -8);
    assert_eq!(expired.meaning, "The system said: Permission denied. The old credentials have expired.");
    let full = told(Code::DiskFull { path: path() }, 8);
    assert!(full.meaning.ends_with("was not changed. The old credentials work for 8 min more."), "{full:?}");
}

#[test]
fn who_wrote_what_stands_there() {
    let seen = |p: engine::snapshot::ProfileNow| {
        shown(|s| {
            let conflict = Conflict::ChangedByAnother;
            let event = Event::Conflicted { profile: ProfileName::new("pay-dev"), conflict };
            s.history = Arc::new(vec![entry(minutes(-4), event)]);
            s.profiles = vec![p];
        })
    };
    let of = |p| seen(p).writer;
    let ours =
        |at: Timestamp| Some(UiWriter { ours: true, name: "Latchkey".into(), at: Some(at.as_millisecond()) });
    let noticed = Some(minutes(-4).as_millisecond());
    assert_eq!(of(pay_dev(State::Fresh)), ours(minutes(-18)));
    assert_eq!(
        of(pay_dev(State::Conflict(Conflict::ChangedByAnother))),
        Some(UiWriter { ours: false, name: "Another program".into(), at: noticed })
    );
    let told = seen(pay_dev(State::Conflict(Conflict::ChangedByAnother))).problem.unwrap().meaning;
    assert!(told.ends_with(" Last writer: unknown, noticed 11:14."), "{told}");
    assert_eq!(of(pay_dev(State::Conflict(Conflict::SsoSettings))), ours(minutes(-18)));
    let mut never = pay_dev(State::Waiting);
    never.kept.written = None;
    assert_eq!(of(never.clone()), None);
    never.kept.delivery = Delivery::OnDemand;
    never.kept.placed = Some(minutes(-300));
    assert_eq!(of(never), ours(minutes(-300)));
}

#[test]
fn a_lost_role_names_the_profiles_that_it_feeds() {
    let lost = |change: fn(&mut Snapshot)| {
        let s = with(|s| {
            Arc::make_mut(&mut s.organisations[0].portal).changes = vec![AccessChange {
                gained: false,
                account: AccountId::new(PROD),
                account_name: "payments-prod".into(),
                role: RoleName::new("Administrator"),
                noticed: now(),
                since: Some(minutes(-60)),
            }];
            let admin = || grant(PROD, "Administrator");
            let mut never = profile("pay-new", admin(), 0, State::AccessRemoved);
            never.kept.written = None;
            let elsewhere = Grant { org: OrgId::new("other"), ..admin() };
            s.profiles = vec![
                profile("pay-admin", admin(), 42, State::AccessRemoved),
                pay_dev(State::Fresh),
                never,
                profile("other-admin", elsewhere, 42, State::Fresh),
            ];
            change(s);
        });
        ui_portal(&s, &OrgId::new("acme")).unwrap()
    };
    let portal = lost(|_| ());
    let change = &portal.changes[0];
    assert_eq!(change.title, "You no longer have Administrator in payments-prod");
    assert_eq!(change.meaning, "It was removed by an administrator.");
    assert_eq!(change.since, Some(minutes(-60).as_millisecond()));
    let fed = |name: &str, expires: Option<Timestamp>| UiFed {
        name: name.to_owned(),
        expires: expires.map(Timestamp::as_millisecond),
    };
    assert_eq!(change.profiles, [fed("pay-admin", Some(minutes(42))), fed("pay-new", None)]);
    // The window fetches the list anew when one of them was removed; other profiles are no reason.
    assert_ne!(lost(|s| drop(s.profiles.remove(0))).revision, portal.revision);
    assert_eq!(lost(|s| drop(s.profiles.remove(1))).revision, portal.revision);
}
