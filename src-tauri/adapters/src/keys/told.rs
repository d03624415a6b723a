//! What the crate `keys` says, as the engine says it.

use engine::model::keys::{
    Can, Info, KeyFault, KeyId, Passkey, PinState, Plugged, Protection, Sameness, SampleHint, Space, Step,
    Transport, Undone,
};
use keys::{Error, Found, Marks, Midway, Progress, Sample};

/// What a key can be known by when it is plugged in again.
pub(super) fn known_by(marks: &Marks) -> keys::Sameness {
    match (&marks.serial, &marks.port) {
        (Some(_), _) => keys::Sameness::Serial,
        (None, Some(_)) => keys::Sameness::Port,
        (None, None) => keys::Sameness::Model,
    }
}

pub(super) fn plugged(found: &Found) -> Plugged {
    let marks = &found.marks;
    let product =
        marks.product.map_or_else(String::new, |(vendor, product)| format!("{vendor:04x}:{product:04x}"));
    let (identity, sameness) = match (&marks.serial, &marks.port) {
        (Some(serial), _) => (format!("{product}/{serial}"), Sameness::Serial),
        (None, Some(port)) => (format!("{product}@{port}"), Sameness::Port),
        (None, None) => (product, Sameness::Model),
    };
    Plugged {
        id: KeyId::new(found.id.as_str()),
        // macOS and Windows tell no name, and a model's comes when the key was asked.
        name: if found.name.is_empty() { "Security key".to_owned() } else { found.name.clone() },
        transport: match found.transport {
            keys::Transport::Usb => Transport::Usb,
            keys::Transport::Nfc => Transport::Nfc,
        },
        serial: marks.serial.clone(),
        identity,
        sameness,
    }
}

pub(super) fn info(told: &keys::Info) -> Info {
    let few = |left: Option<u32>| left.map(|n| u8::try_from(n).unwrap_or(u8::MAX));
    let (pin, tries) = match told.pin {
        keys::PinState::NotSupported => (PinState::None, None),
        keys::PinState::NotSet => (PinState::NotSet, None),
        keys::PinState::Set { left } => (PinState::Set, few(left)),
        keys::PinState::ChangeForced { left } => (PinState::ChangeNeeded, few(left)),
        keys::PinState::SoftLocked { left } => (PinState::Paused, few(left)),
        keys::PinState::Blocked => (PinState::Blocked, Some(0)),
    };
    Info {
        model: told.model.map(str::to_owned),
        versions: told.versions.clone(),
        aaguid: (!told.aaguid.is_nil()).then(|| told.aaguid.to_string()),
        firmware: told.firmware.map(|n| n.to_string()),
        algorithms: told.algorithms.iter().map(|n| algorithm(*n)).collect(),
        transports: told.transports.clone(),
        u2f_only: false,
        pin,
        tries,
        least_pin: u8::try_from(told.min_pin_length).unwrap_or(63),
        passkeys: told
            .can
            .manage_passkeys
            .then_some(Space { used: told.passkeys.existing, left: told.passkeys.remaining }),
        fingerprints: match told.fingerprints {
            keys::Fingerprints::NotSupported => None,
            keys::Fingerprints::None => Some(0),
            keys::Fingerprints::Some => Some(1),
        },
        can: Can {
            identify: told.can.identify,
            rename_passkeys: told.can.rename_passkeys,
            always_verify: told.always_verify.filter(|_| told.can.always_verify),
            least_pin: told.can.min_pin_length,
            force_pin_change: told.can.min_pin_length,
            enterprise: told.enterprise_attestation.filter(|_| told.can.enterprise_attestation),
            reset: told.can.reset,
        },
    }
}

/// COSE's numbers (IANA, COSE Algorithms).
fn algorithm(number: i64) -> String {
    match number {
        -7 => "ES256".to_owned(),
        -8 => "EdDSA".to_owned(),
        -35 => "ES384".to_owned(),
        -36 => "ES512".to_owned(),
        -47 => "ES256K".to_owned(),
        -257 => "RS256".to_owned(),
        other => format!("COSE {other}"),
    }
}

pub(super) fn of_site(site: &keys::Site) -> Vec<Passkey> {
    let name = site.rp_id.clone().unwrap_or_else(|| hex::encode(site.id_hash));
    let one = |it: &keys::Passkey| Passkey {
        id: hex::encode(&it.id),
        site: name.clone(),
        user: it.user_name.clone().unwrap_or_default(),
        display: it.display_name.clone().unwrap_or_default(),
        protection: match it.protection {
            keys::Protection::Optional | keys::Protection::Unknown => Protection::Optional,
            keys::Protection::OptionalWithList => Protection::UnlessNamed,
            keys::Protection::Required => Protection::Always,
        },
    };
    site.passkeys.iter().map(one).collect()
}

pub(super) fn step_of(progress: Progress, good: &mut u8) -> Step {
    match progress {
        Progress::Working => Step::Working,
        Progress::TouchNeeded => Step::Touch,
        Progress::FingerNeeded => Step::Verify,
        Progress::Sample { quality, left } => {
            let hint = hint(quality);
            if hint.is_none() {
                *good = good.saturating_add(1);
            }
            let of = good.saturating_add(u8::try_from(left).unwrap_or(u8::MAX));
            Step::Sample { good: *good, of, hint }
        }
    }
}

