//! Security keys as the window shows them.

pub(crate) mod registered;

use crate::{
    key_words::{self, hint, line, problem, purpose, tail, tries},
    step_up,
    ui_keys::{
        UiFingerprint, UiKey, UiKeyAdvanced, UiKeyEnded, UiKeyFacts, UiKeyPage, UiKeyPin, UiKeyReset,
        UiKeyRow, UiKeyRowAction, UiKeyRunning, UiKeySite, UiKeyStep, UiKeyUnlocked, UiKeyWish, UiKeys,
        UiPasskey, UiPrompt, UiResetStep,
    },
    ui_state::{UiProblem, UiSettings},
    words::count,
};
use engine::{
    Snapshot,
    model::{
        Timestamp,
        ids::OrgId,
        keys::{
            Finished, Info, KeyAct, KeyFault, KeyId, KeyWish, Keys, Known, Passkey, PinState, Plugged,
            Protection, Purpose, Reset, ResetStep, Running, Sameness, Space, Step, SystemWay, Transport,
            Undone,
        },
    },
    request::KeysRequest,
};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Why a key is not reset that the system tells nothing of.
const NOT_KNOWN_AGAIN: &str =
    "Nothing tells this key from another when it is plugged in again, so it cannot be reset here.";

const NOT_HERE: &str = "not available on this key";

impl From<UiKeyWish> for KeysRequest {
    fn from(wish: UiKeyWish) -> Self {
        use UiKeyWish as Ui;
        let act = |key: String, wish| Self::Do { key: KeyId::new(key), wish };
        match wish {
            Ui::Follow => Self::Follow(true),
            Ui::Rescan => Self::Rescan,
            Ui::SystemSettings => Self::System(SystemWay::Settings),
            Ui::Administrator => Self::System(SystemWay::Administrator),
            Ui::Select { key } => Self::Select(KeyId::new(key)),
            Ui::Look { key } => act(key, KeyWish::Look),
            Ui::Identify { key } => act(key, KeyWish::Identify),
            Ui::SetPin { key } => act(key, KeyWish::SetPin),
            Ui::ChangePin { key } => act(key, KeyWish::ChangePin),
            Ui::Unlock { key } => act(key, KeyWish::Unlock),
            Ui::Lock => Self::Lock,
            Ui::Cancel => Self::Cancel,
            Ui::Dismiss => Self::Dismiss,
            Ui::WaiveSpare { org } => Self::WaiveSpare(OrgId::new(org)),
            Ui::ListPasskeys { key } => act(key, KeyWish::ListPasskeys),
            Ui::DeletePasskey { key, id } => act(key, KeyWish::DeletePasskey { id }),
            Ui::RenamePasskey { key, id, user, display } => {
                act(key, KeyWish::RenamePasskey { id, user, display })
            }
            Ui::ListFingerprints { key } => act(key, KeyWish::ListFingerprints),
            Ui::AddFingerprint { key, name } => act(key, KeyWish::AddFingerprint { name }),
            Ui::RenameFingerprint { key, id, name } => act(key, KeyWish::RenameFingerprint { id, name }),
            Ui::DeleteFingerprint { key, id } => act(key, KeyWish::DeleteFingerprint { id }),
            Ui::AlwaysVerify { key, on } => act(key, KeyWish::AlwaysVerify { on }),
            Ui::LeastPin { key, characters } => act(key, KeyWish::LeastPin { characters }),
            Ui::ForcePinChange { key } => act(key, KeyWish::ForcePinChange),
            Ui::Enterprise { key } => act(key, KeyWish::Enterprise),
            Ui::Use { key } => Self::Use(KeyId::new(key)),
            Ui::Register { key, org, name } => {
                Self::Register { key: KeyId::new(key), org: OrgId::new(org), name: name.trim().to_owned() }
            }
            Ui::BeginReset { key } => Self::BeginReset(KeyId::new(key)),
            Ui::AgreeReset => Self::AgreeReset,
            Ui::EndReset => Self::EndReset,
        }
    }
}

