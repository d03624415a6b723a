//! Programs that tests start: each in a process group of its own, ended with whoever started it.

use crate::{deadline::within, record::Record};
use anyhow::{Context, Result, anyhow, bail};
use std::{
    ffi::OsStr,
    fs::File,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    sync::Mutex,
};

/// A program to start. The kernel ends it when the thread that started it ends
/// (`setpriv --pdeathsig`), so that a killed test run leaves nothing behind either.
#[derive(Debug)]
pub struct Program {
    name: String,
    command: Command,
    log: Option<PathBuf>,
    lines: bool,
    input: bool,
}

impl Program {
    /// `program` with no environment but what [`Self::envs`] gives it; `name` stands in messages.
    #[must_use]
    pub fn new(name: &str, program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        command.env_clear().process_group(0).kill_on_drop(true);
        Self { name: name.to_owned(), command, log: None, lines: false, input: false }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets variables of its environment.
    #[must_use]
    pub fn envs<K: AsRef<OsStr>, V: AsRef<OsStr>>(mut self, vars: impl IntoIterator<Item = (K, V)>) -> Self {
        self.command.envs(vars);
        self
    }

    /// Runs in `dir`.
    #[must_use]
    pub fn current_dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Appends stderr, and stdout unless it is read as lines, to the file `log`.
    #[must_use]
    pub fn log(mut self, log: PathBuf) -> Self {
        self.log = Some(log);
        self
    }

    /// Reads stdout as lines, see [`Process::lines`].
    #[must_use]
    pub fn lines(mut self) -> Self {
        self.lines = true;
        self
    }

    /// Keeps stdin open for [`Process::write_line`]; otherwise it is empty.
    #[must_use]
    pub fn input(mut self) -> Self {
        self.input = true;
        self
    }

    fn sink(&self) -> Result<Stdio> {
        let Some(path) = &self.log else { return Ok(Stdio::null()) };
        let file = File::options().create(true).append(true).open(path);
        Ok(file.with_context(|| format!("could not open the log {}", path.display()))?.into())
    }

    /// Starts it. Must be called on a thread that lives as long as the program should: the test's
    /// own or a runtime's worker, not a blocking-pool thread.
    ///
    /// # Errors
    /// That the program could not be started.
    pub fn start(mut self) -> Result<Process> {
        let errors = self.sink()?;
        let output = if self.lines { Stdio::piped() } else { self.sink()? };
        let input = if self.input { Stdio::piped() } else { Stdio::null() };
        self.command.stdin(input).stdout(output).stderr(errors);
        let name = self.name;
        let mut child = self.command.spawn().with_context(|| format!("could not start {name}"))?;
        let pid = child.id().ok_or_else(|| anyhow!("{name} ended at once"))?;
        let lines = Record::default();
        if let Some(out) = child.stdout.take() {
            let lines = lines.clone();
            tokio::spawn(async move {
                let mut read = BufReader::new(out).lines();
                while let Ok(Some(line)) = read.next_line().await {
                    lines.push(line);
                }
            });
        }
        let stdin = child.stdin.take();
        Ok(Process { name, pid, lines, stdin: Mutex::new(stdin), child: Mutex::new(child) })
    }
}

/// A running program; its whole process group is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    pid: u32,
    lines: Record<String>,
    stdin: Mutex<Option<ChildStdin>>,
    child: Mutex<Child>,
}

impl Process {
    /// Its process id, which is its process group's too.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Its stdout, line by line, if it was started with [`Program::lines`].
    #[must_use]
    pub fn lines(&self) -> &Record<String> {
        &self.lines
    }

    /// The first line of stdout that `pick` takes; fails at once when the program ends before.
    ///
    /// # Errors
    /// The deadline, or that the program ended.
    pub async fn line<R>(&self, limit: Duration, what: &str, pick: impl Fn(&str) -> Option<R>) -> Result<R> {
        tokio::select! {
            found = self.lines.wait(limit, what, |l| pick(l)) => found,
            ended = self.ended(limit + limit) => {
                // Its last words may have come after it ended.
                let left = Duration::from_secs(1);
                match self.lines.wait(left, what, |l| pick(l)).await {
                    Ok(found) => Ok(found),
                    Err(_) => bail!("{} ended ({:?}) instead of giving {what}", self.name, ended.ok()),
                }
            }
        }
    }

