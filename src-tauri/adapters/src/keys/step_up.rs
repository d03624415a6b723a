//! What a key proves for step-up: to us, by a credential that was made for this alone, or to a server.
//!
//! The site of our own credentials ends in `.invalid`, which no page on the network can have (RFC 6761, 6.4), so
//! that no browser ever asks a key for them.

use super::told;
use engine::model::{
    keys::{Info, KeyFault},
    step_up::{Proof, Proved, StepUpKey},
};
use keys::{
    Ask, Error, Key, Origin, Verify,
    step_up::{Offer, Pending, Refusal, Registered},
};
use url::Url;

/// The site of our own credentials.
const SITE: &str = "step-up.latchkey.invalid";

/// Has the key prove what is asked. A PIN is used for this one proof.
pub(super) async fn prove(
    mut key: Key,
    proof: Proof,
    verify: Verify,
    info: &Info,
    now: jiff::Timestamp,
    ask: &Ask,
) -> Result<Proved, KeyFault> {
    let failed = |error: Error| told::fault(&error);
    match proof {
        Proof::Here { allowed, verify: demanded } => {
            let known: Vec<Registered> = allowed.iter().filter_map(read).collect();
            let (pending, options) =
                Pending::new(&site(), SITE, &known, demanded).map_err(|e| refused(&e))?;
            let signed = key.authenticate(&site(), &options, verify, ask).await.map_err(failed)?;
            let signed = signed.into_iter().next().ok_or(KeyFault::NotRegistered)?;
            let now_known = pending.verify(&signed.credential).map_err(|e| refused(&e))?;
            let id = hex::encode(now_known.id());
            let before = allowed.into_iter().find(|one| one.id == id).ok_or(KeyFault::Refused)?;
            Ok(Proved::Key(StepUpKey { record: written(&now_known)?, ..before }))
        }
        Proof::Server { options, origin } => {
            let options = serde_json::from_str(&options).map_err(|error| garbled(&error))?;
            let origin = Origin::parse(&origin).ok_or(KeyFault::Refused)?;
            let signed = key.authenticate(&origin, &options, verify, ask).await.map_err(failed)?;
            let signed = signed.into_iter().next().ok_or(KeyFault::NotRegistered)?;
            let answer = serde_json::to_string(&signed.credential).map_err(|error| garbled(&error))?;
            Ok(Proved::Answer(answer))
        }
        Proof::Register { known } => {
            let known: Vec<Registered> = known.iter().filter_map(read).collect();
            let (offer, options) = Offer::new(&site(), SITE, &known).map_err(|e| refused(&e))?;
            let made = key.register(&site(), &options, verify, ask).await.map_err(|error| match error {
                Error::AlreadyRegistered => KeyFault::KnownAlready,
                other => failed(other),
            })?;
            let made = offer.verify(&made).map_err(|e| refused(&e))?;
            Ok(Proved::Key(StepUpKey {
                id: hex::encode(made.id()),
                name: info.model.clone().unwrap_or_else(|| "Security key".to_owned()),
                added: now,
                used: None,
                record: written(&made)?,
            }))
        }
    }
}

/// Where our own credentials are used: by us alone.
#[expect(clippy::expect_used, reason = "a literal, which a test parses")]
fn site() -> Url {
    Url::parse(&format!("https://{SITE}")).expect("an address")
}

/// One that cannot be read answers nothing, as one that was never known.
fn read(key: &StepUpKey) -> Option<Registered> {
    serde_json::from_str(&key.record).ok()
}

fn written(key: &Registered) -> Result<String, KeyFault> {
    serde_json::to_string(key).map_err(|error| garbled(&error))
}

fn garbled(error: &serde_json::Error) -> KeyFault {
    KeyFault::NoAnswer { what: error.to_string() }
}

fn refused(why: &Refusal) -> KeyFault {
    match why {
        Refusal::Cloned => KeyFault::Cloned,
        Refusal::Invalid(why) => {
            tracing::warn!(why, "what a key proved for step-up does not hold");
            KeyFault::Refused
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_site_is_one_that_no_page_can_have() {
        assert_eq!(site().host_str(), Some(SITE));
        assert!(SITE.ends_with(".invalid"));
    }
}
