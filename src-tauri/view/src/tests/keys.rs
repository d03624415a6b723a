//! What is said of security keys.

use crate::{
    fixture::{minutes, now, snapshot, zone},
    key_words::line,
    keys::prompt,
    problem::{About, problem},
    ui_keys::{UiKeyEnded, UiKeyPage, UiKeyStep, UiResetStep},
    ui_state,
};
use engine::{
    Snapshot,
    model::{
        code::Code,
        ids::OrgId,
        keys::{
            Can, Info, KeyAct, KeyFault, KeyId, Learnt, Passkey, PinState, Plugged, Protection, Purpose,
            Registered, Reset, Sameness, SampleHint, Space, Step, Transport, Undone,
        },
    },
};

/// Every fault.
pub(crate) fn faults() -> Vec<KeyFault> {
    let all = vec![
        KeyFault::WrongPin { left: Some(5) },
        KeyFault::WrongPin { left: None },
        KeyFault::KnownAlready,
        KeyFault::Cloned,
        KeyFault::Refused,
        KeyFault::PinPaused,
        KeyFault::PinBlocked,
        KeyFault::PinNotSet,
        KeyFault::PinTooShort { least: 6 },
        KeyFault::PinTooLong,
        KeyFault::PinRefused,
        KeyFault::PinChangeNeeded,
        KeyFault::PinNeeded,
        KeyFault::NotSupported,
        KeyFault::Busy,
        KeyFault::NotAllowed,
        KeyFault::NotElevated,
        KeyFault::Removed { undone: Undone::Nothing },
        KeyFault::Removed { undone: Undone::LastStep },
        KeyFault::Cancelled { undone: Undone::Nothing },
        KeyFault::Cancelled { undone: Undone::LastStep },
        KeyFault::TimedOut { undone: Undone::Nothing },
        KeyFault::TimedOut { undone: Undone::LastStep },
        KeyFault::Declined,
        KeyFault::PinIsSet,
        KeyFault::U2fOnly,
        KeyFault::Full,
        KeyFault::NotRegistered,
        KeyFault::RegisteredAlready,
        KeyFault::ForeignSite { site: "evil.test".into() },
        KeyFault::NotRecognised,
        KeyFault::OverNfc,
        KeyFault::SeveralKeys,
        KeyFault::OtherKey { serial: Some("12345678".into()) },
        KeyFault::OtherKey { serial: None },
        KeyFault::InUse,
        KeyFault::Gone,
        KeyFault::NoAnswer { what: "status 0x7f".into() },
        KeyFault::Unavailable { reason: "no service".into() },
    ];
    for fault in &all {
        match fault {
            KeyFault::WrongPin { .. } | KeyFault::PinPaused | KeyFault::PinBlocked | KeyFault::PinNotSet => {}
            KeyFault::PinTooShort { .. } | KeyFault::PinTooLong | KeyFault::PinRefused => {}
            KeyFault::PinChangeNeeded | KeyFault::PinNeeded | KeyFault::NotSupported | KeyFault::Busy => {}
            KeyFault::NotAllowed | KeyFault::NotElevated | KeyFault::Removed { .. } => {}
            KeyFault::Cancelled { .. } | KeyFault::TimedOut { .. } | KeyFault::Declined => {}
            KeyFault::U2fOnly | KeyFault::Full | KeyFault::PinIsSet => {}
            KeyFault::RegisteredAlready | KeyFault::ForeignSite { .. } => {}
            KeyFault::NotRegistered | KeyFault::NotRecognised | KeyFault::OverNfc => {}
            KeyFault::SeveralKeys | KeyFault::OtherKey { .. } | KeyFault::InUse | KeyFault::Gone => {}
            KeyFault::NoAnswer { .. } | KeyFault::Unavailable { .. } => {}
            KeyFault::KnownAlready | KeyFault::Cloned | KeyFault::Refused => {}
        }
    }
    all
}

