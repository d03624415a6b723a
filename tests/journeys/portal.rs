//! The access portal in a real browser: what a person does where the app is not installed.

use crate::gallery::pages;
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use serde_json::{Value, json};
use std::fs;
use support::{
    Authenticator, AwsCli, Boto, Desk, SandboxServer,
    deadline::{SOON, WHILE},
    driver::{self, Driver},
    journey,
    process::run,
};
use url::Url;

const PROD: &str = "111122223333";
const DEV: &str = "111122225555";

/// A browser at a sandbox.
struct Visit {
    server: SandboxServer,
    browser: Driver,
}

impl Visit {
    async fn start(desk: &Desk) -> Result<Self> {
        let server = SandboxServer::start().await?;
        Ok(Self { server, browser: driver::chromium(desk).await? })
    }

    fn address(&self, path: &str) -> Result<Url> {
        Ok(self.server.ready().start_url.join(path)?)
    }

    /// Fills in the sign-in page that is shown.
    async fn sign_in(&self) -> Result<()> {
        let user = self.server.user()?;
        self.browser.fill(Locator::Id("username"), &user.username).await?;
        self.browser.fill(Locator::Id("password"), &user.password).await?;
        self.browser.click(Locator::Id("sign-in")).await
    }

    /// Reads the console page and says where it is.
    async fn is_in(&self, account: &str, role: &str, service: &str) -> Result<()> {
        self.browser.see(Locator::Id("account-id")).await?;
        for (id, expected) in [("account-id", account), ("role-name", role), ("service", service)] {
            let text = self.browser.see(Locator::Id(id)).await?.text().await?;
            ensure!(text == expected, "{id} is {text}, not {expected}");
        }
        Ok(())
    }

    /// Nothing of the page sticks out at the side, and everybody can use it.
    async fn look(&self, name: &str) -> Result<()> {
        pages::look(&self.browser, "portal", name).await
    }

    /// Presses a copy button and gives what is on the clipboard then.
    async fn copy(&self, label: &str) -> Result<String> {
        self.browser.press(label).await?;
        self.browser.read(SOON, &label.replacen("Copy", "Copied", 1)).await?;
        let read =
            "const done = arguments[0]; navigator.clipboard.readText().then(done, (e) => done(String(e)));";
        let text = self.browser.client().execute_async(read, vec![]).await?;
        Ok(text.as_str().context("the clipboard holds no text")?.to_owned())
    }
}

#[test]
fn accounts_are_found_and_their_consoles_opened() {
    journey("portal-accounts", |desk: Desk| async move {
        let visit = Visit::start(&desk).await?;
        let browser = &visit.browser;
        browser.go(&visit.address("/start")?).await?;
        visit.sign_in().await?;
        browser.read(SOON, "storefront-prod").await?;
        let page = browser.text().await?;
        ensure!(!page.contains("acme-management"), "another's account is listed:\n{page}");
        visit.look("accounts").await?;

        browser.fill(Locator::Id("q"), "payments prod").await?;
        browser.keys(&['\u{e007}']).await?;
        browser.read(SOON, "1 of 11 accounts").await?;
        ensure!(!browser.text().await?.contains("storefront"), "the search shows all");
        visit.look("search").await?;
        browser.press("Open console, payments-prod, ReadOnly, production").await?;
        visit.is_in(PROD, "ReadOnly", "Console home").await?;
        browser.press("Back to the access portal").await?;
        browser.click(Locator::Id("tab-applications")).await?;
        browser.read(SOON, "Grafana").await?;
        visit.look("applications").await?;
        browser.press("Grafana").await?;
        browser.read(SOON, "welcome to Grafana").await?;

        // With the keyboard alone: the first account's fold, then what is in it.
        browser.go(&visit.address("/start?q=payments-dev")?).await?;
        browser.see(Locator::Id("clear")).await?;
        let mut names = Vec::new();
        for _ in 0..20 {
            browser.keys(&['\u{e004}']).await?;
            names.push(browser.focused().await?);
        }
        for name in [
            "MFA and sign-ins",
            "Sign out",
            "Search accounts and roles",
            "Open console, payments-dev, Developer",
            "Access keys, payments-dev, PowerUser",
        ] {
            ensure!(
                names.iter().any(|focused| focused == name),
                "the keyboard does not reach {name}: {names:?}"
            );
        }
        Ok(())
    });
}

