//! WebDriver sessions: the driven Chromium and the app's window.

use crate::{
    deadline::{SOON, START, WHILE, until, within},
    desk::Desk,
    ports, programs,
};
use anyhow::{Context, Result, bail};
use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource, KeyAction, KeyActions},
    elements::Element,
    error::{CmdError, ErrorStatus},
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use std::{cell::RefCell, path::PathBuf, time::Duration};
use tokio::task::JoinHandle;
use url::Url;

/// A WebDriver session; clones are the same session.
#[derive(Clone, Debug)]
pub struct Driver {
    name: &'static str,
    client: Client,
}

/// Starts chromedriver and a headless Chromium of its own: the desk's default browser.
///
/// # Errors
/// That either is not there or was not ready in time.
pub async fn chromium(desk: &Desk) -> Result<Driver> {
    start_chromium(desk, "browser", desk.folders().browser()).await
}

/// The same with a profile of its own: the browser of somebody else, called `name`.
///
/// # Errors
/// As [`chromium`].
pub async fn chromium_of(desk: &Desk, name: &'static str) -> Result<Driver> {
    start_chromium(desk, name, desk.folders().root().join(name)).await
}

async fn start_chromium(desk: &Desk, name: &'static str, profile: PathBuf) -> Result<Driver> {
    // Left to itself it takes a port of the one family that may be in use in the other, and gives up.
    let port = format!("--port={}", ports::free()?);
    let program = desk.program(&format!("chromedriver-{name}"), "chromedriver").args([port]).lines();
    let chromedriver = desk.spawn(program)?;
    let port = chromedriver.line(START, "chromedriver's port", port_in).await?;
    let mut args = vec![
        "--headless=new".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--password-store=basic".to_owned(),
        "--window-size=1200,800".to_owned(),
        format!("--user-data-dir={}", profile.display()),
    ];
    if rustix::process::getuid().is_root() {
        // Chromium's sandbox refuses root; in tests only.
        args.push("--no-sandbox".to_owned());
    }
    let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": { "args": args } });
    connect(desk, name, port, wanted).await
}

fn port_in(line: &str) -> Option<u16> {
    line.strip_prefix("ChromeDriver was started successfully on port ")?.trim_end_matches('.').parse().ok()
}

/// Starts tauri-driver and, through it, `program` with `args` and the further variables `vars`. The
/// session is there only when the program has opened its first window, so it is given as a task to
/// be awaited after the test has opened it.
///
/// # Errors
/// That tauri-driver or WebKitWebDriver is not there.
pub async fn window(
    desk: &Desk,
    program: &std::path::Path,
    args: &[&str],
    vars: &[(&str, &str)],
) -> Result<JoinHandle<Result<Driver>>> {
    let (port, native) = (ports::free()?, ports::free()?);
    let ports = [format!("--port={port}"), format!("--native-port={native}")];
    let tauri_driver = desk.program("tauri-driver", programs::tauri_driver()?);
    desk.spawn(tauri_driver.args(ports).envs(vars.iter().copied()))?;
    // tauri-driver passes requests on to WebKitWebDriver, which it starts, and does not wait for it.
    for (listener, port) in [("WebKitWebDriver", native), ("tauri-driver", port)] {
        until(START, &format!("{listener} to listen"), || async move {
            Ok(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok().map(drop))
        })
        .await?;
    }
    let wanted = json!({ "tauri:options": { "application": program, "args": args } });
    let desk = desk.clone();
    Ok(tokio::spawn(async move { connect(&desk, "window", port, wanted).await }))
}

async fn connect(desk: &Desk, name: &'static str, port: u16, wanted: Value) -> Result<Driver> {
    let wanted: Map<String, Value> = match wanted {
        Value::Object(map) => map,
        other => bail!("capabilities are an object, not {other}"),
    };
    let mut builder = ClientBuilder::new(HttpConnector::new());
    builder.capabilities(wanted);
    let address = format!("http://127.0.0.1:{port}");
    let what = format!("a WebDriver session of the {name}");
    let client = within(START, &what, builder.connect(&address)).await?;
    let driver = Driver { name, client };
    desk.keep(driver.clone());
    Ok(driver)
}