/// The view "Keys".
pub(crate) fn keys(s: &Snapshot, zone: &TimeZone) -> UiKeys {
    let keys = &s.keys;
    UiKeys {
        looking: keys.plugged.is_none(),
        keys: keys.list().iter().map(|key| one(s, key, zone)).collect(),
        selected: keys.selected.as_ref().map(ToString::to_string),
        trouble: trouble(keys),
        running: keys.running.as_ref().map(running),
        ended: keys.last.as_ref().and_then(ended),
        unlocked: keys
            .unlocked
            .as_ref()
            .map(|open| UiKeyUnlocked { key: open.key.to_string(), until: open.until.as_millisecond() }),
        reset: keys.reset.as_ref().map(|wizard| reset(keys, wizard)),
        spare: registered::spare(s),
    }
}

/// What the window for PINs and touches asks now, if anything.
#[must_use]
pub fn prompt(s: &Snapshot) -> Option<UiPrompt> {
    let Some((running, asked)) = s.keys.pin_asked() else { return step_up::prompt(s) };
    let settings = UiSettings::from(&s.settings);
    let name = &running.key.name;
    let (title, confirm) = match asked.purpose {
        Purpose::Unlock if running.act == KeyAct::Prove => (format!("Enter the PIN of {name}"), "Continue"),
        Purpose::Unlock => (format!("Enter the PIN of {name}"), "Unlock"),
        Purpose::Prove => (format!("Enter the PIN of {name}"), "Continue"),
        Purpose::Set => (format!("Set a PIN for {name}"), "Set PIN"),
        Purpose::Change => (format!("Change the PIN of {name}"), "Change PIN"),
    };
    let body = match (asked.purpose, running.act) {
        (Purpose::Set, _) => {
            "It protects passkeys and fingerprints on the key. Nobody can look it up: forgotten, only \
                              a reset helps, which deletes every passkey."
                .to_owned()
        }
        (Purpose::Change, _) => "Passkeys and fingerprints stay as they are.".to_owned(),
        (Purpose::Prove, KeyAct::Register) => {
            "The key is registered with its PIN, which goes to the key alone.".to_owned()
        }
        (Purpose::Prove, _) => {
            "It proves that it is you. It goes to the key alone, then touch it.".to_owned()
        }
        (Purpose::Unlock, KeyAct::Prove) => match step_up::waits_for(s) {
            Some(what) => format!("For {what}. The PIN is used for this alone."),
            None => "The PIN is used for this alone.".to_owned(),
        },
        (Purpose::Unlock, KeyAct::Unlock) => "It stays unlocked for 5 min.".to_owned(),
        (Purpose::Unlock, act) => format!("{} It stays unlocked for 5 min.", wanted(act)),
    };
    Some(UiPrompt {
        number: i64::try_from(asked.number).unwrap_or(i64::MAX),
        title,
        body,
        // What was wrong says it already.
        tries: asked
            .tries
            .filter(|_| asked.purpose != Purpose::Set)
            .filter(|_| !matches!(asked.wrong, Some(KeyFault::WrongPin { .. })))
            .map(tries)
            .unwrap_or_default(),
        wrong: asked.wrong.as_ref().map(|fault| match fault {
            KeyFault::WrongPin { .. } => {
                let (title, meaning, _) = key_words::fault(fault);
                format!("{title}. {meaning}").trim().to_owned()
            }
            KeyFault::NotRecognised => {
                let (title, ..) = key_words::fault(fault);
                format!("{title}. Enter the PIN instead.")
            }
            other => line(other),
        }),
        old: asked.purpose != Purpose::Set,
        new: matches!(asked.purpose, Purpose::Set | Purpose::Change),
        least: asked.least,
        confirm: confirm.to_owned(),
        theme: settings.theme,
        text_size: settings.text_size,
        touch: None,
    })
}

