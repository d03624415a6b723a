//! Which tokens of a trusted issuer are believed. What becomes of them, boto3 asks in the wire tests.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};

use super::trusted::{Believed, Untrusted, issuer_named, verify};
use crate::{rig, store::TrustedIssuer};

const NOW: i64 = 1_800_000_000;

fn key() -> (EncodingKey, Jwk) {
    let key = EncodingKey::from_rsa_pem(rig::saml_key().key().expose().as_bytes()).unwrap();
    let mut public = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
    public.common.key_id = Some("one".to_owned());
    (key, public)
}

fn issuer() -> TrustedIssuer {
    TrustedIssuer {
        id: "tti-1".to_owned(),
        name: "Okta".to_owned(),
        issuer_url: "https://idp.test".to_owned(),
        claim_path: "person.email".to_owned(),
        attribute_path: "emails.value".to_owned(),
        created: Timestamp::UNIX_EPOCH,
    }
}

fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "iss": "https://idp.test", "aud": "reports", "sub": "x", "jti": "1", "iat": NOW - 5, "exp": NOW + 300,
        "person": { "email": "sam@acme.test" },
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
    }
    claims
}

fn signed(changes: &Value) -> String {
    let header = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::RS256) };
    encode(&header, &claims(changes), &key().0).unwrap()
}

fn ask(token: &str, keys: &[Jwk]) -> Result<Believed, Untrusted> {
    let audiences = ["reports".to_owned(), "other".to_owned()];
    verify(token, keys, &issuer(), &audiences, Timestamp::from_second(NOW).unwrap())
}

#[test]
fn a_token_is_believed_for_its_audience_and_its_time() {
    let keys = [key().1];
    let believed = ask(&signed(&json!({})), &keys).unwrap();
    assert_eq!(believed.who, "sam@acme.test");
    assert_eq!(believed.ends.as_second(), NOW + 360);
    assert_eq!(
        believed.id,
        ask(&signed(&json!({ "iat": NOW - 6 })), &keys).unwrap().id,
        "the id is the jti's"
    );
    ask(&signed(&json!({ "aud": ["x", "other"] })), &keys).unwrap();
    ask(&signed(&json!({ "exp": NOW - 59 })), &keys).unwrap();
    for (changes, error) in [
        (json!({ "iss": "https://idp.test/" }), Untrusted::Refused),
        (json!({ "iss": null }), Untrusted::Refused),
        (json!({ "aud": "elsewhere" }), Untrusted::Refused),
        (json!({ "aud": null }), Untrusted::Refused),
        (json!({ "exp": NOW - 60 }), Untrusted::Moment),
        (json!({ "exp": null }), Untrusted::Malformed("an exp")),
        (json!({ "exp": "never" }), Untrusted::Malformed("an exp")),
        (json!({ "nbf": NOW + 61 }), Untrusted::Moment),
        (json!({ "iat": NOW + 61 }), Untrusted::Moment),
        (json!({ "person": "sam@acme.test" }), Untrusted::Malformed("the claim that says whose it is")),
        (json!({ "person": { "email": 5 } }), Untrusted::Malformed("the claim that says whose it is")),
    ] {
        assert_eq!(ask(&signed(&changes), &keys), Err(error), "{changes}");
    }
}

/// OpenID Connect Core §5.7: an address that nobody verified may be somebody else's.
#[test]
fn an_address_that_its_issuer_has_not_verified_means_nobody() {
    let (keys, now) = ([key().1], Timestamp::from_second(NOW).unwrap());
    let by_address = TrustedIssuer { claim_path: "email".to_owned(), ..issuer() };
    let ask = |verified: Value| {
        let token = signed(&json!({ "email": "sam@acme.test", "email_verified": verified }));
        verify(&token, &keys, &by_address, &["reports".to_owned()], now).map(|believed| believed.who)
    };
    for unverified in [json!(false), json!("false")] {
        assert_eq!(ask(unverified), Err(Untrusted::Unverified));
    }
    for verified in [json!(true), json!("true"), Value::Null] {
        assert_eq!(ask(verified).as_deref(), Ok("sam@acme.test"));
    }
}

/// Without a `jti`, what was signed counts once.
#[test]
fn tokens_without_an_id_are_told_apart() {
    let keys = [key().1];
    let one = signed(&json!({ "jti": null }));
    let id = |token: &str| ask(token, &keys).unwrap().id;
    assert_eq!(id(&one), id(&one));
    assert_ne!(id(&one), id(&signed(&json!({ "jti": null, "iat": NOW - 6 }))));
}

#[test]
fn a_token_is_signed_by_a_key_of_its_issuer() {
    let public = key().1;
    let token = signed(&json!({}));
    let (head, rest) = token.split_once('.').unwrap();
    let (payload, signature) = rest.split_once('.').unwrap();
    let good = [public.clone()];
    assert_eq!(
        ask(&format!("{head}.{payload}.{}", signature.chars().rev().collect::<String>()), &good),
        Err(Untrusted::Refused)
    );
    let other = signed(&json!({ "aud": "elsewhere" }));
    let other = other.split('.').nth(1).unwrap();
    assert_eq!(ask(&format!("{head}.{other}.{signature}"), &good), Err(Untrusted::Refused));
    assert_eq!(ask(&token, &[]), Err(Untrusted::Refused));
    let mut renamed = public.clone();
    renamed.common.key_id = Some("two".to_owned());
    assert_eq!(ask(&token, &[renamed.clone()]), Err(Untrusted::Refused));
    ask(&token, &[renamed, public.clone()]).unwrap();
    let mut encrypts = public.clone();
    encrypts.common.public_key_use = Some(jsonwebtoken::jwk::PublicKeyUse::Encryption);
    assert_eq!(ask(&token, &[encrypts]), Err(Untrusted::Refused));
    // The public key as a secret, and none.
    let secret = EncodingKey::from_secret(serde_json::to_string(&public).unwrap().as_bytes());
    let header = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::HS256) };
    let symmetric = encode(&header, &claims(&json!({})), &secret).unwrap();
    assert_eq!(ask(&symmetric, &good), Err(Untrusted::Malformed("an asymmetric algorithm")));
    // {"alg":"none"}
    let none = format!("eyJhbGciOiJub25lIn0.{payload}.");
    assert_eq!(ask(&none, &good), Err(Untrusted::Malformed("a header")));
    for garbage in ["", "a.b", "a.b.c", "eyJhbGciOiJSUzI1NiJ9.e30."] {
        assert!(ask(garbage, &good).is_err(), "{garbage}");
        assert!(issuer_named(garbage).is_err(), "{garbage}");
    }
    assert_eq!(issuer_named(&token).unwrap(), "https://idp.test");
}
