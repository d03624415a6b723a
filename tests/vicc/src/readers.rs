//! Two virtual card readers of a test's own: Debian's `pcscd` with vsmartcard's driver, where nobody else's PC/SC is
//! touched. It sees a `/run` of its own, as its socket's place is built in.

use std::{
    io::{self, BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicU16, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";

/// Runs until it is dropped.
#[derive(Debug)]
pub struct Readers {
    daemon: Child,
    socket: PathBuf,
    port: u16,
}

impl Readers {
    /// What a program needs in its environment to find these readers and no others.
    pub const ENVIRONMENT: &str = "PCSCLITE_CSOCK_NAME";

    /// Starts the readers, with all that they write in this folder.
    ///
    /// # Errors
    /// That they are not installed (`src-tauri/scripts/deps.sh tests`), or that they do not start.
    pub fn start(folder: &Path) -> io::Result<Self> {
        if !Path::new(DRIVER).exists() {
            let missing = "pcscd and vsmartcard-vpcd are not installed: src-tauri/scripts/deps.sh tests";
            return Err(io::Error::new(io::ErrorKind::NotFound, missing));
        }
        let (run, port) = (folder.join("pcscd"), two_ports()?);
        std::fs::create_dir_all(&run)?;
        let config = folder.join("readers.conf");
        let reader = format!(
            "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:{port:#x}\nLIBPATH {DRIVER}\nCHANNELID {port:#x}\n"
        );
        std::fs::write(&config, reader)?;
        let enter = "mount -t tmpfs none /run && mkdir /run/pcscd && mount --bind \"$0\" /run/pcscd && \
                     exec pcscd --foreground --info --config \"$1\"";
        let mut command = Command::new("unshare");
        if !am_root() {
            command.arg("--map-root-user");
        }
        command.args(["--mount", "sh", "-c", enter]).arg(&run).arg(&config);
        command.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        let mut daemon =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
        let (tell, told) = mpsc::channel();
        let said = daemon.stdout.take();
        thread::spawn(move || {
            for line in said.into_iter().flat_map(|said| BufReader::new(said).lines().map_while(Result::ok)) {
                if line.contains("daemon ready") {
                    let _ = tell.send(());
                }
            }
        });
        let readers = Self { daemon, socket: run.join("pcscd.comm"), port };
        told.recv_timeout(Duration::from_secs(20)).map_err(|_| io::Error::other("pcscd does not start"))?;
        Ok(readers)
    }

    /// The value of [`Self::ENVIRONMENT`].
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Where a card is put into the first reader (0) or the second (1).
    pub fn port(&self, reader: u16) -> u16 {
        self.port + reader
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

fn am_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|myself| std::os::unix::fs::MetadataExt::uid(&myself) == 0)
}

/// The driver listens at two ports, one after the other. They are below those that the kernel gives to whoever asks for
/// any, or somebody would have the second one sooner or later; another program of tests begins elsewhere.
fn two_ports() -> io::Result<u16> {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    const PAIRS: u16 = 900;
    let begin = u16::try_from(std::process::id() % u32::from(PAIRS)).unwrap_or(0);
    let free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
    (0..PAIRS)
        .map(|_| 10_000 + (begin + TAKEN.fetch_add(1, Ordering::Relaxed)) % PAIRS * 2)
        .find(|&port| free(port) && free(port + 1))
        .ok_or_else(|| io::Error::other("no two ports are free"))
}
