//! Second factors in a real browser, with authenticators that answer as real ones do.

use crate::gallery::pages;
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use serde_json::json;
use std::time::Duration;
use support::{
    Authenticator, Desk, SandboxServer,
    deadline::{SOON, WHILE, until},
    driver::{self, Driver},
    journey,
};
use totp_rs::{Builder, Secret};
use url::Url;

/// A browser at a sandbox that asks for a second factor.
struct Visit {
    server: SandboxServer,
    browser: Driver,
}

impl Visit {
    async fn start(desk: &Desk, mode: &str, allowed: &[&str]) -> Result<Self> {
        let server = SandboxServer::start().await?;
        server.control(json!({ "mfa": { "mode": mode, "allowed": allowed } })).await?;
        Ok(Self { server, browser: driver::chromium(desk).await? })
    }

    fn address(&self, path: &str) -> Result<Url> {
        Ok(self.server.ready().start_url.join(path)?)
    }

    /// Signs in with the password, from the beginning.
    async fn give_password(&self) -> Result<()> {
        let user = self.server.user()?;
        self.browser.go(&self.address("/sign-in?again=1")?).await?;
        self.browser.fill(Locator::Id("username"), &user.username).await?;
        self.browser.fill(Locator::Id("password"), &user.password).await?;
        self.browser.click(Locator::Id("sign-in")).await
    }

    async fn is_in(&self) -> Result<()> {
        self.browser.at("the portal", |url| url.path() == "/start").await?;
        self.browser.see(Locator::Id("signed-in-as")).await.map(drop)
    }

    async fn sign_out(&self) -> Result<()> {
        self.browser.click(Locator::Id("sign-out")).await?;
        self.browser.see(Locator::Id("sign-in")).await.map(drop)
    }

    /// Signs in for the first time with a device of this kind and this name.
    async fn enrol(&self, kind: &str, name: &str) -> Result<()> {
        self.give_password().await?;
        self.browser.click(Locator::Id(&format!("add-{kind}"))).await?;
        self.browser.fill(Locator::Id("name"), name).await?;
        self.browser.click(Locator::Id("add")).await?;
        self.is_in().await
    }
}

/// A code of the app that a page invites, for the moment `ahead` of now.
pub fn code(secret: &Secret, ahead: Duration) -> Result<String> {
    let totp = Builder::new().with_secret(secret.clone()).build()?;
    let now = jiff::Timestamp::now().as_second();
    Ok(totp.generate(u64::try_from(now)? + ahead.as_secs()).to_string())
}

/// The code that an app is set up with, while there is time to send it: one that comes in the next half minute tells the
/// server of a clock that is late, and codes ahead of now count no more.
pub async fn first_code(secret: &Secret) -> Result<String> {
    let there_is_time = || jiff::Timestamp::now().as_second().rem_euclid(30) < 20;
    until(WHILE, "a code that holds for a while", async || {
        there_is_time().then(|| code(secret, Duration::ZERO)).transpose()
    })
    .await
}

#[test]
fn a_security_key_is_set_up_at_sign_in_and_signs_in() {
    journey("mfa-security-key", |desk: Desk| async move {
        let visit = Visit::start(&desk, "always", &["webauthn"]).await?;
        let key = Authenticator::simple_key(&visit.browser).await?;
        visit.enrol("security_key", "Blue key").await?;
        visit.sign_out().await?;
        visit.give_password().await?;
        visit.browser.read(SOON, "Blue key").await?;
        visit.browser.click(Locator::Id("use-key")).await?;
        visit.is_in().await?;

        // It is registered once, and another key that is not registered opens nothing.
        visit.browser.go(&visit.address("/start/mfa/add?type=security_key")?).await?;
        visit.browser.click(Locator::Id("add")).await?;
        visit.browser.see(Locator::Id("key-error")).await?;
        visit.sign_out().await?;
        key.remove(&visit.browser).await?;
        let other = Authenticator::simple_key(&visit.browser).await?;
        visit.give_password().await?;
        visit.browser.click(Locator::Id("use-key")).await?;
        visit.browser.see(Locator::Id("key-error")).await?;
        ensure!(other.credentials(&visit.browser).await?.is_empty(), "it holds nothing of ours");
        visit.browser.go(&visit.address("/start")?).await?;
        visit.browser.see(Locator::Id("sign-in")).await.map(drop)
    });
}

