//! What comes between a person and fresh credentials, and how each is got over.

use super::{
    arrival::{add, finish, first_window, keep_fresh, read_no, sign_in},
    steps::{changed, credentials_file, prove, wait_signed_in},
};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use serde_json::json;
use std::{
    fs::{self, File},
    io::Write,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};
use support::{
    App, AwsCli, Boto, Desk, SandboxServer,
    app::{has, name},
    deadline::{SOON, WHILE},
    driver::{self, Driver},
    journey, until,
};

const ACCOUNT: &str = "381200003344";
const ROLE: &str = "Developer";

async fn ask_for(window: &Driver, profile: &str) -> Result<()> {
    let row = format!("[data-row='{ACCOUNT}/{ROLE}'] button[aria-label^='Keys']");
    window.click(Locator::Css(&row)).await?;
    window.fill_labelled("Profile name", profile).await?;
    window.press("Start").await
}

fn written(desk: &Desk) -> Result<String> {
    fs::read_to_string(credentials_file(desk)).context("the credentials file")
}

#[test]
fn a_profile_of_somebody_else_is_replaced_only_when_the_person_says_so() {
    const FOREIGN: &str = "[data-dev]\n# from the old days\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n\
        aws_secret_access_key = left-alone-left-alone-left-alone\n";
    journey("interrupted-foreign", |desk| async move {
        fs::create_dir_all(desk.home(".aws"))?;
        fs::write(credentials_file(&desk), FOREIGN)?;
        let server = SandboxServer::start().await?;
        let (app, window) = first_window(&desk).await?;
        sign_in(&desk, &app, &window, &server).await?;
        ask_for(&window, "data-dev").await?;
        window.read(SOON, "A profile named \"data-dev\" exists already").await?;
        window.read(SOON, "It was not written by Latchkey and holds a long-lived key.").await?;
        ensure!(written(&desk)? == FOREIGN, "it was changed before anybody answered");

        // The harmless answer.
        window.press("Use \"data-dev-2\"").await?;
        app.says(0, "profile", &json!({ "name": "data-dev-2", "state": "fresh" })).await?;
        ensure!(written(&desk)?.starts_with(FOREIGN), "somebody else's profile was changed");

        // Another program writes over ours: it is left to it until the person takes it back.
        let mark = app.mark();
        let theirs = changed(&written(&desk)?, "data-dev-2", "aws_access_key_id", "ASIATHEIRS0000000000");
        fs::write(credentials_file(&desk), &theirs)?;
        app.says(mark, "profile", &json!({ "name": "data-dev-2", "state": "conflict" })).await?;
        let mark = app.mark();
        app.tray().await?.click(&["Refresh everything now"]).await?;
        app.says(mark, "sync", &json!({ "state": "idle" })).await?;
        ensure!(written(&desk)? == theirs, "the other program's change was lost");
        // Its label carries how many need attention.
        window.click(Locator::XPath("//nav//button[contains(., 'Credentials')]")).await?;
        window.click(Locator::XPath("//table//*[normalize-space(.)='data-dev-2']")).await?;
        window.press("Take it back").await?;
        app.says(mark, "profile", &json!({ "name": "data-dev-2", "state": "fresh" })).await?;
        let after = written(&desk)?;
        ensure!(after.starts_with(FOREIGN) && !after.contains("ASIATHEIRS"), "it was not taken back");
        let aws = AwsCli::in_home(&desk.folders().home(), &server);
        let boto = Boto::start_with(&server, desk.env()).await?;
        prove(&aws, &boto, "data-dev-2", ACCOUNT).await
    });
}

