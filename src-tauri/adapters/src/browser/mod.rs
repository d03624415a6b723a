//! The default browser, and the one-use address for what must not stand in a process list.

mod installed;
pub(crate) mod launch;
mod one_use;

pub use installed::desktop_entries;
pub use launch::{Launch, SystemLaunch};

use crate::urls::{self, AllowedHosts};
use async_trait::async_trait;
use engine::{
    model::{code::Code, ids::OrgId, settings::BrowserChoice},
    ports::{Browser, InstalledBrowser, SecretUrl},
};
use one_use::OneUse;
use secrecy::ExposeSecret;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use url::Url;

/// How long the browser may take to fetch a one-use address.
const FETCH_WITHIN: Duration = Duration::from_secs(30);

/// [`Browser`] of this desktop. Opens addresses of known organisations only.
pub struct DefaultBrowser {
    launch: Arc<dyn Launch>,
    hosts: Arc<AllowedHosts>,
    fetch_within: Duration,
    /// Folders of desktop entries, the person's own first.
    entries: Vec<PathBuf>,
    choices: Mutex<BTreeMap<OrgId, BrowserChoice>>,
}

impl DefaultBrowser {
    /// The browser that `launch` starts, for addresses that `hosts` allows.
    #[must_use]
    pub fn new(launch: Arc<dyn Launch>, hosts: Arc<AllowedHosts>) -> Self {
        Self { launch, hosts, fetch_within: FETCH_WITHIN, entries: Vec::new(), choices: Mutex::default() }
    }

    /// With the browsers whose desktop entries are in these folders to choose from.
    #[must_use]
    pub fn with_entries(self, entries: Vec<PathBuf>) -> Self {
        Self { entries, ..self }
    }

    /// What opens a private window: of the browser that the person chose for an organisation, or else of the
    /// desktop's own. None other instead: a private window may be wanted for a reason.
    async fn in_private(&self, org: &OrgId) -> Result<Vec<String>, Code> {
        let chosen = {
            let choices = self.choices.lock().unwrap_or_else(PoisonError::into_inner);
            choices.get(org).map(|choice| choice.browser.clone()).filter(|browser| !browser.is_empty())
        };
        let id = match chosen {
            Some(chosen) => Some(chosen),
            None => self.launch.default_browser().await,
        };
        let found = self.all().await.into_iter().find(|browser| Some(&browser.id) == id.as_ref());
        match found {
            Some(browser) if browser.private.is_some() => Ok(browser.command(true, None)),
            _ => Err(Code::BrowserFailed { reason: "it cannot be asked for a private window".to_owned() }),
        }
    }

    /// What starts the browser that the person chose for an organisation. `None`: the desktop's own, also
    /// where the chosen one is not installed any more.
    async fn chosen(&self, org: &OrgId) -> Option<Vec<String>> {
        let choice = {
            let choices = self.choices.lock().unwrap_or_else(PoisonError::into_inner);
            choices.get(org).filter(|choice| !choice.browser.is_empty()).cloned()
        };
        let choice = choice?;
        let found = self.all().await.into_iter().find(|browser| browser.id == choice.browser);
        if found.is_none() {
            tracing::warn!(browser = choice.browser, "the chosen browser is not installed any more");
        }
        Some(found?.command(choice.private, choice.container.as_deref()))
    }

    async fn all(&self) -> Vec<installed::Found> {
        let folders = self.entries.clone();
        let look = tokio::task::spawn_blocking(move || installed::in_folders(&folders));
        look.await.unwrap_or_default()
    }
}

#[async_trait]
impl Browser for DefaultBrowser {
    async fn installed(&self) -> Vec<InstalledBrowser> {
        let all = self.all().await.into_iter();
        let one = |found: installed::Found| InstalledBrowser {
            private: found.private.is_some(),
            containers: found.containers,
            id: found.id,
            name: found.name,
        };
        all.map(one).collect()
    }

    async fn name(&self, org: &OrgId) -> Option<String> {
        let chosen = {
            let choices = self.choices.lock().unwrap_or_else(PoisonError::into_inner);
            choices.get(org).map(|choice| choice.browser.clone()).filter(|browser| !browser.is_empty())
        };
        let all = self.all().await;
        let name_of = |id: &str| all.iter().find(|found| found.id == id).map(|found| found.name.clone());
        // One that is not installed any more is not what opens.
        if let Some(name) = chosen.as_deref().and_then(name_of) {
            return Some(name);
        }
        if !self.launch.asks_the_desktop() {
            return None;
        }
        name_of(&self.launch.default_browser().await?)
    }

    fn prefer(&self, choices: BTreeMap<OrgId, BrowserChoice>) {
        *self.choices.lock().unwrap_or_else(PoisonError::into_inner) = choices;
    }

    async fn open(&self, org: &OrgId, url: &Url) -> Result<(), Code> {
        self.hosts.check(url)?;
        self.launch.launch(url, self.chosen(org).await.as_deref()).await
    }

