//! The browser, with a line in the event log for each address that was opened.

use super::{EventLog, Happening};
use async_trait::async_trait;
use engine::{
    model::{code::Code, ids::OrgId, settings::BrowserChoice},
    ports::{Browser, InstalledBrowser, SecretUrl},
};
use std::{collections::BTreeMap, sync::Arc};
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
    async fn installed(&self) -> Vec<InstalledBrowser> {
        self.browser.installed().await
    }

    async fn name(&self, org: &OrgId) -> Option<String> {
        self.browser.name(org).await
    }

    fn prefer(&self, choices: BTreeMap<OrgId, BrowserChoice>) {
        self.browser.prefer(choices);
    }

    async fn open(&self, org: &OrgId, url: &Url) -> Result<(), Code> {
        self.browser.open(org, url).await?;
        self.record(url.host_str().unwrap_or_default());
        Ok(())
    }

    async fn open_once(&self, org: &OrgId, url: SecretUrl, private: bool) -> Result<(), Code> {
        let host = url.host.clone();
        self.browser.open_once(org, url, private).await?;
        self.record(&host);
        Ok(())
    }
}
