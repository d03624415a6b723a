//! Pages of what stands elsewhere (issuers of tokens, an LDAP directory, accounts at AWS), narrow and wide, light and
//! dark, as `looks.rs` has the others.

use super::{heading, looks::Console, sign_in};
use crate::{gallery::pages, wire::aws_accounts::Cloud};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use std::fs;
use support::{
    Administrator, Desk, Fault, LdapServer, ServedOrganisation,
    deadline::{SOON, WHILE, until},
    driver::{self, Driver},
    journey,
    ldap_server::{CONNECTOR, CONNECTOR_PASSWORD},
    tls::Authority,
};

/// Takes pictures of a page.
async fn look_at(browser: &Driver, served: &ServedOrganisation, path: &str, name: &str) -> Result<()> {
    browser.go(&served.start_url().join(path)?).await?;
    pages::look(browser, "console", name).await
}

/// Signs sam, the administrator, in on the way to a page.
async fn sign_in_at(browser: &Driver, served: &ServedOrganisation, password: &str, path: &str) -> Result<()> {
    browser.go(&served.start_url().join(path)?).await?;
    sign_in(browser, "sam", password).await?;
    browser.see(Locator::Css(".administration h1")).await.map(drop)
}

#[test]
fn pages_of_tokens_can_be_read_and_used_by_everybody() {
    journey("console-tokens", |desk: Desk| async move {
        let console = Console::open(&desk).await?;
        let browser = &console.browser;
        console.look_at("/admin/settings/issuers", "issuers-none").await?;
        console.press("Add an issuer", "Add a trusted token issuer").await?;
        for (id, text) in
            [("name", "corp idp"), ("issuer_url", "http://login.acme.test"), ("claim", "e-mail")]
        {
            browser.fill(Locator::Id(id), text).await?;
        }
        browser.press("Add issuer").await?;
        browser.read(SOON, "Some fields need your attention").await?;
        console.look("issuer-new-refused").await?;
        for (id, text) in
            [("name", "corp-idp"), ("issuer_url", "https://127.0.0.1:9/realm"), ("claim", "email")]
        {
            browser.fill(Locator::Id(id), text).await?;
        }
        browser.press("Fetch its keys").await?;
        browser.read(SOON, "Its keys could not be fetched").await?;
        console.look("issuer-new-tested").await?;
        console.press("Add issuer", "corp-idp").await?;
        browser.press("Delete the issuer").await?;
        console.look("issuer").await?;

        console.look_at("/admin/applications/new-oauth", "application-oauth").await?;
        browser.fill(Locator::Id("name"), "Reports").await?;
        console.press("Add application", "How Reports gets tokens").await?;
        console.look("tokens-new").await?;
        for (id, text, button) in [
            ("redirects", "https://reports.acme.test/callback", "Save addresses"),
            ("audiences", "reports", "Take its tokens"),
            ("scope", "reports:read", "Set access scope"),
        ] {
            browser.fill(Locator::Id(id), text).await?;
            console.press(button, "How Reports gets tokens").await?;
            browser.read(SOON, "The change is saved").await?;
        }
        browser.press("Turn on: Refresh token").await?;
        browser.read(SOON, "The change is saved").await?;
        browser.fill(Locator::Id("policy"), "{ \"Statement\" }").await?;
        browser.press("Save policy").await?;
        browser.read(SOON, "One field needs your attention").await?;
        console.look("tokens").await?;
        console.go("/admin/settings/issuers").await?;
        console.look("issuers").await?;
        console.press("corp-idp", "corp-idp").await?;
        console.press("Reports", "How Reports gets tokens").await?;
        console.press("Assign users and groups", "Reports").await?;
        console.look("application-of-oauth").await
    });
}

