//! The OS keyring: gnome-keyring's Secret Service with an unlocked login collection of its own.

use super::{Bus, Folders};
use crate::{
    deadline::{SOON, within},
    process::{Process, Program, run},
};
use anyhow::{Context, Result, bail};
use std::{collections::BTreeMap, collections::HashMap};
use zbus::{
    Connection, proxy,
    zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value},
};

/// The password of the login keyring; planted, so that its showing up anywhere is noticed.
pub const PASSWORD: &str = "desk-login-keyring-password";

#[proxy(
    interface = "org.freedesktop.Secret.Service",
    default_service = "org.freedesktop.secrets",
    default_path = "/org/freedesktop/secrets",
    gen_blocking = false
)]
trait SecretService {
    fn read_alias(&self, name: &str) -> zbus::Result<OwnedObjectPath>;
    fn lock(&self, objects: &[ObjectPath<'_>]) -> zbus::Result<(Vec<OwnedObjectPath>, OwnedObjectPath)>;
    fn search_items(
        &self,
        attributes: HashMap<&str, &str>,
    ) -> zbus::Result<(Vec<OwnedObjectPath>, Vec<OwnedObjectPath>)>;
    fn open_session(&self, algorithm: &str, input: Value<'_>) -> zbus::Result<(OwnedValue, OwnedObjectPath)>;
    #[allow(clippy::type_complexity, reason = "the shape of the Secret Service's answer")]
    fn get_secrets(
        &self,
        items: &[ObjectPath<'_>],
        session: ObjectPath<'_>,
    ) -> zbus::Result<HashMap<OwnedObjectPath, (OwnedObjectPath, Vec<u8>, Vec<u8>, String)>>;
}

/// A running keyring.
#[derive(Debug)]
pub struct Keyring {
    connection: Connection,
    env: BTreeMap<String, String>,
    _daemon: Process,
}

impl Keyring {
    /// Starts it, unlocked.
    ///
    /// # Errors
    /// That gnome-keyring is not there, or that its login collection did not come up.
    pub async fn start(folders: &Folders, env: &BTreeMap<String, String>, bus: &Bus) -> Result<Self> {
        let daemon = Program::new("gnome-keyring", "gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .envs(env)
            .log(folders.logs().join("keyring.log"))
            .input()
            .start()?;
        daemon.write_bytes(PASSWORD.as_bytes()).await?;
        daemon.close_input().await;
        bus.owned("org.freedesktop.secrets").await?;
        let keyring = Self { connection: bus.connect().await?, env: env.clone(), _daemon: daemon };
        let login = keyring.login().await?;
        if login.as_str() == "/" {
            bail!("the keyring has no login collection");
        }
        Ok(keyring)
    }

    async fn service(&self) -> Result<SecretServiceProxy<'_>> {
        Ok(SecretServiceProxy::new(&self.connection).await?)
    }

    async fn login(&self) -> Result<OwnedObjectPath> {
        let service = self.service().await?;
        within(SOON, "the login collection", service.read_alias("default")).await
    }

    /// Locks the login collection. There is no prompter on a desk, so it stays locked.
    ///
    /// # Errors
    /// That the keyring did not do it.
    pub async fn lock(&self) -> Result<()> {
        let login = self.login().await?;
        let service = self.service().await?;
        let (locked, _) = within(SOON, "the lock", service.lock(&[login.as_ref()])).await?;
        if locked.is_empty() {
            bail!("the keyring did not lock its login collection");
        }
        Ok(())
    }

    /// The secrets of all items whose attributes are at least `attributes`.
    ///
    /// # Errors
    /// That the keyring does not answer.
    pub async fn secrets(&self, attributes: &[(&str, &str)]) -> Result<Vec<Vec<u8>>> {
        let service = self.service().await?;
        let search = service.search_items(attributes.iter().copied().collect());
        let (items, _locked) = within(SOON, "the search", search).await?;
        // A plain session: the desk is the only reader of its bus.
        let (_, session) = service.open_session("plain", Value::from("")).await?;
        let paths: Vec<_> = items.iter().map(|p| p.as_ref()).collect();
        let secrets = service.get_secrets(&paths, session.as_ref()).await?;
        Ok(secrets.into_values().map(|(_, _, secret, _)| secret).collect())
    }

    /// Asks the keyring through libsecret's own tool: the secret of `attribute` = `value`.
    ///
    /// # Errors
    /// That there is none, with what `secret-tool` said.
    pub async fn lookup(&self, attribute: &str, value: &str) -> Result<String> {
        let said = run(SOON, "secret-tool", &["lookup", attribute, value], &self.env, "").await?;
        if !said.ok {
            bail!("secret-tool found no item of {attribute}={value}: {}", said.err);
        }
        Ok(said.out)
    }

    /// Stores an item through libsecret's own tool.
    ///
    /// # Errors
    /// What `secret-tool` said.
    pub async fn store(&self, attribute: &str, value: &str, secret: &str) -> Result<()> {
        let args = ["store", "--label=harness", attribute, value];
        let said = run(SOON, "secret-tool", &args, &self.env, secret).await.context("secret-tool")?;
        if !said.ok {
            bail!("secret-tool could not store: {}", said.err);
        }
        Ok(())
    }
}
