//! `latchkey-server serve --config FILE`: an organisation of one's own.

mod beside;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use toml::Spanned;
use url::Url;

use crate::{
    addresses::Addresses,
    admin::template,
    applying,
    audit::{
        self, Event,
        delivery::Delivery,
        keeping::{self, Keeping},
    },
    aws::{self, Aws, AwsConfig},
    chance::Chance,
    clock::Clock,
    configured::Configured,
    data_folder::DataFolder,
    database::DatabaseConfig,
    instance::{Identity, Instance, Keys, Shared},
    limits::{Limits, Rates},
    listeners,
    mail::{self, Mailing, Smtp, SmtpConfig},
    mfa::{Policy, policy::Named},
    operations::OperationsConfig,
    organisation::{self, Document, FileError},
    passwords::PasswordBook,
    proxies::TrustedProxies,
    saml::{self, Target},
    secret::InstanceKey,
    serving::{self, OwnAddress},
    store::{Change, Database, Store, StoreError},
    tls::{self, Certificate, TlsError},
};

use beside::{Signing, instance_in};
pub use beside::{adopt_keys, beside};

/// Applications that are named at the start.
const MOST_NAMED: u32 = 100;

/// The configuration file. Relative paths start at its folder.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The organisation file, applied at a start when it has changed. Without one the organisation is what was
    /// applied before and what administrators made of it.
    organisation: Option<PathBuf>,
    /// Where the instance keeps its database and key.
    data: PathBuf,
    /// Address and port. One that others than this machine reach needs TLS, here or in a proxy.
    listen: Spanned<SocketAddr>,
    /// What people and clients call it, if that is not `localhost`.
    public_url: Option<Spanned<Url>>,
    /// When a second factor is asked for. What stands here counts from the start on; what is left out is what was
    /// set last.
    #[serde(default)]
    mfa: Named,
    /// The mail server. Without it no mail is sent, and forgotten passwords are the administrator's affair.
    smtp: Option<SmtpConfig>,
    /// Addresses or networks of the proxies whose `X-Forwarded-*` headers count.
    #[serde(default)]
    trusted_proxies: Vec<Spanned<String>>,
    /// TLS of our own.
    tls: Option<Tls>,
    /// Real AWS accounts. Without it the accounts are the sandbox's, and their credentials this server's own.
    aws: Option<Spanned<AwsConfig>>,
    /// What becomes of the audit trail.
    #[serde(default)]
    audit: Audit,
    /// PostgreSQL, where several servers share one. Without it the data folder has a database of its own.
    database: Option<DatabaseConfig>,
    /// What anybody may ask for, so often an hour from one place.
    #[serde(default)]
    limits: Rates,
    /// Health, metrics, the log, and how the server ends.
    #[serde(default)]
    operations: OperationsConfig,
}

/// Two files in PEM; changed ones count with the next connection.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tls {
    /// The certificate, and those between it and the authority.
    cert: Spanned<PathBuf>,
    /// Its private key.
    key: Spanned<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Audit {
    /// Events older than so many days are forgotten; without it none are.
    retention_days: Option<Spanned<u32>>,
    /// The folder that gets them as CloudTrail's log and digest files.
    deliver_to: Option<PathBuf>,
}

/// A configuration that may be served.
#[derive(Debug)]
struct Checked {
    config: Config,
    proxies: TrustedProxies,
    certificate: Option<Certificate>,
}

/// The folder that a configuration names, for commands beside the server.
///
/// # Errors
/// What is wrong with the file.
pub fn data_folder_of(file: &Path) -> Result<PathBuf> {
    Ok(home_of(file).join(parse(file)?.0.data))
}

/// The database and the key of a server that may be running: nothing is made, nothing is locked.
///
/// # Errors
/// What is wrong with the files, or that no server ever started with them.
pub fn look(file: &Path) -> Result<(Store, InstanceKey)> {
    let config = parse(file)?.0;
    let home = home_of(file);
    Ok(DataFolder::look(&home.join(&config.data), config.database(home)?)?)
}

