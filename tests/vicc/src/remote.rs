//! The program `vicc` as a test drives it: started beside the virtual readers, decided on by its socket.

use std::{
    io::{self, BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::readers::Readers;

/// A running `vicc`. Ends when dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    socket: PathBuf,
}

impl Program {
    /// Starts `program` for one of the readers (0 or 1), with a key of this profile that is not plugged in yet.
    ///
    /// # Errors
    /// That it does not start.
    pub fn start(
        program: &Path,
        readers: &Readers,
        reader: u16,
        profile: &str,
        folder: &Path,
    ) -> io::Result<Self> {
        let socket = folder.join(format!("vicc-{reader}"));
        let mut command = Command::new(program);
        command.arg("--socket").arg(&socket).args(["--port", &readers.port(reader).to_string()]);
        command.args(["--profile", profile, "--seed", &(reader + 1).to_string()]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut said = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut said)?;
        }
        let program = Self { child, socket };
        if said.trim_end() == "ready" { Ok(program) } else { Err(io::Error::other("vicc does not start")) }
    }

    /// Where it takes orders.
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Gives orders to a running `vicc`, one after another; `main.rs` lists them.
#[derive(Debug)]
pub struct Remote(BufReader<UnixStream>);

impl Remote {
    /// By its socket.
    ///
    /// # Errors
    /// That nobody listens there.
    pub fn at(socket: &Path) -> io::Result<Self> {
        UnixStream::connect(socket).map(|stream| Self(BufReader::new(stream)))
    }

    /// Gives an order and waits until it is done.
    ///
    /// # Errors
    /// What the program says against it.
    pub fn order(&mut self, order: &str) -> io::Result<()> {
        writeln!(self.0.get_mut(), "{order}")?;
        let mut answer = String::new();
        self.0.read_line(&mut answer)?;
        match answer.trim_end() {
            "ok" => Ok(()),
            other => Err(io::Error::other(format!("{order}: {other}"))),
        }
    }
}
