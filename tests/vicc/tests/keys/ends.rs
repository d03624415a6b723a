//! How operations end early, and that keys do not get in each other's way.

use std::time::Duration;

use futures_util::StreamExt;
use keys::{
    Ask, Error, Event, Keys, Midway, Progress, Transport, User, Verify, webauthn::UserVerificationPolicy,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use vicc::{Plug, Profile, Touch, VirtualKey};

use crate::desk::{Desk, SOON, Site, joined};

on_each! {
    a_touch_is_asked_for_and_told
    blinking_ends_with_the_touch
    cancelling_ends_it_with_nothing_changed
    nobody_touching_it_ends_it_in_time
    the_keys_own_patience_ends_as_well
    unplugging_in_the_middle_says_what_was_done
    two_keys_are_used_at_once
}

async fn waits(key: &VirtualKey) {
    let key = key.clone();
    joined(tokio::task::spawn_blocking(move || assert!(key.wait_for_prompt(SOON), "the key waits"))).await;
}

/// Registers while the key waits for a touch that does not come.
fn registering(desk: &Desk, ask: Ask) -> JoinHandle<Option<Error>> {
    desk.key.touch(Touch::Wait);
    let (keys, id) = (desk.keys.clone(), desk.id.clone());
    tokio::spawn(async move {
        let site = Site::new("acme.test");
        let policy = UserVerificationPolicy::Discouraged_DO_NOT_USE;
        let (options, _) = site.options("sam", true, policy, Vec::new());
        let mut key = keys.open(&id).await.expect("the key opens");
        key.register(&site.origin, &options, Verify::Touch, &ask).await.err()
    })
}

async fn a_touch_is_asked_for_and_told(kind: Profile) {
    let desk = Desk::with(kind);
    let (ask, mut progress) = Ask::new(CancellationToken::new());
    let registered = registering(&desk, ask);
    let told = tokio::time::timeout(SOON, progress.recv()).await.expect("it is told in time");
    assert_eq!(told, Some(Progress::TouchNeeded));
    desk.key.touch(Touch::Allow);
    assert_eq!(joined(registered).await, None);
}

async fn blinking_ends_with_the_touch(kind: Profile) {
    let desk = Desk::with(kind);
    desk.open().await.identify(&Ask::quiet()).await.expect("touched");
}

#[tokio::test]
async fn a_touch_that_is_refused_ends_it_as_well() {
    let desk = Desk::with(Profile::Full);
    desk.key.touch(Touch::Deny);
    assert_eq!(desk.open().await.identify(&Ask::quiet()).await, Err(Error::Refused));
}

async fn cancelling_ends_it_with_nothing_changed(kind: Profile) {
    let desk = Desk::with(kind);
    let cancel = CancellationToken::new();
    let registered = registering(&desk, Ask::new(cancel.clone()).0);
    waits(&desk.key).await;
    cancel.cancel();
    assert_eq!(joined(registered).await, Some(Error::Cancelled(Midway::NothingChanged)));
    desk.key.touch(Touch::Allow);
    desk.open().await.identify(&Ask::quiet()).await.expect("the key is as it was");
}

async fn nobody_touching_it_ends_it_in_time(kind: Profile) {
    let desk = Desk::with(kind);
    let ask = Ask { timeout: Duration::from_millis(200), ..Ask::quiet() };
    assert_eq!(joined(registering(&desk, ask)).await, Some(Error::TimedOut(Midway::NothingChanged)));
}

async fn the_keys_own_patience_ends_as_well(kind: Profile) {
    let desk = Desk::with(kind);
    let registered = registering(&desk, Ask::quiet());
    waits(&desk.key).await;
    desk.key.pass(Duration::from_secs(60));
    assert_eq!(joined(registered).await, Some(Error::TimedOut(Midway::NothingChanged)));
}

async fn unplugging_in_the_middle_says_what_was_done(kind: Profile) {
    let desk = Desk::with(kind);
    let registered = registering(&desk, Ask::quiet());
    waits(&desk.key).await;
    desk.bus.unplug(&desk.plug);
    assert_eq!(
        joined(registered).await,
        Some(Error::Removed(Midway::LastStepNotCompleted)),
        "whether the credential was made cannot be known"
    );
    desk.bus.plug(&desk.key, &desk.plug);
    let (keys, id) = (desk.keys.clone(), desk.id.clone());
    let blinking = tokio::spawn(async move {
        keys.open(&id).await.expect("the key opens").identify(&Ask::quiet()).await.err()
    });
    waits(&desk.key).await;
    desk.bus.unplug(&desk.plug);
    assert_eq!(joined(blinking).await, Some(Error::Removed(Midway::NothingChanged)));
    assert_eq!(desk.keys.open(&desk.id).await.err(), Some(Error::NotConnected));
}

#[tokio::test]
async fn one_operation_has_a_key_to_itself() {
    let desk = Desk::with(Profile::Full);
    let held = desk.open().await;
    assert_eq!(desk.keys.open(&desk.id).await.err(), Some(Error::Busy(User::Here)));
    assert_eq!(desk.keys.clone().open(&desk.id).await.err(), Some(Error::Busy(User::Here)));
    drop(held);
    desk.open().await.info(&Ask::quiet()).await.expect("free again");
    desk.bus.busy(true);
    assert_eq!(desk.keys.open(&desk.id).await.err(), Some(Error::Busy(User::AnotherProgram)));
    desk.bus.busy(false);
    desk.open().await;
}

async fn two_keys_are_used_at_once(kind: Profile) {
    let desk = Desk::with(kind);
    let second = Plug::nfc("reader");
    let id = desk.bus.plug(&VirtualKey::new(kind, 2), &second);
    let cancel = CancellationToken::new();
    let registered = registering(&desk, Ask::new(cancel.clone()).0);
    waits(&desk.key).await;
    let mut other = desk.keys.open(&id).await.expect("the second opens while the first waits");
    assert_eq!(other.transport(), Transport::Nfc);
    other.info(&Ask::quiet()).await.expect("info");
    cancel.cancel();
    joined(registered).await;
}

#[tokio::test]
async fn keys_are_told_as_they_come_and_go() {
    let desk = Desk::with(Profile::Full);
    let keys: Keys = desk.keys.clone();
    let mut events = keys.watch();
    let mut next =
        async || tokio::time::timeout(SOON, events.next()).await.expect("in time").expect("an event");
    assert!(matches!(next().await, Event::Plugged(found) if found.id == desk.id));
    assert_eq!(next().await, Event::Complete);
    desk.bus.unplug(&desk.plug);
    assert_eq!(next().await, Event::Unplugged(desk.id.clone()));
    let second = Plug::nfc("reader");
    let id = desk.bus.plug(&VirtualKey::new(Profile::Full, 2), &second);
    assert!(matches!(next().await, Event::Plugged(found) if found.id == id));
    assert_eq!(keys.found().await.len(), 1);
}
