//! Registering and signing in, with `webauthn-rs-core` as the server.

use std::collections::BTreeMap;

use keys::{
    Ask, Error, Verify,
    webauthn::{
        CredProtect, CredentialProtectionPolicy, RequestChallengeResponse, RequestRegistrationExtensions,
        UserVerificationPolicy,
    },
};
use serde_cbor_2::Value;
use vicc::{Profile, Touch, VirtualKey};
use webauthn_rs_core::proto::{AuthenticationState, Credential};

use crate::desk::{Desk, Site, by_pin, now};

on_each! {
    a_second_factor_is_registered_and_used_by_touch
    a_passkey_needs_no_user_name_and_several_are_offered
    a_passkey_alone_signs_in_when_it_is_the_only_one
    a_key_of_another_user_is_not_registered
    a_key_is_registered_once
    a_wrong_pin_in_a_ceremony_counts_as_anywhere
    a_key_without_pin_cannot_verify_its_user
    of_many_allowed_credentials_the_keys_own_is_found
    what_is_sent_is_json_as_servers_read_it
    it_is_asked_without_a_touch_what_it_holds
    a_site_is_given_the_protection_it_asks_for
}

fn challenge(
    site: &Site,
    credentials: &[Credential],
    policy: UserVerificationPolicy,
) -> (RequestChallengeResponse, AuthenticationState) {
    let builder = site.core.new_challenge_authenticate_builder(credentials.to_vec(), Some(policy));
    site.core.generate_challenge_authenticate(builder.expect("a builder")).expect("options")
}

