//! What directories say, read. How they are asked is tested against slapd and Samba, in `tests/wire`; here only what
//! those do not do when a test wants it: fall silent or be busy in the middle.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use jiff::Timestamp;
use ldap3::{Scope, SearchEntry};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::{
    Door, Flavour, Settings, Source,
    connection::{Asked, Bound, bind},
    entry::{Entry, Standing, by_id, folded},
    set_up::is_same_door,
};

fn settings(flavour: Flavour) -> Settings {
    Settings {
        flavour,
        servers: vec!["ldaps://dc1.acme.test".to_owned()],
        authorities: String::new(),
        bind_dn: "cn=connector".to_owned(),
        user_bases: vec!["dc=acme,dc=test".to_owned()],
        group_bases: Vec::new(),
        user_filter: flavour.users().to_owned(),
        group_filter: flavour.groups().to_owned(),
        attributes: [("department".to_owned(), "ou".to_owned())].into(),
        patience: 5,
    }
}

fn entry(texts: &[(&str, &str)], bytes: &[(&str, Vec<u8>)]) -> Entry {
    let attrs = texts.iter().map(|(name, text)| ((*name).to_owned(), vec![(*text).to_owned()]));
    let bin_attrs: HashMap<_, _> =
        bytes.iter().map(|(name, bytes)| ((*name).to_owned(), vec![bytes.clone()])).collect();
    Entry::from(SearchEntry { dn: "cn=x".to_owned(), attrs: attrs.collect(), bin_attrs })
}

#[test]
fn ids_find_their_entries() {
    let ad = settings(Flavour::ActiveDirectory);
    let bytes: Vec<u8> = (1..=16).map(|byte| byte + 0x80).collect();
    let id = entry(&[], &[("objectGUID", bytes)]).id(&ad).unwrap();
    assert_eq!(id, "84838281-8685-8887-898a-8b8c8d8e8f90");
    let filter = by_id(&ad, &id).unwrap();
    assert_eq!(filter, r"(objectGUID=\81\82\83\84\85\86\87\88\89\8a\8b\8c\8d\8e\8f\90)");
    assert!(ldap3::parse_filter(&filter).is_ok());
    // Bytes that happen to be text are bytes still.
    assert!(entry(&[("objectguid", "abcdefghijklmnop")], &[]).id(&ad).is_some());
    assert!(by_id(&ad, "*").is_none());
    let other = settings(Flavour::OpenLdap);
    assert_eq!(entry(&[("entryUUID", "u-1")], &[]).id(&other).unwrap(), "u-1");
    assert_eq!(by_id(&other, "*)(uid=*").unwrap(), r"(entryUUID=\2a\29\28uid=\2a)");
}

#[test]
fn who_is_out_and_who_is_locked_out() {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let windows = |seconds: i64| ((seconds + 11_644_473_600) * 10_000_000).to_string();
    for (texts, standing) in [
        (vec![("userAccountControl", "512")], Standing::Open),
        (vec![("userAccountControl", "514")], Standing::Disabled),
        (vec![("userAccountControl", "66050")], Standing::Disabled),
        (vec![("msDS-User-Account-Control-Computed", "16")], Standing::Locked),
        (
            vec![("userAccountControl", "514"), ("msDS-User-Account-Control-Computed", "16")],
            Standing::Disabled,
        ),
        (vec![("accountExpires", "0")], Standing::Open),
        (vec![("accountExpires", "9223372036854775807")], Standing::Open),
        (vec![("accountExpires", &windows(1_799_999_999))], Standing::Disabled),
        (vec![("accountExpires", &windows(1_800_000_001))], Standing::Open),
    ] {
        assert_eq!(entry(&texts, &[]).standing(Flavour::ActiveDirectory, now), standing, "{texts:?}");
    }
    for (until, standing) in [("000001010000Z", Standing::Disabled), ("20270101000000Z", Standing::Locked)] {
        let entry = entry(&[("pwdAccountLockedTime", until)], &[]);
        assert_eq!(entry.standing(Flavour::OpenLdap, now), standing);
    }
    assert_eq!(entry(&[], &[]).standing(Flavour::OpenLdap, now), Standing::Open);
}