/// Pages that people pass on their way: forgotten passwords, the outbox, and a program that asks with a code.
#[test]
fn pages_on_the_way_can_be_read_and_used_by_everybody() {
    journey("portal-way", |desk: Desk| async move {
        let visit = Visit::start(&desk).await?;
        let browser = &visit.browser;
        browser.go(&visit.address("/sign-in/forgotten")?).await?;
        browser.see(Locator::Id("send-link")).await?;
        visit.look("forgotten").await?;
        browser.fill(Locator::Id("username"), "sam").await?;
        browser.click(Locator::Id("send-link")).await?;
        browser.read(SOON, "Look into your mail").await?;
        visit.look("message").await?;
        let ready: Value = serde_json::from_str(visit.server.ready_line())?;
        let outbox = ready["outbox_url"].as_str().context("no outbox")?;
        browser.go(&Url::parse(outbox)?).await?;
        browser.see(Locator::Css(".letter-link")).await?;
        visit.look("outbox").await?;

        let boto = Boto::start(&visit.server).await?;
        let client = json!({ "clientName": "A program", "clientType": "public" });
        let client = boto.answer("sso-oidc", "register_client", client).await?;
        let start = visit.server.ready().start_url.as_str();
        let asks = json!({ "clientId": client["clientId"], "clientSecret": client["clientSecret"],
            "startUrl": start });
        let device = boto.answer("sso-oidc", "start_device_authorization", asks).await?;
        browser.go(&visit.address("/device")?).await?;
        visit.sign_in().await?;
        browser.fill(Locator::Id("user_code"), "BBBB-BBBB").await?;
        browser.click(Locator::Id("confirm-code")).await?;
        browser.read(SOON, "That code is not waiting").await?;
        visit.look("device").await?;
        let code = device["userCode"].as_str().context("no code")?;
        browser.fill(Locator::Id("user_code"), code).await?;
        browser.click(Locator::Id("confirm-code")).await?;
        browser.see(Locator::Id("allow")).await?;
        visit.look("consent").await?;
        browser.click(Locator::Id("allow")).await?;
        browser.read(SOON, "Request approved").await?;
        visit.look("approved").await
    });
}

