//! What those who run the server ask of the program: health, readiness, metrics, its log, and how it ends.

use std::fs;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::Value;
use support::{
    deadline::{SOON, START, WHILE, until, within},
    ports,
    process::run,
    programs,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    sandbox::raw,
    serve::{ORGANISATION, Served, hash, serve_in},
};

const REGISTRATION: &str = "{\"clientName\":\"x\",\"clientType\":\"public\"}";

/// A server whose own address for operations is on the second port.
async fn served(home: &tempfile::TempDir, more: &str) -> Result<(Served, u16)> {
    let port = ports::free()?;
    let organisation = format!("{ORGANISATION}password_hash = \"{}\"\n", hash().await?);
    let settings = format!("[operations]\nlisten = \"127.0.0.1:{port}\"\nlog = \"json\"\n{more}");
    let served = serve_in(home.path(), &organisation, &settings).await?;
    // It listens before it heeds signals, and answers after.
    until(START, "it to be ready", async || {
        let answer = get(port, "/readyz", "127.0.0.1").await.ok();
        Ok(answer.filter(|answer| status(answer) == "200").map(drop))
    })
    .await?;
    Ok((served, port))
}

async fn get(port: u16, path: &str, host: &str) -> Result<String> {
    raw(port, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[tokio::test]
async fn it_is_not_ready_first_then_closed_and_finishes_what_is_under_way() -> Result<()> {
    let home = tempfile::Builder::new().prefix("lk-running-").tempdir()?;
    let (served, own) = served(&home, "drain_seconds = 4\nfinish_seconds = 60\n").await?;
    let port = served.port;
    for (port, path, host, expected) in [
        // A balancer does not know the server's name.
        (port, "/healthz", "balancer.test", "200"),
        (port, "/readyz", "10.0.0.7", "200"),
        (port, "/metrics", &format!("localhost:{port}"), "404"),
        (own, "/healthz", "127.0.0.1", "200"),
        (own, "/readyz", "127.0.0.1", "200"),
        (own, "/metrics", "evil.test", "421"),
    ] {
        let answer = get(port, path, host).await?;
        ensure!(status(&answer) == expected, "{path} as {host}: {answer}");
    }

    // One request of which half is here.
    let half = REGISTRATION.len() / 2;
    let mut slow = TcpStream::connect(("127.0.0.1", port)).await?;
    let head = format!(
        "POST /client/register HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{}",
        REGISTRATION.len(),
        &REGISTRATION[..half]
    );
    slow.write_all(head.as_bytes()).await?;
    until(SOON, "the request to be under way", async || {
        let metrics = get(own, "/metrics", "127.0.0.1").await?;
        Ok(metrics.contains("latchkey_http_requests_in_flight 1\n").then_some(()))
    })
    .await?;

    served.process.signal(Signal::TERM)?;
    until(SOON, "it not to be ready", async || {
        let answer = get(own, "/readyz", "127.0.0.1").await?;
        Ok((status(&answer) == "503" && answer.ends_with("draining\n")).then_some(()))
    })
    .await?;
    // Who was sent here until a balancer looks again is answered, once.
    let keep = format!("GET /sign-in HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    let answer = raw(port, &keep).await?;
    ensure!(status(&answer) == "200" && answer.contains("connection: close"), "{answer}");
    until(WHILE, "the port to be closed", async || {
        Ok(TcpStream::connect(("127.0.0.1", port)).await.is_err().then_some(()))
    })
    .await?;
    ensure!(status(&get(own, "/healthz", "127.0.0.1").await?) == "200", "it is alive until the end");
    slow.write_all(&REGISTRATION.as_bytes()[half..]).await?;
    let mut answer = Vec::new();
    within(SOON, "the answer", slow.read_to_end(&mut answer)).await?;
    let answer = String::from_utf8(answer)?;
    ensure!(status(&answer) == "200" && answer.contains("clientSecret"), "{answer}");
    let ended = served.process.ended(WHILE).await?;
    ensure!(ended.success(), "it ended with {ended}");

    let log = fs::read_to_string(home.path().join("server.log"))?;
    let lines = log.lines().map(serde_json::from_str::<Value>).collect::<Result<Vec<_>, _>>();
    let lines = lines.with_context(|| format!("not JSON: {log}"))?;
    let said =
        |words: &str| lines.iter().any(|line| line["message"].as_str().is_some_and(|m| m.contains(words)));
    ensure!(said("told to stop") && said("serving Acme") && !log.contains("argon2"), "{log}");
    Ok(())
}

/// Prometheus's own reader of OpenMetrics, which refuses what is not right: a line for each sample.
const READ: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
for family in read(sys.stdin.read()):
    for sample in family.samples:
        labels = ','.join(f'{name}={value}' for name, value in sorted(sample.labels.items()))
        print(family.type, sample.name, labels, float(sample.value))
";

#[tokio::test]
async fn prometheus_reads_the_metrics() -> Result<()> {
    let home = tempfile::Builder::new().prefix("lk-running-").tempdir()?;
    let (served, own) = served(&home, "").await?;
    ensure!(status(&get(served.port, "/sign-in", &format!("localhost:{}", served.port)).await?) == "200");
    let answer = get(own, "/metrics", "127.0.0.1").await?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer has a head")?;
    ensure!(head.contains("application/openmetrics-text; version=1.0.0"), "{head}");
    let env = [("PATH", "/usr/bin:/bin")];
    let said = run(WHILE, programs::python()?, &["-c", READ], env, body).await?;
    ensure!(said.ok, "Prometheus does not read it: {}\n{body}", said.err);
    let has = |line: &str| said.out.lines().any(|said| said.starts_with(line));
    for line in [
        "counter latchkey_http_requests_total method=GET,route=/sign-in,status=200 1.0",
        "histogram latchkey_http_request_duration_seconds_count route=/sign-in 1.0",
        "gauge latchkey_resident_memory_bytes ",
        "gauge latchkey_job_led job=mail 0.0",
        "counter latchkey_job_turns_total job=sweep ",
        "counter latchkey_job_turns_total job=directory ",
        "gauge latchkey_aws_roles state=failed 0.0",
        "gauge latchkey_database_answers  1.0",
        "info latchkey_build_info version=",
    ] {
        ensure!(has(line), "no {line:?} in {}", said.out);
    }
    Ok(())
}

#[tokio::test]
async fn told_again_it_ends_at_once() -> Result<()> {
    let home = tempfile::Builder::new().prefix("lk-running-").tempdir()?;
    let (served, own) = served(&home, "drain_seconds = 600\n").await?;
    served.process.signal(Signal::TERM)?;
    until(SOON, "it not to be ready", async || {
        Ok((status(&get(own, "/readyz", "127.0.0.1").await?) == "503").then_some(()))
    })
    .await?;
    served.process.signal(Signal::TERM)?;
    let ended = served.process.ended(WHILE).await?;
    ensure!(ended.code() == Some(1), "it ended with {ended}");
    Ok(())
}
