//! Which browsers there are, by their desktop entries (freedesktop.org, Desktop Entry Specification).

use crate::home::Home;
use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};
use url::form_urlencoded::byte_serialize;

/// Stands for the address where it is a part of another one, percent-encoded.
pub(super) const ENCODED: &str = "%{url}";

/// A browser's desktop entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub id: String,
    pub name: String,
    /// The words of its `Exec` line, `%u` standing for the address.
    words: Vec<String>,
    /// The argument that asks for a private window.
    pub private: Option<&'static str>,
    /// It may have an extension that opens addresses in a container.
    pub containers: bool,
}

impl Found {
    /// What starts it, `%u` standing for the address, or [`ENCODED`] where it is part of another one.
    pub fn command(self, private: bool, container: Option<&str>) -> Vec<String> {
        let mut words = self.words;
        if let Some(name) = container.filter(|_| self.containers) {
            let name: String = byte_serialize(name.as_bytes()).collect();
            // A plus stands for a space in forms only.
            let inside = format!("ext+container:name={}&url={ENCODED}", name.replace('+', "%20"));
            return words.into_iter().map(|word| word.replace("%u", &inside)).collect();
        }
        if let Some(flag) = self.private.filter(|_| private) {
            // Right before the address, which Firefox takes as the flag's value.
            let at = words.iter().position(|word| word.contains("%u")).unwrap_or(words.len());
            words.insert(at, flag.to_owned());
        }
        words
    }
}

/// Where desktop entries are, the person's own first.
#[must_use]
pub fn desktop_entries(env: &dyn Fn(&str) -> Option<OsString>, home: &Home) -> Vec<PathBuf> {
    let own = env("XDG_DATA_HOME").map_or_else(|| home.user.join(".local/share"), PathBuf::from);
    let shared = env("XDG_DATA_DIRS").filter(|dirs| !dirs.is_empty());
    let shared = shared.unwrap_or_else(|| "/usr/local/share:/usr/share".into());
    let all = std::iter::once(own).chain(std::env::split_paths(&shared).collect::<Vec<_>>());
    all.filter(|dir| dir.is_absolute()).map(|dir| dir.join("applications")).collect()
}

/// Those in the folders, by name. An entry hides those of the same file name in later folders.
pub(crate) fn in_folders(folders: &[PathBuf]) -> Vec<Found> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for folder in folders {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let Some(id) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if path.extension().is_some_and(|it| it == "desktop") && seen.insert(id.to_owned()) {
                all.extend(fs::read_to_string(&path).ok().and_then(|text| read(id, &text)));
            }
        }
    }
    all.sort_by(|a, b| (a.name.to_lowercase(), &a.id).cmp(&(b.name.to_lowercase(), &b.id)));
    all
}

fn read(id: &str, text: &str) -> Option<Found> {
    let main = text.split("\n[").find(|part| part.trim_start_matches('[').starts_with("Desktop Entry]"))?;
    let value = |key: &str| {
        let lines = main.lines().filter_map(|line| line.split_once('='));
        lines.filter(|(name, _)| name.trim() == key).map(|(_, value)| value.trim()).next()
    };
    let opens = value("MimeType")?.split(';').any(|kind| kind == "x-scheme-handler/https");
    let hidden = ["Hidden", "NoDisplay"].iter().any(|key| value(key) == Some("true"));
    if !opens || hidden || value("Type") != Some("Application") {
        return None;
    }
    let words = words(value("Exec")?)?;
    let private = private_flag(&words);
    let containers = private == Some(FIREFOX);
    Some(Found { id: id.to_owned(), name: value("Name")?.to_owned(), words, private, containers })
}

/// The words of an `Exec` line: quotes hold a word together, field codes but the address go.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if quoted => word.get_or_insert_default().push(chars.next()?),
            ' ' | '\t' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    let mut words: Vec<String> = words
        .into_iter()
        .map(|word| if ["%u", "%U", "%f", "%F"].contains(&word.as_str()) { "%u".to_owned() } else { word })
        .filter(|word| word == "%u" || !word.starts_with('%'))
        .collect();
    if !words.iter().any(|word| word == "%u") {
        words.push("%u".to_owned());
    }
    (!quoted && words.len() > 1).then_some(words)
}

