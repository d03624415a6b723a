//! The window may call only what it does call: each permitted command is one that `ui/src/host` uses.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{assert_none, files, root, text};

/// What of Tauri's own the window may use: the state event, and nothing that reaches files, the
/// shell, the network or another window.
const OF_TAURI: &[&str] = &["core:event:allow-listen", "core:event:allow-unlisten"];

/// What the windows for PINs and touches may do.
const IN_PROMPTS: &[&str] = &[
    "allow-prompt",
    "allow-enter-pin",
    "allow-give-up",
    "allow-allow",
    "allow-another-key",
    "core:event:allow-listen",
];

#[test]
fn a_window_may_call_only_the_commands_it_uses() {
    let used = commands_used();
    let mut breaches = Vec::new();
    let mut permitted = BTreeSet::new();
    for (place, capability) in capabilities() {
        for permission in permissions(&capability) {
            match permission.strip_prefix("allow-") {
                Some(command) => {
                    if !used.contains(&command.replace('-', "_")) {
                        breaches.push(format!("{place}: {permission}: ui/src/host does not call it"));
                    }
                    permitted.insert(command.replace('-', "_"));
                }
                None if OF_TAURI.contains(&permission.as_str()) => {}
                None => breaches.push(format!("{place}: {permission}: not in tests/tidy/capabilities.rs")),
            }
        }
        if capability.get("remote").is_some() {
            breaches.push(format!("{place}: no page from the network may call commands"));
        }
    }
    for command in used.difference(&permitted) {
        breaches.push(format!("ui/src/host calls {command}, which no capability permits"));
    }
    assert!(!permitted.is_empty(), "no capability was found in src-tauri/app/capabilities");
    assert_none("capabilities and the window's calls differ", &breaches);
}

/// A PIN is entered in windows that are for nothing else, and by one command.
#[test]
fn a_pin_comes_out_of_the_window_for_it_alone() {
    let mut breaches = Vec::new();
    let mut windows_for_it = 0;
    for (place, capability) in capabilities() {
        let windows: Vec<_> =
            capability["windows"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let for_pins = windows == ["prompt-*"] && capability.get("webviews").is_none();
        let enters = permissions(&capability).iter().any(|one| one == "allow-enter-pin");
        if enters && !for_pins {
            breaches.push(format!("{place}: {windows:?} may call enter_pin"));
        }
        // What else such a window may do would be done beside a PIN.
        if windows.iter().any(|name| name.starts_with("prompt")) {
            let more = permissions(&capability).into_iter().filter(|one| !IN_PROMPTS.contains(&one.as_str()));
            breaches.extend(more.map(|one| format!("{place}: {one} in a window for PINs")));
        }
        if windows.contains(&"*") {
            breaches.push(format!("{place}: for every window, those for PINs among them"));
        }
        windows_for_it += usize::from(enters && for_pins);
    }
    assert_eq!(windows_for_it, 1, "no capability lets a window enter a PIN");
    assert_none("capabilities let a PIN elsewhere", &breaches);
}

#[test]
fn the_content_policy_is_strict() {
    let config: Value = serde_json::from_str(&text("tauri.conf.json")).expect("tauri.conf.json is JSON");
    let security = &config["app"]["security"];
    let policy = match &security["csp"] {
        Value::String(policy) => policy.clone(),
        Value::Object(parts) => parts
            .iter()
            .map(|(name, value)| {
                format!("{name} {}", value.as_str().expect("a directive's sources are one text"))
            })
            .collect::<Vec<_>>()
            .join("; "),
        other => panic!("tauri.conf.json has no content policy: {other}"),
    };
    assert!(policy.contains("default-src 'self'") || policy.contains("default-src 'none'"), "{policy}");
    for hole in ["unsafe-inline", "unsafe-eval", "https:", "*"] {
        assert!(!policy.contains(hole), "the content policy has a hole, {hole}: {policy}");
    }
    assert!(security.get("dangerousDisableAssetCspModification").is_none(), "Tauri must add its nonces");
    assert!(config["build"].get("devUrl").is_none(), "a devUrl lets whatever listens there be the window");
    assert_ne!(config["app"]["withGlobalTauri"], true, "the window reaches Tauri through ui/src/host only");
}

/// Each capability with the file it stands in, whether it has its own or lies in `tauri.conf.json`.
fn capabilities() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for file in files() {
        if file.starts_with("src-tauri/app/") && file.contains("capabilities") && file.ends_with(".json") {
            let value: Value =
                serde_json::from_str(&text(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            found.push((file, value));
        }
    }
    let config: Value = serde_json::from_str(&text("tauri.conf.json")).expect("tauri.conf.json is JSON");
    for capability in config["app"]["security"]["capabilities"].as_array().into_iter().flatten() {
        if capability.is_object() {
            found.push(("tauri.conf.json".to_owned(), capability.clone()));
        }
    }
    assert!(root().join("tauri.conf.json").is_file());
    found
}

/// A permission is a name, or an object that narrows one.
fn permissions(capability: &Value) -> Vec<String> {
    capability["permissions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.as_str().or_else(|| entry["identifier"].as_str()))
        .map(str::to_owned)
        .collect()
}

/// The names in `invoke("…")` of the window's host.
fn commands_used() -> BTreeSet<String> {
    let mut commands = BTreeSet::new();
    for file in files().iter().filter(|file| file.starts_with("ui/src/host/") && file.ends_with(".ts")) {
        let source = text(file);
        for (at, _) in source.match_indices("invoke") {
            // A type argument may stand between: invoke<UiState>("state").
            let Some(call) = source[at..].split_once('(').map(|(_, rest)| rest.trim_start()) else {
                continue;
            };
            let Some(quote) = call.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            if let Some(end) = call[1..].find(quote) {
                commands.insert(call[1..=end].to_owned());
            }
        }
    }
    assert!(!commands.is_empty(), "ui/src/host calls no command");
    commands
}
