//! How a secret is written before it is sealed. Nothing outside this folder can serialise one.

use engine::{
    model::{
        Timestamp,
        code::Code,
        secret::{ClientRegistration, RoleCredentials, TokenSet},
        sign_in::Method,
    },
    ports::{Known, SealKind, Sealable},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Room for the longest record, so that the buffer never moves and leaves copies behind.
const ROOM: usize = 32 * 1024;

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Client {
    id: String,
    secret: String,
    #[zeroize(skip)]
    expires: Timestamp,
    #[zeroize(skip)]
    method: Method,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Tokens {
    access: String,
    #[zeroize(skip)]
    issued: Timestamp,
    #[zeroize(skip)]
    expires: Timestamp,
    refresh: Option<String>,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Keys {
    id: String,
    secret: String,
    token: String,
    #[zeroize(skip)]
    issued: Timestamp,
    #[zeroize(skip)]
    expires: Timestamp,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Marks {
    device: Option<String>,
    context: Option<String>,
}

/// What kind a secret is.
pub(super) fn kind(secret: &Sealable) -> SealKind {
    match secret {
        Sealable::Client(_) => SealKind::Client,
        Sealable::Tokens(_) => SealKind::Tokens,
        Sealable::RoleCredentials(_) => SealKind::RoleCredentials,
        Sealable::Known(_) => SealKind::Known,
    }
}

/// The bytes to seal.
pub(super) fn to_bytes(secret: &Sealable) -> Result<Zeroizing<Vec<u8>>, Code> {
    match secret {
        Sealable::Client(c) => write(&Client {
            id: c.client_id.clone(),
            secret: c.client_secret.expose_secret().to_owned(),
            expires: c.expires,
            method: c.method,
        }),
        Sealable::Tokens(t) => write(&Tokens {
            access: t.access_token.expose_secret().to_owned(),
            issued: t.issued,
            expires: t.expires,
            refresh: t.refresh_token.as_ref().map(|r| r.expose_secret().to_owned()),
        }),
        Sealable::RoleCredentials(k) => write(&Keys {
            id: k.access_key_id.expose_secret().to_owned(),
            secret: k.secret_access_key.expose_secret().to_owned(),
            token: k.session_token.expose_secret().to_owned(),
            issued: k.issued,
            expires: k.expires,
        }),
        Sealable::Known(k) => {
            let text =
                |secret: &Option<SecretString>| secret.as_ref().map(|it| it.expose_secret().to_owned());
            write(&Marks { device: text(&k.device), context: text(&k.context) })
        }
    }
}

/// The secret of opened bytes. Bytes of an older or newer shape count as a broken seal: the person signs
/// in again and nothing else is lost.
pub(super) fn from_bytes(kind: SealKind, bytes: &[u8]) -> Result<Sealable, Code> {
    Ok(match kind {
        SealKind::Client => {
            let c: Client = read(bytes)?;
            Sealable::Client(ClientRegistration {
                client_id: c.id.clone(),
                client_secret: c.secret.clone().into(),
                expires: c.expires,
                method: c.method,
            })
        }
        SealKind::Tokens => {
            let t: Tokens = read(bytes)?;
            Sealable::Tokens(TokenSet {
                access_token: t.access.clone().into(),
                issued: t.issued,
                expires: t.expires,
                refresh_token: t.refresh.clone().map(Into::into),
            })
        }
        SealKind::RoleCredentials => {
            let k: Keys = read(bytes)?;
            Sealable::RoleCredentials(RoleCredentials {
                access_key_id: k.id.clone().into(),
                secret_access_key: k.secret.clone().into(),
                session_token: k.token.clone().into(),
                issued: k.issued,
                expires: k.expires,
            })
        }
        SealKind::Known => {
            let k: Marks = read(bytes)?;
            Sealable::Known(Known {
                device: k.device.clone().map(Into::into),
                context: k.context.clone().map(Into::into),
            })
        }
    })
}

fn write(record: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, Code> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM));
    serde_json::to_writer(&mut *bytes, record)
        .map_err(|e| Code::Internal { what: format!("a record could not be written: {e}") })?;
    Ok(bytes)
}

fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Code> {
    // serde's message could quote the value it stumbled over, so it is not kept.
    serde_json::from_slice(bytes).map_err(|_| Code::SealBroken)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn each_kind_comes_back_as_it_was() {
        let at = Timestamp::from_millisecond(1_800_000_000_123).unwrap();
        let secrets = [
            Sealable::Client(ClientRegistration {
                client_id: "i".into(),
                client_secret: "s".repeat(3000).into(),
                expires: at,
                method: Method::DeviceCode,
            }),
            Sealable::Tokens(TokenSet {
                access_token: "a".into(),
                issued: at,
                expires: at,
                refresh_token: None,
            }),
            Sealable::RoleCredentials(RoleCredentials {
                access_key_id: "k".into(),
                secret_access_key: "s".into(),
                session_token: "t".into(),
                issued: at,
                expires: at,
            }),
        ];
        for secret in secrets {
            let bytes = to_bytes(&secret).unwrap();
            assert!(bytes.capacity() == ROOM, "the buffer moved");
            let back = from_bytes(kind(&secret), &bytes).unwrap();
            assert_eq!(to_bytes(&back).unwrap(), bytes);
        }
        assert_eq!(from_bytes(SealKind::Tokens, b"{}").unwrap_err(), Code::SealBroken);
    }
}
