//! Each page of the console, narrow and wide, light and dark: nothing sticks out and axe-core finds nothing. The
//! pictures go to `target/pictures/console`.

use super::{heading, sign_in};
use crate::gallery::pages;
use anyhow::{Context, Result};
use fantoccini::Locator;
use support::{
    Desk, SandboxServer,
    deadline::SOON,
    driver::{self, Driver},
    journey,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// The sample's administrator at the sample's console: it has of everything.
pub struct Console {
    server: SandboxServer,
    pub browser: Driver,
}

impl Console {
    pub async fn open(desk: &Desk) -> Result<Self> {
        let console = Self { server: SandboxServer::start().await?, browser: driver::chromium(desk).await? };
        let ada = console.server.ready().users.iter().find(|user| user.username == "ada");
        let ada = ada.context("the sample has no administrator")?;
        console.browser.go(&console.server.ready().start_url.join("/admin")?).await?;
        sign_in(&console.browser, &ada.username, &ada.password).await?;
        heading(&console.browser, "Administration").await?;
        Ok(console)
    }

    /// Opens a page.
    pub async fn go(&self, path: &str) -> Result<()> {
        self.browser.go(&self.server.ready().start_url.join(path)?).await
    }

    /// Takes pictures of the page that is shown.
    pub async fn look(&self, name: &str) -> Result<()> {
        pages::look(&self.browser, "console", name).await
    }

    /// Opens a page and takes pictures of it.
    pub async fn look_at(&self, path: &str, name: &str) -> Result<()> {
        self.go(path).await?;
        self.look(name).await
    }

    /// Presses a button or a link, and waits for the page of this heading.
    pub async fn press(&self, label: &str, leads_to: &str) -> Result<()> {
        self.browser.press(label).await?;
        heading(&self.browser, leads_to).await
    }

    async fn tick_first(&self) -> Result<()> {
        self.browser.click(Locator::Css("main label.tick")).await
    }
}

/// On a phone the sections stand behind one line, which needs no script: pages of the console have none.
async fn sections_on_a_phone(browser: &Driver) -> Result<()> {
    let groups = Locator::Css(".administration > nav a[href='/admin/groups']");
    pages::phone(browser).await?;
    browser.see_no(groups).await?;
    browser.click(Locator::Css(".menu > summary")).await?;
    browser.click(groups).await?;
    heading(browser, "Groups").await?;
    pages::usual(browser).await
}

#[test]
fn pages_of_people_can_be_read_and_used_by_everybody() {
    journey("console-people", |desk: Desk| async move {
        let console = Console::open(&desk).await?;
        let browser = &console.browser;
        console.look("overview").await?;
        sections_on_a_phone(browser).await?;
        console.look_at("/admin/identity-source", "identity-source").await?;
        console.look_at("/admin/users", "users").await?;
        console.look_at("/admin/users?words=nobody", "users-none").await?;
        console.look_at("/admin/users/new", "user-new").await?;
        for (id, text) in [("username", "j d"), ("display_name", "Jo Day"), ("email", "jo")] {
            browser.fill(Locator::Id(id), text).await?;
        }
        browser.press("Create user").await?;
        browser.read(SOON, "Some fields need your attention").await?;
        console.look("user-new-refused").await?;
        console.go("/admin/users").await?;
        console.press("sam", "Sam Sample").await?;
        browser.press("Delete the user").await?;
        console.look("user").await?;
        browser.press("Make a one-time password").await?;
        browser.click(Locator::Css("form[action='/admin/users/one-time-password'] button")).await?;
        heading(browser, "One-time password for sam").await?;
        console.look("one-time-password").await?;
        console.go("/admin/users").await?;
        console.press("kim", "Kim Keller").await?;
        console.press("Edit", "Edit Kim Keller").await?;
        console.look("user-edit").await?;
        console.look_at("/admin/groups", "groups").await?;
        console.look_at("/admin/groups/new", "group-new").await?;
        console.go("/admin/groups").await?;
        console.press("platform", "platform").await?;
        console.look("group").await?;
        console.look_at("/admin/settings?username=sam&account=111122223333", "settings").await?;
        console.look_at("/admin/audit", "audit").await?;
        browser.click(Locator::Css("main td a[href^='/admin/audit/event']")).await?;
        browser.see(Locator::Css("main pre")).await?;
        console.look("event").await
    });
}

#[test]
fn pages_of_access_can_be_read_and_used_by_everybody() {
    journey("console-access", |desk: Desk| async move {
        let console = Console::open(&desk).await?;
        let browser = &console.browser;
        console.look_at("/admin/accounts", "accounts").await?;
        console.press("payments-prod", "payments-prod").await?;
        console.look("account").await?;
        console.press("Edit", "Edit payments-prod").await?;
        console.look("account-edit").await?;
        console.look_at("/admin/accounts/new", "account-new").await?;
        console.look_at("/admin/accounts/new-unit", "unit-new").await?;
        console.look_at("/admin/permission-sets", "permission-sets").await?;
        console.press("ReadOnly", "ReadOnly").await?;
        console.look("permission-set").await?;
        console.look_at("/admin/permission-sets/edit", "permission-set-new").await?;
        browser.fill(Locator::Id("name"), "Night").await?;
        browser.fill(Locator::Id("inline"), "{ \"Version\" }").await?;
        browser.press("Create permission set").await?;
        browser.read(SOON, "One field needs your attention").await?;
        console.look("permission-set-refused").await?;
        console.look_at("/admin/assign", "assign-1").await?;
        browser.press("Continue").await?;
        browser.read(SOON, "Choose at least one account").await?;
        console.look("assign-1-refused").await?;
        for (n, what) in [(2, "choose users and groups"), (3, "choose permission sets"), (4, "review")] {
            console.tick_first().await?;
            console.press("Continue", &format!("Give access, step {n} of 4: {what}")).await?;
            console.look(&format!("assign-{n}")).await?;
        }
        console.press("Give access", "Requests").await?;
        console.look("requests").await
    });
}

#[test]
fn pages_of_applications_can_be_read_and_used_by_everybody() {
    journey("console-applications", |desk: Desk| async move {
        let console = Console::open(&desk).await?;
        let browser = &console.browser;
        console.look_at("/admin/applications", "applications").await?;
        console.look_at("/admin/applications/new?words=s", "application-new").await?;
        console
            .look_at("/admin/applications/new?origin=openid-connect&words=slack", "application-refused")
            .await?;
        console
            .look_at("/admin/applications/new?origin=catalogue&entry=slack", "application-catalogue")
            .await?;
        console.look_at("/admin/applications/new?origin=metadata", "application-metadata").await?;
        console.look_at("/admin/applications/new?origin=hand", "application-hand").await?;
        console.look_at("/admin/applications/new?origin=address", "application-address").await?;
        browser.fill(Locator::Id("name"), "Timesheets").await?;
        browser.fill(Locator::Id("metadata_url"), &metadata_server().await?).await?;
        browser.press("Session, names, signatures and encryption").await?;
        browser.fill(Locator::Id("session_minutes"), "5").await?;
        browser.press("Add application").await?;
        browser.read(SOON, "must be between 15 and 720 minutes").await?;
        console.look("application-address-refused").await?;
        browser.fill(Locator::Id("session_minutes"), "480").await?;
        console.press("Add application", "Timesheets").await?;
        browser.read(SOON, "https://timesheets.test/acs").await?;
        console.go("/admin/applications").await?;
        console.press("Wiki", "Wiki").await?;
        console.look("application").await?;
        browser.fill(Locator::Id("test"), "sam").await?;
        browser.press("Show the assertion").await?;
        browser.see(Locator::Css("main pre")).await?;
        console.look("application-tested").await?;
        for (button, heading, name) in [
            ("Edit", "Edit Wiki", "application-edit"),
            ("Certificates and rotation", "Certificates of Wiki", "application-certificates"),
        ] {
            console.go("/admin/applications").await?;
            console.press("Wiki", "Wiki").await?;
            console.press(button, heading).await?;
            console.look(name).await?;
        }
        Ok(())
    });
}

/// Serves an application's metadata, as its maker does; the address.
async fn metadata_server() -> Result<String> {
    const METADATA: &str = r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="timesheets"><SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://timesheets.test/acs" index="0"/></SPSSODescriptor></EntityDescriptor>"#;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/metadata", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let length = METADATA.len();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            // Whoever does not read the answer fails the test.
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(format!("{head}{METADATA}").as_bytes()).await;
        }
    });
    Ok(address)
}

/// A risky role in production is confirmed first; the console says where one is then.
#[test]
fn pages_of_a_production_console_can_be_read_and_used_by_everybody() {
    journey("console-production", |desk: Desk| async move {
        let console = Console::open(&desk).await?;
        let browser = &console.browser;
        console.go("/admin/accounts/edit?id=700000000010").await?;
        heading(browser, "Edit network").await?;
        browser.choose(Locator::Id("ou"), "Workloads/Production").await?;
        browser.press("Save changes").await?;
        browser.read(SOON, "The changes are saved").await?;
        browser.click(Locator::Id("sign-out")).await?;
        let sam = console.server.user()?;
        console.go("/start?q=network").await?;
        sign_in(browser, &sam.username, &sam.password).await?;
        browser.press("Open console, network, Administrator, production").await?;
        browser.see(Locator::Id("confirmed")).await?;
        console.look("confirm").await?;
        browser.click(Locator::Id("confirmed")).await?;
        browser.see(Locator::Id("account-id")).await?;
        console.look("in-production").await
    });
}
