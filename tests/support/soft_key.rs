//! A security key in software, for ceremonies over the routes: it knows nothing of the server's library, which
//! checks all that it answers. Its faults are what tests set. The server's own tests include this file.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Flags of authenticator data (WebAuthn §6.1).
const PRESENT: u8 = 0b0000_0001;
const VERIFIED: u8 = 0b0000_0100;
const ATTESTED: u8 = 0b0100_0000;

/// A key with one key pair.
pub struct SoftKey {
    pair: EcdsaKeyPair,
    id: Vec<u8>,
    /// What it writes as the origin.
    pub origin: String,
    /// Whether somebody touches it.
    pub touched: bool,
    /// Whether it finds out who touches it.
    pub verifies: bool,
    /// Its answers so far.
    pub counter: u32,
    owner: Option<String>,
}

impl std::fmt::Debug for SoftKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SoftKey({})", self.id())
    }
}

fn hash(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

fn text(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A CBOR byte string of at most 64 KB (RFC 8949 §3.1).
fn bytes(of: &[u8]) -> Vec<u8> {
    let length = u16::try_from(of.len()).unwrap();
    [&[0x59][..], &length.to_be_bytes(), of].concat()
}

impl SoftKey {
    /// A key that is new, as the app with this origin speaks with it.
    #[must_use]
    pub fn new(origin: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let id = hash(pair.public_key().as_ref());
        let origin = origin.to_owned();
        Self { pair, id, origin, touched: true, verifies: true, counter: 0, owner: None }
    }

    /// The id of its key pair.
    #[must_use]
    pub fn id(&self) -> String {
        text(&self.id)
    }

    fn client_data(&self, kind: &str, challenge: &Value) -> Vec<u8> {
        let data = json!({
            "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false,
        });
        data.to_string().into_bytes()
    }

    fn data(&mut self, rp_id: &str, more: u8, rest: &[u8]) -> Vec<u8> {
        let mut flags = more;
        flags |= if self.touched { PRESENT } else { 0 };
        flags |= if self.verifies { VERIFIED } else { 0 };
        [&hash(rp_id.as_bytes())[..], &[flags], &self.counter.to_be_bytes(), rest].concat()
    }

    /// Makes its key pair for these options, without attestation.
    pub fn register(&mut self, options: &Value) -> Value {
        let asked = &options["publicKey"];
        self.owner = asked["user"]["id"].as_str().map(str::to_owned);
        let client_data = self.client_data("webauthn.create", &asked["challenge"]);
        let point = self.pair.public_key().as_ref().to_vec();
        // {1: 2, 3: -7, -1: 1, -2: x, -3: y} (RFC 9053 §7.1.1): an ES256 key.
        let key = [
            &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21][..],
            &bytes(&point[1..33]),
            &[0x22],
            &bytes(&point[33..]),
        ]
        .concat();
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let attested = [&[0; 16][..], &length, &self.id, &key].concat();
        let data = self.data(asked["rp"]["id"].as_str().unwrap(), ATTESTED, &attested);
        // {"fmt": "none", "attStmt": {}, "authData": …}
        let object = [
            &[0xa3, 0x63][..],
            b"fmt",
            &[0x64],
            b"none",
            &[0x67],
            b"attStmt",
            &[0xa0, 0x68],
            b"authData",
            &bytes(&data),
        ]
        .concat();
        json!({
            "id": self.id(), "rawId": self.id(), "type": "public-key", "extensions": {},
            "response": { "clientDataJSON": text(&client_data), "attestationObject": text(&object) },
        })
    }

    /// Answers these options, asked for or not.
    pub fn answer(&mut self, options: &Value) -> Value {
        let asked = &options["publicKey"];
        self.counter += 1;
        let client_data = self.client_data("webauthn.get", &asked["challenge"]);
        let data = self.data(asked["rpId"].as_str().unwrap(), 0, &[]);
        let signed = [&data[..], &hash(&client_data)].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": self.id(), "rawId": self.id(), "type": "public-key", "extensions": {},
            "response": {
                "clientDataJSON": text(&client_data), "authenticatorData": text(&data),
                "signature": text(signature.as_ref()), "userHandle": self.owner,
            },
        })
    }
}
