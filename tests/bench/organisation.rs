//! Organisations of any size, and a person who is signed in to one.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{fmt::Write, time::Duration};
use support::{
    App, Desk, Person, SandboxServer,
    app::name,
    deadline::{SOON, START, WHILE},
    driver::Driver,
    organisation, until,
};

/// Words that names of accounts are made of, as in an organisation that grew.
const TEAMS: [&str; 10] = [
    "payments",
    "storefront",
    "data",
    "network",
    "identity",
    "search",
    "logistics",
    "billing",
    "insights",
    "mobile",
];
const STAGES: [&str; 5] = ["prod", "staging", "test", "dev", "sandbox"];
const ROLES: [&str; 10] = [
    "ReadOnly",
    "Administrator",
    "PowerUser",
    "Developer",
    "Billing",
    "SecurityAudit",
    "Incident15",
    "DataEngineer",
    "NetworkOperator",
    "SupportUser",
];

/// The file of an organisation in which the user `sam` has `roles` roles in each of `accounts` accounts.
pub fn file(accounts: usize, roles: usize) -> Result<String> {
    let mut text = organisation::head("Large", "100000000000", "everybody", "sam", "");
    let roles = ROLES.get(..roles).context("there are ten roles")?;
    for role in roles {
        writeln!(text, "[[permission_set]]\nname = \"{role}\"")?;
    }
    for number in 0..accounts {
        let id = 100_000_000_000 + 7_919 * number;
        let team = TEAMS[number % TEAMS.len()];
        let stage = STAGES[number / TEAMS.len() % STAGES.len()];
        let name = format!("{team}-{stage}-{number:03}");
        writeln!(text, "[[account]]\nid = \"{id}\"\nname = \"{name}\"\nemail = \"aws-{name}@acme.test\"")?;
        for role in roles {
            writeln!(
                text,
                "[[assignment]]\naccount = \"{id}\"\npermission_set = \"{role}\"\ngroup = \"everybody\""
            )?;
        }
    }
    Ok(text)
}

/// A server of such an organisation, in a folder of the desk.
pub async fn serve(desk: &Desk, accounts: usize, roles: usize) -> Result<SandboxServer> {
    organisation::serve(&desk.folders().root().join("organisation"), &file(accounts, roles)?).await
}

/// Starts the app, connects it to the server and signs in, up to the start of the first sync.
pub async fn sign_in(desk: &Desk, server: &SandboxServer) -> Result<(App, Driver)> {
    let (app, window) = App::start_driven(desk, &["--hidden"], &[]).await?;
    app.tray().await?.click(&["Open Latchkey"]).await?;
    let window = window.window().await?;
    window.press("Enter your start URL").await?;
    organisation::type_into(&window, server.ready(), "Large").await?;
    let opened = desk.browser_requests().mark();
    window.press("Continue to sign in").await?;
    let address = desk.browser_requests().next(opened, WHILE, "the sign-in page").await?;
    let person = Person::new()?;
    let back = person.sign_in(&address, server.user()?).await?.leads_to;
    person.open(&back.context("the sign-in did not lead back to the app")?).await?;
    app.says(0, "signin", &json!({ "state": "signed_in" })).await?;
    Ok((app, window))
}

/// Waits until all accounts are there with their roles.
pub async fn synced(app: &App, limit: Duration, accounts: usize) -> Result<()> {
    let all = |e: &Value| name(e) == "sync" && e["state"] == "idle" && e["accounts"] == json!(accounts);
    app.event(limit, "all accounts", all).await.map(drop)
}

/// Ends an app that tauri-driver started, as a person does.
pub async fn quit(desk: &Desk, app: &App) -> Result<()> {
    app.tray().await?.click(&["Quit"]).await?;
    gone(desk, "latchkey").await
}

/// Waits until no process of `program` is left at the desk.
pub async fn gone(desk: &Desk, program: &str) -> Result<()> {
    until(SOON, &format!("the end of {program}"), || async { Ok((desk.running(program) == 0).then_some(())) })
        .await
}

/// The app's home is as after a sign-in and a sync: everything is in the cache, and the app has ended.
pub async fn prepared(desk: &Desk, server: &SandboxServer, accounts: usize) -> Result<()> {
    let (app, _window) = sign_in(desk, server).await?;
    synced(&app, 2 * START, accounts).await?;
    ensure!(desk.running("WebKitWebProcess") > 0, "the window has no web process of its own");
    quit(desk, &app).await
}
