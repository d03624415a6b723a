//! The whole way as the program has it: `Keys::of_this_computer` over pcscd to the program `vicc`.
//!
//! The readers are found by an environment variable, which only a child can be given: each test starts this binary
//! anew for its second half.

use std::{
    ffi::OsStr,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use keys::{
    Ask, Error, Event, KeyId, Keys, Midway, Obstacle, PinState, Reset, Transport, User, Verify,
    webauthn::UserVerificationPolicy,
};
use tokio_util::sync::CancellationToken;
use vicc::{
    readers::Readers,
    remote::{Program, Remote},
};

use crate::desk::{PIN, SOON, Site, by_pin, now, pin};

const SOCKET: &str = "VICC_TEST_SOCKET";

/// Gives an order that is obeyed.
fn order(vicc: &mut Remote, order: &str) {
    vicc.order(order).expect("obeyed");
}

#[test]
fn the_program_reaches_a_key_through_pcscd() {
    let folder = tempfile::tempdir().expect("a folder");
    let readers = Readers::start(folder.path()).expect("virtual readers");
    let mut viccs = Vec::new();
    let mut half = Command::new(std::env::current_exe().expect("this binary"));
    half.args(["--exact", "pcsc::second_half", "--nocapture"]).env(Readers::ENVIRONMENT, readers.socket());
    for reader in [0, 1] {
        let program = Path::new(env!("CARGO_BIN_EXE_vicc"));
        let vicc = Program::start(program, &readers, reader, "full", folder.path()).expect("vicc starts");
        half.env(format!("{SOCKET}{reader}"), vicc.socket());
        viccs.push(vicc);
    }
    assert!(half.status().expect("it ran").success());
}

fn remote(socket: &OsStr) -> Remote {
    Remote::at(Path::new(socket)).expect("vicc listens")
}

async fn next(events: &mut (impl futures_util::Stream<Item = Event> + Unpin)) -> Event {
    tokio::time::timeout(SOON, events.next()).await.expect("an event in time").expect("an event")
}

#[tokio::test(flavor = "multi_thread")]
async fn second_half() {
    let Some(socket) = std::env::var_os(format!("{SOCKET}0")) else {
        return;
    };
    let other = std::env::var_os(format!("{SOCKET}1")).expect("two of them");
    let (mut vicc, mut other) = (remote(&socket), remote(&other));
    let keys = Keys::of_this_computer();
    let mut events = keys.watch();
    assert_eq!(next(&mut events).await, Event::Complete, "no key is there yet");
    order(&mut vicc, "plug");
    let Event::Plugged(found) = next(&mut events).await else { panic!("a key is plugged in") };
    assert_eq!((found.transport, found.obstacle), (Transport::Nfc, None));
    assert_eq!(found.name, "Virtual PCD 00 00");
    let id = found.id;

    pin_and_passkeys(&keys, &id, &mut vicc).await;
    ends(&keys, &id, &mut vicc).await;
    assert_eq!(next(&mut events).await, Event::Unplugged(id.clone()));
    assert!(matches!(next(&mut events).await, Event::Plugged(found) if found.id == id));

    // Unplugged and plugged in, it is told of; a second key beside it, too.
    order(&mut vicc, "unplug");
    assert_eq!(next(&mut events).await, Event::Unplugged(id.clone()));
    order(&mut other, "plug");
    let Event::Plugged(second) = next(&mut events).await else { panic!("the other key") };
    assert_ne!(second.id, id);
    order(&mut vicc, "plug");
    assert!(matches!(next(&mut events).await, Event::Plugged(found) if found.id == id));
    assert_eq!(keys.found().await.len(), 2);
    let site = Site::new("acme.test");
    let (options, _) = site.options("sam", false, UserVerificationPolicy::Discouraged_DO_NOT_USE, Vec::new());
    let mut stranger = keys.open(&second.id).await.expect("opens");
    let made = stranger.register(&site.origin, &options, Verify::Touch, &Ask::quiet()).await;
    made.expect("the second key is a key of its own");
    drop(stranger);

    // A key that knows U2F alone is recognised.
    order(&mut other, "unplug");
    assert_eq!(next(&mut events).await, Event::Unplugged(second.id));
    order(&mut other, "profile u2f-only");
    order(&mut other, "plug");
    let Event::Plugged(u2f) = next(&mut events).await else { panic!("a key") };
    assert_eq!(u2f.obstacle, Some(Obstacle::U2fOnly));
    let mut opened = keys.open(&u2f.id).await.expect("opens");
    assert_eq!(opened.info(&Ask::quiet()).await, Err(Error::U2fOnly));
}

async fn pin_and_passkeys(keys: &Keys, id: &KeyId, vicc: &mut Remote) {
    let ask = Ask::quiet();
    let mut key = keys.open(id).await.expect("opens");
    assert_eq!(key.info(&ask).await.map(|info| info.pin), Ok(PinState::NotSet));
    // Another connection is kept out, here and in another program.
    assert_eq!(keys.open(id).await.err(), Some(Error::Busy(User::Here)));
    assert_eq!(Keys::of_this_computer().open(id).await.err(), Some(Error::Busy(User::AnotherProgram)));
    key.set_pin(pin(PIN), &ask).await.expect("set");
    let (key, error) = key.unlock(pin("0000"), now(), &ask).await.expect_err("wrong");
    assert_eq!(error, Error::WrongPin { left: Some(7) });
    drop(key);
    let site = Site::new("acme.test");
    let (options, state) = site.options("sam", true, UserVerificationPolicy::Required, Vec::new());
    let mut key = keys.open(id).await.expect("opens");
    let made = key.register(&site.origin, &options, by_pin(), &ask).await.expect("made");
    site.core.register_credential(&made, &state, None).expect("verified by the server");
    let mut unlocked = key.unlock(pin(PIN), now(), &ask).await.map_err(|(_, error)| error).expect("unlocked");
    let sites = unlocked.passkeys(now(), &ask).await.expect("listed");
    assert_eq!(sites[0].rp_id.as_deref(), Some("acme.test"));
    unlocked.enrol_fingerprint("Thumb", now(), &ask).await.expect("enrolled");
    assert_eq!(unlocked.fingerprints(now(), &ask).await.map(|known| known.len()), Ok(1));
    let reset = Reset::begin(unlocked.lock(), keys, &ask).await;
    assert_eq!(reset.err(), Some(Error::ResetOnlyOverUsb));
    order(vicc, "touch deny");
    let mut key = keys.open(id).await.expect("opens");
    assert_eq!(key.identify(&ask).await, Err(Error::Refused));
    order(vicc, "touch allow");
}

/// What a card cannot be told to stop ends for the caller, and says that it may have been done.
async fn ends(keys: &Keys, id: &KeyId, vicc: &mut Remote) {
    order(vicc, "touch wait");
    let cancel = CancellationToken::new();
    let (ask, _progress) = Ask::new(cancel.clone());
    let blinking = {
        let (keys, id) = (keys.clone(), id.clone());
        tokio::spawn(async move { keys.open(&id).await.expect("opens").identify(&ask).await })
    };
    order(vicc, "waiting");
    cancel.cancel();
    assert_eq!(crate::desk::joined(blinking).await, Err(Error::Cancelled(Midway::NothingChanged)));
    assert_eq!(keys.open(id).await.err(), Some(Error::Busy(User::Here)), "the card still waits");
    order(vicc, "touch allow");
    until_free(keys, id).await;
    given_up_and_done_all_the_same(keys, id, vicc).await;
    order(vicc, "touch wait");
    let blinking = {
        let (keys, id) = (keys.clone(), id.clone());
        tokio::spawn(async move { keys.open(&id).await.expect("opens").identify(&Ask::quiet()).await })
    };
    order(vicc, "waiting");
    order(vicc, "unplug");
    assert_eq!(crate::desk::joined(blinking).await, Err(Error::Removed(Midway::NothingChanged)));
    order(vicc, "touch allow");
    order(vicc, "plug");
}

/// A card goes on with what it was asked, and lets go of itself when it is done.
async fn until_free(keys: &Keys, id: &KeyId) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while let Err(error) = keys.open(id).await {
        assert_eq!(error, Error::Busy(User::Here));
        assert!(Instant::now() < deadline, "the card is free again");
        tokio::task::yield_now().await;
    }
}

