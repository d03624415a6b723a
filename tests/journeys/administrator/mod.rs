//! A company sets itself up: the administrator's tasks in the browser in their order, then the employee's first
//! day, and each page of the console as people see it and reach it.

mod first_day;
mod keyboard;
mod looks;
mod looks_elsewhere;
mod set_up;

use anyhow::{Context, Result, ensure};
use fantoccini::{Locator, elements::Element};
use std::collections::BTreeSet;
use support::{
    Desk, ServedOrganisation,
    deadline::{SOON, WHILE, until},
    driver::{self, Driver},
    mail_server::MailServer,
    ports,
};
use url::Url;

/// Everybody's password of their own.
const PASSWORD: &str = "Kettle-orbit 7 mango";
const ORGANISATION: &str = "Northwind";

/// A server with nothing in it, the company's mail server, and the administrator's browser.
struct Company {
    served: ServedOrganisation,
    mail: MailServer,
    browser: Driver,
}

impl Company {
    async fn found(desk: &Desk) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lk-company-").tempdir()?;
        let mail = MailServer::start(folder.path()).await?;
        // Commands beside the server say the configuration's port.
        let config = format!("listen = \"127.0.0.1:{}\"\n{}", ports::free()?, mail.section());
        let served = ServedOrganisation::start_empty(folder, ORGANISATION, &config).await?;
        Ok(Self { served, mail, browser: driver::chromium(desk).await? })
    }

    /// Makes the first administrator at the command line, and signs in as them by the link that it prints.
    async fn become_administrator(&self) -> Result<()> {
        let who = ["--user", "ada", "--email", "ada@northwind.test"];
        let said = self.served.command(&["admin", "invite"], &who).await?;
        ensure!(said.ok, "{}", said.err);
        let link = said.out.split_whitespace().last().context("no link")?;
        self.browser.go(&Url::parse(link)?).await?;
        self.browser.read(SOON, "Choose the password that you sign in with").await?;
        choose_password(&self.browser, PASSWORD).await?;
        sign_in(&self.browser, "ada", PASSWORD).await?;
        self.browser.click(Locator::Id("administration")).await?;
        heading(&self.browser, "Administration").await?;
        // It works once.
        let again = support::Person::new()?.open(&Url::parse(link)?).await?;
        again.says("This link is over")
    }

    /// Goes to a section of the console.
    async fn section(&self, name: &str) -> Result<()> {
        let link = format!("//nav[@aria-label='Administration']//a[normalize-space(.)='{name}']");
        self.browser.click(Locator::XPath(&link)).await?;
        heading(&self.browser, if name == "Overview" { "Administration" } else { name }).await
    }

    /// Presses a button or a link, and waits for the page of this heading.
    async fn press(&self, label: &str, leads_to: &str) -> Result<()> {
        self.browser.press(label).await?;
        heading(&self.browser, leads_to).await
    }

    /// Fills fields in, by their ids.
    async fn fill(&self, fields: &[(&str, &str)]) -> Result<()> {
        for (id, text) in fields {
            self.browser.fill(Locator::Id(id), text).await?;
        }
        Ok(())
    }

    /// Ticks what is labelled so, or so and more.
    async fn tick(&self, label: &str) -> Result<()> {
        let tick = format!("//label[contains(@class, 'tick')][contains(normalize-space(.), '{label}')]");
        self.browser.click(Locator::XPath(&tick)).await
    }

    /// The same among those under a legend that begins so.
    async fn tick_among(&self, legend: &str, label: &str) -> Result<()> {
        let tick = format!(
            "//fieldset[starts-with(normalize-space(legend), '{legend}')]//label[contains(normalize-space(.), '{label}')]"
        );
        self.browser.click(Locator::XPath(&tick)).await
    }

    async fn choose(&self, id: &str, label: &str) -> Result<()> {
        self.browser.choose(Locator::Id(id), label).await
    }

    /// A group, made on its page.
    async fn group(&self, name: &str) -> Result<()> {
        self.section("Groups").await?;
        self.press("Create a group", "Create a group").await?;
        self.fill(&[("name", name)]).await?;
        self.press("Create group", name).await
    }

    /// An account, added on its page.
    async fn account(&self, id: &str, name: &str, unit: &str) -> Result<()> {
        self.section("AWS accounts").await?;
        self.press("Add an account", "Add an account").await?;
        let email = format!("aws-{name}@northwind.test");
        self.fill(&[("id", id), ("name", name), ("email", &email)]).await?;
        self.choose("ou", unit).await?;
        self.press("Add account", name).await
    }

    /// A unit, made on its page.
    async fn unit(&self, name: &str, above: &str) -> Result<()> {
        self.section("AWS accounts").await?;
        self.press("Create an organizational unit", "Create an organizational unit").await?;
        self.fill(&[("name", name)]).await?;
        self.choose("above", above).await?;
        self.press("Create unit", "AWS accounts").await
    }

    /// Loads the requests again until none is in progress, and counts those that succeeded.
    async fn requests_that_succeeded(&self) -> Result<usize> {
        heading(&self.browser, "Requests").await?;
        until(WHILE, "the requests to be settled", async || {
            self.press("Load again", "Requests").await?;
            let text = self.browser.text().await?;
            ensure!(!text.contains("FAILED"), "{text}");
            Ok((!text.contains("IN_PROGRESS")).then(|| text.matches("SUCCEEDED").count()))
        })
        .await
    }
}

/// Waits for the page of this heading, loaded whole.
async fn heading(browser: &Driver, text: &str) -> Result<()> {
    let heading = format!("//h1[normalize-space(.)='{text}']");
    browser.see(Locator::XPath(&heading)).await.map(drop)
}

async fn choose_password(browser: &Driver, password: &str) -> Result<()> {
    browser.fill(Locator::Id("new_password"), password).await?;
    browser.fill(Locator::Id("again"), password).await?;
    browser.click(Locator::Id("set-password")).await
}

async fn sign_in(browser: &Driver, username: &str, password: &str) -> Result<()> {
    browser.fill(Locator::Id("username"), username).await?;
    browser.fill(Locator::Id("password"), password).await?;
    browser.click(Locator::Id("sign-in")).await
}

/// What a field that is shown to be copied holds.
async fn shown(browser: &Driver, id: &str) -> Result<String> {
    let field: Element = browser.see(Locator::Id(id)).await?;
    field.prop("value").await?.with_context(|| format!("#{id} has no value"))
}

/// The `aria-label`s or texts of all elements that a selector finds, in sight or folded away.
async fn names(browser: &Driver, selector: &str) -> Result<BTreeSet<String>> {
    let script =
        "return [...document.querySelectorAll(arguments[0])].map((one) => one.ariaLabel ?? one.textContent);";
    let found = browser.client().execute(script, vec![selector.into()]).await?;
    Ok(serde_json::from_value(found)?)
}