/// A failure that a page in change brings about: not there yet, or replaced a moment ago.
fn not_yet(error: &CmdError) -> bool {
    let CmdError::Standard(e) = error else { return false };
    // chromedriver's other ways to say stale, when the page went away during the question.
    const WENT_AWAY: [&str; 4] = [
        "does not belong to the document",
        "aborted by navigation",
        "Cannot find context with specified id",
        "context was destroyed",
    ];
    if WENT_AWAY.iter().any(|words| e.message.contains(words)) {
        return true;
    }
    matches!(
        e.error,
        ErrorStatus::NoSuchElement
            | ErrorStatus::StaleElementReference
            | ErrorStatus::ElementNotInteractable
            | ErrorStatus::ElementClickIntercepted
            | ErrorStatus::NoSuchWindow
    )
}

fn settled<T>(result: Result<T, CmdError>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(e) if not_yet(&e) => Ok(None),
        Err(e) => Err(e.into()),
    }
}

impl Driver {
    /// `browser`, `window`, or whose browser it is.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The session itself, for what has no word here.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Opens `address`.
    ///
    /// # Errors
    /// That the page could not be loaded.
    pub async fn go(&self, address: &Url) -> Result<()> {
        let what = format!("the {} to open {}", self.name, address.path());
        within(WHILE, &what, self.client.goto(address.as_str())).await
    }

    /// Waits for an element that is displayed.
    ///
    /// # Errors
    /// That none was in time, with the page's text.
    pub async fn see(&self, what: Locator<'_>) -> Result<Element> {
        let found = until(SOON, &format!("{what:?} in the {}", self.name), || async {
            let Some(element) = settled(self.client.find(what).await)? else { return Ok(None) };
            let displayed = settled(element.is_displayed().await)?.unwrap_or(false);
            Ok(displayed.then_some(element))
        })
        .await;
        match found {
            Ok(found) => Ok(found),
            Err(e) => Err(e.context(format!("the page read:\n{}", self.text().await.unwrap_or_default()))),
        }
    }

    /// Waits until an element is gone or hidden.
    ///
    /// # Errors
    /// That it stayed.
    pub async fn see_no(&self, what: Locator<'_>) -> Result<()> {
        until(SOON, &format!("{what:?} to go from the {}", self.name), || async {
            let Some(element) = settled(self.client.find(what).await)? else { return Ok(Some(())) };
            Ok((!settled(element.is_displayed().await)?.unwrap_or(false)).then_some(()))
        })
        .await
    }

    /// Waits for an element that can be clicked and has come to rest, and clicks it. What moves between the moment
    /// at which a driver asks for its place and the one at which the button goes down is missed, without a word.
    ///
    /// # Errors
    /// That there was none in time.
    pub async fn click(&self, what: Locator<'_>) -> Result<()> {
        let place = RefCell::new(None);
        until(SOON, &format!("to click {what:?} in the {}", self.name), || async {
            let Some(element) = settled(self.client.find(what).await)? else { return Ok(None) };
            if settled(element.is_enabled().await)? != Some(true) {
                return Ok(None);
            }
            let now = settled(self.place(&element).await)?;
            if now.is_none() || place.replace(now.clone()) != now {
                return Ok(None);
            }
            settled(element.click().await)
        })
        .await
    }

    /// Where an element is in the window. The page is asked: `WebKitWebDriver` never answers for some that are scrolled
    /// out of sight.
    async fn place(&self, element: &Element) -> Result<Value, CmdError> {
        let place = "const { x, y, width, height } = arguments[0].getBoundingClientRect(); return [x, y, width, height];";
        let element = serde_json::to_value(element).map_err(CmdError::Json)?;
        self.client.execute(place, vec![element]).await
    }

    /// Waits for a button, link, tab or row by what a person reads on it (its text or its
    /// `aria-label`), and clicks it.
    ///
    /// # Errors
    /// That there was none in time.
    pub async fn press(&self, label: &str) -> Result<()> {
        self.click(Locator::XPath(&by_label(label))).await
    }

