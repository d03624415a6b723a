//! The browser's answer to a sign-in: `http://127.0.0.1:PORT/oauth/callback?code=…&state=…` (RFC 8252).

use crate::{
    loopback::{Asked, Door, Page},
    urls::belongs,
};
use async_trait::async_trait;
use engine::{
    model::{code::Code, organisation::Organisation},
    ports::{Redirect, RedirectListener},
};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use url::Url;

const PATH: &str = "/oauth/callback";
const SIGNED_IN: &str = "You are signed in. You can close this tab.";
const NOT_SIGNED_IN: &str = "You are not signed in. You can close this tab and try again from Latchkey.";
const NOT_OURS: &str = "This answer does not belong to the sign-in that Latchkey waits for.";

/// [`RedirectListener`] on 127.0.0.1.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoopbackRedirect;

#[async_trait]
impl RedirectListener for LoopbackRedirect {
    async fn listen(&self) -> Result<Box<dyn Redirect>, Code> {
        let door = Door::open().await?;
        let uri =
            Url::parse(&format!("http://127.0.0.1:{}{PATH}", door.port())).map_err(|_| Code::ListenFailed)?;
        Ok(Box::new(Waiting { door, uri }))
    }
}

/// An open port; closed when dropped.
struct Waiting {
    door: Door,
    uri: Url,
}

#[async_trait]
impl Redirect for Waiting {
    fn uri(&self) -> Url {
        self.uri.clone()
    }

    async fn answer(
        self: Box<Self>,
        state: &SecretString,
        org: &Organisation,
        strange: Box<dyn Fn() + Send + Sync>,
    ) -> Result<SecretString, Code> {
        let (state, org) = (state.clone(), org.clone());
        self.door.serve(move |asked| judge(&asked, &state, &org, &strange)).await
    }
}

type Verdict = Result<SecretString, Code>;

fn judge(
    asked: &Asked,
    state: &SecretString,
    org: &Organisation,
    strange: &dyn Fn(),
) -> (Page, Option<Verdict>) {
    if asked.path != PATH {
        return (Page::NotFound, None);
    }
    let given = |name: &str| {
        let mut found = url::form_urlencoded::parse(asked.query.as_bytes()).filter(|(n, _)| n == name);
        let first = found.next().map(|(_, value)| value.into_owned());
        // A parameter that stands there twice is somebody's trick.
        if found.next().is_some() { Err(()) } else { Ok(first) }
    };
    let value = |name: &str| given(name).unwrap_or_default();
    // An answer that another server gave is not ours, whatever state it was told (RFC 9207).
    let issued = match given("iss") {
        Ok(None) => true,
        Ok(Some(issuer)) => Url::parse(&issuer).is_ok_and(|issuer| belongs(&issuer, org)),
        Err(()) => false,
    };
    let told = value("state").unwrap_or_default();
    if !bool::from(told.as_bytes().ct_eq(state.expose_secret().as_bytes())) || !issued {
        // What has no state at all is nobody's answer.
        if !told.is_empty() {
            strange();
        }
        return (Page::Refused(NOT_OURS), None);
    }
    match (value("code"), value("error")) {
        (Some(code), None) if !code.is_empty() => (Page::Shown(SIGNED_IN), Some(Ok(code.into()))),
        (_, Some(error)) => (Page::Shown(NOT_SIGNED_IN), Some(Err(why(&error)))),
        _ => (Page::Refused(NOT_OURS), None),
    }
}

