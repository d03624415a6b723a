//! Reset: four steps, and no other key is hit.

use std::time::Duration;

use futures_util::{StreamExt, stream::BoxStream};
use keys::{Ask, Error, Event, Fingerprints, Marks, PinState, Reset, Sameness, Step};
use vicc::{Plug, Profile, Touch, VirtualKey};

use crate::desk::{Desk, SOON, Site, by_pin, joined, later, now};

on_each! {
    four_steps_make_a_key_as_new
    nothing_is_erased_before_its_step
    ten_seconds_are_all_there_is_by_either_clock
    a_key_that_nobody_touches_keeps_all
    another_key_is_not_erased
    how_well_it_is_known_to_be_the_same_is_said
    only_one_key_may_be_connected
    a_key_on_a_reader_is_not_reset
    unplugged_while_it_waits_for_the_touch_it_is_plugged_in_again
}

/// A reset that was begun, and the events it is told of.
struct Wizard {
    desk: Desk,
    reset: Reset,
    events: BoxStream<'static, Event>,
}

impl Wizard {
    async fn begun(desk: Desk) -> Self {
        let events = desk.keys.watch();
        let key = desk.open().await;
        let reset = Reset::begin(key, &desk.keys, &Ask::quiet()).await.expect("begun");
        let mut wizard = Self { desk, reset, events };
        // The key that is there, and that it was all.
        wizard.hears(now()).await.expect("nothing new");
        wizard.hears(now()).await.expect("nothing new");
        assert_eq!(*wizard.reset.step(), Step::Agree);
        wizard.reset.agree();
        assert_eq!(*wizard.reset.step(), Step::Unplug);
        wizard
    }

    /// Tells the reset of the next event.
    async fn hears(&mut self, at: jiff::Timestamp) -> Result<Step, Error> {
        let event = tokio::time::timeout(SOON, self.events.next()).await.expect("in time").expect("an event");
        self.reset.observe(&event, &self.desk.keys, at, &Ask::quiet()).await.cloned()
    }

    async fn unplugs(&mut self) -> Result<Step, Error> {
        self.desk.bus.unplug(&self.desk.plug);
        self.hears(now()).await
    }

    async fn plugs(&mut self, key: &VirtualKey, plug: &Plug) -> Result<Step, Error> {
        self.desk.bus.plug(key, plug);
        self.hears(now()).await
    }

    async fn plugs_the_same(&mut self) -> Result<Step, Error> {
        let (key, plug) = (self.desk.key.clone(), self.desk.plug.clone());
        self.plugs(&key, &plug).await
    }

    async fn is_untouched(&self) {
        let info = self.desk.open().await.info(&Ask::quiet()).await.expect("info");
        assert_eq!(info.pin, PinState::Set { left: Some(8) }, "the PIN is still there");
    }
}

async fn four_steps_make_a_key_as_new(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    Site::new("acme.test").register(&desk, "sam", true, by_pin()).await;
    let fingerprints = match kind {
        Profile::Nitrokey => Fingerprints::NotSupported,
        _ => {
            let mut unlocked = desk.unlock().await;
            unlocked.enrol_fingerprint("Thumb", now(), &Ask::quiet()).await.expect("enrolled");
            Fingerprints::None
        }
    };
    let mut wizard = Wizard::begun(desk).await;
    assert_eq!(wizard.unplugs().await, Ok(Step::PlugIn));
    assert_eq!(wizard.plugs_the_same().await, Ok(Step::Touch { until: later(10), sameness: Sameness::Port }));
    wizard.reset.erase(&wizard.desk.keys, later(9), &Ask::quiet()).await.expect("erased");
    assert_eq!(*wizard.reset.step(), Step::Done);
    let info = wizard.desk.open().await.info(&Ask::quiet()).await.expect("info");
    assert_eq!((info.pin, info.fingerprints), (PinState::NotSet, fingerprints));
    let mut key = wizard.desk.open().await;
    key.set_pin(crate::desk::pin(crate::desk::PIN), &Ask::quiet()).await.expect("as new");
    drop(key);
    assert_eq!(wizard.desk.unlock().await.passkeys(now(), &Ask::quiet()).await, Ok(Vec::new()));
}

async fn nothing_is_erased_before_its_step(kind: Profile) {
    let mut wizard = Wizard::begun(Desk::with_pin(kind).await).await;
    let early = wizard.reset.erase(&wizard.desk.keys, now(), &Ask::quiet()).await;
    assert_eq!(early, Err(Error::TooLate));
    wizard.is_untouched().await;
}

async fn ten_seconds_are_all_there_is_by_either_clock(kind: Profile) {
    let mut wizard = Wizard::begun(Desk::with_pin(kind).await).await;
    wizard.unplugs().await.expect("step 3");
    wizard.plugs_the_same().await.expect("step 4");
    let late = wizard.reset.erase(&wizard.desk.keys, later(10), &Ask::quiet()).await;
    assert_eq!(late, Err(Error::TooLate));
    assert_eq!(*wizard.reset.step(), Step::Unplug, "from the plugging again");
    wizard.unplugs().await.expect("step 3");
    wizard.plugs_the_same().await.expect("step 4");
    wizard.desk.key.pass(Duration::from_secs(11));
    let late = wizard.reset.erase(&wizard.desk.keys, now(), &Ask::quiet()).await;
    assert_eq!(late, Err(Error::TooLate), "the key's own word");
    wizard.is_untouched().await;
}

