//! The start: the engine with its ports, and the tasks that follow what it publishes.

use crate::{
    autostart, bridge,
    desktop::{self, Desk, TrayHost},
    drawn,
    event_log::{EventLog, Happening, RecordedBrowser},
    flags::Flags,
    idle,
    program::OwnFile,
    prompts::Prompts,
    sandbox::{Places, Sandbox},
    shell::Shell,
    tray::{HOST, Look, Tray},
    windows::{Needs, Windows},
};
use adapters::{clock::SystemClock, home::Home};
use anyhow::Context;
use engine::{
    Engine, Request, Signal,
    ports::{Clock, Sandbox as _},
};
use jiff::tz::TimeZone;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
    time::Duration,
};
use tauri::{AppHandle, Manager};
use tokio::{
    sync::{
        mpsc::{UnboundedReceiver, unbounded_channel},
        oneshot, watch,
    },
    task::JoinHandle,
};
use view::{Around, ui_state::UiPlace};

/// A panel that starts with the desktop may come after us; a hidden start waits so long for it.
const PANEL_COMES_IN: Duration = Duration::from_secs(10);

/// What runs.
pub struct Running {
    /// For whoever forwards a wish.
    pub shell: Shell,
    /// The tray.
    pub tray: Tray,
    /// Used up by the first [`Running::paint`].
    look: Mutex<Option<(Look, oneshot::Sender<()>)>>,
}

impl Running {
    /// Starts to paint the tray; menus need the main loop to run.
    pub fn paint(&self, app: &AppHandle) {
        let Some((look, painted)) = self.look.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        let snapshots = self.shell.engine.snapshots();
        self.shell.runtime.spawn(self.tray.clone().paint(app.clone(), look, snapshots, painted));
    }
}

/// What needs neither the lock nor the toolkit.
pub struct Early {
    log: Arc<EventLog>,
    focused: Arc<AtomicBool>,
    desk: Arc<Desk>,
    wishes: UnboundedReceiver<Request>,
    host: watch::Receiver<TrayHost>,
    dark_panel: watch::Receiver<bool>,
}

/// Asks the desktop what it is like: its services answer while the toolkit starts, which takes as long.
pub async fn early() -> Early {
    let log = Arc::new(EventLog::from_environment());
    let (requests, wishes) = unbounded_channel();
    let focused = Arc::new(AtomicBool::new(false));
    let desk = Desk::connect(requests, Arc::clone(&focused), Arc::clone(&log), Arc::new(SystemClock)).await;
    let (host, dark_panel) = tokio::join!(desk.tray_host(), desk.dark_panel());
    Early { log, focused, desk: Arc::new(desk), wishes, host, dark_panel }
}

