//! What a server says of itself while its database is silent or stopped.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use support::{
    deadline::{WHILE, until},
    nodes::{Node, hash},
    organisation, ports,
    postgres::Postgres,
};

use super::instance::DATABASE;

/// Two seconds for the database, and what a busy machine needs besides.
const SAID: Duration = Duration::from_secs(6);

/// Asks a server: the status, and what it said.
async fn ask(port: u16, path: &str) -> Result<(u16, String)> {
    let client = reqwest::Client::builder().no_proxy().timeout(WHILE).build()?;
    let answer = client.get(format!("http://127.0.0.1:{port}{path}")).send().await?;
    Ok((answer.status().as_u16(), answer.text().await?))
}

#[tokio::test]
async fn a_server_whose_database_is_silent_or_stopped_says_so_at_once_and_is_ready_again_after() -> Result<()>
{
    let folder = tempfile::Builder::new().prefix("lk-nodes-").tempdir()?;
    let (postgres, hash) = tokio::try_join!(Postgres::start(), hash())?;
    postgres.create(DATABASE).await?;
    let user = format!("password_hash = \"{hash}\"\n");
    let text = organisation::head("Acme", "900000000001", "engineering", "sam", &user);
    let own = ports::free()?;
    let more = format!("[operations]\nlisten = \"127.0.0.1:{own}\"\n");
    let mut node = Node::new(&folder.path().join("node"), &postgres.section(DATABASE), Some(&text), &more)?;
    node.start().await?;
    let answers = "latchkey_database_answers";
    ensure!(ask(own, "/metrics").await?.1.contains(&format!("{answers} 1\n")));
    let is_unready = async |why: &str| -> Result<()> {
        // Again and again, as a balancer asks.
        for _ in 0..3 {
            let begun = Instant::now();
            let (status, said) = ask(node.port(), "/readyz").await?;
            ensure!(status == 503 && said == "the database does not answer\n", "{why}: {status} {said}");
            ensure!(begun.elapsed() < SAID, "{why}: said after {:?}", begun.elapsed());
        }
        ensure!(ask(node.port(), "/healthz").await?.0 == 200, "{why}: it is alive");
        let metrics = ask(own, "/metrics").await?.1;
        ensure!(metrics.contains(&format!("{answers} 0\n")), "{why}: {metrics}");
        ensure!(
            metrics.contains("latchkey_job_turns_total"),
            "{why}: what it knows itself is told: {metrics}"
        );
        Ok(())
    };
    let silence = postgres.silence()?;
    is_unready("silent").await?;
    drop(silence);
    node.ready().await?;
    postgres.stop().await?;
    is_unready("stopped").await?;
    postgres.run().await?;
    node.ready().await?;
    until(WHILE, "the metrics to say so", async || {
        Ok(ask(own, "/metrics").await?.1.contains(&format!("{answers} 1\n")).then_some(()))
    })
    .await
}
