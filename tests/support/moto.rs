//! moto's server in the place of AWS, and a way to it that fails when a test wants it to.

use crate::{
    deadline::{START, until},
    ports,
    process::{Process, Program},
    programs,
};
use anyhow::{Context, Result};
use http::{HeaderMap, Method};
use serde_json::Value;
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use url::Url;

/// The account that moto takes unknown keys for.
pub const MANAGEMENT: &str = "123456789012";

/// A running moto; it ends when this is dropped.
#[derive(Debug)]
pub struct Moto {
    url: Url,
    _process: Process,
}

impl Moto {
    /// Starts one in which unknown keys are those of [`MANAGEMENT`]. (With `MOTO_ACCOUNT_ID` all keys would be one
    /// account's.)
    ///
    /// # Errors
    /// That there is no Python with moto, or that it does not listen in time.
    pub async fn start(folder: &Path) -> Result<Self> {
        let port = ports::free()?;
        let log = folder.join("moto.log");
        let process = Program::new("moto", programs::python()?)
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .envs([("PATH", "/usr/bin:/bin"), ("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")])
            .log(log.clone())
            .start()?;
        let listens = until(START, "moto to listen", async || {
            Ok(TcpStream::connect(("127.0.0.1", port)).await.ok().map(drop))
        });
        listens.await.with_context(|| std::fs::read_to_string(&log).unwrap_or_default())?;
        Ok(Self { url: Url::parse(&format!("http://127.0.0.1:{port}"))?, _process: process })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }
}

/// What happens to a request instead of being answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// IAM's `Throttling`, and what says that in other services.
    Throttled,
    /// A 500.
    Broken,
    /// The connection is reset.
    Reset,
    /// STS's and IAM's `AccessDenied`.
    Denied,
    /// It is done, and nobody hears of it: the answer does not come.
    Unheard,
}

#[derive(Debug)]
struct Rule {
    part: String,
    fault: Fault,
    left: usize,
}

#[derive(Debug, Default)]
struct Told {
    rules: Vec<Rule>,
    seen: Vec<String>,
    met: usize,
    /// How many of a list AWS Organizations gives at a time; 0 for all.
    page: usize,
}

/// A proxy between a server and moto.
#[derive(Debug)]
pub struct FaultyWay {
    url: Url,
    told: Arc<Mutex<Told>>,
    task: JoinHandle<()>,
}

impl Drop for FaultyWay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FaultyWay {
    /// Opens a way to `target`.
    ///
    /// # Errors
    /// That there is no port.
    pub async fn to(target: &Url) -> Result<Self> {
        crate::person::install_crypto();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
        let told = Arc::<Mutex<Told>>::default();
        let client = reqwest::Client::builder().no_proxy().build()?;
        let (seen, target) = (Arc::clone(&told), target.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, target, client) = (Arc::clone(&seen), target.clone(), client.clone());
                tokio::spawn(async move {
                    // Whoever asked sees what went wrong.
                    let _ = carry(stream, &client, &target, &seen).await;
                });
            }
        });
        Ok(Self { url, told, task })
    }

    /// Where it begins.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next `times` requests whose body has `part` in it meet this fault.
    pub fn fail(&self, part: &str, fault: Fault, times: usize) {
        self.told().rules.push(Rule { part: part.to_owned(), fault, left: times });
    }

    /// AWS Organizations gives so many of a list at a time from now on, as AWS does with more than fit its page.
    pub fn page(&self, size: usize) {
        self.told().page = size;
    }

    /// No request meets a fault any more.
    pub fn mend(&self) {
        self.told().rules.clear();
    }

    /// How many requests met one.
    #[must_use]
    pub fn met(&self) -> usize {
        self.told().met
    }

    /// The bodies of the requests that came, those with `part` in them.
    #[must_use]
    pub fn seen(&self, part: &str) -> Vec<String> {
        self.told().seen.iter().filter(|body| body.contains(part)).cloned().collect()
    }
}

