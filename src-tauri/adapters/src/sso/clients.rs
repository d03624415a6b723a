//! The HTTP clients: whom their TLS trusts, and which way they take.

use aws_files::ConfigFile;
use engine::model::{
    code::Code,
    settings::{NamedBy, Network, without_name},
};
use reqwest::{Certificate, Client, ClientBuilder, NoProxy, Proxy};
use std::{
    error::Error,
    ffi::OsString,
    path::{Path, PathBuf},
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

/// As the HTTP library reads them, the earlier one wins.
const PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const NO_PROXIES: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// What is said of the network outside the settings: by the environment, and by the AWS config file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Around {
    ca_file: Option<(PathBuf, NamedBy)>,
    /// What stands in the system's place, for the message alone.
    system_file: Option<PathBuf>,
    /// The library goes by them itself, on other systems by the desktop's settings too.
    proxy: Option<(String, NamedBy)>,
    no_proxy: Option<(String, NamedBy)>,
}

impl Around {
    /// Reads the environment, and `ca_bundle` of the AWS config file's default profile at `config`, which
    /// counts where the environment names no file, as for other tools of AWS.
    pub fn new(env: &dyn Fn(&str) -> Option<OsString>, config: &Path) -> Self {
        let path = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let first = |names: &[&'static str]| {
            let said =
                |name: &&'static str| Some((env(name)?.into_string().ok()?, NamedBy::Environment(name)));
            names.iter().filter_map(said).find(|(value, _)| !value.is_empty())
        };
        let of_aws = || {
            let file = ConfigFile::at(config);
            // A file that cannot be read is told where it is shown.
            Some((PathBuf::from(file.of_default_profile("ca_bundle").ok()??), NamedBy::AwsConfig))
        };
        Self {
            ca_file: path(AWS_CA_BUNDLE)
                .map(|path| (path, NamedBy::Environment(AWS_CA_BUNDLE)))
                .or_else(of_aws),
            system_file: path(SSL_CERT_FILE),
            proxy: first(&PROXIES),
            no_proxy: first(&NO_PROXIES),
        }
    }
}

/// Which way to take: what is set, and where that names nothing, what is around.
#[derive(Clone, Debug, Default)]
pub(crate) struct Way {
    set: Network,
    around: Around,
}

impl Way {
    pub fn new(set: &Network, around: Around) -> Self {
        Self { set: set.clone(), around }
    }

    /// Certificates that are trusted besides the system's.
    fn ca_file(&self) -> Option<&Path> {
        self.set.ca_file.as_deref().or(self.around.ca_file.as_ref().map(|(path, _)| path.as_path()))
    }

    /// For people, without a name and a password.
    fn shown(&self) -> engine::model::settings::Way {
        let set = |value: &Option<String>| value.clone().map(|value| (value, NamedBy::Settings));
        let proxy = set(&self.set.proxy);
        // What is set brings its own exceptions along, or none.
        let no_proxy = if proxy.is_some() { set(&self.set.no_proxy) } else { self.around.no_proxy.clone() };
        let of_settings =
            self.set.ca_file.as_ref().map(|path| (path.display().to_string(), NamedBy::Settings));
        let around = || self.around.ca_file.as_ref().map(|(path, by)| (path.display().to_string(), *by));
        engine::model::settings::Way {
            proxy: proxy.or_else(|| self.around.proxy.clone()).map(|(proxy, by)| (without_name(&proxy), by)),
            no_proxy,
            ca_file: of_settings.or_else(around),
        }
    }

    fn certificates(&self) -> Result<Vec<Certificate>, Code> {
        let Some(path) = self.ca_file() else { return Ok(Vec::new()) };
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
        if let Some(proxy) = &self.set.proxy {
            // What is wrong with it is not repeated: it may hold a password.
            let proxy = Proxy::https(proxy).map_err(|_| Code::BadProxy)?;
            builder =
                builder.proxy(proxy.no_proxy(self.set.no_proxy.as_deref().and_then(NoProxy::from_string)));
        }
        // With certificates of its own the library fails over those alone.
        let path =
            self.ca_file().or(self.around.system_file.as_deref()).map(|path| path.display().to_string());
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
    way: Mutex<Way>,
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

    fn put(&self, client: Client) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(client);
    }
}

impl Clients {
    pub fn new(way: Way) -> Result<Self, Code> {
        let plain = builder().no_proxy().tls_certs_only([]).build();
        let plain = plain.map_err(|e| Code::Internal { what: format!("no HTTP client: {}", cause(&e)) })?;
        Ok(Self { plain, way: Mutex::new(way), near: Late::default(), far: Late::default() })
    }