/// Starts the engine and everything that follows it.
///
/// # Errors
/// A door to the world cannot be opened: what, and what to do, is in the error.
pub async fn start(
    app: &AppHandle,
    home: &Home,
    flags: Flags,
    early: JoinHandle<Early>,
    own_file: Arc<OwnFile>,
) -> anyhow::Result<Running> {
    let (signals, told) = unbounded_channel();
    let sandbox = Arc::new(Sandbox::new(sandbox_places(home)));
    let doors = adapters::open(home, &|name| std::env::var_os(name))?;
    let Early { log, focused, desk, wishes, host, dark_panel } =
        early.await.context("could not ask the desktop what it is like")?;
    if let Some(moved) = &doors.store_moved_aside {
        tracing::error!(moved = %moved.display(), "the store was damaged, was moved aside and begun anew");
        log.write(&Happening::Error { code: "store_moved_aside".to_owned() });
    }
    let clock: Arc<dyn Clock> = doors.clock.clone();
    let engine = Engine::start(
        engine::ports::Ports {
            clock: doors.clock,
            sso: doors.sso,
            vault: doors.vault,
            store: doors.store,
            settings: doors.settings,
            files: doors.files,
            browser: Arc::new(RecordedBrowser::new(doors.browser, Arc::clone(&log))),
            redirect: doors.redirect,
            sandbox: sandbox.clone(),
            desktop: desk.clone(),
            exports: doors.exports,
            keys: Arc::new(adapters::keys::SystemKeys::new(clock.clone())),
            native: doors.native,
            program: own_file.clone(),
        },
        TimeZone::system(),
    );
    let needs = Needs {
        log: Arc::clone(&log),
        focused,
        signals: signals.clone(),
        place: home.state.join("window.json"),
        web_data: home.state.join("webview"),
    };
    let windows = Arc::new(Windows::new(app.clone(), needs));
    let prompts = Arc::new(Prompts::new(app.clone(), Arc::clone(&log)));
    let runtime = tokio::runtime::Handle::current();
    let places = Arc::new(places(home));
    let first = *host.borrow();
    let around = watch::Sender::new(Around {
        tray: first.shows_us(),
        tray_host: first.present.then_some(HOST),
        ..Around::default()
    });
    let shell = Shell { engine, windows, prompts, log, around, clock, places, runtime };
    app.manage(shell.clone());

    let (painted, was_painted) = oneshot::channel();
    let options = adapters::settings::tray(home);
    let look = Look { dark_panel, options, icon_folder: icon_folder(home) };
    desk.watch(&signals);
    let snapshots = || shell.engine.snapshots();
    tokio::spawn(bridge::feed_window(shell.clone(), snapshots()));
    tokio::spawn(bridge::record(shell.clone(), snapshots()));
    tokio::spawn(bridge::ask_for_pins(shell.clone(), snapshots()));
    tokio::spawn(bridge::show_sign_ins(shell.clone(), snapshots()));
    tokio::spawn(bridge::return_after_sign_in(shell.clone(), snapshots()));
    tokio::spawn(drawn::see_to_it(shell.clone()));
    tokio::spawn(idle::stay_small(shell.windows.page()));
    tokio::spawn(autostart::follow(app.clone(), snapshots(), shell.around.clone()));
    tokio::spawn(forward(shell.clone(), wishes, told));
    let cache = adapters::home::sso_cache(home);
    tokio::spawn(watch_files(shell.clone(), home.sandbox_aws().join("credentials"), cache, signals));
    tokio::spawn(follow_panel(shell.clone(), host.clone()));
    tokio::spawn(first_window(shell.clone(), flags, was_painted, host));
    tokio::spawn(own_file.clone().watch());
    tokio::spawn(quit_when_told(app.clone(), shell.clone(), own_file.clone()));
    tokio::spawn(end_with_engine(app.clone(), shell.clone(), sandbox, desk, own_file));
    Ok(Running { tray: Tray::new(shell.clone()), shell, look: Mutex::new(Some((look, painted))) })
}

/// For Settings: the person may want to read, back up or delete them.
fn places(home: &Home) -> Vec<UiPlace> {
    let place = |name: &str, path: PathBuf, about: &str| UiPlace {
        name: name.to_owned(),
        path: path.display().to_string(),
        about: about.to_owned(),
    };
    vec![
        place(
            "Settings file",
            home.settings(),
            "What you set here. You may edit it while Latchkey does not run.",
        ),
        place("Logs", home.state.join("logs"), "One file a day, kept for a week. No secret is in them."),
        place(
            "Data",
            home.database(),
            "Organisations, accounts and Activity. Secrets in it are sealed with a key in your keyring.",
        ),
    ]
}

fn sandbox_places(home: &Home) -> Places {
    let aws = home.sandbox_aws();
    Places {
        data: home.sandbox.join("server"),
        credentials: aws.join("credentials"),
        config: aws.join("config"),
    }
}

/// The panel reads the icon from a file. In the runtime folder, which is the person's alone and gone
/// after the session; never in a folder that all users share.
fn icon_folder(home: &Home) -> PathBuf {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    let own = format!("tray-icon-{}", std::process::id());
    match runtime {
        Some(runtime) => runtime.join("latchkey").join(own),
        None => home.state.join(own),
    }
}

