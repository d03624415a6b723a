//! The app's log: one file a day in the state directory, kept for a week. Secrets cannot reach it,
//! because the types that hold them have no `Display` and a redacted `Debug`.

use std::{fs, io, path::Path};
use tracing_appender::{
    non_blocking::{NonBlockingBuilder, WorkerGuard},
    rolling,
};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Days of logs that are kept.
const KEPT_DAYS: usize = 7;

/// Lines on their way to the file. Room for them is taken at once, 4 MB for as many as the library would have.
const WAITING_LINES: usize = 2_048;

/// Which targets are written when `LATCHKEY_LOG` says nothing: ours, and warnings of all others.
/// zbus logs whole messages at trace and debug, a Secret Service's answer among them: never below `warn`.
const FILTER: &str =
    "warn,latchkey=info,engine=info,adapters=info,view=info,link=info,aws_files=info,keys=info";

/// Caps for libraries that would write what passes through them, whatever `LATCHKEY_LOG` asks for.
const CAPS: [&str; 10] = [
    "zbus=warn",
    "hyper=warn",
    "hyper_util=warn",
    "h2=warn",
    "reqwest=warn",
    "rustls=warn",
    "keyring=warn",
    "zbus_secret_service_keyring_store=warn",
    "webauthn_authenticator_rs=off",
    "webauthn_rs_core=warn",
];

/// Starts the log. The guard writes what is left when it is dropped, at the very end of `main`.
///
/// # Errors
/// The directory or the file cannot be made.
pub fn start(directory: &Path) -> io::Result<WorkerGuard> {
    fs::create_dir_all(directory)?;
    let file = rolling::Builder::new()
        .rotation(rolling::Rotation::DAILY)
        .filename_prefix("latchkey")
        .filename_suffix("log")
        .max_log_files(KEPT_DAYS)
        .build(directory)
        .map_err(io::Error::other)?;
    let (writer, guard) = NonBlockingBuilder::default().buffered_lines_limit(WAITING_LINES).finish(file);
    let filter = CAPS.iter().filter_map(|cap| cap.parse().ok()).fold(
        EnvFilter::try_from_env("LATCHKEY_LOG").unwrap_or_else(|_| EnvFilter::new(FILTER)),
        EnvFilter::add_directive,
    );
    tracing_subscriber::registry()
        .with(filter)
        .with(tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer))
        .try_init()
        .map_err(io::Error::other)?;
    Ok(guard)
}
