//! What these tests have in common.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::sync::Arc;
use support::{
    Desk, Person, SandboxServer, User,
    deadline::WHILE,
    process::{Process, Said, run},
    programs,
};

/// `latch` at a desk.
pub struct Latch<'a>(pub &'a Desk);

impl Latch<'_> {
    /// Runs it to its end.
    pub async fn run(&self, args: &[&str]) -> Result<Said> {
        self.run_with(args, "").await
    }

    /// As [`Self::run`], with something to read.
    pub async fn run_with(&self, args: &[&str], input: &str) -> Result<Said> {
        run(WHILE, programs::latch()?, args, self.0.env(), input).await
    }

    /// What it prints when it goes well.
    pub async fn out(&self, args: &[&str]) -> Result<String> {
        let said = self.run(args).await?;
        ensure!(said.ok, "latch {args:?}: {} {}", said.out, said.err);
        Ok(said.out)
    }

    /// As [`Self::out`], read as JSON.
    pub async fn json(&self, args: &[&str]) -> Result<Value> {
        let out = self.out(args).await?;
        serde_json::from_str(&out).with_context(|| format!("latch {args:?} printed {out:?}"))
    }

    /// Its status when it does not go well, and what it tells.
    pub async fn refused(&self, args: &[&str]) -> Result<(i32, String)> {
        let said = self.run(args).await?;
        match said.status {
            Some(status) if status != 0 => {
                ensure!(said.out.is_empty(), "latch {args:?} printed {:?} too", said.out);
                Ok((status, said.err))
            }
            _ => bail!("latch {args:?} went well: {}", said.out),
        }
    }

    /// How many ends of connections to the engine's socket there are, the listening one among them.
    pub fn callers(&self) -> Result<usize> {
        let sockets = std::fs::read_to_string("/proc/net/unix")?;
        let run = self.0.folders().run().join("latchkey/engine.sock");
        Ok(sockets.lines().filter(|line| line.ends_with(&*run.to_string_lossy())).count())
    }

    /// Starts it; it ends with the desk at the latest.
    pub fn start(&self, args: &[&str]) -> Result<Arc<Process>> {
        self.0.spawn(self.0.program("latch", programs::latch()?).args(args).lines())
    }

    /// Adds the server's organisation and signs in to it, with the browser that the desk has.
    pub async fn login(&self, server: &SandboxServer, user: &User) -> Result<()> {
        let args = Self::login_to(server);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let opened = self.0.browser_requests().mark();
        let login = self.start(&args)?;
        self.answer_the_browser(opened, user).await?;
        let status = login.ended(WHILE).await?;
        ensure!(status.success(), "latch login ended with {status}");
        Ok(())
    }

    /// The words that sign in at a server.
    pub fn login_to(server: &SandboxServer) -> [String; 7] {
        let ready = server.ready();
        let text = |url: &url::Url| url.to_string();
        [
            "login".to_owned(),
            text(&ready.start_url),
            format!("--region={}", ready.region),
            format!("--oidc-endpoint={}", ready.oidc_endpoint),
            format!("--portal-endpoint={}", ready.portal_endpoint),
            format!("--federation-endpoint={}", ready.federation_endpoint),
            format!("--sts-endpoint={}", ready.sts_endpoint),
        ]
    }

    /// A person signs in on the page that was opened after `mark`.
    pub async fn answer_the_browser(&self, mark: usize, user: &User) -> Result<()> {
        let address = self.0.browser_requests().next(mark, WHILE, "the sign-in page").await?;
        let person = Person::new()?;
        let page = person.sign_in(&address, user).await?;
        let back = page.leads_to.context("the sign-in led nowhere")?;
        person.open(&back).await?;
        Ok(())
    }
}

/// The account's number of `aws sts get-caller-identity` or the like.
pub fn account(identity: &str) -> Result<String> {
    let identity: Value = serde_json::from_str(identity).with_context(|| identity.to_owned())?;
    Ok(identity["Account"].as_str().unwrap_or_default().to_owned())
}
