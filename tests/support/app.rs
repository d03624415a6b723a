//! The desktop app at a desk: started, watched by its event log, ended.

use crate::{
    deadline::{START, WHILE},
    desk::Desk,
    desktop::Item,
    driver::{self, Driver},
    process::Process,
    programs,
    record::Record,
};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinHandle;

/// The variable that names where the app writes what happens, one JSON object a line.
const EVENTS: &str = "LATCHKEY_EVENT_LOG";

static STARTED: AtomicU32 = AtomicU32::new(1);

/// A running app.
#[derive(Clone, Debug)]
pub struct App {
    desk: Desk,
    events: Record<Value>,
    /// Absent when tauri-driver started it.
    process: Option<Arc<Process>>,
    tray_mark: usize,
}

/// The app's first window on its way: tauri-driver gives it when the app has opened one.
#[derive(Debug)]
pub struct WindowToCome(JoinHandle<Result<Driver>>);

impl WindowToCome {
    /// Awaits it. Do what opens the window before.
    ///
    /// # Errors
    /// That no window came in time.
    pub async fn window(self) -> Result<Driver> {
        self.0.await?.context("the app opened no window")
    }
}

/// Listens to the events of one start of the app; they are kept in `logs/` too, where the scan
/// for secrets finds them.
fn listen(desk: &Desk) -> Result<(Record<Value>, PathBuf)> {
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    let fifo = desk.folders().bus().join(format!("events-{number}"));
    let copy = desk.folders().logs().join(format!("events-{number}.jsonl"));
    let copy = Mutex::new(File::options().create(true).append(true).open(copy)?);
    let events = Record::default();
    let heard = events.clone();
    crate::desktop::read_fifo(&fifo, move |line| {
        let mut copy = copy.lock().unwrap_or_else(PoisonError::into_inner);
        // A copy that cannot be written is missing from the evidence, nothing more.
        let _ = writeln!(copy, "{line}");
        heard.push(serde_json::from_str(&line).unwrap_or(Value::String(line)));
    })?;
    Ok((events, fifo))
}

impl App {
    /// Starts the app as a person's desktop does.
    ///
    /// # Errors
    /// That it is not built, or does not say `started` in time.
    pub async fn start(desk: &Desk) -> Result<Self> {
        Self::start_with(desk, &[], &[]).await
    }

    /// As [`Self::start`], with arguments and further variables.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with(desk: &Desk, args: &[&str], vars: &[(&str, &str)]) -> Result<Self> {
        Self::start_program(desk, &programs::latchkey()?, args, vars).await
    }

    /// As [`Self::start_with`], of a program that is elsewhere than where it was built.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_program(
        desk: &Desk,
        program: &Path,
        args: &[&str],
        vars: &[(&str, &str)],
    ) -> Result<Self> {
        let tray_mark = desk.tray().map_or(0, |t| t.mark());
        let (events, fifo) = listen(desk)?;
        let program = desk.program("latchkey", program).args(args);
        let program = program.envs([(EVENTS, fifo)]).envs(vars.iter().copied());
        let process = desk.spawn(program)?;
        let app = Self { desk: desk.clone(), events, process: Some(process), tray_mark };
        app.event(START, "the app to start", |e| name(e) == "started").await?;
        Ok(app)
    }

    /// Starts the app through tauri-driver, so that its window can be driven. The app is there at
    /// once; the window comes when the app opens it.
    ///
    /// # Errors
    /// As [`Self::start`], or that tauri-driver is not there.
    pub async fn start_driven(
        desk: &Desk,
        args: &[&str],
        vars: &[(&str, &str)],
    ) -> Result<(Self, WindowToCome)> {
        let tray_mark = desk.tray().map_or(0, |t| t.mark());
        let (events, fifo) = listen(desk)?;
        let fifo = fifo.to_string_lossy().into_owned();
        let vars: Vec<_> = vars.iter().copied().chain([(EVENTS, fifo.as_str())]).collect();
        let mut driver = driver::window(desk, &programs::latchkey()?, args, &vars).await?;
        let app = Self { desk: desk.clone(), events, process: None, tray_mark };
        tokio::select! {
            biased;
            started = app.event(START, "the app to start", |e| name(e) == "started") => started.map(drop)?,
            window = &mut driver => {
                window?.context("tauri-driver gave up")?;
                bail!("the app opened a window before it said that it had started");
            }
        }
        Ok((app, WindowToCome(driver)))
    }

    /// All events so far.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.events.all()
    }

    /// How many events so far, to be given to [`Self::event_after`].
    #[must_use]
    pub fn mark(&self) -> usize {
        self.events.mark()
    }

    /// The first event that `wanted` accepts.
    ///
    /// # Errors
    /// That none came in time, with the last that did.
    pub async fn event(&self, limit: Duration, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        self.event_after(0, limit, what, wanted).await
    }

    /// As [`Self::event`], for events after `mark`.
    ///
    /// # Errors
    /// As [`Self::event`].
    pub async fn event_after(
        &self,
        mark: usize,
        limit: Duration,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let pick = |e: &Value| wanted(e).then(|| e.clone());
        let found = self.events.wait_after(mark, limit, what, pick);
        let Some(process) = &self.process else { return found.await };
        tokio::select! {
            biased;
            found = found => found,
            ended = process.ended(limit + limit) => {
                let log = std::fs::read_to_string(self.desk.folders().logs().join("latchkey.log"));
                bail!("the app ended ({:?}) before {what}:\n{}", ended.ok(), log.unwrap_or_default())
            }
        }
    }

    /// The event named `event` whose fields are at least those of `fields`.
    ///
    /// # Errors
    /// As [`Self::event`].
    pub async fn says(&self, mark: usize, event: &str, fields: &Value) -> Result<Value> {
        let what = format!("the event {event} {fields}");
        self.event_after(mark, WHILE, &what, |e| name(e) == event && has(e, fields)).await
    }

    /// The app's tray icon.
    ///
    /// # Errors
    /// That it registered none in time.
    pub async fn tray(&self) -> Result<Item> {
        self.desk.tray()?.item_after(self.tray_mark, START).await
    }

    /// The app's process id, as it said itself.
    ///
    /// # Errors
    /// That it did not say one.
    pub async fn pid(&self) -> Result<u64> {
        let started = self.event(START, "the app to start", |e| name(e) == "started").await?;
        started["pid"].as_u64().context("the event `started` has no pid")
    }

    /// Awaits the app's end by itself.
    ///
    /// # Errors
    /// That it does not end in time, or ends with an error.
    pub async fn ended(&self) -> Result<()> {
        let process = self.process.as_ref().context("an app that tauri-driver started has no status")?;
        let status = process.ended(WHILE).await?;
        if !status.success() {
            bail!("the app ended with {status}");
        }
        Ok(())
    }

    /// Kills the app as a crash or the out-of-memory killer does.
    ///
    /// # Errors
    /// That it is gone already.
    pub async fn kill(&self) -> Result<()> {
        let process = self.process.as_ref().context("an app that tauri-driver started is its own")?;
        process.signal(rustix::process::Signal::KILL)?;
        process.ended(WHILE).await.map(drop)
    }
}

/// The name of an event.
#[must_use]
pub fn name(event: &Value) -> &str {
    event["event"].as_str().unwrap_or("")
}

/// Whether `event` has all of `fields`, with the same values.
#[must_use]
pub fn has(event: &Value, fields: &Value) -> bool {
    fields.as_object().is_none_or(|f| f.iter().all(|(k, v)| event.get(k) == Some(v)))
}
