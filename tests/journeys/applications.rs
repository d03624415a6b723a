//! SAML applications in a real browser: what only one shows is fragments, scripts and cookies between sites.

use super::arrival;
use anyhow::{Context, Result, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};
use fantoccini::Locator;
use serde_json::json;
use support::{
    Desk, Person, SandboxServer, ServedOrganisation, ServiceProvider, User,
    deadline::WHILE,
    driver::{self, Driver},
    journey,
};
use url::Url;

async fn sign_in(browser: &Driver, user: &User) -> Result<()> {
    browser.fill(Locator::Id("username"), &user.username).await?;
    browser.fill(Locator::Id("password"), &user.password).await?;
    browser.click(Locator::Id("sign-in")).await
}

/// The portal's own link to an application, as AWS has it.
async fn link(server: &SandboxServer, name: &str) -> Result<Url> {
    let person = Person::new()?;
    let page = person.open(&server.ready().start_url).await?;
    person.give_password(&page, server.user()?).await?;
    let page = person.open(&server.ready().start_url.join("/start/applications")?).await?;
    let before = page.html.split_once(&format!("\" rel=\"noreferrer\">{name}</a>"));
    let address = before.and_then(|(before, _)| before.rsplit_once('/')).map(|(_, encoded)| encoded);
    let named = BASE64_STANDARD.decode(address.with_context(|| format!("no link to {name}"))?)?;
    let named = String::from_utf8(named)?;
    let instance = named.split('_').nth(1).context("the address names no instance")?;
    Ok(Url::parse(&format!("{}/#/saml/default/{name}/{instance}", server.ready().start_url))?)
}

/// The fragment of the link comes through the sign-in page, even after a wrong password.
#[test]
fn the_portals_own_link_signs_in_and_resumes() {
    journey("saml-link", |desk: Desk| async move {
        let server = SandboxServer::start().await?;
        let link = link(&server, "Grafana").await?;
        let browser = driver::chromium(&desk).await?;
        browser.go(&link).await?;
        let user = server.user()?;
        sign_in(&browser, &User { password: "wrong".to_owned(), ..user.clone() }).await?;
        browser.see(Locator::Id("error")).await?;
        sign_in(&browser, user).await?;
        browser.read(WHILE, "welcome to Grafana").await?;
        // Now the browser's session answers.
        browser.go(&Url::parse("about:blank")?).await?;
        browser.go(&link).await?;
        browser.read(WHILE, "welcome to Grafana").await?;
        for way in ["sign-in-by-redirect", "sign-in-by-post"] {
            browser.go(&server.ready().start_url.join("/sample-apps/wiki")?).await?;
            browser.click(Locator::Id(way)).await?;
            browser.read(WHILE, "welcome to Wiki").await?;
        }
        Ok(())
    });
}

/// `localhost` and `127.0.0.1` are two sites to a browser: cookies stay away from forms between them.
#[test]
fn another_sites_request_finds_the_browsers_session() {
    journey("saml-sites", |desk: Desk| async move {
        let provider = ServiceProvider::start(&desk.folders().root().join("pysaml2.log")).await?;
        let application = format!(
            "[[application]]\nname = \"Mine\"\ngroups = [\"engineering\"]\n[application.saml]\n\
             acs_url = \"{}\"\naudience = \"{}\"\n",
            provider.acs(),
            provider.entity_id()
        );
        let server = ServedOrganisation::start(&application).await?;
        let browser = driver::chromium(&desk).await?;
        browser.go(server.start_url()).await?;
        sign_in(&browser, &server.user()).await?;
        browser.click(Locator::Id("tab-applications")).await?;
        let link = browser.see(Locator::LinkText("Mine")).await?;
        let address = link.attr("href").await?.context("the link leads nowhere")?;
        let address = server.start_url().join(&address)?;
        let metadata =
            Person::new()?.open(&address.join(&address.path().replace("assertion", "metadata"))?).await?;
        provider.trust(&[metadata.html], address.as_str(), false).await?;
        for binding in ["post", "redirect"] {
            browser.go(&provider.sign_in(binding)?).await?;
            browser.read(WHILE, "sam@acme.test").await.context(binding)?;
        }
        Ok(())
    });
}

/// Whether the browser was sent to the portal's own link to `name`, with nothing else in it.
fn is_the_portals(address: &Url, server: &SandboxServer, name: &str) -> Result<()> {
    let start_url = server.ready().start_url.as_str();
    let instance = address.as_str().strip_prefix(&format!("{start_url}/#/saml/default/{name}/ins-"));
    let plain = instance.is_some_and(|id| id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    ensure!(plain, "{name} was opened at {address}");
    Ok(())
}

/// From the app's tray and window to the greeting of the service provider.
#[test]
fn an_app_opens_from_the_tray_and_from_the_window() {
    journey("app-opens", |desk: Desk| async move {
        let server = SandboxServer::start().await?;
        let (app, window) = arrival::first_window(&desk).await?;
        let browser = arrival::sign_in(&desk, &app, &window, &server).await?;
        let tray = app.tray().await?;
        let follow = |opened, name: &'static str| {
            let (desk, browser, server) = (&desk, &browser, &server);
            async move {
                let address = desk.browser_requests().next(opened, WHILE, "the app's link").await?;
                is_the_portals(&address, server, name)?;
                browser.go(&address).await
            }
        };

        // The browser's session with the portal answers.
        let (mark, opened) = (app.mark(), desk.browser_requests().mark());
        tray.click(&["Apps", "Grafana"]).await?;
        follow(opened, "Grafana").await?;
        browser.read(WHILE, "welcome to Grafana").await?;
        app.says(mark, "app_launch", &json!({ "state": "opened" })).await?;

        // It has none any more: it signs in and goes on to the app.
        browser.client().delete_all_cookies().await?;
        window.click(Locator::XPath("//*[@role='tab'][starts-with(., 'Apps ')]")).await?;
        let opened = desk.browser_requests().mark();
        window.press("Open Wiki").await?;
        follow(opened, "Wiki").await?;
        sign_in(&browser, server.user()?).await?;
        browser.read(WHILE, "welcome to Wiki").await?;

        // With a star it is one click in the tray, and still is when the person has signed out of Latchkey.
        window.press("Favourite, Wiki").await?;
        tray.click(&["Sign out of*"]).await?;
        app.says(mark, "signin", &json!({ "state": "signed_out" })).await?;
        let opened = desk.browser_requests().mark();
        tray.click(&["Wiki (app)"]).await?;
        follow(opened, "Wiki").await?;
        browser.see(Locator::Css("#greeting, #username")).await.map(drop)
    });
}
