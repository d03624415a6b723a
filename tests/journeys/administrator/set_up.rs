//! The administrator's tasks, in the order in which a new organisation needs them.

use super::{Company, first_day, heading, shown};
use anyhow::{Context, Result, bail, ensure};
use fantoccini::Locator;
use std::fs;
use support::{Desk, deadline::SOON, journey};
use url::Url;

/// Accounts of the company.
pub const PROD: &str = "111122223333";
pub const DEV: &str = "111122225555";
pub const LAB: &str = "111122226666";

/// A service provider's metadata, as its maker would send it.
const METADATA: &str = r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://timesheets.northwind.test/saml"><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://timesheets.northwind.test/saml/acs" index="0" isDefault="true"/></md:SPSSODescriptor></md:EntityDescriptor>"#;

/// What the administrator hands out.
pub struct HandedOut {
    /// The sign-in address.
    pub address: Url,
    /// The link in Maya's invitation.
    pub invitation: Url,
    /// Noor's password for one use.
    pub one_time: String,
}

#[test]
fn a_company_is_set_up_and_its_people_have_their_first_day() {
    journey("administrator", |desk: Desk| async move {
        let company = Company::found(&desk).await?;
        company.become_administrator().await?;
        company.browser.read(SOON, "You are the only administrator").await?;
        let address = choose_the_directory(&company).await?;
        let (invitation, one_time) = make_people(&company, &address).await?;
        add_accounts(&company).await?;
        make_permission_sets(&company).await?;
        give_access(&company).await?;
        add_applications(&company).await?;
        // Where the address stands when it is to be handed out.
        company.section("Overview").await?;
        company.browser.read(SOON, address.as_str()).await?;
        first_day::of_maya_and_noor(&desk, &company, &HandedOut { address, invitation, one_time }).await
    });
}

/// Which directory, under which address, and that everybody sets a second factor up.
async fn choose_the_directory(company: &Company) -> Result<Url> {
    let browser = &company.browser;
    company.section("Identity source").await?;
    browser.read(SOON, "Directory of this server").await?;
    browser.read(SOON, "IN USE").await?;
    browser.read(SOON, "Password only").await?;
    let address = Url::parse(&shown(browser, "sign-in-address").await?)?;
    ensure!(address == *company.served.start_url(), "the address is {address}");
    company.press("Change it in Settings", "Settings").await?;
    company.choose("mode", "At every sign-in").await?;
    company.choose("without_device", "They set one up at sign-in").await?;
    browser.click(Locator::Css("form[action='/admin/settings/mfa'] button")).await?;
    browser.read(SOON, "The settings are saved.").await?;
    company.section("Identity source").await?;
    browser.read(SOON, "a second factor, at every sign-in").await?;
    Ok(address)
}

/// Two groups, and somebody in each: one invited by e-mail, one with a password that is handed over.
async fn make_people(company: &Company, address: &Url) -> Result<(Url, String)> {
    let browser = &company.browser;
    company.section("Groups").await?;
    browser.read(SOON, "There is no group yet").await?;
    for group in ["Engineering", "Finance"] {
        company.group(group).await?;
    }
    company.section("Users").await?;
    company.press("Create a user", "Create a user").await?;
    company.fill(&[("username", "maya"), ("display_name", "Maya Ortiz"), ("email", "maya")]).await?;
    company.tick("Engineering").await?;
    browser.press("Create user").await?;
    browser.read(SOON, "Give an email address, such as").await?;
    company.fill(&[("email", "maya@northwind.test")]).await?;
    browser.press("More about the user").await?;
    company.fill(&[("cost_center", "4711")]).await?;
    let mark = company.mail.mark();
    company.press("Create user", "Maya Ortiz").await?;
    browser.read(SOON, "An invitation is on its way").await?;
    browser.read(SOON, "has no password yet").await?;
    let letter = company.mail.mail(mark).await?;
    ensure!(letter.to == ["maya@northwind.test"] && letter.tls, "{letter:?}");
    ensure!(letter.subject == "You are invited to sign in to Northwind", "{letter:?}");
    ensure!(letter.text.contains("Your user name is maya"), "{letter:?}");
    let links: Vec<&str> = letter.text.split_whitespace().filter(|word| word.starts_with("http")).collect();
    let [link, start] = links[..] else { bail!("{letter:?}") };
    ensure!(start == address.as_str(), "the letter names {start}");

    company.section("Users").await?;
    company.press("Create a user", "Create a user").await?;
    let noor = [("username", "noor"), ("display_name", "Noor Haddad"), ("email", "noor@northwind.test")];
    company.fill(&noor).await?;
    company.tick("Show a one-time password").await?;
    company.press("Create user", "One-time password for noor").await?;
    let one_time = shown(browser, "secret").await?;
    ensure!(shown(browser, "sign-in-address").await? == address.as_str(), "no address beside the password");
    // Into the group on its own page, the second time with the right name.
    company.section("Groups").await?;
    company.press("Finance", "Finance").await?;
    company.fill(&[("username", "nor")]).await?;
    browser.press("Add to the group").await?;
    browser.read(SOON, "Nobody is called that").await?;
    company.fill(&[("username", "noor")]).await?;
    browser.press("Add to the group").await?;
    browser.read(SOON, "The user is in the group now.").await?;
    Ok((Url::parse(link)?, one_time))
}

