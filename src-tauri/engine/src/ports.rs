//! The doors to the world, as traits. The engine owns them, `adapters` and `app` implement them, tests
//! stand real servers and files behind them.

mod files;
mod kept;
mod keys;
mod native;
mod sso;

pub use crate::model::presence::Presence;
pub use files::*;
pub use kept::*;
pub use keys::*;
pub use native::*;
pub use sso::*;

use crate::model::{
    Timestamp,
    code::Code,
    ids::OrgId,
    notice::Notice,
    organisation::{Endpoints, Organisation},
    policy::Policy,
    settings::{BrowserChoice, Settings},
};
use async_trait::async_trait;
use secrecy::SecretString;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;
use url::Url;

/// The time, as an argument. Sleeping is `tokio::time`'s, which tests pause and advance.
pub trait Clock: Send + Sync {
    /// Now, as the wall clock has it.
    fn now(&self) -> Timestamp;
    /// Time since boot *including* sleep (`CLOCK_BOOTTIME`): a jump against tokio's clock is a wake-up.
    fn since_boot(&self) -> Duration;
}

/// An address that carries a sign-in token: never in a log, the window or a process list.
#[derive(Clone, Debug)]
pub struct SecretUrl {
    /// The address.
    pub url: SecretString,
    /// Its host, for the log and the host check.
    pub host: String,
}

/// The configuration file with the person's settings.
#[async_trait]
pub trait SettingsFile: Send + Sync {
    /// Reads it; a bad file is an error that names line and field, and the defaults are used meanwhile.
    async fn load(&self) -> Result<Settings, Code>;
    /// Writes it.
    async fn save(&self, settings: &Settings) -> Result<(), Code>;
    /// Reads what an administrator decided on this computer, which is nothing where there is no such file. A bad
    /// file decides nothing, and is an error that names line and field.
    async fn policy(&self) -> Result<Policy, Code>;
}

/// How a notification is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// It says only that Latchkey needs the person.
    pub hide_details: bool,
    /// The system's sound, where the notification cannot wait.
    pub sound: bool,
}

/// The default browser.
#[async_trait]
pub trait Browser: Send + Sync {
    /// Which browsers there are to choose from.
    async fn installed(&self) -> Vec<InstalledBrowser>;
    /// What people call the browser that opens an organisation's addresses, where that is known.
    async fn name(&self, org: &OrgId) -> Option<String>;
    /// What the person chose for each organisation, from now on.
    fn prefer(&self, choices: BTreeMap<OrgId, BrowserChoice>);
    /// Opens an address of an organisation, without secrets.
    async fn open(&self, org: &OrgId, url: &Url) -> Result<(), Code>;
    /// Opens an address with a sign-in token through a one-use loopback address (30 s, 302, no-store,
    /// no-referrer), so that it never stands in a process list. `private`: in a private window, or not at all.
    async fn open_once(&self, org: &OrgId, url: SecretUrl, private: bool) -> Result<(), Code>;
}

/// A browser of this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledBrowser {
    /// The name of its desktop entry.
    pub id: String,
    /// For people.
    pub name: String,
    /// It can be asked for a private window.
    pub private: bool,
    /// It may have an extension that opens addresses in a container.
    pub containers: bool,
}

/// The listener for the browser's answer: 127.0.0.1, random port, exact path.
#[async_trait]
pub trait RedirectListener: Send + Sync {
    /// Opens a port.
    async fn listen(&self) -> Result<Box<dyn Redirect>, Code>;
}

/// A port that waits for one answer.
#[async_trait]
pub trait Redirect: Send {
    /// `http://127.0.0.1:PORT/oauth/callback`.
    fn uri(&self) -> Url;
    /// The `code` of the answer with the right state and, where it names its issuer (RFC 9207), of this
    /// organisation. Wrong paths, states and issuers are answered and ignored without ending the wait;
    /// `error=access_denied` is [`Code::SignInDenied`]. `strange` is called for each answer with a state or
    /// an issuer that is not ours.
    async fn answer(
        self: Box<Self>,
        state: &SecretString,
        org: &Organisation,
        strange: Box<dyn Fn() + Send + Sync>,
    ) -> Result<SecretString, Code>;
}

