//! Connections to a directory's servers: always over TLS with a certificate that is looked at, the next server when
//! one does not answer.

use std::{
    error::Error,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use ldap3::{
    Ldap, LdapConnAsync, LdapConnSettings, LdapError, LdapResult, Scope, SearchEntry,
    adapters::{Adapter, EntriesOnly, PagedResults},
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::{entry::Entry, settings::Settings};
use crate::secret::Token;

/// Entries on a page of a search; Active Directory has no more than 1,000.
const PAGE: i32 = 500;
/// Once no server answered, nobody waits for them again for this long.
const REST: Duration = Duration::from_secs(2);

/// Why a directory could not be asked. No value of an entry and no password is in it.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// None of the servers answered.
    #[error("no server of the directory answers: {0}")]
    NoAnswer(String),
    /// The connector account cannot sign in.
    #[error(
        "the directory does not let the connector account in (result {code}): check its name and password"
    )]
    Connector {
        /// The result code (RFC 4511 §4.1.9).
        code: u32,
    },
    /// A search was refused.
    #[error("the directory refused to search below {base} (result {code}): {what}")]
    Refused {
        /// Where it was searched.
        base: String,
        /// The result code (RFC 4511 §4.1.9).
        code: u32,
        /// What that means.
        what: String,
    },
    /// The settings cannot be used.
    #[error("the directory's settings cannot be used: {0}")]
    Settings(String),
    /// Nothing came back.
    #[error("asking the directory broke off")]
    Broken,
}

/// A directory and what it is asked with.
#[derive(Debug, Clone)]
pub struct Source {
    /// What an administrator said.
    pub settings: Settings,
    /// When that was, by which connections of before are known.
    pub changed: Timestamp,
    password: Token,
    tls: Arc<ClientConfig>,
}

impl Source {
    /// Reads the certificates.
    ///
    /// # Errors
    /// [`Problem::Settings`] if they cannot be used, or the password is empty: a bind without one succeeds and
    /// proves nothing (RFC 4513 §5.1.2).
    pub fn new(settings: Settings, password: String, changed: Timestamp) -> Result<Self, Problem> {
        if password.is_empty() {
            return Err(Problem::Settings("the connector account has no password".to_owned()));
        }
        let wrong = |error: &dyn Error| Problem::Settings(error.to_string());
        let mut roots = RootCertStore::empty();
        if settings.authorities.trim().is_empty() {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        } else {
            for read in CertificateDer::pem_slice_iter(settings.authorities.as_bytes()) {
                let read = read
                    .map_err(|error| Problem::Settings(format!("a certificate cannot be read: {error}")))?;
                roots.add(read).map_err(|error| wrong(&error))?;
            }
        }
        if roots.is_empty() {
            return Err(Problem::Settings("there is no certificate to trust".to_owned()));
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { settings, changed, password: Token::new(password), tls: Arc::new(tls) })
    }

    /// Connects to one server. What is not `ldaps` is StartTLS, or ends here.
    async fn dial(&self, server: &str) -> Result<Ldap, String> {
        let patience = self.settings.patience();
        let settings = LdapConnSettings::new()
            .set_conn_timeout(patience)
            .set_config(Arc::clone(&self.tls))
            .set_starttls(!server.starts_with("ldaps:"));
        let dialled = tokio::time::timeout(patience, LdapConnAsync::with_settings(settings, server));
        let (connection, ldap) = match dialled.await {
            Ok(dialled) => dialled.map_err(|error| reason(&error))?,
            Err(_) => return Err("it took too long".to_owned()),
        };
        tokio::spawn(connection.drive());
        Ok(ldap)
    }

    /// Binds at the first server that answers the bind, from `first` on: a server that does not get so far is as one
    /// that does not answer at all.
    async fn bind_from(
        &self,
        first: usize,
        dn: &str,
        password: &Token,
    ) -> Result<(usize, Ldap, LdapResult), Problem> {
        let servers = &self.settings.servers;
        let mut problems = Vec::new();
        for turn in 0..servers.len() {
            let index = first.wrapping_add(turn) % servers.len();
            let problem = match self.dial(&servers[index]).await {
                Ok(mut ldap) => {
                    ldap.with_timeout(self.settings.patience());
                    match ldap.simple_bind(dn, password.expose()).await {
                        Ok(result) if is_unwell(result.rc) => meaning(result.rc).to_owned(),
                        Ok(result) => return Ok((index, ldap, result)),
                        Err(error) => reason(&error),
                    }
                }
                Err(problem) => problem,
            };
            problems.push(format!("{}: {problem}", servers[index]));
        }
        Err(Problem::NoAnswer(problems.join("; ")))
    }