    /// Waits for a field and types `text` in place of what it held.
    ///
    /// # Errors
    /// That there was none in time.
    pub async fn fill(&self, what: Locator<'_>, text: &str) -> Result<()> {
        until(SOON, &format!("to fill {what:?} in the {}", self.name), || async {
            let field = self.see(what).await?;
            if settled(field.clear().await)?.is_none() {
                return Ok(None);
            }
            if settled(field.send_keys(text).await)?.is_none() {
                return Ok(None);
            }
            // A driver on a busy machine loses keys now and then.
            let holds = settled(field.prop("value").await)?.flatten();
            Ok((!holds.is_some_and(|holds| has_lost(&holds, text))).then_some(()))
        })
        .await
    }

    /// Waits for a list and chooses from it what is labelled so.
    ///
    /// # Errors
    /// That there was none in time.
    pub async fn choose(&self, what: Locator<'_>, label: &str) -> Result<()> {
        until(SOON, &format!("to choose {label:?} from {what:?} in the {}", self.name), || async {
            let list = self.see(what).await?;
            settled(list.select_by_label(label).await)
        })
        .await
    }

    /// Waits for the field labelled `label` and types `text` in place of what it held.
    ///
    /// # Errors
    /// That there was none in time.
    pub async fn fill_labelled(&self, label: &str, text: &str) -> Result<()> {
        let field = format!("//label[normalize-space(.)={}]/following::input[1]", quoted(label));
        self.fill(Locator::XPath(&field), text).await
    }

    /// Presses keys one after another, as on a keyboard; a modifier (`Key::Control` and so on) is held until
    /// the end of the chord it is in.
    ///
    /// # Errors
    /// That the session ended.
    pub async fn keys(&self, chord: &[char]) -> Result<()> {
        let down = chord.iter().map(|key| KeyAction::Down { value: *key });
        let up = chord.iter().rev().map(|key| KeyAction::Up { value: *key });
        let keys = down.chain(up).fold(KeyActions::new("keyboard".to_owned()), KeyActions::then);
        within(SOON, "keys to be pressed", self.client.perform_actions(keys)).await
    }

