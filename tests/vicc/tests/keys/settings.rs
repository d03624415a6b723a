//! A key's settings.

use keys::{Ask, Error, Feature, PinRule, Verify, webauthn::UserVerificationPolicy};
use vicc::Profile;

use crate::desk::{Desk, Site, by_pin, now};

on_each! {
    always_asking_is_switched_on_and_off
    the_least_length_of_a_pin_only_grows
    enterprise_attestation_is_not_there
}

async fn always_asking_is_switched_on_and_off(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    let mut unlocked = desk.unlock().await;
    let ask = Ask::quiet();
    assert_eq!(unlocked.info().always_verify, Some(false));
    unlocked.set_always_verify(false, now(), &ask).await.expect("it is as wanted already");
    unlocked.set_always_verify(true, now(), &ask).await.expect("switched on");
    assert_eq!(unlocked.info().always_verify, Some(true));
    drop(unlocked);
    let site = Site::new("acme.test");
    let policy = UserVerificationPolicy::Discouraged_DO_NOT_USE;
    let (options, _) = site.options("sam", false, policy, Vec::new());
    let touched = site.made(&desk, &options, Verify::Touch).await;
    assert_eq!(touched.err(), Some(Error::VerificationNeeded), "a touch is not enough for this key");
    site.made(&desk, &options, by_pin()).await.expect("with the PIN it is");
    desk.unlock().await.set_always_verify(false, now(), &ask).await.expect("switched off");
    site.made(&desk, &options, Verify::Touch).await.expect("a touch is enough again");
}

async fn the_least_length_of_a_pin_only_grows(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    let mut unlocked = desk.unlock().await;
    let ask = Ask::quiet();
    unlocked.set_min_pin_length(8, now(), &ask).await.expect("raised");
    assert_eq!(unlocked.info().min_pin_length, 8);
    assert_eq!(unlocked.set_min_pin_length(6, now(), &ask).await, Err(Error::PinRule(PinRule::TooShort(8))));
    let mut key = unlocked.lock();
    let changed = key.change_pin(crate::desk::pin(crate::desk::PIN), crate::desk::pin("1234567"), &ask).await;
    assert_eq!(changed, Err(Error::PinRule(PinRule::TooShort(8))));
}

async fn enterprise_attestation_is_not_there(kind: Profile) {
    let without = Desk::with_pin(kind).await;
    let mut unlocked = without.unlock().await;
    assert_eq!(unlocked.info().enterprise_attestation, None);
    assert_eq!(
        unlocked.enable_enterprise_attestation(now(), &Ask::quiet()).await,
        Err(Error::NotSupported(Feature::EnterpriseAttestation))
    );
}

#[tokio::test]
async fn enterprise_attestation_is_enabled() {
    let with = Desk::with_pin(Profile::Enterprise).await;
    let mut unlocked = with.unlock().await;
    assert_eq!(unlocked.info().enterprise_attestation, Some(false));
    unlocked.enable_enterprise_attestation(now(), &Ask::quiet()).await.expect("enabled");
    assert_eq!(unlocked.info().enterprise_attestation, Some(true));
}
