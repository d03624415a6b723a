//! The first start of somebody who uses the AWS CLI already: what `~/.aws/config` has is taken over by two
//! clicks, and no byte of that file changes.

use super::{
    arrival::{finish, first_window, read_no},
    impostor::Impostor,
    steps::{credentials_file, prove},
};
use anyhow::ensure;
use fantoccini::Locator;
use serde_json::json;
use std::{fs, os::unix::fs::PermissionsExt};
use support::{
    AwsCli, Boto, Desk, Person, SandboxServer,
    deadline::{SOON, WHILE},
    driver, journey,
};

/// Sam's file: two organisations, one of which does not answer, an old form, a role that is not
/// assigned, half a profile, one of another tool, and a line that nobody can read.
fn config(server: &SandboxServer, dead: &str) -> String {
    let (start, region) = (&server.ready().start_url, &server.ready().region);
    format!(
        "# by hand\n[sso-session acme]\nsso_start_url = {start}/#/\nsso_region = {region}\n\
         [profile pay-dev]\nsso_session = acme\nsso_account_id = 111122225555\nsso_role_name = Developer\n\
         region = eu-west-1\n\
         [profile old]\nsso_start_url = {start}\nsso_region = {region}\nsso_account_id = 381200003344\n\
         sso_role_name = Developer\n\
         [profile network]\nsso_session = acme\nsso_account_id = 111122225555\nsso_role_name = Nobody\n\
         this is no setting\n\
         [profile half]\nsso_session = acme\nsso_role_name = Developer\n\
         [profile vaulted]\ncredential_process = aws-vault export --format=json vaulted\n\
         [profile gone]\nsso_start_url = http://{dead}/start\nsso_region = {region}\n\
         sso_account_id = 111122225555\nsso_role_name = Developer"
    )
}

fn config_file(desk: &Desk) -> std::path::PathBuf {
    desk.home(".aws/config")
}

/// The row of a profile in the preview.
fn row(profile: &str, says: &str) -> String {
    format!("//dialog//tr[th='{profile}']/td[contains(., '{says}')]")
}

#[test]
fn what_the_aws_config_has_is_taken_over_and_nothing_in_it_changes() {
    journey("first-run-import", |desk| async move {
        let server = SandboxServer::start().await?;
        let browser = driver::chromium(&desk).await?;
        let dead = Impostor::nobody().await?.host;
        fs::create_dir_all(desk.home(".aws"))?;
        let before = config(&server, &dead);
        fs::write(config_file(&desk), &before)?;
        let (app, window) = first_window(&desk).await?;

        // One click leads to the sign-in page, and to one alone.
        window.read(SOON, "Found 2 organisations, 5 profiles. Nothing is changed yet.").await?;
        let opened = desk.browser_requests().mark();
        let host = format!("localhost:{}", server.ready().start_url.port().unwrap_or_default());
        window.press(&format!("Continue with {host}")).await?;
        let address = desk.browser_requests().next(opened, WHILE, "the sign-in page").await?;
        finish(&app, &window, &browser, &address, server.user()?).await?;

        // What came of each profile; nothing is chosen.
        window.read(WHILE, "Nothing in your AWS files changes.").await?;
        for (profile, says) in [
            ("pay-dev", "Ready"),
            ("pay-dev", "payments-dev"),
            ("old", "Legacy format"),
            ("network", "No access"),
            ("half", "Incomplete"),
            ("half", "No account number."),
            ("gone", "Sign in to see"),
        ] {
            window.see(Locator::XPath(&row(profile, says))).await?;
        }
        window.read(SOON, "vaulted: Managed by aws-vault. Left alone.").await?;
        window.read(SOON, "cannot be read: this is no setting").await?;
        window.read(SOON, "The other 5 profiles are listed.").await?;
        window.see(Locator::XPath("//dialog//button[normalize-space(.)='Done']")).await?;
        ensure!(!credentials_file(&desk).exists(), "a credentials file was written unasked");

        // The one that does not answer says so when it is asked for, and not before.
        window.press("Add").await?;
        window.read(WHILE, &format!("{dead} did not answer")).await?;

        // Two are chosen: one write, and both work in the CLI and in boto3.
        for profile in ["pay-dev", "old"] {
            let boxed =
                format!("//input[@aria-label='Keep {profile} in the credentials file as {profile}-keys']");
            window.click(Locator::XPath(&boxed)).await?;
        }
        window.press("Keep 2 profiles fresh").await?;
        for profile in ["pay-dev-keys", "old-keys"] {
            app.says(0, "profile", &json!({ "name": profile, "state": "fresh" })).await?;
        }
        ensure!(fs::read_to_string(config_file(&desk))? == before, "the config file changed");
        // No tool of AWS's works with the line, so that Sam takes it out.
        fs::write(config_file(&desk), before.replace("this is no setting\n", ""))?;
        let aws = AwsCli::in_home(&desk.folders().home(), &server);
        let boto = Boto::start_with(&server, desk.env()).await?;
        prove(&aws, &boto, "pay-dev-keys", "111122225555").await?;
        prove(&aws, &boto, "old-keys", "381200003344").await?;

        // The way back to it, and what it says now.
        window.press("Import from AWS config").await?;
        read_no(&window, "cannot be read").await?;
        window.see(Locator::XPath(&row("old", "Kept in the credentials file"))).await?;
        window.press("Done").await?;
        ensure!(desk.browser_requests().mark() == opened + 1, "more than one tab was opened");
        Ok(())
    });
}

