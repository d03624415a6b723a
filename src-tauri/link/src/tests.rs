//! Two programs that understand each other, two that do not, and strangers.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, a child reports by printing")]

mod child;
mod places;

use crate::{
    Client, EngineLock, HandOver, Hello, LinkError, ListedApp, Listener, Listing, MAX_FRAME, Refusal, Reply,
    Request, SocketPath, Status,
};
use std::{
    fs,
    io::{Read, Write},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// Ample: bounds a test that would otherwise hang.
const PATIENCE: Duration = Duration::from_secs(20);
/// For tests of the deadline itself.
const SHORT: Duration = Duration::from_millis(100);

/// A listening engine, and how often it was asked.
struct Engine {
    folder: tempfile::TempDir,
    path: SocketPath,
    asked: Arc<AtomicUsize>,
    _lock: EngineLock,
    listener: Listener,
}

fn engine(us: &Hello, patience: Duration) -> Engine {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let lock = EngineLock::acquire(&state).unwrap().unwrap();
    let path = SocketPath::choose(None, &state).unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let listener = Listener::bind(&lock, &path, us.clone(), patience, move |request, _| {
        count.fetch_add(1, Ordering::SeqCst);
        match request {
            Request::Status => Reply::Status(Status {
                program: "latchkey".to_owned(),
                version: "1.2.3".to_owned(),
                pid: std::process::id(),
            }),
            Request::ShowWindow | Request::ShowSandbox => Reply::Refused(Refusal::Impossible),
            Request::HandOver => Reply::HandOver(HandOver::Busy),
            Request::List => Reply::Listing(large()),
            _ => Reply::Refused(Refusal::UnknownRequest),
        }
    })
    .unwrap();
    Engine { folder, path, asked, _lock: lock, listener }
}

/// More than a request may have.
fn large() -> Listing {
    let app = ListedApp {
        org: "org-1".to_owned(),
        org_name: "Acme".to_owned(),
        app: "ins-1".to_owned(),
        name: "Grafana".to_owned(),
        description: Some("x".repeat(100)),
        favourite: false,
    };
    Listing { roles: Vec::new(), apps: vec![app; 1_000] }
}

fn us() -> Hello {
    Hello::of("latchkey", "1.2.3")
}

fn frame(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
}

/// What a raw connection hears until the other side ends it.
fn heard(stream: &mut UnixStream) -> Vec<u8> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut heard = Vec::new();
    match stream.read_to_end(&mut heard) {
        Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => panic!("{error}"),
        _ => heard,
    }
}

/// A server that sends fixed bytes to the first client and then waits for its end.
fn fake_engine(folder: &Path, says: Vec<u8>) -> SocketPath {
    fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).unwrap();
    let path = SocketPath::choose(None, folder).unwrap();
    let listener = UnixListener::bind(path.as_path()).unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(&says).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    path
}

#[test]
fn every_request_gets_its_answer_on_one_connection() {
    let engine = engine(&us(), PATIENCE);
    let mut client = Client::connect(&engine.path, &us(), PATIENCE).unwrap();
    assert_eq!(client.engine(), &us());
    match client.ask(&Request::Status).unwrap() {
        Reply::Status(status) => {
            assert_eq!((status.version.as_str(), status.pid), ("1.2.3", std::process::id()));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(client.ask(&Request::ShowWindow), Err(LinkError::Refused(Refusal::Impossible))));
    assert_eq!(client.ask(&Request::HandOver).unwrap(), Reply::HandOver(HandOver::Busy));
    assert_eq!(engine.asked.load(Ordering::SeqCst), 3);
}

#[test]
fn an_answer_may_be_larger_than_a_request() {
    let engine = engine(&us(), PATIENCE);
    let mut client = Client::connect(&engine.path, &us(), PATIENCE).unwrap();
    assert_eq!(client.ask(&Request::List).unwrap(), Reply::Listing(large()));
    let org = "x".repeat(MAX_FRAME);
    let asked = client.ask(&Request::SignOut { org });
    assert!(matches!(asked, Err(LinkError::TooLarge { limit: MAX_FRAME, .. })), "{asked:?}");
}

#[test]
fn many_clients_are_served_at_once() {
    let engine = engine(&us(), PATIENCE);
    let _idle: Vec<_> = (0..10).map(|_| Client::connect(&engine.path, &us(), PATIENCE).unwrap()).collect();
    let path = &engine.path;
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| Client::connect(path, &us(), PATIENCE).unwrap().ask(&Request::HandOver).unwrap());
        }
    });
    assert_eq!(engine.asked.load(Ordering::SeqCst), 20);
}

