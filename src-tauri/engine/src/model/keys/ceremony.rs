//! What a server, or a question of our own, has a key sign.

use super::{Info, KeyFault, PinState};
use serde_json::Value;

/// What is signed: WebAuthn's options, and whom the client data names. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceremony {
    /// `{"publicKey": …}`, as JSON.
    pub options: String,
    /// What stands as `origin` in the client data.
    pub origin: String,
    /// How the key knows who uses it.
    pub proof: UserProof,
}

/// How a key knows who uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserProof {
    /// It does not: a touch is enough.
    Touch,
    /// By its PIN.
    Pin,
    /// By a finger on it.
    Finger,
}

/// How much it matters who uses the key (WebAuthn, 5.8.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Not at all.
    Needless,
    /// It is to be known by keys that can tell.
    Preferred,
    /// It has to be known.
    Required,
}

/// What a key signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The `PublicKeyCredential`, as JSON.
    pub credential: String,
    /// Whose passkey it is, where the key holds several for the site.
    pub user: Option<String>,
}

impl UserProof {
    /// How this key knows who uses it.
    ///
    /// # Errors
    /// It cannot, and that is required; or its PIN is in no state for it, which is said rather than that a site
    /// refuses the touch alone of a key that proved more when it was registered.
    pub fn of(info: &Info, wanted: Verification) -> Result<Self, KeyFault> {
        let required = wanted == Verification::Required || info.can.always_verify == Some(true);
        if wanted == Verification::Needless && !required {
            return Ok(Self::Touch);
        }
        // Tries of fingers and of the PIN are counted apart (CTAP 2.1, 6.5.2.2).
        let by_finger = info.fingerprints.is_some_and(|n| n > 0);
        match info.pin {
            PinState::Set | PinState::Paused | PinState::Blocked if by_finger => Ok(Self::Finger),
            PinState::Set => Ok(Self::Pin),
            PinState::NotSet if required => Err(KeyFault::PinNotSet),
            PinState::None if required => Err(KeyFault::NotSupported),
            PinState::NotSet | PinState::None => Ok(Self::Touch),
            PinState::ChangeNeeded => Err(KeyFault::PinChangeNeeded),
            PinState::Paused => Err(KeyFault::PinPaused),
            PinState::Blocked => Err(KeyFault::PinBlocked),
        }
    }

    /// By its PIN, whatever else it takes: its fingers were of no use, or a touch was not enough for it.
    ///
    /// # Errors
    /// Those of [`Self::of`].
    pub fn by_pin(info: &Info) -> Result<Self, KeyFault> {
        Self::of(&Info { fingerprints: None, ..info.clone() }, Verification::Required)
    }
}

impl Ceremony {
    /// For options of a server; [`Self::proof`] is found by [`Self::fit`] once the key is known.
    pub fn new(options: impl Into<String>, origin: impl Into<String>) -> Self {
        Self { options: options.into(), origin: origin.into(), proof: UserProof::Touch }
    }

    /// What this key needs to be told for it.
    ///
    /// # Errors
    /// Those of [`UserProof::of`].
    pub fn fit(self, info: &Info) -> Result<Self, KeyFault> {
        let (policy, registers) = policy(&self.options);
        let wanted = match policy.as_str() {
            "required" => Verification::Required,
            // A key that has a PIN registers with it alone.
            "preferred" => Verification::Preferred,
            _ if registers => Verification::Preferred,
            _ => Verification::Needless,
        };
        Ok(Self { proof: UserProof::of(info, wanted)?, ..self })
    }
}

/// The site's wish for a proof of who uses the key (`preferred` where it says nothing), and whether a new key pair
/// is wanted.
fn policy(options: &str) -> (String, bool) {
    let options: Value = serde_json::from_str(options).unwrap_or_default();
    let options = &options["publicKey"];
    let named = options["userVerification"]
        .as_str()
        .or_else(|| options["authenticatorSelection"]["userVerification"].as_str());
    (named.unwrap_or("preferred").to_owned(), options["rp"].is_object())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::keys::Can;

    fn info(pin: PinState, fingerprints: Option<u32>) -> Info {
        Info {
            model: None,
            versions: vec![],
            aaguid: None,
            firmware: None,
            algorithms: vec![],
            transports: vec![],
            u2f_only: false,
            pin,
            tries: None,
            least_pin: 4,
            passkeys: None,
            fingerprints,
            can: Can::default(),
        }
    }

    #[track_caller]
    fn check(policy: &str, info: &Info, expected: &Result<UserProof, KeyFault>) {
        let options = format!(r#"{{"publicKey":{{"userVerification":"{policy}"}}}}"#);
        assert_eq!(&Ceremony::new(options, "o").fit(info).map(|it| it.proof), expected, "{policy}");
    }

    #[test]
    fn a_key_is_asked_for_what_the_site_wants_and_it_can() {
        let (set, unset) = (info(PinState::Set, None), info(PinState::NotSet, None));
        check("required", &set, &Ok(UserProof::Pin));
        check("preferred", &set, &Ok(UserProof::Pin));
        check("discouraged", &set, &Ok(UserProof::Touch));
        check("required", &unset, &Err(KeyFault::PinNotSet));
        check("preferred", &unset, &Ok(UserProof::Touch));
        check("required", &info(PinState::Set, Some(1)), &Ok(UserProof::Finger));
        check("required", &info(PinState::Set, Some(0)), &Ok(UserProof::Pin));
        check("required", &info(PinState::Blocked, None), &Err(KeyFault::PinBlocked));
        // A site that knows the key by its PIN would refuse its touch alone, and say nothing of the PIN.
        check("preferred", &info(PinState::Blocked, None), &Err(KeyFault::PinBlocked));
        check("preferred", &info(PinState::Paused, None), &Err(KeyFault::PinPaused));
        check("preferred", &info(PinState::ChangeNeeded, None), &Err(KeyFault::PinChangeNeeded));
        check("preferred", &info(PinState::Blocked, Some(1)), &Ok(UserProof::Finger));
        check("discouraged", &info(PinState::Blocked, None), &Ok(UserProof::Touch));
        let always = Info { can: Can { always_verify: Some(true), ..Can::default() }, ..set.clone() };
        check("discouraged", &always, &Ok(UserProof::Pin));
        let new = Ceremony::new(r#"{"publicKey":{"rp":{"id":"a"}}}"#, "o");
        assert_eq!(new.clone().fit(&set).map(|it| it.proof), Ok(UserProof::Pin));
        let fingers = info(PinState::Set, Some(1));
        assert_eq!(new.fit(&fingers).map(|it| it.proof), Ok(UserProof::Finger));
        assert_eq!(UserProof::by_pin(&fingers), Ok(UserProof::Pin));
        assert_eq!(UserProof::by_pin(&unset), Err(KeyFault::PinNotSet));
    }
}
