//! The server's pages and the window are one product: what both have a name for has the same colour, in light and in
//! dark.

use std::collections::BTreeMap;

use super::text;

/// Names of the server's stylesheet and what the window calls the same; the others are called the same.
const CALLED: [(&str, &str); 11] = [
    ("accent-hover", "primary-hover"),
    ("border", "control"),
    ("error", "error-text"),
    ("error-bg", "error"),
    ("ok", "good-text"),
    ("ok-bg", "good"),
    ("on-accent", "primary-text"),
    ("prod", "prod-text"),
    ("prod-bg", "prod"),
    ("warn", "caution-text"),
    ("warn-bg", "caution"),
];

/// The custom properties that a rule sets: the first rule of this head at or after `from`.
fn colours(css: &str, from: &str, head: &str) -> BTreeMap<String, String> {
    let (_, rest) = css.split_once(from).unwrap_or_else(|| panic!("no {from} in the stylesheet"));
    let (_, rest) = rest.split_once(head).unwrap_or_else(|| panic!("no {head} after {from}"));
    let (rule, _) = rest.split_once('}').unwrap_or_else(|| panic!("{head} does not end"));
    let property = |line: &str| {
        let (name, value) = line.trim().strip_prefix("--")?.split_once(':')?;
        Some((name.to_owned(), whole(value.trim())))
    };
    rule.split(';').filter_map(property).collect()
}

/// A colour with all of its digits.
fn whole(colour: &str) -> String {
    match colour.strip_prefix('#') {
        Some(short) if short.len() == 3 => {
            let digits: String = short.chars().flat_map(|digit| [digit, digit]).collect();
            format!("#{}", digits.to_lowercase())
        }
        _ => colour.to_lowercase(),
    }
}

#[test]
fn the_pages_have_the_colours_of_the_window() {
    let (pages, window) = (text("src-tauri/server/assets/latchkey.css"), text("ui/src/kit/tokens.css"));
    for (theme, of_pages, of_window) in [
        ("light", colours(&pages, "", ":root {"), colours(&window, "", ":root {")),
        (
            "dark",
            colours(&pages, "@media (prefers-color-scheme: dark)", ":root {"),
            colours(&window, "", ":root[data-theme='dark'] {"),
        ),
    ] {
        assert!(of_pages.len() >= 20, "{theme}: {of_pages:?}");
        for (name, colour) in &of_pages {
            let called = CALLED.iter().find(|(own, _)| own == name).map_or(name.as_str(), |(_, same)| same);
            let same = of_window.get(called).unwrap_or_else(|| {
                panic!("{theme}: the window has no --{called}; name it in tests/tidy/tokens.rs")
            });
            assert_eq!(colour, same, "{theme}: --{name} of the pages is --{called} of the window");
        }
    }
}
