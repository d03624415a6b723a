//! `latchkey-server serve --config FILE`: an organisation of one's own.

use std::{
    collections::HashMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    addresses::Addresses,
    chance::Chance,
    clock::Clock,
    data_folder::DataFolder,
    instance::{Identity, Instance, Shared},
    listeners, organisation,
    passwords::PasswordBook,
    serving,
};

/// The configuration file. Relative paths start at its folder.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The organisation file.
    organisation: PathBuf,
    /// Where the instance keeps its database and key.
    data: PathBuf,
    /// A loopback address and port.
    listen: SocketAddr,
    /// What people and clients call it, when a TLS proxy stands before it.
    public_url: Option<Url>,
}

/// Serves until the process is told to stop.
///
/// # Errors
/// What kept it from starting; mistakes in files name line and field.
pub async fn run(file: &Path) -> Result<()> {
    let config = read(file)?;
    let port = listeners::only_loopback(config.listen)?;
    let home = file.parent().unwrap_or(Path::new("."));
    let organisation_file = home.join(&config.organisation);
    let text = fs::read_to_string(&organisation_file)
        .with_context(|| format!("could not read the organisation file {}", organisation_file.display()))?;
    let organisation = organisation::read(&organisation_file.display().to_string(), &text)?;
    let folder = DataFolder::open(&home.join(&config.data))?;
    let chance = Arc::new(Chance::from_system());
    let store = Arc::new(folder.store()?);
    let key = folder.key(&chance)?;
    let mut hashes = HashMap::new();
    for user in organisation.users.values() {
        match &user.password_hash {
            Some(hash) => drop(hashes.insert(user.username.clone(), hash.clone())),
            None => tracing::warn!(user = user.username, "has no password_hash and cannot sign in"),
        }
    }
    let book =
        PasswordBook::new(hashes, &chance).map_err(|error| anyhow::anyhow!("could not hash: {error}"))?;
    let identity = Identity::of(&store, &chance)?;
    let listeners = listeners::exactly(port).await?;
    let (instance_id, directory_id) = (&identity.instance_id, &identity.directory_id);
    let addresses = match &config.public_url {
        Some(url) => Addresses::behind_proxy(url, listeners.port, instance_id, directory_id),
        None => Addresses::loopback(listeners.port, instance_id, directory_id),
    };
    let instance =
        Shared::new(Instance::new(Clock::system(), chance, store, organisation, addresses, key, book));
    tracing::info!(
        start_url = instance.addresses.start_url(),
        region = instance.organisation.region,
        "serving {}",
        instance.organisation.name
    );
    let stop = CancellationToken::new();
    crate::command::stop_on_signals(stop.clone()).context("could not watch for signals")?;
    serving::serve(instance, listeners.sockets, stop).await.context("the server stopped")
}

fn read(file: &Path) -> Result<Config> {
    let text = fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
    let name = file.display().to_string();
    let config: Config =
        toml::from_str(&text).map_err(|error| organisation::FileError::syntax(&name, &text, &error))?;
    if let Some(url) = &config.public_url
        && !(url.scheme() == "https" && url.has_host() && url.path() == "/" && url.query().is_none())
    {
        bail!("{name}, field `public_url`: must be https:// and a host, without a path");
    }
    Ok(config)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
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
        refuses(&format!("{good}colour = 1\n"), &["line 4", "colour"]);
        refuses(&format!("{good}public_url = \"http://sso.test\"\n"), &["public_url", "https"]);
        refuses("organisation = \"o.toml\"\n", &["data"]);
    }
}