/// Every act.
pub(crate) fn acts() -> Vec<KeyAct> {
    use KeyAct as Act;
    let keys = [Act::Look, Act::Identify, Act::SetPin, Act::ChangePin, Act::Unlock, Act::Reset, Act::Prove];
    let passkeys = [Act::ListPasskeys, Act::DeletePasskey, Act::RenamePasskey];
    let fingers =
        [Act::ListFingerprints, Act::AddFingerprint, Act::RenameFingerprint, Act::DeleteFingerprint];
    let settings = [Act::AlwaysVerify, Act::LeastPin, Act::ForcePinChange, Act::Enterprise];
    let sites = [Act::Authenticate, Act::Register, Act::Find];
    [&keys[..], &passkeys, &fingers, &settings, &sites].concat()
}

pub(crate) fn key() -> Plugged {
    Plugged {
        id: KeyId::new("usb:1"),
        name: "YubiKey 5C NFC".into(),
        transport: Transport::Usb,
        serial: Some("12345678".into()),
        identity: "1050:0407/12345678".into(),
        sameness: Sameness::Serial,
    }
}

pub(crate) fn info() -> Info {
    Info {
        model: None,
        versions: vec!["FIDO_2_1".into(), "U2F_V2".into()],
        aaguid: Some("2fc0579f-8113-47ea-b116-bb5a8db9202a".into()),
        firmware: Some("5.7.1".into()),
        algorithms: vec!["ES256".into(), "EdDSA".into()],
        transports: vec!["usb".into(), "nfc".into()],
        u2f_only: false,
        pin: PinState::Set,
        tries: Some(8),
        least_pin: 4,
        passkeys: Some(Space { used: Some(12), left: Some(88) }),
        fingerprints: None,
        can: Can { identify: true, rename_passkeys: true, reset: true, ..Can::default() },
    }
}

fn passkey(user: &str, site: &str) -> Passkey {
    let protection = Protection::Always;
    Passkey {
        id: format!("{user}{site}"),
        site: site.into(),
        user: user.into(),
        display: String::new(),
        protection,
    }
}

fn plugged(info: Info) -> Snapshot {
    let mut s = snapshot();
    s.keys.seen(vec![key()], now());
    s.keys.learn(&key().id, Learnt { info: Some(info), ..Learnt::default() });
    s
}

fn shown(s: &Snapshot) -> crate::ui_keys::UiKeys {
    ui_state(s, &crate::Around::default(), &zone()).keys
}

#[test]
fn the_overview_says_what_the_key_has_and_what_it_cannot() {
    let overview = |info| {
        let shown = shown(&plugged(info));
        let facts = shown.keys[0].facts.clone().unwrap();
        facts.overview.into_iter().map(|row| format!("{}: {}", row.label, row.value)).collect::<Vec<_>>()
    };
    assert_eq!(
        overview(info())[..3],
        [
            "PIN: set, 8 attempts left".to_owned(),
            "Passkeys: 12 of 100 used".to_owned(),
            "Fingerprints: not available on this key".to_owned()
        ]
    );
    let few = overview(Info { tries: Some(1), passkeys: None, fingerprints: Some(2), ..info() });
    assert_eq!(
        few[..3],
        [
            "PIN: set, 1 attempt left".to_owned(),
            "Passkeys: not available on this key".to_owned(),
            "Fingerprints: 2 on the key".to_owned()
        ]
    );
    let old = shown(&plugged(Info { u2f_only: true, ..info() })).keys[0].facts.clone().unwrap();
    assert_eq!((old.overview.len(), old.identify, old.advanced.reset), (1, false, false));
    assert!(old.overview[0].value.contains("supports only U2F") && old.overview[0].caution);
}

#[test]
fn without_a_pin_the_first_thing_is_to_set_one() {
    let shown = shown(&plugged(Info { pin: PinState::NotSet, tries: None, ..info() }));
    let facts = shown.keys[0].facts.clone().unwrap();
    assert!(facts.pin_first && facts.pin.as_ref().unwrap().unset);
    let action = facts.overview[0].action.clone().unwrap();
    assert_eq!((action.label.as_str(), action.page), ("Set a PIN", UiKeyPage::Pin));
}

