//! boto3 as its users have it: a Python that calls what a test says and tells what came back.

use crate::{
    deadline::{START, WHILE},
    process::{Process, Program},
    programs,
    sandbox::SandboxServer,
};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, ffi::OsStr, path::Path};
use url::Url;

const SCRIPT: &str = include_str!("boto.py");

/// What botocore raised.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Refusal {
    /// The exception's class, e.g. `AuthorizationPendingException`; `ClientError` when botocore
    /// could not tell from the answer.
    pub class: String,
    /// The code of the answer as botocore read it.
    pub code: Option<String>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The message.
    pub message: String,
}

/// A running Python with boto3.
#[derive(Debug)]
pub struct Boto {
    process: Process,
    endpoints: BTreeMap<&'static str, Url>,
    region: String,
}

impl Boto {
    /// Starts one whose clients are pointed at `server`, with nothing but the endpoint changed.
    ///
    /// # Errors
    /// That there is no Python with boto3.
    pub async fn start(server: &SandboxServer) -> Result<Self> {
        let home = server.data().to_string_lossy().into_owned();
        let env = [("HOME", home.as_str()), ("PATH", "/usr/bin:/bin"), ("AWS_EC2_METADATA_DISABLED", "true")];
        Self::start_with(server, env).await
    }

    /// As [`Self::start`], with the environment `env`, e.g. a desk's, whose files it then reads.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with<K: AsRef<OsStr>, V: AsRef<OsStr>>(
        server: &SandboxServer,
        env: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self> {
        let ready = server.ready();
        let endpoints = BTreeMap::from([
            ("sso-oidc", ready.oidc_endpoint.clone()),
            ("sso", ready.portal_endpoint.clone()),
            ("sts", ready.sts_endpoint.clone()),
        ]);
        Self::run(endpoints, &ready.region, server.data(), env).await
    }

    /// One whose clients of `services` are pointed at `endpoint`; its home is `folder`.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn at(endpoint: &Url, services: &[&'static str], region: &str, folder: &Path) -> Result<Self> {
        let home = folder.to_string_lossy().into_owned();
        let env = [("HOME", home.as_str()), ("PATH", "/usr/bin:/bin"), ("AWS_EC2_METADATA_DISABLED", "true")];
        let endpoints = services.iter().map(|service| (*service, endpoint.clone())).collect();
        Self::run(endpoints, region, folder, env).await
    }

    async fn run<K: AsRef<OsStr>, V: AsRef<OsStr>>(
        endpoints: BTreeMap<&'static str, Url>,
        region: &str,
        folder: &Path,
        env: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self> {
        let process = Program::new("python", programs::python()?)
            .args(["-I", "-u", "-c", SCRIPT])
            .envs(env)
            .log(folder.with_extension("boto.log"))
            .lines()
            .input()
            .start()?;
        process.line(START, "Python to import boto3", |l| (l == "\"ready\"").then_some(())).await?;
        Ok(Self { process, endpoints, region: region.to_owned() })
    }

    /// Calls `operation` of `service`: the answer, or what botocore raised.
    ///
    /// # Errors
    /// That Python itself failed.
    pub async fn call(
        &self,
        service: &str,
        operation: &str,
        params: Value,
    ) -> Result<Result<Value, Refusal>> {
        self.send(service, json!({ "operation": operation, "params": params })).await
    }

    /// As [`Self::call`], signed with these keys (`accessKeyId`, `secretAccessKey`, and for temporary ones
    /// `sessionToken`); with `page_size` all pages in one list, by botocore's own paginator.
    ///
    /// # Errors
    /// That Python itself failed.
    pub async fn signed(
        &self,
        keys: &Value,
        (service, operation): (&str, &str),
        params: Value,
        page_size: Option<u32>,
    ) -> Result<Result<Value, Refusal>> {
        let mut asked = json!({ "operation": operation, "params": params, "keys": keys });
        if let Some(size) = page_size {
            asked["page_size"] = json!(size);
        }
        self.send(service, asked).await
    }

    /// As [`Self::call`], where an answer is expected.
    ///
    /// # Errors
    /// What botocore raised.
    pub async fn answer(&self, service: &str, operation: &str, params: Value) -> Result<Value> {
        match self.call(service, operation, params).await? {
            Ok(answer) => Ok(answer),
            Err(refusal) => bail!("{operation} was refused: {refusal:?}"),
        }
    }

    /// As [`Self::call`], where a refusal is expected.
    ///
    /// # Errors
    /// That there was an answer.
    pub async fn refusal(&self, service: &str, operation: &str, params: Value) -> Result<Refusal> {
        match self.call(service, operation, params).await? {
            Ok(_) => bail!("{operation} was answered, not refused"),
            Err(refusal) => Ok(refusal),
        }
    }

    /// All pages of `operation` in one list, by botocore's own paginator with pages of `size`.
    ///
    /// # Errors
    /// What botocore raised.
    pub async fn pages(&self, service: &str, operation: &str, params: Value, size: u32) -> Result<Value> {
        let asked = json!({ "operation": operation, "params": params, "page_size": size });
        match self.send(service, asked).await? {
            Ok(answer) => Ok(answer),
            Err(refusal) => bail!("{operation} was refused: {refusal:?}"),
        }
    }

    /// `GetCallerIdentity` with the keys of `profile`, as botocore's session finds them.
    ///
    /// # Errors
    /// That Python itself failed.
    pub async fn who_is(&self, profile: &str) -> Result<Result<Value, Refusal>> {
        let asked = json!({ "operation": "get_caller_identity", "params": {}, "profile": profile });
        self.send("sts", asked).await
    }

    /// `GetCallerIdentity` with the keys of an answer of `GetRoleCredentials`.
    ///
    /// # Errors
    /// That Python itself failed.
    pub async fn who_am_i(&self, role_credentials: &Value) -> Result<Result<Value, Refusal>> {
        let asked = json!({ "operation": "get_caller_identity", "params": {}, "keys": role_credentials });
        self.send("sts", asked).await
    }

    /// As [`Self::call`], with the keys of an answer of `GetRoleCredentials`.
    ///
    /// # Errors
    /// That Python itself failed.
    pub async fn call_as(
        &self,
        role_credentials: &Value,
        service: &str,
        operation: &str,
        params: Value,
    ) -> Result<Result<Value, Refusal>> {
        let asked = json!({ "operation": operation, "params": params, "keys": role_credentials });
        self.send(service, asked).await
    }

    async fn send(&self, service: &str, mut asked: Value) -> Result<Result<Value, Refusal>> {
        let endpoint = self.endpoints.get(service).with_context(|| format!("no endpoint of {service}"))?;
        asked["service"] = json!(service);
        asked["endpoint"] = json!(endpoint.as_str().trim_end_matches('/'));
        asked["region"] = json!(self.region);
        let mark = self.process.lines().mark();
        self.process.write_line(&asked.to_string()).await?;
        let what = format!("boto3's {}", asked["operation"]);
        let line = self.process.lines().wait_after(mark, WHILE, &what, |l| Some(l.clone())).await?;
        let said: Value = serde_json::from_str(&line).with_context(|| format!("{what} said {line:?}"))?;
        if let Some(answer) = said.get("answer") {
            return Ok(Ok(answer.clone()));
        }
        let refusal = said.get("refusal").with_context(|| format!("{what} failed in Python: {said}"))?;
        Ok(Err(serde_json::from_value(refusal.clone())?))
    }
}
