//! The kernel's HID path, where the kernel has virtual ports: a key is found, gets a PIN, is registered, signs, and goes
//! away in the middle of a reset. That it is plugged in again and emptied, cancelled, and taken away while it waits is
//! tested in process alone (`reset`, `ends`).

use std::io::Write;

use futures_util::StreamExt;
use keys::{Ask, Event, Keys, PinState, Reset, Step, Transport, webauthn::UserVerificationPolicy};
use vicc::{Profile, uhid::UhidKey};

use crate::desk::{PIN, SOON, Site, by_pin, now, pin};

const NAME: &str = "Latchkey test key";

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_found_registered_and_unplugged_over_the_kernels_hid() {
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
    let site = Site::new("acme.test");
    let (options, state) = site.options("sam", true, UserVerificationPolicy::Required, Vec::new());
    let made = key.register(&site.origin, &options, by_pin(), &Ask::quiet()).await.expect("made");
    let known = site.core.register_credential(&made, &state, None).expect("the server takes it");
    let builder = site.core.new_challenge_authenticate_builder(vec![known], None).expect("a builder");
    let (options, state) = site.core.generate_challenge_authenticate(builder).expect("options");
    let signed = key.authenticate(&site.origin, &options, by_pin(), &Ask::quiet()).await.expect("signed");
    site.core.authenticate_credential(&signed[0].credential, &state).expect("verified");
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
