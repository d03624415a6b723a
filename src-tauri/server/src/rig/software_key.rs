//! An authenticator without hardware (Web Authentication, §6.1): one key pair that counts its answers. What a test
//! changes in it is what an attacker would.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use rcgen::{KeyPair, SigningKey as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Reply;

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const HAS_KEY: u8 = 0x40;

/// A key pair that answers as browsers pass it on.
pub struct SoftwareKey {
    pair: KeyPair,
    /// Its id.
    pub id: Vec<u8>,
    /// Whose it is, as it was told.
    pub user_handle: Vec<u8>,
    /// How many answers it has given.
    pub counter: u32,
    /// Whether it knows who touches it.
    pub verifies: bool,
    /// Where the browser says it is.
    pub origin: String,
    /// The site that it answers for.
    pub site: String,
}

/// An answer before it is written down, so that a test can change it.
#[derive(Clone)]
pub struct Answer {
    pub id: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub client_data: Vec<u8>,
    pub signature: Vec<u8>,
    pub user_handle: Vec<u8>,
}

fn text(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// What a page asks of authenticators.
fn asked(page: &Reply) -> Value {
    let rest =
        page.body.split_once("data-options=\"").unwrap_or_else(|| panic!("nothing asked: {}", page.body)).1;
    let options = rest.split_once('"').unwrap().0.replace("&#34;", "\"").replace("&#38;", "&");
    serde_json::from_str::<Value>(&options).unwrap()["publicKey"].clone()
}

impl SoftwareKey {
    pub fn new(id: &str) -> Self {
        Self {
            pair: KeyPair::generate().unwrap(),
            id: id.as_bytes().to_vec(),
            user_handle: Vec::new(),
            counter: 0,
            verifies: true,
            origin: "http://localhost:4711".to_owned(),
            site: "localhost".to_owned(),
        }
    }

    fn client_data(&self, what: &str, asked: &Value) -> Vec<u8> {
        let data = json!({
            "type": what, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": false,
        });
        data.to_string().into_bytes()
    }

    fn data(&mut self, flags: u8) -> Vec<u8> {
        self.counter += 1;
        let verified = if self.verifies { VERIFIED } else { 0 };
        let mut data = Sha256::digest(self.site.as_bytes()).to_vec();
        data.push(PRESENT | verified | flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// Answers a page that adds a key.
    pub fn create(&mut self, page: &Reply) -> String {
        let asked = asked(page);
        self.user_handle = BASE64_URL_SAFE_NO_PAD.decode(asked["user"]["id"].as_str().unwrap()).unwrap();
        let client_data = self.client_data("webauthn.create", &asked);
        let mut data = self.data(HAS_KEY);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        // An ES256 key on P-256 (RFC 9053 §7.1.1).
        let point = self.pair.public_key_raw();
        assert_eq!((point.len(), point[0]), (65, 4));
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..]);
        // {"fmt": "none", "attStmt": {}, "authData": …}
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        let id = text(&self.id);
        let answer = json!({
            "id": id, "rawId": id, "type": "public-key", "extensions": {},
            "response": {
                "clientDataJSON": text(&client_data), "attestationObject": text(&object), "transports": [],
            },
        });
        answer.to_string()
    }

    /// Answers a page that asks for a key.
    pub fn get(&mut self, page: &Reply) -> Answer {
        let client_data = self.client_data("webauthn.get", &asked(page));
        let authenticator_data = self.data(0);
        let signed = [authenticator_data.as_slice(), &Sha256::digest(&client_data)].concat();
        Answer {
            id: self.id.clone(),
            authenticator_data,
            client_data,
            signature: self.pair.sign(&signed).unwrap(),
            user_handle: self.user_handle.clone(),
        }
    }
}

impl Answer {
    /// As the page's script puts it into the form.
    pub fn write(&self) -> String {
        let id = text(&self.id);
        let answer = json!({
            "id": id, "rawId": id, "type": "public-key", "extensions": {},
            "response": {
                "clientDataJSON": text(&self.client_data),
                "authenticatorData": text(&self.authenticator_data),
                "signature": text(&self.signature),
                "userHandle": text(&self.user_handle),
            },
        });
        answer.to_string()
    }
}
