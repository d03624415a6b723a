//! Passkeys: listed, renamed, deleted, until the key is full.

use keys::{
    Ask, Error, Feature, LONGEST_NAME, Space,
    webauthn::{CreationChallengeResponse, ResidentKeyRequirement, UserVerificationPolicy},
};
use vicc::Profile;
use webauthn_rs_core::proto::RegistrationState;

use crate::desk::{Desk, Site, by_pin, now};

on_each! {
    passkeys_are_listed_by_site_with_their_users
    a_key_with_no_passkeys_lists_none
    a_passkey_is_renamed_and_deleted
}

async fn passkeys_are_listed_by_site_with_their_users(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    let (acme, other) = (Site::new("acme.test"), Site::new("other.test"));
    acme.register(&desk, "sam@acme.test", true, by_pin()).await;
    acme.register(&desk, "kim@acme.test", true, by_pin()).await;
    other.register(&desk, "sam@other.test", true, by_pin()).await;
    // Not a passkey: it cannot be listed.
    acme.register(&desk, "hidden@acme.test", false, by_pin()).await;
    let mut unlocked = desk.unlock().await;
    let mut listed = Vec::new();
    for site in unlocked.passkeys(now(), &Ask::quiet()).await.expect("listed") {
        let users = site.passkeys.into_iter().filter_map(|passkey| passkey.user_name);
        let mut users: Vec<_> = users.collect();
        users.sort();
        listed.push((site.rp_id.unwrap_or_default(), users));
    }
    listed.sort();
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        listed,
        [
            ("acme.test".to_owned(), texts(&["kim@acme.test", "sam@acme.test"])),
            ("other.test".to_owned(), texts(&["sam@other.test"])),
        ]
    );
    let remaining = match kind {
        // What is left of its file system, in passkeys.
        Profile::Nitrokey => 37,
        // It has room for 150.
        _ => 147,
    };
    assert_eq!(unlocked.space(now(), &Ask::quiet()).await, Ok(Space { existing: 3, remaining }));
}

async fn a_key_with_no_passkeys_lists_none(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    assert_eq!(desk.unlock().await.passkeys(now(), &Ask::quiet()).await, Ok(Vec::new()));
}

async fn a_passkey_is_renamed_and_deleted(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    Site::new("acme.test").register(&desk, "sam@acme.test", true, by_pin()).await;
    let mut unlocked = desk.unlock().await;
    let ask = Ask::quiet();
    let passkey = unlocked.passkeys(now(), &ask).await.expect("listed")[0].passkeys[0].clone();
    unlocked.rename_passkey(&passkey, "samira@acme.test", "Samira", now(), &ask).await.expect("renamed");
    let renamed = unlocked.passkeys(now(), &ask).await.expect("listed")[0].passkeys[0].clone();
    assert_eq!(renamed.user_name.as_deref(), Some("samira@acme.test"));
    assert_eq!(renamed.display_name.as_deref(), Some("Samira"));
    assert_eq!((&renamed.id, &renamed.user_id), (&passkey.id, &passkey.user_id));
    let long = "x".repeat(LONGEST_NAME + 1);
    assert_eq!(
        unlocked.rename_passkey(&passkey, &long, "", now(), &ask).await,
        Err(Error::NameTooLong(LONGEST_NAME))
    );
    unlocked.delete_passkey(&passkey.id, now(), &ask).await.expect("deleted");
    assert_eq!(unlocked.passkeys(now(), &ask).await, Ok(Vec::new()));
    assert_eq!(unlocked.delete_passkey(&passkey.id, now(), &ask).await, Err(Error::NotFound));
}

#[tokio::test]
async fn a_full_key_says_so() {
    let desk = Desk::with_pin(Profile::Small).await;
    let site = Site::new("acme.test");
    for user in ["sam", "kim", "lee"] {
        site.register(&desk, user, true, by_pin()).await;
    }
    let policy = keys::webauthn::UserVerificationPolicy::Required;
    let (options, _) = site.options("ash", true, policy, Vec::new());
    assert_eq!(site.made(&desk, &options, by_pin()).await.err(), Some(Error::PasskeysFull));
    let space = desk.unlock().await.space(now(), &Ask::quiet()).await;
    assert_eq!(space, Ok(Space { existing: 3, remaining: 0 }));
    // What is no passkey takes no space.
    site.register(&desk, "ash", false, by_pin()).await;
    assert_ne!(Error::PasskeysFull, Error::NotSupported(Feature::Passkeys));
}

/// Options of a server that would like a passkey, and is content with a second factor.
pub fn preferred(site: &Site, user: &str) -> (CreationChallengeResponse, RegistrationState) {
    let (mut options, state) = site.options(user, false, UserVerificationPolicy::Required, Vec::new());
    let wanted = options.public_key.authenticator_selection.as_mut().expect("a selection");
    wanted.resident_key = Some(ResidentKeyRequirement::Preferred);
    (options, state)
}

#[tokio::test]
async fn a_full_key_is_a_second_factor_all_the_same() {
    let desk = Desk::with_pin(Profile::Small).await;
    let site = Site::new("acme.test");
    for user in ["sam", "kim", "lee"] {
        let (options, _) = preferred(&site, user);
        site.made(&desk, &options, by_pin()).await.expect("a passkey, while there is room");
    }
    let (options, state) = preferred(&site, "ash");
    let made = site.made(&desk, &options, by_pin()).await.expect("none, where there is not");
    site.core.register_credential(&made, &state, None).expect("the server takes it");
    let space = desk.unlock().await.space(now(), &Ask::quiet()).await;
    assert_eq!(space, Ok(Space { existing: 3, remaining: 0 }));
}