/// Presses and signals on their way to the engine.
async fn forward(shell: Shell, mut wishes: UnboundedReceiver<Request>, mut told: UnboundedReceiver<Signal>) {
    loop {
        tokio::select! {
            Some(request) = wishes.recv() => shell.wish(request),
            Some(signal) = told.recv() => {
                tracing::info!(?signal);
                shell.engine.signal(signal);
            }
            else => return,
        }
    }
}

/// Watches the person's credentials file, wherever the environment put it, the sandbox's, and the cache of
/// sign-ins.
async fn watch_files(
    shell: Shell,
    of_sandbox: PathBuf,
    cache: PathBuf,
    signals: tokio::sync::mpsc::UnboundedSender<Signal>,
) {
    let mut snapshots = shell.engine.snapshots();
    let Ok(file) = snapshots.wait_for(|now| now.loaded).await.map(|now| now.file.clone()) else { return };
    let neighbour = file.path.with_file_name("config");
    let files = [Some(file.path), file.target, Some(neighbour), Some(of_sandbox)];
    desktop::watch_files(files.into_iter().flatten().collect(), cache, signals);
}

/// Tells the window and the event log whether a panel shows our icon.
async fn follow_panel(shell: Shell, mut host: watch::Receiver<TrayHost>) {
    let mut was = false;
    loop {
        let is = host.borrow_and_update().registered;
        if is && !was {
            shell.log.write(&Happening::TrayRegistered);
        }
        let now = *host.borrow();
        let (tray, tray_host) = (now.shows_us(), now.present.then_some(HOST));
        shell.around.send_if_modified(|known| {
            let news = (known.tray, known.tray_host) != (tray, tray_host);
            (known.tray, known.tray_host) = (tray, tray_host);
            news
        });
        was = is;
        if host.changed().await.is_err() {
            return;
        }
    }
}

/// Opens the window at the start when there is something to set up, or nothing to open it from.
async fn first_window(
    shell: Shell,
    flags: Flags,
    painted: oneshot::Receiver<()>,
    mut host: watch::Receiver<TrayHost>,
) {
    if shell.engine.snapshots().wait_for(|now| now.loaded).await.is_err() {
        return;
    }
    let tray_works = painted.await.is_ok();
    shell.log.write(&Happening::Started { pid: std::process::id() });
    if flags.sandbox {
        shell.wish(Request::StartSandbox);
        return shell.raise(None);
    }
    if let Some(link) = &flags.link {
        return shell.follow_link(link);
    }
    if flags.window || shell.ui_state().first_run.is_some() && !flags.hidden {
        return shell.raise(None);
    }
    let patience = if flags.hidden { PANEL_COMES_IN } else { Duration::ZERO };
    let panel = host.wait_for(|host| host.present);
    if !(tray_works && matches!(tokio::time::timeout(patience, panel).await, Ok(Ok(_)))) {
        shell.raise(None);
    }
}

/// The engine ends after [`Request::Quit`], and the app with it.
async fn end_with_engine(
    app: AppHandle,
    shell: Shell,
    sandbox: Arc<Sandbox>,
    desk: Arc<Desk>,
    own_file: Arc<OwnFile>,
) {
    let mut snapshots = shell.engine.snapshots();
    while snapshots.changed().await.is_ok() {}
    let again = own_file.starts_again(shell.windows.open().is_some());
    tracing::info!(again, "the engine has ended");
    desk.forget_secrets().await;
    sandbox.stop().await;
    app.exit(0);
}

/// Windows tells a program's windows, not the program.
#[cfg(not(unix))]
#[expect(clippy::unused_async, reason = "elsewhere it waits for signals")]
async fn quit_when_told(_app: AppHandle, _shell: Shell, _own_file: Arc<OwnFile>) {}

/// The session's end and Ctrl-C quit as the tray does; a second time without waiting.
#[cfg(unix)]
async fn quit_when_told(app: AppHandle, shell: Shell, own_file: Arc<OwnFile>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()), signal(SignalKind::hangup()))
    else {
        return;
    };
    let mut told = false;
    loop {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
        own_file.told_to_end();
        if std::mem::replace(&mut told, true) {
            app.exit(1);
        } else {
            shell.quit_now();
        }
    }
}
