//! What the tree may hold: the top level, how long a file may grow, words and calls that stay out.

use std::collections::BTreeSet;
use std::path::Path;

use super::{assert_none, files, root, text};

/// What the design puts at the top, and after it what tools demand there.
const TOP: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "Makefile",
    "README.md",
    "icons",
    "src-tauri",
    "tauri.conf.json",
    "tests",
    "ui",
    ".cargo",
    ".ci",
    ".gitignore",
    ".taurignore",
    "LICENSE",
    "clippy.toml",
    "rustfmt.toml",
];

const LONGEST: usize = 600;

#[test]
fn the_top_level_holds_only_what_belongs_there() {
    let allowed: BTreeSet<&str> = TOP.iter().copied().collect();
    let top: BTreeSet<String> = files().iter().map(|file| first_part(file).to_owned()).collect();
    let breaches: Vec<String> = top.into_iter().filter(|name| !allowed.contains(name.as_str())).collect();
    assert_none("these stand at the top level and belong in a folder", &breaches);
}

#[test]
fn no_file_has_grown_past_one_meaning() {
    let mut breaches = Vec::new();
    for file in files().iter().filter(|file| is_source(file) && *file != "ui/src/bindings.ts") {
        let lines = text(file).lines().count();
        if lines > LONGEST {
            breaches.push(format!("{file}: {lines} lines"));
        }
    }
    assert_none("split these files by meaning", &breaches);
}

/// The project builds anywhere: it names no machine's paths and no registry's host.
#[test]
fn no_machine_or_registry_is_named() {
    // In two parts, so that this file does not name them either.
    let banned: Vec<String> = [
        ("/wo", "rk/"),
        ("/fa", "rm/"),
        (".libr", "ary/"),
        ("artifac", "tory"),
        ("index.crates", ".io"),
        ("static.crates", ".io"),
        ("pypi", ".org"),
        ("registry.np", "mjs"),
        ("deb.deb", "ian.org"),
        ("host.doc", "ker"),
    ]
    .iter()
    .map(|(a, b)| format!("{a}{b}"))
    .collect();
    let mut breaches = Vec::new();
    for file in files().iter().filter(|file| !is_picture(file) && *file != "Cargo.lock") {
        for (number, line) in text(file).lines().enumerate() {
            for word in banned.iter().filter(|word| line.contains(word.as_str())) {
                breaches.push(format!("{file}:{}: {word}", number + 1));
            }
        }
    }
    assert_none("these lines name a machine's path or a registry's host", &breaches);
}

#[test]
fn no_test_waits_by_sleeping() {
    // In two parts, so that this file does not call them either.
    let [of_threads, of_tasks] = ["thread", "time"].map(|module| format!("{module}::{}(", "sleep"));
    let mut breaches = Vec::new();
    let stops = |source: &str| source.contains("start_paused") || source.contains("time::pause()");
    for file in files().iter().filter(|file| file.ends_with(".rs")) {
        let mut in_tests = file.split('/').any(|part| part == "tests" || part == "tests.rs");
        let source = text(file);
        // A task's sleep takes no time where tokio's clock is stopped: by the file itself, or by the tests
        // of the folder that it helps.
        let helped = file.rsplit_once("/tests/").map(|(crate_tests, _)| format!("{crate_tests}/tests/"));
        let of_folder = |other: &&String| helped.as_ref().is_some_and(|helped| other.starts_with(helped));
        let stopped = stops(&source) || files().iter().filter(of_folder).any(|other| stops(&text(other)));
        for (number, line) in source.lines().enumerate() {
            in_tests |= line.trim() == "#[cfg(test)]";
            if in_tests && (line.contains(&of_threads) || (!stopped && line.contains(&of_tasks))) {
                breaches.push(format!("{file}:{}", number + 1));
            }
        }
    }
    assert_none("wait for an event or a condition with a deadline", &breaches);
}

#[test]
fn nothing_is_left_unfinished_or_switched_off() {
    let marks = [
        ["FIX", "ME"],
        ["TO", "DO"],
        ["#[ign", "ore"],
        ["it.sk", "ip("],
        ["describe.sk", "ip("],
        ["it.on", "ly("],
    ];
    let mut breaches = Vec::new();
    for file in files().iter().filter(|file| is_source(file)) {
        for (number, line) in text(file).lines().enumerate() {
            for mark in marks.iter().map(|parts| parts.concat()).filter(|mark| line.contains(mark.as_str())) {
                breaches.push(format!("{file}:{}: {mark}", number + 1));
            }
        }
    }
    assert_none("finish these or take them out", &breaches);
}

#[test]
fn pages_link_to_files_that_exist() {
    let mut breaches = Vec::new();
    for page in files().iter().filter(|file| file.ends_with(".md")) {
        let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
        for target in text(page).split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(to, _)| to))
        {
            let file = Path::new(folder).join(target.split('#').next().unwrap_or_default());
            if !target.contains("://") && !target.starts_with('#') && !root().join(&file).exists() {
                breaches.push(format!("{page}: {target}"));
            }
        }
    }
    assert_none("these links lead nowhere", &breaches);
}

fn first_part(file: &str) -> &str {
    file.split('/').next().unwrap_or(file)
}

fn is_source(file: &str) -> bool {
    [".rs", ".ts", ".svelte", ".css", ".py", ".sh"].iter().any(|end| file.ends_with(end))
}

fn is_picture(file: &str) -> bool {
    [".png", ".ico", ".icns"].iter().any(|end| file.ends_with(end))
}
