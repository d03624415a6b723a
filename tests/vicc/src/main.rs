//! `vicc`: a virtual key in the virtual reader of Debian's `vsmartcard-vpcd`, with a socket to decide on it.
//!
//! It says `ready` when it takes orders.
//! `vicc --socket PATH [--port 35963] [--profile full] [--seed 1]`. Each line to the socket is an order, each
//! answer a line: `plug`, `unplug`, `touch allow|deny|wait`, `finger known|stranger|nobody|once`, `pass MILLISECONDS`,
//! `waiting` (waits until the key waits for a touch or a finger, at most 20 s), `profile NAME [SEED]` (another
//! key, unplugged), `passkey SITE USER` (makes one on the key, which has no PIN yet), `keep` (sets a copy of the key
//! aside), `copy` (that copy in the key's place, or one of now, unplugged: what must not exist), `quit`.
//!
//! `vicc use` is another program that uses a key: it opens the first one that it finds on this computer's readers,
//! says `ready`, and lets go of it when its input ends.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Shutdown, TcpStream},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    process::ExitCode,
    thread,
    time::Duration,
};

mod passkey;

use vicc::{Finger, Profile, Touch, VirtualKey, card::Card};

/// A key, and the reader that it lies in.
struct Desk {
    key: VirtualKey,
    /// What the key was when it was copied.
    kept: Option<VirtualKey>,
    port: u16,
    reader: Option<TcpStream>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "vicc: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    if std::env::args().nth(1).as_deref() == Some("use") {
        return use_a_key();
    }
    let (mut socket, mut port, mut profile, mut seed) = (None, 35963, Profile::Full, 1);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} wants a value"))?;
        let bad = || format!("{word} does not take {value}");
        match word.as_str() {
            "--socket" => socket = Some(PathBuf::from(&value)),
            "--port" => port = value.parse().map_err(|_| bad())?,
            "--profile" => profile = Profile::named(&value).ok_or_else(bad)?,
            "--seed" => seed = value.parse().map_err(|_| bad())?,
            _ => return Err(format!("there is no {word}")),
        }
    }
    let socket = socket.ok_or("--socket is missing")?;
    let listener = UnixListener::bind(&socket).map_err(|error| format!("{}: {error}", socket.display()))?;
    // For who started it: orders are taken from now on.
    ready()?;
    let mut desk = Desk { key: VirtualKey::new(profile, seed), kept: None, port, reader: None };
    for caller in listener.incoming() {
        let caller = caller.map_err(|error| error.to_string())?;
        if desk.obey(&caller).is_err() {
            break;
        }
    }
    let _ = std::fs::remove_file(socket);
    Ok(())
}

fn ready() -> Result<(), String> {
    let mut said = std::io::stdout();
    writeln!(said, "ready").and_then(|()| said.flush()).map_err(|error| error.to_string())
}

fn use_a_key() -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let _held = runtime.block_on(async {
        let keys = keys::Keys::of_this_computer();
        let found = keys.found().await.into_iter().next().ok_or("no key is there")?;
        keys.open(&found.id).await.map_err(|error| error.to_string())
    })?;
    ready()?;
    let input = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    input.map(drop).map_err(|error| error.to_string())
}

/// That the program is to end.
struct Quit;

impl Desk {
    fn obey(&mut self, caller: &UnixStream) -> Result<(), Quit> {
        for line in BufReader::new(caller).lines().map_while(Result::ok) {
            if line == "quit" {
                self.unplug();
                return Err(Quit);
            }
            let answer =
                self.order(&line).map_or_else(|error| format!("error: {error}"), |()| "ok".to_owned());
            let mut caller = caller;
            if writeln!(caller, "{answer}").is_err() {
                break;
            }
        }
        Ok(())
    }

    fn order(&mut self, line: &str) -> Result<(), String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["plug"] => self.plug()?,
            ["unplug"] => self.unplug(),
            ["touch", "allow"] => self.key.touch(Touch::Allow),
            ["touch", "deny"] => self.key.touch(Touch::Deny),
            ["touch", "wait"] => self.key.touch(Touch::Wait),
            ["finger", "known"] => self.key.finger(Finger::Known),
            ["finger", "stranger"] => self.key.finger(Finger::Stranger),
            ["finger", "once"] => self.key.finger(Finger::Once),
            ["finger", "nobody"] => self.key.finger(Finger::Nobody),
            ["pass", time] => {
                let time = time.parse().map_err(|_| "pass wants milliseconds")?;
                self.key.pass(Duration::from_millis(time));
            }
            ["waiting"] => {
                if !self.key.wait_for_prompt(Duration::from_secs(20)) {
                    return Err("the key waits for nothing".to_owned());
                }
            }
            ["profile", name] => self.change(name, "1")?,
            ["profile", name, seed] => self.change(name, seed)?,
            ["passkey", site, user] => passkey::make(&self.key, site, user)?,
            ["keep"] => self.kept = Some(self.key.copy()),
            ["copy"] => {
                self.unplug();
                self.key = self.kept.take().unwrap_or_else(|| self.key.copy());
            }
            _ => return Err(format!("there is no order {line:?}")),
        }
        Ok(())
    }

    fn change(&mut self, profile: &str, seed: &str) -> Result<(), String> {
        let profile = Profile::named(profile).ok_or("there is no such profile")?;
        let seed = seed.parse().map_err(|_| "a seed is a number")?;
        self.unplug();
        self.key = VirtualKey::new(profile, seed);
        Ok(())
    }

    fn plug(&mut self) -> Result<(), String> {
        if self.reader.is_some() {
            return Ok(());
        }
        let connected = TcpStream::connect(("127.0.0.1", self.port));
        let mut reader = connected.map_err(|error| format!("no reader at port {}: {error}", self.port))?;
        self.reader = Some(reader.try_clone().map_err(|error| error.to_string())?);
        self.key.plugged(true);
        let key = self.key.clone();
        thread::spawn(move || Card::new(key).serve(&mut reader));
        Ok(())
    }

    fn unplug(&mut self) {
        if let Some(reader) = self.reader.take() {
            let _ = reader.shutdown(Shutdown::Both);
            self.key.plugged(false);
        }
    }
}