/// What a PIN is needed for.
fn wanted(act: KeyAct) -> &'static str {
    match act {
        KeyAct::ListPasskeys => "The key shows its passkeys only with the PIN.",
        KeyAct::ListFingerprints => "The key shows its fingerprints only with the PIN.",
        KeyAct::DeletePasskey | KeyAct::RenamePasskey => "The key changes a passkey only with the PIN.",
        KeyAct::AddFingerprint | KeyAct::RenameFingerprint | KeyAct::DeleteFingerprint => {
            "The key changes fingerprints only with the PIN."
        }
        _ => "The key changes its settings only with the PIN.",
    }
}

fn trouble(keys: &Keys) -> Option<UiProblem> {
    if let Some(fault) = &keys.problem {
        return Some(problem(fault));
    }
    let none = keys.plugged.as_ref().is_some_and(Vec::is_empty) && keys.reset.is_none();
    none.then(|| UiProblem {
        title: "No security key found".into(),
        meaning: String::new(),
        next: "Plug in a key, or hold it to the reader.".into(),
        buttons: vec![],
        details: String::new(),
    })
}

/// How it is reached, and its serial number.
pub(crate) fn key_line(key: &Plugged) -> String {
    let reached = match key.transport {
        Transport::Usb => "USB",
        Transport::Nfc => "NFC reader",
    };
    match &key.serial {
        Some(serial) => format!("{reached}, serial {serial}"),
        None => reached.to_owned(),
    }
}

fn one(s: &Snapshot, key: &Plugged, zone: &TimeZone) -> UiKey {
    let nothing = Known::default();
    let known = s.keys.known.get(&key.id).unwrap_or(&nothing);
    UiKey {
        id: key.id.to_string(),
        name: key.name.clone(),
        line: key_line(key),
        facts: known.info.as_ref().map(|info| facts(s, key, known, info, zone)),
        trouble: known.fault.as_ref().filter(|_| known.info.is_none()).map(problem),
        passkeys: known.passkeys.as_deref().map(sites),
        fingerprints: known.fingerprints.as_ref().map(|all| {
            let named = |(n, one): (usize, &engine::model::keys::Fingerprint)| UiFingerprint {
                id: one.id.clone(),
                name: one
                    .name
                    .clone()
                    .filter(|name| !name.is_empty())
                    .unwrap_or(format!("Fingerprint {}", n + 1)),
            };
            all.iter().enumerate().map(named).collect()
        }),
    }
}

fn facts(s: &Snapshot, key: &Plugged, known: &Known, info: &Info, zone: &TimeZone) -> UiKeyFacts {
    let pin_first = info.pin == PinState::NotSet;
    UiKeyFacts {
        overview: overview(s, known, info, zone),
        about: about(info),
        identify: info.can.identify && !info.u2f_only,
        pin: (info.pin != PinState::None).then(|| pin(info)),
        passkeys: info.passkeys.map(space),
        rename_passkeys: info.can.rename_passkeys,
        fingerprints: info.fingerprints.is_some(),
        register: if info.u2f_only { Vec::new() } else { registered::places(s, known) },
        pin_first,
        advanced: UiKeyAdvanced {
            always_verify: info.can.always_verify,
            least_pin: info.can.least_pin.then_some(info.least_pin),
            force_pin_change: info.can.force_pin_change && !pin_first,
            enterprise: info.can.enterprise,
            reset: info.can.reset && !info.u2f_only && !key.identity.is_empty(),
            reset_text: match (info.u2f_only, key.transport) {
                (false, Transport::Usb) if key.identity.is_empty() => NOT_KNOWN_AGAIN,
                (true, _) => "This key has nothing that a reset could empty.",
                (_, Transport::Nfc) => "Reset works only over USB.",
                _ => "Deletes every passkey, the PIN and all fingerprints on this key.",
            }
            .to_owned(),
        },
    }
}

