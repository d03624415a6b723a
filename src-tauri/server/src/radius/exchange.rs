//! Which server is asked, and for how long. The first that answers decides, whatever it says: nobody goes on to the
//! next one because a code was wrong. A server that is silent is not asked again for a while as long as another one
//! answers. Each request has a socket of its own, which hears the one server alone.

use std::{
    collections::HashMap,
    fmt, io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

use super::{
    Settings,
    packet::{Answer, Asked, LONGEST, Request},
};
use crate::chance::Chance;

/// For how long a server that was silent comes after those that were not.
const DEAD: Duration = Duration::from_secs(60);
/// Once no server answered, nobody waits for them again for this long.
const REST: Duration = Duration::from_secs(3);
/// How many people a node waits for at a time: each holds a thread meanwhile, and the runtime has as many more.
pub const MOST_WAITING: usize = 64;
/// How many of them may be the same person.
const MOST_OF_ONE: usize = 2;
/// Somebody whom no server knows.
const NOBODY: &str = "latchkey-connection-test";

/// Why no server could be asked. No code and no secret is in it.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// None of the servers answered.
    #[error("no RADIUS server answers: {why}")]
    NoAnswer {
        /// What each did, or did not.
        why: String,
        /// One of them may have heard what was asked, as something was sent there: its answer is late, or it asks a phone
        /// that nobody looks at.
        was_sent: bool,
    },
    /// Too many people wait for an answer.
    #[error("too many people are waiting for the RADIUS servers")]
    Crowded,
    /// The settings cannot be used.
    #[error("the settings of RADIUS cannot be used: {0}")]
    Settings(String),
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Server {
    /// A name or an address.
    pub host: String,
    /// A port of UDP.
    pub port: u16,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// The servers and what they are asked with.
pub struct Source {
    /// What an administrator said.
    pub settings: Settings,
    secret: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({:?})", self.settings)
    }
}

impl Source {
    /// The servers under a shared secret.
    ///
    /// # Errors
    /// [`Problem::Settings`] if there is no server, or no secret.
    pub fn new(settings: Settings, secret: Zeroizing<Vec<u8>>) -> Result<Self, Problem> {
        if secret.is_empty() || settings.servers().is_empty() {
            return Err(Problem::Settings("a server or the shared secret is missing".to_owned()));
        }
        Ok(Self { settings, secret })
    }
}

/// What is known of the servers here, on this node.
#[derive(Debug, Default)]
pub struct Door {
    silent: Mutex<HashMap<Server, Instant>>,
    /// When none of them answered, and why.
    resting: Mutex<Option<(Vec<Server>, Instant, String)>>,
    /// When one of them last answered anybody.
    answered: Mutex<Option<Instant>>,
    /// Who waits, each as often as they do.
    waiting: Mutex<Vec<String>>,
}

/// Somebody waits.
pub(super) struct Waiting<'a> {
    all: &'a Mutex<Vec<String>>,
    user: &'a str,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = all.iter().position(|user| user == self.user) {
            all.swap_remove(at);
        }
    }
}

impl Door {
    pub(super) fn wait<'a>(&'a self, user: &'a str) -> Option<Waiting<'a>> {
        let mut all = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let same = all.iter().filter(|waiting| *waiting == user).count();
        if all.len() >= MOST_WAITING || same >= MOST_OF_ONE {
            return None;
        }
        all.push(user.to_owned());
        Some(Waiting { all: &self.waiting, user })
    }

    fn is_silent(&self, server: &Server) -> bool {
        let silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        silent.get(server).is_some_and(|since| since.elapsed() < DEAD)
    }

    fn note(&self, server: &Server, answers: bool) {
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        silent.retain(|_, since| since.elapsed() < DEAD);
        if answers {
            silent.remove(server);
            *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        } else {
            silent.insert(server.clone(), Instant::now());
        }
    }

    /// Those that are not known to be silent first.
    fn in_turn(&self, servers: Vec<Server>) -> Vec<Server> {
        let (silent, others): (Vec<_>, Vec<_>) =
            servers.into_iter().partition(|server| self.is_silent(server));
        [others, silent].concat()
    }

