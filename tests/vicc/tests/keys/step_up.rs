//! Step-up: verified here, with our own challenge.

use keys::{
    Ask, Error, Verify,
    step_up::{Pending, Refusal, Registered},
    webauthn::{PublicKeyCredential, UserVerificationPolicy},
};
use vicc::{Profile, VirtualKey};

use crate::desk::{Desk, Site, by_pin};

on_each! {
    a_touch_of_the_registered_key_counts_once
    a_demand_for_the_pin_is_kept_by_the_answer
    the_key_of_another_does_not_answer
}

async fn registered(desk: &Desk, site: &Site) -> Registered {
    let policy = UserVerificationPolicy::Preferred;
    let (options, _) = site.options("sam", false, policy, Vec::new());
    let made = site.made(desk, &options, by_pin()).await.expect("made");
    Registered::of(&made, &options, &site.origin).expect("verified")
}

async fn answered(desk: &Desk, site: &Site, key: &Registered) -> (Pending, PublicKeyCredential) {
    let (pending, options) =
        Pending::new(&site.origin, "acme.test", std::slice::from_ref(key), false).expect("a challenge");
    let signed = desk.open().await.authenticate(&site.origin, &options, Verify::Touch, &Ask::quiet()).await;
    (pending, signed.expect("signed").remove(0).credential)
}

async fn a_touch_of_the_registered_key_counts_once(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    let site = Site::new("acme.test");
    let key = registered(&desk, &site).await;
    let (pending, signed) = answered(&desk, &site, &key).await;
    let after = pending.verify(&signed).expect("it counts");
    assert_eq!(after.id(), key.id());
    assert!(after.counter() > key.counter());
    // Kept in a file, and good for the next time.
    let kept = serde_json::to_string(&after).expect("JSON");
    let after: Registered = serde_json::from_str(&kept).expect("read");
    let (pending, fresh) = answered(&desk, &site, &after).await;
    pending.verify(&fresh).expect("the next touch");
    let (pending, _) = answered(&desk, &site, &after).await;
    let replayed = pending.verify(&signed);
    assert!(matches!(replayed, Err(Refusal::Invalid(_))), "{replayed:?}");
}

async fn a_demand_for_the_pin_is_kept_by_the_answer(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    let site = Site::new("acme.test");
    let key = registered(&desk, &site).await;
    let demand =
        || Pending::new(&site.origin, "acme.test", std::slice::from_ref(&key), true).expect("a challenge");
    let (pending, options) = demand();
    let mut opened = desk.open().await;
    let signed = opened.authenticate(&site.origin, &options, by_pin(), &Ask::quiet()).await.expect("signed");
    pending.verify(&signed[0].credential).expect("with the PIN it counts");
    // A key that is only touched, though the PIN was demanded.
    let (pending, mut options) = demand();
    options.public_key.user_verification = UserVerificationPolicy::Discouraged_DO_NOT_USE;
    let signed =
        opened.authenticate(&site.origin, &options, Verify::Touch, &Ask::quiet()).await.expect("signed");
    let refused = pending.verify(&signed[0].credential);
    assert!(matches!(refused, Err(Refusal::Invalid(_))), "{refused:?}");
}

#[tokio::test]
async fn a_copy_of_the_key_is_noticed_by_its_counter() {
    let desk = Desk::with_pin(Profile::Full).await;
    let site = Site::new("acme.test");
    let key = registered(&desk, &site).await;
    let copy = desk.key.copy();
    let mut known = key.clone();
    for _ in 0..3 {
        let (pending, signed) = answered(&desk, &site, &known).await;
        known = pending.verify(&signed).expect("the true key");
    }
    desk.bus.unplug(&desk.plug);
    desk.bus.plug(&copy, &desk.plug);
    let (pending, signed) = answered(&desk, &site, &known).await;
    assert_eq!(pending.verify(&signed).err(), Some(Refusal::Cloned));
}

async fn the_key_of_another_does_not_answer(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    let site = Site::new("acme.test");
    let key = registered(&desk, &site).await;
    desk.bus.unplug(&desk.plug);
    desk.bus.plug(&VirtualKey::new(kind, 2), &desk.plug);
    let (_, options) =
        Pending::new(&site.origin, "acme.test", std::slice::from_ref(&key), false).expect("a challenge");
    let signed = desk.open().await.authenticate(&site.origin, &options, Verify::Touch, &Ask::quiet()).await;
    assert_eq!(signed.err(), Some(Error::NotRegistered));
}