/// The database and the key of a server that is not there yet, to be filled; the folder has the key already.
///
/// # Errors
/// What is wrong with the files, or that there is no key.
pub fn empty(file: &Path) -> Result<(Store, InstanceKey)> {
    let config = parse(file)?.0;
    let home = home_of(file);
    let folder = config.folder(DataFolder::beside(&home.join(&config.data))?, home)?;
    Ok((folder.store()?, folder.key(&Chance::from_system())?))
}

/// The real AWS accounts that a configuration names, for commands beside the server.
///
/// # Errors
/// What is wrong with the file.
pub fn aws_of(file: &Path) -> Result<Option<AwsConfig>> {
    Ok(parse(file)?.0.aws.map(Spanned::into_inner))
}

impl Config {
    /// The database that others use too, if there is one.
    fn database(&self, home: &Path) -> Result<Option<Database>> {
        self.database.as_ref().map(|database| database.open(home)).transpose()
    }

    /// An opened folder with its database.
    fn folder(&self, folder: DataFolder, home: &Path) -> Result<DataFolder> {
        Ok(folder.with(self.database(home)?))
    }
}

/// Serves until the process is told to stop.
///
/// # Errors
/// What kept it from starting; mistakes in files name line and field.
pub async fn run(file: &Path) -> Result<()> {
    let Checked { config, proxies, certificate } = read(file)?;
    let home = home_of(file);
    let document = config.organisation.as_ref().map(|path| document(&home.join(path))).transpose()?;
    let folder = config.folder(DataFolder::open(&home.join(&config.data))?, home)?;
    let (clock, chance) = (Clock::system(), Arc::new(Chance::from_system()));
    let store = Arc::new(folder.store()?);
    if document.is_none() && store.settings()?.is_none() {
        bail!(
            "there is no organisation yet: name its file in {} as `organisation`, or apply one with \
               `latchkey-server apply`",
            file.display()
        );
    }
    let key = folder.shared_key(&store, &chance)?;
    keeping::begin(&store, &key, &folder.audit_mark())?;
    let saml = folder.shared_saml_key(&store, &key, &chance, clock.now())?;
    let keys = Keys { instance: key, saml };
    let book = PasswordBook::new(&chance).map_err(|error| anyhow::anyhow!("could not hash: {error}"))?;
    let identity = Identity::of(&store, &chance)?;
    let listen = *config.listen.get_ref();
    let listeners = match listeners::only_loopback(listen) {
        Ok(port) => listeners::exactly(port).await?,
        Err(_) => listeners::at(listen).await?,
    };
    let addresses = addresses(&config, listeners.port, &identity);
    let mut instance = Instance::new(clock, chance, store, addresses, keys, book);
    let letters = Arc::new(Notify::new());
    let smtp = config.smtp.as_ref().map(|config| Smtp::new(config, home)).transpose()?;
    if smtp.is_some() {
        instance.mailing = Mailing::Smtp(Arc::clone(&letters));
    }
    let is_anybodys = instance.addresses.is_proxied() && config.trusted_proxies.is_empty();
    if is_anybodys {
        tracing::warn!(
            "a proxy on this machine is not in `trusted_proxies`: where its visitors come from is not known, and \
             the limits for each address do not hold for them"
        );
    }
    instance.limits = Limits::new(config.limits, is_anybodys).together(&instance.store);
    instance.proxies = proxies;
    if let Some(config) = config.aws {
        aws::take_over(&mut instance, Arc::new(Aws::connect(config.into_inner()).await));
    }
    instance.operations = config.operations.operations();
    instance.configured = Configured { file: file.display().to_string(), mfa: config.mfa };
    instance.keeping = Keeping {
        retention_days: config.audit.retention_days.map(Spanned::into_inner),
        mark: Some(folder.audit_mark()),
        delivery: match config.audit.deliver_to {
            Some(path) => {
                let (chance, now) = (&instance.chance, instance.now());
                let key = folder.shared_audit_key(&instance.store, &instance.key, chance, now)?;
                Some(Delivery { folder: home.join(path), key })
            }
            None => None,
        },
    };
    let own = match &config.operations.listen {
        Some(address) => Some(OwnAddress {
            listeners: listeners::at(*address.get_ref()).await?,
            for_others: config.operations.for_others,
        }),
        None => None,
    };
    let instance = Shared::new(instance);
    instance.hold_to_configuration()?;
    if let Some((document, text)) = &document {
        for user in document.users.values().filter(|user| user.password_hash.is_none()) {
            tracing::warn!(user = user.username, "has no password_hash in the organisation file");
        }
        instance.apply_if_changed(document, text)?;
    }
    tracing::info!(
        start_url = instance.addresses.start_url(),
        region = instance.settings().region,
        "serving {}",
        instance.settings().name
    );
    let applications = instance.store.applications("", MOST_NAMED)?;
    for target in applications.iter().filter_map(Target::of) {
        let metadata = target.metadata_url(&instance);
        tracing::info!(application = target.application.name, metadata, "give the application this address");
        for step in saml::steps(&instance, target) {
            tracing::info!(application = target.application.name, "{step}");
        }
    }
    let stop = CancellationToken::new();
    crate::command::stop_on_signals(stop.clone()).context("could not watch for signals")?;
    if let Some(smtp) = smtp {
        tokio::spawn(mail::deliver(Shared::clone(&instance), smtp, letters, stop.clone()));
    }
    let tls = certificate.map(|certificate| Arc::new(certificate).config());
    serving::serve(instance, listeners.sockets, own, tls, stop).await.context("the server stopped")
}

