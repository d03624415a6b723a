//! The employee's first day: the password, the second factor, and exactly what was assigned.

use super::{
    Company, PASSWORD, choose_password, heading, names,
    set_up::{DEV, HandedOut, LAB, PROD},
    sign_in,
};
use crate::gallery::pages;
use anyhow::{Result, ensure};
use fantoccini::Locator;
use serde_json::Value;
use std::{collections::BTreeSet, fs};
use support::{
    Authenticator, Desk,
    deadline::{SOON, WHILE},
    driver::{self, Driver},
    process::run,
};
use url::Url;

/// One of the ten thousand that everybody knows, though it has all kinds of characters.
const KNOWN: &str = "P@ssw0rd1";

/// Maya comes by her invitation, Noor with the password that was handed to her, at another browser than the
/// administrator's.
pub async fn of_maya_and_noor(desk: &Desk, company: &Company, handed: &HandedOut) -> Result<()> {
    let browser = &driver::chromium_of(desk, "employee").await?;
    let _key = Authenticator::simple_key(browser).await?;
    browser.go(&handed.invitation).await?;
    look(browser, "invitation").await?;
    set_first_password(browser).await?;
    browser.see(Locator::Id("sign-in")).await?;
    look(browser, "sign-in").await?;
    sign_in(browser, "maya", PASSWORD).await?;
    heading(browser, "Set up a second factor").await?;
    look(browser, "enrol").await?;
    enrol(browser, "Maya's key").await?;
    browser.read(SOON, "Signed in as Maya Ortiz").await?;
    sees(
        browser,
        handed,
        &[
            "Open console, lab, Support",
            "Open console, payments-dev, Deploy",
            "Open console, payments-prod, Deploy, production",
        ],
        &["Slack", "Timesheets"],
    )
    .await?;
    look(browser, "applications").await?;
    browser.go(&handed.address).await?;
    look(browser, "accounts").await?;
    browser.press("Open console, payments-prod, Deploy, production").await?;
    for (id, expected) in [("account-id", PROD), ("role-name", "Deploy")] {
        let text = browser.see(Locator::Id(id)).await?.text().await?;
        ensure!(text == expected, "{id} is {text}");
    }
    keys_work(desk, browser, handed).await?;
    browser.go(&handed.address).await?;
    browser.click(Locator::Id("sign-out")).await?;
    browser.see(Locator::Id("sign-in")).await?;

    // Noor types the address.
    browser.go(&handed.address).await?;
    sign_in(browser, "noor", &handed.one_time).await?;
    browser.read(SOON, "for one use").await?;
    look(browser, "first-password").await?;
    set_first_password(browser).await?;
    enrol(browser, "Noor's key").await?;
    browser.read(SOON, "Signed in as Noor Haddad").await?;
    browser.read(SOON, "No accounts assigned to you").await?;
    look(browser, "nothing").await?;
    sees(browser, handed, &[], &["Payroll"]).await?;
    // By the links of others, either.
    let link = format!("/start/#/console?account_id={PROD}&role_name=Deploy");
    browser.go(&handed.address.join(&link)?).await?;
    browser.read(SOON, "You are not assigned to this role").await?;
    for id in [PROD, DEV, LAB] {
        let keys = handed.address.join(&format!("/start/keys?account_id={id}&role_name=Deploy"))?;
        browser.go(&keys).await?;
        ensure!(!browser.source().await?.contains("payments"), "the page of keys tells of {id}");
    }
    browser.go(&handed.address.join("/admin")?).await?;
    heading(browser, "You are not an administrator").await?;
    // The administrator sees that both came.
    company.section("Users").await?;
    company.press("maya", "Maya Ortiz").await?;
    let text = company.browser.text().await?;
    ensure!(!text.contains("no password yet"), "{text}");
    Ok(())
}

async fn look(browser: &Driver, name: &str) -> Result<()> {
    pages::look(browser, "first-day", name).await
}

/// One that everybody knows is refused with the reason.
async fn set_first_password(browser: &Driver) -> Result<()> {
    choose_password(browser, "short").await?;
    browser.read(SOON, "8 to 64 characters; this one has 5").await?;
    choose_password(browser, KNOWN).await?;
    browser.read(SOON, "known or easily guessed").await?;
    choose_password(browser, PASSWORD).await
}

async fn enrol(browser: &Driver, name: &str) -> Result<()> {
    heading(browser, "Set up a second factor").await?;
    browser.click(Locator::Id("add-security_key")).await?;
    browser.fill(Locator::Id("name"), name).await?;
    browser.click(Locator::Id("add")).await?;
    browser.at("the portal", |url| url.path() == "/start").await?;
    browser.see(Locator::Id("signed-in-as")).await.map(drop)
}

/// These roles and applications, and no other.
async fn sees(browser: &Driver, handed: &HandedOut, roles: &[&str], applications: &[&str]) -> Result<()> {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    browser.go(&handed.address).await?;
    browser.see(Locator::Id("signed-in-as")).await?;
    let found = names(browser, "button[aria-label^='Open console']").await?;
    ensure!(found == set(roles), "the portal lists {found:?}");
    browser.click(Locator::Id("tab-applications")).await?;
    browser.see(Locator::Css("#tab-applications[aria-current]")).await?;
    let found = names(browser, "#applications .name").await?;
    ensure!(found == set(applications), "the portal lists the applications {found:?}");
    Ok(())
}

/// Credentials for a role are issued, and are what they say.
async fn keys_work(desk: &Desk, browser: &Driver, handed: &HandedOut) -> Result<()> {
    let keys: Url = handed.address.join(&format!("/start/keys?account_id={LAB}&role_name=Support"))?;
    browser.go(&keys).await?;
    browser.click(Locator::Id("issue")).await?;
    browser.see(Locator::Id("shown-once")).await?;
    let unix = browser.see(Locator::Id("bash")).await?.text().await?;
    let origin = handed.address.origin().ascii_serialization();
    let asked = format!(
        "{unix}\naws sts get-caller-identity --endpoint-url {origin} --region eu-central-1 --output json"
    );
    let home = desk.folders().home().join("maya");
    fs::create_dir_all(&home)?;
    let vars = [("HOME", home.display().to_string()), ("PATH", "/usr/bin:/bin".to_owned())];
    let said = run(WHILE, "bash", &["-c", &asked], vars, "").await?;
    ensure!(said.ok, "{}{}", said.out, said.err);
    let who: Value = serde_json::from_str(&said.out)?;
    let arn = who["Arn"].as_str().unwrap_or_default();
    ensure!(
        who["Account"] == LAB && arn.contains("AWSReservedSSO_Support_") && arn.ends_with("/maya"),
        "{who}"
    );
    Ok(())
}
