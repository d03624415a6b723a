//! Another version of this program, installed while it runs.

use super::world::{World, fresh, keep, minutes, now, pass, start, start_in, until};
use crate::{
    Engine, Reply, Request,
    model::{
        code::Code,
        ids::OrgId,
        notice::{Notice, Pressed},
        settings::Settings,
    },
    ports::Program,
    request::Show,
    snapshot::UpdateNow,
};
use async_trait::async_trait;
use jiff::SignedDuration;
use std::{
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

/// The place on disk where this program's file is.
#[derive(Default)]
pub(super) struct Place {
    installed: watch::Sender<Option<String>>,
    does_not_start: Mutex<bool>,
    trying_takes: Mutex<Duration>,
    /// How often it was asked for in this program's place.
    starts: AtomicU32,
}

impl Place {
    fn install(&self, version: &str) {
        self.installed.send_replace(Some(version.to_owned()));
    }
    fn starts(&self) -> u32 {
        self.starts.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Program for Place {
    fn ready(&self) -> watch::Receiver<Option<String>> {
        self.installed.subscribe()
    }
    async fn try_out(&self) -> Result<String, Code> {
        let takes = *self.trying_takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        if *self.does_not_start.lock().unwrap() {
            return Err(unfit());
        }
        Ok(self.installed.borrow().clone().unwrap_or_default())
    }
    fn start_again(&self) {
        self.starts.fetch_add(1, Ordering::Relaxed);
    }
}

fn unfit() -> Code {
    Code::UpdateDoesNotStart { reason: "a library is missing".into() }
}

fn ready(version: &str) -> Notice {
    Notice::UpdateReady { version: version.into(), signs_out: false }
}

fn told(world: &World) -> usize {
    world.count("notify update-ready")
}

async fn installed(world: &World, engine: &Engine, version: &str) {
    world.program.install(version);
    until(engine, |s| s.update.as_ref().is_some_and(|update| update.version == version)).await;
}

#[tokio::test(start_paused = true)]
async fn each_version_is_told_once() {
    let (world, engine) = start(minutes(60), None).await;
    pass(minutes(5)).await;
    assert_eq!((told(&world), now(&engine).update.clone()), (0, None));
    installed(&world, &engine, "1.4.2").await;
    pass(minutes(30)).await;
    assert_eq!(world.count("notify update-ready/1.4.2"), 1);
    installed(&world, &engine, "1.4.3").await;
    pass(minutes(30)).await;
    assert_eq!((world.count("notify update-ready/1.4.3"), told(&world)), (1, 2));
    assert_eq!(world.count("withdraw update-ready/1.4.2"), 1);
    world.program.installed.send_replace(None);
    until(&engine, |s| s.update.is_none()).await;
    pass(minutes(1)).await;
    assert_eq!(world.count("withdraw update-ready/1.4.3"), 1, "it was put back");
}

#[tokio::test(start_paused = true)]
async fn who_lets_it_in_loses_nothing() {
    for pressed in [None, Some(Pressed::Restart), Some(Pressed::Body)] {
        let (world, engine) = start_in(minutes(60), None, |world| {
            *world.settings.lock().unwrap() = Settings { remove_on_quit: true, ..Settings::default() };
        })
        .await;
        keep(&engine, "pay-dev").await.unwrap();
        until(&engine, fresh).await;
        installed(&world, &engine, "1.4.2").await;
        let written = world.count("write file");
        let request = match pressed {
            None => Request::Restart,
            Some(pressed) => Request::Pressed { notice: ready("1.4.2"), pressed },
        };
        assert_eq!(engine.ask(request).await, Ok(Reply::Restarting));
        assert_eq!(world.program.starts(), 1, "{pressed:?}");
        assert_eq!(world.count("write file"), written, "nothing is taken out of the file");
        assert!(engine.ask(Request::CatchUp).await.is_err(), "the loop has ended");
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_start_is_not_let_in() {
    let (world, engine) = start(minutes(60), None).await;
    assert_eq!(engine.ask(Request::Restart).await, Err(Code::Gone { what: "newer version".into() }));
    installed(&world, &engine, "1.4.2").await;
    *world.program.does_not_start.lock().unwrap() = true;
    assert_eq!(engine.ask(Request::Restart).await, Err(unfit()));
    assert_eq!((engine.ask(Request::CatchUp).await, world.program.starts()), (Ok(Reply::Done), 0));
    *world.program.does_not_start.lock().unwrap() = false;
    assert_eq!(engine.ask(Request::Restart).await, Ok(Reply::Restarting));
}

#[tokio::test(start_paused = true)]
async fn asked_twice_it_is_tried_once_and_who_quits_meanwhile_quits() {
    let (world, engine) = start(minutes(60), None).await;
    installed(&world, &engine, "1.4.2").await;
    *world.program.trying_takes.lock().unwrap() = Duration::from_secs(3);
    let first = {
        let engine = engine.clone();
        tokio::spawn(async move { engine.ask(Request::Restart).await })
    };
    pass(SignedDuration::from_secs(1)).await;
    assert_eq!(engine.ask(Request::Restart).await, Ok(Reply::Done));
    assert_eq!(engine.ask(Request::Quit).await, Ok(Reply::Done));
    assert!(first.await.unwrap().is_err(), "the loop ended before it was tried out");
    assert_eq!(world.program.starts(), 0);
}

/// The loop still waits for a sign-out when the trial is over, or is done with it and puts the rest away.
#[tokio::test(start_paused = true)]
async fn whoever_quits_at_any_moment_after_that_quits_too() {
    for (logout, trial, quit_after) in [(3, 2, 500), (3, 1, 2_000), (0, 0, 500)] {
        let (world, engine) = start_in(minutes(60), None, |world| {
            *world.settings.lock().unwrap() = Settings { remove_on_quit: true, ..Settings::default() };
        })
        .await;
        keep(&engine, "pay-dev").await.unwrap();
        until(&engine, fresh).await;
        installed(&world, &engine, "1.4.2").await;
        *world.logout_takes.lock().unwrap() = Duration::from_secs(logout);
        *world.program.trying_takes.lock().unwrap() = Duration::from_secs(trial);
        // What the end has to put away takes a second.
        *world.commits_take.lock().unwrap() = vec![Duration::from_secs(1); 4];
        engine.ask(Request::SignOut(OrgId::new("acme"))).await.unwrap();
        let (written, asks) = (world.count("write file"), engine.clone());
        let restart = tokio::spawn(async move { asks.ask(Request::Restart).await });
        tokio::time::sleep(Duration::from_millis(quit_after)).await;
        let asks = engine.clone();
        let quit = tokio::spawn(async move { asks.ask(Request::Quit).await });
        let case = format!("logout {logout} s, trial {trial} s, quit after {quit_after} ms");
        assert_eq!(quit.await.unwrap(), Ok(Reply::Done), "{case}");
        let restarted = restart.await.unwrap();
        assert!(restarted != Ok(Reply::Restarting), "{case}");
        assert_eq!(world.program.starts(), 0, "{case}");
        assert_eq!(world.count("write file"), written + 1, "{case}: what quitting takes out is out");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_hidden_is_shown_before_it_is_done() {
    let (world, engine) = start_in(minutes(60), None, |world| {
        *world.settings.lock().unwrap() = Settings { hide_details: true, ..Settings::default() };
    })
    .await;
    installed(&world, &engine, "1.4.2").await;
    let body = Request::Pressed { notice: ready("1.4.2"), pressed: Pressed::Body };
    assert_eq!(engine.ask(body).await, Ok(Reply::Show(Show::Portal)));
    pass(minutes(1)).await;
    assert_eq!(told(&world), 1);
    let button = Request::Pressed { notice: ready("1.4.3"), pressed: Pressed::Restart };
    assert_eq!(engine.ask(button).await, Ok(Reply::Restarting));
}

#[tokio::test(start_paused = true)]
async fn it_is_no_more_on_the_screen_when_the_other_one_starts() {
    let (world, engine) = start(minutes(60), None).await;
    installed(&world, &engine, "1.4.2").await;
    pass(minutes(1)).await;
    assert_eq!((told(&world), world.count("withdraw")), (1, 0));
    assert_eq!(engine.ask(Request::Restart).await, Ok(Reply::Restarting));
    assert_eq!(world.count("withdraw update-ready/1.4.2"), 1);
}

#[tokio::test(start_paused = true)]
async fn later_in_the_window_is_for_this_version() {
    let (world, engine) = start(minutes(60), None).await;
    world.presence.lock().unwrap().window_focused = true;
    installed(&world, &engine, "1.4.2").await;
    assert_eq!(engine.ask(Request::UpdateLater).await, Ok(Reply::Done));
    let put_off = Some(UpdateNow { version: "1.4.2".into(), put_off: true, signs_out: false });
    assert_eq!(until(&engine, |s| s.update == put_off).await.update, put_off);
    world.presence.lock().unwrap().window_focused = false;
    pass(minutes(30)).await;
    assert_eq!(told(&world), 0);
    installed(&world, &engine, "1.4.3").await;
    assert_eq!(
        now(&engine).update,
        Some(UpdateNow { version: "1.4.3".into(), put_off: false, signs_out: false })
    );
    pass(minutes(30)).await;
    assert_eq!(told(&world), 1);
}

#[tokio::test(start_paused = true)]
async fn later_on_the_notification_is_once_more_in_ten_minutes() {
    let (world, engine) = start(minutes(60), None).await;
    installed(&world, &engine, "1.4.2").await;
    pass(minutes(1)).await;
    for (expect, after) in [(1, 9), (2, 2), (2, 60)] {
        let later = Request::Pressed { notice: ready("1.4.2"), pressed: Pressed::Later };
        if expect == 1 || after == 60 {
            assert_eq!(engine.ask(later).await, Ok(Reply::Done));
        }
        pass(minutes(after)).await;
        assert_eq!(told(&world), expect);
    }
    let details = Request::Pressed { notice: ready("1.4.2"), pressed: Pressed::Details };
    assert_eq!(engine.ask(details).await, Ok(Reply::Show(Show::Portal)));
}
