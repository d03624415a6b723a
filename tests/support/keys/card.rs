//! Virtual keys in virtual readers, for one desk alone.

use crate::{
    deadline::{START, within},
    desk::Desk,
    process::Process,
    programs,
};
use anyhow::{Context, Result};
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use vicc::{
    readers::Readers,
    remote::{Program, Remote},
};

/// Two readers, each with the key that may lie in it. They end with the desk.
#[derive(Clone, Debug)]
pub struct CardReaders(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    keys: [CardKey; 2],
    // After the keys: a reader is unplugged last.
    readers: Readers,
}

/// A key: OpenSK, a firmware by others, as a smart card. Clones are the same one.
#[derive(Clone, Debug)]
pub struct CardKey {
    remote: Arc<Mutex<Remote>>,
    _program: Arc<Program>,
}

impl CardReaders {
    /// Starts pcscd where only this desk's programs find it, and two keys beside it, not plugged in yet.
    ///
    /// # Errors
    /// That `pcscd` or `vsmartcard-vpcd` is not installed, or that something does not start.
    pub async fn start(desk: &Desk) -> Result<Self> {
        let folder = desk.folders().bus();
        let parts = within(START, "virtual card readers", off_the_runtime(move || start(&folder))).await?;
        let readers = Self(Arc::new(parts));
        desk.hold(readers.clone());
        Ok(readers)
    }

    /// What `PCSCLITE_CSOCK_NAME` is for the programs of this desk.
    #[must_use]
    pub fn socket(&self) -> String {
        self.0.readers.socket().to_string_lossy().into_owned()
    }

    /// The key of the first (0) or second reader.
    #[must_use]
    pub fn key(&self, reader: usize) -> &CardKey {
        &self.0.keys[reader]
    }

    /// Another program takes the one key that is plugged in, and keeps it until it is dropped.
    ///
    /// # Errors
    /// That it could not.
    pub async fn used_by_another(&self, desk: &Desk) -> Result<Process> {
        let program = desk.program("another-program", programs::vicc()?).args(["use"]);
        let program = program.envs([(Readers::ENVIRONMENT, self.0.readers.socket())]);
        let program = program.lines().input().start()?;
        program
            .line(START, "another program to take the key", |line| (line == "ready").then_some(()))
            .await?;
        Ok(program)
    }
}

fn start(folder: &Path) -> Result<Parts> {
    let readers = Readers::start(folder)?;
    let vicc = programs::vicc()?;
    let key = |reader| -> Result<CardKey> {
        let program = Program::start(&vicc, &readers, reader, "full", folder)?;
        let remote = Remote::at(program.socket()).context("a key that takes no orders")?;
        Ok(CardKey { remote: Arc::new(Mutex::new(remote)), _program: Arc::new(program) })
    };
    Ok(Parts { keys: [key(0)?, key(1)?], readers })
}

async fn off_the_runtime<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}

impl CardKey {
    /// Gives an order of `vicc`'s (`tests/vicc/src/main.rs` lists them) and waits until it is obeyed.
    ///
    /// # Errors
    /// What the key says against it.
    pub async fn order(&self, order: &str) -> Result<()> {
        let (remote, said) = (Arc::clone(&self.remote), order.to_owned());
        let obeyed = off_the_runtime(move || {
            Ok(remote.lock().unwrap_or_else(PoisonError::into_inner).order(&said)?)
        });
        within(START, order, obeyed).await
    }

    /// Lays it in its reader.
    ///
    /// # Errors
    /// As [`Self::order`].
    pub async fn plug(&self) -> Result<()> {
        self.order("plug").await
    }

    /// Takes it away, whatever it is doing.
    ///
    /// # Errors
    /// As [`Self::order`].
    pub async fn unplug(&self) -> Result<()> {
        self.order("unplug").await
    }

    /// Is touched from now on, whenever it asks.
    ///
    /// # Errors
    /// As [`Self::order`].
    pub async fn touch(&self) -> Result<()> {
        self.order("touch allow").await
    }

    /// Is touched by nobody from now on.
    ///
    /// # Errors
    /// As [`Self::order`].
    pub async fn leave_alone(&self) -> Result<()> {
        self.order("touch wait").await
    }

    /// Waits until it waits for a touch or a finger.
    ///
    /// # Errors
    /// As [`Self::order`].
    pub async fn waits(&self) -> Result<()> {
        self.order("waiting").await
    }

    /// Becomes another key of this profile (`vicc::Profile`), which is not plugged in yet.
    ///
    /// # Errors
    /// As [`Self::order`].
    pub async fn becomes(&self, profile: &str) -> Result<()> {
        self.order(&format!("profile {profile}")).await
    }

    /// Somebody copies it, which nobody is to be able to; see [`Self::is_the_copy`].
    ///
    /// # Errors
    /// As [`Self::order`].
    pub async fn is_copied(&self) -> Result<()> {
        self.order("keep").await
    }

    /// Becomes the copy, which knows nothing of what the key did since. It is not plugged in yet.
    ///
    /// # Errors
    /// As [`Self::order`].
    pub async fn is_the_copy(&self) -> Result<()> {
        self.order("copy").await
    }

    /// Holds a passkey from before. The key must have no PIN yet.
    ///
    /// # Errors
    /// As [`Self::order`].
    pub async fn holds(&self, site: &str, user: &str) -> Result<()> {
        self.order(&format!("passkey {site} {user}")).await
    }
}
