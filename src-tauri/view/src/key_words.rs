//! Words for what goes wrong with security keys, and for what is done with them.

use crate::{
    ask::UiRequest,
    problem::asks,
    ui_keys::UiKeyWish,
    ui_state::{UiAction, UiButton, UiProblem},
    words::count,
};
use engine::model::keys::{KeyAct, KeyFault, SampleHint, Undone};

/// Lets the person at the screen talk to keys, where the distribution has no such rule. udev marks them by
/// itself (`fido_id`, since systemd 244).
pub(crate) const UDEV_RULE: &str = "echo 'SUBSYSTEM==\"hidraw\", ENV{ID_FIDO_TOKEN}==\"1\", TAG+=\"uaccess\"' | \
    sudo tee /etc/udev/rules.d/70-security-keys.rules && sudo udevadm control --reload && sudo udevadm trigger";

const UNCHANGED: &str = "Nothing was changed.";
const REMOVED: &str = "The key was removed";
const ANOTHER: &str = "Use another key.";
const TOUCH_IT: &str = "Try again, and touch it.";
/// Of a step that was given up and that a key may have done, or may do yet.
const STILL_DONE: &str = "The last step may be done, and may still be done if you touch the key.";
const LOOK_WHAT: &str = "Take the key away and back, and look what it holds.";

/// Title, meaning, next step.
pub(crate) fn fault(fault: &KeyFault) -> (String, String, String) {
    let owned =
        |title: &str, meaning: &str, next: &str| (title.to_owned(), meaning.to_owned(), next.to_owned());
    match fault {
        KeyFault::WrongPin { left } => {
            let meaning = left.map_or_else(
                || "The key does not tell how many attempts are left.".to_owned(),
                |left| format!("{} before the key locks.", tries(left)),
            );
            ("Wrong PIN".into(), meaning, "Enter it again.".into())
        }
        KeyFault::PinPaused => owned(
            "The key paused PIN entry",
            "Three wrong PINs came in a row, so it waits before it takes another.",
            "Unplug it and plug it in again.",
        ),
        KeyFault::PinBlocked => owned(
            "The key is locked",
            "It can only be used again after a reset, which deletes its passkeys.",
            "Use another key, or reset this one under Advanced.",
        ),
        KeyFault::PinNotSet => {
            owned("Set a PIN first", "Passkeys and fingerprints are protected by it.", "Set one under PIN.")
        }
        KeyFault::PinTooShort { least } => (
            "That PIN is too short".into(),
            format!("This key takes no PIN of fewer than {}.", count(usize::from(*least), "character")),
            "Choose a longer one.".into(),
        ),
        KeyFault::PinTooLong => owned(
            "That PIN is too long",
            "A key takes at most 63 bytes. Accents and emoji count as several.",
            "Choose a shorter one.",
        ),
        KeyFault::PinRefused => owned(
            "The key refused this PIN",
            "Some keys rule out simple ones, and ones they had before.",
            "Choose another.",
        ),
        KeyFault::PinChangeNeeded => owned(
            "Change this key's PIN first",
            "The key demands another PIN before it does anything else.",
            "Change it under PIN.",
        ),
        KeyFault::PinNeeded => owned(
            "The key locked itself again",
            "The last step was not done.",
            "Do it again, and enter the PIN.",
        ),
        KeyFault::NotSupported => owned("This key cannot do that", UNCHANGED, "Use a key that can."),
        KeyFault::Busy => owned(
            "Another program is using the key",
            UNCHANGED,
            "Close other browser or key dialogs, then try again.",
        ),
        KeyFault::NotAllowed => owned(
            "Latchkey cannot talk to the key",
            "Your system does not allow it yet.",
            "Install the access rule, then unplug and plug in the key.",
        ),
        KeyFault::NotElevated => owned(
            "Windows manages security keys itself",
            "Windows lets only administrators change keys directly.",
            "Change them in Windows Settings, or start Latchkey once more as administrator.",
        ),
        KeyFault::Removed { undone: Undone::Nothing } => owned(REMOVED, UNCHANGED, "Plug it in to continue."),
        KeyFault::Removed { undone: Undone::LastStep } => {
            owned(REMOVED, "The last step was not completed.", "Plug it in and look what it holds.")
        }
        KeyFault::Cancelled { undone: Undone::Nothing } => {
            owned("Cancelled", UNCHANGED, "Begin again whenever you like.")
        }
        KeyFault::Cancelled { undone: Undone::LastStep } => owned("Cancelled", STILL_DONE, LOOK_WHAT),
        KeyFault::TimedOut { undone: Undone::Nothing } => {
            owned("Nobody touched the key in time", UNCHANGED, TOUCH_IT)
        }
        KeyFault::TimedOut { undone: Undone::LastStep } => {
            owned("The key did not finish in time", STILL_DONE, LOOK_WHAT)
        }
        KeyFault::Declined => {
            owned("The key declined", "Somebody said no at the key. Nothing was changed.", TOUCH_IT)
        }
        KeyFault::PinIsSet => owned(
            "This key has a PIN already",
            "It was set meanwhile, perhaps by another program. Nothing was changed.",
            "Change it under PIN.",
        ),
        KeyFault::U2fOnly => owned(
            "This key supports only U2F",
            "It works as a second factor in a browser but holds no passkeys, and Latchkey cannot use it.",
            "Use a key that supports FIDO2.",
        ),
        KeyFault::Full => owned(
            "The key is full",
            "It has no room for another one. Nothing was changed.",
            "Delete one that you do not need.",
        ),
        KeyFault::NotRegistered => owned(
            "This key is not registered for you",
            "It may be somebody else's, or be registered elsewhere. Nothing was changed.",
            "Use another key or another way to sign in.",
        ),
        KeyFault::RegisteredAlready => owned("This key is registered there already", UNCHANGED, ANOTHER),
        KeyFault::ForeignSite { site } => (
            "The key was not asked".into(),
            format!("The server wanted keys of {site}, which is not its own address."),
            "Check the start URL, and tell your administrator.".into(),
        ),
        KeyFault::KnownAlready => owned("This key is known here already", UNCHANGED, ANOTHER),
        KeyFault::Cloned => owned(
            "This key may have been copied",
            "Its counter went back, which a key by itself never does. Nothing was opened.",
            "Stop using it, and tell your administrator.",
        ),
        KeyFault::Refused => owned(
            "The key's answer does not hold",
            "Nothing was opened.",
            "Use another key, or remove this one in Settings and add it anew.",
        ),
        KeyFault::NotRecognised => {
            owned("The fingerprint was not recognised", UNCHANGED, "Try again, or enter the PIN.")
        }
        KeyFault::OverNfc => {
            owned("Reset works only over USB", "Nothing was erased.", "Plug the key in to a USB port.")
        }
        KeyFault::SeveralKeys => owned(
            "More than one key is connected",
            "The wrong one could be erased.",
            "Unplug the other key first.",
        ),
        KeyFault::OtherKey { serial } => (
            "That is a different key".into(),
            "Nothing was erased.".into(),
            serial.as_deref().map_or_else(
                || "Plug in the one you began with.".into(),
                |serial| format!("Plug in the one ending {}.", tail(serial)),
            ),
        ),
        KeyFault::InUse => owned(
            "Latchkey is using a key already",
            "One step with a key is done at a time.",
            "Finish or cancel that one first.",
        ),
        KeyFault::Gone => owned(
            "That is not there any more",
            "The key was unplugged, or what you chose is over.",
            "Plug it in, then try again.",
        ),
        KeyFault::NoAnswer { .. } => {
            owned("The key did not answer", "Nothing more is known.", "Unplug it, wait 2 s, plug it in.")
        }
        KeyFault::Unavailable { reason } => (
            "Security keys cannot be used here".into(),
            format!("Latchkey found no way to reach them: {reason}."),
            "Check that smart card and USB access work, then try again.".into(),
        ),
    }
}