#[test]
fn keys_are_copied_in_three_forms_and_used() {
    journey("portal-keys", |desk: Desk| async move {
        let visit = Visit::start(&desk).await?;
        let browser = &visit.browser;
        browser.go(&visit.address("/start?q=payments-prod")?).await?;
        visit.sign_in().await?;
        browser.press("Access keys, payments-prod, ReadOnly, production").await?;
        browser.read(SOON, "aws configure sso").await?;
        ensure!(!browser.source().await?.contains("ASIA"), "keys nobody asked for");
        visit.look("keys-before").await?;
        browser.click(Locator::Id("issue")).await?;
        browser.see(Locator::Id("shown-once")).await?;
        let address = browser.client().current_url().await?;
        ensure!(address.path() == "/start/keys" && address.query().is_none(), "{address}");
        let permissions = json!({ "origin": address.origin().ascii_serialization(),
            "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
        browser.devtools("Browser.grantPermissions", permissions).await?;
        let unix = visit.copy("Copy for bash and zsh").await?;
        visit.look("keys").await?;
        browser.press("Windows: PowerShell").await?;
        let powershell = visit.copy("Copy for PowerShell").await?;
        browser.press("Windows: Command Prompt").await?;
        let prompt = visit.copy("Copy for the Command Prompt").await?;
        browser.press("Option 2: A profile in the credentials file").await?;
        let file = visit.copy("Copy the profile").await?;
        browser.press("Option 3: Individual values").await?;
        let id = visit.copy("Copy the access key ID").await?;
        let secret = visit.copy("Copy the secret access key").await?;
        let token = visit.copy("Copy the session token").await?;
        visit.look("keys-all").await?;
        for text in [&unix, &powershell, &prompt, &file] {
            ensure!(
                [&id, &secret, &token].iter().all(|value| text.contains(*value)),
                "not all are in a form"
            );
        }
        ensure!(
            powershell.starts_with("$Env:AWS_ACCESS_KEY_ID=\"")
                && prompt.starts_with("SET AWS_ACCESS_KEY_ID=")
        );

        // What was copied is what Debian's aws takes.
        let home = desk.folders().home().join("keys");
        fs::create_dir_all(home.join(".aws"))?;
        fs::write(home.join(".aws/credentials"), &file)?;
        let aws = AwsCli::in_home(&home, &visit.server);
        let said = aws.who_is(&format!("{PROD}_ReadOnly")).await?;
        ensure!(said.ok && said.out.contains("AWSReservedSSO_ReadOnly_"), "{}{}", said.out, said.err);
        let endpoint = visit.server.ready().sts_endpoint.as_str().trim_end_matches('/');
        let region = &visit.server.ready().region;
        let asked = format!(
            "{unix}\naws sts get-caller-identity --endpoint-url {endpoint} --region {region} --output json"
        );
        let empty = desk.folders().home().join("empty");
        let vars = [("HOME", empty.display().to_string()), ("PATH", "/usr/bin:/bin".to_owned())];
        let said = run(WHILE, "bash", &["-c", &asked], vars, "").await?;
        ensure!(said.ok, "{}{}", said.out, said.err);
        let who: Value = serde_json::from_str(&said.out)?;
        ensure!(who["Account"] == PROD, "{who}");

        // They are gone from the page when one comes back to it.
        browser.press("Access portal").await?;
        browser.see(Locator::Id("q")).await?;
        browser.client().back().await?;
        ensure!(!browser.source().await?.contains(&secret), "the page was kept");
        Ok(())
    });
}

#[test]
fn links_are_followed_signed_in_and_signed_out() {
    journey("portal-links", |desk: Desk| async move {
        let visit = Visit::start(&desk).await?;
        let browser = &visit.browser;
        let s3 = "https%3A%2F%2Feu-central-1.console.aws.amazon.com%2Fs3%2Fhome";
        let link = |rest: &str| visit.address(&format!("/start/#/console?account_id={DEV}{rest}"));
        // Signed out: sign in, and there one is.
        browser.go(&link(&format!("&role_name=Developer&destination={s3}"))?).await?;
        visit.sign_in().await?;
        visit.is_in(DEV, "Developer", "s3").await?;
        // Signed in: at once. From the portal's page only the fragment changes.
        browser.go(&visit.address("/start")?).await?;
        browser.see(Locator::Id("q")).await?;
        browser
            .go(&visit.address(&format!("/start#/console?account_id={PROD}&role_name=Incident15"))?)
            .await?;
        visit.is_in(PROD, "Incident15", "Console home").await?;
        // Without a role one chooses.
        browser.go(&link(&format!("&destination={s3}"))?).await?;
        browser.read(SOON, "Choose a role in payments-dev").await?;
        visit.look("choose").await?;
        browser.press("Open console, payments-dev, PowerUser").await?;
        visit.is_in(DEV, "PowerUser", "s3").await?;
        // Elsewhere, and what somebody else has.
        browser.go(&link("&role_name=Developer&destination=https%3A%2F%2Fevil.test%2F")?).await?;
        browser.read(SOON, "This link leads elsewhere").await?;
        browser
            .go(&visit.address("/start/#/console?account_id=900000000001&role_name=Administrator")?)
            .await?;
        browser.read(SOON, "You are not assigned to this role").await?;
        // At the issuer's address and at the bare one, as AWS's newer portals have it.
        browser.go(&visit.address(&format!("/#/console?account_id={PROD}&role_name=ReadOnly"))?).await?;
        visit.is_in(PROD, "ReadOnly", "Console home").await?;
        Ok(())
    });
}

/// On the way the browser is at pages that keep no fragment.
#[test]
fn a_link_survives_a_second_factor() {
    journey("portal-link-mfa", |desk: Desk| async move {
        let visit = Visit::start(&desk).await?;
        visit.server.control(json!({ "mfa": { "mode": "always", "allowed": ["webauthn"] } })).await?;
        let browser = &visit.browser;
        let _key = Authenticator::simple_key(browser).await?;
        let link = visit.address(&format!("/start/#/console?account_id={DEV}&role_name=Developer"))?;
        browser.go(&link).await?;
        visit.sign_in().await?;
        browser.click(Locator::Id("add-security_key")).await?;
        browser.fill(Locator::Id("name"), "Blue key").await?;
        browser.click(Locator::Id("add")).await?;
        visit.is_in(DEV, "Developer", "Console home").await?;
        browser.press("Back to the access portal").await?;
        browser.click(Locator::Id("sign-out")).await?;
        browser.see(Locator::Id("sign-in")).await?;
        browser.go(&link).await?;
        visit.sign_in().await?;
        browser.click(Locator::Id("use-key")).await?;
        visit.is_in(DEV, "Developer", "Console home").await
    });
}

#[test]
fn signing_out_elsewhere_ends_the_other_browsers() {
    journey("portal-sign-out", |desk: Desk| async move {
        let visit = Visit::start(&desk).await?;
        let browser = &visit.browser;
        // This person's second sign-in, in a browser without script.
        let other = support::Person::new()?;
        let start = visit.address("/start")?;
        let page = other.open(&start).await?;
        other.give_password(&page, visit.server.user()?).await?.says("payments-prod")?;
        browser.go(&start).await?;
        visit.sign_in().await?;
        browser.press("MFA and sign-ins").await?;
        browser.read(SOON, "Another browser").await?;
        visit.look("sign-ins").await?;
        browser.click(Locator::Id("sign-out-elsewhere")).await?;
        browser.see_no(Locator::Id("sign-out-elsewhere")).await?;
        other.open(&start).await?.says("Sign in to")?;
        browser.click(Locator::Id("sign-out")).await?;
        browser.see(Locator::Id("sign-in")).await?;
        browser.go(&start).await?;
        browser.see(Locator::Id("sign-in")).await?;
        visit.look("sign-in").await
    });
}
