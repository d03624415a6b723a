//! Forgotten passwords and administrators' help with the real programs: a mail server over SMTP, the commands
//! beside a running server.

use super::serve::{ORGANISATION, hash, said, serve_in};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use support::{Person, User, mail_server::MailServer, page::Page};
use url::Url;

const NEW: &str = "Kettle-orbit 7 mango";

struct Office {
    home: tempfile::TempDir,
    mail: MailServer,
    served: super::serve::Served,
    person: Person,
}

impl Office {
    async fn open(more: &str) -> Result<Self> {
        let home = tempfile::Builder::new().prefix("lk-mail-").tempdir()?;
        let mail = MailServer::start(home.path()).await?;
        let organisation = format!("{ORGANISATION}password_hash = \"{}\"\n", hash().await?);
        let config = format!("{}{more}", mail.section());
        let served = serve_in(home.path(), &organisation, &config).await?;
        Ok(Self { home, mail, served, person: Person::new()? })
    }

    fn address(&self, path: &str) -> Result<Url> {
        Ok(Url::parse(&format!("http://localhost:{}{path}", self.served.port))?)
    }

    fn config(&self) -> Result<String> {
        let path: &Path = &self.home.path().join("server.toml");
        Ok(path.to_str().context("the folder is not UTF-8")?.to_owned())
    }

    async fn sign_in(&self, password: &str) -> Result<Page> {
        self.person.forget();
        let page = self.person.open(&self.address("/start")?).await?;
        let user = User { username: "sam".to_owned(), password: password.to_owned() };
        self.person.give_password(&page, &user).await
    }

    async fn choose(&self, page: &Page) -> Result<Page> {
        let form = page.form("set-password")?.with("new_password", NEW).with("again", NEW);
        self.person.send(&form).await
    }
}

#[tokio::test]
async fn a_forgotten_password_is_set_by_a_link_that_came_by_mail() -> Result<()> {
    let office = Office::open("").await?;
    let mark = office.mail.mark();
    let page = office.person.open(&office.address("/sign-in/forgotten")?).await?;
    let form = page.form("send-link")?;
    // Nobody gets mail for a name that nobody has.
    office.person.send(&form.clone().with("username", "nobody")).await?.says("Look into your mail")?;
    office.person.send(&form.with("username", "sam@acme.test")).await?.says("Look into your mail")?;
    let letter = office.mail.mail(mark).await?;
    ensure!(letter.to == ["sam@acme.test"] && letter.from == "sso@acme.test" && letter.tls, "{letter:?}");
    ensure!(letter.subject == "Set a new password for Acme", "{letter:?}");
    let link = letter.text.split_whitespace().find(|word| word.starts_with("http"));
    let link = Url::parse(link.with_context(|| letter.text.clone())?)?;
    let page = office.person.open(&link).await?;
    let done = office.choose(&page).await?;
    ensure!(done.has("sign-in"), "{}", done.text());
    office.person.open(&link).await?.says("This link is over")?;
    office.sign_in(NEW).await?.says("Signed in as Sam Sample")
}

#[tokio::test]
async fn administrators_help_while_the_server_runs() -> Result<()> {
    let office = Office::open("[mfa]\nmode = \"always\"\nallowed = [\"totp\"]\n").await?;
    let config = office.config()?;
    let reset = said(&["password", "reset", "--config", &config, "--user", "sam"], "").await?;
    ensure!(reset.ok, "{}", reset.err);
    let page = office.sign_in(reset.out.trim()).await?;
    page.says("for one use")?;
    let page = office.choose(&page).await?;
    page.says("Set up a second factor")?;
    let reset = said(&["mfa", "reset", "--config", &config, "--user", "sam"], "").await?;
    ensure!(reset.ok && reset.out.starts_with("0 devices were removed"), "{} {}", reset.out, reset.err);
    // The half sign-in is over with it.
    let page = office.person.open(&office.address("/sign-in/enrol")?).await?;
    ensure!(page.has("sign-in"), "{}", page.text());
    for command in ["mfa", "password"] {
        let nobody = said(&[command, "reset", "--config", &config, "--user", "nobody"], "").await?;
        ensure!(!nobody.ok && nobody.err.contains("nobody is called \"nobody\""), "{}", nobody.err);
    }
    Ok(())
}
