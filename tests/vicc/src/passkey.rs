//! A passkey that is on a key before a test begins: made as any site does (CTAP 2.1, 6.1), while the key has no PIN.

use serde_cbor_2::Value;
use vicc::VirtualKey;

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.map(|(name, value)| (text(name), value)).into())
}

/// Makes it. The key is touched as its hands are told to.
pub fn make(key: &VirtualKey, site: &str, user: &str) -> Result<(), String> {
    let id = Value::Bytes(format!("{user} at {site}").into_bytes());
    let person = map([("id", id), ("name", text(user)), ("displayName", text(user))]);
    let algorithm = map([("alg", Value::Integer(-7)), ("type", text("public-key"))]);
    let parameters = Value::Map(
        [
            (1, Value::Bytes(vec![0x5a; 32])),
            (2, map([("id", text(site)), ("name", text(site))])),
            (3, person),
            (4, Value::Array(vec![algorithm])),
            (7, map([("rk", Value::Bool(true))])),
        ]
        .map(|(number, value)| (Value::Integer(number), value))
        .into(),
    );
    let parameters = serde_cbor_2::to_vec(&parameters).map_err(|error| error.to_string())?;
    let answer = key.begin(&[&[0x01][..], &parameters].concat()).recv().map_err(|error| error.to_string())?;
    match answer.first() {
        Some(0) => Ok(()),
        status => Err(format!("the key makes no passkey: {status:02x?}")),
    }
}
