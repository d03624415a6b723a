//! An instance on its way from one machine's database into PostgreSQL and back, by the program's own commands: people go
//! on with their sessions, passwords and authenticator apps.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use support::{
    Boto, Person, ServedOrganisation,
    deadline::WHILE,
    organisation,
    page::Page,
    postgres::Postgres,
    process::{Said, run},
    programs,
};
use tempfile::TempDir;
use totp_rs::{Builder, Secret};

use super::ldap::tokens_of;

const ACCOUNT: &str = "111122223333";
/// How long a code holds, in seconds (RFC 6238 §4.1).
const STEP: i64 = 30;

/// A folder for another server of an instance, with its keys.
fn another(of: &Path, database: &str, keys: &Path) -> Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("lk-moved-").tempdir()?;
    fs::copy(of.join("organisation.toml"), folder.path().join("organisation.toml"))?;
    let config = format!(
        "organisation = \"organisation.toml\"\ndata = \"data\"\nlisten = \"127.0.0.1:0\"\n{database}\
         [mfa]\nmode = \"always\"\nallowed = [\"totp\"]\n"
    );
    fs::write(folder.path().join("server.toml"), config)?;
    let data = folder.path().join("data");
    fs::create_dir(&data)?;
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700))?;
    for name in ["instance.key", "saml.pem", "audit.pem"] {
        let from = keys.join("data").join(name);
        if from.exists() {
            fs::copy(&from, data.join(name)).with_context(|| name.to_owned())?;
        }
    }
    Ok(folder)
}

async fn import(folder: &Path, file: &Path) -> Result<Said> {
    let (config, file) = (folder.join("server.toml").display().to_string(), file.display().to_string());
    let arguments = ["import", "--config", config.as_str(), file.as_str()];
    let home = folder.to_str().context("the folder is not UTF-8")?;
    run(WHILE, programs::latchkey_server()?, &arguments, [("PATH", "/usr/bin:/bin"), ("HOME", home)], "")
        .await
}

/// An authenticator app.
struct App(Secret);

impl App {
    async fn set_up(served: &ServedOrganisation, step: i64) -> Result<Self> {
        let person = Person::new()?;
        let page = person.open(&served.start_url().join("/start/mfa/add?type=totp")?).await?;
        let page = person.give_password(&page, &served.user()).await?;
        let key = page.html.split_once("id=\"app-key\">").and_then(|(_, rest)| rest.split_once('<'));
        let (typed, _) = key.with_context(|| format!("no key on {}: {}", page.url, page.text()))?;
        let app = Self(Secret::try_from_base32(typed.replace(' ', "")).ok().context("the key is none")?);
        let page = person.send(&page.form("add")?.with("code", &app.code(step)?)).await?;
        ensure!(page.status.is_success() && !page.has("error"), "{}", page.text());
        Ok(app)
    }

    fn code(&self, step: i64) -> Result<String> {
        let totp = Builder::new().with_secret(self.0.clone()).build()?;
        Ok(totp.generate(u64::try_from(step * STEP)?).to_string())
    }
}

async fn asked_for_a_code(served: &ServedOrganisation, person: &Person) -> Result<Page> {
    let page = person.open(served.start_url()).await?;
    let page = person.give_password(&page, &served.user()).await?;
    ensure!(page.has("verify"), "no code is asked for: {} {}", page.url, page.text());
    Ok(page)
}

/// What a token of before opens at a server.
async fn accounts(served: &ServedOrganisation, token: &Value) -> Result<Value> {
    let endpoint = served.start_url().join("/")?;
    let boto = Boto::at(&endpoint, &["sso"], "eu-central-1", &served.folder().join("home")).await?;
    boto.answer("sso", "list_accounts", json!({ "accessToken": token })).await
}

#[tokio::test]
async fn an_instance_moves_into_postgresql_and_back_while_people_are_signed_in() -> Result<()> {
    let more = organisation::account(ACCOUNT, "payments", "ReadOnly", "engineering");
    let first = ServedOrganisation::start(&more).await?;
    let (_, _, tokens) = tokens_of(&first, &first.user()).await?;
    let step = jiff::Timestamp::now().as_second() / STEP;
    let app = App::set_up(&first, step).await?;

    let file = first.folder().join("export.jsonl");
    let export =
        async |of: &ServedOrganisation| of.command(&["export"], &[&file.display().to_string()]).await;
    let said = export(&first).await?;
    ensure!(said.ok && said.out.contains("The keys in the data folder are not"), "{said:?}");
    let mode = fs::metadata(&file)?.permissions().mode();
    ensure!(mode & 0o777 == 0o600, "others may read it: {mode:o}");
    let again = export(&first).await?;
    ensure!(!again.ok && again.err.contains("could not make"), "it is written over: {again:?}");

    // Another instance's key, and a database that is not empty.
    let postgres = Postgres::start().await?;
    let stranger = ServedOrganisation::start("").await?;
    let wrong = another(first.folder(), "", stranger.folder())?;
    let said = import(wrong.path(), &file).await?;
    ensure!(!said.ok && said.err.contains("Was `instance.key` copied"), "{said:?}");
    let moved = another(first.folder(), &postgres.section("postgres"), first.folder())?;
    let said = import(moved.path(), &file).await?;
    ensure!(said.ok && said.out.contains("The audit trail is whole"), "{said:?}");
    let said = import(moved.path(), &file).await?;
    ensure!(!said.ok && said.err.contains("not empty"), "{said:?}");

    let second = ServedOrganisation::start_in(moved).await?;
    let listed = accounts(&second, &tokens["accessToken"]).await?;
    ensure!(listed["accountList"][0]["accountId"] == ACCOUNT, "{listed}");
    let person = Person::new()?;
    let page = asked_for_a_code(&second, &person).await?;
    // The code that set the app up was used there.
    let page = person.send(&page.form("verify")?.with("code", &app.code(step)?)).await?;
    ensure!(page.has("verify"), "a code counts once on each machine: {}", page.text());
    let page = person.send(&page.form("verify")?.with("code", &app.code(step + 1)?)).await?;
    page.says("Signed in as Sam Sample")?;
    let verified = second.command(&["audit", "verify"], &[]).await?;
    ensure!(verified.ok, "{verified:?}");

    // And back, which is how a backup of one machine is restored.
    fs::remove_file(&file)?;
    let said = export(&second).await?;
    ensure!(said.ok, "{said:?}");
    let back = another(first.folder(), "", first.folder())?;
    let said = import(back.path(), &file).await?;
    ensure!(said.ok, "{said:?}");
    let third = ServedOrganisation::start_in(back).await?;
    accounts(&third, &tokens["accessToken"]).await?;
    let person = Person::new()?;
    let page = asked_for_a_code(&third, &person).await?;
    let page = person.send(&page.form("verify")?.with("code", &app.code(step + 1)?)).await?;
    ensure!(page.has("verify"), "what was used in PostgreSQL counts again: {}", page.text());
    let verified = third.command(&["audit", "verify"], &[]).await?;
    ensure!(verified.ok, "{verified:?}");
    Ok(())
}
