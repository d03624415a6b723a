//! The PIN: set, changed, mistyped until the key locks.

use keys::{Ask, Error, Feature, PinRule, PinState, Verify};
use vicc::Profile;

use crate::desk::{Desk, PIN, by_pin, later, now, pin};

on_each! {
    a_key_without_a_pin_takes_one_by_its_own_rule
    wrong_pins_lock_softly_and_then_for_good
    the_right_pin_gives_all_tries_back
    changing_needs_the_old_pin
    what_is_unlocked_locks_itself_after_five_minutes
    what_the_key_locks_earlier_is_locked
    a_key_that_demands_another_pin_does_nothing_with_the_old_one
}

async fn a_key_without_a_pin_takes_one_by_its_own_rule(kind: Profile) {
    let desk = Desk::with(kind);
    let mut key = desk.open().await;
    let info = key.info(&Ask::quiet()).await.expect("info");
    assert_eq!((info.pin, info.min_pin_length), (PinState::NotSet, 4));
    let (mut key, error) = key.unlock(pin(PIN), now(), &Ask::quiet()).await.expect_err("it has no PIN");
    assert_eq!(error, Error::NoPin);
    assert_eq!(
        key.set_pin(pin("123"), &Ask::quiet()).await,
        Err(Error::PinRule(PinRule::TooShort(4))),
        "three characters"
    );
    key.set_pin(pin("schlüssel"), &Ask::quiet()).await.expect("letters of more than a byte");
    let info = key.info(&Ask::quiet()).await.expect("info");
    assert_eq!(info.pin, PinState::Set { left: Some(8) });
    assert_eq!(key.set_pin(pin(PIN), &Ask::quiet()).await, Err(Error::PinAlreadySet));
    key.unlock(pin("schlu\u{308}ssel"), now(), &Ask::quiet())
        .await
        .map_err(|(_, error)| error)
        .expect("the same text, composed in another way");
}

async fn wrong_pins_lock_softly_and_then_for_good(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    let mut left = 8;
    while left > 0 {
        for third in [false, false, true] {
            left -= 1;
            let error = desk.try_unlock("0000").await.expect_err("a wrong PIN");
            let expected = match (left, third) {
                (0, _) => Error::Blocked,
                (_, true) => Error::SoftLocked,
                (left, false) => Error::WrongPin { left: Some(left) },
            };
            assert_eq!(error, expected, "{left} left");
            if left == 0 {
                break;
            }
        }
        if left > 0 {
            let error = desk.try_unlock(PIN).await.expect_err("even the right one, until it is unplugged");
            assert_eq!(error, Error::SoftLocked);
            let info = desk.open().await.info(&Ask::quiet()).await.expect("info");
            let paused = match kind {
                // It does not say so (`powerCycleState` may be left out) before it is tried.
                Profile::Nitrokey => PinState::Set { left: Some(left) },
                _ => PinState::SoftLocked { left: Some(left) },
            };
            assert_eq!(info.pin, paused);
            desk.replug();
        }
    }
    desk.replug();
    assert_eq!(desk.try_unlock(PIN).await.expect_err("blocked"), Error::Blocked);
    assert_eq!(desk.open().await.info(&Ask::quiet()).await.map(|info| info.pin), Ok(PinState::Blocked));
}

async fn the_right_pin_gives_all_tries_back(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    assert_eq!(desk.try_unlock("0000").await.expect_err("wrong"), Error::WrongPin { left: Some(7) });
    let unlocked = desk.try_unlock(PIN).await.expect("right");
    assert_eq!(unlocked.info().pin, PinState::Set { left: Some(8) });
}

async fn changing_needs_the_old_pin(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    let mut key = desk.open().await;
    let changed = key.change_pin(pin("0000"), pin("another one"), &Ask::quiet()).await;
    assert_eq!(changed, Err(Error::WrongPin { left: Some(7) }));
    let changed = key.change_pin(pin(PIN), pin("123"), &Ask::quiet()).await;
    assert_eq!(changed, Err(Error::PinRule(PinRule::TooShort(4))));
    key.change_pin(pin(PIN), pin("another one"), &Ask::quiet()).await.expect("changed");
    drop(key);
    assert_eq!(desk.try_unlock(PIN).await.expect_err("the old one"), Error::WrongPin { left: Some(7) });
    desk.try_unlock("another one").await.expect("the new one");
}