fn overview(s: &Snapshot, known: &Known, info: &Info, zone: &TimeZone) -> Vec<UiKeyRow> {
    let row = |label: &str, value: String, action: Option<(&str, UiKeyPage)>| UiKeyRow {
        label: label.to_owned(),
        value,
        caution: false,
        action: action.map(|(label, page)| UiKeyRowAction { label: label.to_owned(), page }),
    };
    if info.u2f_only {
        let value = "supports only U2F: it works as a second factor in a browser but holds no passkeys, and Latchkey \
                     cannot use it";
        return vec![UiKeyRow { caution: true, ..row("This key", value.into(), None) }];
    }
    let left = info.tries.map_or_else(String::new, |left| format!(", {}", tries(left)));
    let pin = match info.pin {
        PinState::None => row("PIN", NOT_HERE.into(), None),
        PinState::NotSet => row("PIN", "not set".into(), Some(("Set a PIN", UiKeyPage::Pin))),
        PinState::Set => row("PIN", format!("set{left}"), Some(("Change", UiKeyPage::Pin))),
        PinState::ChangeNeeded => {
            row("PIN", format!("must be changed{left}"), Some(("Change", UiKeyPage::Pin)))
        }
        PinState::Paused => row("PIN", "paused: unplug the key and plug it in again".into(), None),
        PinState::Blocked => {
            row("PIN", "locked for good: only a reset helps".into(), Some(("Reset…", UiKeyPage::Advanced)))
        }
    };
    let few = info.tries.is_some_and(|left| left <= 3);
    let calls = matches!(info.pin, PinState::Paused | PinState::Blocked | PinState::ChangeNeeded);
    let passkeys = match info.passkeys {
        Some(held) => row("Passkeys", space(held), Some(("Manage", UiKeyPage::Passkeys))),
        None => row("Passkeys", NOT_HERE.into(), None),
    };
    let fingerprints = match info.fingerprints {
        Some(0) => row("Fingerprints", "none yet".into(), Some(("Add one", UiKeyPage::Fingerprints))),
        Some(n) => row("Fingerprints", format!("{n} on the key"), Some(("Manage", UiKeyPage::Fingerprints))),
        None => row("Fingerprints", NOT_HERE.into(), None),
    };
    vec![
        UiKeyRow { caution: calls || few, ..pin },
        passkeys,
        fingerprints,
        row("Registered at", registered::at(s, known, zone), None),
    ]
}

fn about(info: &Info) -> Vec<UiKeyRow> {
    let fact =
        |label: &str, value: String| UiKeyRow { label: label.into(), value, caution: false, action: None };
    let mut rows = vec![fact("Versions", info.versions.join(", "))];
    if let Some(firmware) = &info.firmware {
        rows.push(fact("Firmware", firmware.clone()));
    }
    rows.push(fact("Algorithms", info.algorithms.join(", ")));
    let ways: Vec<_> = info.transports.iter().map(|way| way.to_uppercase()).collect();
    rows.push(fact("Connections", ways.join(", ")));
    if let Some(aaguid) = &info.aaguid {
        rows.push(fact("Model (AAGUID)", aaguid.clone()));
    }
    rows.retain(|row| !row.value.is_empty());
    rows
}

fn space(held: Space) -> String {
    match (held.used, held.left) {
        (Some(used), Some(left)) => format!("{used} of {} used", used.saturating_add(left)),
        (Some(used), None) => format!("{used} on the key"),
        (None, Some(left)) => format!("room for {left} more"),
        (None, None) => "on the key, seen with the PIN".to_owned(),
    }
}

