//! The distribution's AWS CLI (2.9.19 on Debian 12), with only the endpoint changed.

use super::{ACCOUNT, ROLE, text};
use anyhow::{Result, ensure};
use std::fs;
use support::{AwsCli, Person, SandboxServer, deadline::WHILE};

struct Cli {
    server: SandboxServer,
    aws: AwsCli,
    home: tempfile::TempDir,
}

async fn start(config: impl Fn(&SandboxServer) -> String) -> Result<Cli> {
    let server = SandboxServer::start().await?;
    let home = tempfile::Builder::new().prefix("lk-home-").tempdir()?;
    let aws = AwsCli::in_home(home.path(), &server);
    aws.point_at(&server)?;
    aws.write_config(&config(&server))?;
    Ok(Cli { server, aws, home })
}

fn config(server: &SandboxServer) -> String {
    let ready = server.ready();
    format!(
        "[sso-session acme]\nsso_start_url = {}\nsso_region = {region}\n\
         sso_registration_scopes = sso:account:access\n\n\
         [profile pay]\nsso_session = acme\nsso_account_id = {ACCOUNT}\nsso_role_name = {ROLE}\nregion = {region}\n\n\
         [profile legacy]\nsso_start_url = {}\nsso_region = {region}\nsso_account_id = {ACCOUNT}\n\
         sso_role_name = {ROLE}\nregion = {region}\n",
        ready.start_url,
        ready.start_url,
        region = ready.region,
    )
}

impl Cli {
    async fn log_in(&self, args: &[&str]) -> Result<String> {
        let (login, address) = self.aws.login(args).await?;
        Person::new()?.sign_in(&address, self.server.user()?).await?;
        let status = login.ended(WHILE).await?;
        let log = fs::read_to_string(self.home.path().join("aws-login.log")).unwrap_or_default();
        ensure!(status.success(), "aws sso login failed: {:?}\n{log}", login.lines().all());
        Ok(login.lines().all().join("\n"))
    }

    /// The access token that the CLI keeps.
    fn token(&self) -> Result<String> {
        for entry in fs::read_dir(self.home.path().join(".aws/sso/cache"))?.flatten() {
            let cached: serde_json::Value = serde_json::from_slice(&fs::read(entry.path())?)?;
            if cached.get("accessToken").is_some() {
                return text(&cached, "accessToken");
            }
        }
        anyhow::bail!("the CLI keeps no token")
    }
}

#[tokio::test]
async fn the_cli_signs_in_lists_and_proves_who_it_is() -> Result<()> {
    let cli = start(config).await?;
    cli.log_in(&["--profile", "pay"]).await?;
    let token = cli.token()?;
    let accounts = cli.aws.answer(&["sso", "list-accounts", "--access-token", &token]).await?;
    let list = accounts["accountList"].as_array().cloned().unwrap_or_default();
    ensure!(list.iter().any(|a| a["accountId"] == ACCOUNT), "{accounts}");
    let paged = ["sso", "list-accounts", "--access-token", &token, "--page-size", "2"];
    ensure!(cli.aws.answer(&paged).await? == accounts, "pages of two differ");
    let roles = ["sso", "list-account-roles", "--account-id", ACCOUNT, "--access-token", &token];
    let roles = cli.aws.answer(&roles).await?;
    ensure!(roles["roleList"].as_array().is_some_and(|l| l.iter().any(|r| r["roleName"] == ROLE)), "{roles}");
    let got = ["sso", "get-role-credentials", "--account-id", ACCOUNT, "--role-name", ROLE];
    let got: Vec<_> = got.iter().copied().chain(["--access-token", &token]).collect();
    ensure!(cli.aws.answer(&got).await?["roleCredentials"]["expiration"].is_i64());

    let who = cli.aws.who_is("pay").await?;
    ensure!(who.ok, "{}", who.err);
    let identity: serde_json::Value = serde_json::from_str(&who.out)?;
    ensure!(identity["Account"] == ACCOUNT, "{identity}");

    let out = cli.aws.run(&["sso", "logout"]).await?;
    ensure!(out.ok, "{}", out.err);
    let after = cli.aws.run(&["sso", "list-accounts", "--access-token", &token]).await?;
    ensure!(!after.ok && after.err.contains("UnauthorizedException"), "{}", after.err);
    Ok(())
}

#[tokio::test]
async fn the_cli_signs_in_without_a_session_section_too() -> Result<()> {
    let cli = start(config).await?;
    cli.log_in(&["--profile", "legacy"]).await?;
    let who = cli.aws.who_is("legacy").await?;
    ensure!(who.ok, "{}", who.err);
    Ok(())
}

#[tokio::test]
async fn the_cli_understands_what_it_is_refused() -> Result<()> {
    let cli = start(config).await?;
    cli.log_in(&["--profile", "pay"]).await?;
    let token = cli.token()?;
    let asked = ["sso", "get-role-credentials", "--account-id", ACCOUNT, "--role-name", "Billing"];
    let asked: Vec<_> = asked.iter().copied().chain(["--access-token", &token]).collect();
    let said = cli.aws.run(&asked).await?;
    ensure!(
        !said.ok && said.err.contains("ForbiddenException") && said.err.contains("No access"),
        "{}",
        said.err
    );
    cli.server.expire_sessions().await?;
    let said = cli.aws.run(&["sso", "list-accounts", "--access-token", &token]).await?;
    ensure!(!said.ok && said.err.contains("UnauthorizedException"), "{}", said.err);
    let said = cli.aws.run(&["sso", "list-accounts", "--access-token", &token, "--page-size", "101"]).await?;
    ensure!(!said.ok, "a page of 101 was given");
    Ok(())
}