async fn what_is_unlocked_locks_itself_after_five_minutes(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    let mut unlocked = desk.unlock().await;
    assert_eq!(unlocked.until(), later(300));
    assert!(unlocked.is_unlocked(later(299)));
    unlocked.space(later(299), &Ask::quiet()).await.expect("still unlocked");
    assert_eq!(unlocked.space(later(300), &Ask::quiet()).await, Err(Error::Locked));
    assert!(!unlocked.is_unlocked(now()), "the token is gone, whatever the clock says next");
}

async fn what_the_key_locks_earlier_is_locked(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    let mut unlocked = desk.unlock().await;
    // 10 minutes by the key's clock (CTAP 2.1, 6.5.5.7), none by ours.
    desk.key.pass(std::time::Duration::from_secs(601));
    assert_eq!(unlocked.space(now(), &Ask::quiet()).await, Err(Error::Locked));
    assert!(!unlocked.is_unlocked(now()));
    let key = unlocked.lock();
    key.unlock(pin(PIN), now(), &Ask::quiet()).await.map_err(|(_, error)| error).expect("unlocked again");
}

async fn a_key_that_demands_another_pin_does_nothing_with_the_old_one(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    desk.unlock().await.force_pin_change(now(), &Ask::quiet()).await.expect("forced");
    let mut key = desk.open().await;
    let info = key.info(&Ask::quiet()).await.expect("info");
    assert_eq!(info.pin, PinState::ChangeForced { left: Some(8) });
    let (mut key, error) = key.unlock(pin(PIN), now(), &Ask::quiet()).await.expect_err("the old one");
    assert_eq!(error, Error::PinChangeForced);
    let same = key.change_pin(pin(PIN), pin(PIN), &Ask::quiet()).await;
    assert_eq!(same, Err(Error::PinRule(PinRule::Unchanged)));
    key.change_pin(pin(PIN), pin("another one"), &Ask::quiet()).await.expect("changed");
    drop(key);
    desk.try_unlock("another one").await.expect("unlocked");
}

#[tokio::test]
async fn a_key_with_the_second_protocol_alone_can_do_all() {
    let desk = Desk::with_pin(Profile::ProtocolTwo).await;
    let mut key = desk.open().await;
    key.change_pin(pin(PIN), pin("another one"), &Ask::quiet()).await.expect("changed");
    key.change_pin(pin("another one"), pin(PIN), &Ask::quiet()).await.expect("and back");
    drop(key);
    let site = crate::desk::Site::new("acme.test");
    site.register(&desk, "sam", true, by_pin()).await;
    let mut unlocked = desk.unlock().await;
    let ask = Ask::quiet();
    let sites = unlocked.passkeys(now(), &ask).await.expect("listed");
    unlocked.enrol_fingerprint("thumb", now(), &ask).await.expect("enrolled");
    unlocked.delete_passkey(&sites[0].passkeys[0].id, now(), &ask).await.expect("deleted");
    unlocked.set_always_verify(true, now(), &ask).await.expect("set");
}

#[tokio::test]
async fn a_key_of_u2f_is_recognised_and_explained() {
    let desk = Desk::with(Profile::U2fOnly);
    let found = desk.keys.found().await;
    assert_eq!(found[0].obstacle, Some(keys::Obstacle::U2fOnly));
    let mut key = desk.open().await;
    assert_eq!(key.info(&Ask::quiet()).await, Err(Error::U2fOnly));
    assert_eq!(key.set_pin(pin(PIN), &Ask::quiet()).await, Err(Error::U2fOnly));
    let site = crate::desk::Site::new("acme.test");
    let (options, _) =
        site.options("sam", false, keys::webauthn::UserVerificationPolicy::Preferred, Vec::new());
    drop(key);
    assert_eq!(site.made(&desk, &options, Verify::Touch).await.err(), Some(Error::U2fOnly));
    assert_ne!(Error::U2fOnly, Error::NotSupported(Feature::Other));
}
