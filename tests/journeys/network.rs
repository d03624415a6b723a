//! The way out: a proxy, an authority of the company's own, and a computer that trusts nobody.

use super::{
    arrival::{add_by_form, end, read_no, say_yes},
    steps::wait_synced,
};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use serde_json::json;
use std::fs;
use support::{
    App, Desk, Person, SandboxServer, ServedOrganisation,
    app::name,
    deadline::{SOON, START, WHILE},
    driver::Driver,
    journey, organisation,
    tls::{Authority, Front, Tunnels},
};
use url::Url;

const HOST: &str = "sso.acme.test";
const OTHER: &str = "sso.globex.test";

/// A server with a name of its own, and the TLS proxy before it.
async fn named(authority: &Authority, host: &str, account: &str) -> Result<(ServedOrganisation, Front)> {
    let more = organisation::account(account, "payments-prod", "ReadOnly", "engineering");
    let (served, port) = ServedOrganisation::start_behind(host, &more).await?;
    Ok((served, authority.stand_before(host, port).await?))
}

async fn driven(desk: &Desk, vars: &[(&str, &str)]) -> Result<(App, Driver)> {
    let (app, window) = App::start_driven(desk, &[], vars).await?;
    Ok((app, window.window().await?))
}

/// Types a start URL and gives the address that the browser is sent to.
async fn add(desk: &Desk, window: &Driver, host: &str) -> Result<Url> {
    let opened = desk.browser_requests().mark();
    window.fill_labelled("Start URL", &format!("https://{host}/start")).await?;
    window.press("Continue to sign in").await?;
    let address = desk.browser_requests().next(opened, WHILE, "the sign-in page").await?;
    ensure!(address.host_str() == Some(host), "the browser was sent to {address}");
    Ok(address)
}

/// The person signs in at `address` and comes back to the app.
async fn answer(person: &Person, served: &ServedOrganisation, address: &Url) -> Result<()> {
    let back = person.sign_in(address, &served.user()).await?.leads_to;
    person.open(&back.context("the sign-in did not lead back")?).await.map(drop)
}

