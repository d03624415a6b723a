//! Beside the running app: it answers.

use super::steps::Latch;
use anyhow::ensure;
use futures_util::future::try_join_all;
use serde_json::Value;
use support::{App, SandboxServer, deadline::WHILE, journey, process::run, programs};

const ROLE: &str = "payments-prod/ReadOnly";

#[test]
fn the_app_answers_and_knows_who_asked() {
    journey("latch-app", |desk| async move {
        let server = SandboxServer::start().await?;
        let user = server.user()?.clone();
        let app = App::start_with(&desk, &["--hidden"], &[]).await?;
        let latch = Latch(&desk);
        latch.login(&server, &user).await?;
        let now = latch.json(&["status", "--json"]).await?;
        ensure!(now["app_runs"] == true, "{now}");

        // The person signs out; a hundred ask at once, one tab opens, all have keys.
        latch.out(&["ls"]).await?;
        latch.out(&["logout"]).await?;
        let opened = desk.browser_requests().mark();
        let env = desk.env();
        let program = programs::latch()?;
        let one = || run(WHILE, &program, &["credentials", "--role", ROLE], env, "");
        let answers = try_join_all((0..100).map(|_| one()));
        let (answers, signed_in) = tokio::join!(answers, latch.answer_the_browser(opened, &user));
        signed_in?;
        let answers = answers?;
        for answer in &answers {
            ensure!(answer.ok, "{}", answer.err);
            ensure!(answer.out == answers[0].out, "more than one call to the portal");
        }
        ensure!(desk.browser_requests().mark() == opened + 1, "more than one tab");
        let lines = latch.json(&["history", "--json", "-n", "50"]).await?;
        let handed = |l: &&Value| l["sentence"].as_str().is_some_and(|s| s.starts_with("Handed out"));
        let handed: Vec<_> = lines.as_array().into_iter().flatten().filter(handed).collect();
        ensure!(handed.len() == 1, "one program and one role are one line: {handed:?}");
        app.tray().await?.click(&["Quit"]).await?;
        app.ended().await?;

        // Without it, the same words lead to the same keys.
        latch.out(&["credentials", "--role", ROLE]).await?;
        Ok(())
    });
}