/// The flag of Firefox and what is made from it.
const FIREFOX: &str = "--private-window";

/// Of browsers whose flag is known, by the name of a program or package among the first words.
fn private_flag(words: &[String]) -> Option<&'static str> {
    let names = words.iter().filter(|word| !word.starts_with('-') && *word != "%u");
    let all: Vec<String> =
        names.filter_map(|word| Path::new(word).file_name()?.to_str().map(str::to_lowercase)).collect();
    let any = |known: &[&str]| all.iter().any(|name| known.iter().any(|it| name.contains(it)));
    if any(&["firefox", "librewolf", "waterfox"]) {
        Some(FIREFOX)
    } else if any(&["msedge", "microsoft-edge", "microsoft.edge"]) {
        Some("--inprivate")
    } else if any(&["chromium", "chrome", "brave", "vivaldi"]) {
        Some("--incognito")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn entry(name: &str, exec: &str, more: &str) -> String {
        format!(
            "[Desktop Entry]\nType=Application\nName={name}\nExec={exec}\n\
             MimeType=text/html;x-scheme-handler/https;\n{more}\n[Desktop Action new]\nName=No\nExec=no\n"
        )
    }

    #[test]
    fn browsers_are_what_opens_https_and_shows() {
        let (own, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let put = |dir: &tempfile::TempDir, name: &str, text: String| {
            fs::write(dir.path().join(name), text).unwrap();
        };
        put(&shared, "firefox-esr.desktop", entry("Firefox ESR", "/usr/lib/firefox-esr/firefox-esr %u", ""));
        put(&shared, "chromium.desktop", entry("Chromium", "/usr/bin/chromium %U", ""));
        put(&shared, "hidden.desktop", entry("Hidden", "x %u", "NoDisplay=true"));
        put(&shared, "editor.desktop", entry("Editor", "x %u", "").replace("/https", "/mailto"));
        put(&shared, "own.desktop", entry("Shared", "x %u", ""));
        put(&own, "own.desktop", entry("brave", "\"/opt/my apps/brave\" --x=\"a b\" %U", ""));
        put(&own, "readme.txt", entry("No", "no", ""));
        let found = in_folders(&[own.path().to_owned(), "/nowhere".into(), shared.path().to_owned()]);
        let names: Vec<_> = found.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["brave", "Chromium", "Firefox ESR"]);
        let commands: Vec<_> = found.into_iter().map(|it| it.command(true, None)).collect();
        assert_eq!(commands[0], ["/opt/my apps/brave", "--x=a b", "--incognito", "%u"]);
        assert_eq!(commands[1], ["/usr/bin/chromium", "--incognito", "%u"]);
        assert_eq!(commands[2], ["/usr/lib/firefox-esr/firefox-esr", "--private-window", "%u"]);
    }

    #[test]
    fn a_package_is_known_by_its_name_and_a_strange_browser_has_no_private_window() {
        let flatpak = "/usr/bin/flatpak run --branch=stable org.mozilla.firefox @@u %u @@";
        let found = read("org.mozilla.firefox.desktop", &entry("Firefox", flatpak, "")).unwrap();
        assert_eq!(found.private, Some("--private-window"));
        let other = read("x.desktop", &entry("Epiphany", "epiphany", "")).unwrap();
        assert_eq!(
            (other.private, other.clone().command(true, None)),
            (None, vec!["epiphany".into(), "%u".into()])
        );
        assert_eq!(read("x.desktop", &entry("Broken", "\"open %u", "")), None);
    }

    #[test]
    fn a_container_is_named_in_an_address_of_its_own() {
        let firefox = read("firefox.desktop", &entry("Firefox", "firefox --new-tab %u", "")).unwrap();
        let inside = "ext+container:name=Work%20%26%20more&url=%{url}";
        assert_eq!(firefox.command(true, Some("Work & more")), ["firefox", "--new-tab", inside]);
        let other = read("chromium.desktop", &entry("Chromium", "chromium %u", "")).unwrap();
        assert_eq!(other.command(true, Some("Work")), ["chromium", "--incognito", "%u"]);
    }
}