#[test]
fn the_question_for_a_pin_says_what_for_and_what_was_wrong() {
    let mut s = plugged(info());
    assert_eq!(prompt(&s), None);
    s.keys.begin(&key().id, KeyAct::ListPasskeys).unwrap();
    s.keys.ask_pin(Purpose::Unlock, None);
    let first = prompt(&s).unwrap();
    assert_eq!(first.title, "Enter the PIN of YubiKey 5C NFC");
    assert_eq!((first.tries.as_str(), first.old, first.new), ("8 attempts left", true, false));
    s.keys.ask_pin(Purpose::Unlock, Some(KeyFault::WrongPin { left: Some(5) }));
    let again = prompt(&s).unwrap();
    assert_eq!(again.wrong.as_deref(), Some("Wrong PIN. 5 attempts left before the key locks."));
    assert_eq!(again.tries, "", "it is said once");
    assert_ne!(again.number, first.number, "another question, and another window");
    s.keys.ask_pin(Purpose::Change, Some(KeyFault::PinTooShort { least: 6 }));
    let change = prompt(&s).unwrap();
    assert!(change.old && change.new);
    assert!(change.wrong.unwrap().starts_with("That PIN is too short."));
    // A finger was tried before.
    s.keys.ask_pin(Purpose::Unlock, Some(KeyFault::NotRecognised));
    let wrong = prompt(&s).unwrap().wrong;
    assert_eq!(wrong.as_deref(), Some("The fingerprint was not recognised. Enter the PIN instead."));
}

#[test]
fn passkeys_stand_by_site_and_what_deleting_means_is_said() {
    let mut s = plugged(info());
    let passkeys =
        vec![passkey("sam", "login.acme.test"), passkey("kim", "a.test"), passkey("kim", "login.acme.test")];
    s.keys.learn(&key().id, Learnt { passkeys: Some(passkeys), ..Learnt::default() });
    let sites = shown(&s).keys[0].passkeys.clone().unwrap();
    let names: Vec<_> = sites.iter().map(|site| (site.site.as_str(), site.passkeys.len())).collect();
    assert_eq!(names, [("a.test", 1), ("login.acme.test", 2)]);
    assert_eq!(
        sites[1].passkeys[0].delete_text,
        "Delete passkey for sam at login.acme.test? You may be locked out there if it is your only way to sign in. \
         This cannot be undone."
    );
}

#[test]
fn a_sample_says_which_it_is_and_what_the_last_one_lacked() {
    let mut s = plugged(info());
    let no = s.keys.begin(&key().id, KeyAct::AddFingerprint).unwrap();
    s.keys.step(no, Step::Sample { good: 2, of: 5, hint: Some(SampleHint::TooFast) }, now());
    let running = shown(&s).running.unwrap();
    assert_eq!(running.title, "Sample 3 of 5");
    assert_eq!(running.text, "Too fast. Lift and touch again.");
    assert_eq!(running.step, UiKeyStep::Sample { good: 2, of: 5 });
    assert!(running.until.is_some() && !running.quiet);
}

#[test]
fn the_wizard_names_what_is_lost_and_the_key_that_is_meant() {
    let mut s = plugged(info());
    s.keys.learn(
        &key().id,
        Learnt {
            passkeys: Some(vec![passkey("sam", "login.acme.test"), passkey("kim", "a.test")]),
            ..Learnt::default()
        },
    );
    s.keys.reset = Some(Reset::of(key()));
    let first = shown(&s).reset.unwrap();
    assert!(first.lost.contains(&"The passkey of sam at login.acme.test".to_owned()), "{:?}", first.lost);
    assert!(first.lost.contains(&"Its PIN".to_owned()));
    assert_eq!(first.agree, "I have another way to sign in to these 2 sites");
    let agreed = s.keys.reset.take().unwrap().agreed(&[key()]);
    s.keys.reset = Some(agreed.seen(&[], now()));
    let other = Plugged { identity: "other".into(), id: KeyId::new("usb:2"), ..key() };
    s.keys.seen(vec![other], minutes(1));
    let wrong = shown(&s).reset.unwrap();
    assert_eq!(wrong.step, UiResetStep::Plug);
    assert_eq!(
        wrong.fault.as_deref(),
        Some("That is a different key. Nothing was erased. Plug in the one ending 5678.")
    );
}

