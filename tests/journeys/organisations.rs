//! Several organisations at once, and several users of one: side by side, and none knows of the other.

use super::{
    arrival::{end, first_window, keep_fresh, read_no, rows, say_yes},
    steps::{credentials_file, wait_signed_in, wait_synced},
};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use serde_json::json;
use std::fs;
use support::{
    App, Boto, Desk, Person, SandboxServer,
    deadline::{SOON, WHILE},
    desktop::{Item, Kind},
    driver::Driver,
    journey, organisation, until,
};
use url::Url;

/// In both organisations, with the same name of account and role.
const ACCOUNT: &str = "381200003344";
const ROLE: &str = "Developer";
const LAB: &str = "700000000033";

/// An organisation that shares names with the sample one.
async fn globex(desk: &Desk) -> Result<SandboxServer> {
    let mut file = organisation::head("Globex", "700000000001", "everybody", "pat", "");
    file += &organisation::account(ACCOUNT, "data-dev", ROLE, "everybody");
    file += &organisation::account(LAB, "globex-lab", "ReadOnly", "everybody");
    file += "[[application]]\nname = \"Grafana\"\nurl = \"https://grafana.globex.test/\"\n\
             groups = [\"everybody\"]\n";
    organisation::serve(&desk.folders().root().join("globex"), &file).await
}

/// Fills the form in, which is on the screen, and gives the address that the browser is sent to.
async fn add(desk: &Desk, window: &Driver, server: &SandboxServer, name: &str) -> Result<Url> {
    let opened = desk.browser_requests().mark();
    organisation::type_into(window, server.ready(), name).await?;
    window.press("Continue to sign in").await?;
    desk.browser_requests().next(opened, WHILE, "the sign-in page").await
}

async fn choose(window: &Driver, item: &str) -> Result<()> {
    window.click(Locator::Css("header button.org")).await?;
    let item = format!("//*[starts-with(@role,'menuitem')][starts-with(normalize-space(.), '{item}')]");
    window.click(Locator::XPath(&item)).await
}

async fn star(window: &Driver, what: &str) -> Result<()> {
    window.press(&format!("Favourite, {what}")).await
}

/// Waits until the tray has all of these rows.
async fn tray_has(tray: &Item, wanted: &[&str]) -> Result<()> {
    for row in wanted {
        tray.wait_menu(SOON, row, |menu| menu.find(&[row]).map(drop)).await?;
    }
    Ok(())
}

/// Waits until this organisation alone has the mark in the submenu.
async fn chosen_in(tray: &Item, name: &str) -> Result<()> {
    tray.wait_menu(SOON, &format!("{name} to be the chosen one"), |menu| {
        let marked = |kind| {
            menu.find(&["Organisation: *"]).map(|row| {
                row.children.iter().filter(|c| c.kind == kind).map(|c| c.label.clone()).collect::<Vec<_>>()
            })
        };
        let (on, off) = (marked(Kind::Check(true))?, marked(Kind::Check(false))?);
        (off.len() == 1 && matches!(on.as_slice(), [one] if one.starts_with(&format!("{name}: "))))
            .then_some(())
    })
    .await
}

/// The lines of a section of the credentials file.
fn section(desk: &Desk, profile: &str) -> Result<Option<String>> {
    let text = fs::read_to_string(credentials_file(desk)).context("the credentials file")?;
    let rest = text.split_once(&format!("[{profile}]\n")).map(|(_, rest)| rest);
    Ok(rest.map(|rest| rest.split("\n[").next().unwrap_or_default().trim().to_owned()))
}