#[test]
fn another_version_is_told_so_and_asks_nothing() {
    let newer = Hello { protocol: 99, ..Hello::of("latchkey", "9.0.0") };
    let engine = engine(&newer, PATIENCE);
    match Client::connect(&engine.path, &us(), PATIENCE).map(|_| ()) {
        Err(LinkError::OtherVersion { ours: 1, theirs: 99, program_version }) => {
            assert_eq!(program_version, "9.0.0");
        }
        other => panic!("{other:?}"),
    }
    // A client that asks all the same.
    let mut raw = UnixStream::connect(engine.path.as_path()).unwrap();
    let hello = serde_json::to_vec(&us()).unwrap();
    raw.write_all(&frame(&hello)).unwrap();
    let _ = raw.write_all(&frame(br#"{"ask":"hand_over"}"#));
    heard(&mut raw);
    assert_eq!(engine.asked.load(Ordering::SeqCst), 0);
}

#[test]
fn bad_frames_end_their_own_connection_only() {
    let engine = engine(&us(), PATIENCE);
    let too_large = u32::try_from(MAX_FRAME + 1).unwrap().to_be_bytes();
    for said in [&too_large[..], &[0xff; 4], &frame(b"{}"), &frame(b"GET / HTTP/1.1"), &frame(b"")] {
        let mut raw = UnixStream::connect(engine.path.as_path()).unwrap();
        raw.write_all(said).unwrap();
        assert_eq!(heard(&mut raw), b"", "{said:?}");
    }
    assert_eq!(engine.asked.load(Ordering::SeqCst), 0);
    assert!(Client::connect(&engine.path, &us(), PATIENCE).unwrap().ask(&Request::Status).is_ok());
}

#[test]
fn a_request_of_a_later_version_is_refused_and_the_talk_goes_on() {
    let engine = engine(&us(), PATIENCE);
    let mut raw = UnixStream::connect(engine.path.as_path()).unwrap();
    for said in [
        serde_json::to_vec(&us()).unwrap(),
        br#"{"ask":"dance"}"#.to_vec(),
        br#"{"ask":"hand_over","x":1}"#.to_vec(),
    ] {
        raw.write_all(&frame(&said)).unwrap();
    }
    raw.shutdown(std::net::Shutdown::Write).unwrap();
    let heard = String::from_utf8_lossy(&heard(&mut raw)).into_owned();
    assert!(heard.contains(r#"{"answer":"refused","content":"unknown_request"}"#), "{heard}");
    assert!(heard.ends_with(r#"{"answer":"hand_over","content":{"lock":"busy"}}"#), "{heard}");
}

#[test]
fn half_a_frame_ends_with_the_deadline() {
    let engine = engine(&us(), SHORT);
    let mut raw = UnixStream::connect(engine.path.as_path()).unwrap();
    raw.write_all(&[0, 0, 0]).unwrap();
    assert_eq!(heard(&mut raw), b"");

    let folder = tempfile::tempdir().unwrap();
    let path = fake_engine(folder.path(), vec![0, 0, 0, 9, b'{']);
    let result = Client::connect(&path, &us(), SHORT).map(|_| ());
    assert!(matches!(result, Err(LinkError::TimedOut { waited_for: "say hello" })), "{result:?}");
}

#[test]
fn a_client_trusts_no_length_and_no_text() {
    let huge = tempfile::tempdir().unwrap();
    let result = Client::connect(&fake_engine(huge.path(), vec![0x7f; 8]), &us(), PATIENCE).map(|_| ());
    assert!(matches!(result, Err(LinkError::TooLarge { limit: MAX_FRAME, .. })), "{result:?}");
    let garbled = tempfile::tempdir().unwrap();
    let result = Client::connect(&fake_engine(garbled.path(), frame(b"[1]")), &us(), PATIENCE).map(|_| ());
    assert!(matches!(result, Err(LinkError::Garbled)), "{result:?}");
}

#[test]
fn nobody_there_is_an_answer() {
    let engine = engine(&us(), PATIENCE);
    let Engine { folder, path, listener, _lock, .. } = engine;
    assert_eq!(listener.path(), path.as_path());
    let mode = fs::metadata(path.as_path()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    drop(listener);
    assert!(!path.as_path().exists());
    assert!(matches!(Client::connect(&path, &us(), PATIENCE), Err(LinkError::NotRunning)));
    // A socket whose engine was killed.
    drop(UnixListener::bind(path.as_path()).unwrap());
    assert!(matches!(Client::connect(&path, &us(), PATIENCE), Err(LinkError::NotRunning)));
    let next = Listener::bind(&_lock, &path, us(), PATIENCE, |_, _| Reply::Done).unwrap();
    let reply = Client::connect(&path, &us(), PATIENCE).unwrap().ask(&Request::ShowWindow).unwrap();
    assert_eq!(reply, Reply::Done);
    drop((next, folder));
}

#[test]
fn another_user_gets_nothing() {
    child::need_root();
    let engine = engine(&us(), PATIENCE);
    fs::set_permissions(engine.folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let program = child::copy(engine.folder.path());
    child::run(child::as_nobody(&program, "stranger: shut out", engine.path.as_path()));
    // Even with the folder and the socket thrown open, the peer's user is checked at both ends.
    for (path, mode) in [(engine.path.as_path().parent().unwrap(), 0o777), (engine.path.as_path(), 0o666)] {
        fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    child::run(child::as_nobody(&program, "stranger: hears nothing", engine.path.as_path()));
    child::run(child::as_nobody(&program, "stranger: refuses us", engine.path.as_path()));
    assert_eq!(engine.asked.load(Ordering::SeqCst), 0);
}