/// Buttons that help.
pub(crate) fn buttons(fault: &KeyFault) -> Vec<UiButton> {
    let wish = |label, keys| asks(label, UiRequest::Keys { keys });
    let again = |label| wish(label, UiKeyWish::Rescan);
    match fault {
        KeyFault::NotAllowed => vec![
            UiButton {
                label: "Copy command".into(),
                action: UiAction::Copy { text: UDEV_RULE.into() },
                danger: false,
            },
            again("Check again"),
        ],
        KeyFault::NotElevated => vec![
            wish("Open Windows security key settings", UiKeyWish::SystemSettings),
            wish("Restart as administrator", UiKeyWish::Administrator),
        ],
        KeyFault::NoAnswer { .. } | KeyFault::Unavailable { .. } => vec![again("Rescan")],
        _ => vec![],
    }
}

/// The whole of it.
pub(crate) fn problem(fault: &KeyFault) -> UiProblem {
    crate::problem::problem(
        &engine::model::code::Code::SecurityKey { fault: fault.clone() },
        &crate::problem::About::default(),
    )
}

/// In one line, where there is no room for three.
pub(crate) fn line(what: &KeyFault) -> String {
    let (title, meaning, next) = fault(what);
    let parts = [format!("{title}."), meaning, next];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `5 attempts left`.
pub(crate) fn tries(left: u8) -> String {
    format!("{} left", count(usize::from(left), "attempt"))
}

/// The last four characters of a serial number.
pub(crate) fn tail(serial: &str) -> &str {
    serial.char_indices().nth_back(3).map_or(serial, |(at, _)| &serial[at..])
}

/// What a sample of a fingerprint lacked.
pub(crate) fn hint(hint: SampleHint) -> &'static str {
    match hint {
        SampleHint::TooFast => "Too fast.",
        SampleHint::TooSlow => "Too slow.",
        SampleHint::NotCentred => "Move your finger to the centre.",
        SampleHint::Askew => "Put your finger on straight.",
        SampleHint::TooShort => "Cover more of the sensor.",
        SampleHint::Unclear => "Too dry or dirty.",
        SampleHint::Repeated => "Use another part of your finger.",
        SampleHint::Known => "This finger is on the key already.",
        SampleHint::NoFinger => "No finger was felt.",
    }
}