    /// Writes one line to its stdin.
    ///
    /// # Errors
    /// That stdin is closed.
    pub async fn write_line(&self, line: &str) -> Result<()> {
        self.write_bytes(format!("{line}\n").as_bytes()).await
    }

    /// Writes to its stdin.
    ///
    /// # Errors
    /// That stdin is closed.
    pub async fn write_bytes(&self, bytes: &[u8]) -> Result<()> {
        let mut stdin = self.stdin.lock().await;
        let stdin = stdin.as_mut().ok_or_else(|| anyhow!("the stdin of {} is closed", self.name))?;
        stdin.write_all(bytes).await?;
        stdin.flush().await.with_context(|| format!("could not write to {}", self.name))
    }

    /// Ends its stdin.
    pub async fn close_input(&self) {
        self.stdin.lock().await.take();
    }

    /// Awaits its end.
    ///
    /// # Errors
    /// The deadline.
    pub async fn ended(&self, limit: Duration) -> Result<ExitStatus> {
        let mut child = self.child.lock().await;
        within(limit, &format!("the end of {}", self.name), child.wait()).await
    }

    /// Sends it (alone, not its group) a signal.
    ///
    /// # Errors
    /// That it has ended already.
    pub fn signal(&self, signal: rustix::process::Signal) -> Result<()> {
        let pid = group(self.pid).ok_or_else(|| anyhow!("{} has no process id", self.name))?;
        rustix::process::kill_process(pid, signal).with_context(|| format!("could not signal {}", self.name))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An ended and awaited leader's id may belong to somebody else by now: ask the child.
        let gone = self.child.try_lock().is_ok_and(|mut c| matches!(c.try_wait(), Ok(Some(_))));
        if let (false, Some(group)) = (gone, group(self.pid)) {
            // Fails when the group is gone already, which is what is wanted.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

fn group(pid: u32) -> Option<rustix::process::Pid> {
    rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)
}

/// What a program that ran to its end said.
#[derive(Clone, Debug)]
pub struct Said {
    /// Whether it ended with status 0.
    pub ok: bool,
    /// Its status; `None` when a signal ended it.
    pub status: Option<i32>,
    /// Its stdout.
    pub out: String,
    /// Its stderr.
    pub err: String,
}

/// Runs `program` to its end with exactly the environment `vars`.
///
/// # Errors
/// That it could not be started, or did not end in time. Its failing is no error here.
pub async fn run<K: AsRef<OsStr>, V: AsRef<OsStr>>(
    limit: Duration,
    program: impl AsRef<OsStr>,
    args: &[&str],
    vars: impl IntoIterator<Item = (K, V)>,
    input: &str,
) -> Result<Said> {
    let name = program.as_ref().to_string_lossy().into_owned();
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(&program).args(args);
    command.env_clear().envs(vars).process_group(0).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("could not start {name}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read its input may have closed it: no failure of the run.
        let _ = stdin.write_all(input.as_bytes()).await;
    }
    let said = within(limit, &format!("{name} {args:?} to end"), child.wait_with_output()).await?;
    Ok(Said {
        ok: said.status.success(),
        status: said.status.code(),
        out: String::from_utf8_lossy(&said.stdout).into_owned(),
        err: String::from_utf8_lossy(&said.stderr).into_owned(),
    })
}

/// Ends every process whose environment carries `key=value`: what a desk's programs have started
/// in process groups of their own. Marked by the desk's own folder, so no other is ever meant.
pub fn end_marked(key: &str, value: &str) {
    let wanted = format!("{key}={value}");
    for pid in marked(&wanted) {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

/// The process ids that carry `key=value` in their environment and whose program's file name,
/// as in `/proc/PID/exe`, is `program`.
#[must_use]
pub fn running(key: &str, value: &str, program: &str) -> Vec<i32> {
    let wanted = format!("{key}={value}");
    let pids = marked(&wanted).into_iter().map(|p| p.as_raw_nonzero().get());
    pids.filter(|pid| {
        let exe = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
        exe.file_name().is_some_and(|n| n == OsStr::new(program))
    })
    .collect()
}

fn marked(wanted: &str) -> Vec<rustix::process::Pid> {
    let Ok(all) = std::fs::read_dir("/proc") else { return Vec::new() };
    let own = std::process::id();
    let ids = all.flatten().filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|pid| *pid != own)
        .filter(|pid| {
            let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environ.split(|b| *b == 0).any(|var| var == wanted.as_bytes())
        })
        .filter_map(group)
        .collect()
}
