//! The HTTP clients: whom their TLS trusts, and which way they take.

use engine::model::{code::Code, settings::Network};
use reqwest::{Certificate, Client, ClientBuilder, NoProxy, Proxy};
use std::{
    error::Error,
    ffi::OsString,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// A connection that takes longer is no answer.
const CONNECT: Duration = Duration::from_secs(10);
/// From the first byte out to the last byte in.
const WHOLE_CALL: Duration = Duration::from_secs(30);

/// What the AWS CLI and the SDKs take a file of certificates from. The TLS library itself reads
/// `SSL_CERT_FILE` and `SSL_CERT_DIR`, in place of the system's store.
const AWS_CA_BUNDLE: &str = "AWS_CA_BUNDLE";
const SSL_CERT_FILE: &str = "SSL_CERT_FILE";

/// What is set of the network.
#[derive(Clone, Debug, Default)]
pub(crate) struct Way {
    /// Certificates that are trusted besides the system's.
    ca_file: Option<PathBuf>,
    /// What stands in the system's place, for the message alone.
    system_file: Option<PathBuf>,
    proxy: Option<String>,
    no_proxy: Option<String>,
}

impl Way {
    /// Where a setting names nothing the environment does, as for other tools of AWS. `HTTPS_PROXY`,
    /// `ALL_PROXY` and `NO_PROXY` are read by the HTTP library, on other systems the desktop's settings too.
    pub fn new(set: &Network, env: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let path = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            ca_file: set.ca_file.clone().or_else(|| path(AWS_CA_BUNDLE)),
            system_file: path(SSL_CERT_FILE),
            proxy: set.proxy.clone(),
            no_proxy: set.no_proxy.clone(),
        }
    }

    fn certificates(&self) -> Result<Vec<Certificate>, Code> {
        let Some(path) = &self.ca_file else { return Ok(Vec::new()) };
        let failed = |reason: String| Code::NoTrust { path: Some(path.display().to_string()), reason };
        let pem = std::fs::read(path).map_err(|e| failed(e.to_string()))?;
        let found = Certificate::from_pem_bundle(&pem).map_err(|e| failed(cause(&e)))?;
        if found.is_empty() { Err(failed("there is no certificate in it".to_owned())) } else { Ok(found) }
    }

    /// To this computer by https, never through a proxy. Without anything to trust it trusts nobody.
    fn near(&self) -> Result<Client, Code> {
        let extra = self.certificates()?;
        let near = || builder().no_proxy().https_only(true);
        let whole = near().tls_certs_merge(extra.clone()).build();
        whole
            .or_else(|_| near().tls_certs_only(extra).build())
            .map_err(|e| Code::NoTrust { path: None, reason: cause(&e) })
    }

    /// To everywhere else.
    fn far(&self) -> Result<Client, Code> {
        let mut builder = builder().https_only(true).tls_certs_merge(self.certificates()?);
        if let Some(proxy) = &self.proxy {
            // What is wrong with it is not repeated: it may hold a password.
            let proxy = Proxy::https(proxy).map_err(|_| Code::BadProxy)?;
            builder = builder.proxy(proxy.no_proxy(self.no_proxy.as_deref().and_then(NoProxy::from_string)));
        }
        // With certificates of its own the library fails over those alone.
        let path = self.ca_file.as_ref().or(self.system_file.as_ref()).map(|path| path.display().to_string());
        builder.build().map_err(|e| Code::NoTrust { path, reason: cause(&e) })
    }
}

/// Redirects are never followed, so that no token goes where it was not sent.
fn builder() -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("latchkey/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        // Who signed for an answer's server is looked at where interception is looked for.
        .tls_info(true)
        .timeout(WHOLE_CALL)
}

/// The innermost cause's words.
fn cause(error: &reqwest::Error) -> String {
    let mut at: &dyn Error = error;
    while let Some(inner) = at.source() {
        at = inner;
    }
    at.to_string()
}

/// The clients. Those that speak TLS are made when they are wanted first: reading what the operating system
/// trusts, hundreds of files, would be a fifth of the app's start.
pub(crate) struct Clients {
    /// To this computer by plain http, never through a proxy. It trusts nobody, as it needs to trust nobody.
    pub plain: Client,
    way: Way,
    near: Late,
    far: Late,
}

/// Made when it is first needed, and again as long as it cannot be: what is mended meanwhile counts.
#[derive(Default)]
struct Late(Mutex<Option<Client>>);

impl Late {
    fn get(&self, make: impl FnOnce() -> Result<Client, Code>) -> Result<Client, Code> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*made {
            Some(client) => Ok(client.clone()),
            None => Ok(made.insert(make()?).clone()),
        }
    }
}

impl Clients {
    pub fn new(way: Way) -> Result<Self, Code> {
        let plain = builder().no_proxy().tls_certs_only([]).build();
        let plain = plain.map_err(|e| Code::Internal { what: format!("no HTTP client: {}", cause(&e)) })?;
        Ok(Self { plain, way, near: Late::default(), far: Late::default() })
    }

    pub fn near(&self) -> Result<Client, Code> {
        self.near.get(|| self.way.near())
    }

    pub fn far(&self) -> Result<Client, Code> {
        self.far.get(|| self.way.far())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn env<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
        |name| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into())
    }

    #[test]
    fn a_file_of_certificates_that_cannot_be_used_is_named_until_it_can() {
        crate::install_crypto_provider();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("corporate.pem");
        let path = file.to_str().unwrap().to_owned();
        let clients = Clients::new(Way::new(&Network::default(), &env(&[(AWS_CA_BUNDLE, &path)]))).unwrap();
        for content in
            [None, Some(""), Some("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")]
        {
            content.into_iter().for_each(|text| std::fs::write(&file, text).unwrap());
            let refused = clients.far().map(drop);
            let Err(Code::NoTrust { path: named, reason }) = refused else {
                panic!("{content:?}: {refused:?}")
            };
            assert_eq!(named.as_deref(), Some(path.as_str()));
            assert!(!reason.is_empty(), "{content:?}");
        }
        let made = rcgen::generate_simple_self_signed(vec!["sso.acme.test".to_owned()]).unwrap();
        std::fs::write(&file, made.cert.pem()).unwrap();
        assert!(clients.far().is_ok(), "the file was mended");
    }

    #[test]
    fn what_the_settings_name_wins_over_the_environment() {
        let set = Network { ca_file: Some("/set.pem".into()), ..Network::default() };
        let given = env(&[(AWS_CA_BUNDLE, "/env.pem")]);
        assert_eq!(Way::new(&set, &given).ca_file, Some("/set.pem".into()));
        assert_eq!(Way::new(&Network::default(), &given).ca_file, Some("/env.pem".into()));
        assert_eq!(Way::new(&Network::default(), &env(&[(AWS_CA_BUNDLE, "")])).ca_file, None);
    }

    #[test]
    fn a_proxy_that_is_no_address_is_refused_without_being_repeated() {
        crate::install_crypto_provider();
        let set = Network { proxy: Some("http://sam:secret@[".into()), ..Network::default() };
        let refused = Clients::new(Way::new(&set, &env(&[]))).unwrap().far().map(drop);
        assert_eq!(refused, Err(Code::BadProxy));
    }
}