/// What the sandbox server printed when it was ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxReady {
    /// Its organisation.
    pub start_url: Url,
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// Its endpoints.
    pub endpoints: Endpoints,
    /// The sample users.
    pub users: Vec<SampleUser>,
}

/// A user of the sample organisation. The password opens nothing but the sample.
#[derive(Clone, PartialEq, Eq)]
pub struct SampleUser {
    /// For the sign-in page.
    pub username: String,
    /// For the sign-in page.
    pub password: String,
    /// For people.
    pub display_name: String,
}

impl std::fmt::Debug for SampleUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SampleUser").field("username", &self.username).finish_non_exhaustive()
    }
}

/// The server that the app ships and starts as a sandbox.
#[async_trait]
pub trait Sandbox: Send + Sync {
    /// Starts it, or answers what runs already.
    async fn start(&self) -> Result<SandboxReady, Code>;
    /// Returns when the server that [`Sandbox::start`] gave has ended.
    async fn ended(&self) {
        std::future::pending::<()>().await;
    }
    /// Ends it.
    async fn stop(&self);
    /// Ends it and deletes its data.
    async fn delete(&self) -> Result<(), Code>;
    /// `export` lines for the shell that point AWS tools at the sandbox's own files and STS.
    fn exports(&self) -> Vec<String>;
}

/// The desktop: notifications, presence, clipboard.
#[async_trait]
pub trait Desktop: Send + Sync {
    /// Is the person there? Anything unknown is answered as "there".
    async fn presence(&self) -> Presence;
    /// Shows a notification; equal [`Notice::key`] replaces. Presses come back as
    /// [`crate::Request::Pressed`].
    async fn notify(&self, notice: &Notice, manner: Manner) -> Result<(), Code>;
    /// Takes a notification away whose cause is gone.
    async fn withdraw(&self, key: &str);
    /// Puts text on the clipboard, marked as sensitive where the platform knows that, and clears it
    /// after `clear_after` if it still holds it.
    async fn copy_secret(&self, text: SecretString, clear_after: Duration) -> Result<(), Code>;
}

/// Where the person finds what was exported: the folder for downloads.
#[async_trait]
pub trait Exports: Send + Sync {
    /// Writes a file that only the person can read, and never over another one: a name that is taken gets a
    /// number. Answers where it is.
    async fn save(&self, name: &str, text: String) -> Result<PathBuf, Code>;
    /// Shows the folder of logs in the desktop's file manager; [`Code::FolderNotShown`].
    async fn show_logs(&self) -> Result<(), Code>;
    /// Shows a file in the desktop's file manager, or else its folder; [`Code::FolderNotShown`].
    async fn show_file(&self, path: &Path) -> Result<(), Code>;
}

/// This program's own file, in whose place the system may put another version while it runs. A program that
/// does one thing and ends has nothing to do with that.
#[async_trait]
pub trait Program: Send + Sync {
    /// The version that stands there, where it is another one and starts: now and from now on.
    fn ready(&self) -> watch::Receiver<Option<String>> {
        watch::channel(None).1
    }
    /// Starts it for a moment, to see that it does; its version, or [`Code::UpdateDoesNotStart`].
    async fn try_out(&self) -> Result<String, Code> {
        Err(Code::UpdateDoesNotStart { reason: "there is none".to_owned() })
    }
    /// Whoever ends this program is to start that one in its place.
    fn start_again(&self) {}
}

/// All doors in one hand.
#[derive(Clone)]
pub struct Ports {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The SSO server.
    pub sso: Arc<dyn Sso>,
    /// The vault.
    pub vault: Arc<dyn Vault>,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The configuration file.
    pub settings: Arc<dyn SettingsFile>,
    /// The AWS files.
    pub files: Arc<dyn AwsFiles>,
    /// The browser.
    pub browser: Arc<dyn Browser>,
    /// The listener for the browser's answer.
    pub redirect: Arc<dyn RedirectListener>,
    /// The sandbox.
    pub sandbox: Arc<dyn Sandbox>,
    /// The desktop.
    pub desktop: Arc<dyn Desktop>,
    /// Where exports go.
    pub exports: Arc<dyn Exports>,
    /// Security keys.
    pub keys: Arc<dyn SecurityKeys>,
    /// A server's API for the app.
    pub native: Arc<dyn Native>,
    /// This program's own file.
    pub program: Arc<dyn Program>,
}