    async fn open_once(&self, org: &OrgId, secret: SecretUrl, private: bool) -> Result<(), Code> {
        let url = Url::parse(secret.url.expose_secret())
            .map_err(|_| Code::Internal { what: "the console's address cannot be read".to_owned() })?;
        self.hosts.check(&url)?;
        drop(url);
        let with = if private { Some(self.in_private(org).await?) } else { self.chosen(org).await };
        let link = OneUse::open(secret.url).await?;
        let address = link.address().clone();
        let mut fetched = link.serve(self.fetch_within);
        let came = tokio::select! {
            // The browser is there: whether its starter has ended does not matter any more.
            came = &mut fetched => came,
            started = self.launch.launch(&address, with.as_deref()) => {
                started?;
                fetched.await
            }
        };
        match came {
            Ok(()) => Ok(()),
            Err(_) => Err(Code::BrowserFailed { reason: "it did not fetch the page".to_owned() }),
        }
    }
}

/// Whether an address may stand on a command line at all: ours never start with a dash and hold neither
/// spaces nor control characters.
pub(crate) fn is_plain(url: &Url) -> bool {
    urls::is_safe(url) && url.as_str().bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::{loopback::tests::get, urls::tests::custom};

    /// A browser that follows what it is given, or does nothing.
    #[derive(Default)]
    struct Robot {
        fetches: bool,
        given: Mutex<Vec<Url>>,
        answers: Arc<Mutex<Vec<String>>>,
        with: Mutex<Vec<Option<Vec<String>>>>,
        default: Option<String>,
        /// Something else than the desktop's browser is started.
        other: bool,
    }

    #[async_trait]
    impl Launch for Robot {
        async fn default_browser(&self) -> Option<String> {
            self.default.clone()
        }
        fn asks_the_desktop(&self) -> bool {
            !self.other
        }
        async fn launch(&self, url: &Url, with: Option<&[String]>) -> Result<(), Code> {
            self.with.lock().unwrap().push(with.map(<[String]>::to_vec));
            self.given.lock().unwrap().push(url.clone());
            if self.fetches {
                let (url, answers) = (url.clone(), Arc::clone(&self.answers));
                tokio::spawn(async move {
                    let answer = get(url.port().unwrap(), url.path()).await;
                    answers.lock().unwrap().push(answer);
                });
            }
            Ok(())
        }
    }

    fn browser(robot: &Arc<Robot>) -> DefaultBrowser {
        let hosts = AllowedHosts::default();
        hosts.learn(&custom("https://sso.acme.test"));
        let launch: Arc<dyn Launch> = robot.clone();
        DefaultBrowser {
            fetch_within: Duration::from_millis(200),
            ..DefaultBrowser::new(launch, Arc::new(hosts))
        }
    }

    fn org() -> OrgId {
        OrgId::new("acme")
    }

    #[tokio::test]
    async fn an_organisations_pages_open_in_the_browser_that_was_chosen_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let entry = "[Desktop Entry]\nType=Application\nName=Firefox\nExec=firefox %u\nMimeType=x-scheme-handler/https;\n";
        std::fs::write(dir.path().join("firefox.desktop"), entry).unwrap();
        let robot = Arc::new(Robot::default());
        let browser = browser(&robot).with_entries(vec![dir.path().to_owned()]);
        assert_eq!(browser.installed().await[0].name, "Firefox");
        let choice =
            |browser: &str| BrowserChoice { browser: browser.to_owned(), private: true, container: None };
        let page = Url::parse("https://sso.acme.test/start").unwrap();
        for (chosen, expect) in [
            (vec![], None),
            (vec![(OrgId::new("other"), choice("firefox.desktop"))], None),
            (vec![(org(), choice("gone.desktop"))], None),
            (vec![(org(), choice("firefox.desktop"))], Some(vec!["firefox", "--private-window", "%u"])),
        ] {
            browser.prefer(chosen.into_iter().collect());
            browser.open(&org(), &page).await.unwrap();
            let with = robot.with.lock().unwrap().last().cloned().flatten();
            let with = with.as_ref().map(|words| words.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(with, expect);
        }
    }

    #[tokio::test]
    async fn a_private_window_is_the_chosen_browsers_or_the_desktops_or_none() {
        let dir = tempfile::tempdir().unwrap();
        for (name, exec) in [("firefox", "firefox %u"), ("chromium", "chromium %u"), ("plain", "plain %u")] {
            let entry = format!(
                "[Desktop Entry]\nType=Application\nName={name}\nExec={exec}\nMimeType=x-scheme-handler/https;\n"
            );
            std::fs::write(dir.path().join(format!("{name}.desktop")), entry).unwrap();
        }
        let chosen = |browser: &str| {
            let browser = format!("{browser}.desktop");
            (org(), BrowserChoice { browser, private: false, container: Some("Work".to_owned()) })
        };
        let refused = "it cannot be asked for a private window";
        for (choice, default, expect) in [
            (None, Some("chromium"), Ok(vec!["chromium", "--incognito", "%u"])),
            (Some("firefox"), Some("chromium"), Ok(vec!["firefox", "--private-window", "%u"])),
            (Some("plain"), Some("chromium"), Err(refused)),
            (Some("gone"), Some("chromium"), Err(refused)),
            (None, Some("plain"), Err(refused)),
            (None, None, Err(refused)),
        ] {
            let default = default.map(|name| format!("{name}.desktop"));
            let robot = Arc::new(Robot { fetches: true, default, ..Robot::default() });
            let browser = browser(&robot).with_entries(vec![dir.path().to_owned()]);
            let browser = DefaultBrowser { fetch_within: FETCH_WITHIN, ..browser };
            browser.prefer(choice.map(chosen).into_iter().collect());
            let opened = browser.open_once(&org(), secret("https://sso.acme.test/federation"), true).await;
            let with = robot.with.lock().unwrap().last().cloned().flatten();
            let expect = expect.map(|words| words.into_iter().map(str::to_owned).collect::<Vec<_>>());
            let expect = expect.map_err(|reason| Code::BrowserFailed { reason: reason.to_owned() });
            assert_eq!(opened.map(|()| with.unwrap_or_default()), expect, "{choice:?}");
        }
    }

    #[tokio::test]
    async fn the_browser_is_named_that_really_opens() {
        let dir = tempfile::tempdir().unwrap();
        for (id, name) in [("firefox", "Firefox"), ("chromium", "Chromium")] {
            let entry = format!(
                "[Desktop Entry]\nType=Application\nName={name}\nExec={id} %u\nMimeType=x-scheme-handler/https;\n"
            );
            std::fs::write(dir.path().join(format!("{id}.desktop")), entry).unwrap();
        }
        for (chosen, default, other, expect) in [
            (Some("firefox"), Some("chromium"), false, Some("Firefox")),
            (Some("firefox"), Some("chromium"), true, Some("Firefox")),
            (Some("gone"), Some("chromium"), false, Some("Chromium")),
            (None, Some("chromium"), false, Some("Chromium")),
            (None, Some("chromium"), true, None),
            (None, Some("gone"), false, None),
            (None, None, false, None),
        ] {
            let id = |name: &str| format!("{name}.desktop");
            let robot = Arc::new(Robot { default: default.map(id), other, ..Robot::default() });
            let browser = browser(&robot).with_entries(vec![dir.path().to_owned()]);
            let choice = |name| BrowserChoice { browser: id(name), private: false, container: None };
            browser.prefer(chosen.map(|name| (org(), choice(name))).into_iter().collect());
            assert_eq!(browser.name(&org()).await.as_deref(), expect, "{chosen:?} {default:?} {other}");
        }
    }

    fn secret(url: &str) -> SecretUrl {
        SecretUrl { url: url.into(), host: "sso.acme.test".into() }
    }

    #[tokio::test]
    async fn foreign_addresses_are_not_opened() {
        let robot = Arc::new(Robot::default());
        let browser = browser(&robot);
        let foreign = Url::parse("https://evil.test/").unwrap();
        assert_eq!(browser.open(&org(), &foreign).await, Err(Code::ForeignUrl { host: "evil.test".into() }));
        let denied = browser.open_once(&org(), secret("https://evil.test/?SigninToken=t"), false).await;
        assert_eq!(denied, Err(Code::ForeignUrl { host: "evil.test".into() }));
        assert!(robot.given.lock().unwrap().is_empty());
        browser.open(&org(), &Url::parse("https://sso.acme.test/start").unwrap()).await.unwrap();
        assert_eq!(robot.given.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_sign_in_token_reaches_the_browser_and_no_command_line() {
        let robot = Arc::new(Robot { fetches: true, ..Robot::default() });
        let browser = DefaultBrowser { fetch_within: FETCH_WITHIN, ..browser(&robot) };
        let target = "https://sso.acme.test/federation?Action=login&SigninToken=planted";
        browser.open_once(&org(), secret(target), false).await.unwrap();
        let given = robot.given.lock().unwrap().clone();
        assert!(!given[0].as_str().contains("planted"));
        let second = get(given[0].port().unwrap(), given[0].path()).await;
        assert!(second.starts_with("HTTP/1.1 410 ") && !second.contains("planted"), "{second}");
    }

    #[tokio::test]
    async fn a_browser_that_does_not_come_is_a_failure_and_the_door_closes() {
        let robot = Arc::new(Robot::default());
        let browser = browser(&robot);
        let failed =
            browser.open_once(&org(), secret("https://sso.acme.test/federation?SigninToken=t"), false).await;
        assert!(matches!(failed, Err(Code::BrowserFailed { .. })), "{failed:?}");
        let port = robot.given.lock().unwrap()[0].port().unwrap();
        assert!(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err());
    }
}
