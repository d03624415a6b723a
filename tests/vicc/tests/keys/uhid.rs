//! The kernel's HID path, where the kernel has virtual ports: a key is found, gets a PIN, is registered, signs, is
//! cancelled and taken away while it waits, is plugged in again, and is emptied.

use std::{io::Write, time::Duration};

use futures_util::{StreamExt, stream::BoxStream};
use keys::{
    Ask, Error, Event, Found, KeyId, Keys, Midway, PinState, Reset, Step, Transport, Verify,
    webauthn::UserVerificationPolicy,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use vicc::{
    Profile, Touch,
    uhid::{DEVICE, Plugged, UhidKey},
};

use crate::desk::{PIN, SOON, Site, by_pin, joined, now, pin};

const NAME: &str = "Latchkey test key";

/// The key in its port, and what the crate `keys` tells of it.
struct Port {
    keys: Keys,
    events: BoxStream<'static, Event>,
    key: UhidKey,
    plugged: Option<Plugged>,
}

impl Port {
    fn new() -> Self {
        let keys = Keys::of_this_computer();
        let events = keys.watch();
        Self { keys, events, key: UhidKey::new(Profile::Full), plugged: None }
    }

    async fn next(&mut self) -> Event {
        tokio::time::timeout(SOON, self.events.next()).await.expect("in time").expect("an event")
    }

    async fn plug(&mut self) -> Found {
        self.plugged = Some(self.key.plug(NAME).expect("plugged in"));
        loop {
            match self.next().await {
                Event::Plugged(found) if found.name == NAME => return found,
                _ => {}
            }
        }
    }

    async fn unplug(&mut self, id: &KeyId) {
        self.plugged = None;
        while self.next().await != Event::Unplugged(id.clone()) {}
    }

    /// Registers while nobody touches the key; waits until it waits.
    async fn registering(&self, id: &KeyId, ask: Ask) -> JoinHandle<Option<Error>> {
        self.key.touch(Touch::Wait);
        let (keys, id) = (self.keys.clone(), id.clone());
        let registering = tokio::spawn(async move {
            let site = Site::new("other.test");
            let policy = UserVerificationPolicy::Discouraged_DO_NOT_USE;
            let (options, _) = site.options("sam", true, policy, Vec::new());
            let mut key = keys.open(&id).await.expect("the key opens");
            key.register(&site.origin, &options, Verify::Touch, &ask).await.err()
        });
        let key = self.key.clone();
        joined(tokio::task::spawn_blocking(move || assert!(key.wait_for_prompt(SOON), "the key waits")))
            .await;
        registering
    }

    async fn open(&self, id: &KeyId) -> keys::Key {
        self.keys.open(id).await.expect("opens")
    }

    /// Waits, a step at a time, until the wizard is there; the last key that came meanwhile.
    async fn goes_on_to(&mut self, reset: &mut Reset, wanted: impl Fn(&Step) -> bool) -> Option<KeyId> {
        let mut last = None;
        while !wanted(reset.step()) {
            let event = self.next().await;
            if let Event::Plugged(found) = &event {
                last = Some(found.id.clone());
            }
            reset.observe(&event, &self.keys, now(), &Ask::quiet()).await.expect("observed");
        }
        last
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_does_over_the_kernels_hid_what_it_does_elsewhere() {
    if !UhidKey::is_possible() {
        let _ = writeln!(std::io::stderr(), "DID NOT RUN: {DEVICE} is not there or not ours");
        return;
    }
    let mut port = Port::new();
    let found = port.plug().await;
    assert_eq!((found.transport, found.obstacle), (Transport::Usb, None));
    let mut key = port.open(&found.id).await;
    key.set_pin(pin(PIN), &Ask::quiet()).await.expect("set");
    let site = Site::new("acme.test");
    let (options, state) = site.options("sam", true, UserVerificationPolicy::Required, Vec::new());
    let made = key.register(&site.origin, &options, by_pin(), &Ask::quiet()).await.expect("made");
    let known = site.core.register_credential(&made, &state, None).expect("the server takes it");
    let builder = site.core.new_challenge_authenticate_builder(vec![known], None).expect("a builder");
    let (options, state) = site.core.generate_challenge_authenticate(builder).expect("options");
    let signed = key.authenticate(&site.origin, &options, by_pin(), &Ask::quiet()).await.expect("signed");
    site.core.authenticate_credential(&signed[0].credential, &state).expect("verified");
    drop(key);

    // Given up while it waits: the key is told, and is free at once.
    let cancel = CancellationToken::new();
    let waits = port.registering(&found.id, Ask::new(cancel.clone()).0).await;
    cancel.cancel();
    assert_eq!(joined(waits).await, Some(Error::Cancelled(Midway::NothingChanged)));
    // Nobody touches it.
    let ask = Ask { timeout: Duration::from_millis(500), ..Ask::quiet() };
    let waits = port.registering(&found.id, ask).await;
    assert_eq!(joined(waits).await, Some(Error::TimedOut(Midway::NothingChanged)));
    // Taken away while it waits.
    let waits = port.registering(&found.id, Ask::quiet()).await;
    port.unplug(&found.id).await;
    assert_eq!(joined(waits).await, Some(Error::Removed(Midway::LastStepNotCompleted)));
    assert_eq!(port.keys.open(&found.id).await.err(), Some(Error::NotConnected));

    // Plugged in again it is the same key, with its PIN and its passkey, and is emptied.
    port.key.touch(Touch::Allow);
    let again = port.plug().await;
    assert_eq!(again.transport, Transport::Usb);
    let unlocked = port.open(&again.id).await.unlock(pin(PIN), now(), &Ask::quiet()).await;
    let unlocked = unlocked.map_err(|(_, error)| error).expect("unlocked");
    assert_eq!(unlocked.info().pin, PinState::Set { left: Some(8) });
    let mut reset = Reset::begin(unlocked.lock(), &port.keys, &Ask::quiet()).await.expect("begun");
    reset.agree();
    port.plugged = None;
    port.goes_on_to(&mut reset, |step| *step == Step::PlugIn).await;
    port.plugged = Some(port.key.plug(NAME).expect("plugged in"));
    let there = port.goes_on_to(&mut reset, |step| matches!(step, Step::Touch { .. })).await;
    reset.erase(&port.keys, now(), &Ask::quiet()).await.expect("erased");
    assert_eq!(*reset.step(), Step::Done);
    let mut key = port.open(&there.expect("it was told of")).await;
    assert_eq!(key.info(&Ask::quiet()).await.expect("info").pin, PinState::NotSet);
}
