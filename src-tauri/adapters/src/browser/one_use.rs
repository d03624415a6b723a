//! A loopback address that leads once, within its time, to an address with a sign-in token. What stands
//! in a process list is worth nothing afterwards.

use crate::loopback::{Asked, Door, Page};
use engine::model::code::Code;
use rand::{TryRngCore, rngs::OsRng};
use secrecy::{ExposeSecret, SecretString};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;
use url::Url;

pub(super) struct OneUse {
    door: Door,
    address: Url,
    path: SecretString,
    target: SecretString,
}

impl OneUse {
    /// Opens the door; the path has 256 bits of chance.
    pub(super) async fn open(target: SecretString) -> Result<Self, Code> {
        let door = Door::open().await?;
        let mut chance = [0; 32];
        OsRng.try_fill_bytes(&mut chance).map_err(|_| Code::ListenFailed)?;
        let path = format!("/{}", hex::encode(chance));
        let address =
            Url::parse(&format!("http://127.0.0.1:{}{path}", door.port())).map_err(|_| Code::ListenFailed)?;
        Ok(Self { door, address, path: path.into(), target })
    }

    pub(super) fn address(&self) -> &Url {
        &self.address
    }

    /// Serves for so long, whether or not the link was used: whoever comes second is told so. The answer
    /// comes when it was fetched first, or fails at the end of the time.
    pub(super) fn serve(self, time: Duration) -> oneshot::Receiver<()> {
        let (fetched, answer) = oneshot::channel();
        let state = Mutex::new(Some((self.target, fetched)));
        let path = self.path;
        let serving = self.door.serve(move |asked| (show(&asked, &path, &state), None::<()>));
        tokio::spawn(async move {
            let _over = tokio::time::timeout(time, serving).await;
        });
        answer
    }
}

type Unused = Mutex<Option<(SecretString, oneshot::Sender<()>)>>;

fn show(asked: &Asked, path: &SecretString, unused: &Unused) -> Page {
    let right: bool = asked.path.as_bytes().ct_eq(path.expose_secret().as_bytes()).into();
    if !right || !asked.query.is_empty() {
        return Page::NotFound;
    }
    match unused.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some((target, fetched)) => {
            let _nobody_waits = fetched.send(());
            Page::Redirect(target.expose_secret().to_owned())
        }
        None => Page::Gone,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::loopback::tests::{get, raw};

    #[tokio::test]
    async fn the_first_gets_there_and_nobody_else() {
        let link = OneUse::open("https://sso.acme.test/?SigninToken=planted".into()).await.unwrap();
        let (port, path) = (link.door.port(), link.address().path().to_owned());
        assert!(path.len() == 65, "256 bits: {path}");
        let fetched = link.serve(Duration::from_secs(30));
        for wrong in ["/", "/x", &path.to_uppercase(), &format!("{path}/"), &format!("{path}?x")] {
            let answer = get(port, wrong).await;
            assert!(answer.starts_with("HTTP/1.1 404 ") && !answer.contains("planted"), "{wrong}: {answer}");
        }
        let rebound = raw(port, &format!("GET {path} HTTP/1.1\r\nHost: evil.test\r\n\r\n")).await;
        assert!(rebound.starts_with("HTTP/1.1 404 "), "{rebound}");
        let post = raw(port, &format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")).await;
        assert!(post.starts_with("HTTP/1.1 404 "), "{post}");

        let first = get(port, &path).await;
        assert!(first.starts_with("HTTP/1.1 302 "), "{first}");
        for header in [
            "Location: https://sso.acme.test/?SigninToken=planted\r\n",
            "Cache-Control: no-store\r\n",
            "Referrer-Policy: no-referrer\r\n",
        ] {
            assert!(first.contains(header), "{header} is missing in {first}");
        }
        fetched.await.unwrap();
        let second = get(port, &path).await;
        assert!(second.starts_with("HTTP/1.1 410 ") && !second.contains("planted"), "{second}");
    }

    #[tokio::test(start_paused = true)]
    async fn it_closes_after_its_time() {
        let link = OneUse::open("https://sso.acme.test/".into()).await.unwrap();
        assert!(link.serve(Duration::from_secs(30)).await.is_err());
    }
}
