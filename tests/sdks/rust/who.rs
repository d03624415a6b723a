//! Asks AWS who it is, once for each line it reads, with one client all the time: a program that runs for long.

use anyhow::{Context, Result};
use aws_config::BehaviorVersion;
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_sts::{Client, config::SharedCredentialsProvider, error::DisplayErrorContext};
use serde_json::{Value, json};
use std::io::Write;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

async fn who(client: &Client, credentials: &SharedCredentialsProvider) -> Result<Value> {
    let identity = client.get_caller_identity().send().await;
    let identity = identity.map_err(|error| anyhow::anyhow!("{}", DisplayErrorContext(&error)))?;
    // The client keeps those that it used; the provider is asked for what it would hand out now.
    let now = credentials.provide_credentials().await?;
    Ok(json!({ "account": identity.account(), "arn": identity.arn(), "key": now.access_key_id() }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    // Everything here is on loopback.
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
    let credentials = config.credentials_provider().context("no credentials provider")?;
    let client = Client::new(&config);
    let mut lines = BufReader::new(stdin()).lines();
    while lines.next_line().await?.is_some() {
        let said =
            who(&client, &credentials).await.unwrap_or_else(|error| json!({ "error": format!("{error:#}") }));
        writeln!(std::io::stdout(), "{said}")?;
    }
    Ok(())
}
