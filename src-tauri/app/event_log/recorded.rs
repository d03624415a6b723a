//! The browser, with a line in the event log for each address that was opened.

use super::{EventLog, Happening};
use async_trait::async_trait;
use engine::{
    model::code::Code,
    ports::{Browser, SecretUrl},
};
use std::sync::Arc;
use url::Url;

/// A browser whose openings are recorded by host, never by address.
pub struct RecordedBrowser {
    browser: Arc<dyn Browser>,
    log: Arc<EventLog>,
}

impl RecordedBrowser {
    /// Puts the record around a browser.
    pub fn new(browser: Arc<dyn Browser>, log: Arc<EventLog>) -> Self {
        Self { browser, log }
    }

    fn record(&self, host: &str) {
        self.log.write(&Happening::BrowserOpened { host: host.to_owned() });
    }
}

#[async_trait]
impl Browser for RecordedBrowser {
    async fn open(&self, url: &Url) -> Result<(), Code> {
        self.browser.open(url).await?;
        self.record(url.host_str().unwrap_or_default());
        Ok(())
    }

    async fn open_once(&self, url: SecretUrl) -> Result<(), Code> {
        let host = url.host.clone();
        self.browser.open_once(url).await?;
        self.record(&host);
        Ok(())
    }
}
