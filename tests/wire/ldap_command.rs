//! An LDAP directory from the command line alone: set up, tested, taken into use, synced and left again. Debian's slapd
//! is the directory.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use support::{
    Administrator, LdapServer, Person, ServedOrganisation, User,
    ldap_server::{CONNECTOR, CONNECTOR_PASSWORD},
    process::Said,
    tls::Authority,
};

/// A server, a directory beside it, and a file of its settings.
struct Desk {
    served: ServedOrganisation,
    directory: LdapServer,
    settings: PathBuf,
}

impl Desk {
    async fn start() -> Result<Self> {
        let served = ServedOrganisation::start("").await?;
        let authority = Authority::new()?;
        let directory = LdapServer::start(&authority, "localhost").await?;
        let settings = served.folder().join("ldap.toml");
        fs::write(served.folder().join("ca.pem"), authority.pem())?;
        let desk = Self { served, directory, settings };
        desk.write(&desk.directory.ldaps(), "")?;
        Ok(desk)
    }

    fn write(&self, server: &str, more: &str) -> Result<()> {
        let text = format!(
            "flavour = \"OpenLdap\"\nservers = [\"{server}\"]\nauthorities_file = \"ca.pem\"\nbind_dn = \"{CONNECTOR}\"\n\
             user_bases = [\"ou=people,dc=acme,dc=test\"]\ngroup_bases = [\"ou=groups,dc=acme,dc=test\"]\n{more}"
        );
        Ok(fs::write(&self.settings, text)?)
    }

    /// `identity-source ldap COMMAND` with the file.
    async fn with_settings(&self, command: &str, password: &str) -> Result<Said> {
        let settings = self.settings.to_str().context("not UTF-8")?;
        let command = ["identity-source", "ldap", command];
        let said = self.served.command_told(&command, &["--settings", settings], password).await?;
        ensure!(!said.out.contains(CONNECTOR_PASSWORD) && !said.err.contains(CONNECTOR_PASSWORD), "{said:?}");
        Ok(said)
    }

    async fn run(&self, command: &[&str], more: &[&str]) -> Result<Said> {
        self.served.command(&[["identity-source"].as_slice(), command].concat(), more).await
    }

    async fn signs_in(&self, password: &str) -> Result<bool> {
        let person = Person::new()?;
        let page = person.open(self.served.start_url()).await?;
        let sam = User { username: "sam".to_owned(), password: password.to_owned() };
        let page = person.give_password(&page, &sam).await?;
        Ok(page.url.path() == "/start" && page.status.is_success())
    }
}

fn says(said: &Said, ok: bool, words: &[&str]) -> Result<()> {
    for words in words {
        let told = if ok { &said.out } else { &said.err };
        ensure!(said.ok == ok && told.contains(words), "{words}: {said:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_directory_is_set_up_tested_used_and_left_from_the_command_line() -> Result<()> {
    let desk = Desk::start().await?;
    Administrator::of(&desk.served).await?;
    let (own, good) = (desk.served.user().password, format!("{CONNECTOR_PASSWORD}\n"));
    says(&desk.run(&["ldap", "show"], &[]).await?, false, &["no directory is set up"])?;
    says(&desk.run(&["ldap", "use"], &["--yes"]).await?, false, &["no directory is set up"])?;

    // What cannot be: nothing of it is kept.
    for (command, password, words) in [
        ("test", "wrong\n", "FAILS: the directory does not let the connector account in"),
        ("test", "", "password on standard input"),
        ("set-up", "\n", "password on standard input"),
    ] {
        says(&desk.with_settings(command, password).await?, false, &[words])?;
    }
    desk.write(&desk.directory.ldaps(), "user_fliter = \"(uid=*)\"\n")?;
    says(&desk.with_settings("set-up", &good).await?, false, &["ldap.toml", "no setting user_fliter"])?;
    desk.write("http://dc1", "")?;
    says(&desk.with_settings("set-up", &good).await?, false, &["servers: http://dc1 is no address"])?;
    desk.write(&desk.directory.ldaps(), "")?;
    let tested = desk.with_settings("test", &good).await?;
    says(
        &tested,
        true,
        &["works: its certificate", "Found 6 users and 2 groups. Nothing was saved.", "(2)"],
    )?;
    says(&desk.run(&["ldap", "show"], &[]).await?, false, &["no directory is set up"])?;

    says(&desk.with_settings("set-up", &good).await?, true, &["saved, and not in use yet"])?;
    let shown = desk.run(&["ldap", "show"], &[]).await?;
    says(&shown, true, &["flavour = \"OpenLdap\"", CONNECTOR, "BEGIN CERTIFICATE"])?;
    ensure!(!shown.out.contains(CONNECTOR_PASSWORD), "{shown:?}");
    // What is shown can be set up again, and the password stays; to another server it does not go.
    fs::write(&desk.settings, &shown.out)?;
    says(&desk.with_settings("set-up", "").await?, true, &["saved"])?;
    says(&desk.run(&["ldap", "test"], &[]).await?, true, &["Found 6 users"])?;
    desk.write("ldaps://localhost:1", "")?;
    says(&desk.with_settings("set-up", "").await?, false, &["anew if the servers"])?;

    // What would change is said, and then done.
    let asked = desk.run(&["ldap", "use"], &[]).await?;
    let words = [
        "Nothing was changed",
        "users (1)",
        "can sign in afterwards: sam",
        "use-directory",
        "live sign-ins (1)",
    ];
    says(&asked, true, &words)?;
    ensure!(desk.signs_in(&own).await?, "nothing was changed");
    let used = desk.run(&["ldap", "use"], &["--yes"]).await?;
    says(&used, true, &["Everybody was signed out", "6 users and 2 groups in the directory"])?;
    ensure!(!desk.signs_in(&own).await? && desk.signs_in("sam-in-the-directory").await?);
    says(&desk.run(&["ldap", "use"], &["--yes"]).await?, false, &["already"])?;
    says(&desk.run(&["sync"], &[]).await?, true, &["0 came, 0 changed, 0 went"])?;
    says(&desk.run(&["show"], &[]).await?, true, &["passwords of the directory at ldaps://localhost"])?;
    desk.write(&desk.directory.ldaps(), "patience = 9\n")?;
    says(&desk.with_settings("set-up", "").await?, true, &["asked so from now on"])?;
    ensure!(desk.signs_in("sam-in-the-directory").await?, "with other settings");
    says(&desk.run(&["use-directory"], &[]).await?, true, &["own passwords again"])?;
    ensure!(desk.signs_in(&own).await?);

    let trail = desk.served.command(&["audit", "ls"], &["--json", "--limit", "0"]).await?;
    for (name, count) in [("UpdateLdapConfigurationForDirectory", 3), ("UpdateIdentitySource", 2)] {
        let named = format!("\"eventName\":\"{name}\"");
        let lines: Vec<&str> = trail.out.lines().filter(|line| line.contains(&named)).collect();
        ensure!(lines.len() == count, "{name}: {lines:?}");
        ensure!(lines.iter().all(|line| line.contains("command line")), "{lines:?}");
    }
    ensure!(!trail.out.contains(CONNECTOR_PASSWORD) && !desk.served.log()?.contains(CONNECTOR_PASSWORD));
    Ok(())
}