#[test]
fn a_private_authority_and_a_proxy_are_taken_as_other_tools_take_them() {
    journey("network-private", |desk| async move {
        let authority = Authority::new()?;
        let (served, front) = named(&authority, HOST, "111122223333").await?;
        let tunnels = Tunnels::to(&[(&format!("{HOST}:443"), front.address)]).await?;
        let file = desk.home("acme-ca.pem");
        fs::write(&file, authority.pem())?;
        let file = file.to_str().context("the home is not UTF-8")?;

        // Nobody vouches for it: said, and nothing is sent.
        let proxy = ("HTTPS_PROXY", tunnels.address.as_str());
        let (app, window) = driven(&desk, &[proxy]).await?;
        window.press("Enter your start URL").await?;
        window.fill_labelled("Start URL", &format!("https://{HOST}/start")).await?;
        window.press("Continue to sign in").await?;
        window.read(SOON, "This is not a trusted connection").await?;
        let why = format!("The certificate for {HOST} is not valid: its issuer is not trusted.");
        window.read(SOON, &why).await?;
        ensure!(!tunnels.asked.all().is_empty(), "the proxy was not asked");
        ensure!(front.inside.all().is_empty(), "something was sent: {:?}", front.inside.all());
        end(&desk, &app).await?;

        // With the file that the AWS CLI takes, everything works; and the name exists at the proxy alone.
        let (app, window) = driven(&desk, &[proxy, ("AWS_CA_BUNDLE", file)]).await?;
        window.press("Enter your start URL").await?;
        let address = add(&desk, &window, HOST).await?;
        let person = Person::trusting(&authority.pem(), &[(HOST, front.address)])?;
        answer(&person, &served, &address).await?;
        wait_synced(&app, 0).await?;
        window.read(SOON, "payments-prod").await?;
        let asked = tunnels.asked.all();
        ensure!(asked.iter().all(|target| target == &format!("{HOST}:443")), "it was asked for {asked:?}");
        ensure!(!front.tokens().is_empty(), "no token came to the server");
        end(&desk, &app).await?;

        // Hosts that are named are reached without it: here, that is not at all.
        let vars = [proxy, ("NO_PROXY", HOST), ("AWS_CA_BUNDLE", file)];
        let app = App::start_with(&desk, &["--hidden"], &vars).await?;
        let (mark, before) = (app.mark(), tunnels.asked.mark());
        app.tray().await?.click(&["Refresh everything now"]).await?;
        app.says(mark, "sync", &json!({ "state": "failed" })).await?;
        ensure!(tunnels.asked.mark() == before, "the proxy was asked for what is to be reached without it");
        app.tray().await?.click(&["Quit"]).await?;
        app.ended().await?;

        // A desktop has no shell's variables: what the AWS config file and the person name counts at once.
        let config = desk.home(".aws/config");
        fs::create_dir_all(config.parent().context("no folder")?)?;
        fs::write(&config, format!("[default]\nca_bundle = {file}\n"))?;
        let (app, window) = App::start_driven(&desk, &["--hidden"], &[]).await?;
        let tray = app.tray().await?;
        tray.click(&["Preferences"]).await?;
        let window = window.window().await?;
        window.press("Network").await?;
        window.read(SOON, "From ca_bundle of the default profile in your AWS config file").await?;
        let mark = app.mark();
        tray.click(&["Refresh everything now"]).await?;
        app.says(mark, "sync", &json!({ "state": "failed" })).await?;
        set(&window, "Proxy", "http://sam:opensesame@proxy.test:3128").await?;
        window.read(SOON, "Not saved. A user name or password is not kept here").await?;
        set(&window, "Proxy", &tunnels.address).await?;
        window.read(SOON, "Set here").await?;
        let mark = app.mark();
        tray.click(&["Refresh everything now"]).await?;
        app.says(mark, "sync", &json!({ "state": "idle", "accounts": 1 })).await?;
        ensure!(tunnels.asked.mark() > before, "it went another way than through the proxy");
        set(&window, "Extra certificates", "/nowhere/ca.pem").await?;
        window.read(SOON, "Not saved. The file of certificates cannot be used. /nowhere/ca.pem").await?;
        set(&window, "Extra certificates", file).await?;
        read_no(&window, "Not saved").await?;
        read_no(&window, "From ca_bundle").await?;
        end(&desk, &app).await?;
        fs::remove_file(&config)?;
        let settings = fs::read_to_string(desk.home(".config/latchkey/latchkey.toml"))?;
        ensure!(settings.contains(&tunnels.address) && settings.contains(file), "{settings}");
        ensure!(!settings.contains("opensesame"), "a password is in the settings file");

        // And at the next start.
        let before = tunnels.asked.mark();
        let app = App::start_with(&desk, &["--hidden"], &[]).await?;
        let mark = app.mark();
        app.tray().await?.click(&["Refresh everything now"]).await?;
        app.says(mark, "sync", &json!({ "state": "running" })).await?;
        tunnels
            .asked
            .wait_after(before, SOON, "the proxy of the settings file to be asked", |_| Some(()))
            .await?;
        let idle = |e: &serde_json::Value| name(e) == "sync" && e["state"] == "idle";
        let begun = app.events().iter().rposition(|e| e["state"] == "running").unwrap_or_default();
        app.event_after(begun, WHILE, "the list through the proxy", idle).await.map(drop)
    });
}

/// Types into a field and leaves it.
async fn set(window: &Driver, label: &str, text: &str) -> Result<()> {
    window.fill_labelled(label, text).await?;
    window.keys(&['\u{e004}']).await
}

