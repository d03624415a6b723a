//! What is sent, what is believed, and who is asked, over UDP on this computer. Debian's FreeRADIUS is the peer in
//! `tests/wire`.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{Arc, Mutex, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

use super::{
    Answer, Asked, Door, LONGEST_CODE, MOST_WAITING, Problem, Settings, Source, ask,
    packet::{
        ACCESS_ACCEPT, ACCESS_CHALLENGE, ACCESS_REJECT, ACCESS_REQUEST, Attributes, LONGEST,
        MESSAGE_AUTHENTICATOR, REPLY_MESSAGE, Request, STATE, USER_NAME, USER_PASSWORD, attributes, hidden,
        mac, packet,
    },
    probe,
};
use crate::chance::Chance;

const SECRET: &[u8] = b"a shared secret of thirty-two letters";
/// What a server that answers is given; a machine that is busy must not make it a silent one.
const PATIENCE: u64 = 30;

fn asked(code: &str) -> Asked<'_> {
    Asked { user: "sam", code, state: None, asker: "sso.acme.test", from: "192.0.2.7" }
}

/// How an answer is proved.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    Both,
    /// As servers did before Blast-RADIUS was known.
    ResponseAuthenticator,
}

/// What a server that knows this secret says to a request.
fn answer(secret: &[u8], request: &[u8], code: u8, more: &[(u8, &[u8])], proof: Proof) -> Vec<u8> {
    let mut written = Attributes::default();
    if proof == Proof::Both {
        written.push(MESSAGE_AUTHENTICATOR, &[0; 16]).unwrap();
    }
    more.iter().for_each(|(kind, value)| written.push(*kind, value).unwrap());
    let asked: [u8; 16] = request[4..20].try_into().unwrap();
    let mut bytes = packet(code, request[1], &asked, &written.0).unwrap();
    if proof == Proof::Both {
        let seal = mac(secret, &bytes);
        bytes[22..38].copy_from_slice(&seal);
    }
    let authenticator: [u8; 16] = Md5::new().chain_update(&bytes).chain_update(secret).finalize().into();
    bytes[4..20].copy_from_slice(&authenticator);
    bytes
}

/// What a server does with a request: what it sends, and whether from another address.
type Act = dyn FnMut(&[u8]) -> Vec<(Vec<u8>, bool)> + Send;

/// A server, and what it heard.
struct Server {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(mut act: Box<Act>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (address, heard) = (socket.local_addr().unwrap(), Arc::<Mutex<Vec<Vec<u8>>>>::default());
        let noted = Arc::clone(&heard);
        let thread = std::thread::spawn(move || {
            let mut bytes = [0; LONGEST];
            loop {
                let (length, from) = socket.recv_from(&mut bytes).unwrap();
                if length == 1 {
                    return;
                }
                noted.lock().unwrap().push(bytes[..length].to_vec());
                for (answer, is_strange) in act(&bytes[..length]) {
                    let by = if is_strange { &stranger } else { &socket };
                    by.send_to(&answer, from).unwrap();
                }
            }
        });
        Self { address, heard, thread: Some(thread) }
    }

    /// One that says this to everything.
    fn saying(code: u8, more: &'static [(u8, &'static [u8])]) -> Self {
        Self::start(Box::new(move |request| vec![(answer(SECRET, request, code, more, Proof::Both), false)]))
    }

    fn silent() -> Self {
        Self::start(Box::new(|_| Vec::new()))
    }

    fn count(&self) -> usize {
        self.heard.lock().unwrap().len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"x", self.address).unwrap();
        self.thread.take().unwrap().join().unwrap();
    }
}

fn source(servers: &[&Server], patience: u64, retries: u32) -> Source {
    let servers = servers.iter().map(|server| server.address.to_string()).collect();
    let settings = Settings { label: "Token".to_owned(), servers, port: 1812, patience, retries };
    Source::new(settings, Zeroizing::new(SECRET.to_vec())).unwrap()
}