#[test]
fn a_built_in_authenticator_signs_in_alone_or_after_the_password() {
    journey("mfa-built-in", |desk: Desk| async move {
        let visit = Visit::start(&desk, "always", &["webauthn", "totp"]).await?;
        // This authenticator answers whatever asks, the sign-in page's field for the user name too: it knows its
        // owner only where the test wants it to.
        let built_in = Authenticator::built_in(&visit.browser).await?;
        visit.enrol("built_in", "This computer").await?;
        built_in.verifies(&visit.browser, false).await?;
        visit.sign_out().await?;
        visit.give_password().await?;
        visit.browser.click(Locator::Id("use-key")).await?;
        visit.browser.see(Locator::Id("key-error")).await?;
        built_in.verifies(&visit.browser, true).await?;
        visit.browser.click(Locator::Id("use-key")).await?;
        visit.is_in().await?;

        // Alone: the field offers it, and a person picks it there. The page needs no press.
        visit.browser.click(Locator::Id("sign-out")).await?;
        visit.is_in().await?;

        // A button for browsers whose fields offer none.
        built_in.verifies(&visit.browser, false).await?;
        visit.sign_out().await?;
        let without = "PublicKeyCredential.isConditionalMediationAvailable = async () => false;";
        visit.browser.before_each_page(without).await?;
        built_in.verifies(&visit.browser, true).await?;
        visit.browser.go(&visit.address("/sign-in")?).await?;
        visit.browser.click(Locator::Id("use-passkey")).await?;
        visit.is_in().await?;

        // Whom it cannot recognise it does not let in.
        visit.sign_out().await?;
        built_in.verifies(&visit.browser, false).await?;
        visit.browser.go(&visit.address("/sign-in")?).await?;
        visit.browser.click(Locator::Id("use-passkey")).await?;
        visit.browser.see(Locator::Id("key-error")).await?;
        Ok(())
    });
}

#[test]
fn codes_are_for_one_use_and_ways_can_be_changed() {
    journey("mfa-app", |desk: Desk| async move {
        let visit = Visit::start(&desk, "always", &["webauthn", "totp"]).await?;
        let browser = &visit.browser;
        visit.give_password().await?;
        browser.click(Locator::Id("add-totp")).await?;
        browser.see(Locator::Css(".qr svg")).await?;
        browser.press("Cannot scan it?").await?;
        pages::look(browser, "second-factor", "add-app").await?;
        let typed = browser.see(Locator::Id("app-key")).await?.text().await?.replace(' ', "");
        let secret = Secret::try_from_base32(&typed).ok().context("no secret on the page")?;
        browser.fill(Locator::Id("code"), &first_code(&secret).await?).await?;
        browser.click(Locator::Id("add")).await?;
        visit.is_in().await?;

        // A second kind beside it.
        let _key = Authenticator::simple_key(browser).await?;
        browser.go(&visit.address("/start/mfa/add?type=security_key")?).await?;
        browser.fill(Locator::Id("name"), "Blue key").await?;
        pages::look(browser, "second-factor", "add-key").await?;
        browser.click(Locator::Id("add")).await?;
        browser.read(SOON, "Blue key").await?;
        pages::look(browser, "second-factor", "devices").await?;
        visit.sign_out().await?;

        visit.give_password().await?;
        browser.see(Locator::Id("use-key")).await?;
        pages::look(browser, "second-factor", "verify-key").await?;
        let used = code(&secret, Duration::from_secs(30))?;
        browser.press("Code of Authenticator app").await?;
        browser.see(Locator::Id("verify")).await?;
        pages::look(browser, "second-factor", "verify-code").await?;
        browser.fill(Locator::Id("code"), &used).await?;
        browser.click(Locator::Id("verify")).await?;
        visit.is_in().await?;
        visit.sign_out().await?;
        visit.give_password().await?;
        browser.fill(Locator::Id("code"), &used).await?;
        browser.click(Locator::Id("verify")).await?;
        browser.read(SOON, "wrong or was used before").await?;
        browser.press("Security key or built-in authenticator").await?;
        browser.click(Locator::Id("use-key")).await?;
        visit.is_in().await?;

        // Lost everything: an administrator resets, and the next sign-in sets up anew.
        let user = visit.server.user()?.username.clone();
        visit.server.control(json!({ "mfa_reset": user })).await?;
        visit.sign_out().await?;
        visit.give_password().await?;
        browser.read(SOON, "Set up a second factor").await
    });
}