/// Where the instance answers.
fn addresses(config: &Config, port: u16, Identity { instance_id, directory_id }: &Identity) -> Addresses {
    let is_tls = config.tls.is_some();
    match &config.public_url {
        Some(url) if is_tls && config.trusted_proxies.is_empty() => {
            Addresses::public_tls(url.get_ref(), port, instance_id, directory_id)
        }
        Some(url) => Addresses::behind_proxy(url.get_ref(), port, instance_id, directory_id),
        None if is_tls => Addresses::loopback_tls(port, instance_id, directory_id),
        None => Addresses::loopback(port, instance_id, directory_id),
    }
}

/// Sets the policy for second factors.
///
/// # Errors
/// [`StoreError`] if it cannot be kept.
pub fn policy_set(instance: &Instance, policy: &Policy) -> Result<(), StoreError> {
    let event = instance.entry(&Event {
        source: audit::DIRECTORY,
        name: "PutMfaDeviceManagementForDirectory",
        details: serde_json::to_value(policy).unwrap_or_default(),
        ..Event::default()
    });
    instance.store.set_mfa_policy(policy, &event)
}

/// The organisation in a file, and its text.
fn document(file: &Path) -> Result<(Document, String)> {
    let text = organisation::text_of(file)?;
    Ok((organisation::read(&file.display().to_string(), &text)?, text))
}

/// `latchkey-server plan` and `apply`: what an organisation file changes, and changing it. A server that is running
/// on the same data folder sees it at once.
///
/// # Errors
/// What kept it from being applied; then nothing has changed. Mistakes in files name line and field.
pub fn apply(
    config_file: &Path,
    organisation_file: &Path,
    parameters: &[String],
    rehearse: bool,
) -> Result<Vec<Change>> {
    let Checked { config, .. } = read(config_file)?;
    let home = home_of(config_file);
    let text = organisation::text_of(organisation_file)?;
    if template::is_template(&text) {
        let folder = config.folder(DataFolder::join(&home.join(&config.data))?, home)?;
        let instance = instance_in(&config, &folder, Signing::TheInstances)?;
        let given = given(parameters)?;
        let template = template::read(&instance, &organisation_file.display().to_string(), &text, &given)?;
        return Ok(instance.apply_template(&template, rehearse)?);
    }
    ensure!(
        parameters.is_empty(),
        "an organisation file has no parameters; only a CloudFormation template has"
    );
    let (document, text) = document(organisation_file)?;
    let folder = config.folder(DataFolder::join(&home.join(&config.data))?, home)?;
    let instance = instance_in(&config, &folder, Signing::TheInstances)?;
    if rehearse {
        return Ok(instance.plan(&document)?);
    }
    // The file that the server starts with need not be applied again by it.
    let own = config.organisation.as_ref().and_then(|own| home.join(own).canonicalize().ok());
    let is_own = own.is_some_and(|own| organisation_file.canonicalize().is_ok_and(|file| file == own));
    let digest = is_own.then(|| applying::digest(&text));
    Ok(instance.apply(&document, digest.as_deref())?)
}

