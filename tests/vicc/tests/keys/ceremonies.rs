//! Registering and signing in, with `webauthn-rs-core` as the server.

use keys::{
    Ask, Error, Verify,
    webauthn::{RequestChallengeResponse, UserVerificationPolicy},
};
use vicc::{Profile, VirtualKey};
use webauthn_rs_core::proto::{AuthenticationState, Credential};

use crate::desk::{Desk, Site, by_pin};

fn challenge(
    site: &Site,
    credentials: &[Credential],
    policy: UserVerificationPolicy,
) -> (RequestChallengeResponse, AuthenticationState) {
    let builder = site.core.new_challenge_authenticate_builder(credentials.to_vec(), Some(policy));
    site.core.generate_challenge_authenticate(builder.expect("a builder")).expect("options")
}

#[tokio::test]
async fn a_second_factor_is_registered_and_used_by_touch() {
    let desk = Desk::with(Profile::Full);
    let site = Site::new("acme.test");
    let credential = site.register(&desk, "sam", false, Verify::Touch).await;
    let policy = UserVerificationPolicy::Discouraged_DO_NOT_USE;
    let (options, state) = challenge(&site, std::slice::from_ref(&credential), policy);
    let signed = desk.open().await.authenticate(&site.origin, &options, Verify::Touch, &Ask::quiet()).await;
    let signed = signed.expect("signed");
    assert_eq!(signed.len(), 1);
    let result = site.core.authenticate_credential(&signed[0].credential, &state).expect("verified");
    assert!(!result.user_verified());
    assert!(result.counter() > credential.counter);
}

#[tokio::test]
async fn a_passkey_needs_no_user_name_and_several_are_offered() {
    let desk = Desk::with_pin(Profile::Full).await;
    let site = Site::new("acme.test");
    let mut credentials = Vec::new();
    for user in ["sam", "kim"] {
        credentials.push(site.register(&desk, user, true, by_pin()).await);
    }
    let (options, _) = challenge(&site, &[], UserVerificationPolicy::Required);
    let signed = desk.open().await.authenticate(&site.origin, &options, by_pin(), &Ask::quiet()).await;
    let signed = signed.expect("signed");
    let mut users: Vec<_> = signed.iter().filter_map(|signed| signed.user_name.clone()).collect();
    users.sort();
    assert_eq!(users, ["kim", "sam"]);
    for assertion in &signed {
        let user = assertion.credential.response.user_handle.clone().expect("a user handle");
        assert_eq!(Some(user.as_slice()), assertion.user_name.as_deref().map(str::as_bytes));
        // The server finds the credential by the user handle, then verifies as always.
        let known = credentials.iter().find(|known| known.cred_id.as_slice() == assertion.credential.raw_id);
        let (_, state) = challenge(&site, &[], UserVerificationPolicy::Required);
        let foreign = site.core.authenticate_single_credential(
            &assertion.credential,
            &state,
            known.expect("a credential of this server"),
        );
        assert!(foreign.is_err(), "another challenge than the one that was signed");
    }
}

#[tokio::test]
async fn a_passkey_alone_signs_in_when_it_is_the_only_one() {
    let desk = Desk::with_pin(Profile::Full).await;
    let site = Site::new("acme.test");
    let credential = site.register(&desk, "sam", true, by_pin()).await;
    let (options, state) = challenge(&site, &[], UserVerificationPolicy::Required);
    let signed = desk.open().await.authenticate(&site.origin, &options, by_pin(), &Ask::quiet()).await;
    let signed = signed.expect("signed").remove(0).credential;
    assert_eq!(signed.response.user_handle.as_deref(), Some(&b"sam"[..]));
    let result = site.core.authenticate_single_credential(&signed, &state, &credential).expect("verified");
    assert!(result.user_verified());
}

#[tokio::test]
async fn a_key_of_another_user_is_not_registered() {
    let (desk, other) = (Desk::with(Profile::Full), Desk::with(Profile::Full));
    other.bus.unplug(&other.plug);
    other.bus.plug(&VirtualKey::new(Profile::Full, 2), &other.plug);
    let site = Site::new("acme.test");
    let credential = site.register(&desk, "sam", false, Verify::Touch).await;
    let (options, _) = challenge(&site, &[credential], UserVerificationPolicy::Discouraged_DO_NOT_USE);
    let signed = other.open().await.authenticate(&site.origin, &options, Verify::Touch, &Ask::quiet()).await;
    assert_eq!(signed.err(), Some(Error::NotRegistered));
}