fn pin(info: &Info) -> UiKeyPin {
    let left = info
        .tries
        .map_or_else(String::new, |left| format!(" {} before the key locks.", capital(&tries(left))));
    UiKeyPin {
        text: match info.pin {
            PinState::None | PinState::NotSet => {
                "No PIN is set. Passkeys and fingerprints need one.".to_owned()
            }
            PinState::Set => format!("A PIN is set.{left}"),
            PinState::ChangeNeeded => {
                format!("The key asks for another PIN before it does anything else.{left}")
            }
            PinState::Paused => line(&KeyFault::PinPaused),
            PinState::Blocked => line(&KeyFault::PinBlocked),
        },
        rule: format!("{} to 63 characters; accents and emoji count as several.", info.least_pin.max(4)),
        unset: info.pin == PinState::NotSet,
        open: matches!(info.pin, PinState::NotSet | PinState::Set | PinState::ChangeNeeded),
    }
}

fn sites(passkeys: &[Passkey]) -> Vec<UiKeySite> {
    let mut sites: BTreeMap<&str, Vec<UiPasskey>> = BTreeMap::new();
    for one in passkeys {
        let user = if one.user.is_empty() { "an unnamed user" } else { &one.user };
        sites.entry(&one.site).or_default().push(UiPasskey {
            id: one.id.clone(),
            user: user.to_owned(),
            display: one.display.clone(),
            protection: match one.protection {
                Protection::Optional => "Touch is enough, if the site agrees",
                Protection::UnlessNamed => "PIN or fingerprint, unless the site knows it",
                Protection::Always => "Always PIN or fingerprint",
            }
            .to_owned(),
            delete_text: format!(
                "Delete passkey for {user} at {}? You may be locked out there if it is your only way to sign in. This \
                 cannot be undone.",
                one.site
            ),
        });
    }
    sites.into_iter().map(|(site, passkeys)| UiKeySite { site: site.to_owned(), passkeys }).collect()
}

fn running(now: &Running) -> UiKeyRunning {
    let what = purpose(now.act);
    let name = &now.key.name;
    let (title, text) = match &now.step {
        Step::Working => (what.trim_end_matches('.').to_owned(), format!("Leave {name} where it is.")),
        Step::Pin(_) => ("Enter the PIN".to_owned(), "A window of its own asks for it.".to_owned()),
        Step::Touch => (format!("Touch {name}"), what.to_owned()),
        Step::Verify => ("Reading fingerprint".to_owned(), format!("Put your finger on {name}.")),
        Step::Sample { good, of, hint: lacking } => {
            let next = if *good == 0 { "Touch the sensor of" } else { "Lift and touch" };
            let again = if *good == 0 { format!("{next} {name}.") } else { format!("{next} again.") };
            let lacking = lacking.map(hint).unwrap_or_default();
            let sample = format!("Sample {} of {}", good.saturating_add(1).min(*of), of);
            (sample, format!("{lacking} {again}").trim().to_owned())
        }
    };
    UiKeyRunning {
        key: now.key.id.to_string(),
        title,
        text,
        step: match &now.step {
            Step::Working => UiKeyStep::Working,
            Step::Pin(_) => UiKeyStep::Pin,
            Step::Touch => UiKeyStep::Touch,
            Step::Verify => UiKeyStep::Verify,
            Step::Sample { good, of, .. } => UiKeyStep::Sample { good: *good, of: *of },
        },
        until: now.until.map(Timestamp::as_millisecond),
        quiet: now.act.is_a_look() || (now.step == Step::Working && !now.act.changes()),
    }
}

fn ended(last: &Finished) -> Option<UiKeyEnded> {
    let key = last.key.id.to_string();
    match &last.result {
        Ok(()) => {
            let text = key_words::done(last.act)?.to_owned();
            Some(UiKeyEnded::Done { key, text, at: last.at.as_millisecond() })
        }
        Err(fault) => Some(UiKeyEnded::Failed { key, problem: problem(fault) }),
    }
}

