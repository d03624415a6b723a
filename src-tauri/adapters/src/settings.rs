//! The configuration file, one TOML file that people may edit.

use crate::{
    home::{Home, make_private_dir},
    policy::PolicyFile,
};
use async_trait::async_trait;
use engine::{
    model::{
        code::Code,
        policy::Policy,
        settings::{Network, Settings},
        tray::TrayOptions,
    },
    ports::SettingsFile,
};
use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// [`SettingsFile`] in TOML.
pub struct TomlSettings {
    path: PathBuf,
    policy: PolicyFile,
}

impl TomlSettings {
    /// The files need not exist.
    #[must_use]
    pub fn at(path: PathBuf, policy: PolicyFile) -> Self {
        Self { path, policy }
    }
}

#[async_trait]
impl SettingsFile for TomlSettings {
    async fn load(&self) -> Result<Settings, Code> {
        let path = self.path.clone();
        blocking(move || load(&path)).await
    }

    async fn save(&self, settings: &Settings) -> Result<(), Code> {
        let (path, settings) = (self.path.clone(), settings.clone());
        blocking(move || save(&path, &settings)).await
    }

    async fn policy(&self) -> Result<Policy, Code> {
        let policy = self.policy.clone();
        blocking(move || policy.load()).await
    }
}

async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, Code> + Send + 'static,
) -> Result<T, Code> {
    tokio::task::spawn_blocking(act)
        .await
        .unwrap_or_else(|e| Err(Code::Internal { what: format!("settings: {e}") }))
}

/// What is set of the tray, for whoever paints it before the engine has read the rest.
#[must_use]
pub fn tray(home: &Home) -> TrayOptions {
    load(&home.settings()).unwrap_or_default().tray
}

/// What is set of the network, by the person and by an administrator. A file that cannot be read sets nothing; the
/// engine tells of it.
#[must_use]
pub fn network(home: &Home) -> Network {
    let own = load(&home.settings()).unwrap_or_default().network;
    PolicyFile::of(home).load().unwrap_or_default().over_network(&own)
}

fn load(path: &Path) -> Result<Settings, Code> {
    let shown = || path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Settings::default()),
        Err(e) => return Err(Code::FileUnreadable { path: shown(), reason: e.to_string() }),
        Ok(text) => text,
    };
    toml::from_str(&text).map_err(|error| Code::FileUnparseable {
        path: shown(),
        line: line(&text, error.span().map_or(0, |span| span.start)),
        what: what(&text, &error),
    })
}

/// The message, with the field it is about where TOML's own words do not name it.
fn what(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().trim().replace('\n', " ");
    let at = error.span().map_or(0, |span| span.start);
    let field = text
        .lines()
        .nth(usize::try_from(line(text, at)).unwrap_or(1).saturating_sub(1))
        .and_then(|line| line.split_once('='))
        .map(|(field, _)| field.trim());
    match field {
        Some(field) if !message.contains(field) => format!("{field}: {message}"),
        _ => message,
    }
}

/// The line, from 1, of a byte offset.
fn line(text: &str, at: usize) -> u32 {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    u32::try_from(before.iter().filter(|b| **b == b'\n').count()).unwrap_or(u32::MAX).saturating_add(1)
}

fn save(path: &Path, settings: &Settings) -> Result<(), Code> {
    let text =
        toml::to_string_pretty(settings).map_err(|e| Code::Internal { what: format!("settings: {e}") })?;
    keep_unreadable(path).and_then(|()| replace(path, &text)).map_err(|e| {
        let path = path.display().to_string();
        match e.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::DiskFull { path },
            _ => Code::FileNotWritable { path, reason: e.to_string() },
        }
    })
}

/// What a person wrote and we cannot read is not lost when it is written over.
fn keep_unreadable(path: &Path) -> io::Result<()> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".unreadable");
    match load(path) {
        Err(Code::FileUnparseable { .. }) => std::fs::copy(path, aside).map(|_bytes| ()),
        _ => Ok(()),
    }
}

/// In one step, so that a full disk or a power cut leaves the old file.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    make_private_dir(dir)?;
    let mut file = tempfile::Builder::new().prefix(".latchkey-").tempfile_in(dir)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use engine::model::settings::{BrowserChoice, Quiet, Theme, Told};

    #[tokio::test]
    async fn what_is_saved_is_loaded_and_a_missing_file_means_the_defaults() {
        let dir = tempfile::tempdir().unwrap();
        let file = TomlSettings::at(dir.path().join("config/latchkey.toml"), PolicyFile::none());
        assert_eq!(file.load().await, Ok(Settings::default()));
        let told = Told { expired: false, ..Told::default() };
        let theme = Theme::HighContrastDark;
        let quiet = Quiet { from: 720, until: 780, weekends: false };
        let choice = BrowserChoice {
            browser: "firefox.desktop".into(),
            private: true,
            container: Some("Work".into()),
        };
        let browsers = [(engine::model::ids::OrgId::new("a.b c"), choice)].into_iter().collect();
        let settings = Settings {
            theme,
            text_size: 130,
            quiet_hours: true,
            told,
            quiet,
            browsers,
            ..Settings::default()
        };
        file.save(&settings).await.unwrap();
        assert_eq!(file.load().await, Ok(settings));
    }

    #[tokio::test]
    async fn errors_name_file_line_and_field() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("latchkey.toml");
        let file = TomlSettings::at(path.clone(), PolicyFile::none());
        for (text, on, named) in [
            ("compact = true\ntheme = \"pink\"\n", 2, "theme"),
            ("compact = true\n\nautostart = \"yes\"\n", 3, "autostart"),
            ("compact = true\ncolour = 1\n", 2, "colour"),
            ("[told]\nexpires = true\n", 2, "expires"),
            ("compact = true\ntheme =\n", 2, "theme"),
        ] {
            std::fs::write(&path, text).unwrap();
            let Err(Code::FileUnparseable { path: at, line, what }) = file.load().await else {
                panic!("{text} was read")
            };
            assert_eq!((at, line), (path.display().to_string(), on), "{text}");
            assert!(what.contains(named), "{what} does not name {named}");
        }
        file.save(&Settings::default()).await.unwrap();
        let kept = std::fs::read_to_string(dir.path().join("latchkey.toml.unreadable")).unwrap();
        assert_eq!(kept, "compact = true\ntheme =\n", "what a person wrote was lost");
    }
}