async fn a_key_that_nobody_touches_keeps_all(kind: Profile) {
    let mut wizard = Wizard::begun(Desk::with_pin(kind).await).await;
    wizard.unplugs().await.expect("step 3");
    wizard.plugs_the_same().await.expect("step 4");
    wizard.desk.key.touch(Touch::Wait);
    let ask = Ask { timeout: Duration::from_millis(200), ..Ask::quiet() };
    let ended = wizard.reset.erase(&wizard.desk.keys, now(), &ask).await;
    assert_eq!(ended, Err(Error::TimedOut(keys::Midway::NothingChanged)));
    assert_eq!(*wizard.reset.step(), Step::Unplug);
    wizard.is_untouched().await;
}

#[tokio::test]
async fn a_key_that_refuses_keeps_all() {
    let mut wizard = Wizard::begun(Desk::with_pin(Profile::Full).await).await;
    wizard.unplugs().await.expect("step 3");
    wizard.plugs_the_same().await.expect("step 4");
    wizard.desk.key.touch(Touch::Deny);
    assert_eq!(wizard.reset.erase(&wizard.desk.keys, now(), &Ask::quiet()).await, Err(Error::Refused));
    wizard.is_untouched().await;
}

async fn another_key_is_not_erased(kind: Profile) {
    let mut wizard = Wizard::begun(Desk::with_pin(kind).await).await;
    wizard.unplugs().await.expect("step 3");
    let other = VirtualKey::new(kind, 2);
    let of_another_maker = Plug {
        marks: Marks { product: Some((0x1050, 0x0407)), ..wizard.desk.plug.marks.clone() },
        ..wizard.desk.plug.clone()
    };
    assert_eq!(wizard.plugs(&other, &of_another_maker).await, Err(Error::WrongKey));
    assert_eq!(*wizard.reset.step(), Step::PlugIn, "it waits on for the right one");
    wizard.unplugs().await.expect("the wrong one is out");
    // The same model with a number of its own, where the first had none.
    let with_a_number = Plug {
        marks: Marks { serial: Some("5678".to_owned()), ..wizard.desk.plug.marks.clone() },
        ..wizard.desk.plug.clone()
    };
    assert_eq!(wizard.plugs(&other, &with_a_number).await, Err(Error::WrongKey));
    wizard.unplugs().await.expect("the wrong one is out");
    wizard.plugs_the_same().await.expect("the right one");
    wizard.reset.erase(&wizard.desk.keys, now(), &Ask::quiet()).await.expect("erased");
}

async fn how_well_it_is_known_to_be_the_same_is_said(kind: Profile) {
    let plug = Plug::usb("1-1");
    let numbered =
        Plug { marks: Marks { serial: Some("5678".to_owned()), ..plug.marks.clone() }, ..plug.clone() };
    let elsewhere = Plug::usb("1-2");
    for (first, second, expected) in [
        (&numbered, &numbered, Sameness::Serial),
        (&plug, &plug, Sameness::Port),
        (&plug, &elsewhere, Sameness::Model),
    ] {
        let mut wizard = Wizard::begun(Desk::plugged(kind, first.clone())).await;
        wizard.unplugs().await.expect("step 3");
        let key = wizard.desk.key.clone();
        let step = wizard.plugs(&key, second).await;
        assert_eq!(step, Ok(Step::Touch { until: later(10), sameness: expected }));
    }
}

async fn only_one_key_may_be_connected(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    let (other, port) = (VirtualKey::new(kind, 2), Plug::usb("1-2"));
    desk.bus.plug(&other, &port);
    let key = desk.open().await;
    let begun = Reset::begin(key, &desk.keys, &Ask::quiet()).await;
    assert_eq!(begun.err(), Some(Error::OtherKeyConnected));
    desk.bus.unplug(&port);
    let mut wizard = Wizard::begun(desk).await;
    wizard.unplugs().await.expect("step 3");
    wizard.plugs_the_same().await.expect("step 4");
    assert_eq!(wizard.plugs(&other, &port).await, Err(Error::OtherKeyConnected), "in the last moment");
    let erased = wizard.reset.erase(&wizard.desk.keys, now(), &Ask::quiet()).await;
    assert_eq!(erased, Err(Error::OtherKeyConnected));
    wizard.is_untouched().await;
}

async fn a_key_on_a_reader_is_not_reset(kind: Profile) {
    let desk = Desk::plugged(kind, Plug::nfc("reader"));
    let mut key = desk.open().await;
    assert!(!key.info(&Ask::quiet()).await.expect("info").can.reset);
    let begun = Reset::begin(key, &desk.keys, &Ask::quiet()).await;
    assert_eq!(begun.err(), Some(Error::ResetOnlyOverUsb));
}

async fn unplugged_while_it_waits_for_the_touch_it_is_plugged_in_again(kind: Profile) {
    let mut wizard = Wizard::begun(Desk::with_pin(kind).await).await;
    wizard.unplugs().await.expect("step 3");
    wizard.plugs_the_same().await.expect("step 4");
    wizard.desk.key.touch(Touch::Wait);
    let (bus, plug, key) = (wizard.desk.bus.clone(), wizard.desk.plug.clone(), wizard.desk.key.clone());
    let unplugging = tokio::task::spawn_blocking(move || {
        assert!(key.wait_for_prompt(SOON));
        bus.unplug(&plug);
    });
    let ended = wizard.reset.erase(&wizard.desk.keys, now(), &Ask::quiet()).await;
    assert_eq!(ended, Err(Error::Removed(keys::Midway::LastStepNotCompleted)));
    joined(unplugging).await;
    assert_eq!(*wizard.reset.step(), Step::PlugIn);
}
