//! Answers of the ceremonies, of which the library reads less than servers want.

use std::collections::BTreeMap;

use serde_cbor_2::Value;
use webauthn_authenticator_rs::ctap2::commands::{CBORResponse, MakeCredentialResponse};

use crate::Error;

/// Reads an answer with the library.
pub(crate) fn read<R: CBORResponse>(answer: &[u8]) -> Result<R, Error> {
    <R as CBORResponse>::try_from(answer).map_err(|_| unreadable())
}

/// An assertion (CTAP 2.1, 6.2). The library's has no user.
pub(crate) struct Signed {
    pub(crate) credential: Option<Vec<u8>>,
    pub(crate) auth_data: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) user_id: Option<Vec<u8>>,
    pub(crate) user_name: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) total: Option<usize>,
}

impl Signed {
    pub(crate) fn read(answer: &[u8]) -> Result<Self, Error> {
        let Ok(Value::Map(mut answer)) = serde_cbor_2::from_slice(answer) else { return Err(unreadable()) };
        let mut part = |number| answer.remove(&Value::Integer(number));
        let credential = part(1).and_then(map).and_then(|mut map| bytes(map.remove(&key("id"))?));
        let (auth_data, signature) = (part(2).and_then(bytes), part(3).and_then(bytes));
        let mut user = part(4).and_then(map).unwrap_or_default();
        let total = match part(5) {
            Some(Value::Integer(total)) => usize::try_from(total).ok(),
            _ => None,
        };
        Ok(Self {
            credential,
            auth_data: auth_data.ok_or_else(unreadable)?,
            signature: signature.ok_or_else(unreadable)?,
            user_id: user.remove(&key("id")).and_then(bytes),
            user_name: user.remove(&key("name")).and_then(text),
            display_name: user.remove(&key("displayName")).and_then(text),
            total,
        })
    }
}

/// The credential's id, and the attestation object (WebAuthn, 6.5.4) with or without the maker's statement.
pub(crate) fn attestation(
    made: MakeCredentialResponse,
    with_statement: bool,
) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let Some(Value::Bytes(auth_data)) = made.auth_data else { return Err(unreadable()) };
    // SHA-256 of the RP id, flags, counter, AAGUID, length of the id, the id (WebAuthn, 6.1 and 6.5.1).
    let length = auth_data.get(53..55).ok_or_else(unreadable)?;
    let length = usize::from(length[0]) << 8 | usize::from(length[1]);
    let id = auth_data.get(55..55 + length).ok_or_else(unreadable)?.to_vec();
    let (format, statement) = match (made.fmt, made.att_stmt) {
        (Some(format), Some(statement)) if with_statement => (format, statement),
        _ => ("none".to_owned(), Value::Map(BTreeMap::new())),
    };
    let object = Value::Map(BTreeMap::from([
        (key("fmt"), Value::Text(format)),
        (key("attStmt"), statement),
        (key("authData"), Value::Bytes(auth_data)),
    ]));
    let object = serde_cbor_2::to_vec(&object).map_err(|error| Error::Unexpected(error.to_string()))?;
    Ok((id, object))
}

fn unreadable() -> Error {
    Error::Unexpected("an answer that cannot be read".to_owned())
}

fn key(name: &str) -> Value {
    Value::Text(name.to_owned())
}

fn map(value: Value) -> Option<BTreeMap<Value, Value>> {
    if let Value::Map(map) = value { Some(map) } else { None }
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    if let Value::Bytes(bytes) = value { Some(bytes) } else { None }
}

fn text(value: Value) -> Option<String> {
    if let Value::Text(text) = value { Some(text) } else { None }
}
