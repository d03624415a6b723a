//! WebAuthn's ceremonies, from a server's JSON to what a key signed.

use engine::model::keys::{Ceremony, Learnt, Signed, UserProof};
use keys::{Ask, Error, Key, Origin, Pin, Verify};
use serde::{Serialize, de::DeserializeOwned};

pub(super) fn verify(proof: UserProof, pin: impl FnOnce() -> Result<Pin, Error>) -> Result<Verify, Error> {
    Ok(match proof {
        UserProof::Touch => Verify::Touch,
        UserProof::Pin => Verify::Pin(pin()?),
        UserProof::Finger => Verify::Finger,
    })
}

fn origin(asked: &Ceremony) -> Result<Origin, Error> {
    Origin::parse(&asked.origin).ok_or_else(|| Error::Unexpected("an origin that is none".to_owned()))
}

fn read<T: DeserializeOwned>(asked: &Ceremony) -> Result<T, Error> {
    serde_json::from_str(&asked.options).map_err(|error| Error::Unexpected(format!("options: {error}")))
}

fn text(credential: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(credential).map_err(|error| Error::Unexpected(error.to_string()))
}

pub(super) async fn authenticate(
    key: &mut Key,
    asked: &Ceremony,
    verify: Verify,
    ask: &Ask,
) -> Result<Learnt, Error> {
    let all = key.authenticate(origin(asked)?, &read(asked)?, verify, ask).await?;
    let one = |it: keys::Assertion| {
        Ok(Signed { credential: text(&it.credential)?, user: it.user_name.or(it.display_name) })
    };
    Ok(Learnt { signed: all.into_iter().map(one).collect::<Result<_, Error>>()?, ..Learnt::default() })
}

pub(super) async fn register(
    key: &mut Key,
    asked: &Ceremony,
    verify: Verify,
    ask: &Ask,
) -> Result<Learnt, Error> {
    let made = key.register(origin(asked)?, &read(asked)?, verify, ask).await?;
    let signed = vec![Signed { credential: text(&made)?, user: None }];
    Ok(Learnt { signed, ..Learnt::default() })
}