#[test]
fn a_key_that_cannot_be_known_again_is_not_reset_and_the_wizard_says_why() {
    let mut s = plugged(info());
    let unknown = Plugged { identity: String::new(), serial: None, ..key() };
    s.keys.seen(vec![unknown.clone()], now());
    let facts = shown(&s).keys[0].facts.clone().unwrap();
    assert!(!facts.advanced.reset && facts.advanced.reset_text.contains("cannot be reset here"));
    s.keys.reset = Some(Reset::of(unknown));
    let first = shown(&s).reset.unwrap();
    assert!(first.blocked);
    assert_eq!(
        first.fault.as_deref(),
        Some("Nothing tells this key from another when it is plugged in again, so it cannot be reset here.")
    );
}

#[test]
fn what_a_key_tells_of_its_model_is_told() {
    let about = |info| {
        let facts = shown(&plugged(info)).keys[0].facts.clone().unwrap();
        facts.about.into_iter().map(|row| format!("{}: {}", row.label, row.value)).collect::<Vec<_>>()
    };
    assert_eq!(
        about(info()),
        [
            "Versions: FIDO_2_1, U2F_V2",
            "Firmware: 5.7.1",
            "Algorithms: ES256, EdDSA",
            "Connections: USB, NFC",
            "Model (AAGUID): 2fc0579f-8113-47ea-b116-bb5a8db9202a",
        ]
    );
    // What it does not tell has no row.
    let silent = Info { firmware: None, aaguid: None, algorithms: vec![], transports: vec![], ..info() };
    assert_eq!(about(silent), ["Versions: FIDO_2_1, U2F_V2"]);
}

#[test]
fn what_cannot_be_reached_is_explained_with_a_way_out() {
    let mut s = snapshot();
    assert!(shown(&s).looking);
    s.keys.seen(vec![], now());
    assert_eq!(shown(&s).trouble.unwrap().title, "No security key found");
    s.keys.problem = Some(KeyFault::NotAllowed);
    let trouble = shown(&s).trouble.unwrap();
    let labels: Vec<_> = trouble.buttons.iter().map(|b| b.label.as_str()).collect();
    assert_eq!(labels, ["Copy command", "Check again"]);
    s.keys.problem = Some(KeyFault::NotElevated);
    let trouble = shown(&s).trouble.unwrap();
    let labels: Vec<_> = trouble.buttons.iter().map(|b| b.label.as_str()).collect();
    assert_eq!(labels, ["Open Windows security key settings", "Restart as administrator"]);
}

#[test]
fn what_an_operation_came_to_is_said_once() {
    let mut s = plugged(info());
    let no = s.keys.begin(&key().id, KeyAct::ChangePin).unwrap();
    s.keys.end(no, Ok(()), now());
    assert!(matches!(shown(&s).ended, Some(UiKeyEnded::Done { text, .. }) if text == "The PIN is changed."));
    let no = s.keys.begin(&key().id, KeyAct::DeletePasskey).unwrap();
    s.keys.end(no, Err(KeyFault::Removed { undone: Undone::LastStep }), now());
    let Some(UiKeyEnded::Failed { problem, .. }) = shown(&s).ended else { panic!("it failed") };
    assert_eq!(
        (problem.title.as_str(), problem.meaning.as_str()),
        ("The key was removed", "The last step was not completed.")
    );
}

#[test]
fn one_key_alone_is_a_reason_to_remind_of_a_spare_one() {
    let mut s = plugged(info());
    let registered = |name: &str| Registered { name: name.into(), added: None, credential: None };
    assert_eq!(shown(&s).spare, None);
    s.keys.registered.insert(OrgId::new("acme"), vec![registered("desk")]);
    assert!(shown(&s).spare.unwrap().contains("only one security key at Acme"));
    s.keys.registered.insert(OrgId::new("acme"), vec![registered("desk"), registered("safe")]);
    assert_eq!(shown(&s).spare, None);
}

#[test]
fn no_fault_is_said_without_a_next_step() {
    for fault in faults() {
        let said = problem(&Code::SecurityKey { fault: fault.clone() }, &About::default());
        assert!(!said.title.is_empty() && said.next.ends_with('.'), "{fault:?}: {said:?}");
        assert!(!line(&fault).contains("  "), "{fault:?}");
        if format!("{fault:?}").contains("LastStep") {
            assert!(!line(&fault).contains("Nothing was"), "{fault:?}: it may be done");
        }
    }
}
