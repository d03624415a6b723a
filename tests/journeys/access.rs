//! What a person may open changes, or is not told to programs: the window says so, and nothing else stops.

use super::{
    arrival::{add, first_window, keep_fresh, read_no, say_yes},
    impostor::Impostor,
    steps::wait_synced,
};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use serde_json::json;
use std::sync::{Arc, Mutex};
use support::{
    Desk, SandboxServer,
    app::name,
    deadline::{SOON, WHILE},
    driver::Driver,
    journey, organisation,
};

/// The organisation in which `sam` has one role in each of these accounts, and these applications.
async fn acme(desk: &Desk, accounts: &[(&str, &str, &str)], apps: &[&str]) -> Result<SandboxServer> {
    let mut file = organisation::head("Acme", "700000000001", "everybody", "sam", "");
    for (id, account, role) in accounts {
        file += &organisation::account(id, account, role, "everybody");
    }
    for app in apps {
        let url = format!("https://{}.acme.test/", app.to_lowercase());
        file += &format!("[[application]]\nname = \"{app}\"\nurl = \"{url}\"\ngroups = [\"everybody\"]\n");
    }
    organisation::serve(&desk.folders().root().join("acme"), &file).await
}

async fn apps_tab(window: &Driver) -> Result<()> {
    window.click(Locator::XPath("//*[@role='tab'][starts-with(., 'Apps')]")).await
}

#[test]
fn what_was_gained_and_lost_is_named() {
    journey("access-changes", |desk| async move {
        let kept = ("111122223333", "live-audit", "SecurityAudit");
        let lost = ("111122224444", "live-prod", "ReadOnly");
        let gained = ("111122225555", "lab", "Developer");
        let server = acme(&desk, &[kept, lost], &["Grafana"]).await?;
        let (app, window) = first_window(&desk).await?;
        let address = add(&desk, &window, &server).await?;
        say_yes(&app, 0, &address, server.user()?).await?;
        wait_synced(&app, 0).await?;
        window.read(SOON, "live-prod").await?;
        read_no(&window, "Your access changed").await?;

        // An administrator takes a role and an application away, and gives others.
        server.end().await?;
        let server = acme(&desk, &[kept, gained], &["Wiki"]).await?;
        ensure!(server.ready().start_url.origin() == address.origin(), "it came back elsewhere");
        let mark = app.mark();
        app.tray().await?.click(&["Refresh everything now"]).await?;
        app.says(mark, "sync", &json!({ "state": "idle", "accounts": 2 })).await?;
        window.read(SOON, "Your access changed").await?;
        window.read(SOON, "You no longer have ReadOnly in live-prod").await?;
        window.read(SOON, "You no longer have Grafana (app)").await?;
        window.press("Show all 4").await?;
        window.read(SOON, "New: Developer in lab").await?;
        window.read(SOON, "New: Wiki (app)").await?;
        window.see_no(Locator::Css("[data-row='111122224444/ReadOnly']")).await?;
        window.press("Dismiss").await?;
        read_no(&window, "Your access changed").await
    });
}

#[test]
fn apps_that_are_not_listed_to_programs_end_nothing() {
    const SAID: &str = "This organisation does not list apps to desktop programs";
    journey("access-no-apps", |desk| async move {
        let server = SandboxServer::start().await?;
        let (refusal, asked) = (Arc::new(Mutex::new(Some("401 Unauthorized"))), Arc::new(Mutex::new(0)));
        let front = Impostor::before(server.port()?, {
            let (refusal, asked) = (Arc::clone(&refusal), Arc::clone(&asked));
            move |line| {
                if !line.contains("/instance/appinstances") {
                    return None;
                }
                *asked.lock().ok()? += 1;
                *refusal.lock().ok()?
            }
        })
        .await?;
        let (app, window) = first_window(&desk).await?;
        let mut ready = server.ready().clone();
        let port = front.host.rsplit(':').next().and_then(|port| port.parse().ok());
        ready.portal_endpoint.set_port(port).ok().context("the portal's address has no port")?;
        window.press("Enter your start URL").await?;
        let opened = desk.browser_requests().mark();
        organisation::type_into(&window, &ready, "Acme").await?;
        window.press("Continue to sign in").await?;
        let address = desk.browser_requests().next(opened, WHILE, "the sign-in page").await?;
        say_yes(&app, 0, &address, server.user()?).await?;
        wait_synced(&app, 0).await?;
        keep_fresh(&app, &window, "381200003344", "Developer", "data-dev").await?;
        apps_tab(&window).await?;

        let (begun, tray) = (app.mark(), app.tray().await?);
        let times = || asked.lock().map(|n| *n).map_err(|_| anyhow::anyhow!("the gate failed"));
        let set = |to| refusal.lock().map(|mut it| *it = to).map_err(|_| anyhow::anyhow!("the gate failed"));
        for status in ["401 Unauthorized", "403 Forbidden", "404 Not Found"] {
            set(Some(status))?;
            let (before, mark) = (times()?, app.mark());
            tray.click(&["Refresh everything now"]).await?;
            app.says(mark, "profile", &json!({ "name": "data-dev", "state": "fresh" })).await?;
            app.says(mark, "sync", &json!({ "state": "idle" })).await.context(status)?;
            ensure!(times()? > before, "nobody asked for apps");
            window.read(SOON, SAID).await.context(status)?;
        }
        let ended = app.events().iter().skip(begun).any(|e| name(e) == "signin");
        ensure!(!ended, "a refusal to list apps touched the sign-in: {:?}", app.events());
        let opened = desk.browser_requests().mark();
        window.press("Open the portal").await?;
        let portal = desk.browser_requests().next(opened, WHILE, "the portal").await?;
        ensure!(portal.origin() == ready.start_url.origin(), "the portal was opened at {portal}");

        // It is asked again each time, so that what is listed after all is shown.
        set(None)?;
        tray.click(&["Refresh everything now"]).await?;
        window.read(SOON, "Grafana").await?;
        read_no(&window, SAID).await
    });
}
