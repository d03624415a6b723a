//! The sample organisation: `latchkey-server sandbox`, run as a child of the app. The end of its input
//! ends it, so it cannot outlive us, however we end.
//!
//! Invariant: the app never links the server; what it knows of it is one JSON line.

use async_trait::async_trait;
use engine::{
    model::{code::Code, organisation::Endpoints},
    ports::{SampleUser, Sandbox as Port, SandboxReady},
};
use serde::Deserialize;
use std::{
    collections::VecDeque,
    env,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Mutex as StdMutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::{Mutex, watch},
    time::{Instant, timeout},
};
use url::Url;

/// The first start makes Argon2id hashes and a database, on a slow machine too.
const READY_IN: Duration = Duration::from_secs(30);
/// The ready line is some two kilobytes.
const LONGEST_LINE: u64 = 64 * 1024;
/// How long the server may take to end by itself.
const END_IN: Duration = Duration::from_secs(5);
/// A server that ends again and again is not started for ever: so many starts in so much time.
const STARTS: usize = 3;
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// Where the sandbox is on disk.
#[derive(Clone, Debug)]
pub struct Places {
    /// The server's data: `<home>/sandbox/server`.
    pub data: PathBuf,
    /// The sandbox's own credentials file: `<home>/sandbox/aws/credentials`.
    pub credentials: PathBuf,
    /// The sandbox's own config file: `<home>/sandbox/aws/config`.
    pub config: PathBuf,
}

/// The server that the app starts when it is wanted.
pub struct Sandbox {
    places: Places,
    running: Mutex<Option<Running>>,
    starts: StdMutex<VecDeque<Instant>>,
    sts: StdMutex<Option<Url>>,
}

struct Running {
    child: Child,
    /// Held open: its end ends the server.
    input: ChildStdin,
    ready: SandboxReady,
    /// Closes when the server's output does, which is when it ends.
    alive: watch::Receiver<()>,
}

/// The ready line. More keys than these are allowed.
#[derive(Deserialize)]
struct ReadyLine {
    start_url: Url,
    region: String,
    oidc_endpoint: Url,
    portal_endpoint: Url,
    sts_endpoint: Url,
    federation_endpoint: Url,
    #[serde(default = "sample_name")]
    name: String,
    users: Vec<ReadyUser>,
}

#[derive(Deserialize)]
struct ReadyUser {
    username: String,
    password: String,
    #[serde(default)]
    display_name: Option<String>,
}

fn sample_name() -> String {
    "Acme".to_owned()
}

impl Sandbox {
    /// A sandbox that is not started yet.
    pub fn new(places: Places) -> Self {
        Self { places, running: Mutex::default(), starts: StdMutex::default(), sts: StdMutex::default() }
    }

    fn may_start(&self, now: Instant) -> Result<(), Code> {
        let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        while starts.front().is_some_and(|&start| now.duration_since(start) > STARTS_WITHIN) {
            starts.pop_front();
        }
        if starts.len() >= STARTS {
            return Err(failed("it ended several times within a minute"));
        }
        starts.push_back(now);
        Ok(())
    }

    async fn launch(&self) -> Result<Running, Code> {
        let program = server_program();
        private_directory(&self.places.data)
            .map_err(|error| failed(format!("could not make {}: {error}", self.places.data.display())))?;
        let mut child = Command::new(&program)
            .args(["sandbox", "--listen", "127.0.0.1:0", "--json", "--data"])
            .arg(&self.places.data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(format!("could not start {}: {error}", program.display())))?;
        let (Some(input), Some(output), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(Code::Internal { what: "sandbox server without pipes".to_owned() });
        };
        let log = tokio::spawn(log_lines(errors));
        let (running, alive) = watch::channel(());
        let ready = match timeout(READY_IN, read_ready(output, running)).await {
            Ok(Ok(ready)) => ready,
            Ok(Err(reason)) => {
                drop(child);
                // What it said last says why better than that it ended.
                let said = timeout(END_IN, log).await.ok().and_then(Result::ok).flatten();
                return Err(failed(said.unwrap_or(reason)));
            }
            Err(_) => return Err(failed(format!("it was not ready within {} s", READY_IN.as_secs()))),
        };
        tracing::info!(start_url = %ready.start_url, "sandbox server runs");
        Ok(Running { child, input, ready, alive })
    }
}

#[async_trait]
impl Port for Sandbox {
    async fn start(&self) -> Result<SandboxReady, Code> {
        let mut running = self.running.lock().await;
        if let Some(now) = &mut *running {
            match now.child.try_wait() {
                Ok(None) => return Ok(now.ready.clone()),
                ended => tracing::warn!(?ended, "sandbox server had ended"),
            }
            *running = None;
        }
        self.may_start(Instant::now())?;
        let started = self.launch().await?;
        *self.sts.lock().unwrap_or_else(PoisonError::into_inner) = Some(started.ready.endpoints.sts.clone());
        Ok(running.insert(started).ready.clone())
    }

    async fn ended(&self) {
        let alive = self.running.lock().await.as_ref().map(|now| now.alive.clone());
        let Some(mut alive) = alive else { return };
        while alive.changed().await.is_ok() {}
    }

    async fn stop(&self) {
        let Some(Running { mut child, input, .. }) = self.running.lock().await.take() else { return };
        drop(input);
        match timeout(END_IN, child.wait()).await {
            Ok(ended) => tracing::info!(?ended, "sandbox server ended"),
            Err(_) => {
                tracing::warn!("sandbox server did not end by itself");
                // Already gone is as good.
                let _ = child.kill().await;
            }
        }
    }

