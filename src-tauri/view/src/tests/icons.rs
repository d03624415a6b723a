use crate::{
    fixture::{DEV, grant, minutes, profile, snapshot, with, zone},
    icon::{IconShape, beside, icon, tooltip},
};
use engine::{
    Snapshot,
    model::{
        code::Code,
        organisation::Kind,
        portal::Sync,
        profile::{Conflict, State},
        settings::Pause,
        sign_in::{Ended, SignIn},
    },
};

fn check(change: impl FnOnce(&mut Snapshot), expect: IconShape) {
    assert_eq!(icon(&with(change)).shape, expect);
}

fn one(state: State, left: i64) -> impl FnOnce(&mut Snapshot) {
    move |s| s.profiles = vec![profile("pay-dev", grant(DEV, "PowerUser"), left, state)]
}

fn ends_in(left: i64) -> impl FnOnce(&mut Snapshot) {
    move |s| {
        if let SignIn::SignedIn(session) = &mut s.organisations[0].sign_in {
            session.ends = Some(minutes(left));
        }
    }
}

#[test]
fn each_state() {
    check(|_| (), IconShape::AllWell);
    check(one(State::Fresh, 42), IconShape::AllWell);
    check(one(State::Refreshing, 42), IconShape::Refreshing);
    check(|s| s.organisations[0].sync = Sync::Running { done: 1, total: 3 }, IconShape::Refreshing);
    check(|s| s.organisations[0].sign_in = SignIn::SignedOut, IconShape::SignedOut);
    check(|s| s.organisations.clear(), IconShape::SignedOut);
    check(|s| s.online = false, IconShape::Offline);
    check(|s| s.pause = Some(Pause { until: None }), IconShape::Paused);
    check(one(State::Conflict(Conflict::Foreign), 42), IconShape::NeedsYou);
    check(one(State::AccessRemoved, 42), IconShape::NeedsYou);
    check(one(State::SignInNeeded, 42), IconShape::NeedsYou);
    check(
        |s| s.organisations[0].sign_in = SignIn::Ended { at: minutes(-1), why: Ended::Expired },
        IconShape::NeedsYou,
    );
}

#[test]
fn expiring_below_ten_minutes() {
    check(ends_in(10), IconShape::AllWell);
    check(ends_in(9), IconShape::Expiring);
    let retrying = |left| {
        one(
            State::Retrying {
                at: minutes(1),
                failing_since: minutes(-12),
                code: Code::NoAnswer { host: "h".into() },
            },
            left,
        )
    };
    check(retrying(30), IconShape::AllWell);
    check(retrying(9), IconShape::Expiring);
}

#[test]
fn the_highest_priority_wins() {
    let all = |s: &mut Snapshot| {
        s.pause = Some(Pause { until: None });
        s.online = false;
    };
    check(all, IconShape::Paused);
    check(
        move |s| {
            all(s);
            ends_in(5)(s);
        },
        IconShape::Expiring,
    );
    check(
        move |s| {
            all(s);
            one(State::Expired, -1)(s);
        },
        IconShape::NeedsYou,
    );
}

#[test]
fn the_sample_is_marked() {
    assert!(!icon(&snapshot()).sandbox);
    assert!(icon(&with(|s| s.organisations[0].organisation.kind = Kind::Sandbox)).sandbox);
    assert!(!icon(&with(|s| s.organisations.clear())).sandbox);
}

#[test]
fn the_tooltip_repeats_the_state_in_words() {
    let check = |change: fn(&mut Snapshot), expect: &str| assert_eq!(tooltip(&with(change), &zone()), expect);
    check(|_| (), "Latchkey: Acme, 6 h 12 min left");
    check(|s| s.online = false, "Latchkey: offline");
    check(|s| s.organisations[0].sign_in = SignIn::SignedOut, "Latchkey: Sign in to Acme...");
    let long = with(|s| s.organisations[0].organisation.name = "x".repeat(300));
    assert_eq!(tooltip(&long, &zone()).chars().count(), 127);
}

#[test]
fn every_shape_has_a_picture_of_its_own() {
    let mut names: Vec<_> = IconShape::ALL.iter().map(|shape| shape.name()).collect();
    names.dedup();
    assert_eq!(names.len(), 8);
}

#[test]
fn the_time_beside_the_icon_is_wanted_and_short() {
    let shown = |left: i64, wanted: bool| {
        beside(&with(|s| {
            ends_in(left)(s);
            s.settings.tray.time_beside = wanted;
        }))
    };
    assert_eq!(shown(14, true).as_deref(), Some("14m"));
    assert_eq!(shown(15, true), None, "no hurry");
    assert_eq!(shown(14, false), None, "not wanted");
    assert_eq!(beside(&with(|s| s.organisations.clear())), None);
}
