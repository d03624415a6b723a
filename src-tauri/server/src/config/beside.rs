//! The instance of a configuration for commands beside a server, which may be running.

use std::{path::Path, sync::Arc};

use anyhow::Result;
use serde_json::json;

use super::{Config, addresses, home_of, parse};
use crate::{
    audit::{self, Event, keeping},
    chance::Chance,
    clock::Clock,
    data_folder::DataFolder,
    instance::{Identity, Instance, Keys},
    passwords::PasswordBook,
};

/// The instance of a configuration file for a command beside the server, which may be running: it answers
/// nothing.
///
/// # Errors
/// What is wrong with the files.
pub fn beside(file: &Path) -> Result<Instance> {
    let (config, _) = parse(file)?;
    let home = home_of(file);
    let folder = config.folder(DataFolder::beside(&home.join(&config.data))?, home)?;
    instance_in(&config, &folder, Signing::TheInstances)
}

/// Which signing key an instance gets, where the folder has another than the instance.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Signing {
    /// None: it is refused.
    TheInstances,
    /// That of the folder.
    TheFolders,
}

/// An instance that answers nothing.
pub(super) fn instance_in(config: &Config, folder: &DataFolder, signing: Signing) -> Result<Instance> {
    let (clock, chance) = (Clock::system(), Arc::new(Chance::from_system()));
    let store = Arc::new(folder.store()?);
    let instance = folder.shared_key(&store, &chance)?;
    let saml = match signing {
        Signing::TheInstances => folder.shared_saml_key(&store, &instance, &chance, clock.now())?,
        Signing::TheFolders => folder.saml_key_there()?,
    };
    let keys = Keys { instance, saml };
    // Where there is a mark there was a chain, and the server moves it.
    if keeping::read_mark(&keys.instance, &folder.audit_mark())?.is_none() {
        keeping::begin(&store, &keys.instance, &folder.audit_mark())?;
    }
    let book = PasswordBook::new(&chance).map_err(|error| anyhow::anyhow!("could not hash: {error}"))?;
    let identity = Identity::of(&store, &chance)?;
    let addresses = addresses(config, config.listen.get_ref().port(), &identity);
    Ok(Instance::new(clock, chance, store, addresses, keys, book))
}

/// Makes the signing keys in the data folder of a configuration the instance's; the names of their files. From then on
/// servers that have others are refused.
///
/// # Errors
/// What is wrong with the files, or that the database could not keep it; then nothing has changed.
pub fn adopt_keys(file: &Path) -> Result<Vec<&'static str>> {
    let (config, _) = parse(file)?;
    let home = home_of(file);
    let folder = config.folder(DataFolder::beside(&home.join(&config.data))?, home)?;
    let instance = instance_in(&config, &folder, Signing::TheFolders)?;
    let marks = folder.key_marks(&instance.key)?;
    let files: Vec<&'static str> = marks.iter().map(|(file, _)| *file).collect();
    let details = json!({ "Files": files });
    let event = Event { source: audit::SSO, name: "AdoptSigningKeys", details, ..Event::default() };
    instance.store.adopt_keys(&marks, &instance.entry(&event))?;
    Ok(files)
}
