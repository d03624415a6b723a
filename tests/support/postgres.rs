//! Debian's PostgreSQL, of a test's own: in a folder, on a free port of this machine, gone with the value.

use crate::{
    deadline::{START, WHILE},
    ports,
    process::{Process, Program, run},
};
use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

const SCRIPT: &str = include_str!("sh/postgres.sh");
/// Who owns it.
const OWNER: &str = "latchkey";

/// A running PostgreSQL.
#[derive(Debug)]
pub struct Postgres {
    // Before its folder goes.
    process: Process,
    folder: tempfile::TempDir,
    port: u16,
}

impl Postgres {
    /// Starts one that believes whoever comes.
    ///
    /// # Errors
    /// That it is not installed, or does not start in time.
    pub async fn start() -> Result<Self> {
        Self::begin(None).await
    }

    /// Starts one that takes TLS alone, with this certificate and key (PEM), and asks for the owner's password.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with_tls((certificate, key): (&str, &str), password: &str) -> Result<Self> {
        let postgres = Self::begin(Some((certificate, key))).await?;
        postgres.ask("postgres", &format!("ALTER ROLE {OWNER} PASSWORD '{password}'")).await?;
        Ok(postgres)
    }

    async fn begin(tls: Option<(&str, &str)>) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lk-postgres-").tempdir()?;
        let port = ports::free()?;
        let mut arguments = vec![folder.path().join("cluster").display().to_string(), port.to_string()];
        if let Some((certificate, key)) = tls {
            for (name, text) in [("server.crt", certificate), ("server.key", key)] {
                let path = folder.path().join(name);
                std::fs::write(&path, text)?;
                arguments.push(path.display().to_string());
            }
        }
        // It changes its user, who comes to the cluster through here.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open)?;
        let log = folder.path().join("log");
        let process = Program::new("postgres.sh", "/bin/bash")
            .args(["-c", SCRIPT, "postgres.sh"])
            .args(&arguments)
            .envs([("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")])
            .log(log.clone())
            .lines()
            .input()
            .start()?;
        let ready = process.line(START, "PostgreSQL to be ready", |line| (line == "ready").then_some(()));
        ready.await.with_context(|| std::fs::read_to_string(&log).unwrap_or_default())?;
        Ok(Self { process, folder, port })
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("cluster")
    }

    /// The port of this machine.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `[database]` of a configuration file, for a database of this name.
    #[must_use]
    pub fn section(&self, name: &str) -> String {
        format!("[database]\nurl = \"postgresql://{OWNER}@127.0.0.1:{}/{name}\"\n", self.port)
    }

    /// Makes an empty database.
    ///
    /// # Errors
    /// PostgreSQL's words.
    pub async fn create(&self, name: &str) -> Result<()> {
        self.ask("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
            .await
            .map(drop)
    }

    /// What a statement gives, a line for each row and `|` between columns.
    ///
    /// # Errors
    /// PostgreSQL's words.
    pub async fn ask(&self, name: &str, sql: &str) -> Result<String> {
        self.tool("psql", &["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", name, "-c", sql]).await
    }

    /// What one of PostgreSQL's programs prints, pointed here as the owner.
    ///
    /// # Errors
    /// What it says when it fails.
    pub async fn tool(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let (socket, port) = (self.socket().display().to_string(), self.port.to_string());
        let to = ["-h", &socket, "-p", &port, "-U", OWNER];
        let (program, arguments) = (tools()?.join(program), [to.as_slice(), arguments].concat());
        let said = run(WHILE, &program, &arguments, [("PATH", "/usr/bin:/bin")], "").await?;
        ensure!(said.ok, "{} {arguments:?}: {}", program.display(), said.err);
        Ok(said.out.trim_end().to_owned())
    }

    /// Restarts it as `pg_ctl restart -m fast` does: connections are ended, transactions undone. How long that took.
    ///
    /// # Errors
    /// That it does not come back.
    pub async fn restart(&self) -> Result<Duration> {
        let begun = Instant::now();
        self.tell("restart", "ready").await?;
        Ok(begun.elapsed())
    }

    /// Stops it as `pg_ctl stop -m fast` does.
    ///
    /// # Errors
    /// That it does not end.
    pub async fn stop(&self) -> Result<()> {
        self.tell("stop", "stopped").await
    }

    /// Starts it again after [`Self::stop`].
    ///
    /// # Errors
    /// That it does not come back.
    pub async fn run(&self) -> Result<()> {
        self.tell("start", "ready").await
    }

    async fn tell(&self, word: &str, answer: &str) -> Result<()> {
        let mark = self.process.lines().mark();
        self.process.write_line(word).await?;
        let said = |line: &String| (line == answer).then_some(());
        self.process.lines().wait_after(mark, WHILE, &format!("PostgreSQL to be {answer}"), said).await
    }

    /// Stops all of its processes in their tracks until the value is dropped: connections stand, and say nothing.
    ///
    /// # Errors
    /// That its processes cannot be found.
    pub fn silence(&self) -> Result<Silence> {
        let file = std::fs::read_to_string(self.socket().join("data/postmaster.pid"))?;
        let first = file.lines().next().context("PostgreSQL does not run")?.trim().to_owned();
        let children = std::fs::read_to_string(format!("/proc/{first}/task/{first}/children"))?;
        let all = std::iter::once(first.as_str()).chain(children.split_whitespace());
        let all = all.map(|id| id.parse().ok().and_then(Pid::from_raw).context("no id of a process"));
        let silence = Silence(all.collect::<Result<_>>()?);
        for process in &silence.0 {
            kill_process(*process, Signal::STOP)?;
        }
        Ok(silence)
    }
}

/// A PostgreSQL that says nothing.
#[derive(Debug)]
pub struct Silence(Vec<Pid>);

impl Drop for Silence {
    fn drop(&mut self) {
        for process in &self.0 {
            // One that has ended meanwhile needs nothing.
            let _ = kill_process(*process, Signal::CONT);
        }
    }
}

/// The folder of the newest version's programs (Debian's `postgresql`).
fn tools() -> Result<PathBuf> {
    let all =
        std::fs::read_dir("/usr/lib/postgresql").context("PostgreSQL is not installed: run `make test`")?;
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = all.flatten().map(|entry| entry.path()).max_by_key(|path| version(path));
    Ok(newest.context("PostgreSQL is not installed: run `make test`")?.join("bin"))
}