#[tokio::test]
async fn a_key_is_registered_once() {
    let desk = Desk::with(Profile::Full);
    let site = Site::new("acme.test");
    let credential = site.register(&desk, "sam", false, Verify::Touch).await;
    let policy = UserVerificationPolicy::Discouraged_DO_NOT_USE;
    let (options, _) = site.options("sam", false, policy, vec![credential.cred_id]);
    assert_eq!(site.made(&desk, &options, Verify::Touch).await.err(), Some(Error::AlreadyRegistered));
}

#[tokio::test]
async fn a_wrong_pin_in_a_ceremony_counts_as_anywhere() {
    let desk = Desk::with_pin(Profile::Full).await;
    let site = Site::new("acme.test");
    let (options, _) = site.options("sam", true, UserVerificationPolicy::Required, Vec::new());
    let wrong = Verify::Pin(crate::desk::pin("0000"));
    assert_eq!(site.made(&desk, &options, wrong).await.err(), Some(Error::WrongPin { left: Some(7) }));
    let touched = site.made(&desk, &options, Verify::Touch).await;
    assert_eq!(touched.err(), Some(Error::VerificationNeeded));
}

#[tokio::test]
async fn a_key_without_pin_cannot_verify_its_user() {
    let desk = Desk::with(Profile::Full);
    let site = Site::new("acme.test");
    let (options, _) = site.options("sam", true, UserVerificationPolicy::Required, Vec::new());
    assert_eq!(site.made(&desk, &options, Verify::Touch).await.err(), Some(Error::NoPin));
}

#[tokio::test]
async fn no_site_is_asked_for_by_a_foreign_origin() {
    let desk = Desk::with(Profile::Full);
    let (acme, evil) = (Site::new("acme.test"), Site::new("evil.test"));
    let (options, _) = acme.options("sam", false, UserVerificationPolicy::Preferred, Vec::new());
    let made = desk.open().await.register(&evil.origin, &options, Verify::Touch, &Ask::quiet()).await;
    assert_eq!(
        made.err(),
        Some(Error::ForeignOrigin {
            origin: "https://login.evil.test".to_owned(),
            rp_id: "acme.test".to_owned()
        })
    );
}

#[tokio::test]
async fn of_many_allowed_credentials_the_keys_own_is_found() {
    let desk = Desk::with(Profile::Full);
    let site = Site::new("acme.test");
    let credential = site.register(&desk, "sam", false, Verify::Touch).await;
    // More than fit into one message: all but the last are of keys that are elsewhere.
    let elsewhere = |number: u8| Credential { cred_id: vec![number; 200].into(), ..credential.clone() };
    let mut all: Vec<_> = (0..100).map(elsewhere).collect();
    all.push(credential.clone());
    let (options, state) = challenge(&site, &all, UserVerificationPolicy::Discouraged_DO_NOT_USE);
    let signed = desk.open().await.authenticate(&site.origin, &options, Verify::Touch, &Ask::quiet()).await;
    let signed = signed.expect("signed").remove(0).credential;
    site.core.authenticate_credential(&signed, &state).expect("verified");
}

#[tokio::test]
async fn what_is_sent_is_json_as_servers_read_it() {
    let desk = Desk::with(Profile::Full);
    let site = Site::new("acme.test");
    let policy = UserVerificationPolicy::Discouraged_DO_NOT_USE;
    let (options, state) = site.options("sam", false, policy, Vec::new());
    let made = site.made(&desk, &options, Verify::Touch).await.expect("made");
    let json = serde_json::to_value(&made).expect("JSON");
    assert_eq!(json["type"], "public-key");
    assert_eq!(json["id"], json["rawId"]);
    let read = serde_json::from_value(json).expect("read");
    site.core.register_credential(&read, &state, None).expect("verified");
}