#[test]
fn pages_of_a_directory_can_be_read_and_used_by_everybody() {
    journey("console-directory", |desk: Desk| async move {
        let served = ServedOrganisation::start("").await?;
        Administrator::of(&served).await?;
        let authority = Authority::new()?;
        let directory = LdapServer::start(&authority, "localhost").await?;
        let settings = served.folder().join("ldap.toml");
        fs::write(served.folder().join("ca.pem"), authority.pem())?;
        let text = format!(
            "flavour = \"OpenLdap\"\nservers = [\"{}\", \"ldaps://localhost:1\"]\nauthorities_file = \"ca.pem\"\n\
             bind_dn = \"{CONNECTOR}\"\nuser_bases = [\"ou=people,dc=acme,dc=test\"]\n\
             group_bases = [\"ou=groups,dc=acme,dc=test\"]\n",
            directory.ldaps()
        );
        let file = settings.to_str().context("not UTF-8")?;
        let command = async |command: &str, more: &[&str], input: &str| {
            served.command_told(&["identity-source", "ldap", command], more, input).await
        };
        fs::write(&settings, &text)?;
        let set_up = command("set-up", &["--settings", file], CONNECTOR_PASSWORD).await?;
        ensure!(set_up.ok, "{set_up:?}");
        let own = served.user().password;
        let browser = driver::chromium(&desk).await?;
        sign_in_at(&browser, &served, &own, "/admin/identity-source").await?;
        look_at(&browser, &served, "/admin/identity-source/ldap", "ldap-set-up").await?;
        browser.press("Test the connection").await?;
        browser.read(WHILE, "Found 6 users").await?;
        pages::look(&browser, "console", "ldap-tested").await?;
        look_at(&browser, &served, "/admin/identity-source/change?to=ldap", "ldap-change").await?;
        let used = command("use", &["--yes"], "").await?;
        ensure!(used.ok, "{used:?}");
        let path = "/admin/identity-source/ldap";
        sign_in_at(&browser, &served, "sam-in-the-directory", path).await?;
        heading(&browser, "Active Directory or LDAP").await?;
        pages::look(&browser, "console", "ldap-synced").await?;
        look_at(&browser, &served, "/admin/identity-source", "identity-source-ldap").await?;

        // Nearly everybody is gone there.
        fs::write(&settings, format!("{text}user_filter = \"(uid=sam)\"\n"))?;
        let narrowed = command("set-up", &["--settings", file], "").await?;
        ensure!(narrowed.ok, "{narrowed:?}");
        let synced = served.command(&["identity-source", "sync"], &[]).await?;
        ensure!(!synced.ok && synced.err.contains("more than half"), "{synced:?}");
        look_at(&browser, &served, path, "ldap-sync-refused").await
    });
}

#[test]
fn pages_of_accounts_at_aws_can_be_read_and_used_by_everybody() {
    journey("console-aws", |desk: Desk| async move {
        let cloud = Cloud::start().await?;
        Administrator::of(&cloud.served).await?;
        let sets = [
            cloud.permission_set("Auditor", "arn:aws:iam::aws:policy/ReadOnlyAccess").await?,
            cloud.permission_set("Support", "arn:aws:iam::aws:policy/job-function/SupportUser").await?,
        ];
        let [account, other] = &cloud.accounts;
        cloud.assigned(account, &sets[0]).await?;
        let browser = driver::chromium(&desk).await?;
        sign_in_at(&browser, &cloud.served, &cloud.served.user().password, "/admin/accounts").await?;
        pages::look(&browser, "console", "accounts-at-aws").await?;
        look_at(&browser, &cloud.served, "/admin/accounts/aws", "aws").await?;
        // One role that cannot be made at once, and one that will not be.
        cloud.way.fail("Action=CreateRole", Fault::Denied, 99);
        cloud.ask("create_account_assignment", account, &sets[1]).await?;
        cloud.ask("create_account_assignment", other, &sets[0]).await?;
        until(WHILE, "roles that need attention", async || {
            browser.go(&cloud.served.start_url().join("/admin/accounts/aws")?).await?;
            Ok((browser.text().await?.matches("Reapply").count() == 2).then_some(()))
        })
        .await?;
        pages::look(&browser, "console", "aws-trouble").await?;
        let path = format!("/admin/accounts/account?id={account}");
        look_at(&browser, &cloud.served, &path, "account-at-aws").await
    });
}