    /// Connects as the connector account.
    async fn connect_as_connector(&self, first: usize) -> Result<(usize, Ldap), Problem> {
        let (index, ldap, bound) = self.bind_from(first, &self.settings.bind_dn, &self.password).await?;
        if bound.rc == 0 { Ok((index, ldap)) } else { Err(Problem::Connector { code: bound.rc }) }
    }

    /// Binds as somebody, over a connection that is left then.
    async fn bind_at_any(
        &self,
        first: usize,
        dn: &str,
        password: &Token,
    ) -> Result<(usize, LdapResult), Problem> {
        let (index, mut ldap, bound) = self.bind_from(first, dn, password).await?;
        let _ = ldap.unbind().await;
        Ok((index, bound))
    }

    /// Searches over a connection, page by page.
    ///
    /// # Errors
    /// [`Problem`]; what was found until then is nothing.
    async fn search(&self, ldap: &mut Ldap, asked: &Asked) -> Result<Vec<Entry>, Problem> {
        let patience = self.settings.patience();
        let broken = |error: &LdapError| match error {
            LdapError::FilterParsing => Problem::Settings("a filter cannot be read".to_owned()),
            _ => Problem::NoAnswer(reason(error)),
        };
        let late = || Problem::NoAnswer("it took too long".to_owned());
        let mut adapters: Vec<Box<dyn Adapter<'_, String, Vec<String>>>> = vec![Box::new(EntriesOnly::new())];
        if asked.scope != Scope::Base {
            adapters.push(Box::new(PagedResults::new(PAGE)));
        }
        let begun = ldap.streaming_search_with(
            adapters,
            &asked.base,
            asked.scope,
            &asked.filter,
            asked.attributes.clone(),
        );
        let begun = tokio::time::timeout(patience, begun).await.map_err(|_| late())?;
        let mut found = begun.map_err(|error| broken(&error))?;
        let mut entries = Vec::new();
        loop {
            let next = tokio::time::timeout(patience, found.next()).await.map_err(|_| late())?;
            match next.map_err(|error| broken(&error))? {
                Some(entry) => entries.push(Entry::from(SearchEntry::construct(entry))),
                None => break,
            }
        }
        let result = found.finish().await;
        match result.rc {
            0 => Ok(entries),
            code => Err(Problem::Refused { base: asked.base.clone(), code, what: meaning(code).to_owned() }),
        }
    }
}

/// A search.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Below what.
    pub base: String,
    /// How deep.
    pub scope: Scope,
    /// For what.
    pub filter: String,
    /// Attributes to be told.
    pub attributes: Vec<String>,
}

/// The way in: the connector account's connection as it is kept, and which server answered last.
#[derive(Debug, Clone, Default)]
pub struct Door(Arc<Inner>);

#[derive(Default)]
struct Inner {
    open: tokio::sync::Mutex<Option<(Timestamp, Ldap)>>,
    last: AtomicUsize,
    resting: Mutex<Option<(Timestamp, Instant, String)>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Door(..)")
    }
}

impl Door {
    /// Forgets the connection and that no server answered.
    pub fn forget(&self) {
        *self.0.resting.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn rests(&self, source: &Source) -> Option<Problem> {
        let resting = self.0.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, since, why) = resting.as_ref()?;
        (*of == source.changed && since.elapsed() < REST).then(|| Problem::NoAnswer(why.clone()))
    }

    fn rest(&self, source: &Source, why: &str) {
        let mut resting = self.0.resting.lock().unwrap_or_else(PoisonError::into_inner);
        *resting = Some((source.changed, Instant::now(), why.to_owned()));
    }

    async fn connection(&self, source: &Source) -> Result<Ldap, Problem> {
        if let Some(problem) = self.rests(source) {
            return Err(problem);
        }
        let mut open = self.0.open.lock().await;
        if let Some((of, ldap)) = open.as_mut()
            && *of == source.changed
            && !ldap.is_closed()
        {
            return Ok(ldap.clone());
        }
        let (index, ldap) = source
            .connect_as_connector(self.0.last.load(Ordering::Relaxed))
            .await
            .inspect_err(|problem| {
                if let Problem::NoAnswer(why) = problem {
                    self.rest(source, why);
                }
            })?;
        self.0.last.store(index, Ordering::Relaxed);
        *open = Some((source.changed, ldap.clone()));
        Ok(ldap)
    }