    async fn delete(&self) -> Result<(), Code> {
        self.stop().await;
        let mut folders = vec![self.places.data.clone()];
        folders.extend(self.places.credentials.parent().map(Path::to_path_buf));
        for folder in folders {
            match tokio::fs::remove_dir_all(&folder).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Code::FileNotWritable {
                        path: folder.display().to_string(),
                        reason: error.to_string(),
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn exports(&self) -> Vec<String> {
        let mut lines = vec![
            export("AWS_SHARED_CREDENTIALS_FILE", &self.places.credentials.to_string_lossy()),
            export("AWS_CONFIG_FILE", &self.places.config.to_string_lossy()),
        ];
        if let Some(sts) = &*self.sts.lock().unwrap_or_else(PoisonError::into_inner) {
            lines.push(export("AWS_ENDPOINT_URL_STS", sts.as_str().trim_end_matches('/')));
        }
        lines
    }
}

/// Beside our own executable; `LATCHKEY_SERVER` names it where a package puts it elsewhere.
fn server_program() -> PathBuf {
    if let Some(path) = env::var_os("LATCHKEY_SERVER").filter(|path| !path.is_empty()) {
        return path.into();
    }
    let name = format!("latchkey-server{}", env::consts::EXE_SUFFIX);
    env::current_exe()
        .ok()
        .and_then(|own| own.parent().map(|folder| folder.join(&name)))
        .unwrap_or_else(|| PathBuf::from(&name))
}

async fn read_ready(output: ChildStdout, running: watch::Sender<()>) -> Result<SandboxReady, String> {
    let mut output = BufReader::new(output);
    let mut line = String::new();
    let read = (&mut output).take(LONGEST_LINE).read_line(&mut line).await;
    match read {
        Ok(0) => return Err("it ended before it was ready".to_owned()),
        Ok(_) => {}
        Err(error) => return Err(format!("its ready line could not be read: {error}")),
    }
    // Its later lines are answers to nobody; read, so that the pipe never fills.
    tokio::spawn(async move {
        if let Err(error) = tokio::io::copy(&mut output, &mut tokio::io::sink()).await {
            tracing::warn!(%error, "sandbox server's output could not be read");
        }
        drop(running);
    });
    parse_ready(&line)
}

/// The line holds the sample passwords: an error says where it is wrong, not what stands there.
fn parse_ready(line: &str) -> Result<SandboxReady, String> {
    let ready: ReadyLine = serde_json::from_str(line)
        .map_err(|error| format!("its ready line is wrong at column {}", error.column()))?;
    Ok(SandboxReady {
        start_url: ready.start_url,
        name: ready.name,
        region: ready.region,
        endpoints: Endpoints {
            oidc: ready.oidc_endpoint,
            portal: ready.portal_endpoint,
            federation: ready.federation_endpoint,
            sts: ready.sts_endpoint,
        },
        users: ready
            .users
            .into_iter()
            .map(|user| SampleUser {
                display_name: user.display_name.unwrap_or_else(|| user.username.clone()),
                username: user.username,
                password: user.password,
            })
            .collect(),
    })
}

/// Copies the server's messages to our log and answers the last one.
async fn log_lines(errors: impl tokio::io::AsyncRead + Unpin) -> Option<String> {
    let mut lines = BufReader::new(errors).lines();
    let mut last = None;
    while let Ok(Some(line)) = lines.next_line().await {
        tracing::info!(target: "latchkey::sandbox_server", "{line}");
        last = Some(line);
    }
    last
}

fn private_directory(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A line for a POSIX shell, quoted so that any path is taken as it is.
fn export(name: &str, value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@%+=,".contains(c);
    if value.chars().all(plain) {
        format!("export {name}={value}")
    } else {
        format!("export {name}='{}'", value.replace('\'', r"'\''"))
    }
}

fn failed(reason: impl Into<String>) -> Code {
    Code::SandboxFailed { reason: reason.into() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]
    use super::*;

    const LINE: &str = r#"{"start_url":"http://localhost:4040/start","region":"eu-west-1",
        "oidc_endpoint":"http://localhost:4040","portal_endpoint":"http://localhost:4040",
        "sts_endpoint":"http://localhost:4040/","federation_endpoint":"http://localhost:4040/federation",
        "issuer_url":"http://localhost:4040/ssoins-1","start_url_alias":"https://d-1.awsapps.com/start",
        "users":[{"username":"sam","password":"s3cret-s3cret"}],"port":4040}"#;

    #[test]
    fn the_ready_line_is_read_and_more_keys_are_allowed() {
        let ready = parse_ready(LINE).unwrap();
        assert_eq!(ready.start_url.as_str(), "http://localhost:4040/start");
        assert_eq!(ready.endpoints.federation.path(), "/federation");
        assert_eq!(ready.users[0].display_name, "sam");
    }

    #[test]
    fn an_error_in_the_ready_line_does_not_quote_it() {
        let error = parse_ready(&LINE.replace("\"region\"", "\"reg\"")).unwrap_err();
        assert!(error.contains("column"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[test]
    fn exports_are_quoted_when_they_must_be() {
        assert_eq!(export("A", "/home/sam/.aws/config"), "export A=/home/sam/.aws/config");
        assert_eq!(export("A", "/home/o'neil x/c"), r"export A='/home/o'\''neil x/c'");
    }

    #[test]
    fn a_server_that_keeps_ending_is_not_started_for_ever() {
        let nowhere = PathBuf::from("/nonexistent");
        let places = Places { data: nowhere.clone(), credentials: nowhere.clone(), config: nowhere };
        let (sandbox, now) = (Sandbox::new(places), Instant::now());
        for _ in 0..STARTS {
            sandbox.may_start(now).unwrap();
        }
        assert!(matches!(sandbox.may_start(now), Err(Code::SandboxFailed { .. })));
        sandbox.may_start(now + STARTS_WITHIN + Duration::from_secs(1)).unwrap();
    }
}