/// A registration that was given up makes the passkey when the card is touched later.
async fn given_up_and_done_all_the_same(keys: &Keys, id: &KeyId, vicc: &mut Remote) {
    order(vicc, "touch wait");
    let cancel = CancellationToken::new();
    let (ask, _progress) = Ask::new(cancel.clone());
    let registering = {
        let (keys, id) = (keys.clone(), id.clone());
        tokio::spawn(async move {
            let site = Site::new("acme.test");
            let (options, _) = site.options("kim", true, UserVerificationPolicy::Required, Vec::new());
            let mut key = keys.open(&id).await.expect("opens");
            key.register(&site.origin, &options, by_pin(), &ask).await.err()
        })
    };
    order(vicc, "waiting");
    cancel.cancel();
    let ended = crate::desk::joined(registering).await;
    assert_eq!(ended, Some(Error::Cancelled(Midway::LastStepNotCompleted)), "it may be done yet");
    order(vicc, "touch allow");
    until_free(keys, id).await;
    let key = keys.open(id).await.expect("opens");
    let unlocked = key.unlock(pin(PIN), now(), &Ask::quiet()).await;
    let mut unlocked = unlocked.map_err(|(_, error)| error).expect("unlocked");
    let sites = unlocked.passkeys(now(), &Ask::quiet()).await.expect("listed");
    let users: Vec<_> = sites[0].passkeys.iter().filter_map(|one| one.user_name.clone()).collect();
    assert_eq!((sites.len(), users.len()), (1, 2), "{users:?}");
}