#[test]
fn names_of_entries_are_compared_as_directories_do() {
    assert_eq!(folded("UID=Sam , ou=People,DC=acme"), folded("uid=sam,OU=people, dc=acme"));
    assert_ne!(folded("uid=sam,ou=people"), folded("uid=sam,ou=groups"));
}

#[test]
fn what_cannot_be_a_directory_is_refused() {
    let good = settings(Flavour::OpenLdap);
    assert_eq!(good.mistakes(), []);
    assert_eq!(good.attribute("department"), "ou");
    assert_eq!(good.attribute("email"), "mail");
    let with = |change: &dyn Fn(&mut Settings)| {
        let mut settings = good.clone();
        change(&mut settings);
        settings.mistakes().first().map(|(field, _)| *field)
    };
    for server in ["http://dc", "ldapi:///run/ldapi", "dc1.acme.test", "ldaps://dc/dc=acme?uid", "ldaps://"] {
        assert_eq!(with(&|settings| settings.servers = vec![server.to_owned()]), Some("servers"), "{server}");
    }
    assert_eq!(with(&|settings| settings.servers.clear()), Some("servers"));
    assert_eq!(with(&|settings| settings.bind_dn = " ".to_owned()), Some("bind_dn"));
    assert_eq!(with(&|settings| settings.user_filter = "(uid=".to_owned()), Some("user_filter"));
    for (name, from) in [("shoeSize", "x"), ("email", "mail)(x"), ("userName", "")] {
        let attributes = [(name.to_owned(), from.to_owned())];
        assert_eq!(with(&|settings| settings.attributes = attributes.clone().into()), Some("attributes"));
    }
    assert_eq!(with(&|settings| settings.patience = 0), Some("patience"));
}

#[test]
fn a_password_goes_on_to_the_same_servers_account_and_authorities_alone() {
    let kept = Settings { authorities: "-----BEGIN\nABC\n".to_owned(), ..settings(Flavour::OpenLdap) };
    let with = |change: &dyn Fn(&mut Settings)| {
        let mut wanted = kept.clone();
        change(&mut wanted);
        is_same_door(&kept, &wanted)
    };
    assert!(with(&|wanted| wanted.user_bases.push("dc=other".to_owned())));
    assert!(with(&|wanted| wanted.authorities = "-----BEGIN\r\nABC".to_owned()), "as a browser sends it");
    assert!(!with(&|wanted| wanted.authorities = "-----BEGIN\nABD\n".to_owned()));
    assert!(!with(&|wanted| wanted.servers.push("ldaps://dc2.acme.test".to_owned())));
    assert!(!with(&|wanted| wanted.bind_dn = "cn=other".to_owned()));
}

#[test]
fn nobody_binds_without_a_password() {
    let certified = rcgen::generate_simple_self_signed(vec!["dc1.acme.test".to_owned()]).unwrap();
    let settings = Settings { authorities: certified.cert.pem(), ..settings(Flavour::OpenLdap) };
    let read = |password: &str| Source::new(settings.clone(), password.to_owned(), Timestamp::UNIX_EPOCH);
    assert!(read("").is_err());
    let source = Arc::new(read("secret").unwrap());
    // None of the servers is asked, as there is none.
    for (dn, password) in [("uid=sam", ""), ("", "secret")] {
        assert_eq!(bind(&Door::default(), &source, dn, password).unwrap(), Bound::Wrong);
    }
    let none = Settings { authorities: "no certificate".to_owned(), ..settings };
    assert!(Source::new(none, "secret".to_owned(), Timestamp::UNIX_EPOCH).is_err());
}

/// What a server of [`Servers`] does with a bind, and with a search.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    /// Nothing, after the handshake.
    Silent,
    /// Lets the connector in, and says nothing more.
    SilentLater,
    /// `busy` (RFC 4511 §4.1.9) to each bind.
    Busy,
    /// Everybody is right, and nothing is found.
    Well,
}