/// Whose keys the profile holds, as the server at which `boto` asks says.
async fn arn(boto: &Boto, profile: &str) -> Result<String> {
    let said = boto.who_is(profile).await?.map_err(|refusal| anyhow::anyhow!("{profile}: {refusal:?}"))?;
    Ok(said["Arn"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn two_organisations_stand_side_by_side() {
    journey("organisations-two", |desk| async move {
        let (acme, globex) = (SandboxServer::start().await?, globex(&desk).await?);
        let (app, window) = first_window(&desk).await?;
        window.press("Enter your start URL").await?;
        let address = add(&desk, &window, &acme, "Acme").await?;
        say_yes(&app, 0, &address, acme.user()?).await?;
        wait_synced(&app, 0).await?;
        keep_fresh(&app, &window, ACCOUNT, ROLE, "acme-dev").await?;
        star(&window, &format!("data-dev, {ROLE}")).await?;

        // The other one, as another user, while the first stands.
        let mark = app.mark();
        choose(&window, "Add an organisation").await?;
        let address = add(&desk, &window, &globex, "Globex").await?;
        say_yes(&app, mark, &address, globex.user()?).await?;
        wait_synced(&app, mark).await?;
        window.read(SOON, "globex-lab").await?;
        read_no(&window, "payments-prod").await?;
        keep_fresh(&app, &window, ACCOUNT, ROLE, "globex-dev").await?;
        let tray = app.tray().await?;
        tray_has(&tray, &["[DEV] data-dev, Developer"]).await?;
        star(&window, &format!("data-dev, {ROLE}")).await?;
        star(&window, "globex-lab, ReadOnly").await?;

        // The switcher, and the tray of both; the organisation is named where names collide.
        choose(&window, "Acme").await?;
        window.read(SOON, "payments-prod").await?;
        read_no(&window, "globex-lab").await?;
        let both = ["[DEV] data-dev, Developer - Acme", "[DEV] data-dev, Developer - Globex"];
        tray_has(&tray, &both).await?;
        tray_has(&tray, &["Acme: signed in*", "Organisation: Acme", "2 profiles fresh*"]).await?;
        chosen_in(&tray, "Acme").await?;

        // Chosen in the tray, the window goes along; and what the first rows do is of that one.
        let mark = app.mark();
        tray.click(&["Organisation: Acme", "Globex: signed in*"]).await?;
        tray_has(&tray, &["Globex: signed in*", "Organisation: Globex", "Sign out of Globex"]).await?;
        chosen_in(&tray, "Globex").await?;
        window.read(SOON, "globex-lab").await?;
        read_no(&window, "payments-prod").await?;
        ensure!(!app.events().iter().skip(mark).any(|e| e["event"] == "signin"), "choosing signed in or out");
        choose(&window, "Acme").await?;
        tray_has(&tray, &["Acme: signed in*", "Organisation: Acme"]).await?;
        let menu = tray.menu().await?;
        let alone = menu.labels().into_iter().find(|row| row.contains("globex-lab")).unwrap_or_default();
        ensure!(alone.ends_with("globex-lab, ReadOnly"), "a name without a twin reads {alone}");
        for app in ["Grafana - Acme", "Grafana - Globex", "Wiki"] {
            ensure!(menu.find(&["Apps", app]).is_some(), "no {app} in {:?}", menu.labels());
        }
        let (opened, mark) = (desk.browser_requests().mark(), app.mark());
        tray.click(&[both[1]]).await?;
        let address = desk.browser_requests().next(opened, WHILE, "the console").await?;
        let once = Person::new()?.open(&address).await?.leads_to.context("the console leads nowhere")?;
        let port = globex.ready().federation_endpoint.port();
        ensure!(once.port() == port, "the console of Globex was opened at {:?}", once.port());
        app.says(mark, "launch", &json!({ "state": "opened", "account": ACCOUNT })).await?;

        // One file, and in it each one's own keys.
        let at_acme = Boto::start_with(&acme, desk.env()).await?;
        let at_globex = Boto::start_with(&globex, desk.env()).await?;
        let mark = app.mark();
        tray.click(&["Refresh everything now"]).await?;
        for profile in ["acme-dev", "globex-dev"] {
            app.says(mark, "profile", &json!({ "name": profile, "state": "fresh" })).await?;
        }
        ensure!(arn(&at_acme, "acme-dev").await?.contains("sam"), "acme-dev is not sam's");
        ensure!(arn(&at_globex, "globex-dev").await?.contains("pat"), "globex-dev is not pat's");
        ensure!(at_acme.who_is("globex-dev").await?.is_err(), "Acme takes Globex's keys");
        ensure!(at_globex.who_is("acme-dev").await?.is_err(), "Globex takes Acme's keys");

        // One goes, and leaves the other untouched.
        let before = section(&desk, "acme-dev")?.context("acme-dev is not in the file")?;
        window.click(Locator::XPath("//nav//button[contains(., 'Settings')]")).await?;
        window.press("Organisations").await?;
        window.press("Remove Globex").await?;
        window.read(SOON, "stops 1 profile").await?;
        window.click(Locator::XPath("//dialog//button[normalize-space(.)='Remove Globex']")).await?;
        until(SOON, "Globex to be gone", || async { Ok((rows(&desk, "organisations")? == 1).then_some(())) })
            .await?;
        ensure!(section(&desk, "globex-dev")?.is_none(), "Globex's keys are still in the file");
        ensure!(section(&desk, "acme-dev")?.as_ref() == Some(&before), "Acme's keys were touched");
        tray_has(&tray, &["Acme: signed in*", "[DEV] data-dev, Developer", "1 profile fresh*"]).await?;
        tray.wait_menu(SOON, "one organisation, nothing to choose", |menu| {
            menu.find(&["Organisation: *"]).is_none().then_some(())
        })
        .await?;
        ensure!(arn(&at_acme, "acme-dev").await?.contains("sam"), "acme-dev works no more");
        ensure!(at_globex.who_is("globex-dev").await.is_ok(), "boto3 ended");
        Ok(())
    });
}

#[test]
fn two_users_of_one_organisation_stand_side_by_side() {
    journey("organisations-users", |desk| async move {
        let server = SandboxServer::start().await?;
        let named = |name: &str| server.ready().users.iter().find(|u| u.username == name).cloned();
        let (sam, kim) = (named("sam").context("no sam")?, named("kim").context("no kim")?);
        let (app, window) = first_window(&desk).await?;
        window.press("Enter your start URL").await?;
        let address = add(&desk, &window, &server, "Acme").await?;
        let browser = Person::new()?;
        let back =
            browser.sign_in(&address, &sam).await?.leads_to.context("the sign-in did not lead back")?;
        browser.open(&back).await?;
        wait_signed_in(&app, 0).await?;
        wait_synced(&app, 0).await?;
        keep_fresh(&app, &window, ACCOUNT, ROLE, "sam-dev").await?;
        star(&window, &format!("data-dev, {ROLE}")).await?;

        // The browser knows sam, and signs in as sam again: that changes nothing.
        let opened = desk.browser_requests().mark();
        choose(&window, "Add another user").await?;
        let address = desk.browser_requests().next(opened, WHILE, "the sign-in page").await?;
        let back =
            browser.sign_in(&address, &sam).await?.leads_to.context("the sign-in did not lead back")?;
        browser.open(&back).await?;
        window.read(SOON, "Your browser signed in as the same user again").await?;
        ensure!(rows(&desk, "sign_ins")? == 1, "sam was signed in twice");

        // A code, in a browser that knows nobody.
        let (mark, opened) = (app.mark(), desk.browser_requests().mark());
        window.press("Use a code instead").await?;
        let address = desk.browser_requests().next(opened, WHILE, "the code's page").await?;
        Person::new()?.sign_in(&address, &kim).await?;
        wait_signed_in(&app, mark).await?;
        wait_synced(&app, mark).await?;
        let tray = app.tray().await?;
        tray_has(&tray, &["Acme (kim): signed in*", "Organisation: Acme (kim)"]).await?;
        chosen_in(&tray, "Acme (kim)").await?;
        window.read(SOON, "Acme (kim)").await?;
        keep_fresh(&app, &window, ACCOUNT, ROLE, "kim-dev").await?;
        star(&window, &format!("data-dev, {ROLE}")).await?;
        let both = ["[DEV] data-dev, Developer - Acme (sam)", "[DEV] data-dev, Developer - Acme (kim)"];
        tray_has(&tray, &both).await?;
        let boto = Boto::start_with(&server, desk.env()).await?;
        for (profile, user) in [("sam-dev", "sam"), ("kim-dev", "kim")] {
            let arn = arn(&boto, profile).await?;
            ensure!(arn.contains(&format!("/{user}")), "{profile} is {arn}");
        }

        // kim leaves, sam stays, also after the next start.
        let mark = app.mark();
        tray.click(&["Sign out of Acme (kim)"]).await?;
        app.says(mark, "signin", &json!({ "state": "signed_out" })).await?;
        app.says(mark, "profile", &json!({ "name": "kim-dev", "state": "sign_in_needed" })).await?;
        tray.click(&["Refresh everything now"]).await?;
        app.says(mark, "profile", &json!({ "name": "sam-dev", "state": "fresh" })).await?;
        ensure!(arn(&boto, "sam-dev").await?.contains("/sam"), "sam's keys stopped working");
        end(&desk, &app).await?;
        let opened = desk.browser_requests().mark();
        let app = App::start_with(&desk, &["--hidden"], &[]).await?;
        let tray = app.tray().await?;
        tray_has(&tray, &["Sign in to Acme (kim)*", "Organisation: Acme (kim)"]).await?;
        tray.click(&["Organisation: Acme (kim)", "Acme (sam): signed in*"]).await?;
        tray_has(&tray, &["Acme (sam): signed in*", "Organisation: Acme (sam)"]).await?;
        ensure!(desk.browser_requests().mark() == opened, "a browser was opened that nobody asked for");
        Ok(())
    });
}