/// Parameters of a template as they are given: `NAME=VALUE` each.
fn given(parameters: &[String]) -> Result<BTreeMap<String, String>> {
    let given = parameters.iter().map(|parameter| {
        let (name, value) = parameter.split_once('=').with_context(|| {
            format!("--parameter {parameter:?} has no value; write --parameter NAME=VALUE")
        })?;
        Ok((name.to_owned(), value.to_owned()))
    });
    given.collect()
}

fn home_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("."))
}

/// The configuration as it is written, and its text.
fn parse(file: &Path) -> Result<(Config, String)> {
    let text = organisation::text_of(file)?;
    let name = file.display().to_string();
    let config = toml::from_str(&text).map_err(|error| FileError::syntax(&name, &text, &error))?;
    Ok((config, text))
}

/// The configuration, if it may be served.
fn read(file: &Path) -> Result<Checked> {
    let (config, text) = parse(file)?;
    let name = file.display().to_string();
    let wrong = |span, field: &str, problem: &str| FileError::in_field(&name, &text, span, field, problem);
    if let Some(value) = &config.public_url {
        let url = value.get_ref();
        if !(url.scheme() == "https" && url.has_host() && url.path() == "/" && url.query().is_none()) {
            bail!(wrong(value.span(), "public_url", "must be https:// and a host, without a path"));
        }
    }
    let mut networks = Vec::new();
    for proxy in &config.trusted_proxies {
        let problem = "must be an IP address or a network, such as 10.0.0.7 or 10.0.0.0/24";
        let network = TrustedProxies::parse(proxy.get_ref());
        let network = network.ok_or_else(|| wrong(proxy.span(), "trusted_proxies", problem))?;
        if network.prefix_len() == 0 {
            let problem = "is everybody, who could then say who they are; name the proxies' own addresses";
            bail!(wrong(proxy.span(), "trusted_proxies", problem));
        }
        networks.push(network);
    }
    let listen = &config.listen;
    if let Err(error) = listeners::only_loopback(*listen.get_ref()) {
        let proxied = config.public_url.is_some() && !networks.is_empty();
        if config.tls.is_none() && !proxied {
            bail!(wrong(listen.span(), "listen", &error.to_string()));
        }
        if config.public_url.is_none() {
            let problem = "is reached by others: give `public_url` the https address that they use";
            bail!(wrong(listen.span(), "listen", problem));
        }
    }
    if let Some(days) = &config.audit.retention_days
        && *days.get_ref() == 0
    {
        let problem = "must be 1 or more; leave it out to keep all events";
        bail!(wrong(days.span(), "audit.retention_days", problem));
    }
    if let Some(aws) = &config.aws {
        let settings = aws.get_ref();
        if config.public_url.is_none() && settings.endpoint_url.is_none() {
            let problem = "needs `public_url`: AWS reads the keys of this server there";
            bail!(wrong(aws.span(), "aws", problem));
        }
        if settings.region.is_empty()
            || settings.region.contains(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        {
            bail!(wrong(aws.span(), "aws.region", "must be a region, such as eu-central-1"));
        }
        let is_thumbprint = |it: &String| it.len() == 40 && it.bytes().all(|b| b.is_ascii_hexdigit());
        if !settings.thumbprints.iter().all(is_thumbprint) {
            bail!(wrong(aws.span(), "aws.thumbprints", "must be SHA-1 fingerprints of 40 hex digits"));
        }
    }
    if let Some((span, problem)) = config.operations.mistake() {
        bail!(wrong(span, "operations.listen", problem));
    }
    let certificate = config.tls.as_ref().map(|files| {
        let home = home_of(file);
        let (cert, key) = (home.join(files.cert.get_ref()), home.join(files.key.get_ref()));
        Certificate::open(cert, key).map_err(|error| {
            let of_key = matches!(&error, TlsError::Unreadable { what: tls::PRIVATE_KEY, .. });
            let (field, span) =
                if of_key { ("tls.key", files.key.span()) } else { ("tls.cert", files.cert.span()) };
            wrong(span, field, &error.to_string())
        })
    });
    let certificate = certificate.transpose()?;
    Ok(Checked { config, proxies: TrustedProxies::new(networks), certificate })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::Verdict;

    #[track_caller]
    fn refuses(text: &str, words: &[&str]) {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("server.toml");
        fs::write(&file, text).unwrap();
        let error = format!("{:#}", read(&file).unwrap_err());
        for word in words {
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn mistakes_name_their_line() {
        let good = "organisation = \"o.toml\"\ndata = \"data\"\nlisten = \"127.0.0.1:8480\"\n";
        refuses("organisation = \"o.toml\"\nlisten = 5\n", &["server.toml", "line 2"]);
        refuses("organisation = \"o.toml\"\nlisten = 5\n", &["field `listen`"]);
        refuses(&format!("{good}colour = 1\n"), &["line 4, field `colour`"]);
        refuses(
            &format!("{good}public_url = \"http://sso.test\"\n"),
            &["line 4, field `public_url`", "https"],
        );
        refuses(&format!("{good}public_url = \"https://sso.test/x\"\n"), &["line 4, field `public_url`"]);
        refuses("organisation = \"o.toml\"\n", &["line 1, field `data`"]);
        let smtp = format!("{good}[smtp]\nfrom = \"Acme <sso@acme.test>\"\n");
        refuses(&format!("{smtp}host = \"mail.test\"\ntls = \"none\"\n"), &["line 4", "on this machine"]);
        refuses(&format!("{smtp}host = \"mail.test\"\nusername = \"x\"\n"), &["line 4", "go together"]);
        refuses(&smtp, &["line 4", "host"]);
        refuses(&format!("{good}[mfa]\nmode = \"on\"\n"), &["line 5, field `mfa.mode`", "always"]);
        refuses(&format!("{good}[mfa]\nmode = \"always\"\nallowed = []\n"), &["line 4", "at least one of"]);
        for listen in ["0.0.0.0:80", "192.0.2.1:80", "127.0.0.2:0"] {
            let text = format!("organisation = \"o.toml\"\ndata = \"data\"\nlisten = \"{listen}\"\n");
            refuses(
                &text,
                &["server.toml, line 3, field `listen`", "loopback", "tls.cert", "trusted_proxies"],
            );
        }
        refuses(
            &format!("{good}trusted_proxies = [\n  \"10.0.0.0/8\",\n  \"proxy\",\n]\n"),
            &["line 6, field `trusted_proxies`", "10.0.0.7"],
        );
        for everybody in ["0.0.0.0/0", "::/0"] {
            let line = format!("trusted_proxies = [\"{everybody}\"]\n");
            refuses(&format!("{good}{line}"), &["line 4, field `trusted_proxies`", "everybody"]);
        }
        refuses(&format!("{good}[limits]\nfailed_sign_in = 5\n"), &["line 5", "failed_sign_ins"]);
        refuses(&format!("{good}[aws]\nregion = \"eu-central-1\"\n"), &["field `aws`", "public_url"]);
        let aws = format!("{good}public_url = \"https://sso.test\"\n[aws]\n");
        refuses(&format!("{aws}region = \"EU (Frankfurt)\"\n"), &["field `aws.region`", "eu-central-1"]);
        let print = "region = \"eu-central-1\"\nthumbprints = [\"x\"]\n";
        refuses(&format!("{aws}{print}"), &["field `aws.thumbprints`", "40 hex digits"]);
        refuses(&format!("{good}[audit]\nretention_days = 0\n"), &["line 5, field `audit.retention_days`"]);
        refuses(&format!("{good}[tls]\ncert = \"a\"\n"), &["field `tls.key`"]);
        let others = format!("{good}[operations]\nlisten = \"0.0.0.0:9464\"\n");
        refuses(&others, &["line 5, field `operations.listen`", "for_others = true"]);
        refuses(&format!("{good}[operations]\nlog = \"xml\"\n"), &["field `operations.log`", "json"]);
    }

    /// A trail that somebody emptied stays broken, whatever command comes by.
    #[test]
    fn a_command_beside_the_server_begins_no_chain_anew() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("server.toml");
        fs::write(&file, "data = \"data\"\nlisten = \"127.0.0.1:8480\"\n").unwrap();
        let (folder, chance) = (DataFolder::open(&home.path().join("data")).unwrap(), Chance::from_system());
        let (store, key) = (folder.store().unwrap(), folder.key(&chance).unwrap());
        keeping::begin(&store, &key, &folder.audit_mark()).unwrap();
        assert!(matches!(store.verify_audit(&key, None).unwrap(), Verdict::Whole(_)));
        store.tamper("DELETE FROM audit; DELETE FROM audit_end");
        let beside = beside(&file).unwrap();
        let verdict = beside.store.verify_audit(&key, None).unwrap();
        assert!(matches!(verdict, Verdict::Broken(_)), "{verdict:?}");
    }

    /// A certificate of its own making and its key.
    fn pair(folder: &Path, name: &str) {
        let made = rcgen::generate_simple_self_signed(vec!["sso.example.test".to_owned()]).unwrap();
        fs::write(folder.join(format!("{name}.crt")), made.cert.pem()).unwrap();
        fs::write(folder.join(format!("{name}.key")), made.signing_key.serialize_pem()).unwrap();
    }

    #[test]
    fn others_are_served_with_tls_here_or_in_a_trusted_proxy_alone() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("server.toml");
        pair(home.path(), "a");
        pair(home.path(), "b");
        let check = |rest: &str| {
            let text =
                format!("organisation = \"o.toml\"\ndata = \"data\"\nlisten = \"0.0.0.0:8443\"\n{rest}");
            fs::write(&file, text).unwrap();
            read(&file).map(drop).map_err(|error| format!("{error:#}"))
        };
        let (public, proxies) =
            ("public_url = \"https://sso.example.test\"\n", "trusted_proxies = [\"10.0.0.7\"]\n");
        let tls = |cert: &str, key: &str| format!("[tls]\ncert = \"{cert}\"\nkey = \"{key}\"\n");
        check(&format!("{public}{}", tls("a.crt", "a.key"))).unwrap();
        check(&format!("{public}{proxies}")).unwrap();
        check(&format!("{public}{proxies}{}", tls("a.crt", "a.key"))).unwrap();
        for (rest, words) in [
            (public.to_owned(), "line 3, field `listen`: 0.0.0.0 is not the loopback address"),
            (proxies.to_owned(), "line 3, field `listen`: 0.0.0.0 is not the loopback address"),
            (tls("a.crt", "a.key"), "line 3, field `listen`: is reached by others"),
            (format!("{public}{}", tls("none.crt", "a.key")), "line 6, field `tls.cert`: could not read"),
            (format!("{public}{}", tls("a.crt", "none.key")), "line 7, field `tls.key`: could not read"),
            (format!("{public}{}", tls("a.key", "a.key")), "line 6, field `tls.cert`: could not read"),
            (format!("{public}{}", tls("a.crt", "b.key")), "line 6, field `tls.cert`: the certificate in"),
        ] {
            let error = check(&rest).unwrap_err();
            assert!(error.contains(words), "{words} expected:\n{error}");
        }
    }
}