async fn add_accounts(company: &Company) -> Result<()> {
    let browser = &company.browser;
    company.unit("Workloads", "Root").await?;
    company.unit("Production", "Workloads").await?;
    company.section("AWS accounts").await?;
    company.press("Add an account", "Add an account").await?;
    company.fill(&[("id", "1234"), ("name", "payments-prod"), ("email", "aws@northwind.test")]).await?;
    browser.press("Add account").await?;
    browser.read(SOON, "An account ID has 12 digits").await?;
    // As the AWS console writes it.
    company.fill(&[("id", "1111-2222-3333")]).await?;
    company.choose("ou", "Workloads/Production").await?;
    company.press("Add account", "payments-prod").await?;
    company.account(DEV, "payments-dev", "Workloads").await?;
    company.account(LAB, "lab", "Root").await
}

async fn make_permission_sets(company: &Company) -> Result<()> {
    let browser = &company.browser;
    company.section("Permission sets").await?;
    company.press("Create a permission set", "Create a permission set").await?;
    company.fill(&[("name", "Support")]).await?;
    company.tick("SupportUser").await?;
    company.press("Create permission set", "Support").await?;
    company.section("Permission sets").await?;
    company.press("Create a permission set", "Create a permission set").await?;
    let wrong = "{\n  \"Version\": \"2012-10-17\"\n  \"Statement\": []\n}";
    let empty = wrong.replace("17\"", "17\",");
    let statement = r#"{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}"#;
    let right = empty.replace("[]", &format!("[{statement}]"));
    company.fill(&[("name", "Deploy"), ("description", "Ships releases"), ("inline", wrong)]).await?;
    browser.press("Create permission set").await?;
    browser.read(SOON, "Line 3, column 3: expected").await?;
    ensure!(shown(browser, "description").await? == "Ships releases", "what was typed is lost");
    company.fill(&[("inline", &empty)]).await?;
    browser.press("Create permission set").await?;
    browser.read(SOON, "Statement must be a statement or a list of them").await?;
    company.fill(&[("inline", &right)]).await?;
    company.press("Create permission set", "Deploy").await?;
    browser.read(SOON, "4 lines of JSON").await
}

/// A unit to a group, then an account to a person.
async fn give_access(company: &Company) -> Result<()> {
    for (place, who, set, asks) in [
        (("All accounts in", "Workloads"), "Group Engineering", "Deploy", "2 assignments"),
        (("Accounts", "lab ("), "User Maya Ortiz", "Support", "1 assignment"),
    ] {
        company.section("AWS accounts").await?;
        let step = |n: u8, what: &str| format!("Give access, step {n} of 4: {what}");
        company.press("Give access to accounts", &step(1, "choose accounts")).await?;
        company.tick_among(place.0, place.1).await?;
        company.press("Continue", &step(2, "choose users and groups")).await?;
        company.tick(who).await?;
        company.press("Continue", &step(3, "choose permission sets")).await?;
        company.tick(set).await?;
        company.press("Continue", &step(4, "review")).await?;
        company.browser.read(SOON, &format!("This asks for {asks}.")).await?;
        company.browser.press("Give access").await?;
        company.requests_that_succeeded().await?;
    }
    let succeeded = company.requests_that_succeeded().await?;
    ensure!(succeeded == 3 + 1, "{succeeded} times SUCCEEDED, with the page's own words");
    Ok(())
}

/// One of the catalogue, one by its metadata and one by hand, each for somebody else.
async fn add_applications(company: &Company) -> Result<()> {
    let browser = &company.browser;
    company.section("Applications").await?;
    company.press("Add an application", "Add an application").await?;
    company.fill(&[("words", "slack")]).await?;
    browser.press("Search").await?;
    browser.press("Slack").await?;
    heading(browser, "Slack").await?;
    company.fill(&[("workspace", "northwind")]).await?;
    browser.press("Add application").await?;
    browser.read(SOON, "Nobody sees this application").await?;
    browser.read(SOON, "https://northwind.slack.com/sso/saml").await?;
    assign(company, "Group", "Engineering").await?;

    company.section("Applications").await?;
    company.press("Add an application", "Add an application").await?;
    browser.press("By its SAML metadata").await?;
    let file = company.served.folder().join("timesheets.xml");
    fs::write(&file, METADATA)?;
    company.fill(&[("name", "Timesheets")]).await?;
    let chosen = browser.see(Locator::Id("metadata_file")).await?;
    chosen.send_keys(file.to_str().context("the folder is not UTF-8")?).await?;
    company.press("Add application", "Timesheets").await?;
    browser.read(SOON, "https://timesheets.northwind.test/saml/acs").await?;
    assign(company, "User", "maya").await?;
    // What it would be told of her.
    company.fill(&[("test", "maya")]).await?;
    browser.press("Show the assertion").await?;
    browser.read(SOON, "maya@northwind.test").await?;

    company.section("Applications").await?;
    company.press("Add an application", "Add an application").await?;
    browser.press("By hand").await?;
    let payroll = "https://payroll.northwind.test/acs";
    company.fill(&[("name", "Payroll"), ("acs_url", payroll), ("audience", "payroll")]).await?;
    company.press("Add application", "Payroll").await?;
    assign(company, "Group", "Finance").await
}

async fn assign(company: &Company, kind: &str, who: &str) -> Result<()> {
    company.choose("kind", kind).await?;
    company.fill(&[("who", who)]).await?;
    company.browser.press("Assign").await?;
    let row = "//table[starts-with(normalize-space(caption), 'Who sees')]//tbody/tr";
    let row = company.browser.see(Locator::XPath(row)).await?.text().await?;
    ensure!(row.to_lowercase().contains(&who.to_lowercase()), "{who} is not in the list: {row}");
    Ok(())
}
