//! `latch serve`: the container credentials endpoint (AWS SDKs and Tools reference, "Container credential
//! provider"), on 127.0.0.1. A stranger without the token gets nothing, nor does a page in a browser: the
//! token is no bearer that a page could send, and the Host has to be ours.

use crate::{
    access::Access,
    args::Named,
    commands::{environment::IN_THE_WAY, keys},
    exit,
    find::{Stop, ask, unexpected},
    out,
};
use link::{Credentials, Reply};
use rand::{TryRngCore, rngs::OsRng};
use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    io::Write,
    path::PathBuf,
    process::{Command, ExitStatus},
    sync::Arc,
    thread,
};
use subtle::ConstantTimeEq;
use tiny_http::{Header, Method, Response, Server, StatusCode};
use zeroize::Zeroizing;

/// So many are answered at once.
const AT_ONCE: usize = 8;

/// The path; one server is for one consumer.
const PATH: &str = "/credentials";

/// Who may ask, and for what.
struct Counter {
    token: Zeroizing<String>,
    hosts: [String; 2],
    meant: keys::Meant,
}

/// `latch serve`.
pub fn serve(
    mut access: Access,
    whose: &Named,
    port: Option<u16>,
    command: &[OsString],
    json: bool,
) -> Result<u8, Stop> {
    // Asked for once before anything is promised; what has to be confirmed is confirmed here.
    let (meant, first) = keys::meant(&mut access, whose)?;
    // An engine of our own is given up at once: the app may start while this goes on for days.
    drop(access);
    let failed = |what: &str| {
        let what = what.to_owned();
        move |error: &dyn std::fmt::Display| Stop::new("failed", &format!("{what}: {error}"), "")
    };
    let server = Server::http(("127.0.0.1", port.unwrap_or(0)))
        .map_err(|error| failed("The port could not be opened")(&error))?;
    let port = server.server_addr().to_ip().map(|address| address.port()).ok_or_else(unexpected)?;
    let token = new_token().map_err(|error| failed("No token could be made")(&error))?;
    let counter = Arc::new(Counter {
        token: token.clone(),
        hosts: [format!("127.0.0.1:{port}"), format!("localhost:{port}")],
        meant,
    });
    let server = Arc::new(server);
    let workers: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (server, counter) = (Arc::clone(&server), Arc::clone(&counter));
            thread::spawn(move || {
                while let Ok(request) = server.recv() {
                    counter.answer(request);
                }
            })
        })
        .collect();
    let uri = format!("http://127.0.0.1:{port}{PATH}");
    if let Some((program, arguments)) = command.split_first() {
        let mut child = Command::new(program);
        child.args(arguments);
        child.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &uri);
        child.env("AWS_CONTAINER_AUTHORIZATION_TOKEN", token.as_str());
        child.env("AWS_REGION", &first.region).env("AWS_DEFAULT_REGION", &first.region);
        // Each of these is looked at before the container's endpoint.
        for name in IN_THE_WAY.iter().chain(&KEYS_IN_THE_WAY) {
            child.env_remove(name);
        }
        return match child.status() {
            Ok(status) => Ok(ended(status)),
            Err(error) => Err(failed(&format!("{} cannot be run", program.to_string_lossy()))(&error)),
        };
    }
    let file = TokenFile::write(&token).map_err(|error| failed("The token could not be written")(&error))?;
    let path = file.0.display().to_string();
    if json {
        out::json(&serde_json::json!({
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": uri,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": path,
        }));
    } else {
        out::line(&format!("export AWS_CONTAINER_CREDENTIALS_FULL_URI='{uri}'"));
        out::line(&format!("export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE='{path}'"));
        out::tell("Serving until you interrupt this.");
    }
    wait_for_interrupt();
    server.unblock();
    drop(file);
    drop(workers);
    Ok(exit::INTERRUPTED)
}

/// Keys that a program finds in its environment before it asks an endpoint.
const KEYS_IN_THE_WAY: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