    /// What has the focus: its `aria-label`, else the label or the text a person reads.
    ///
    /// # Errors
    /// That the session ended.
    pub async fn focused(&self) -> Result<String> {
        let name = "const one = document.activeElement;
            return one.ariaLabel ?? one.labels?.[0]?.textContent ?? one.textContent;";
        let name = self.client.execute(name, vec![]).await?;
        Ok(name.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Waits until the page's visible text contains `text`.
    ///
    /// # Errors
    /// That it did not in time, with the text it had.
    pub async fn read(&self, limit: Duration, text: &str) -> Result<()> {
        let found = until(limit, &format!("the {} to say {text:?}", self.name), || async {
            Ok(self.text().await?.contains(text).then_some(()))
        })
        .await;
        match found {
            Ok(()) => Ok(()),
            Err(e) => Err(e.context(format!("it read:\n{}", self.text().await.unwrap_or_default()))),
        }
    }

    /// The page's visible text.
    ///
    /// # Errors
    /// That the session ended.
    pub async fn text(&self) -> Result<String> {
        let Some(body) = settled(self.client.find(Locator::Css("body")).await)? else {
            return Ok(String::new());
        };
        Ok(settled(body.text().await)?.unwrap_or_default())
    }

    /// Waits for an address that `wanted` accepts.
    ///
    /// # Errors
    /// That it was not reached in time, with the address it had.
    pub async fn at(&self, what: &str, wanted: impl Fn(&Url) -> bool) -> Result<Url> {
        until(WHILE, &format!("the {} to be at {what}", self.name), || async {
            Ok(Some(self.client.current_url().await?).filter(|u| wanted(u)))
        })
        .await
    }

    /// A reopened window is a new one to WebDriver: waits for one and selects it.
    ///
    /// # Errors
    /// That no window came in time.
    pub async fn select_new_window(&self) -> Result<()> {
        until(START, &format!("a new {}", self.name), || async {
            let Some(handle) = self.client.windows().await?.into_iter().next() else { return Ok(None) };
            settled(self.client.switch_to_window(handle).await)
        })
        .await
    }

    /// A picture of the page, PNG.
    ///
    /// # Errors
    /// That the session ended.
    pub async fn screenshot(&self) -> Result<Vec<u8>> {
        within(SOON, "a screenshot", self.client.screenshot()).await
    }

    /// The page's source.
    ///
    /// # Errors
    /// That the session ended.
    pub async fn source(&self) -> Result<String> {
        within(SOON, "the page's source", self.client.source()).await
    }

    /// Ends the session, and with it the program it drives.
    pub(crate) async fn quit(self) {
        // The desk kills whatever does not end in time.
        let _ = within(Duration::from_secs(5), "the end of a session", self.client.close()).await;
    }
}

/// Whether `holds` is `typed` without some of its letters.
fn has_lost(holds: &str, typed: &str) -> bool {
    let mut rest = typed.chars();
    holds != typed && holds.chars().all(|letter| rest.any(|one| one == letter))
}

/// The XPath of what can be pressed and reads `label`.
fn by_label(label: &str) -> String {
    let text = quoted(label);
    let pressable = "self::button or self::a or self::summary or @role='button' or @role='tab' \
                     or @role='menuitem' or @role='option' or @role='switch' or @role='radio'";
    format!("//*[{pressable}][normalize-space(.)={text} or @aria-label={text}]")
}

/// XPath 1.0 has no escapes: a text with both quotes is put together.
fn quoted(text: &str) -> String {
    match (text.contains('\''), text.contains('"')) {
        (false, _) => format!("'{text}'"),
        (true, false) => format!("\"{text}\""),
        (true, true) => {
            let parts: Vec<_> = text.split('\'').map(|p| format!("'{p}'")).collect();
            format!("concat({})", parts.join(", \"'\", "))
        }
    }
}

/// Completes the sign-in pages in `browser`, from `address` to the end: password, the device code's
/// confirmation and the consent, whichever come. Ends when the person has allowed, or was sent on
/// to another origin without being asked.
///
/// # Errors
/// Which page did not come.
pub async fn sign_in(browser: &Driver, address: &Url, username: &str, password: &str) -> Result<()> {
    const PAGES: Locator<'_> = Locator::Css("#sign-in, #confirm-code, #allow");
    browser.go(address).await?;
    for _ in 0..4 {
        let page = until(SOON, "a page of the sign-in", || async {
            if browser.client.current_url().await?.origin() != address.origin() {
                return Ok(Some(None));
            }
            let Some(button) = settled(browser.client.find(PAGES).await)? else { return Ok(None) };
            Ok(settled(button.attr("id").await)?.map(|id| id.map(|id| (id, button))))
        })
        .await;
        let page = match page {
            Ok(page) => page,
            Err(e) => {
                return Err(
                    e.context(format!("the page read:\n{}", browser.text().await.unwrap_or_default()))
                );
            }
        };
        let Some((id, button)) = page else { return Ok(()) };
        if id == "sign-in" {
            browser.fill(Locator::Css("input[name=username]"), username).await?;
            browser.fill(Locator::Css("input[name=password]"), password).await?;
        }
        button.click().await.with_context(|| format!("could not press #{id}"))?;
        if id == "allow" {
            return Ok(());
        }
        until(SOON, &format!("the page after #{id}"), || async {
            // The page is gone when its button is.
            Ok(settled(button.is_displayed().await)?.is_none().then_some(()))
        })
        .await?;
    }
    bail!("the sign-in pages go on without end: {}", browser.client.current_url().await?.path())
}

#[cfg(test)]
mod tests {
    use super::{has_lost, port_in, quoted};

    #[test]
    fn lost_letters_are_noticed_and_a_field_of_its_own_mind_is_let_be() {
        assert!(has_lost("", "pay-ro") && has_lost("pa-ro", "pay-ro"));
        assert!(!has_lost("pay-ro", "pay-ro"));
        assert!(!has_lost("1234 5678", "12345678"));
    }

    #[test]
    fn chromedriver_says_its_port() {
        assert_eq!(port_in("ChromeDriver was started successfully on port 34567."), Some(34567));
        assert_eq!(port_in("Starting ChromeDriver 156.0"), None);
    }

    #[test]
    fn any_label_can_be_quoted() {
        assert_eq!(quoted("it's"), "\"it's\"");
        assert_eq!(quoted("'\""), "concat('', \"'\", '\"')");
    }
}