fn hint(quality: Sample) -> Option<SampleHint> {
    Some(match quality {
        Sample::Good => return None,
        Sample::TooHigh | Sample::TooLow | Sample::TooLeft | Sample::TooRight => SampleHint::NotCentred,
        Sample::TooFast => SampleHint::TooFast,
        Sample::TooSlow | Sample::NotLifted => SampleHint::TooSlow,
        Sample::PoorQuality => SampleHint::Unclear,
        Sample::TooSkewed => SampleHint::Askew,
        Sample::TooShort => SampleHint::TooShort,
        Sample::MergeFailure => SampleHint::Repeated,
        Sample::AlreadyKnown => SampleHint::Known,
        Sample::NoFinger => SampleHint::NoFinger,
    })
}

pub(super) fn fault(error: &Error) -> KeyFault {
    let undone = |midway: &Midway| match midway {
        Midway::NothingChanged => Undone::Nothing,
        Midway::LastStepNotCompleted => Undone::LastStep,
    };
    match error {
        Error::WrongPin { left } => {
            KeyFault::WrongPin { left: left.map(|n| u8::try_from(n).unwrap_or(u8::MAX)) }
        }
        Error::SoftLocked => KeyFault::PinPaused,
        Error::Blocked => KeyFault::PinBlocked,
        Error::NoPin => KeyFault::PinNotSet,
        Error::PinRule(keys::PinRule::TooShort(least)) => {
            KeyFault::PinTooShort { least: u8::try_from(*least).unwrap_or(63) }
        }
        Error::PinRule(keys::PinRule::TooLong) => KeyFault::PinTooLong,
        Error::PinRule(_) => KeyFault::PinRefused,
        Error::PinChangeForced => KeyFault::PinChangeNeeded,
        Error::VerificationNeeded | Error::Locked | Error::FingerprintsBlocked => KeyFault::PinNeeded,
        Error::FingerprintRefused { .. } => KeyFault::NotRecognised,
        Error::NotSupported(_) => KeyFault::NotSupported,
        Error::Busy(keys::User::Here) => KeyFault::InUse,
        Error::Busy(keys::User::AnotherProgram) => KeyFault::Busy,
        Error::Permission(keys::Permission::NotElevated) => KeyFault::NotElevated,
        Error::Permission(_) => KeyFault::NotAllowed,
        Error::NotConnected | Error::NotFound => KeyFault::Gone,
        Error::Removed(midway) => KeyFault::Removed { undone: undone(midway) },
        Error::Cancelled(midway) => KeyFault::Cancelled { undone: undone(midway) },
        Error::TimedOut(midway) => KeyFault::TimedOut { undone: undone(midway) },
        Error::TooLate => KeyFault::TimedOut { undone: Undone::Nothing },
        Error::Refused => KeyFault::Declined,
        Error::PinAlreadySet => KeyFault::PinIsSet,
        Error::WrongKey => KeyFault::OtherKey { serial: None },
        Error::OtherKeyConnected => KeyFault::SeveralKeys,
        Error::ResetOnlyOverUsb => KeyFault::OverNfc,
        Error::U2fOnly => KeyFault::U2fOnly,
        Error::PasskeysFull | Error::FingerprintsFull => KeyFault::Full,
        Error::NotRegistered => KeyFault::NotRegistered,
        Error::AlreadyRegistered => KeyFault::RegisteredAlready,
        Error::ForeignOrigin { rp_id, .. } => KeyFault::ForeignSite { site: rp_id.clone() },
        Error::NameTooLong(_) | Error::Unexpected(_) | Error::Trouble(_) => {
            KeyFault::NoAnswer { what: error.to_string() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_done_is_not_said_to_be_undone() {
        let (nothing, last) = (Undone::Nothing, Undone::LastStep);
        for (midway, undone) in [(Midway::NothingChanged, nothing), (Midway::LastStepNotCompleted, last)] {
            assert_eq!(fault(&Error::Removed(midway)), KeyFault::Removed { undone });
            assert_eq!(fault(&Error::Cancelled(midway)), KeyFault::Cancelled { undone });
            assert_eq!(fault(&Error::TimedOut(midway)), KeyFault::TimedOut { undone });
        }
        assert_eq!(fault(&Error::Refused), KeyFault::Declined);
        assert_eq!(fault(&Error::PinAlreadySet), KeyFault::PinIsSet);
    }

    #[test]
    fn a_key_of_which_the_system_tells_nothing_has_a_name_and_nothing_to_be_known_by() {
        let found = Found {
            id: keys::KeyId::from_text("usb:1"),
            transport: keys::Transport::Usb,
            name: String::new(),
            marks: Marks::default(),
            obstacle: None,
        };
        let it = plugged(&found);
        assert_eq!((it.name.as_str(), it.identity.as_str()), ("Security key", ""));
        assert_eq!(engine::model::keys::Reset::of(it).fault, Some(KeyFault::NotSupported));
    }
}
