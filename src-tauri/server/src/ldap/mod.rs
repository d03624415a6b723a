//! Active Directory or another LDAP directory as the identity source: the directory keeps people, groups and
//! passwords, and this server keeps what they may use, and their second factors.
//!
//! [`sync`] copies people and groups into the identity store, as provisioning does. [`access`] asks the directory
//! itself whenever somebody wants something, so that whoever is disabled or gone there is out with the next request
//! and not with the next sync. Nothing is remembered between two requests but the connection.

pub mod access;
mod claim;
mod collect;
pub mod command;
mod connection;
mod entry;
mod file;
pub mod set_up;
mod settings;
pub mod sync;
#[cfg(test)]
mod tests;

use std::{future::Future, sync::LazyLock};

pub use collect::Snapshot;
pub use connection::{Door, Problem, Source, probe};
pub use settings::{ATTRIBUTES, Flavour, Settings};
use tokio::runtime::Runtime;

use crate::{
    instance::Instance,
    mfa::sealing::Purpose,
    store::{LdapSource, SourceKind, StoreError},
};

/// Connections live here, as whoever asks may stand on any thread.
static RUNTIME: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    threads.inspect_err(|error| tracing::error!(%error, "no thread to ask the directory with")).ok()
});

/// Waits for what is asked of a directory.
///
/// # Errors
/// [`Problem::Broken`] if it came to no end.
fn wait<T: Send + 'static>(
    asked: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    let runtime = RUNTIME.as_ref().ok_or(Problem::Broken)?;
    runtime.spawn(async move { tell.send(asked.await) });
    told.recv().map_err(|_| Problem::Broken)?
}

const CONNECTOR: &str = "ldap connector";

/// Seals the connector account's password for the store.
pub fn seal(instance: &Instance, password: &str) -> Option<Vec<u8>> {
    let purpose = Purpose { name: CONNECTOR, owner: instance.addresses.directory_id() };
    purpose.seal(&instance.key, &instance.chance, password.as_bytes())
}

/// What was kept, ready to be asked.
///
/// # Errors
/// [`Problem::Settings`] if it cannot be used.
pub fn open(instance: &Instance, kept: &LdapSource) -> Result<Source, Problem> {
    let purpose = Purpose { name: CONNECTOR, owner: instance.addresses.directory_id() };
    let sealed = purpose.open(&instance.key, &kept.secret);
    let password = sealed.and_then(|plain| String::from_utf8(plain.to_vec()).ok()).ok_or_else(|| {
        Problem::Settings("the connector account's password cannot be read; enter it again".to_owned())
    })?;
    Source::new(kept.settings.clone(), password, kept.changed)
}

/// Whether the directory is where people sign in.
///
/// # Errors
/// [`StoreError`] if that cannot be told.
pub fn is_source(instance: &Instance) -> Result<bool, StoreError> {
    Ok(instance.store.identity_source()? == SourceKind::Ldap)
}