async fn carry(
    mut stream: TcpStream,
    client: &reqwest::Client,
    target: &Url,
    told: &Mutex<Told>,
) -> Result<()> {
    let mut read = Vec::new();
    let head = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        anyhow::ensure!(stream.read_buf(&mut read).await? > 0, "the request broke off");
    };
    let text = String::from_utf8(read[..head].to_vec())?;
    let mut lines = text.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        headers.append(http::HeaderName::from_bytes(name.as_bytes())?, value.trim().parse()?);
    }
    let length = headers
        .get("content-length")
        .map_or(Ok(0), |value| value.to_str()?.parse::<usize>().map_err(anyhow::Error::from))?;
    while read.len() < head + 4 + length {
        anyhow::ensure!(stream.read_buf(&mut read).await? > 0, "the request broke off");
    }
    let mut body = read.split_off(head + 4);
    let (fault, page) = {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&body).into_owned();
        let rule = told.rules.iter_mut().find(|rule| rule.left > 0 && text.contains(&rule.part));
        let fault = rule.map(|rule| {
            rule.left -= 1;
            rule.fault
        });
        told.met += usize::from(fault.is_some());
        told.seen.push(text);
        (fault, told.page)
    };
    let kind = headers.get("content-type").and_then(|value| value.to_str().ok());
    let speaks_json = kind.is_some_and(|kind| kind.contains("json"));
    let (status, kind, body) = match fault {
        Some(Fault::Reset) => {
            stream.set_zero_linger()?;
            return Ok(());
        }
        // The services that speak JSON say it so (AWS Organizations API, `TooManyRequestsException`).
        Some(Fault::Throttled) if speaks_json => {
            let said = br#"{"__type":"TooManyRequestsException","Message":"Rate exceeded"}"#;
            (400, "application/x-amz-json-1.1".to_owned(), said.to_vec())
        }
        Some(Fault::Throttled) => (400, "text/xml".to_owned(), refusal("Throttling", "Rate exceeded")),
        Some(Fault::Denied) => (403, "text/xml".to_owned(), refusal("AccessDenied", "Not authorized")),
        Some(Fault::Broken) => (500, "text/xml".to_owned(), b"<html>oops</html>".to_vec()),
        // AWS's sign-in endpoint, which moto does not play.
        None if path == "/federation" => {
            (200, "application/json".to_owned(), b"{\"SigninToken\":\"VCQ\"}".to_vec())
        }
        None | Some(Fault::Unheard) => {
            let operation = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
            let is_list =
                operation.is_some_and(|name| name.starts_with("AWSOrganizations") && name.contains(".List"));
            let from = if page > 0 && is_list { Some(begins_at(&mut body)?) } else { None };
            headers.remove("host");
            headers.remove("connection");
            headers.remove("content-length");
            headers.remove("accept-encoding");
            let sent = client.request(Method::from_bytes(method.as_bytes())?, target.join(path)?);
            let answer = sent.headers(headers).body(body).send().await?;
            let status = answer.status().as_u16();
            let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok());
            let kind = kind.unwrap_or("text/xml").to_owned();
            let answered = answer.bytes().await?.to_vec();
            if fault == Some(Fault::Unheard) {
                // Until whoever asked has gone.
                stream.read_to_end(&mut Vec::new()).await?;
                return Ok(());
            }
            let answered = match from {
                Some(from) if status == 200 => page_of(&answered, from, page)?,
                _ => answered,
            };
            (status, kind, answered)
        }
    };
    let head = format!(
        "HTTP/1.1 {status} Answer\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    stream.shutdown().await?;
    Ok(())
}

/// Where the page begins that is asked for; the request is for all then.
fn begins_at(body: &mut Vec<u8>) -> Result<usize> {
    let mut asked: Value = serde_json::from_slice(body)?;
    let token = asked.as_object_mut().and_then(|asked| asked.remove("NextToken"));
    *body = serde_json::to_vec(&asked)?;
    Ok(token.as_ref().and_then(Value::as_str).map_or(Ok(0), str::parse)?)
}

/// A page of a list (AWS Organizations API, `NextToken`).
fn page_of(answer: &[u8], from: usize, size: usize) -> Result<Vec<u8>> {
    let mut answer: Value = serde_json::from_slice(answer)?;
    let fields = answer.as_object_mut().context("an answer is an object")?;
    let Some(list) = fields.values_mut().find_map(Value::as_array_mut) else {
        return Ok(serde_json::to_vec(&answer)?);
    };
    let next = from.saturating_add(size);
    let more = next < list.len();
    *list = list.iter().skip(from).take(size).cloned().collect();
    if more {
        fields.insert("NextToken".to_owned(), Value::String(next.to_string()));
    }
    Ok(serde_json::to_vec(&answer)?)
}

/// As the query protocol has it.
fn refusal(code: &str, message: &str) -> Vec<u8> {
    format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>x</RequestId></ErrorResponse>"
    )
    .into_bytes()
}