    fn rests(&self, servers: &[Server]) -> Option<Problem> {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, since, why) = resting.as_ref()?;
        (of == servers && since.elapsed() < REST)
            .then(|| Problem::NoAnswer { why: why.clone(), was_sent: false })
    }

    /// Nobody waits for these for a while: nobody can be reached there, or nobody was answered for long. That one person
    /// got no answer says little, as they may not have looked at their phone.
    fn rest(&self, servers: Vec<Server>, why: &str, was_sent: bool) {
        let answered = *self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if was_sent && answered.is_some_and(|at| at.elapsed() < DEAD) {
            return;
        }
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        *resting = Some((servers, Instant::now(), why.to_owned()));
    }

    /// Forgets who was silent, and who was not.
    pub fn forget(&self) {
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.silent.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// What was heard, and from whom.
#[derive(Debug)]
pub struct Heard {
    /// The server that answered.
    pub server: String,
    /// What it said.
    pub answer: Answer,
}

/// Asks the servers in turn; the answer to a challenge goes to `only` the one that knows of it. The thread waits
/// meanwhile.
///
/// # Errors
/// [`Problem`] if none answers, or what is asked does not fit into a packet.
pub fn ask(
    door: &Door,
    source: &Source,
    chance: &Chance,
    asked: &Asked<'_>,
    only: Option<&str>,
) -> Result<Heard, Problem> {
    let _waiting = door.wait(asked.user).ok_or(Problem::Crowded)?;
    let listed = source.settings.servers();
    let servers: Vec<Server> = match only {
        Some(only) => listed.into_iter().filter(|server| server.to_string() == only).collect(),
        None => {
            if let Some(problem) = door.rests(&listed) {
                return Err(problem);
            }
            door.in_turn(listed)
        }
    };
    if servers.is_empty() {
        let why = "the server that asked is no longer one of them".to_owned();
        return Err(Problem::NoAnswer { why, was_sent: false });
    }
    let (mut problems, mut was_sent) = (Vec::new(), false);
    for server in &servers {
        match ask_one(source, chance, asked, server) {
            Ok(answer) => {
                door.note(server, true);
                return Ok(Heard { server: server.to_string(), answer });
            }
            Err(Silence::TooLong) => {
                return Err(Problem::Settings("a name is too long for a packet".to_owned()));
            }
            Err(silence) => {
                tracing::warn!(%server, %silence, "a RADIUS server did not answer");
                door.note(server, false);
                was_sent |= matches!(silence, Silence::Nothing | Silence::Unbelieved);
                problems.push(format!("{server}: {silence}"));
            }
        }
    }
    let why = problems.join("; ");
    if only.is_none() {
        door.rest(source.settings.servers(), &why, was_sent);
    }
    Err(Problem::NoAnswer { why, was_sent })
}

/// Why a server counts as silent.
#[derive(Debug, thiserror::Error)]
pub enum Silence {
    /// Its name leads nowhere.
    #[error("its address is not known: {0}")]
    NoAddress(io::Error),
    /// Nothing listens there.
    #[error("nothing listens there")]
    Refused,
    /// Nothing came.
    #[error(
        "no answer in time; it is off, something is between, or it knows this server not at all or by another secret"
    )]
    Nothing,
    /// Something came that is not to be believed.
    #[error("its answer is not to be believed: another shared secret, or no Message-Authenticator")]
    Unbelieved,
    /// Nothing could be sent.
    #[error("it cannot be reached: {0}")]
    Unreachable(io::Error),
    /// What was asked is too long.
    #[error("what is asked is too long")]
    TooLong,
}

fn ask_one(source: &Source, chance: &Chance, asked: &Asked<'_>, server: &Server) -> Result<Answer, Silence> {
    let request = Request::new(&source.secret, chance, asked).ok_or(Silence::TooLong)?;
    let addresses = (server.host.as_str(), server.port).to_socket_addrs().map_err(Silence::NoAddress)?;
    let nowhere = || Silence::NoAddress(io::ErrorKind::NotFound.into());
    let mut last = None;
    // A name may have an address of each kind. Where nothing listens costs no time; one that is silent is the server.
    for address in addresses {
        match ask_at(source, &request, address) {
            Err(silence @ (Silence::Refused | Silence::Unreachable(_))) => last = Some(silence),
            outcome => return outcome,
        }
    }
    Err(last.unwrap_or_else(nowhere))
}

fn ask_at(source: &Source, request: &Request, address: SocketAddr) -> Result<Answer, Silence> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::ConnectionRefused => Silence::Refused,
        _ => Silence::Unreachable(error),
    };
    let here: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(here).map_err(failed)?;
    // From then on nothing is heard that comes from anywhere else.
    socket.connect(address).map_err(failed)?;
    let mut heard = [0; LONGEST];
    let mut unbelieved = false;
    for _ in 0..source.settings.turns() {
        socket.send(request.bytes()).map_err(failed)?;
        let ends = Instant::now() + source.settings.patience();
        loop {
            let left = ends.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            socket.set_read_timeout(Some(left)).map_err(failed)?;
            match socket.recv(&mut heard) {
                Ok(length) => match request.answered(&source.secret, &heard[..length]) {
                    Some(answer) => return Ok(answer),
                    // Anybody can write a server's address on a datagram: the right one may still come.
                    None => unbelieved = true,
                },
                Err(error) if is_time(&error) => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }
    Err(if unbelieved { Silence::Unbelieved } else { Silence::Nothing })
}

fn is_time(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

/// Asks every server about nobody: one that says no knows the secret.
pub fn probe(source: &Source, chance: &Chance, asker: &str) -> Vec<(String, Result<Answer, Silence>)> {
    let asked = Asked { user: NOBODY, code: "", state: None, asker, from: "" };
    let servers = source.settings.servers();
    // At once: together they may take as long as one.
    std::thread::scope(|scope| {
        let under_way: Vec<_> =
            servers.iter().map(|server| scope.spawn(|| ask_one(source, chance, &asked, server))).collect();
        let outcomes = under_way.into_iter().map(|thread| thread.join().unwrap_or(Err(Silence::Nothing)));
        servers.iter().map(Server::to_string).zip(outcomes).collect()
    })
}
