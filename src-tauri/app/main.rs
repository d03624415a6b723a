//! The desktop app: starts the engine with its doors to the world, and shows what it publishes in the
//! tray and, when it is wanted, in the window.
//!
//! Invariant: the shell forwards. It knows what there is to start and in which order, and decides
//! nothing about sign-ins, accounts or profiles.

mod autostart;
mod bridge;
mod commands;
mod desktop;
mod drawing;
mod drawn;
mod event_log;
mod flags;
mod idle;
mod lead;
mod logging;
mod program;
mod prompts;
mod sandbox;
mod shell;
mod start;
mod tray;
mod windows;

use adapters::home::Home;
use anyhow::Context;
use engine::{Request, request::KeysRequest};
use flags::{Flags, HELP};
use program::OwnFile;
use std::{
    collections::hash_map::DefaultHasher, hash::Hasher, io::Write, process::ExitCode, sync::Arc,
    time::Duration,
};
use tauri::{App, AppHandle, Manager, RunEvent, Wry};
use tauri_plugin_autostart::MacosLauncher;
use tokio::runtime::{Builder, Runtime};

/// What still runs when the app ends, such as a request whose answer nobody waits for, gets so long.
const LAST_BREATH: Duration = Duration::from_secs(2);

/// Threads that wait for the network and timers, however many cores there are: each keeps memory of its own.
const WORKERS: usize = 2;

/// Threads for files, the store and the clipboard, which end when they have had nothing to do for a while.
const MOST_BLOCKING: usize = 16;

fn main() -> ExitCode {
    let flags = match Flags::parse(std::env::args().skip(1)) {
        Ok(flags) => flags,
        Err(unknown) => {
            say(&format!("latchkey: unknown argument {unknown}\n{HELP}"));
            return ExitCode::from(2);
        }
    };
    if flags.help || flags.version {
        answer(if flags.help { HELP } else { concat!("latchkey ", env!("CARGO_PKG_VERSION"), "\n") });
        return ExitCode::SUCCESS;
    }
    // First of all: later it may be another one.
    let own_file = OwnFile::of_this_program().map(Arc::new);
    let ended = own_file.context("could not tell where this program is").and_then(|own_file| {
        let code = run(flags, &own_file)?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
        own_file.give_way().context("the new version of Latchkey could not be started; start it yourself")?;
        Ok(code)
    });
    match ended {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{error:#}");
            say(&format!("latchkey: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// To whoever asked; one that went away is not told.
fn answer(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

#[expect(clippy::print_stderr, reason = "said to whoever started the app from a terminal")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn run(flags: Flags, own_file: &Arc<OwnFile>) -> anyhow::Result<ExitCode> {
    if let Some(process) = flags.after {
        keys::system::wait_for(process);
    }
    #[cfg(target_os = "linux")]
    program::children::see_out();
    // Before anything that could speak TLS: two providers in one program panic at the first use.
    adapters::install_crypto_provider();
    let home = Home::resolve(&|name| std::env::var_os(name))?;
    home.make()?;
    let _log = logging::start(&home.state.join("logs")).context("could not start the log")?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), ?flags, "start");
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(MOST_BLOCKING)
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    tauri::async_runtime::set(runtime.handle().clone());
    let early = runtime.spawn(start::early());
    let app = build(&home)?;
    let Some(lock) = lead::take(&home, &flags)? else {
        tracing::info!("another one runs and shows its window");
        return Ok(ExitCode::SUCCESS);
    };
    let running = runtime.block_on(start::start(app.handle(), &home, flags, early, Arc::clone(own_file)))?;
    // Without the socket the app works, only other programs of ours do not find it.
    let listener = lead::listen(&home, &lock, running.shell.clone())
        .inspect_err(|error| tracing::warn!(%error, "other programs of Latchkey cannot reach this one"));
    let code = app.run_return(move |app, event| on_event(app, &running, event));
    drop(listener);
    end(runtime);
    // Last of all: while something still runs here, nobody else is the engine.
    drop(lock);
    tracing::info!(code, "end");
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}

fn end(runtime: Runtime) {
    runtime.shutdown_timeout(LAST_BREATH);
}

/// Tauri with its plugins; a second app on the same desktop ends in here, having raised the first's
/// window.
fn build(home: &Home) -> tauri::Result<App> {
    let context = tauri::generate_context!();
    let mut single =
        tauri_plugin_single_instance::Builder::<Wry>::new().callback(|app, arguments, _folder| {
            if let Some(shell) = app.try_state::<shell::Shell>() {
                // The second start has refused what it does not know.
                let flags = Flags::parse(arguments.into_iter().skip(1)).unwrap_or_default();
                shell.started_again(&flags);
            }
        });
    if cfg!(target_os = "linux") {
        single = single.dbus_id(instance_id(&context.config().identifier, home));
    }
    tauri::Builder::default()
        .plugin(single.build())
        .plugin(tauri_plugin_autostart::init(MacosLauncher::LaunchAgent, Some(vec!["--hidden"])))
        .invoke_handler(tauri::generate_handler![
            commands::state,
            commands::portal,
            commands::ask,
            commands::drawn,
            commands::broke,
            commands::enter_secret,
            commands::prompt,
            commands::enter_pin,
            commands::give_up,
            commands::allow,
            commands::another_key
        ])
        .build(context)
}

/// A moved home is another app: it must not raise the window of the one that holds the person's own.
fn instance_id(identifier: &str, home: &Home) -> String {
    home.moved_to.as_ref().map_or_else(
        || identifier.to_owned(),
        |moved| {
            let mut hasher = DefaultHasher::new();
            hasher.write(moved.as_os_str().as_encoded_bytes());
            format!("{identifier}.home{:016x}", hasher.finish())
        },
    )
}

fn on_event(app: &AppHandle, running: &start::Running, event: RunEvent) {
    let shell = &running.shell;
    match event {
        RunEvent::Ready => running.paint(app),
        RunEvent::TrayIconEvent(event) => running.tray.on_icon(&event),
        RunEvent::MenuEvent(event) => running.tray.clicked(event.id().as_ref()),
        RunEvent::WindowEvent { label, event, .. } if label != windows::MAIN => {
            shell.answered(shell.prompts.on_event(&label, &event));
        }
        RunEvent::WindowEvent { event, .. } => {
            // Nobody looks at security keys any more.
            if matches!(event, tauri::WindowEvent::Destroyed) {
                shell.answered(Some(Request::Keys(KeysRequest::Follow(false))));
            }
            let closing = shell.windows.on_event(&event);
            if let (true, tauri::WindowEvent::CloseRequested { api, .. }) = (closing, event)
                && !shell.snapshot().settings.keep_running
            {
                // The person set that closing quits: it says what stops first.
                api.prevent_close();
                shell.quit();
            }
        }
        // The last window is closed: the app stays in the tray.
        RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => shell.raise(None),
        #[cfg(target_os = "macos")]
        RunEvent::Opened { urls } => {
            for url in urls {
                shell.follow_link(url.as_str());
            }
        }
        _ => {}
    }
}