async fn a_second_factor_is_registered_and_used_by_touch(kind: Profile) {
    let desk = Desk::with(kind);
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

async fn a_passkey_needs_no_user_name_and_several_are_offered(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
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

async fn a_passkey_alone_signs_in_when_it_is_the_only_one(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    let site = Site::new("acme.test");
    let credential = site.register(&desk, "sam", true, by_pin()).await;
    let (options, state) = challenge(&site, &[], UserVerificationPolicy::Required);
    let signed = desk.open().await.authenticate(&site.origin, &options, by_pin(), &Ask::quiet()).await;
    let signed = signed.expect("signed").remove(0).credential;
    assert_eq!(signed.response.user_handle.as_deref(), Some(&b"sam"[..]));
    let result = site.core.authenticate_single_credential(&signed, &state, &credential).expect("verified");
    assert!(result.user_verified());
}

async fn a_key_of_another_user_is_not_registered(kind: Profile) {
    let (desk, other) = (Desk::with(kind), Desk::with(kind));
    other.bus.unplug(&other.plug);
    other.bus.plug(&VirtualKey::new(kind, 2), &other.plug);
    let site = Site::new("acme.test");
    let credential = site.register(&desk, "sam", false, Verify::Touch).await;
    let (options, _) = challenge(&site, &[credential], UserVerificationPolicy::Discouraged_DO_NOT_USE);
    let signed = other.open().await.authenticate(&site.origin, &options, Verify::Touch, &Ask::quiet()).await;
    assert_eq!(signed.err(), Some(Error::NotRegistered));
}

async fn a_key_is_registered_once(kind: Profile) {
    let desk = Desk::with(kind);
    let site = Site::new("acme.test");
    let credential = site.register(&desk, "sam", false, Verify::Touch).await;
    let policy = UserVerificationPolicy::Discouraged_DO_NOT_USE;
    let (options, _) = site.options("sam", false, policy, vec![credential.cred_id]);
    assert_eq!(site.made(&desk, &options, Verify::Touch).await.err(), Some(Error::AlreadyRegistered));
}

async fn a_wrong_pin_in_a_ceremony_counts_as_anywhere(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    let site = Site::new("acme.test");
    let (options, _) = site.options("sam", true, UserVerificationPolicy::Required, Vec::new());
    let wrong = Verify::Pin(crate::desk::pin("0000"));
    assert_eq!(site.made(&desk, &options, wrong).await.err(), Some(Error::WrongPin { left: Some(7) }));
    let touched = site.made(&desk, &options, Verify::Touch).await;
    assert_eq!(touched.err(), Some(Error::VerificationNeeded));
}

async fn a_key_without_pin_cannot_verify_its_user(kind: Profile) {
    let desk = Desk::with(kind);
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

async fn of_many_allowed_credentials_the_keys_own_is_found(kind: Profile) {
    let desk = Desk::with(kind);
    let site = Site::new("acme.test");
    let credential = site.register(&desk, "sam", false, Verify::Touch).await;
    // More than fit into one message: all but the last are of keys that are elsewhere.
    let elsewhere = |number: u8| Credential { cred_id: vec![number; 200], ..credential.clone() };
    let mut all: Vec<_> = (0..100).map(elsewhere).collect();
    all.push(credential.clone());
    let (options, state) = challenge(&site, &all, UserVerificationPolicy::Discouraged_DO_NOT_USE);
    let signed = desk.open().await.authenticate(&site.origin, &options, Verify::Touch, &Ask::quiet()).await;
    let signed = signed.expect("signed").remove(0).credential;
    site.core.authenticate_credential(&signed, &state).expect("verified");
}

async fn what_is_sent_is_json_as_servers_read_it(kind: Profile) {
    let desk = Desk::with(kind);
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

async fn it_is_asked_without_a_touch_what_it_holds(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    let site = Site::new("acme.test");
    let ask = Ask::quiet();
    let second = site.register(&desk, "sam", false, by_pin()).await.cred_id.to_vec();
    let passkey = site.register(&desk, "kim", true, by_pin()).await.cred_id.to_vec();
    let elsewhere = vec![7; second.len()];
    // Were it asked for a touch, it would wait for ever.
    desk.key.touch(Touch::Wait);
    let mut key = desk.open().await;
    for held in [&second, &passkey] {
        let some = vec![elsewhere.clone(), held.clone()];
        assert_eq!(key.holds("acme.test", some, &ask).await, Ok(Some(held.clone())));
    }
    assert_eq!(key.holds("acme.test", vec![elsewhere.clone()], &ask).await, Ok(None), "another key's");
    assert_eq!(key.holds("other.test", vec![second.clone()], &ask).await, Ok(None), "another site's");
    assert_eq!(key.holds("acme.test", Vec::new(), &ask).await, Ok(None), "nothing was asked");
    drop(key);
    desk.unlock().await.set_always_verify(true, now(), &ask).await.expect("switched on");
    // Always asking is about touches (CTAP 2.1, 6.2.2, step 4): what has none is answered all the same.
    let silent = desk.open().await.holds("acme.test", vec![second.clone()], &ask).await;
    assert_eq!(silent, Ok(Some(second)));
}

/// What the key itself put under its signature (CTAP 2.1, 12.1 and 12.5): the level of protection, and the shortest
/// PIN to a site that may read it.
async fn a_site_is_given_the_protection_it_asks_for(kind: Profile) {
    let desk = Desk::with_pin(kind).await;
    let levels = [
        (CredentialProtectionPolicy::UserVerificationOptional, 1),
        (CredentialProtectionPolicy::UserVerificationOptionalWithCredentialIDList, 2),
        (CredentialProtectionPolicy::UserVerificationRequired, 3),
    ];
    for (asked, level) in levels {
        let told = told_to(&desk, asked).await;
        assert_eq!(told.get(&text("credProtect")), Some(&Value::Integer(level)), "{told:?}");
        // Nobody told the key that this site may read it.
        assert_eq!(told.get(&text("minPinLength")), None, "{told:?}");
    }
}

#[tokio::test]
async fn an_employers_site_reads_the_shortest_pin() {
    let desk = Desk::with_pin(Profile::Enterprise).await;
    let told = told_to(&desk, CredentialProtectionPolicy::UserVerificationRequired).await;
    assert_eq!(told.get(&text("minPinLength")), Some(&Value::Integer(4)), "{told:?}");
}

fn text(name: &str) -> Value {
    Value::Text(name.to_owned())
}

/// What a site is told that asks for this protection, and for the shortest PIN.
async fn told_to(desk: &Desk, protection: CredentialProtectionPolicy) -> BTreeMap<Value, Value> {
    let site = Site::new("acme.test");
    let (mut options, _) = site.options("sam", true, UserVerificationPolicy::Required, Vec::new());
    options.public_key.extensions = Some(RequestRegistrationExtensions {
        cred_protect: Some(CredProtect {
            credential_protection_policy: protection,
            enforce_credential_protection_policy: Some(true),
        }),
        uvm: None,
        cred_props: None,
        min_pin_length: Some(true),
        hmac_create_secret: None,
    });
    let made = site.made(desk, &options, by_pin()).await.expect("made");
    extensions(&made.response.attestation_object)
}

/// The extensions in the authenticator data (WebAuthn, 6.1) of an attestation object.
fn extensions(object: &[u8]) -> BTreeMap<Value, Value> {
    let Ok(Value::Map(object)) = serde_cbor_2::from_slice(object) else { panic!("an attestation object") };
    let Some(Value::Bytes(data)) = object.get(&text("authData")) else { panic!("authenticator data") };
    assert_ne!(data[32] & 0x80, 0, "extensions are there");
    let id = usize::from(u16::from_be_bytes([data[53], data[54]]));
    // The public key, then the extensions.
    let mut rest = serde_cbor_2::Deserializer::from_slice(&data[55 + id..]).into_iter::<Value>();
    let _key = rest.next().expect("a public key").expect("CBOR");
    let Some(Ok(Value::Map(extensions))) = rest.next() else { panic!("extensions") };
    extensions
}
