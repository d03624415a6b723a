//! Profiles that nobody uses: their ends are shown, and nobody is disturbed.

use super::world::{World, begin, console, fresh, grant, keep, minutes, now, pass, start_in, until};
use crate::{
    Engine, Reply, Request, Signal,
    model::{
        delivery::Delivery,
        ids::{Grant, ProfileName, RoleName},
        portal::{Account, Portal},
        profile::{Conflict, Kept, State, Written},
    },
    ports::{Clock, Reads},
    request::Shell,
};
use jiff::SignedDuration;
use std::sync::Arc;

fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

fn stored(used: Option<jiff::Timestamp>) -> Kept {
    Kept {
        profile: pay(),
        grant: grant(),
        region: None,
        paused: false,
        added: begin() - days(30),
        written: Some(Written {
            at: begin() - minutes(30),
            issued: begin() - minutes(30),
            expires: begin() + minutes(30),
            fingerprint: "f".into(),
            key_tail: "tail".into(),
        }),
        used,
        until: None,
        delivery: Delivery::CredentialsFile,
        placed: None,
        session: None,
        asked: None,
    }
}

/// A profile that was used nine days ago, and a sign-in that ends in 30 minutes.
async fn disused(reads: Reads) -> (Arc<World>, Engine) {
    start_in(minutes(60), Some(begin() + minutes(30)), |w| {
        *w.reads.lock().unwrap() = reads;
        w.kept.lock().unwrap().push(stored(Some(begin() - days(9))));
    })
    .await
}

fn read_now(world: &World) {
    *world.reads.lock().unwrap() = Reads::At(world.now());
}

fn pay() -> ProfileName {
    ProfileName::new("pay-dev")
}

#[tokio::test(start_paused = true)]
async fn what_nobody_uses_ends_in_silence() {
    let (world, engine) = start_in(minutes(60), Some(begin() + days(8)), |w| {
        *w.reads.lock().unwrap() = Reads::NotYet;
    })
    .await;
    keep(&engine, "pay-dev").await.unwrap();
    until(&engine, fresh).await;
    pass(days(8) + minutes(90)).await;
    assert_eq!(now(&engine).profiles[0].state, State::Expired, "its status says so");
    assert_eq!(world.count("notify"), 0);
    read_now(&world);
    pass(minutes(3)).await;
    assert_eq!(world.count("notify sign-in-ended"), 1, "the program that read it got an error");
}

#[tokio::test(start_paused = true)]
async fn what_a_program_read_lately_is_told_of() {
    let (world, _engine) = disused(Reads::At(begin() - days(2))).await;
    pass(minutes(20)).await;
    assert_eq!(world.count("notify sign-in-ending"), 1);
}

#[tokio::test(start_paused = true)]
async fn who_read_it_is_asked_before_it_stays_silent() {
    let (world, _engine) = disused(Reads::NotYet).await;
    pass(minutes(14)).await;
    read_now(&world);
    pass(minutes(6)).await;
    assert_eq!(world.count("notify sign-in-ending"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_known_counts_as_use() {
    let (world, _engine) = disused(Reads::Unknown).await;
    pass(minutes(20)).await;
    assert_eq!(world.count("notify sign-in-ending"), 1);
}

#[tokio::test(start_paused = true)]
async fn whatever_the_person_does_with_it_is_use() {
    let pause = |paused| Request::PauseProfile { profile: pay(), paused };
    let shell = Shell::Posix;
    for acts in [
        vec![console()],
        vec![Request::CopyEnvironment { grant: grant(), shell, confirmed: true }],
        vec![Request::RefreshProfile(pay())],
        vec![Request::RefreshAll],
        vec![Request::TakeBack(pay())],
        vec![pause(true), pause(false)],
    ] {
        let (world, engine) = disused(Reads::NotYet).await;
        let shown = format!("{acts:?}");
        for act in acts {
            let answer = engine.ask(act).await;
            assert!(matches!(answer, Ok(Reply::Done | Reply::Copied { .. })), "{answer:?}");
        }
        pass(minutes(20)).await;
        assert_eq!(world.count("notify sign-in-ending"), 1, "{shown}");
        assert!(now(&engine).profiles[0].kept.used >= Some(begin()), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_told_whether_it_is_used_or_not() {
    let (world, engine) = disused(Reads::NotYet).await;
    *world.looks.lock().unwrap() = Some(Conflict::ChangedByAnother);
    engine.signal(Signal::FilesChanged);
    pass(minutes(2)).await;
    assert_eq!(world.count("notify conflict"), 1);
}

#[tokio::test(start_paused = true)]
async fn disuse_outlasts_the_program_and_an_old_store_knows_of_none() {
    for (used, expect) in [(Some(begin() - days(9)), 0), (None, 1)] {
        let (world, _engine) = start_in(minutes(60), Some(begin() + minutes(30)), |w| {
            *w.reads.lock().unwrap() = Reads::NotYet;
            w.kept.lock().unwrap().push(stored(used));
        })
        .await;
        pass(minutes(20)).await;
        assert_eq!(world.count("notify sign-in-ending"), expect, "{used:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn reads_are_stored_once_a_day() {
    let (world, engine) = start_in(minutes(60), None, |w| {
        *w.signed_in.lock().unwrap() = false;
        w.kept.lock().unwrap().push(stored(Some(begin())));
    })
    .await;
    for _ in 0..72 {
        pass(minutes(60)).await;
        read_now(&world);
        engine.signal(Signal::FilesChanged);
    }
    assert_eq!(world.count("commit kept"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_console_of_another_role_is_told_of_without_the_profile() {
    let ops = Grant { role: RoleName::new("Ops"), ..grant() };
    let (world, engine) = start_in(minutes(60), Some(begin() + minutes(30)), |w| {
        *w.reads.lock().unwrap() = Reads::NotYet;
        w.kept.lock().unwrap().push(stored(Some(begin() - days(9))));
        let roles = Some(vec![grant().role, ops.role.clone()]);
        let account = Account { id: grant().account, name: "payments-dev".into(), email: None, roles };
        let listed = Portal { accounts: vec![account], synced: Some(begin()), ..Portal::default() };
        *w.portal.lock().unwrap() = Some(listed);
    })
    .await;
    let open =
        Request::OpenConsole { grant: ops, destination: None, region: None, private: false, confirmed: true };
    assert_eq!(engine.ask(open).await, Ok(Reply::Done));
    pass(minutes(20)).await;
    assert_eq!(world.count("notify sign-in-ending"), 1, "the person is there today");
    pass(minutes(120)).await;
    assert_eq!(world.count("notify"), 1, "and the profile is as unused as before");
}