/// `aws configure set` takes no lock: what it had read before we wrote, it puts back.
#[test]
fn what_another_program_had_read_and_puts_back_is_replaced_at_once() {
    /// A tick of the app's, and what writing takes on a busy machine.
    const AT_ONCE: Duration = Duration::from_secs(3);
    const THEIRS: &str = "[theirs]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n";
    journey("interrupted-undone", |desk| async move {
        fs::create_dir_all(desk.home(".aws"))?;
        fs::write(credentials_file(&desk), THEIRS)?;
        let server = SandboxServer::start().await?;
        let (app, window) = first_window(&desk).await?;
        sign_in(&desk, &app, &window, &server).await?;
        keep_fresh(&app, &window, ACCOUNT, ROLE, "data-dev").await?;
        let mark = app.mark();
        let stands = async |wanted: &str, what: &str| {
            until(AT_ONCE, what, || async { Ok((written(&desk)? == wanted).then_some(())) }).await
        };

        // It had read the file before the first write of a profile ...
        let one = written(&desk)?;
        keep_fresh(&app, &window, ACCOUNT, ROLE, "data-two").await?;
        let two = written(&desk)?;
        ensure!(two != one && two.starts_with(&one), "data-two does not follow data-dev");
        fs::write(credentials_file(&desk), &one)?;
        stands(&two, "data-two to stand in the file again").await?;

        // ... or before a refresh.
        let tray = app.tray().await?;
        tray.click(&["Refresh everything now"]).await?;
        let newer = until(SOON, "new keys of both", || async {
            let now = written(&desk)?;
            let new = |profile| section(&now, profile) != section(&two, profile);
            Ok((new("data-dev") && new("data-two")).then_some(now))
        });
        let newer = newer.await?;
        fs::write(credentials_file(&desk), &two)?;
        stands(&newer, "the new keys to stand in the file again").await?;

        // The real one, in the middle of it.
        let aws = AwsCli::in_home(&desk.folders().home(), &server);
        let key = ["configure", "set", "aws_secret_access_key", "theirs-theirs", "--profile", "theirs"];
        let (said, clicked) = tokio::join!(aws.run(&key), tray.click(&["Refresh everything now"]));
        clicked?;
        ensure!(said?.ok, "aws configure set failed");
        until(SOON, "newer keys beside theirs", || async {
            let now = written(&desk)?;
            let new = |profile| section(&now, profile) != section(&newer, profile);
            let theirs = section(&now, "theirs").is_some_and(|it| it.contains("theirs-theirs"));
            Ok((new("data-dev") && new("data-two") && theirs).then_some(()))
        })
        .await?;

        let stopped =
            |e: &&serde_json::Value| name(e) == "profile" && has(e, &json!({ "state": "conflict" }));
        let events = app.events();
        ensure!(!events.iter().skip(mark).any(|e| stopped(&e)), "it was taken for a change: {events:?}");
        window.press("Activity").await?;
        window.read(SOON, "Another program put old keys of data-dev back, so it is written again").await?;
        let boto = Boto::start_with(&server, desk.env()).await?;
        prove(&aws, &boto, "data-dev", ACCOUNT).await
    });
}

/// The lines of a profile.
fn section<'a>(text: &'a str, profile: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("[{profile}]\n"))?;
    rest.split("\n[").next()
}