fn reset(keys: &Keys, wizard: &Reset) -> UiKeyReset {
    let Plugged { id, name, serial, .. } = &wizard.key;
    let which = serial.as_deref().map_or_else(String::new, |serial| format!(" ending {}", tail(serial)));
    UiKeyReset {
        title: format!("Reset {name}"),
        step: match wizard.step {
            ResetStep::Lost => UiResetStep::Lost,
            ResetStep::Unplug => UiResetStep::Unplug,
            ResetStep::Plug => UiResetStep::Plug,
            ResetStep::Touch { .. } => UiResetStep::Touch,
            ResetStep::Done => UiResetStep::Done,
        },
        lost: lost(keys, id),
        meaning: "Accounts that know this key keep running, but this key will no longer open them.".into(),
        agree: agreement(keys, id),
        text: match wizard.step {
            ResetStep::Lost => "Nothing is erased before the last step.".to_owned(),
            ResetStep::Unplug => format!("Unplug {name}{which} now."),
            ResetStep::Plug => {
                format!("Plug the same key{which} in again. Be ready to touch it within 10 s.")
            }
            ResetStep::Touch { .. } => "Touch the key now to erase it.".to_owned(),
            ResetStep::Done => format!("{name} is empty. It has no PIN and no passkeys."),
        },
        sameness: match wizard.key.sameness {
            Sameness::Serial => String::new(),
            Sameness::Port => {
                "The key tells no serial number. Latchkey knows it by its model and its USB port: use the \
                               same port."
                    .to_owned()
            }
            Sameness::Model => {
                "The key tells no serial number. Latchkey knows it by its model alone: make sure that it \
                                is this one."
                    .to_owned()
            }
        },
        fault: wizard.fault.as_ref().map(|fault| match fault {
            KeyFault::TimedOut { undone: Undone::Nothing } => {
                "Not confirmed in time. Nothing was erased. Start the plug-in step again.".to_owned()
            }
            KeyFault::SeveralKeys => {
                "Unplug the other key first, so that the wrong one is not erased.".to_owned()
            }
            KeyFault::OverNfc => "Reset works only over USB.".to_owned(),
            KeyFault::NotSupported => NOT_KNOWN_AGAIN.to_owned(),
            other => line(other),
        }),
        blocked: matches!(
            wizard.fault,
            Some(KeyFault::OverNfc | KeyFault::SeveralKeys | KeyFault::NotSupported)
        ) && wizard.step == ResetStep::Lost,
        until: match wizard.step {
            ResetStep::Touch { until } => Some(until.as_millisecond()),
            _ => None,
        },
    }
}

/// What is on a key, as far as it is known: by name where the PIN was entered.
fn lost(keys: &Keys, id: &KeyId) -> Vec<String> {
    let known = keys.known.get(id);
    let info = known.and_then(|known| known.info.as_ref());
    let mut lost = Vec::new();
    if let Some(all) = known.and_then(|known| known.passkeys.as_ref()) {
        lost.extend(all.iter().map(|one| format!("The passkey of {} at {}", one.user, one.site)));
    } else {
        lost.push(match info.and_then(|info| info.passkeys).and_then(|held| held.used) {
            Some(used) => count(usize::try_from(used).unwrap_or(usize::MAX), "passkey"),
            None => "Every passkey on it".to_owned(),
        });
    }
    if info.is_none_or(|info| !matches!(info.pin, PinState::None | PinState::NotSet)) {
        lost.push("Its PIN".to_owned());
    }
    match info.and_then(|info| info.fingerprints) {
        Some(n) if n > 0 => lost.push(count(usize::try_from(n).unwrap_or(usize::MAX), "fingerprint")),
        _ => {}
    }
    lost.push("Its registration as a second factor, wherever it has one".to_owned());
    lost
}

fn agreement(keys: &Keys, id: &KeyId) -> String {
    let passkeys = keys.known.get(id).and_then(|known| known.passkeys.as_ref());
    let sites: std::collections::BTreeSet<_> = passkeys.into_iter().flatten().map(|one| &one.site).collect();
    match sites.len() {
        0 => "I have another way to sign in wherever I use this key".to_owned(),
        1 => "I have another way to sign in to this site".to_owned(),
        n => format!("I have another way to sign in to these {n} sites"),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
