//! The first sync against a server that limits requests and does not say how.

use crate::{
    figure::Figure,
    organisation::{serve, sign_in, synced},
};
use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::{
    Desk,
    app::{has, name},
};

const ACCOUNTS: usize = 300;
/// What is allowed beside the limit's own time.
const TIMES: f64 = 1.5;
/// Calls that the first sync needs at most: the roles of each account, and the pages of accounts, applications
/// and who somebody is. The limit's own time is not to grow by calls that nobody needs.
const NEEDED: f64 = 320.0;
/// Calls that may be answered 429.
const REFUSED: f64 = 0.05;
const LIMIT: Duration = Duration::from_secs(240);

/// Measures with a limit of so many requests a second.
pub async fn measure(desk: Desk, per_second: u32) -> Result<()> {
    let server = serve(&desk, ACCOUNTS, 1).await?;
    server.throttle(per_second).await?;
    let (app, window) = sign_in(&desk, &server).await?;
    let running = |e: &Value| name(e) == "sync" && e["state"] == "running";
    app.event(LIMIT, "the sync to begin", running).await?;
    let begin = Instant::now();
    synced(&app, LIMIT, ACCOUNTS).await?;
    let took = begin.elapsed().as_secs_f64();
    let text = window.text().await?;
    let counted = server.control(json!({ "throttle": 0 })).await?["done"]["before"].clone();
    let count = |what: &str| counted[what].as_f64().with_context(|| format!("the server counted {counted}"));
    let (passed, refused) = (count("passed")?, count("refused")?);
    ensure!(passed <= NEEDED, "{passed} calls went through, where {NEEDED} are enough");
    let share = refused / (passed + refused);
    let own = passed / f64::from(per_second);

    let errors: Vec<_> = app
        .events()
        .into_iter()
        .filter(|e| name(e) == "error" || has(e, &json!({ "event": "sync", "state": "failed" })))
        .collect();
    ensure!(errors.is_empty(), "errors during the sync: {errors:?}");
    window.see_no(Locator::Css("[role=alert]")).await?;
    ensure!(text.contains(&format!("{ACCOUNTS} accounts")), "the window does not show them all:\n{text}");

    Figure {
        what: format!("first sync of {ACCOUNTS} accounts, {per_second} requests a second"),
        ours: format!("{took:.1} s"),
        beside: format!("{own:.1} s the limit's own"),
        verdict: format!("{:.2} times, at most {TIMES}", took / own),
        met: Some(took <= TIMES * own),
    }
    .report()?;
    Figure {
        what: format!("calls answered 429, {per_second} requests a second"),
        ours: format!("{refused:.0} of {:.0}", passed + refused),
        beside: String::new(),
        verdict: format!("{:.1} %, at most {:.0} %", 100.0 * share, 100.0 * REFUSED),
        met: Some(share <= REFUSED),
    }
    .report()
}