/// OAuth's errors (RFC 6749, 4.1.2.1). Only one of them means that somebody said no; the rest is kept to
/// what may stand in a name.
fn why(error: &str) -> Code {
    match error {
        "access_denied" => Code::SignInDenied,
        other => {
            let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
            Code::SignInFailed { error: other.chars().filter(plain).take(40).collect() }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::{
        loopback::tests::{get, raw},
        urls::tests::custom,
    };
    use std::{
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
        time::Duration,
    };

    async fn waiting() -> (u16, tokio::task::JoinHandle<Verdict>) {
        let (port, task, _) = counting().await;
        (port, task)
    }

    async fn counting() -> (u16, tokio::task::JoinHandle<Verdict>, Arc<AtomicU32>) {
        let strange = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&strange);
        let counted = Box::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let redirect = LoopbackRedirect.listen().await.unwrap();
        let uri = redirect.uri();
        assert_eq!((uri.host_str(), uri.path()), (Some("127.0.0.1"), PATH));
        let port = uri.port().unwrap();
        let org = custom("https://sso.acme.test");
        (port, tokio::spawn(async move { redirect.answer(&"right".into(), &org, counted).await }), strange)
    }

    async fn end(task: tokio::task::JoinHandle<Verdict>) -> Verdict {
        tokio::time::timeout(Duration::from_secs(10), task).await.expect("the wait did not end").unwrap()
    }

    #[tokio::test]
    async fn strangers_and_wrong_states_do_not_end_the_wait() {
        let (port, task) = waiting().await;
        // One that says nothing holds up nobody.
        let silent = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        for (path, status) in [
            ("/", 404),
            ("/oauth/callback/?code=c&state=right", 404),
            ("/OAuth/callback?code=c&state=right", 404),
            ("/oauth/callback", 400),
            ("/oauth/callback?code=c", 400),
            ("/oauth/callback?code=c&state=wrong", 400),
            ("/oauth/callback?error=access_denied&state=wrong", 400),
            ("/oauth/callback?code=c&state=right&state=right", 400),
            ("/oauth/callback?code=&state=right", 400),
            ("/oauth/callback?code=c&code=d&state=right", 400),
            ("/oauth/callback?code=c&state=right&iss=https%3A%2F%2Fsso.globex.test", 400),
            ("/oauth/callback?code=c&state=right&iss=", 400),
            ("/oauth/callback?code=c&state=right&iss=https%3A%2F%2Fsso.acme.test&iss=x", 400),
            ("/oauth/callback?error=access_denied&state=right&iss=https%3A%2F%2Fsso.globex.test", 400),
        ] {
            let answer = get(port, path).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
        }
        let good = "/oauth/callback?code=c&state=right";
        for request in [
            format!("GET {good} HTTP/1.1\r\nHost: evil.test:{port}\r\n\r\n"),
            format!("GET {good} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"),
            format!("GET {good} HTTP/1.1\r\n\r\n"),
            format!("GET {good} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.test\r\n\r\n"),
            format!("POST {good} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\n\r\n"),
        ] {
            let answer = raw(port, &request).await;
            assert!(answer.starts_with("HTTP/1.1 404 "), "{request}: {answer}");
        }
        assert!(!task.is_finished());
        let answer = get(port, "/oauth/callback?code=the%2Bcode&state=right").await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(SIGNED_IN), "{answer}");
        assert!(!answer.contains("<script") && answer.contains("default-src 'none'"), "{answer}");
        assert!(!answer.contains("the+code"), "the page must not repeat the code");
        assert_eq!(end(task).await.unwrap().expose_secret(), "the+code");
        assert!(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err(), "the port is still open");
        drop(silent);
    }

    #[tokio::test]
    async fn an_answer_at_anothers_port_ends_neither_wait() {
        let (acme, globex) = (custom("https://sso.acme.test"), custom("https://sso.globex.test"));
        let listen = async |state: &'static str, org: Organisation| {
            let redirect = LoopbackRedirect.listen().await.unwrap();
            let port = redirect.uri().port().unwrap();
            (port, tokio::spawn(async move { redirect.answer(&state.into(), &org, Box::new(|| ())).await }))
        };
        let (first, acmes) = listen("a", acme).await;
        let (second, globexs) = listen("g", globex).await;
        for (port, path) in [
            (second, "/oauth/callback?code=acmes&state=a&iss=https%3A%2F%2Fsso.acme.test"),
            (first, "/oauth/callback?code=globexs&state=g"),
            // Whoever learned the state does not get its own code exchanged for it.
            (first, "/oauth/callback?code=globexs&state=a&iss=https%3A%2F%2Fsso.globex.test%2Fx"),
        ] {
            assert!(get(port, path).await.starts_with("HTTP/1.1 400 "), "{path}");
        }
        assert!(!acmes.is_finished() && !globexs.is_finished());
        get(first, "/oauth/callback?code=acmes&state=a&iss=https%3A%2F%2Fsso.acme.test%2Fssoins-1").await;
        get(second, "/oauth/callback?code=globexs&state=g").await;
        assert_eq!(end(acmes).await.unwrap().expose_secret(), "acmes");
        assert_eq!(end(globexs).await.unwrap().expose_secret(), "globexs");
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn the_port_is_open_on_loopback_alone() {
        let (port, task) = waiting().await;
        let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let six = std::fs::read_to_string("/proc/net/tcp6").unwrap_or_default();
        let listening = |text: &str| -> Vec<String> {
            let local = |line: &str| {
                let mut words = line.split_whitespace().skip(1);
                let (local, _, state) = (words.next()?, words.next()?, words.next()?);
                (state == "0A" && local.ends_with(&format!(":{port:04X}"))).then(|| local.to_owned())
            };
            text.lines().filter_map(local).collect()
        };
        // 127.0.0.1, as the kernel writes it.
        assert_eq!(listening(&sockets), [format!("0100007F:{port:04X}")]);
        assert_eq!(listening(&six), Vec::<String>::new());
        task.abort();
    }

    #[tokio::test]
    async fn only_a_state_that_is_not_ours_is_strange() {
        let (port, task, strange) = counting().await;
        for path in [
            "/",
            "/oauth/callback",
            "/oauth/callback?code=c",
            "/oauth/callback?code=c&state=right&state=right",
        ] {
            get(port, path).await;
        }
        assert_eq!(strange.load(Ordering::Relaxed), 0);
        get(port, "/oauth/callback?code=c&state=wrong").await;
        get(port, "/oauth/callback?error=access_denied&state=wrong").await;
        assert_eq!(strange.load(Ordering::Relaxed), 2);
        get(port, "/oauth/callback?code=c&state=right").await;
        assert!(end(task).await.is_ok());
    }

    #[tokio::test]
    async fn a_refusal_is_told() {
        let (port, task) = waiting().await;
        let answer = get(port, "/oauth/callback?error=access_denied&state=right").await;
        assert!(answer.contains(NOT_SIGNED_IN), "{answer}");
        assert_eq!(end(task).await.unwrap_err(), Code::SignInDenied);
    }

    #[tokio::test]
    async fn a_failure_is_not_told_as_a_refusal() {
        let (port, task) = waiting().await;
        let answer = get(port, "/oauth/callback?error=server_error&state=right").await;
        assert!(answer.contains(NOT_SIGNED_IN), "{answer}");
        assert_eq!(end(task).await.unwrap_err(), Code::SignInFailed { error: "server_error".into() });
        assert_eq!(why("<b>x</b>"), Code::SignInFailed { error: "bxb".into() });
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn another_users_program_gets_nothing() {
        assert!(
            rustix::process::geteuid().is_root(),
            "this test acts as another user: run the tests as root or with sudo"
        );
        let (port, task) = waiting().await;
        // A socket of either family reaches the port; the kernel lists them apart.
        for host in ["127.0.0.1", "::ffff:127.0.0.1"] {
            let script = format!(
                "exec 3<>/dev/tcp/{host}/{port}; printf 'GET /oauth/callback?code=evil&state=right \
                 HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\n\\r\\n' >&3; cat <&3"
            );
            let run = tokio::process::Command::new("setpriv")
                .args(["--reuid", "65534", "--clear-groups", "bash", "-c", &script])
                .output();
            let output = tokio::time::timeout(Duration::from_secs(20), run)
                .await
                .expect("the stranger was not sent away")
                .unwrap();
            let why = String::from_utf8_lossy(&output.stderr);
            assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{host}: {why}");
        }
        assert!(!task.is_finished());
        get(port, "/oauth/callback?code=good&state=right").await;
        assert_eq!(end(task).await.unwrap().expose_secret(), "good");
    }
}