/// An address where nothing listens.
fn nobody() -> String {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn a_code_is_hidden_as_the_rfc_has_it() {
    // RFC 2865 §7.1.
    let authenticator = hex::decode("0f403f9473978057bd83d5cb98f4227a").unwrap().try_into().unwrap();
    let bytes = hidden(b"xyzzy5461", &authenticator, b"arctangent").unwrap();
    assert_eq!(hex::encode(bytes.as_slice()), "0dbe708d93d413ce3196e43f782a0aee");
    for (length, whole) in [(0, 16), (16, 16), (17, 32), (LONGEST_CODE, LONGEST_CODE)] {
        assert_eq!(hidden(SECRET, &authenticator, &vec![b'1'; length]).unwrap().len(), whole);
    }
    assert!(hidden(SECRET, &authenticator, &[b'1'; LONGEST_CODE + 1]).is_none());
}

#[test]
fn a_request_says_who_and_proves_itself_first() {
    let chance = Chance::from_system();
    let request = Request::new(SECRET, &chance, &Asked { state: Some(b"state"), ..asked("123456") }).unwrap();
    let bytes = request.bytes();
    assert_eq!(bytes[0], ACCESS_REQUEST);
    assert_eq!(usize::from(u16::from_be_bytes([bytes[2], bytes[3]])), bytes.len());
    let found = attributes(&bytes[20..]).unwrap();
    let kinds: Vec<u8> = found.iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(kinds, [MESSAGE_AUTHENTICATOR, USER_NAME, USER_PASSWORD, 6, 32, 31, STATE]);
    let mut without = bytes.to_vec();
    without[22..38].fill(0);
    assert_eq!(mac(SECRET, &without), found[0].2);
    assert!(!bytes.windows(6).any(|part| part == b"123456"));
    let another = Request::new(SECRET, &chance, &asked("123456")).unwrap();
    assert_ne!(another.bytes()[4..20], bytes[4..20], "a new authenticator each time");
    let long = "1".repeat(LONGEST_CODE + 1);
    assert!(Request::new(SECRET, &chance, &asked(&long)).is_none());
}

#[test]
fn only_what_the_secrets_holder_says_to_this_request_is_an_answer() {
    let chance = Chance::from_system();
    let request = Request::new(SECRET, &chance, &asked("1")).unwrap();
    let by =
        |secret: &[u8], code, more: &[(u8, &[u8])], proof| answer(secret, request.bytes(), code, more, proof);
    let read = |bytes: &[u8]| request.answered(SECRET, bytes);
    let accept = by(SECRET, ACCESS_ACCEPT, &[(25, b"class")], Proof::Both);
    assert_eq!(read(&accept), Some(Answer::Accept));
    for at in 0..accept.len() {
        let mut changed = accept.clone();
        changed[at] ^= 1;
        assert_eq!(read(&changed), None, "byte {at}");
        assert_eq!(read(&accept[..at]), None, "cut off at {at}");
    }
    let padded = [&accept[..], &[0; 9]].concat();
    assert_eq!(read(&padded), Some(Answer::Accept), "padding is passed over");
    assert_eq!(read(&by(b"another secret", ACCESS_ACCEPT, &[], Proof::Both)), None);
    // Right by RFC 2865, and what CVE-2024-3596 can forge.
    assert_eq!(read(&by(SECRET, ACCESS_ACCEPT, &[], Proof::ResponseAuthenticator)), None);
    // A code that is no answer, and a proof that is there twice.
    assert_eq!(read(&by(SECRET, ACCESS_REQUEST, &[], Proof::Both)), None);
    assert_eq!(read(&by(SECRET, ACCESS_ACCEPT, &[(MESSAGE_AUTHENTICATOR, &[0; 16])], Proof::Both)), None);
    let other = Request::new(SECRET, &chance, &asked("1")).unwrap();
    assert_eq!(other.answered(SECRET, &accept), None, "an answer to another request");

    let parts: &[(u8, &[u8])] =
        &[(REPLY_MESSAGE, b"Your PIN\r\n"), (REPLY_MESSAGE, "\u{7}läuft ab".as_bytes())];
    let message = "Your PIN läuft ab".to_owned();
    assert_eq!(read(&by(SECRET, ACCESS_REJECT, parts, Proof::Both)), Some(Answer::Reject { message }));
    let asks: &[(u8, &[u8])] = &[(STATE, b"s-1"), (REPLY_MESSAGE, b"Code?"), (76, &[0, 0, 0, 0])];
    let expected =
        Answer::Challenge { state: Some(b"s-1".to_vec()), message: "Code?".to_owned(), is_hidden: true };
    assert_eq!(read(&by(SECRET, ACCESS_CHALLENGE, asks, Proof::Both)), Some(expected));
    assert_eq!(read(&by(SECRET, ACCESS_CHALLENGE, &[(STATE, b"1"), (STATE, b"2")], Proof::Both)), None);
}

#[test]
fn the_next_server_is_asked_when_one_is_silent_and_not_when_it_says_no() {
    let (chance, door) = (Chance::from_system(), Door::default());
    let (silent, second) = (Server::silent(), Server::saying(ACCESS_REJECT, &[]));
    let third = Server::saying(ACCESS_ACCEPT, &[]);
    let all = [&silent, &second, &third];
    let mut source = source(&all, 1, 1);
    let heard = ask(&door, &source, &chance, &asked("1"), None).unwrap();
    assert_eq!(heard.server, second.address.to_string());
    assert_eq!(heard.answer, Answer::Reject { message: String::new() });
    assert_eq!((silent.count(), second.count(), third.count()), (2, 1, 0));
    let sent = silent.heard.lock().unwrap().clone();
    assert_eq!(sent[0], sent[1], "what is sent again is the same");
    assert_ne!(sent[0][4..20], second.heard.lock().unwrap()[0][4..20], "another server, another request");
    // It is not waited for again.
    source.settings.patience = PATIENCE;
    ask(&door, &source, &chance, &asked("1"), None).unwrap();
    assert_eq!((silent.count(), second.count()), (2, 2));
    door.forget();
    source.settings.patience = 1;
    ask(&door, &source, &chance, &asked("1"), None).unwrap();
    assert_eq!(silent.count(), 4);
}

#[test]
fn when_no_server_answers_it_is_said_and_nobody_waits_again_at_once() {
    let (chance, door) = (Chance::from_system(), Door::default());
    let silent = Server::silent();
    let forger = Server::start(Box::new(|request| {
        vec![
            (answer(b"not it", request, ACCESS_ACCEPT, &[], Proof::Both), false),
            (answer(SECRET, request, ACCESS_ACCEPT, &[], Proof::ResponseAuthenticator), false),
        ]
    }));
    let mut source = source(&[&silent, &forger], 1, 0);
    source.settings.servers.push(nobody());
    let said = ask(&door, &source, &chance, &asked("1"), None).unwrap_err().to_string();
    for words in ["no answer in time", "not to be believed", "nothing listens there"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(matches!(ask(&door, &source, &chance, &asked("1"), None), Err(Problem::NoAnswer { .. })));
    assert_eq!((silent.count(), forger.count()), (1, 1), "they rest");
    let told = probe(&source, &chance, "sso.acme.test");
    assert!(told.iter().all(|(_, outcome)| outcome.is_err()), "{told:?}");
    assert_eq!(silent.count(), 2, "a test asks all the same");
}

/// A server may say nothing of one person: their phone lies in another room, or it knows no such name.
#[test]
fn what_one_person_is_not_told_keeps_nobody_else_out() {
    let (chance, door) = (Chance::from_system(), Door::default());
    let of_kim = Server::start(Box::new(|request| {
        let found = attributes(&request[20..]).unwrap();
        let is_kim = found.iter().any(|(kind, _, value)| *kind == USER_NAME && *value == b"kim");
        is_kim
            .then(|| (answer(SECRET, request, ACCESS_ACCEPT, &[], Proof::Both), false))
            .into_iter()
            .collect()
    }));
    let patient = source(&[&of_kim], PATIENCE, 0);
    let kim = Asked { user: "kim", ..asked("1") };
    assert_eq!(ask(&door, &patient, &chance, &kim, None).unwrap().answer, Answer::Accept);
    let quick = source(&[&of_kim], 1, 0);
    let unanswered = ask(&door, &quick, &chance, &asked("1"), None).unwrap_err();
    assert!(matches!(unanswered, Problem::NoAnswer { was_sent: true, .. }), "{unanswered}");
    assert_eq!(ask(&door, &patient, &chance, &kim, None).unwrap().answer, Answer::Accept);
    // Where nothing listens nothing was sent, and nobody waits again at once.
    let mut nowhere = source(&[&of_kim], 1, 0);
    nowhere.settings.servers = vec![nobody()];
    for _ in 0..2 {
        let unsent = ask(&door, &nowhere, &chance, &kim, None).unwrap_err();
        assert!(matches!(unsent, Problem::NoAnswer { was_sent: false, .. }), "{unsent}");
    }
}

#[test]
fn one_person_waits_twice_at_most_and_everybody_together_so_often_as_there_are_threads() {
    let door = Door::default();
    let sams = [door.wait("sam"), door.wait("sam"), door.wait("sam")];
    assert_eq!(sams.each_ref().map(Option::is_some), [true, true, false]);
    let names: Vec<String> = (2..MOST_WAITING).map(|number| number.to_string()).collect();
    let others: Vec<_> = names.iter().map(|name| door.wait(name)).collect();
    assert!(others.iter().all(Option::is_some) && door.wait("kim").is_none());
    drop(sams);
    assert!(door.wait("kim").is_some());
}

#[test]
fn a_strangers_datagram_is_passed_over_and_the_answer_to_a_challenge_goes_back_to_who_asked() {
    let (chance, door) = (Chance::from_system(), Door::default());
    let (tell, told) = mpsc::channel();
    let first = Server::saying(ACCESS_REJECT, &[]);
    let mut turn = 0;
    let second = Server::start(Box::new(move |request| {
        turn += 1;
        let found = attributes(&request[20..]).unwrap();
        let state = found.iter().find(|(kind, ..)| *kind == STATE).map(|(.., value)| value.to_vec());
        tell.send(state).unwrap();
        let forged = answer(b"not it", request, ACCESS_ACCEPT, &[], Proof::Both);
        let (code, more): (u8, &[(u8, &[u8])]) =
            if turn == 1 { (ACCESS_CHALLENGE, &[(STATE, b"s-1")]) } else { (ACCESS_ACCEPT, &[]) };
        let right = answer(SECRET, request, code, more, Proof::Both);
        // Even the right answer is none from another address.
        let reject = answer(SECRET, request, ACCESS_REJECT, &[], Proof::Both);
        vec![(forged.clone(), false), (reject, true), (right, false)]
    }));
    let only = second.address.to_string();
    let source = source(&[&second, &first], PATIENCE, 0);
    let heard = ask(&door, &source, &chance, &asked(""), None).unwrap();
    let Answer::Challenge { state, .. } = heard.answer else { panic!("{heard:?}") };
    assert_eq!((heard.server.as_str(), told.recv().unwrap()), (only.as_str(), None));
    let answered = Asked { state: state.as_deref(), ..asked("123") };
    let heard = ask(&door, &source, &chance, &answered, Some(&only)).unwrap();
    assert_eq!((heard.answer, told.recv().unwrap()), (Answer::Accept, Some(b"s-1".to_vec())));
    assert_eq!(first.count(), 0);
    let gone = nobody();
    assert!(ask(&door, &source, &chance, &answered, Some(&gone)).is_err(), "it is none of them any more");
    assert_eq!(first.count(), 0);
    assert!(told.recv_timeout(Duration::ZERO).is_err());
}

#[test]
fn what_cannot_be_servers_is_refused() {
    let good = Settings {
        label: "Acme token".to_owned(),
        servers: vec![
            "radius1.acme.test".to_owned(),
            "192.0.2.7:1645".to_owned(),
            "[2001:db8::7]:1".to_owned(),
        ],
        port: 1812,
        patience: 5,
        retries: 2,
    };
    assert_eq!(good.mistakes(), []);
    let named: Vec<String> = good.servers().iter().map(ToString::to_string).collect();
    assert_eq!(named, ["radius1.acme.test:1812", "192.0.2.7:1645", "[2001:db8::7]:1"]);
    let with = |change: &dyn Fn(&mut Settings)| {
        let mut settings = good.clone();
        change(&mut settings);
        settings.mistakes().first().map(|(field, _)| *field)
    };
    for server in ["radius://x", "x y", "", ":1812", "x:0", "x:99999", "[x]:1", "2001:db8::g"] {
        let servers = vec![server.to_owned()];
        assert_eq!(with(&|settings| settings.servers.clone_from(&servers)), Some("servers"), "{server}");
    }
    assert_eq!(with(&|settings| settings.servers = vec!["2001:db8::7".to_owned()]), None);
    assert_eq!(with(&|settings| settings.servers.clear()), Some("servers"));
    assert_eq!(with(&|settings| settings.label = " ".to_owned()), Some("label"));
    assert_eq!(with(&|settings| settings.port = 0), Some("port"));
    for patience in [0, 51, 50] {
        assert_eq!(with(&|settings| settings.patience = patience), Some("patience"), "{patience}");
    }
    assert_eq!(with(&|settings| settings.retries = 11), Some("retries"));
    let short = Settings { servers: vec!["x".to_owned()], patience: 50, retries: 1, ..good.clone() };
    assert_eq!(short.mistakes(), []);
    assert!(Source::new(good, Zeroizing::new(Vec::new())).is_err());
}
