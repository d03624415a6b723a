//! `latchkey-server sandbox` as a program: its ready line, its port, its doors, its stdin.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
};
use support::{Person, SandboxServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn folder() -> Result<tempfile::TempDir> {
    Ok(tempfile::Builder::new().prefix("lk-sandbox-").tempdir()?)
}

#[tokio::test]
async fn the_ready_line_says_everything_an_app_needs() -> Result<()> {
    let server = SandboxServer::start().await?;
    let line: Value = serde_json::from_str(server.ready_line())?;
    let ready = server.ready();
    ensure!(ready.start_url.host_str() == Some("localhost") && ready.start_url.scheme() == "http", "{line}");
    ensure!(ready.issuer_url.host_str() == Some("localhost"), "{line}");
    for url in [&ready.oidc_endpoint, &ready.portal_endpoint, &ready.sts_endpoint, &ready.federation_endpoint]
    {
        ensure!(url.port() == Some(server.port()?), "{url} is on another port");
    }
    let short: Vec<_> = ready.users.iter().filter(|u| u.password.len() < 12).collect();
    ensure!(short.is_empty(), "passwords too short to be random: {}", short.len());
    Ok(())
}

/// What was made once stays: the port, the passwords, the instance; another installation differs.
#[tokio::test]
async fn an_installation_is_kept_and_no_two_are_alike() -> Result<()> {
    let data = folder()?;
    let first = SandboxServer::start_in(data.path()).await?;
    let line = first.ready_line().to_owned();
    first.end().await?;
    let again = SandboxServer::start_in(data.path()).await?;
    ensure!(again.ready_line() == line, "the second start differs");
    let other = SandboxServer::start().await?;
    let passwords =
        |s: &SandboxServer| s.ready().users.iter().map(|u| u.password.clone()).collect::<Vec<_>>();
    let shared = passwords(&again).into_iter().any(|p| passwords(&other).contains(&p));
    ensure!(!shared, "two installations share a password");
    ensure!(
        other.ready().start_url_alias != again.ready().start_url_alias,
        "two installations share an alias"
    );
    Ok(())
}

#[tokio::test]
async fn what_the_sandbox_keeps_is_private() -> Result<()> {
    let server = SandboxServer::start().await?;
    let mode =
        |path: &std::path::Path| Ok::<_, std::io::Error>(path.metadata()?.permissions().mode() & 0o777);
    ensure!(mode(server.data())? == 0o700, "the data folder is {:o}", mode(server.data())?);
    for entry in std::fs::read_dir(server.data())?.flatten() {
        let found = mode(&entry.path())?;
        ensure!(found & 0o077 == 0, "{} is {found:o}", entry.path().display());
    }
    let passwords = server.ready().users.iter().map(|u| u.password.clone());
    let mut secrets = support::secrets::Secrets::default();
    for password in passwords {
        // The one file that may tell them again; not the database, not a log.
        secrets.add_allowed(
            "password",
            password.as_bytes(),
            &password_files(&server)?.each_ref().map(|p| p.as_path()),
        )?;
    }
    secrets.scan(&[server.data().to_owned()])?;
    Ok(())
}

/// The file in which a sandbox keeps its sample passwords.
fn password_files(server: &SandboxServer) -> Result<[std::path::PathBuf; 1]> {
    let password = &server.user()?.password;
    let mut files = std::fs::read_dir(server.data())?.flatten().map(|e| e.path()).filter(|p| p.is_file());
    let holds =
        |p: &std::path::PathBuf| std::fs::read_to_string(p).is_ok_and(|t| t.contains(password.as_str()));
    Ok([files.find(holds).context("no file keeps the passwords")?])
}

/// A port that somebody else has: another one is chosen, kept and printed.
#[tokio::test]
async fn a_taken_port_is_given_up_for_good() -> Result<()> {
    let data = folder()?;
    let first = SandboxServer::start_in(data.path()).await?;
    let port = first.port()?;
    first.end().await?;
    let _taken = TcpListener::bind(("127.0.0.1", port))?;
    let second = SandboxServer::start_in(data.path()).await?;
    let moved = second.port()?;
    ensure!(moved != port, "it took a port that is taken");
    second.end().await?;
    drop(_taken);
    let third = SandboxServer::start_in(data.path()).await?;
    ensure!(third.port()? == moved, "it did not keep its new port");
    Ok(())
}

/// The same port on both loopback addresses, and nowhere else.
#[tokio::test]
async fn it_listens_on_loopback_only() -> Result<()> {
    let server = SandboxServer::start().await?;
    let port = server.port()?;
    TcpStream::connect(("127.0.0.1", port)).context("127.0.0.1")?;
    if TcpListener::bind(("::1", 0)).is_ok() {
        TcpStream::connect(("::1", port)).context("::1")?;
    }
    let table = std::fs::read_to_string("/proc/net/tcp")?;
    let end = format!(":{port:04X}");
    let listening: Vec<_> =
        table.lines().filter_map(|l| l.split_whitespace().nth(1)).filter(|a| a.ends_with(&end)).collect();
    ensure!(listening.iter().all(|a| a.starts_with("0100007F")), "it listens on {listening:?}");
    ensure!(!listening.is_empty(), "it listens nowhere");
    Ok(())
}

/// Sends a request as it is and gives the status line.
pub(super) async fn raw(port: u16, request: &str) -> Result<String> {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    support::within(support::deadline::SOON, "an answer", stream.read_to_end(&mut answer)).await?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    Ok(answer)
}

/// DNS rebinding, foreign pages, and neighbours: Host is checked, Origin is checked, no CORS.
#[tokio::test]
async fn strangers_get_nothing() -> Result<()> {
    let server = SandboxServer::start().await?;
    let port = server.port()?;
    let get = |host: &str| format!("GET /start HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    for host in ["evil.test", "localhost.evil.test", "localhost", &format!("evil.test:{port}"), ""] {
        let answer = raw(port, &get(host)).await?;
        let status = answer.lines().next().unwrap_or_default().to_owned();
        ensure!(status.contains(" 421 ") || status.contains(" 400 "), "Host {host:?}: {status}");
    }
    let answer = raw(port, &get(&format!("localhost:{port}"))).await?;
    ensure!(!answer.starts_with("HTTP/1.1 421"), "the right host is refused");
    ensure!(!answer.to_ascii_lowercase().contains("access-control-"), "there are CORS headers");
    let lower = answer.to_ascii_lowercase();
    for header in ["content-security-policy:", "x-content-type-options: nosniff", "referrer-policy:"] {
        ensure!(lower.contains(header), "no {header} in\n{answer}");
    }
    let post = |origin: &str| {
        let body = "username=sam&password=guess";
        format!(
            "POST /sign-in HTTP/1.1\r\nHost: localhost:{port}\r\n{origin}Connection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    for origin in ["Origin: http://evil.test\r\n", "Origin: null\r\n"] {
        let answer = raw(port, &post(origin)).await?;
        ensure!(
            answer.starts_with("HTTP/1.1 403"),
            "{origin:?}: {}",
            answer.lines().next().unwrap_or_default()
        );
    }
    let big = format!(
        "POST /token HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: 50000000\r\n\r\n{{"
    );
    let answer = raw(port, &big).await?;
    ensure!(answer.starts_with("HTTP/1.1 413"), "50 MB: {}", answer.lines().next().unwrap_or_default());
    let chunk = "x".repeat(16 * 1024 + 1);
    let chunked = format!(
        "POST /token HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{chunk}\r\n0\r\n\r\n",
        chunk.len()
    );
    let answer = raw(port, &chunked).await?;
    ensure!(answer.starts_with("HTTP/1.1 413"), "chunks: {}", answer.lines().next().unwrap_or_default());
    Ok(())
}

#[tokio::test]
async fn control_lines_are_answered_and_nonsense_is_refused() -> Result<()> {
    let server = SandboxServer::start().await?;
    server.expire_access_tokens().await?;
    for nonsense in
        [json!({ "expire": "everything" }), json!({ "dance": 1 }), json!([]), json!({ "throttle": -1 })]
    {
        let answer = server.control(nonsense.clone()).await;
        ensure!(answer.is_err(), "{nonsense} was accepted");
    }
    let mark = server.process().lines().mark();
    server.process().write_bytes(b"\xff\xfe\n").await?;
    let what = "an answer to bytes that are no text";
    let answer =
        server.process().lines().wait_after(mark, support::deadline::SOON, what, |l| Some(l.clone())).await?;
    ensure!(answer.contains("\"error\"") && answer.contains("UTF-8"), "{answer}");
    server.expire_credentials().await?;
    Ok(())
}

/// The app holds the server's stdin: when the app is gone, so is the server.
#[tokio::test]
async fn the_end_of_its_input_is_its_end() -> Result<()> {
    let server = SandboxServer::start().await?;
    server.end().await?;
    ensure!(TcpStream::connect(("127.0.0.1", server.port()?)).is_err(), "somebody still listens");
    Ok(())
}

/// Wrong passwords: a clear message that tells nobody who exists, then a pause, for anyone.
#[tokio::test]
async fn guessing_passwords_is_stopped() -> Result<()> {
    let server = SandboxServer::start().await?;
    let person = Person::new()?;
    let mut page = person.open(&server.ready().start_url).await?;
    let mut texts = Vec::new();
    for _ in 0..12 {
        let form = page.form("sign-in")?.with("username", "sam").with("password", "wrong password");
        page = person.send(&form).await?;
        texts.push((page.status.as_u16(), page.text()));
    }
    ensure!(texts.iter().any(|(s, _)| *s == 429), "never locked: {:?}", texts.last());
    let form = page.form("sign-in")?.with("username", "sam").with("password", &server.user()?.password);
    let locked = person.send(&form).await?;
    ensure!(locked.status == 429, "the right password opens a locked account: {}", locked.status);

    let other = Person::new()?;
    let page = other.open(&server.ready().start_url).await?;
    let form = page.form("sign-in")?.with("username", "nobody").with("password", "wrong password");
    let unknown = other.send(&form).await?;
    ensure!(
        unknown.text() == texts[0].1.replace("sam", "nobody"),
        "unknown users look different:\n{}",
        unknown.text()
    );
    Ok(())
}

/// A form that was not asked for does nothing, even from the right origin.
#[tokio::test]
async fn a_form_without_its_csrf_token_is_refused() -> Result<()> {
    let server = SandboxServer::start().await?;
    let person = Person::new()?;
    let page = person.open(&server.ready().start_url).await?;
    let user = server.user()?;
    let whole = page.form("sign-in")?.with("username", &user.username).with("password", &user.password);
    let mut bare = whole.clone();
    bare.fields.retain(|(name, _)| name == "username" || name == "password");
    ensure!(bare.fields.len() < whole.fields.len(), "the form has no token");
    let page = person.send(&bare).await?;
    ensure!(page.status == 403, "without its token: {}", page.status);
    Ok(())
}