    async fn leave(&self) {
        *self.0.open.lock().await = None;
    }

    /// Searches as the connector account; a connection that broke is replaced, once to another server.
    async fn search_within(&self, source: &Source, asked: &Asked) -> Result<Vec<Entry>, Problem> {
        let mut ldap = self.connection(source).await?;
        match source.search(&mut ldap, asked).await {
            Err(Problem::NoAnswer(why)) => {
                tracing::warn!(%why, "a directory's server fell silent");
                // A connection that broke says nothing of its server; one that is open and says nothing does.
                if !ldap.is_closed() {
                    self.0.last.fetch_add(1, Ordering::Relaxed);
                }
            }
            Err(Problem::Refused { code, .. }) if is_unwell(code) => {
                tracing::warn!(code, "a directory's server is not well");
                self.0.last.fetch_add(1, Ordering::Relaxed);
            }
            outcome => return outcome,
        }
        self.leave().await;
        let mut ldap = self.connection(source).await?;
        source.search(&mut ldap, asked).await
    }

    /// The same from any thread.
    ///
    /// # Errors
    /// [`Problem`]
    pub fn search(&self, source: &Arc<Source>, asked: Asked) -> Result<Vec<Entry>, Problem> {
        let (door, source) = (self.clone(), Arc::clone(source));
        super::wait(async move { door.search_within(&source, &asked).await })
    }
}

/// What became of a bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Name and password belong together.
    Right,
    /// They do not, or the account may not.
    Wrong,
    /// They do, and the password is to be changed first.
    Expired,
}

/// Binds as somebody, over a connection of its own, which says nothing else.
///
/// # Errors
/// [`Problem`] if no server answers.
pub fn bind(door: &Door, source: &Arc<Source>, dn: &str, password: &str) -> Result<Bound, Problem> {
    // Such a bind succeeds without proving anything (RFC 4513 §5.1.2).
    if dn.is_empty() || password.is_empty() {
        return Ok(Bound::Wrong);
    }
    let (door, source) = (door.clone(), Arc::clone(source));
    let (dn, password) = (dn.to_owned(), Token::new(password.to_owned()));
    super::wait(async move {
        if let Some(problem) = door.rests(&source) {
            return Err(problem);
        }
        let first = door.0.last.load(Ordering::Relaxed);
        let (index, bound) = source.bind_at_any(first, &dn, &password).await.inspect_err(|problem| {
            if let Problem::NoAnswer(why) = problem {
                door.rest(&source, why);
            }
        })?;
        door.0.last.store(index, Ordering::Relaxed);
        Ok(match bound.rc {
            0 => Bound::Right,
            // Told by Active Directory only to who knows the password (ERROR_PASSWORD_EXPIRED,
            // ERROR_PASSWORD_MUST_CHANGE).
            49 if [" data 532,", " data 773,"].iter().any(|mark| bound.text.contains(mark)) => Bound::Expired,
            _ => Bound::Wrong,
        })
    })
}

/// Signs in at every server as the connector account: which answer, and what the others say.
pub fn probe(source: &Arc<Source>) -> Vec<(String, Result<(), Problem>)> {
    let asked = |server: &String| {
        let one = Settings { servers: vec![server.clone()], ..source.settings.clone() };
        let source = Source { settings: one, ..Source::clone(source) };
        let outcome = super::wait(async move { source.connect_as_connector(0).await.map(drop) });
        (server.clone(), outcome)
    };
    source.settings.servers.iter().map(asked).collect()
}

/// `busy`, `unavailable` and `unwillingToPerform` while a server starts (RFC 4511 §A.2).
fn is_unwell(code: u32) -> bool {
    matches!(code, 51 | 52)
}

fn meaning(code: u32) -> &'static str {
    match code {
        3 | 4 | 11 => "the connector account may not read so many entries; raise its limits there",
        10 => "it is another directory's",
        32 => "there is no such entry",
        34 => "that is no name of an entry",
        50 => "the connector account may not read there",
        51 | 52 => "the server is busy or starting",
        _ => "see the directory's log",
    }
}

/// Why a connection failed: what lies at the bottom, such as a certificate that is not trusted.
fn reason(error: &LdapError) -> String {
    match error {
        LdapError::Io { source } => source.to_string(),
        LdapError::Timeout { .. } => "it took too long".to_owned(),
        LdapError::LdapResult { result } => format!("it refuses StartTLS (result {})", result.rc),
        other => other.to_string(),
    }
}