    pub fn near(&self) -> Result<Client, Code> {
        self.near.get(|| self.way().near())
    }

    pub fn far(&self) -> Result<Client, Code> {
        self.far.get(|| self.way().far())
    }

    fn way(&self) -> Way {
        self.way.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The way that is in force, for people.
    pub fn shown(&self) -> engine::model::settings::Way {
        self.way().shown()
    }

    /// Goes by what is set from now on, if clients can be made of it.
    pub fn go_by(&self, set: &Network) -> Result<(), Code> {
        let way = Way::new(set, self.way().around);
        let (near, far) = (way.near()?, way.far()?);
        *self.way.lock().unwrap_or_else(PoisonError::into_inner) = way;
        self.near.put(near);
        self.far.put(far);
        Ok(())
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
        let clients = Clients::new(Way::new(
            &Network::default(),
            Around::new(&env(&[(AWS_CA_BUNDLE, &path)]), nowhere()),
        ));
        let clients = clients.unwrap();
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

    fn nowhere() -> &'static Path {
        Path::new("/nowhere/config")
    }

    #[test]
    fn what_the_settings_name_wins_over_the_environment_and_that_over_the_config_file() {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("config");
        std::fs::write(&config, "[default]\nca_bundle = /aws.pem\n[profile b]\nca_bundle = /b.pem\n")
            .unwrap();
        let of = |set: Option<&str>, given: &[(&str, &str)], config: &Path| {
            let set = Network { ca_file: set.map(PathBuf::from), ..Network::default() };
            let way = Way::new(&set, Around::new(&env(given), config));
            assert_eq!(
                way.ca_file().map(|p| p.display().to_string()),
                way.shown().ca_file.map(|(path, _)| path)
            );
            way.shown().ca_file
        };
        let named = |path: &str, by| Some((path.to_owned(), by));
        let given = [(AWS_CA_BUNDLE, "/env.pem")];
        assert_eq!(of(Some("/set.pem"), &given, &config), named("/set.pem", NamedBy::Settings));
        assert_eq!(of(None, &given, &config), named("/env.pem", NamedBy::Environment(AWS_CA_BUNDLE)));
        assert_eq!(of(None, &[(AWS_CA_BUNDLE, "")], &config), named("/aws.pem", NamedBy::AwsConfig));
        assert_eq!(of(None, &[], nowhere()), None);
    }

    #[test]
    fn the_way_is_told_without_a_password() {
        let shown = |set: &Network, given: &[(&str, &str)]| {
            Way::new(set, Around::new(&env(given), nowhere())).shown()
        };
        let given = [("https_proxy", "http://sam:p@ss@proxy.test:3128"), ("NO_PROXY", "sso.test")];
        let way = shown(&Network::default(), &given);
        assert_eq!(way.proxy, Some(("http://proxy.test:3128".into(), NamedBy::Environment("https_proxy"))));
        assert_eq!(way.no_proxy, Some(("sso.test".into(), NamedBy::Environment("NO_PROXY"))));
        let set = Network { proxy: Some("sam:secret@other.test:1".into()), ..Network::default() };
        let way = shown(&set, &given);
        assert_eq!(way.proxy, Some(("other.test:1".into(), NamedBy::Settings)));
        assert_eq!(way.no_proxy, None, "the environment's exceptions are for its own proxy");
    }

    #[test]
    fn what_cannot_be_used_changes_nothing() {
        crate::install_crypto_provider();
        let clients = Clients::new(Way::new(&Network::default(), Around::default())).unwrap();
        let missing = Network { ca_file: Some("/nowhere/ca.pem".into()), ..Network::default() };
        assert!(matches!(clients.go_by(&missing), Err(Code::NoTrust { path: Some(_), .. })));
        assert_eq!(clients.shown(), engine::model::settings::Way::default());
        let proxy = Network { proxy: Some("http://proxy.test:3128".into()), ..Network::default() };
        assert_eq!(clients.go_by(&proxy), Ok(()));
        assert_eq!(clients.shown().proxy, Some(("http://proxy.test:3128".into(), NamedBy::Settings)));
    }

    #[test]
    fn a_proxy_that_is_no_address_is_refused_without_being_repeated() {
        crate::install_crypto_provider();
        let set = Network { proxy: Some("http://sam:secret@[".into()), ..Network::default() };
        let refused = Clients::new(Way::new(&set, Around::default())).unwrap().far().map(drop);
        assert_eq!(refused, Err(Code::BadProxy));
    }
}
