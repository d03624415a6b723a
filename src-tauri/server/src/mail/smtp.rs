//! Sends letters to a mail server (RFC 5321), over TLS but on this machine.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use jiff::SignedDuration;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use secrecy::SecretString;
use serde::Deserialize;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::Letter;
use crate::{
    instance::{Instance, Shared},
    store::{Job, StoreError},
};

/// How long one letter may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often to look for letters that are to be tried again.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// How often to look for letters that another server is about to send, which may end before it does.
const LOOK_AGAIN_SOON: Duration = Duration::from_secs(5);
/// After so many failures a letter is given up: its link is over by then.
const MOST_TRIES: i64 = 8;
const AT_ONCE: u32 = 20;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Protection {
    /// STARTTLS, or nothing is sent (RFC 3207).
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// None; to this machine only.
    None,
}

/// `[smtp]` of the configuration file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, try_from = "Written")]
pub struct SmtpConfig(Written);

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// The mail server.
    host: String,
    /// Its port; 587 for `starttls`, 465 for `tls`, 25 for `none` unless it stands here.
    port: Option<u16>,
    #[serde(default = "starttls")]
    tls: Protection,
    /// Certificates to trust besides the system's, PEM.
    ca_file: Option<std::path::PathBuf>,
    username: Option<String>,
    /// A file with the password and nothing else.
    password_file: Option<std::path::PathBuf>,
    /// The sender, `Acme sign-in <sso@acme.example>`.
    from: String,
}

fn starttls() -> Protection {
    Protection::Starttls
}

impl TryFrom<Written> for SmtpConfig {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let is_here = matches!(written.host.as_str(), "localhost" | "127.0.0.1" | "::1");
        if written.tls == Protection::None && !is_here {
            return Err("`tls` may be \"none\" only for a mail server on this machine".to_owned());
        }
        if written.username.is_some() != written.password_file.is_some() {
            return Err("`username` and `password_file` go together".to_owned());
        }
        written.from.parse::<Mailbox>().map_err(|error| format!("`from` is no address: {error}"))?;
        Ok(Self(written))
    }
}

/// A mail server, ready to take letters.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Smtp({})", self.from)
    }
}

impl Smtp {
    /// Reads what the configuration names; relative paths start at `home`.
    ///
    /// # Errors
    /// Which file or name is wrong.
    pub fn new(config: &SmtpConfig, home: &Path) -> Result<Self> {
        let SmtpConfig(written) = config;
        let tls = || -> Result<TlsParameters> {
            let mut tls = TlsParameters::builder(written.host.clone());
            if let Some(file) = &written.ca_file {
                let path = home.join(file);
                let pem =
                    std::fs::read(&path).with_context(|| format!("could not read {}", path.display()))?;
                let certificate = Certificate::from_pem(&pem)
                    .with_context(|| format!("{} holds no certificate in PEM form", path.display()))?;
                tls = tls.add_root_certificate(certificate);
            }
            tls.build().context("could not set up TLS for the mail server")
        };
        let (tls, port) = match written.tls {
            Protection::Starttls => (Tls::Required(tls()?), 587),
            Protection::Tls => (Tls::Wrapper(tls()?), 465),
            Protection::None => (Tls::None, 25),
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&written.host)
            .port(written.port.unwrap_or(port))
            .timeout(Some(PATIENCE))
            .tls(tls);
        if let (Some(name), Some(file)) = (&written.username, &written.password_file) {
            let path = home.join(file);
            let password: SecretString = std::fs::read_to_string(&path)
                .with_context(|| format!("could not read {}", path.display()))?
                .into();
            let password =
                secrecy::ExposeSecret::expose_secret(&password).trim_end_matches(['\r', '\n']).to_owned();
            transport = transport.credentials(Credentials::new(name.clone(), password));
        }
        Ok(Self { transport: transport.build(), from: written.from.parse().context("`from` is no address")? })
    }

    async fn send(&self, letter: &Letter) -> Result<()> {
        let message = Message::builder()
            .from(self.from.clone())
            .to(letter.to.parse().context("the user's e-mail address is none")?)
            .subject(&letter.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.clone())
            .context("the letter could not be written")?;
        self.transport.send(message).await.context("the mail server did not take it")?;
        Ok(())
    }
}

/// Sends what is in the store, and what comes, until `stop`.
pub async fn deliver(instance: Shared, smtp: Smtp, waiting: Arc<Notify>, stop: CancellationToken) {
    loop {
        let pause = loop {
            match send_due(&instance, &smtp).await {
                Left::More => {}
                Left::Nothing => break LOOK_AGAIN,
                Left::ToAnother => break LOOK_AGAIN_SOON,
            }
        };
        tokio::select! {
            () = waiting.notified() => {}
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// What is left to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// There may be more letters.
    More,
    /// Nothing that could be sent now.
    Nothing,
    /// Letters that another server sends.
    ToAnother,
}

/// Sends a few letters; what is left.
async fn send_due(instance: &Shared, smtp: &Smtp) -> Left {
    let look = |instance: &Instance| {
        let due = || instance.store.due_mail(instance.now(), AT_ONCE);
        if due()?.is_empty() {
            return Ok::<_, StoreError>(Err(Left::Nothing));
        }
        let Some(lead) = instance.store.lead(Job::Mail)? else { return Ok(Err(Left::ToAnother)) };
        // Another server may have sent some meanwhile.
        Ok(Ok((due()?, Arc::new(lead))))
    };
    let (due, lead) = match Shared::clone(instance).run(look).await {
        Ok(Ok(due)) => due,
        Ok(Err(left)) => return left,
        Err(error) => {
            tracing::error!(%error, "could not look for mail");
            return Left::Nothing;
        }
    };
    let more = if due.is_empty() { Left::Nothing } else { Left::More };
    for waiting in due {
        let held = Arc::clone(&lead);
        if !Shared::clone(instance).run(move |_| held.is_held()).await {
            return Left::ToAnother;
        }
        let outcome = match Letter::open(instance, &waiting.letter) {
            Some(letter) => smtp.send(&letter).await,
            None => Err(anyhow::anyhow!("the letter is sealed with another key")),
        };
        let kept = Shared::clone(instance)
            .run(move |instance| match outcome {
                Ok(()) => instance.store.forget_mail(waiting.id),
                Err(error) if waiting.tries + 1 >= MOST_TRIES => {
                    tracing::error!(error = format!("{error:#}"), "a letter was given up");
                    instance.store.forget_mail(waiting.id)
                }
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "a letter could not be sent; trying again");
                    let pause = SignedDuration::from_secs(30 << waiting.tries.clamp(0, 6));
                    let now = instance.now();
                    instance.store.postpone_mail(waiting.id, now.checked_add(pause).unwrap_or(now))
                }
            })
            .await;
        if let Err(error) = kept {
            tracing::error!(%error, "could not remember what became of a letter");
            return Left::Nothing;
        }
    }
    more
}
