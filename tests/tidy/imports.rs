//! Who may import whom, as `src-tauri/README.md` says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{assert_none, files, metadata, text};

/// A crate of ours, the crates of ours it may use, and the outside crates it must not know. Crates
/// that come with later work have their row already.
const RULES: &[(&str, &[&str], &[&str])] = &[
    ("link", &[], &["tauri", "tokio"]),
    ("aws-files", &[], &["tauri", "tokio"]),
    ("keys", &[], &["tauri"]),
    ("engine", &[], &["tauri", "reqwest", "keyring", "keyring-core", "rusqlite", "oauth2", "notify-rust"]),
    ("adapters", &["engine", "link", "aws-files", "keys"], &["tauri", "notify-rust"]),
    ("view", &["engine"], &["tauri", "tokio", "reqwest", "rusqlite", "keyring"]),
    ("latch", &["link", "view", "engine", "adapters"], &["tauri"]),
    ("latchkey", &["link", "aws-files", "keys", "engine", "adapters", "view"], &["rusqlite", "reqwest"]),
    ("server", &[], &["tauri", "keyring", "keyring-core", "notify-rust"]),
    ("bare", &[], &[]),
    ("floor", &[], &["tauri"]),
    ("who", &[], &[]),
    ("vicc", &["keys", "engine", "adapters"], &["tauri"]),
    (
        "tests",
        &["link", "aws-files", "keys", "vicc", "engine", "adapters", "view", "latch", "server"],
        &["tauri"],
    ),
];

#[test]
fn crates_import_only_what_the_map_allows() {
    let metadata = metadata();
    let rules: BTreeMap<&str, (&[&str], &[&str])> =
        RULES.iter().map(|(name, ours, outside)| (*name, (*ours, *outside))).collect();
    let members = members(metadata);
    let names: BTreeSet<&str> = members.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut breaches = Vec::new();
    for package in &members {
        let name = package["name"].as_str().expect("a package has a name");
        let Some((allowed, forbidden)) = rules.get(name) else {
            breaches.push(format!("{name} has no row in tests/tidy/imports.rs"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().expect("a dependency has a name");
            let for_tests = dependency["kind"] == "dev";
            if names.contains(to) && !allowed.contains(&to) {
                breaches.push(format!("{name} imports {to}, and may import only {allowed:?} of ours"));
            }
            if !for_tests
                && forbidden
                    .iter()
                    .any(|outside| to == *outside || to.starts_with(&format!("{outside}-plugin")))
            {
                breaches.push(format!("{name} imports {to}, which it must not know"));
            }
        }
    }
    assert_none("a crate imports what it must not", &breaches);
}

/// The tests start built programs; linking WebKitGTK into them would cost every build minutes.
#[test]
fn the_tests_do_not_reach_tauri() {
    let metadata = metadata();
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    let start = members(metadata)
        .into_iter()
        .find(|package| package["name"] == "tests")
        .and_then(|package| package["id"].as_str())
        .expect("the workspace has a package `tests`");
    let (mut seen, mut left) = (BTreeSet::new(), vec![start]);
    while let Some(id) = left.pop() {
        if !seen.insert(id) {
            continue;
        }
        assert!(
            !id.contains("#tauri@"),
            "the package `tests` reaches tauri: see `cargo tree -p tests -i tauri`"
        );
        let node = nodes.get(id).unwrap_or_else(|| panic!("cargo metadata resolves {id}"));
        left.extend(node["dependencies"].as_array().into_iter().flatten().filter_map(Value::as_str));
    }
    assert!(seen.len() > 10, "the graph was not walked: {} packages", seen.len());
}

/// `engine/src/model` is what is true: pure values and decisions.
#[test]
fn the_model_knows_no_world() {
    let banned = [
        "tokio",
        "std::fs",
        "std::net",
        "std::process",
        "std::env",
        "reqwest",
        "async fn",
        ".await",
        "Timestamp::now",
        "Zoned::now",
        "SystemTime",
        "Instant",
        "rand::",
        "crate::ports",
    ];
    let mut breaches = Vec::new();
    let model: Vec<String> = files()
        .into_iter()
        .filter(|file| file.starts_with("src-tauri/engine/src/model/") && file.ends_with(".rs"))
        .collect();
    assert!(!model.is_empty(), "engine/src/model is where the model lies");
    for file in model {
        for (number, line) in text(&file).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in banned.iter().filter(|word| code.contains(**word)) {
                breaches.push(format!("{file}:{}: {word}", number + 1));
            }
        }
    }
    assert_none("the model takes time, chance and the world as arguments", &breaches);
}

fn members(metadata: &Value) -> Vec<&Value> {
    let ids: BTreeSet<&str> =
        metadata["workspace_members"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|package| package["id"].as_str().is_some_and(|id| ids.contains(id)))
        .collect()
}
