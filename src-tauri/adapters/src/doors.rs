//! The ports of this crate, put together for a program.

use crate::{
    browser::{DefaultBrowser, SystemLaunch, desktop_entries},
    clock::SystemClock,
    exports::Downloads,
    files::DiskFiles,
    home::{Home, HomeError},
    native::HttpNative,
    policy::PolicyFile,
    redirect::LoopbackRedirect,
    settings::TomlSettings,
    sso::HttpSso,
    store::SqliteStore,
    urls::AllowedHosts,
    vault::{OsKeyring, RecordKey, SealingVault},
};
use engine::{model::code::Code, ports::Clock};
use std::{ffi::OsString, path::PathBuf, sync::Arc};

/// Every port that needs neither a window nor a desktop.
pub struct Doors {
    /// For [`engine::ports::Ports::clock`].
    pub clock: Arc<SystemClock>,
    /// For [`engine::ports::Ports::sso`].
    pub sso: Arc<HttpSso>,
    /// A `latchkey-server`'s API for the app.
    pub native: Arc<HttpNative>,
    /// For [`engine::ports::Ports::vault`].
    pub vault: Arc<SealingVault>,
    /// For [`engine::ports::Ports::store`].
    pub store: Arc<SqliteStore>,
    /// For [`engine::ports::Ports::settings`].
    pub settings: Arc<TomlSettings>,
    /// For [`engine::ports::Ports::files`].
    pub files: Arc<DiskFiles>,
    /// For [`engine::ports::Ports::browser`].
    pub browser: Arc<DefaultBrowser>,
    /// For [`engine::ports::Ports::redirect`].
    pub redirect: Arc<LoopbackRedirect>,
    /// For [`engine::ports::Ports::exports`].
    pub exports: Arc<Downloads>,
    /// Where a damaged store was moved when it was opened, to be told to the person.
    pub store_moved_aside: Option<PathBuf>,
}

/// Why the program cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folders.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The store or the network's library.
    #[error("{0:?}")]
    Code(Code),
}

/// Makes the folders, opens the store and builds the rest. Asks neither keyring nor network yet. To be
/// called by the holder of the engine's lock only: it is the store's single writer.
///
/// # Errors
/// [`OpenError`].
pub fn open(home: &Home, env: &dyn Fn(&str) -> Option<OsString>) -> Result<Doors, OpenError> {
    crate::install_crypto_provider();
    home.make()?;
    let clock = Arc::new(SystemClock);
    let hosts = Arc::new(AllowedHosts::default());
    let record = RecordKey::in_keyring(Arc::new(OsKeyring::new(home.record_keyring_user())));
    let store = SqliteStore::open(&home.database(), Arc::clone(&hosts), clock.now())
        .map_err(OpenError::Code)?
        .sealing_with(record.clone());
    let vault = SealingVault::new(Arc::new(OsKeyring::new(home.keyring_user()))).with_record(record);
    let any_clock: Arc<dyn Clock> = clock.clone();
    // A file that cannot be read is told when the engine reads it.
    let network = crate::settings::network(home);
    let aws = aws_files::Paths::from_env(env, &home.user);
    let sso = HttpSso::new(Arc::clone(&any_clock), Arc::clone(&hosts), &network, env, &aws.config)
        .map_err(OpenError::Code)?;
    Ok(Doors {
        native: Arc::new(sso.native()),
        sso: Arc::new(sso),
        vault: Arc::new(vault),
        store_moved_aside: store.moved_aside().map(ToOwned::to_owned),
        store: Arc::new(store),
        settings: Arc::new(TomlSettings::at(home.settings(), PolicyFile::of(home))),
        files: Arc::new(DiskFiles::new(env, home, any_clock)),
        browser: Arc::new(
            DefaultBrowser::new(Arc::new(SystemLaunch::from_env(env)), hosts)
                .with_entries(desktop_entries(env, home)),
        ),
        redirect: Arc::new(LoopbackRedirect),
        exports: Arc::new(Downloads::of_person(home.state.join("logs"))),
        clock,
    })
}
