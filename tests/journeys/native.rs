//! What the app's own sign-in and its security keys mean for the browser: it goes on without a sign-in of its own,
//! and asks for a touch where a role requires one.

use crate::{gallery::pages, wire::native::app_at};
use adapters::sso::HttpSso;
use anyhow::{Context, Result, bail};
use engine::{
    model::{organisation::Organisation, sign_in::Method},
    ports::{Known, Native, NativeStep, SecretUrl, Sso, Typed},
};
use fantoccini::Locator;
use secrecy::{ExposeSecret, SecretString};
use support::{Authenticator, Desk, SandboxServer, User, deadline::SOON, driver, journey, organisation};
use url::Url;

const ACCOUNT: &str = "111122223333";

/// The app at a server, as far as its own sign-in goes.
struct App {
    sso: HttpSso,
    org: Organisation,
}

impl App {
    fn at(server: &SandboxServer) -> Result<Self> {
        let (sso, org) = app_at(server)?;
        Ok(Self { sso, org })
    }

    /// Signs in with a password; gives an access token.
    async fn sign_in(&self, user: &User) -> Result<SecretString> {
        let client = self.sso.register(&self.org, Method::Browser).await?;
        let redirect = Url::parse("http://127.0.0.1:40123/oauth/callback")?;
        let request = self.sso.authorize(&self.org, &client, &redirect);
        let request = request.map_err(|code| anyhow::anyhow!("{code:?}"))?;
        let typed =
            Typed { username: user.username.clone(), password: SecretString::from(user.password.clone()) };
        let native = self.sso.native();
        let step = native.start(&self.org, &client, &request, &typed, &Known::default()).await?;
        let NativeStep::Complete(done) = step else { bail!("more is asked for: {step:?}") };
        Ok(self.sso.exchange(&self.org, &client, &request, &done.code).await?.access_token)
    }

    async fn ticket(&self, token: &SecretString, path: &str) -> Result<Url> {
        let to = self.org.start_url.join(path)?;
        let SecretUrl { url, .. } = self.sso.native().browser_ticket(&self.org, token, Some(&to)).await?;
        Ok(Url::parse(url.expose_secret())?)
    }
}

#[test]
fn a_browser_goes_on_with_the_apps_sign_in() {
    journey("native-ticket", |desk: Desk| async move {
        let server = SandboxServer::start().await?;
        let (app, browser) = (App::at(&server)?, driver::chromium(&desk).await?);
        let token = app.sign_in(server.user()?).await?;
        let console = format!("/start/console?account_id={ACCOUNT}&role_name=ReadOnly");
        let ticket = app.ticket(&token, &console).await?;
        browser.go(&ticket).await?;
        browser.see(Locator::Id("account-id")).await?;
        // The address with the ticket is not what history would go back to.
        browser.client().back().await?;
        let shown = browser.client().current_url().await?;
        anyhow::ensure!(!shown.as_str().contains("lk_"), "the ticket is still in history: {shown}");

        // Somebody else's ticket is asked about, used ones are worth nothing.
        let other = server.ready().users.get(1).context("one user only")?;
        let others = app.sign_in(other).await?;
        browser.go(&app.ticket(&others, "/start").await?).await?;
        browser.see(Locator::Id("another")).await?;
        pages::look(&browser, "native", "handover-another").await?;
        browser.click(Locator::Id("stop")).await?;
        browser.read(SOON, "Sam Sample").await?;
        browser.go(&ticket).await?;
        browser.read(SOON, "This link has expired").await?;
        pages::look(&browser, "native", "handover-expired").await?;

        // Signing out in the browser ends the app's sign-in with it.
        browser.go(&app.ticket(&token, "/start").await?).await?;
        browser.see(Locator::Id("signed-in-as")).await?;
        browser.click(Locator::Id("sign-out")).await?;
        browser.see(Locator::Id("sign-in")).await?;
        let ended = app.sso.native().devices(&app.org, &token).await;
        anyhow::ensure!(ended.is_err(), "the app is still signed in");
        Ok(())
    });
}

#[test]
fn a_role_that_requires_a_key_asks_for_a_touch_in_the_browser() {
    journey("native-step-up", |desk: Desk| async move {
        let folder = tempfile::Builder::new().prefix("lk-step-up-").tempdir()?;
        let file = organisation::head("Acme", "900000000001", "engineering", "sam", "")
            + &organisation::account(ACCOUNT, "payments-prod", "Administrator", "engineering")
                .replace("name = \"payments-prod\"\n", "name = \"payments-prod\"\nou = \"Production\"\n")
                .replace(
                    "name = \"Administrator\"\n",
                    "name = \"Administrator\"\nrequires_security_key = true\n",
                );
        let server = organisation::serve(folder.path(), &file).await?;
        let browser = driver::chromium(&desk).await?;
        let address = |path: &str| server.ready().start_url.join(path);
        browser.go(&address("/start")?).await?;
        browser.fill(Locator::Id("username"), "sam").await?;
        browser.fill(Locator::Id("password"), &server.user()?.password).await?;
        browser.click(Locator::Id("sign-in")).await?;
        browser.see(Locator::Id("signed-in-as")).await?;
        let console = address(&format!("/start/console?account_id={ACCOUNT}&role_name=Administrator"))?;
        browser.go(&console).await?;
        browser.read(SOON, "You need a security key for this role").await?;
        pages::look(&browser, "native", "step-up-without-key").await?;
        let _key = Authenticator::simple_key(&browser).await?;
        browser.go(&address("/start/mfa/add?type=security_key")?).await?;
        browser.click(Locator::Id("add")).await?;
        browser.read(SOON, "Security key").await?;
        browser.go(&console).await?;
        browser.see(Locator::Id("step-up-role")).await?;
        pages::look(&browser, "native", "step-up").await?;
        browser.click(Locator::Id("use-key")).await?;
        browser.see(Locator::Id("account-id")).await?;
        // For fifteen minutes no key is asked for; before production opens again, the person says so.
        browser.go(&console).await?;
        browser.click(Locator::Id("confirmed")).await?;
        browser.see(Locator::Id("account-id")).await?;
        Ok(())
    });
}
