//! The window's tiers: kit <- domain <- views. Only `ui/src/host` knows Tauri.

use std::collections::BTreeSet;

use super::{assert_none, files, text};

const SOURCES: &str = "ui/src/";

/// Where a module of the window stands. A tier may import those that `may_import` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tier {
    /// Generated types.
    Bindings,
    /// Fields, buttons, dialogs, colours: no word of the domain.
    Kit,
    /// The way to the Rust side, or to its stand-in.
    Host,
    /// portal, credentials, sign-in and so on.
    Domain,
    /// Composition only.
    Views,
    /// Every view in every state, from fixtures.
    Gallery,
    /// `main.ts` and the root component.
    Top,
}

impl Tier {
    fn of(path: &str) -> Self {
        match path.split_once('/').map(|(folder, _)| folder) {
            None if path.starts_with("bindings") => Self::Bindings,
            None => Self::Top,
            Some("kit") => Self::Kit,
            Some("host") => Self::Host,
            Some("views") => Self::Views,
            Some("gallery") => Self::Gallery,
            Some(_) => Self::Domain,
        }
    }

    fn may_import(self, to: Self) -> bool {
        match self {
            Self::Bindings => false,
            Self::Kit => to == Self::Kit,
            Self::Host => matches!(to, Self::Bindings | Self::Host),
            Self::Domain => matches!(to, Self::Bindings | Self::Kit | Self::Host | Self::Domain),
            Self::Views | Self::Top => to != Self::Gallery,
            Self::Gallery => true,
        }
    }
}

#[test]
fn the_window_is_built_in_tiers() {
    let mut breaches = Vec::new();
    let mut seen = 0;
    for file in modules() {
        let from = &file[SOURCES.len()..];
        for import in imports(&text(&file)) {
            let Some(to) = resolve(from, &import) else { continue };
            seen += 1;
            let (tier, target) = (Tier::of(from), Tier::of(&to));
            if !tier.may_import(target) {
                breaches.push(format!("{file}: {tier:?} imports {target:?} ({import})"));
            }
        }
    }
    assert!(seen > 20, "only {seen} imports were found in the window's sources");
    assert_none("the window's tiers are kit <- domain <- views", &breaches);
}

#[test]
fn only_the_host_knows_tauri() {
    let breaches: Vec<String> = modules()
        .into_iter()
        .filter(|file| !file.starts_with("ui/src/host/"))
        .filter(|file| imports(&text(file)).iter().any(|import| import.starts_with("@tauri-apps/")))
        .collect();
    assert_none("reach Tauri through ui/src/host", &breaches);
}

#[test]
fn no_markup_is_made_from_text() {
    let breaches: Vec<String> = modules()
        .into_iter()
        .filter(|file| text(file).contains("{@html") || text(file).contains("innerHTML"))
        .collect();
    assert_none("names come from servers and files: show them as text", &breaches);
}

fn modules() -> Vec<String> {
    files()
        .into_iter()
        .filter(|file| file.starts_with(SOURCES) && (file.ends_with(".ts") || file.ends_with(".svelte")))
        .collect()
}

/// What a module names after `from`, in `import "…"` and in `import("…")`.
fn imports(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for opening in ["from ", "import ", "import("] {
        for (at, _) in source.match_indices(opening) {
            let rest = &source[at + opening.len()..];
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            if let Some(end) = rest[1..].find(quote) {
                found.insert(rest[1..=end].to_owned());
            }
        }
    }
    found
}

/// A relative import, or one by the alias `$lib` or `@`, as a path below `ui/src`; a package is none.
fn resolve(from: &str, import: &str) -> Option<String> {
    for alias in ["$lib/", "@/", "$src/"] {
        if let Some(path) = import.strip_prefix(alias) {
            return Some(path.to_owned());
        }
    }
    if !import.starts_with('.') {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in import.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[test]
fn imports_are_found_however_they_are_written() {
    let source =
        "import { a } from '../kit/Button.svelte';\nimport \"./app.css\";\nconst x = import('./later');";
    let found: Vec<String> = imports(source).into_iter().collect();
    assert_eq!(found, ["../kit/Button.svelte", "./app.css", "./later"]);
    assert_eq!(resolve("portal/List.svelte", "../kit/Button.svelte").as_deref(), Some("kit/Button.svelte"));
    assert_eq!(resolve("portal/List.svelte", "svelte"), None);
    assert!(!Tier::of("kit/Button.svelte").may_import(Tier::of("portal/List.svelte")));
    assert!(Tier::of("views/Portal.svelte").may_import(Tier::of("portal/List.svelte")));
}