/// Two organisations, each behind a front that sees what it is sent.
#[test]
fn a_token_of_one_organisation_never_goes_to_the_other() {
    journey("network-tokens", |desk| async move {
        let authority = Authority::new()?;
        let (acme, acme_front) = named(&authority, HOST, "111122223333").await?;
        let (globex, globex_front) = named(&authority, OTHER, "700000000022").await?;
        let fronts = [(HOST, acme_front.address), (OTHER, globex_front.address)];
        let places = fronts.map(|(host, at)| (format!("{host}:443"), at));
        let places: Vec<_> = places.iter().map(|(name, at)| (name.as_str(), *at)).collect();
        let tunnels = Tunnels::to(&places).await?;
        let file = desk.home("acme-ca.pem");
        fs::write(&file, authority.pem())?;
        let file = file.to_str().context("the home is not UTF-8")?;
        let vars = [("HTTPS_PROXY", tunnels.address.as_str()), ("AWS_CA_BUNDLE", file)];
        let (app, window) = driven(&desk, &vars).await?;

        // Both attempts at once, each answered by its own server; the second first.
        window.press("Enter your start URL").await?;
        let first = add(&desk, &window, HOST).await?;
        window.click(Locator::Css("header button.org")).await?;
        window.press("Add an organisation…").await?;
        let second = add(&desk, &window, OTHER).await?;
        let person = Person::trusting(&authority.pem(), &fronts)?;
        let mark = app.mark();
        answer(&person, &globex, &second).await?;
        app.says(mark, "sync", &json!({ "state": "idle", "accounts": 1 })).await?;
        let mark = app.mark();
        answer(&person, &acme, &first).await?;
        app.says(mark, "sync", &json!({ "state": "idle", "accounts": 1 })).await?;
        let tray = app.tray().await?;
        let mark = app.mark();
        tray.click(&["Refresh everything now"]).await?;
        for _ in 0..2 {
            app.says(mark, "sync", &json!({ "state": "idle" })).await?;
        }
        let acme = format!("{HOST}: signed in*");
        tray.click(&["Organisation: *", &acme]).await?;
        tray.wait_menu(SOON, "the first organisation's row", |menu| menu.find(&[&acme]).map(drop)).await?;
        tray.click(&[&format!("Sign out of {HOST}")]).await?;
        app.says(mark, "signin", &json!({ "state": "signed_out" })).await?;

        let (ours, theirs) = (acme_front.tokens(), globex_front.tokens());
        ensure!(!ours.is_empty() && !theirs.is_empty(), "{} and {} tokens", ours.len(), theirs.len());
        let (at_acme, at_globex) = (acme_front.inside.all().concat(), globex_front.inside.all().concat());
        ensure!(!theirs.iter().any(|token| at_acme.contains(token)), "Globex's token went to Acme");
        ensure!(!ours.iter().any(|token| at_globex.contains(token)), "Acme's token went to Globex");
        Ok(())
    });
}

#[test]
fn a_computer_that_trusts_nobody_starts_says_so_and_shows_the_sample() {
    journey("network-nobody", |desk| async move {
        let nothing = desk.home("no-certificates");
        fs::create_dir_all(&nothing)?;
        let nothing = nothing.to_str().context("the home is not UTF-8")?;
        let (app, window) = driven(&desk, &[("SSL_CERT_DIR", nothing)]).await?;
        window.press("Enter your start URL").await?;
        window.fill_labelled("Start URL", "https://sso.acme.test/start").await?;
        window.press("Continue to sign in").await?;
        window.read(SOON, "This computer trusts no certificates").await?;
        window.read(SOON, "Latchkey did not send anything.").await?;
        window.read(SOON, "Install the package ca-certificates, then try again.").await?;

        // A server on this computer needs none.
        let server = SandboxServer::start().await?;
        let address = add_by_form(&desk, &window, &server).await?;
        say_yes(&app, 0, &address, server.user()?).await?;
        wait_synced(&app, 0).await?;
        read_no(&window, "This computer trusts no certificates").await?;
        window.read(START, "payments-prod").await
    });
}

#[test]
fn a_file_of_certificates_that_is_not_there_is_named() {
    journey("network-file", |desk| async move {
        let missing = desk.home("missing.pem");
        let missing = missing.to_str().context("the home is not UTF-8")?;
        let (_app, window) = driven(&desk, &[("AWS_CA_BUNDLE", missing)]).await?;
        window.press("Enter your start URL").await?;
        window.fill_labelled("Start URL", "https://sso.acme.test/start").await?;
        window.press("Continue to sign in").await?;
        window.read(SOON, "The file of certificates cannot be used").await?;
        window.read(SOON, missing).await
    });
}