/// Servers that answer TLS, and how often each was connected to.
struct Servers {
    source: Arc<Source>,
    connections: Vec<Arc<AtomicUsize>>,
    _driver: tokio::runtime::Runtime,
}

impl Servers {
    fn start(moods: &[Mood]) -> Self {
        let driver =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (mut servers, mut connections) = (Vec::new(), Vec::new());
        for mood in moods {
            let listener = driver.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
            servers.push(format!("ldaps://localhost:{}", listener.local_addr().unwrap().port()));
            let count = Arc::new(AtomicUsize::new(0));
            connections.push(Arc::clone(&count));
            driver.spawn(serve(listener, acceptor.clone(), *mood, count));
        }
        let authorities = made.cert.pem();
        let settings = Settings { servers, authorities, patience: 2, ..settings(Flavour::OpenLdap) };
        let source = Source::new(settings, "secret".to_owned(), Timestamp::UNIX_EPOCH).unwrap();
        Self { source: Arc::new(source), connections, _driver: driver }
    }

    fn connections(&self) -> Vec<usize> {
        self.connections.iter().map(|count| count.load(Ordering::SeqCst)).collect()
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, mood: Mood, count: Arc<AtomicUsize>) {
    while let Ok((stream, _)) = listener.accept().await {
        count.fetch_add(1, Ordering::SeqCst);
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let mut stream = acceptor.accept(stream).await.ok()?;
            let mut heard = [0; 1024];
            loop {
                let length = stream.read(&mut heard).await.ok()?;
                // SEQUENCE, INTEGER: the message's number; then what it is (RFC 4511 §4.1.1).
                let [0x30, _, 2, 1, number, kind, ..] = heard[..length] else { return Some(()) };
                let is_connector = heard[..length].windows(12).any(|part| part == b"cn=connector");
                let answer = match (mood, kind) {
                    (Mood::Well, 0x60) => Some((0x61, 0)),
                    (Mood::SilentLater, 0x60) if is_connector => Some((0x61, 0)),
                    (Mood::Busy, 0x60) => Some((0x61, 51)),
                    (Mood::Well, 0x63) => Some((0x65, 0)),
                    _ => None,
                };
                if let Some((kind, code)) = answer {
                    let said = [0x30, 12, 2, 1, number, kind, 7, 10, 1, code, 4, 0, 4, 0];
                    stream.write_all(&said).await.ok()?;
                }
            }
        });
    }
}

#[test]
fn a_bind_goes_to_the_next_server_when_one_is_silent_or_busy() {
    for mood in [Mood::Silent, Mood::Busy, Mood::SilentLater] {
        let (servers, door) = (Servers::start(&[mood, Mood::Well]), Door::default());
        for _ in 0..3 {
            let bound = bind(&door, &servers.source, "uid=sam,dc=acme,dc=test", "secret");
            assert_eq!(bound.unwrap(), Bound::Right);
        }
        assert_eq!(servers.connections(), [1, 3], "nobody meets it again while another one is well");
    }
    let (servers, door) = (Servers::start(&[Mood::Busy, Mood::Silent]), Door::default());
    let bound = bind(&door, &servers.source, "uid=sam,dc=acme,dc=test", "secret").unwrap_err().to_string();
    assert!(bound.contains("busy") && bound.contains("too long"), "{bound}");
}

#[test]
fn a_server_that_fell_silent_is_left_at_once() {
    let (servers, door) = (Servers::start(&[Mood::SilentLater, Mood::Well]), Door::default());
    let asked = Asked {
        base: "dc=acme,dc=test".to_owned(),
        scope: Scope::Base,
        filter: "(uid=sam)".to_owned(),
        attributes: Vec::new(),
    };
    assert!(door.search(&servers.source, asked).unwrap().is_empty());
    assert_eq!(servers.connections(), [1, 1]);
}