/// A file system of 64 kB at a folder of the desk's home, for as long as it lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn at(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder)?;
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&folder).status()?;
        ensure!(mount.success(), "a small disk is mounted by root only: run the tests as root");
        Ok(Self(folder))
    }

    /// Leaves not a byte.
    fn fill(&self) -> Result<()> {
        let mut ballast = File::create(self.0.join("ballast"))?;
        while ballast.write_all(&[0; 512]).is_ok() {}
        Ok(())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a watcher of the app may still look at it.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_said_and_what_stands_in_the_file_stays() {
    const FOREIGN: &str = "# mine\n[legacy]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n";
    journey("interrupted-full", |desk| async move {
        let disk = SmallDisk::at(desk.home(".aws"))?;
        fs::write(credentials_file(&desk), FOREIGN)?;
        disk.fill()?;
        let server = SandboxServer::start().await?;
        let (app, window) = first_window(&desk).await?;
        sign_in(&desk, &app, &window, &server).await?;
        ask_for(&window, "data-dev").await?;
        app.says(0, "profile", &json!({ "name": "data-dev", "state": "not_writable" })).await?;
        window.read(SOON, "The disk is full").await?;
        ensure!(written(&desk)? == FOREIGN, "the file was touched");

        fs::remove_file(desk.home(".aws/ballast"))?;
        let mark = app.mark();
        app.tray().await?.click(&["Refresh everything now"]).await?;
        app.says(mark, "profile", &json!({ "name": "data-dev", "state": "fresh" })).await?;
        ensure!(written(&desk)?.starts_with(FOREIGN), "foreign bytes changed");
        read_no(&window, "The disk is full").await
    });
}

#[test]
fn a_revoked_sign_in_is_said_and_renewed_where_it_was_noticed() {
    journey("interrupted-revoked", |desk| async move {
        let server = SandboxServer::start().await?;
        let (app, window) = first_window(&desk).await?;
        let browser = sign_in(&desk, &app, &window, &server).await?;
        keep_fresh(&app, &window, ACCOUNT, ROLE, "data-dev").await?;
        let before = written(&desk)?;

        server.expire_sessions().await?;
        let (mark, opened) = (app.mark(), desk.browser_requests().mark());
        let tray = app.tray().await?;
        tray.click(&["Refresh everything now"]).await?;
        let ended = |e: &serde_json::Value| {
            name(e) == "signin"
                && (has(e, &json!({ "state": "revoked" })) || has(e, &json!({ "state": "expired" })))
        };
        app.event_after(mark, WHILE, "the end of the sign-in", ended).await?;
        window.read(SOON, "Profiles stop refreshing until you sign in again.").await?;
        window.read(SOON, "payments-prod").await?;
        ensure!(desk.browser_requests().mark() == opened, "a browser was opened that nobody asked for");
        ensure!(written(&desk)? == before, "the keys that still work were touched");

        let mark = app.mark();
        window.press("Sign in again").await?;
        let address = desk.browser_requests().next(opened, WHILE, "the sign-in page").await?;
        let user = server.user()?;
        driver::sign_in(&browser, &address, &user.username, &user.password).await?;
        wait_signed_in(&app, mark).await?;
        read_no(&window, "Profiles stop refreshing").await?;
        app.says(mark, "profile", &json!({ "name": "data-dev", "state": "fresh" })).await?;
        Ok(())
    });
}

#[test]
fn a_server_that_asks_to_go_slower_gets_its_wish_and_the_person_all_accounts() {
    journey("interrupted-throttled", |desk| async move {
        let server = SandboxServer::start().await?;
        // Two lists and the roles of eleven accounts, at one request a second.
        server.throttle(1).await?;
        let (app, window) = first_window(&desk).await?;
        let browser = driver::chromium(&desk).await?;
        let address = add(&desk, &window, &server).await?;
        let begun = Instant::now();
        finish(&app, &window, &browser, &address, server.user()?).await?;
        app.says(0, "sync", &json!({ "state": "idle", "accounts": 11 })).await?;
        let took = begun.elapsed();
        ensure!(took > Duration::from_secs(9), "after {took:?} the server cannot have limited anything");
        let failed = |e: &serde_json::Value| {
            name(e) == "error" || (name(e) == "sync" && has(e, &json!({ "state": "failed" })))
        };
        ensure!(!app.events().iter().any(failed), "going slower was told as a failure: {:?}", app.events());
        window.see(Locator::Css(&format!("[data-row='{ACCOUNT}/{ROLE}']"))).await.map(drop)
    });
}

#[test]
fn pausing_stops_refreshing_until_it_is_resumed_and_survives_a_restart() {
    journey("interrupted-paused", |desk| async move {
        let server = SandboxServer::start().await?;
        let (app, window) = first_window(&desk).await?;
        sign_in(&desk, &app, &window, &server).await?;
        keep_fresh(&app, &window, ACCOUNT, ROLE, "data-dev").await?;
        let mark = app.mark();
        app.tray().await?.click(&["Pause refreshing", "Until I resume"]).await?;
        app.says(mark, "profile", &json!({ "name": "data-dev", "state": "paused" })).await?;
        window.read(SOON, "Refreshing is paused").await?;
        let before = written(&desk)?;
        super::arrival::end(&desk, &app).await?;

        let app = App::start_with(&desk, &["--hidden"], &[]).await?;
        app.says(0, "profile", &json!({ "name": "data-dev", "state": "paused" })).await?;
        ensure!(written(&desk)? == before, "a pause that was written through");
        let mark = app.mark();
        app.tray().await?.click(&["Resume refreshing*"]).await?;
        app.says(mark, "profile", &json!({ "name": "data-dev", "state": "fresh" })).await?;
        Ok(())
    });
}
