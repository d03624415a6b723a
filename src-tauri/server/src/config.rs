//! `latchkey-server serve --config FILE`: an organisation of one's own.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use toml::Spanned;
use url::Url;

use crate::{
    addresses::Addresses,
    applying,
    chance::Chance,
    clock::Clock,
    data_folder::DataFolder,
    instance::{Identity, Instance, Keys, Shared},
    listeners,
    organisation::{self, Document, FileError},
    passwords::PasswordBook,
    saml::Target,
    serving,
    store::Change,
};

/// Applications that are named at the start.
const MOST_NAMED: u32 = 100;

/// The configuration file. Relative paths start at its folder.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The organisation file, applied at a start when it has changed. Without one the organisation is what was
    /// applied before and what administrators made of it.
    organisation: Option<PathBuf>,
    /// Where the instance keeps its database and key.
    data: PathBuf,
    /// A loopback address and port.
    listen: Spanned<SocketAddr>,
    /// What people and clients call it, when a TLS proxy stands before it.
    public_url: Option<Spanned<Url>>,
}

/// Serves until the process is told to stop.
///
/// # Errors
/// What kept it from starting; mistakes in files name line and field.
pub async fn run(file: &Path) -> Result<()> {
    let (config, port) = read(file)?;
    let home = file.parent().unwrap_or(Path::new("."));
    let document = config.organisation.as_ref().map(|path| document(&home.join(path))).transpose()?;
    let folder = DataFolder::open(&home.join(&config.data))?;
    let (clock, chance) = (Clock::system(), Arc::new(Chance::from_system()));
    let store = Arc::new(folder.store()?);
    if document.is_none() && store.settings()?.is_none() {
        bail!(
            "there is no organisation yet: name its file in {} as `organisation`, or apply one with \
               `latchkey-server apply`",
            file.display()
        );
    }
    let keys = Keys { instance: folder.key(&chance)?, saml: folder.saml_key(&chance, clock.now())? };
    let book = PasswordBook::new(&chance).map_err(|error| anyhow::anyhow!("could not hash: {error}"))?;
    let identity = Identity::of(&store, &chance)?;
    let listeners = listeners::exactly(port).await?;
    let (instance_id, directory_id) = (&identity.instance_id, &identity.directory_id);
    let addresses = match &config.public_url {
        Some(url) => Addresses::behind_proxy(url.get_ref(), listeners.port, instance_id, directory_id),
        None => Addresses::loopback(listeners.port, instance_id, directory_id),
    };
    let instance = Shared::new(Instance::new(clock, chance, store, addresses, keys, book));
    if let Some((document, text)) = &document {
        for user in document.users.values().filter(|user| user.password_hash.is_none()) {
            tracing::warn!(user = user.username, "has no password_hash in the organisation file");
        }
        instance.apply_if_changed(document, text)?;
    }
    tracing::info!(
        start_url = instance.addresses.start_url(),
        region = instance.settings().region,
        "serving {}",
        instance.settings().name
    );
    let applications = instance.store.applications("", MOST_NAMED)?;
    for target in applications.iter().filter_map(Target::of) {
        let metadata = target.metadata_url(&instance);
        tracing::info!(application = target.application.name, metadata, "give the application this address");
    }
    let stop = CancellationToken::new();
    crate::command::stop_on_signals(stop.clone()).context("could not watch for signals")?;
    serving::serve(instance, listeners.sockets, stop).await.context("the server stopped")
}

/// The organisation in a file, and its text.
fn document(file: &Path) -> Result<(Document, String)> {
    let text = organisation::text_of(file)?;
    Ok((organisation::read(&file.display().to_string(), &text)?, text))
}

/// `latchkey-server plan` and `apply`: what an organisation file changes, and changing it. A server that is running
/// on the same data folder sees it at once.
///
/// # Errors
/// What kept it from being applied; then nothing has changed. Mistakes in files name line and field.
pub fn apply(config_file: &Path, organisation_file: &Path, rehearse: bool) -> Result<Vec<Change>> {
    let (config, _) = read(config_file)?;
    let home = config_file.parent().unwrap_or(Path::new("."));
    let (document, text) = document(organisation_file)?;
    let folder = DataFolder::join(&home.join(&config.data))?;
    let (clock, chance) = (Clock::system(), Arc::new(Chance::from_system()));
    let store = Arc::new(folder.store()?);
    let keys = Keys { instance: folder.key(&chance)?, saml: folder.saml_key(&chance, clock.now())? };
    let book = PasswordBook::new(&chance).map_err(|error| anyhow::anyhow!("could not hash: {error}"))?;
    let identity = Identity::of(&store, &chance)?;
    let addresses = Addresses::loopback(0, &identity.instance_id, &identity.directory_id);
    let instance = Instance::new(clock, chance, store, addresses, keys, book);
    if rehearse {
        return Ok(instance.plan(&document)?);
    }
    // The file that the server starts with need not be applied again by it.
    let own = config.organisation.as_ref().and_then(|own| home.join(own).canonicalize().ok());
    let is_own = own.is_some_and(|own| organisation_file.canonicalize().is_ok_and(|file| file == own));
    let digest = is_own.then(|| applying::digest(&text));
    Ok(instance.apply(&document, digest.as_deref())?)
}

/// The configuration and the port it asks for.
fn read(file: &Path) -> Result<(Config, u16)> {
    let text = organisation::text_of(file)?;
    let name = file.display().to_string();
    let config: Config = toml::from_str(&text).map_err(|error| FileError::syntax(&name, &text, &error))?;
    let listen = &config.listen;
    let port = listeners::only_loopback(*listen.get_ref())
        .map_err(|error| FileError::in_field(&name, &text, listen.span(), "listen", error.to_string()))?;
    if let Some(value) = &config.public_url {
        let url = value.get_ref();
        if !(url.scheme() == "https" && url.has_host() && url.path() == "/" && url.query().is_none()) {
            let problem = "must be https:// and a host, without a path";
            bail!(FileError::in_field(&name, &text, value.span(), "public_url", problem));
        }
    }
    Ok((config, port))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use std::fs;

    use super::*;

    #[track_caller]
    fn refuses(text: &str, words: &[&str]) {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("server.toml");
        fs::write(&file, text).unwrap();
        let error = format!("{:#}", read(&file).unwrap_err());
        for word in words {
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn mistakes_name_their_line() {
        let good = "organisation = \"o.toml\"\ndata = \"data\"\nlisten = \"127.0.0.1:8480\"\n";
        refuses("organisation = \"o.toml\"\nlisten = 5\n", &["server.toml", "line 2"]);
        refuses("organisation = \"o.toml\"\nlisten = 5\n", &["field `listen`"]);
        refuses(&format!("{good}colour = 1\n"), &["line 4, field `colour`"]);
        refuses(
            &format!("{good}public_url = \"http://sso.test\"\n"),
            &["line 4, field `public_url`", "https"],
        );
        refuses(&format!("{good}public_url = \"https://sso.test/x\"\n"), &["line 4, field `public_url`"]);
        refuses("organisation = \"o.toml\"\n", &["line 1, field `data`"]);
        for listen in ["0.0.0.0:80", "192.0.2.1:80", "127.0.0.2:0"] {
            let text = format!("organisation = \"o.toml\"\ndata = \"data\"\nlisten = \"{listen}\"\n");
            refuses(&text, &["server.toml, line 3, field `listen`", "loopback"]);
        }
    }
}