impl Counter {
    fn answer(&self, request: tiny_http::Request) {
        let header = |name: &str| {
            request
                .headers()
                .iter()
                .find(|h| h.field.as_str().as_str().eq_ignore_ascii_case(name))
                .map(|h| h.value.as_str())
        };
        let host = header("Host").is_some_and(|host| self.hosts.iter().any(|ours| ours == host));
        let token = header("Authorization")
            .is_some_and(|given| bool::from(given.as_bytes().ct_eq(self.token.as_bytes())));
        let (status, body) = match (request.method(), request.url()) {
            _ if !host => (403, refusal("Forbidden", "Ask 127.0.0.1")),
            _ if !token => (401, refusal("Unauthorized", "The token is not ours")),
            (Method::Get, PATH) => self.credentials(),
            (_, PATH) => (405, refusal("MethodNotAllowed", "Use GET")),
            _ => (404, refusal("NotFound", "Nothing here")),
        };
        let mut response = Response::from_string(body.as_str()).with_status_code(StatusCode(status));
        for (name, value) in [("Content-Type", "application/json"), ("Cache-Control", "no-store")] {
            if let Ok(header) = Header::from_bytes(name, value) {
                response.add_header(header);
            }
        }
        // Whoever went away meanwhile misses nothing.
        let _ = request.respond(response);
    }

    fn credentials(&self) -> (u16, Zeroizing<String>) {
        let request = self.meant.request(true, true);
        let reply = Access::open().map_err(Stop::from).and_then(|mut access| ask(&mut access, &request));
        match reply {
            Ok(Reply::Credentials(keys)) => (200, document(&keys)),
            Ok(_) => (500, refusal("Internal", "Latchkey gave another answer")),
            Err(Stop::Problem(problem)) => {
                out::problem(&problem);
                // SDKs ask again after 5xx; a 4xx is told to the program.
                let status = if exit::of(&problem.code) == exit::NO_ANSWER { 503 } else { 403 };
                (status, refusal(&problem.code, &problem.title))
            }
            Err(Stop::Left) => (403, refusal("Denied", "The person left it")),
        }
    }
}

/// 256 bits from the system, as text that a header can carry.
fn new_token() -> Result<Zeroizing<String>, <OsRng as TryRngCore>::Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    OsRng.try_fill_bytes(&mut *bytes)?;
    Ok(Zeroizing::new(hex::encode(*bytes)))
}

/// The status of a command as the shell has it.
fn ended(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(exit::FAILED);
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(exit::FAILED)
}

fn document(keys: &Credentials) -> Zeroizing<String> {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Document<'a> {
        access_key_id: &'a str,
        secret_access_key: &'a str,
        token: &'a str,
        expiration: &'a str,
        account_id: &'a str,
    }
    let document = Document {
        access_key_id: keys.access_key_id.expose(),
        secret_access_key: keys.secret_access_key.expose(),
        token: keys.session_token.expose(),
        expiration: &keys.expires,
        account_id: &keys.account,
    };
    // A structure of plain strings always has a JSON form.
    Zeroizing::new(serde_json::to_string(&document).unwrap_or_default())
}

fn refusal(code: &str, message: &str) -> Zeroizing<String> {
    Zeroizing::new(serde_json::json!({ "code": code, "message": message }).to_string())
}

/// The token in a file of one's own, gone with this.
struct TokenFile(PathBuf);

impl TokenFile {
    fn write(token: &str) -> std::io::Result<Self> {
        let folder = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|p| p.is_absolute());
        let folder = folder.unwrap_or_else(std::env::temp_dir);
        let path = folder.join(format!("latch-serve-{}.token", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // No line feed at the end: botocore refuses a token that has one.
        options.open(&path)?.write_all(token.as_bytes())?;
        Ok(Self(path))
    }
}

impl Drop for TokenFile {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = fs::remove_file(&self.0);
    }
}

/// Until Ctrl-C, a closed terminal or the system's end.
fn wait_for_interrupt() {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut terminate), Ok(mut hangup)) =
                (signal(SignalKind::terminate()), signal(SignalKind::hangup()))
            else {
                return;
            };
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    });
}
