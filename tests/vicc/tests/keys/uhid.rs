//! The kernel's HID path, where the kernel has virtual ports.

use std::io::Write;

use futures_util::StreamExt;
use keys::{Ask, Event, Keys, PinState, Reset, Step, Transport};
use vicc::{Profile, uhid::UhidKey};

use crate::desk::{PIN, SOON, now, pin};

const NAME: &str = "Latchkey test key";

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_found_used_and_reset_over_the_kernels_hid() {
    if !UhidKey::is_possible() {
        let _ = writeln!(std::io::stderr(), "DID NOT RUN: {} is not there or not ours", vicc::uhid::DEVICE);
        return;
    }
    let keys = Keys::of_this_computer();
    let mut events = keys.watch();
    let plugged = UhidKey::plug(NAME, Profile::Full).expect("plugged in");
    let found = loop {
        let event = tokio::time::timeout(SOON, events.next()).await.expect("in time").expect("an event");
        match event {
            Event::Plugged(found) if found.name == NAME => break found,
            _ => {}
        }
    };
    assert_eq!((found.transport, found.obstacle), (Transport::Usb, None));
    let mut key = keys.open(&found.id).await.expect("opens");
    key.set_pin(pin(PIN), &Ask::quiet()).await.expect("set");
    let unlocked = key.unlock(pin(PIN), now(), &Ask::quiet()).await.map_err(|(_, error)| error);
    let unlocked = unlocked.expect("unlocked");
    assert_eq!(unlocked.info().pin, PinState::Set { left: Some(8) });
    let mut reset = Reset::begin(unlocked.lock(), &keys, &Ask::quiet()).await.expect("begun");
    reset.agree();
    drop(plugged);
    while *reset.step() != Step::PlugIn {
        let event = tokio::time::timeout(SOON, events.next()).await.expect("in time").expect("an event");
        reset.observe(&event, &keys, now(), &Ask::quiet()).await.expect("observed");
    }
}