/// What it is done for, while the key waits: `to make it blink`.
pub(crate) fn purpose(act: KeyAct) -> &'static str {
    match act {
        KeyAct::Look => "Asking the key what it is.",
        KeyAct::Identify => "The key that blinks is this one. Touch it to stop.",
        KeyAct::SetPin => "Its first PIN is being set.",
        KeyAct::ChangePin => "Its PIN is being changed.",
        KeyAct::Unlock => "The key is being unlocked.",
        KeyAct::ListPasskeys => "Its passkeys are being read.",
        KeyAct::DeletePasskey => "A passkey is being deleted.",
        KeyAct::RenamePasskey => "A passkey's user is being renamed.",
        KeyAct::ListFingerprints => "Its fingerprints are being read.",
        KeyAct::AddFingerprint => "A fingerprint is being added.",
        KeyAct::RenameFingerprint => "A fingerprint is being renamed.",
        KeyAct::DeleteFingerprint => "A fingerprint is being deleted.",
        KeyAct::AlwaysVerify | KeyAct::LeastPin | KeyAct::ForcePinChange | KeyAct::Enterprise => {
            "A setting of the key is being changed."
        }
        KeyAct::Reset => "The key is being emptied.",
        KeyAct::Authenticate => "The key proves that it is you.",
        KeyAct::Register => "The key is being registered.",
        KeyAct::Find => "Asking the key where it is registered.",
        KeyAct::Prove => "A role waits for a touch of it.",
    }
}

/// What is said when it is done; nothing where what is shown says it.
pub(crate) fn done(act: KeyAct) -> Option<&'static str> {
    match act {
        KeyAct::Look
        | KeyAct::Find
        | KeyAct::ListPasskeys
        | KeyAct::ListFingerprints
        | KeyAct::Authenticate
        | KeyAct::Reset
        | KeyAct::Prove => None,
        KeyAct::Register => Some("The key is registered."),
        KeyAct::Identify => Some("You touched it: this is the key."),
        KeyAct::SetPin => Some("The PIN is set."),
        KeyAct::ChangePin => Some("The PIN is changed."),
        KeyAct::Unlock => Some("The key is unlocked."),
        KeyAct::DeletePasskey => Some("The passkey is deleted."),
        KeyAct::RenamePasskey => Some("The passkey's user is renamed."),
        KeyAct::AddFingerprint => Some("The fingerprint is added."),
        KeyAct::RenameFingerprint => Some("The fingerprint is renamed."),
        KeyAct::DeleteFingerprint => Some("The fingerprint is deleted."),
        KeyAct::AlwaysVerify => Some("The setting is saved on the key."),
        KeyAct::LeastPin => Some("The minimum length is saved on the key."),
        KeyAct::ForcePinChange => Some("The key asks for another PIN from now on."),
        KeyAct::Enterprise => Some("Enterprise attestation is on."),
    }
}

/// For Activity.
pub(crate) fn activity(act: KeyAct, key: &str) -> String {
    match act {
        KeyAct::SetPin => format!("Set the PIN of {key}"),
        KeyAct::ChangePin => format!("Changed the PIN of {key}"),
        KeyAct::DeletePasskey => format!("Deleted a passkey from {key}"),
        KeyAct::RenamePasskey => format!("Renamed the user of a passkey on {key}"),
        KeyAct::AddFingerprint => format!("Added a fingerprint to {key}"),
        KeyAct::RenameFingerprint => format!("Renamed a fingerprint on {key}"),
        KeyAct::DeleteFingerprint => format!("Deleted a fingerprint from {key}"),
        KeyAct::AlwaysVerify | KeyAct::LeastPin => format!("Changed a setting of {key}"),
        KeyAct::ForcePinChange => format!("Made {key} ask for another PIN"),
        KeyAct::Enterprise => format!("Switched enterprise attestation on in {key}"),
        KeyAct::Register => format!("Registered {key} as a second factor"),
        KeyAct::Reset => format!("Reset {key}, which deleted all it held"),
        KeyAct::Look
        | KeyAct::Find
        | KeyAct::Identify
        | KeyAct::Unlock
        | KeyAct::Authenticate
        | KeyAct::ListPasskeys
        | KeyAct::ListFingerprints
        | KeyAct::Prove => {
            format!("Used {key}")
        }
    }
}
