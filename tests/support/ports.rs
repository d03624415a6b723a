//! Ports for programs that have to be told one: nobody else takes it meanwhile, nor while such a program is started
//! anew.

use anyhow::{Result, bail};
use std::{
    net::{TcpListener, UdpSocket},
    sync::atomic::{AtomicU16, Ordering},
};

/// Below those that the kernel gives to whoever asks for any, of which every test and its programs use hundreds.
const FIRST: u16 = 12_000;
const COUNT: u16 = 20_000;

static TAKEN: AtomicU16 = AtomicU16::new(0);

/// A port that is free on both loopback addresses, TCP and UDP, and that no other call of this program gives.
///
/// # Errors
/// That none is free.
pub fn free() -> Result<u16> {
    // Another program of tests begins elsewhere.
    let begin = u16::try_from(std::process::id() % u32::from(COUNT))?;
    for _ in 0..COUNT {
        let step = TAKEN.fetch_add(1, Ordering::Relaxed) % COUNT;
        let port = FIRST + (begin + step) % COUNT;
        let tcp = TcpListener::bind(("127.0.0.1", port)).is_ok();
        // A machine without IPv6 has nobody there either.
        let other = TcpListener::bind(("::1", port));
        let taken = other.is_err_and(|e| e.kind() == std::io::ErrorKind::AddrInUse);
        if tcp && !taken && UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port from {FIRST} to {} is free", FIRST + COUNT - 1)
}

#[cfg(test)]
mod tests {
    use super::free;

    #[test]
    fn no_port_is_given_twice() -> anyhow::Result<()> {
        let (one, other) = (free()?, free()?);
        assert_ne!(one, other);
        // The next one, unless somebody has it already.
        let _held = std::net::TcpListener::bind(("127.0.0.1", other + 1));
        assert_ne!(free()?, other + 1);
        Ok(())
    }
}
