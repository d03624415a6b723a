//! The directory of an identity provider, as it sends its requests; and scim2-tester, which knows what servers owe.

use crate::{
    deadline::{WHILE, within},
    person::install_crypto,
    process::Program,
    programs,
};
use anyhow::{Result, bail};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

const TESTER: &str = include_str!("scim_tester.py");
/// It sends some hundred requests.
const TESTING: Duration = Duration::from_secs(120);

/// A provider with an access token.
#[derive(Debug)]
pub struct Provisioner {
    client: Client,
    endpoint: String,
    token: String,
}

impl Provisioner {
    /// One that sends its requests to this address.
    ///
    /// # Errors
    /// That no HTTP client can be made.
    pub fn new(endpoint: &str, token: &str) -> Result<Self> {
        install_crypto();
        let client = Client::builder().no_proxy().timeout(WHILE).build()?;
        Ok(Self { client, endpoint: endpoint.to_owned(), token: token.to_owned() })
    }

    /// Sends a request: the answer's status and body.
    ///
    /// # Errors
    /// That nothing answers, or something else than JSON.
    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(StatusCode, Value)> {
        let method: Method = method.parse()?;
        let mut request =
            self.client.request(method, format!("{}{path}", self.endpoint)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.header("content-type", "application/scim+json").body(body.to_string());
        }
        let answer = within(WHILE, path, request.send()).await?;
        let status = answer.status();
        let text = within(WHILE, path, answer.text()).await?;
        Ok((status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? }))
    }

    /// What scim2-tester found: a line for each check with `check`, `resource`, `status` and `reason`.
    ///
    /// # Errors
    /// That it did not end; `log` is for what it says on stderr.
    pub async fn test(&self, log: &Path) -> Result<Vec<Value>> {
        let process = Program::new("python", programs::python()?)
            .args(["-I", "-u", "-c", TESTER])
            .envs([("PATH", "/usr/bin:/bin")])
            .log(log.to_owned())
            .lines()
            .input()
            .start()?;
        process.write_line(&json!({ "endpoint": self.endpoint, "token": self.token }).to_string()).await?;
        let done = process.line(TESTING, "scim2-tester to end", |line| {
            serde_json::from_str::<Value>(line).ok()?["done"].as_u64()
        });
        let count = done.await?;
        let said = process.lines().all();
        let found: Vec<Value> = said.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let checks: Vec<Value> = found.into_iter().filter(|line: &Value| line["check"].is_string()).collect();
        if u64::try_from(checks.len()).ok() != Some(count) {
            bail!("{} of {count} checks were told", checks.len());
        }
        Ok(checks)
    }
}