/// Two profiles of the old form, among what Sam wrote by hand; the file ends without a line ending.
fn old_config(server: &SandboxServer) -> String {
    let (start, region) = (&server.ready().start_url, &server.ready().region);
    format!(
        "# by hand\n[profile one]\nsso_start_url = {start}\n# the region\nsso_region = {region}\n\
         sso_account_id = 111122225555\nsso_role_name = Developer\n\n[profile plain]\nregion = eu-west-1\n\n\
         [profile two]\nsso_region={region}\nsso_start_url={start}/#/\nsso_account_id = 381200003344\n\
         sso_role_name = Developer\noutput = json"
    )
}

#[test]
fn the_old_form_is_converted_where_asked_and_undone_to_the_byte() {
    journey("first-run-convert", |desk| async move {
        let server = SandboxServer::start().await?;
        let browser = driver::chromium(&desk).await?;
        fs::create_dir_all(desk.home(".aws"))?;
        let before = old_config(&server);
        fs::write(config_file(&desk), &before)?;
        let (app, window) = first_window(&desk).await?;
        let opened = desk.browser_requests().mark();
        let host = format!("localhost:{}", server.ready().start_url.port().unwrap_or_default());
        window.press(&format!("Continue with {host}")).await?;
        let address = desk.browser_requests().next(opened, WHILE, "the sign-in page").await?;
        finish(&app, &window, &browser, &address, server.user()?).await?;

        // Off by default; the change is shown before it is made.
        window.read(WHILE, "Nothing in your AWS files changes.").await?;
        for profile in ["one", "two"] {
            window.see(Locator::XPath(&row(profile, "Legacy format"))).await?;
            let boxed = format!("//input[@aria-label='Convert {profile} to sso-session']");
            window.click(Locator::XPath(&boxed)).await?;
        }
        window.press("Show the change").await?;
        window.read(SOON, "Change ").await?;
        window.read(SOON, "[sso-session localhost]").await?;
        ensure!(fs::read_to_string(config_file(&desk))? == before, "showing the change made it");
        window.press("Convert 2 profiles").await?;
        window.read(WHILE, "2 profiles converted.").await?;
        let (start, region) = (&server.ready().start_url, &server.ready().region);
        let expected = before
            .replace(&format!("sso_start_url = {start}\n"), "sso_session = localhost\n")
            .replace(&format!("sso_region = {region}\n"), "")
            .replace(&format!("sso_region={region}\n"), "")
            .replace(&format!("sso_start_url={start}/#/\n"), "sso_session=localhost\n")
            + &format!(
                "\n\n[sso-session localhost]\nsso_start_url = {start}\nsso_region = {region}\n\
                 sso_registration_scopes = sso:account:access"
            );
        ensure!(fs::read_to_string(config_file(&desk))? == expected, "another change was made");
        let backups: Vec<_> = fs::read_dir(desk.home(".aws"))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|it| it == "bak"))
            .collect();
        let [backup] = backups.as_slice() else { anyhow::bail!("not one backup: {backups:?}") };
        ensure!(fs::read_to_string(backup)? == before);
        ensure!(fs::metadata(backup)?.permissions().mode() & 0o777 == 0o600);
        window.see(Locator::XPath(&row("one", "Ready"))).await?;

        // The distribution's CLI signs in by it once, and both profiles work.
        let aws = AwsCli::in_home(&desk.folders().home(), &server);
        aws.point_at(&server)?;
        let session = aws.run(&["configure", "get", "sso_session", "--profile", "two"]).await?.out;
        ensure!(session.trim() == "localhost", "aws says {session}");
        let (login, address) = aws.login(&["--sso-session", "localhost"]).await?;
        Person::new()?.sign_in(&address, server.user()?).await?;
        ensure!(login.ended(WHILE).await?.success(), "aws sso login failed");
        for (profile, account) in [("one", "111122225555"), ("two", "381200003344")] {
            let said = aws.who_is(profile).await?;
            ensure!(said.ok && said.out.contains(account), "{profile}: {}{}", said.out, said.err);
        }

        window.press("Done").await?;
        window.press("Activity").await?;
        window.read(SOON, "Converted one and 1 more in").await?;
        window.press("Undo import…").await?;
        window.read(SOON, "get back the form that they had before").await?;
        window.press("Undo import").await?;
        // A list that is being read does not shift under the eyes.
        window.press("1 new entry").await?;
        window.read(WHILE, "is as it was before").await?;
        ensure!(fs::read_to_string(config_file(&desk))? == before, "undoing left something");
        Ok(())
    });
}

#[test]
fn without_a_config_file_there_is_no_card_for_it_and_one_that_comes_later_is_found() {
    journey("first-run-later", |desk| async move {
        let server = SandboxServer::start().await?;
        fs::create_dir_all(desk.home(".aws"))?;
        fs::write(credentials_file(&desk), "")?;
        let (_app, window) = first_window(&desk).await?;
        window.read(SOON, "Enter your start URL").await?;
        read_no(&window, "Continue with").await?;
        fs::write(config_file(&desk), config(&server, "localhost:1"))?;
        window.read(WHILE, "Found 2 organisations, 5 profiles.").await?;
        window.read(SOON, "Continue with localhost").await
    });
}
