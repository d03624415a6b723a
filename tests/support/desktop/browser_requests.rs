//! What programs at the desk asked the default browser to open.

use crate::{desk::Folders, record::Record};
use anyhow::{Context, Result};
use rustix::fs::{CWD, Mode, mkfifoat};
use std::time::Duration;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::unix::pipe,
};
use url::Url;

/// The addresses handed to the default browser, in order.
#[derive(Debug)]
pub struct BrowserRequests {
    addresses: Record<String>,
}

/// Reads lines of a FIFO for as long as the runtime lives. Opened for writing too, so that writers
/// never wait for a reader and the end of one is not the end of all.
pub(crate) fn read_fifo(path: &std::path::Path, mut each: impl FnMut(String) + Send + 'static) -> Result<()> {
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR)
        .with_context(|| format!("could not make {}", path.display()))?;
    let fifo = pipe::OpenOptions::new().read_write(true).open_receiver(path)?;
    tokio::spawn(async move {
        let mut lines = BufReader::new(fifo).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            each(line);
        }
    });
    Ok(())
}

impl BrowserRequests {
    /// Listens where the desk's browser script hands over.
    ///
    /// # Errors
    /// That the FIFO cannot be made.
    pub fn start(folders: &Folders) -> Result<Self> {
        let addresses = Record::default();
        let heard = addresses.clone();
        read_fifo(&folders.browser_fifo(), move |line| heard.push(line))?;
        Ok(Self { addresses })
    }

    /// All so far.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        self.addresses.all()
    }

    /// How many so far, to be given to [`Self::next`].
    #[must_use]
    pub fn mark(&self) -> usize {
        self.addresses.mark()
    }

    /// The first address after `mark`.
    ///
    /// # Errors
    /// That nothing was opened in time, or something that is no address.
    pub async fn next(&self, mark: usize, limit: Duration, what: &str) -> Result<Url> {
        let address = self.addresses.wait_after(mark, limit, what, |a| Some(a.clone())).await?;
        Url::parse(&address).with_context(|| format!("the browser was asked to open {address:?}"))
    }
}
