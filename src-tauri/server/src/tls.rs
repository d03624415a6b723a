//! TLS of our own: a certificate from two files that are looked at with every handshake, so that a renewed one
//! counts without a restart. A new pair that does not work leaves the old one in use.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use rustls::{
    ServerConfig,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

/// What a key's file should hold.
pub const PRIVATE_KEY: &str = "a private key";

/// Why a certificate and its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file has not what it should.
    #[error("could not read {what} from {}: {cause}", path.display())]
    Unreadable {
        /// Certificates or a key.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The library's words.
        cause: String,
    },
    /// They do not belong together, or the key's kind is unknown.
    #[error("the certificate in {} and the key in {} do not work together: {cause}", cert.display(), key.display())]
    NoPair {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// The library's words.
        cause: rustls::Error,
    },
}

/// A certificate and its key, as they are in their files now.
pub struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    state: Mutex<State>,
}

struct State {
    /// How the files looked when they were read last, whether that worked or not.
    seen: [Option<Look>; 2],
    current: Arc<CertifiedKey>,
}

/// What changes when a file does, be it written to or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    file: u64,
    length: u64,
    written: Option<SystemTime>,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("cert", &self.cert).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads both files.
    ///
    /// # Errors
    /// [`TlsError`] if they cannot be used.
    pub fn open(cert: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let seen = [look(&cert), look(&key)];
        let current = Arc::new(load(&cert, &key)?);
        Ok(Self { cert, key, state: Mutex::new(State { seen, current }) })
    }

    /// How to answer with it: HTTP/1.1 over TLS 1.2 and 1.3.
    pub fn config(self: Arc<Self>) -> Arc<ServerConfig> {
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap_or_else(|_| unreachable!("the provider speaks TLS 1.2 and 1.3"));
        let mut config = builder.with_no_client_auth().with_cert_resolver(self);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }

    fn current(&self) -> Arc<CertifiedKey> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = [look(&self.cert), look(&self.key)];
        if now != state.seen {
            state.seen = now;
            match load(&self.cert, &self.key) {
                Ok(fresh) => {
                    state.current = Arc::new(fresh);
                    tracing::info!(cert = %self.cert.display(), "the TLS certificate was renewed");
                }
                Err(error) => {
                    tracing::error!(%error, "the new TLS certificate cannot be used; the one before goes on");
                }
            }
        }
        Arc::clone(&state.current)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

/// The one that the whole program uses (`provider.rs`).
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn look(path: &Path) -> Option<Look> {
    let data = fs::metadata(path).ok()?;
    #[cfg(unix)]
    let file = std::os::unix::fs::MetadataExt::ino(&data);
    #[cfg(not(unix))]
    let file = 0;
    Some(Look { file, length: data.len(), written: data.modified().ok() })
}

fn load(cert: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let unreadable =
        |what, path: &Path, cause: String| TlsError::Unreadable { what, path: path.to_owned(), cause };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable("certificates", cert, error.to_string()))?;
    if chain.is_empty() {
        let cause = io::Error::other("it holds no certificate in PEM").to_string();
        return Err(unreadable("certificates", cert, cause));
    }
    let private =
        PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(PRIVATE_KEY, key, error.to_string()))?;
    let pair = |cause| TlsError::NoPair { cert: cert.to_owned(), key: key.to_owned(), cause };
    CertifiedKey::from_der(chain, private, &provider()).map_err(pair)
}

#[cfg(test)]
#[path = "tls_tests.rs"]
mod tests;
