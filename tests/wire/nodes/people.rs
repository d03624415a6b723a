//! People who sign in, some with an authenticator app, and what they bring home: a page that is wrong fails the test, one
//! that may be asked for again is `None`.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use support::{Person, User, nodes::PASSWORD, page::Page};
use totp_rs::{Builder, Secret};

use super::{
    super::{REDIRECT, VERIFIER, query},
    instance::{Client, Instance},
};

/// Seconds of one code (RFC 6238).
const STEP: i64 = 30;
/// So far ahead of the time codes may come, one after the other (the server's `mfa/totp.rs`).
const FURTHEST: i64 = 9;

/// A page that counts. A 5xx or a connection that ended may be asked for again.
pub fn counts(page: Result<Page>) -> Result<Option<Page>> {
    match page {
        Ok(page) => Ok(Some(page).filter(|page| !page.status.is_server_error())),
        Err(error) if error.chain().any(|cause| cause.is::<reqwest::Error>()) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes what counts, or leaves with "again".
macro_rules! or_again {
    ($page:expr) => {
        match counts($page)? {
            Some(page) => page,
            None => return Ok(None),
        }
    };
}

/// An app and what its owner knows of it.
pub struct App {
    secret: Secret,
    /// The last step that was taken.
    last: i64,
    /// How far that was ahead of the time.
    drift: i64,
    /// The step whose code was sent, where nothing was heard of it.
    pub in_doubt: Option<i64>,
    /// The steps whose codes were sent to sign in.
    pub sent: BTreeSet<i64>,
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second() / STEP
}

impl App {
    fn code(&self, step: i64) -> Result<String> {
        let totp = Builder::new().with_secret(self.secret.clone()).build()?;
        Ok(totp.generate(u64::try_from(step * STEP)?).to_string())
    }

    fn next(&self) -> i64 {
        self.in_doubt.unwrap_or_else(|| (self.last + 1).max(now() + self.drift))
    }

    /// Whether its codes are too far ahead by now.
    pub fn is_worn(&self) -> bool {
        self.next() - now() > FURTHEST
    }

    /// A step whose code was not used yet, and that code, which is about to be sent.
    pub fn shows(&mut self) -> Result<(i64, String)> {
        let step = self.next();
        self.sent.insert(step);
        Ok((step, self.code(step)?))
    }

    /// The code of a step is used up.
    pub fn was_taken(&mut self, step: i64) {
        (self.drift, self.last, self.in_doubt) = (step - now(), step, None);
    }
}

/// Somebody.
pub struct Who {
    pub name: String,
    pub app: Option<App>,
}

impl Who {
    pub fn user(&self) -> User {
        User { username: self.name.clone(), password: PASSWORD.to_owned() }
    }

    /// Sets an app up; nothing is in the way yet.
    pub async fn enrol(&mut self, person: &Person) -> Result<()> {
        let page = person.open(&Instance::address("/start/mfa/add?type=totp")?).await?;
        let page = person.give_password(&page, &self.user()).await?;
        let key = page.html.split_once("id=\"app-key\">").and_then(|(_, rest)| rest.split_once('<'));
        let (typed, _) = key.with_context(|| format!("no key on {}: {}", page.url, page.text()))?;
        let secret = Secret::try_from_base32(typed.replace(' ', "")).ok().context("the key is none")?;
        let mut app = App { secret, last: now() - 1, drift: 0, in_doubt: None, sent: BTreeSet::new() };
        let (step, code) = app.shows()?;
        let page = person.send(&page.form("add")?.with("code", &code)).await?;
        ensure!(page.status.is_success() && !page.has("error"), "{}", page.text());
        app.was_taken(step);
        app.sent.clear();
        self.app = Some(app);
        Ok(())
    }
}

/// Where a browser is sent for a code.
fn authorize(client: &Client) -> Result<url::Url> {
    let mut address = Instance::address("/authorize")?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    address
        .query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &client.id)
        .append_pair("redirect_uri", REDIRECT)
        .append_pair("state", "the-state")
        .append_pair("code_challenge_method", "S256")
        .append_pair("code_challenge", &challenge)
        .append_pair("scopes", "sso:account:access");
    Ok(address)
}

/// Gives the password: the page after it.
pub async fn password(person: &Person, client: &Client, who: &Who) -> Result<Option<Page>> {
    person.forget();
    let page = or_again!(person.open(&authorize(client)?).await);
    ensure!(page.has("sign-in"), "no page to sign in: {} {}", page.status, page.text());
    let page = or_again!(person.give_password(&page, &who.user()).await);
    let expected = if who.app.is_some() { "verify" } else { "allow" };
    ensure!(page.has(expected), "{} was refused: {} {}", who.name, page.status, page.text());
    Ok(Some(page))
}

/// Sends an app's code: whether it was taken, and the page after it.
pub async fn verify(person: &Person, page: &Page, code: &str) -> Result<Option<(bool, Page)>> {
    let page = or_again!(person.send(&page.form("verify")?.with("code", code)).await);
    match (page.has("allow"), page.has("verify")) {
        (true, false) => Ok(Some((true, page))),
        (false, true) => Ok(Some((false, page))),
        _ => bail!("neither taken nor refused: {} {}", page.status, page.text()),
    }
}

/// Allows the program to use the portal: the code that it gets.
pub async fn allow(person: &Person, page: &Page) -> Result<Option<String>> {
    let page = or_again!(person.send(&page.form("allow")?).await);
    let to = page.leads_to.as_ref().filter(|to| to.as_str().starts_with(REDIRECT));
    let to = to.with_context(|| format!("{} {} leads nowhere: {}", page.url, page.status, page.text()))?;
    query(to, "code").with_context(|| format!("no code in {to}")).map(Some)
}

/// Signs in and allows: the code; `None` if it is to be begun again.
pub async fn code(person: &Person, client: &Client, who: &mut Who) -> Result<Option<String>> {
    let Some(mut page) = password(person, client, who).await? else { return Ok(None) };
    if let Some(app) = &mut who.app {
        let (step, shown) = app.shows()?;
        let Some((is_taken, next)) = verify(person, &page, &shown).await? else {
            app.in_doubt = Some(step);
            return Ok(None);
        };
        let was_in_doubt = app.in_doubt.is_some();
        app.was_taken(step);
        if !is_taken {
            ensure!(was_in_doubt, "{}: a right code was refused: {}", who.name, next.text());
            return Ok(None);
        }
        page = next;
    }
    allow(person, &page).await
}
