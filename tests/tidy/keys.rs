//! Virtual security keys are for tests: nothing that is shipped may carry one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use anyhow::{Result, ensure};
use support::programs;

use super::{assert_none, metadata};

/// What is a key without being one.
const VIRTUAL: &[&str] =
    &["vicc", "opensk", "fido-authenticator", "trussed", "soft-fido2", "passkey-authenticator"];
/// Features by which the library itself plays a key.
const PLAYING: &[&str] = &["softtoken", "softpasskey"];

#[test]
fn nothing_that_is_shipped_carries_a_virtual_key() {
    let metadata = metadata();
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    let names: BTreeMap<&str, &str> = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
        .collect();
    let mut breaches = Vec::new();
    for shipped in ["latchkey", "latch", "server"] {
        let start = names.iter().find(|(_, name)| **name == shipped).map(|(id, _)| *id);
        let start = start.unwrap_or_else(|| panic!("the workspace has a package `{shipped}`"));
        let (mut seen, mut left) = (BTreeSet::new(), vec![start]);
        while let Some(id) = left.pop() {
            if !seen.insert(id) {
                continue;
            }
            let (name, node) = (names[id], nodes[id]);
            if VIRTUAL.contains(&name) {
                breaches.push(format!("{shipped} carries {name}"));
            }
            let features = node["features"].as_array().into_iter().flatten().filter_map(Value::as_str);
            if name == "webauthn-authenticator-rs" {
                breaches.extend(
                    features
                        .filter(|feature| PLAYING.contains(feature))
                        .map(|feature| format!("{shipped} carries {name} with {feature}")),
                );
            }
            let for_all = |dependency: &&Value| {
                let kinds = dependency["dep_kinds"].as_array().into_iter().flatten();
                kinds.into_iter().any(|kind| kind["kind"] != "dev")
            };
            let dependencies = node["deps"].as_array().into_iter().flatten().filter(for_all);
            left.extend(dependencies.filter_map(|dependency| dependency["pkg"].as_str()));
        }
        assert!(seen.len() > 10, "the graph of {shipped} was not walked: {} packages", seen.len());
    }
    assert_none("virtual keys live in tests/ alone", &breaches);
}

/// As they stand in a program: in the names of symbols, and in the paths that panics tell, which a program without
/// symbols has too.
const IN_PROGRAMS: &[&str] = &[
    "6opensk",
    "/opensk-0",
    "18fido_authenticator",
    "/fido-authenticator-0",
    "7trussed",
    "/trussed-0",
    "10soft_fido2",
];

/// Of these, what the virtual key itself has inside.
const FIRMWARE: [&str; 6] =
    ["6opensk", "/opensk-0", "18fido_authenticator", "/fido-authenticator-0", "7trussed", "/trussed-0"];

/// The graph of crates is what is meant to be linked; this is what was.
#[test]
fn no_built_program_has_one_inside() -> Result<()> {
    // Hundreds of megabytes, which grep reads many times faster than an unoptimised test.
    let holds = |program: &std::path::Path| -> Result<BTreeSet<String>> {
        let mut grep = std::process::Command::new("grep");
        grep.args(["--text", "--only-matching", "--fixed-strings"]);
        for name in IN_PROGRAMS {
            grep.args(["-e", name]);
        }
        let said = grep.arg("--").arg(program).output()?;
        ensure!(said.status.code() != Some(2), "grep: {}", String::from_utf8_lossy(&said.stderr));
        Ok(String::from_utf8(said.stdout)?.lines().map(str::to_owned).collect())
    };
    let itself = holds(&programs::vicc()?)?;
    let wanted = BTreeSet::from(FIRMWARE.map(str::to_owned));
    ensure!(itself == wanted, "the virtual key itself is taken for {itself:?}");
    for shipped in [programs::latchkey()?, programs::latch()?, programs::latchkey_server()?] {
        let inside = holds(&shipped)?;
        ensure!(inside.is_empty(), "{} carries {inside:?}", shipped.display());
    }
    Ok(())
}
