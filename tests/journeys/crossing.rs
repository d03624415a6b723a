//! What crosses from Rust to the window's page: what it shows, and nothing that opens anything.

use super::{
    arrival::{first_window, keep_fresh, sign_in},
    steps::credentials_file,
};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::fs;
use support::{
    Desk, Person, SandboxServer,
    deadline::{SOON, WHILE},
    driver::Driver,
    journey,
    secrets::Secrets,
    until,
};

/// Keeps every answer and every event from here on. Answers come by `fetch`, of which the page has one; its own
/// answer is left for whoever asked.
const LISTEN: &str = r"
    const done = arguments[arguments.length - 1], { invoke, transformCallback } = window.__TAURI_INTERNALS__;
    const plain = window.fetch;
    window.crossed = [{ first: window.latchkeyFirst ?? null }];
    window.fetch = async (...asked) => {
        const answer = await plain(...asked);
        answer.clone().text().then((text) => window.crossed.push({ to: String(asked[0]), text }));
        return answer;
    };
    const target = { kind: 'Any' };
    Promise.all(['state', 'reply', 'show', 'quit-asked'].map((event) => invoke('plugin:event|listen',
        { event, target, handler: transformCallback(({ payload }) => window.crossed.push({ event, payload })) })))
        .then(() => done(true), (error) => done(String(error)));";

/// What the page is told anew when it asks for everything there is.
const ASK: &str = r"
    const done = arguments[arguments.length - 1], { invoke } = window.__TAURI_INTERNALS__;
    const asks = ['look_at_config', 'look_at_browsers', 'diagnostics', 'check_record'];
    invoke('state').then(async ({ organisations, activity }) => {
        for (const { id } of organisations) await invoke('portal', { org: id });
        for (const ask of asks) await invoke('ask', { request: { ask } });
        for (const { id } of activity) await invoke('ask', { request: { ask: 'activity_entry', id } });
        done(true);
    }).catch((error) => done(String(error)));";

/// Runs a script of these, which says `true`.
async fn run(window: &Driver, script: &str) -> Result<()> {
    let said = window.client().execute_async(script, vec![]).await?;
    ensure!(said == true, "the page said {said}");
    Ok(())
}

/// Waits until what crossed is so, and gives all of it.
async fn crossed(window: &Driver, what: &str, wanted: impl Fn(&[Value]) -> bool) -> Result<Vec<Value>> {
    until(SOON, what, || async {
        let all = window.client().execute("return window.crossed", vec![]).await?;
        let all = all.as_array().cloned().context("the page keeps nothing")?;
        Ok(wanted(&all).then_some(all))
    })
    .await
}

/// How an answer of the portal to an application begins: what all of them have in common.
async fn assertion(server: &SandboxServer) -> Result<String> {
    let person = Person::new()?;
    let page = person.open(&server.ready().start_url).await?;
    person.give_password(&page, server.user()?).await?;
    let page = person.open(&server.ready().start_url.join("/start/applications")?).await?;
    let address = page.html.split_once("\" rel=\"noreferrer\">Grafana</a>").map(|(before, _)| before);
    let address = address.and_then(|before| before.rsplit_once("href=\"")).context("no link to Grafana")?.1;
    let form = person.open(&server.ready().start_url.join(address)?).await?.html;
    let value = form.split_once("name=\"SAMLResponse\" value=\"").context("no assertion is posted")?.1;
    Ok(value.chars().take(40).collect())
}

#[test]
fn nothing_that_crosses_to_the_page_opens_anything() {
    journey("crossing", |desk: Desk| async move {
        let server = SandboxServer::start().await?;
        let (app, window) = first_window(&desk).await?;
        run(&window, LISTEN).await?;
        let _browser = sign_in(&desk, &app, &window, &server).await?;

        // Keys that are kept, keys that are copied, a console and an app: each has its secret, in Rust.
        keep_fresh(&app, &window, "111122225555", "Developer", "dev").await?;
        let opened = desk.browser_requests().mark();
        app.tray().await?.click(&["Accounts", "payments-prod*", "ReadOnly"]).await?;
        desk.browser_requests().next(opened, WHILE, "the console").await?;
        let opened = desk.browser_requests().mark();
        app.tray().await?.click(&["Apps", "Grafana"]).await?;
        desk.browser_requests().next(opened, WHILE, "the app's link").await?;
        app.says(0, "app_launch", &json!({ "state": "opened" })).await?;
        let copy = json!({ "ask": "copy_environment", "shell": "posix", "confirmed": true,
            "grant": { "org": org(&window).await?, "account": "111122225555", "role": "Developer" } });
        let ask = "const done = arguments[arguments.length - 1];
            window.__TAURI_INTERNALS__.invoke('ask', { request: arguments[0] }).then(done, done);";
        let said = window.client().execute_async(ask, vec![copy]).await?;
        ensure!(said["reply"] == "copied", "copying came to {said}");
        run(&window, ASK).await?;

        let answers = |all: &[Value], of: &str| {
            all.iter().filter(|one| one["to"].as_str().is_some_and(|to| to.ends_with(of))).count()
        };
        let enough = |all: &[Value]| {
            let last = all.iter().rev().find(|one| one["event"] == "state");
            let kept = last.is_some_and(|one| one["payload"]["profiles"][0]["name"] == "dev");
            kept && answers(all, "/state") > 0 && answers(all, "/portal") > 0 && answers(all, "/ask") >= 6
        };
        let all = crossed(&window, "everything that crossed", enough).await?;
        let text = serde_json::to_string(&all)?;
        ensure!(text.contains("payments-prod") && text.contains("Grafana"), "little crossed: {text}");

        let mut secrets = Secrets::default();
        secrets.add_profile(&credentials_file(&desk), "dev")?;
        secrets.add("the user's password", server.user()?.password.as_bytes())?;
        for key in &desk.keyring()?.secrets(&[("service", "latchkey")]).await? {
            secrets.add("a key of the keyring", key)?;
        }
        secrets.add("an answer to an application", assertion(&server).await?.as_bytes())?;
        let kept = tempfile::tempdir()?;
        fs::write(kept.path().join("crossed.json"), &text)?;
        secrets.scan(&[kept.path().to_owned()])?;
        // Of a key's id, its end alone.
        let ids = text
            .match_indices("ASIA")
            .filter(|(at, _)| text[at + 4..].bytes().take_while(u8::is_ascii_alphanumeric).count() >= 12);
        ensure!(ids.count() == 0, "whole ids of keys crossed");
        Ok(())
    });
}

/// The id of the only organisation.
async fn org(window: &Driver) -> Result<Value> {
    let ask = "const done = arguments[arguments.length - 1];
        window.__TAURI_INTERNALS__.invoke('state').then(({ organisations }) => done(organisations[0].id), done);";
    Ok(window.client().execute_async(ask, vec![]).await?)
}
