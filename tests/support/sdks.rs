//! AWS's SDKs as programs of other people have them (`tests/sdks`): unchanged, pointed at a server by the
//! variables that AWS documents, and kept running as long as a test likes.

use crate::{
    deadline::WHILE,
    evidence::say,
    process::{Process, Program},
    programs,
    sandbox::Ready,
};
use anyhow::{Context, Result};
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf};

/// One of AWS's SDKs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// boto3, and so botocore, which AWS's own CLI is made of.
    Python,
    /// AWS SDK for JavaScript v3.
    JavaScript,
    /// AWS SDK for Go v2.
    Go,
    /// AWS SDK for Rust.
    Rust,
}

impl Sdk {
    /// Those that can run here. Which cannot is said.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Python, Self::JavaScript, Self::Rust];
        if programs::who_go().is_file() {
            all.push(Self::Go);
        } else {
            say("The program with the AWS SDK for Go was not built here: it is not tested");
        }
        all
    }

    fn program(self) -> Result<(PathBuf, Vec<PathBuf>)> {
        let sources = programs::sources().join("sdks");
        Ok(match self {
            Self::Python => {
                (programs::python()?, vec!["-I".into(), "-u".into(), sources.join("python/who.py")])
            }
            Self::JavaScript => ("node".into(), vec![sources.join("js/who.mjs")]),
            Self::Go => (programs::who_go(), Vec::new()),
            Self::Rust => (programs::who_rust()?, Vec::new()),
        })
    }
}

/// A program that asks AWS who it is, whenever it is told to.
#[derive(Debug)]
pub struct Who {
    /// Whose SDK it uses.
    pub sdk: Sdk,
    process: Process,
}

impl Who {
    /// Starts one.
    ///
    /// # Errors
    /// That it is not there.
    pub fn start(sdk: Sdk, env: &BTreeMap<String, String>) -> Result<Self> {
        let (program, args) = sdk.program()?;
        let process = Program::new("who", program).args(args).envs(env).lines().input().start()?;
        Ok(Self { sdk, process })
    }

    /// Who it is: `account`, `arn` and the access `key` it used, or an `error`.
    ///
    /// # Errors
    /// That it does not answer.
    pub async fn ask(&self) -> Result<Value> {
        let mark = self.process.lines().mark();
        self.process.write_line("").await?;
        let what = format!("who the {:?} program is", self.sdk);
        let line = self.process.lines().wait_after(mark, WHILE, &what, |line| Some(line.clone())).await?;
        serde_json::from_str(&line).with_context(|| format!("{what} was {line:?}"))
    }
}

/// Who each SDK is with this environment, its program started for that.
///
/// # Errors
/// That one is not there, or does not answer.
pub async fn ask_all(env: &BTreeMap<String, String>) -> Result<Vec<(Sdk, Value)>> {
    let mut said = Vec::new();
    for sdk in Sdk::all() {
        said.push((sdk, Who::start(sdk, env)?.ask().await?));
    }
    Ok(said)
}

/// As [`pointed_at`], of a profile.
pub fn with_profile(
    ready: &Ready,
    env: &BTreeMap<String, String>,
    profile: &str,
) -> BTreeMap<String, String> {
    let mut env = pointed_at(ready, env);
    env.insert("AWS_PROFILE".to_owned(), profile.to_owned());
    env
}

/// `env` with the variables that point AWS's SDKs at a server.
pub fn pointed_at(ready: &Ready, env: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut env = env.clone();
    let more = [
        ("AWS_ENDPOINT_URL_STS", ready.sts_endpoint.as_str()),
        ("AWS_ENDPOINT_URL_SSO", ready.portal_endpoint.as_str()),
        ("AWS_ENDPOINT_URL_SSO_OIDC", ready.oidc_endpoint.as_str()),
        ("AWS_REGION", ready.region.as_str()),
        ("AWS_DEFAULT_REGION", ready.region.as_str()),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    env.extend(more.map(|(name, value)| (name.to_owned(), value.trim_end_matches('/').to_owned())));
    env
}
