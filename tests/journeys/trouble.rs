//! What goes wrong at the beginning, and what the window says to it: bad start URLs, no keyring, a
//! locked one, a clock that is off, a browser that does not come back.

use super::{
    arrival::{add, end, finish, first_window, read_no, rows, sign_in},
    impostor::Impostor,
};
use anyhow::{Context, Result, bail, ensure};
use fantoccini::Locator;
use serde_json::json;
use std::collections::HashMap;
use support::{
    App, Desk, SandboxServer,
    deadline::{SOON, WHILE},
    driver::{self, Driver},
    journey,
    journey::journey_at,
    secrets::Secrets,
    until,
};
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

/// A server that takes an empty registration for AWS's, and answers a whole one with half a JSON.
fn garbage(request: &str) -> (&'static str, &'static str, String) {
    match request.contains("clientName") {
        true => ("200 OK", "application/json", r#"{"clientId": 7, "clientSecr"#.to_owned()),
        false => ("400 Bad Request", "application/json", r#"{"error":"invalid_request"}"#.to_owned()),
    }
}

fn web_page(_request: &str) -> (&'static str, &'static str, String) {
    ("200 OK", "text/html", "<!doctype html><title>Shop</title><h1>Welcome to our shop</h1>".to_owned())
}

#[test]
fn a_wrong_start_url_is_explained_and_leaves_nothing_behind() {
    journey("trouble-start-url", |desk| async move {
        let (app, window) = first_window(&desk).await?;
        window.press("Enter your start URL").await?;
        let (dead, shop) = (Impostor::nobody().await?.host, Impostor::answering(web_page).await?.host);
        let half = Impostor::answering(garbage).await?.host;
        let untrusted = Impostor::untrusted().await?.host;
        let no_portal = |host: &str| format!("{host} answered, but not as an access portal does.");
        let wrong = [
            ("two words".to_owned(), "That is not a start URL", "it has spaces in it".to_owned()),
            ("ftp://acme.test".to_owned(), "That is not a start URL", "it must begin with https".to_owned()),
            (
                format!("http://{dead}/start"),
                "Check the spelling, your network",
                format!("{dead} did not answer"),
            ),
            (format!("http://{shop}/start"), "That address is not an access portal", no_portal(&shop)),
            (format!("http://{half}/start"), "That address is not an access portal", no_portal(&half)),
            (
                format!("https://{untrusted}/start"),
                "This is not a trusted connection",
                format!("The certificate for {untrusted} is not valid: its issuer is not trusted."),
            ),
        ];
        for (typed, title, meaning) in &wrong {
            window.fill_labelled("Start URL", typed).await?;
            window.press("Continue to sign in").await?;
            window.read(SOON, title).await.with_context(|| format!("after {typed}"))?;
            window.read(SOON, meaning).await.with_context(|| format!("after {typed}"))?;
            window.see(Locator::Css("form [role=alert]")).await?;
            for table in ["organisations", "sealed", "sign_ins"] {
                ensure!(rows(&desk, table)? == 0, "{typed} left something in {table}");
            }
        }
        ensure!(desk.browser_requests().all().is_empty(), "a wrong address was opened in the browser");

        // The right one, in the same field.
        let server = SandboxServer::start().await?;
        let browser = driver::chromium(&desk).await?;
        let opened = desk.browser_requests().mark();
        window.fill_labelled("Start URL", server.ready().start_url.as_str()).await?;
        window.press("Continue to sign in").await?;
        let address = desk.browser_requests().next(opened, WHILE, "the sign-in page").await?;
        finish(&app, &window, &browser, &address, server.user()?).await?;
        ensure!(rows(&desk, "organisations")? == 1 && rows(&desk, "sign_ins")? == 1, "it was not stored");
        Ok(())
    });
}

/// The sign-in works and is kept nowhere but in memory.
async fn in_memory_only(desk: &Desk, title: &str, next: &str) -> Result<(App, Driver, SandboxServer)> {
    let server = SandboxServer::start().await?;
    let (app, window) = first_window(desk).await?;
    sign_in(desk, &app, &window, &server).await?;
    window.read(SOON, title).await?;
    window.read(SOON, "Your sign-in is kept in memory only and ends when Latchkey quits").await?;
    window.read(SOON, next).await?;
    nothing_kept(desk, &server)?;
    Ok((app, window, server))
}

fn nothing_kept(desk: &Desk, server: &SandboxServer) -> Result<()> {
    ensure!(rows(desk, "organisations")? == 1, "the organisation itself is no secret and is kept");
    for table in ["sealed", "sign_ins"] {
        ensure!(rows(desk, table)? == 0, "something is in {table} although no key is kept");
    }
    let mut secrets = Secrets::default();
    secrets.add("the user's password", server.user()?.password.as_bytes())?;
    secrets.scan(&desk.folders().ours()).map(drop)
}

#[test]
fn without_a_keyring_the_sign_in_lives_in_memory_only() {
    journey_at("trouble-no-keyring", Desk::plan("trouble-no-keyring").without_keyring(), |desk| async move {
        let next = "Install or start a keyring, such as gnome-keyring, then try again.";
        let (app, window, server) =
            in_memory_only(&desk, "There is no keyring on this computer", next).await?;
        // Asking again changes nothing while there is none, and loses nothing.
        window.press("Try again").await?;
        window
            .see(Locator::XPath("//button[normalize-space(.)='Try again'][not(@aria-busy='true')]"))
            .await?;
        window.read(SOON, "There is no keyring on this computer").await?;
        window.read(SOON, "payments-prod").await?;
        nothing_kept(&desk, &server)?;
        end(&desk, &app).await?;
        let app = App::start_with(&desk, &["--hidden"], &[]).await?;
        app.says(0, "signin", &json!({ "state": "signed_out" })).await?;
        nothing_kept(&desk, &server)
    });
}

#[test]
fn a_locked_keyring_is_said_and_stores_the_sign_in_once_unlocked() {
    journey("trouble-locked-keyring", |desk| async move {
        desk.keyring()?.lock().await?;
        let next = "Unlock your keyring, then try again.";
        let (app, window, _server) = in_memory_only(&desk, "Your keyring is locked", next).await?;
        unlock(&desk).await?;
        window.press("Try again").await?;
        until(SOON, "the sign-in to be stored", || async {
            Ok((rows(&desk, "sign_ins")? == 1 && rows(&desk, "sealed")? >= 2).then_some(()))
        })
        .await?;
        read_no(&window, "Your keyring is locked").await?;
        window.read(SOON, "payments-prod").await?;
        let keys = desk.keyring()?.secrets(&[("service", "latchkey")]).await?;
        ensure!(keys.len() == 2, "the keyring holds {} keys", keys.len());
        let accounts = window.client().find_all(Locator::Css("[data-row='111122223333/ReadOnly']")).await?;
        ensure!(accounts.len() == 1, "the organisation is shown {} times", accounts.len());

        // The next start is signed in without a browser.
        end(&desk, &app).await?;
        let opened = desk.browser_requests().mark();
        let app = App::start_with(&desk, &["--hidden"], &[]).await?;
        app.says(0, "signin", &json!({ "state": "signed_in" })).await?;
        ensure!(desk.browser_requests().mark() == opened, "a browser was opened");
        Ok(())
    });
}

/// Unlocks the login collection as the desktop's sign-in does, by gnome-keyring's own interface.
async fn unlock(desk: &Desk) -> Result<()> {
    let bus = desk.session_bus().connect().await?;
    let (name, path) = ("org.freedesktop.secrets", "/org/freedesktop/secrets");
    let service = zbus::Proxy::new(&bus, name, path, "org.freedesktop.Secret.Service").await?;
    let login: OwnedObjectPath = service.call("ReadAlias", &"default").await?;
    let opened: (OwnedValue, OwnedObjectPath) =
        service.call("OpenSession", &("plain", Value::from(""))).await?;
    let session = ObjectPath::from(opened.1);
    let password = support::desk::KEYRING_PASSWORD.as_bytes().to_vec();
    let secret = (session, Vec::<u8>::new(), password, "text/plain");
    let interface = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface";
    let inside = zbus::Proxy::new(&bus, name, path, interface).await?;
    let () = inside.call("UnlockWithMasterPassword", &(&login, secret)).await?;
    let locked: HashMap<String, OwnedValue> = zbus::fdo::PropertiesProxy::new(&bus, name, login.as_str())
        .await?
        .get_all(zbus::names::InterfaceName::try_from("org.freedesktop.Secret.Collection")?)
        .await?;
    match locked.get("Locked").map(bool::try_from) {
        Some(Ok(false)) => Ok(()),
        other => bail!("the keyring says of its lock: {other:?}"),
    }
}

#[test]
fn a_clock_that_is_off_is_said_until_it_is_right() {
    journey("trouble-clock", |desk| async move {
        let server = SandboxServer::start().await?;
        server.control(json!({ "clock_offset_seconds": 660 })).await?;
        let (app, window) = first_window(&desk).await?;
        sign_in(&desk, &app, &window, &server).await?;
        window.read(SOON, "Your computer's clock is 11 min slow").await?;
        window.read(SOON, "AWS refuses requests until it is set.").await?;
        window.read(SOON, "Set the clock, or switch automatic time on, then try again.").await?;
        window.see(Locator::XPath("//button[normalize-space(.)='Try again']")).await?;
        server.control(json!({ "clock_offset_seconds": 0 })).await?;
        // Any answer tells the time: one that was on its way may do so before the button is pressed.
        let again = "//button[normalize-space(.)='Try again']";
        if let Ok(again) = window.client().find(Locator::XPath(again)).await {
            let _gone_meanwhile = again.click().await;
        }
        read_no(&window, "Your computer's clock is").await?;
        window.read(SOON, "payments-prod").await
    });
}

#[test]
fn a_code_signs_in_where_the_browser_way_does_not() {
    journey("trouble-code", |desk| async move {
        let server = SandboxServer::start().await?;
        let browser = driver::chromium(&desk).await?;
        let (app, window) = first_window(&desk).await?;
        let address = add(&desk, &window, &server).await?;
        ensure!(address.path() == "/authorize", "the browser was sent to {}", address.path());
        window.read(SOON, "Finish signing in in your browser").await?;

        let opened = desk.browser_requests().mark();
        window.press("Use a code instead").await?;
        window.read(SOON, "Check that your browser shows this code").await?;
        let shown = window.see(Locator::Css("output.code")).await?.text().await?;
        let address = desk.browser_requests().next(opened, WHILE, "the code's page").await?;
        let sent =
            address.query_pairs().find(|(name, _)| name == "user_code").map(|(_, code)| code.into_owned());
        ensure!(
            sent.as_deref() == Some(shown.as_str()),
            "the window shows {shown}, the browser got {sent:?}"
        );
        window.read(SOON, "Only continue if the codes match and you started this yourself.").await?;
        finish(&app, &window, &browser, &address, server.user()?).await?;

        // The code is used up.
        browser.go(&address).await?;
        browser.press("Confirm and continue").await?;
        browser.read(SOON, "That code is not waiting for an answer.").await
    });
}
