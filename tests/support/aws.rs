//! The distribution's AWS CLI in a home of its own.

use crate::{
    deadline::{START, WHILE},
    process::{Process, Program, Said, run},
    programs,
    sandbox::SandboxServer,
};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};
use url::Url;

/// The CLI with one environment.
#[derive(Clone, Debug)]
pub struct AwsCli {
    env: BTreeMap<String, String>,
    home: PathBuf,
    sts: Url,
    region: String,
}

impl AwsCli {
    /// The CLI in the home folder `home`, whose `~/.aws` it uses.
    #[must_use]
    pub fn in_home(home: &Path, server: &SandboxServer) -> Self {
        let vars = [
            ("HOME", home.to_string_lossy().into_owned()),
            ("PATH", "/usr/bin:/bin".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("AWS_PAGER", String::new()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_DEFAULT_REGION", server.ready().region.clone()),
            // `login` opens a browser of its own accord; here it only prints the address.
            ("BROWSER", "true".to_owned()),
        ];
        let env = vars.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let sts = server.ready().sts_endpoint.clone();
        Self { env, home: home.to_owned(), sts, region: server.ready().region.clone() }
    }

    /// Points the CLI's own SSO clients at `server`. Version 2.9.19 knows no variable for that;
    /// its loader takes rule sets from `~/.aws/models` before its own.
    ///
    /// # Errors
    /// That the files cannot be written.
    pub fn point_at(&self, server: &SandboxServer) -> Result<()> {
        let ready = server.ready();
        let services = [
            ("sso", "2019-06-10", &ready.portal_endpoint),
            ("sso-oidc", "2019-06-10", &ready.oidc_endpoint),
            ("sts", "2011-06-15", &ready.sts_endpoint),
        ];
        for (service, version, endpoint) in services {
            let folder = self.home.join(".aws/models").join(service).join(version);
            fs::create_dir_all(&folder)?;
            let parameter = |kind: &str, builtin: &str| json!({ "builtIn": builtin, "required": false, "documentation": "", "type": kind });
            let rules = json!({
                "version": "1.0",
                "parameters": {
                    "Region": parameter("String", "AWS::Region"),
                    "UseDualStack": { "builtIn": "AWS::UseDualStack", "required": true, "default": false, "documentation": "", "type": "Boolean" },
                    "UseGlobalEndpoint": parameter("Boolean", "AWS::STS::UseGlobalEndpoint"),
                    "UseFIPS": { "builtIn": "AWS::UseFIPS", "required": true, "default": false, "documentation": "", "type": "Boolean" },
                    "Endpoint": parameter("String", "SDK::Endpoint"),
                },
                "rules": [{
                    "conditions": [],
                    "endpoint": { "url": endpoint.as_str().trim_end_matches('/'), "properties": {}, "headers": {} },
                    "type": "endpoint",
                }],
            });
            fs::write(folder.join("endpoint-rule-set-1.json"), serde_json::to_vec_pretty(&rules)?)?;
        }
        Ok(())
    }

    /// Writes `~/.aws/config`.
    ///
    /// # Errors
    /// That it cannot be written.
    pub fn write_config(&self, text: &str) -> Result<()> {
        fs::create_dir_all(self.home.join(".aws"))?;
        Ok(fs::write(self.home.join(".aws/config"), text)?)
    }

    /// Runs `aws args` to its end.
    ///
    /// # Errors
    /// That it did not end in time.
    pub async fn run(&self, args: &[&str]) -> Result<Said> {
        run(WHILE, programs::aws()?, args, &self.env, "").await
    }

    /// Runs `aws args --output json` and reads its answer.
    ///
    /// # Errors
    /// That it failed, with what it said.
    pub async fn answer(&self, args: &[&str]) -> Result<Value> {
        let args: Vec<_> = args.iter().copied().chain(["--output", "json"]).collect();
        let said = self.run(&args).await?;
        if !said.ok {
            bail!("aws {args:?} failed: {}{}", said.out, said.err);
        }
        serde_json::from_str(&said.out).with_context(|| format!("aws {args:?} said {:?}", said.out))
    }

    /// `aws sts get-caller-identity` of `profile`: what it said, and whether it succeeded.
    ///
    /// # Errors
    /// That it did not end in time.
    pub async fn who_is(&self, profile: &str) -> Result<Said> {
        let endpoint = self.sts.as_str().trim_end_matches('/');
        let region = &self.region;
        let args = ["sts", "get-caller-identity", "--profile", profile, "--endpoint-url", endpoint];
        let more = ["--region", region, "--output", "json"];
        self.run(&args.into_iter().chain(more).collect::<Vec<_>>()).await
    }

    /// Starts `aws sso login args` and gives the address that a person is to open, with the code
    /// in it. The login goes on until the person has answered.
    ///
    /// # Errors
    /// That no address was printed.
    pub async fn login(&self, args: &[&str]) -> Result<(Process, Url)> {
        let process = Program::new("aws", programs::aws()?)
            .args(["sso", "login", "--no-browser"])
            .args(args)
            .envs(&self.env)
            // Python buffers what goes to a pipe.
            .envs([("PYTHONUNBUFFERED", "1")])
            .log(self.home.join("aws-login.log"))
            .lines()
            .start()?;
        let address = process
            .line(START, "the address of `aws sso login`", |l| {
                let url = Url::parse(l.trim()).ok()?;
                url.as_str().contains("user_code=").then_some(url)
            })
            .await;
        let log = || fs::read_to_string(self.home.join("aws-login.log")).unwrap_or_default();
        let address = address.with_context(log)?;
        Ok((process, address))
    }
}
