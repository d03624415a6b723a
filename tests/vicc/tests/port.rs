//! The engine's port to security keys, as `adapters` has it, against OpenSK.

use adapters::{clock::SystemClock, keys::SystemKeys};
use engine::{
    model::keys::{
        Job, KeyFault, KeyId, KeyWish, Learnt, Pin, PinState, Pins, Plugged, Sameness, Step, Transport,
        Undone, UserProof,
    },
    model::step_up::{Proof, Proved, StepUpKey},
    ports::SecurityKeys,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use vicc::{Finger, Plug, Profile, Touch, VirtualBus, VirtualKey};
use zeroize::Zeroizing;

const SOON: Duration = Duration::from_secs(30);

/// A port with a key in it, and who watches.
struct Desk {
    bus: VirtualBus,
    key: VirtualKey,
    plug: Plug,
    port: Arc<SystemKeys>,
    lists: UnboundedReceiver<Vec<Plugged>>,
}

impl Desk {
    async fn with(profile: Profile) -> (Self, KeyId) {
        let bus = VirtualBus::default();
        let (key, plug) = (VirtualKey::new(profile, 1), Plug::usb("1-1"));
        bus.plug(&key, &plug);
        let port = Arc::new(SystemKeys::on(bus.keys(), Arc::new(SystemClock)));
        let (tell, lists) = unbounded_channel();
        let watching = Arc::clone(&port);
        tokio::spawn(async move { watching.watch(Box::new(move |list| drop(tell.send(list)))).await });
        let mut desk = Self { bus, key, plug, port, lists };
        let id = desk.list().await[0].id.clone();
        (desk, id)
    }

    /// The next list.
    async fn list(&mut self) -> Vec<Plugged> {
        tokio::time::timeout(SOON, self.lists.recv())
            .await
            .expect("a list in time")
            .expect("somebody watches")
    }

    async fn run(
        &self,
        key: &KeyId,
        wish: KeyWish,
        pins: Option<Pins>,
    ) -> (Result<Learnt, KeyFault>, Vec<Step>) {
        let (tell, mut steps) = unbounded_channel();
        let told = Box::new(move |step| drop(tell.send(step)));
        let result = tokio::time::timeout(SOON, self.port.run(key, Job { wish, pins }, told)).await;
        let result = result.expect("the job ends in time");
        (result, std::iter::from_fn(|| steps.try_recv().ok()).collect())
    }

    async fn does(&self, key: &KeyId, wish: KeyWish) -> Learnt {
        self.run(key, wish, None).await.0.expect("done")
    }
}

fn pins(old: &str, new: &str) -> Option<Pins> {
    let pin = |text: &str| {
        (!text.is_empty()).then(|| Pin::new(&Zeroizing::new(text.as_bytes().to_vec())).expect("text"))
    };
    Some(Pins { old: pin(old), new: pin(new) })
}

#[tokio::test]
async fn keys_come_and_go_and_say_what_they_are() {
    let (mut desk, id) = Desk::with(Profile::Full).await;
    let info = desk.does(&id, KeyWish::Look).await.info.expect("it tells");
    assert_eq!((info.pin, info.tries, info.fingerprints), (PinState::NotSet, None, Some(0)));
    assert!(
        info.passkeys.is_some() && info.can.reset && info.algorithms.contains(&"ES256".to_owned()),
        "{info:?}"
    );
    desk.bus.unplug(&desk.plug);
    assert_eq!(desk.list().await, []);
    let (gone, _) = desk.run(&id, KeyWish::Look, None).await;
    assert_eq!(gone, Err(KeyFault::Gone));
    desk.bus.plug(&desk.key, &Plug::nfc("reader"));
    let again = desk.list().await;
    assert_eq!((again[0].transport, again[0].sameness), (Transport::Nfc, Sameness::Model));
}

#[tokio::test]
async fn a_pin_opens_what_comes_after_it_until_it_is_locked() {
    let (desk, id) = Desk::with(Profile::Full).await;
    let set = desk.run(&id, KeyWish::SetPin, pins("", "correct horse")).await.0.expect("set");
    assert_eq!(set.info.map(|info| (info.pin, info.tries)), Some((PinState::Set, Some(8))));
    let (closed, _) = desk.run(&id, KeyWish::ListPasskeys, None).await;
    assert_eq!(closed, Err(KeyFault::PinNeeded));
    let (wrong, _) = desk.run(&id, KeyWish::Unlock, pins("battery staple", "")).await;
    assert_eq!(wrong, Err(KeyFault::WrongPin { left: Some(7) }));
    desk.run(&id, KeyWish::Unlock, pins("correct horse", "")).await.0.expect("unlocked");
    assert_eq!(desk.does(&id, KeyWish::ListPasskeys).await.passkeys, Some(vec![]));
    let (name, renamed) = ("Thumb".to_owned(), "Left thumb".to_owned());
    let (added, steps) = desk.run(&id, KeyWish::AddFingerprint { name }, None).await;
    let fingers = added.expect("added").fingerprints.expect("they are told");
    assert_eq!(fingers[0].name.as_deref(), Some("Thumb"));
    assert!(
        steps.iter().any(|step| matches!(step, Step::Sample { good, of, .. } if good == of)),
        "{steps:?}"
    );
    let one = fingers[0].id.clone();
    let all =
        desk.does(&id, KeyWish::RenameFingerprint { id: one.clone(), name: renamed }).await.fingerprints;
    assert_eq!(all.expect("told")[0].name.as_deref(), Some("Left thumb"));
    assert_eq!(desk.does(&id, KeyWish::DeleteFingerprint { id: one }).await.fingerprints, Some(vec![]));
    let always = desk.does(&id, KeyWish::AlwaysVerify { on: true }).await.info.expect("told");
    assert_eq!(always.can.always_verify, Some(true));
    desk.port.lock();
    let (locked, _) = desk.run(&id, KeyWish::ListPasskeys, None).await;
    assert_eq!(locked, Err(KeyFault::PinNeeded));
    let changed = desk.run(&id, KeyWish::ChangePin, pins("correct horse", "another one")).await.0;
    changed.expect("changed");
    desk.run(&id, KeyWish::Unlock, pins("another one", "")).await.0.expect("unlocked");
}

#[tokio::test]
async fn three_wrong_pins_pause_the_key() {
    let (desk, id) = Desk::with(Profile::Full).await;
    desk.run(&id, KeyWish::SetPin, pins("", "correct horse")).await.0.expect("set");
    for _ in 0..2 {
        let (wrong, _) = desk.run(&id, KeyWish::Unlock, pins("battery staple", "")).await;
        assert!(matches!(wrong, Err(KeyFault::WrongPin { .. })), "{wrong:?}");
    }
    let (third, _) = desk.run(&id, KeyWish::Unlock, pins("battery staple", "")).await;
    assert_eq!(third, Err(KeyFault::PinPaused));
}

#[tokio::test]
async fn what_waits_for_a_touch_can_be_cancelled() {
    let (desk, id) = Desk::with(Profile::Full).await;
    desk.key.touch(Touch::Wait);
    let port = Arc::clone(&desk.port);
    let (tell, mut steps) = unbounded_channel();
    let job = Job { wish: KeyWish::Identify, pins: None };
    let of = id.clone();
    let waits =
        tokio::spawn(async move { port.run(&of, job, Box::new(move |step| drop(tell.send(step)))).await });
    let until_touch = async { while steps.recv().await.is_some_and(|step| step != Step::Touch) {} };
    tokio::time::timeout(SOON, until_touch).await.expect("it says that it waits");
    desk.port.cancel();
    let ended = tokio::time::timeout(SOON, waits).await.expect("it ends").expect("it ends well");
    assert_eq!(ended, Err(KeyFault::Cancelled { undone: Undone::Nothing }));
}

#[tokio::test]
async fn a_key_that_is_pulled_out_says_what_was_not_done() {
    let (desk, id) = Desk::with(Profile::Full).await;
    desk.key.touch(Touch::Wait);
    let port = Arc::clone(&desk.port);
    let (tell, mut steps) = unbounded_channel();
    let job = Job { wish: KeyWish::Identify, pins: None };
    let waits =
        tokio::spawn(async move { port.run(&id, job, Box::new(move |step| drop(tell.send(step)))).await });
    let until_touch = async { while steps.recv().await.is_some_and(|step| step != Step::Touch) {} };
    tokio::time::timeout(SOON, until_touch).await.expect("it says that it waits");
    desk.bus.unplug(&desk.plug);
    let ended = tokio::time::timeout(SOON, waits).await.expect("it ends").expect("it ends well");
    assert_eq!(ended, Err(KeyFault::Removed { undone: Undone::Nothing }));
}

/// The list without the key may come before the job says that it ended: what the PIN opened is closed in any case, or
/// the key would be asked by a connection that is none any more when it is plugged in again.
#[tokio::test]
async fn a_key_that_is_pulled_out_and_locked_before_its_job_ends_is_asked_anew() {
    let (mut desk, id) = Desk::with(Profile::Full).await;
    desk.run(&id, KeyWish::SetPin, pins("", "correct horse")).await.0.expect("set");
    desk.run(&id, KeyWish::Unlock, pins("correct horse", "")).await.0.expect("unlocked");
    desk.key.finger(Finger::Nobody);
    let (port, of) = (Arc::clone(&desk.port), id.clone());
    let (tell, mut steps) = unbounded_channel();
    let job = Job { wish: KeyWish::AddFingerprint { name: "Thumb".to_owned() }, pins: None };
    let waits =
        tokio::spawn(async move { port.run(&of, job, Box::new(move |step| drop(tell.send(step)))).await });
    let until_finger = async { while steps.recv().await.is_some_and(|step| step != Step::Verify) {} };
    tokio::time::timeout(SOON, until_finger).await.expect("it says that it waits");
    desk.port.lock();
    desk.bus.unplug(&desk.plug);
    let ended = tokio::time::timeout(SOON, waits).await.expect("it ends").expect("it ends well");
    assert_eq!(ended, Err(KeyFault::Removed { undone: Undone::Nothing }));
    assert_eq!(desk.list().await, []);
    desk.key.finger(Finger::Known);
    desk.bus.plug(&desk.key, &desk.plug);
    let again = desk.list().await[0].id.clone();
    let info = desk.does(&again, KeyWish::Look).await.info.expect("it tells");
    assert_eq!((info.pin, info.fingerprints), (PinState::Set, Some(0)));
    let (locked, _) = desk.run(&again, KeyWish::ListFingerprints, None).await;
    assert_eq!(locked, Err(KeyFault::PinNeeded));
}

#[tokio::test]
async fn the_key_that_was_prepared_is_emptied_and_no_other() {
    let (mut desk, id) = Desk::with(Profile::Full).await;
    desk.run(&id, KeyWish::SetPin, pins("", "correct horse")).await.0.expect("set");
    let (unprepared, _) = desk.run(&id, KeyWish::Reset, None).await;
    assert_eq!(unprepared, Err(KeyFault::Gone));
    desk.port.prepare_reset(&id).await.expect("prepared");
    desk.bus.unplug(&desk.plug);
    assert_eq!(desk.list().await, []);
    desk.bus.plug(&desk.key, &desk.plug);
    let again = desk.list().await;
    assert_eq!(again[0].sameness, Sameness::Port);
    desk.does(&again[0].id, KeyWish::Reset).await;
    let info = desk.does(&again[0].id, KeyWish::Look).await.info.expect("it tells");
    assert_eq!(info.pin, PinState::NotSet);
}

#[tokio::test]
async fn a_key_of_the_same_model_at_another_port_is_not_taken_for_it() {
    let (mut desk, id) = Desk::with(Profile::Full).await;
    desk.port.prepare_reset(&id).await.expect("prepared");
    desk.bus.unplug(&desk.plug);
    desk.list().await;
    let other = VirtualKey::new(Profile::Full, 2);
    let elsewhere = Plug::usb("1-2");
    desk.bus.plug(&other, &elsewhere);
    let wrong = desk.list().await[0].id.clone();
    let (refused, _) = desk.run(&wrong, KeyWish::Reset, None).await;
    assert_eq!(refused, Err(KeyFault::OtherKey { serial: None }));
}

/// What a key proves for step-up.
async fn proves(desk: &Desk, id: &KeyId, proof: Proof, pins: Option<Pins>) -> Result<StepUpKey, KeyFault> {
    let by = if pins.is_some() { UserProof::Pin } else { UserProof::Touch };
    proves_by(desk, id, proof, (by, pins)).await
}

async fn proves_by(
    desk: &Desk,
    id: &KeyId,
    proof: Proof,
    (by, pins): (UserProof, Option<Pins>),
) -> Result<StepUpKey, KeyFault> {
    let (result, _) = desk.run(id, KeyWish::Prove { proof: Box::new(proof), by }, pins).await;
    match result?.proved {
        Some(Proved::Key(key)) => Ok(key),
        other => panic!("it proved {other:?}"),
    }
}

fn here(key: &StepUpKey, verify: bool) -> Proof {
    Proof::Here { allowed: vec![key.clone()], verify }
}

#[tokio::test]
async fn a_key_that_was_made_known_is_told_by_its_touch_from_another_and_from_a_copy() {
    let (mut desk, id) = Desk::with(Profile::Full).await;
    let known = proves(&desk, &id, Proof::Register { known: Vec::new() }, None).await.expect("made known");
    let again = proves(&desk, &id, Proof::Register { known: vec![known.clone()] }, None).await;
    assert_eq!(again, Err(KeyFault::KnownAlready));
    let copy = desk.key.copy();
    let mut now = known.clone();
    for _ in 0..3 {
        let touched = proves(&desk, &id, here(&now, false), None).await.expect("touched");
        assert_eq!(touched.id, known.id);
        assert_ne!(touched.record, now.record, "the counter is kept");
        now = touched;
    }
    desk.bus.unplug(&desk.plug);
    desk.list().await;
    desk.bus.plug(&VirtualKey::new(Profile::Full, 2), &desk.plug);
    let other = desk.list().await[0].id.clone();
    assert_eq!(proves(&desk, &other, here(&now, false), None).await, Err(KeyFault::NotRegistered));
    desk.bus.unplug(&desk.plug);
    desk.list().await;
    desk.bus.plug(&copy, &desk.plug);
    let copied = desk.list().await[0].id.clone();
    assert_eq!(proves(&desk, &copied, here(&now, false), None).await, Err(KeyFault::Cloned));
}

#[tokio::test]
async fn a_demand_for_the_pin_takes_the_pin_and_opens_nothing_else() {
    let (desk, id) = Desk::with(Profile::Full).await;
    desk.run(&id, KeyWish::SetPin, pins("", "correct horse")).await.0.expect("set");
    let pin = || pins("correct horse", "");
    let known = proves(&desk, &id, Proof::Register { known: Vec::new() }, pin()).await.expect("made known");
    let bare = proves(&desk, &id, here(&known, true), None).await;
    assert_eq!(bare, Err(KeyFault::PinNeeded));
    let wrong = proves(&desk, &id, here(&known, true), pins("battery staple", "")).await;
    assert_eq!(wrong, Err(KeyFault::WrongPin { left: Some(7) }));
    proves(&desk, &id, here(&known, true), pin()).await.expect("with the PIN");
    proves(&desk, &id, here(&known, false), None).await.expect("a touch alone, where that is enough");
    let (locked, _) = desk.run(&id, KeyWish::ListPasskeys, None).await;
    assert_eq!(locked, Err(KeyFault::PinNeeded));
}

#[tokio::test]
async fn a_finger_stands_for_the_pin_and_the_pin_for_one_that_is_not_recognised() {
    let (desk, id) = Desk::with(Profile::Full).await;
    let pin = || pins("correct horse", "");
    desk.run(&id, KeyWish::SetPin, pins("", "correct horse")).await.0.expect("set");
    desk.run(&id, KeyWish::Unlock, pin()).await.0.expect("unlocked");
    desk.does(&id, KeyWish::AddFingerprint { name: "Thumb".to_owned() }).await;
    let by_finger = || (UserProof::Finger, None);
    let new = Proof::Register { known: Vec::new() };
    let known = proves_by(&desk, &id, new, by_finger()).await.expect("made known");
    proves_by(&desk, &id, here(&known, true), by_finger()).await.expect("recognised");
    desk.key.finger(Finger::Stranger);
    let other = proves_by(&desk, &id, here(&known, true), by_finger()).await;
    assert_eq!(other, Err(KeyFault::NotRecognised));
    proves(&desk, &id, here(&known, true), pin()).await.expect("with the PIN");
}
