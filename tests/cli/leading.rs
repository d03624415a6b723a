//! Who leads: killed, it passes the lead on; the app takes it over.

use super::steps::Latch;
use anyhow::{Context, ensure};
use std::fs;
use support::{
    App, SandboxServer,
    deadline::{WHILE, until},
    journey,
};

const ROLE: &str = "payments-prod/ReadOnly";

#[test]
fn killing_the_one_that_leads_passes_the_lead_on() {
    journey("latch-lead", |desk| async move {
        let server = SandboxServer::start().await?;
        let user = server.user()?.clone();
        let latch = Latch(&desk);
        latch.login(&server, &user).await?;
        latch.out(&["ls"]).await?;
        latch.out(&["logout"]).await?;
        let opened = desk.browser_requests().mark();
        let first = latch.start(&["credentials", "--role", ROLE])?;
        desk.browser_requests().next(opened, WHILE, "the first one's sign-in page").await?;
        let lock = desk.home(".local/state/latchkey/engine.lock");
        let leads = || fs::read_to_string(&lock).ok()?.trim().parse::<u32>().ok();
        ensure!(leads() == Some(first.pid()), "the first does not lead");

        let others: Vec<_> =
            (0..5).map(|_| latch.start(&["credentials", "--role", ROLE])).collect::<Result<_, _>>()?;
        // They wait for the first one's sign-in.
        let waiting = || async { Ok((latch.callers()? >= 6).then_some(())) };
        until(WHILE, "the others to ask the first", waiting).await?;
        let opened = desk.browser_requests().mark();
        first.signal(rustix::process::Signal::KILL)?;
        latch.answer_the_browser(opened, &user).await?;
        let mut answers = Vec::new();
        for other in others {
            ensure!(other.ended(WHILE).await?.success(), "one of them had no answer");
            answers.push(other.lines().all().concat());
        }
        ensure!(
            answers.iter().all(|answer| *answer == answers[0] && answer.contains("AccessKeyId")),
            "{}",
            answers.len()
        );
        ensure!(desk.browser_requests().mark() == opened + 1, "more than one tab for the second lead");

        // The app takes the lead from one that only does its work.
        let app = App::start_with(&desk, &["--hidden"], &[]).await?;
        let now = latch.json(&["status", "--json"]).await?;
        ensure!(now["app_runs"] == true, "{now}");
        app.pid().await.context("the app's process")?;
        Ok(())
    });
}
