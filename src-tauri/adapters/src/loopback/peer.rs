//! Whose program is at the other end of a loopback connection. Every user of a computer can reach every
//! loopback port, and process lists show what was opened; on Linux the kernel tells who connects.

use std::net::SocketAddr;

/// Where the kernel lists its sockets. A program may reach an IPv4 port from an IPv6 socket
/// (`::ffff:127.0.0.1`), which stands in the second table only.
#[cfg(target_os = "linux")]
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];

/// The tables are read while they change, so that a row may be passed over; not three times in a row.
#[cfg(target_os = "linux")]
const LOOKS: usize = 3;

/// Whether the connection comes from another user's program. One whose owner is not found is not this
/// user's: whoever asks has an open socket, and that has an owner.
#[cfg(target_os = "linux")]
pub(super) fn is_another_user(peer: SocketAddr, ours: SocketAddr) -> bool {
    let me = rustix::process::geteuid().as_raw();
    let found = (0..LOOKS)
        .find_map(|_| TABLES.iter().find_map(|path| owner(&std::fs::read_to_string(path).ok()?, peer, ours)));
    found != Some(me)
}

/// Elsewhere the system does not tell; the path is unguessable all the same.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_another_user(_: SocketAddr, _: SocketAddr) -> bool {
    false
}

/// The user id in one of the kernel's tables of the socket that connected `peer` to `ours`.
#[cfg(target_os = "linux")]
fn owner(table: &str, peer: SocketAddr, ours: SocketAddr) -> Option<u32> {
    let (peer, ours) = (kernel_forms(peer)?, kernel_forms(ours)?);
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        // sl, local_address, rem_address, st, queues, timer, retransmits, uid
        let (from, to) = (*fields.get(1)?, *fields.get(2)?);
        let row = peer.iter().zip(&ours).any(|(peer, ours)| peer == from && ours == to);
        row.then(|| fields.get(7)?.parse().ok())?
    })
}

/// `0100007F:1F90`, and the same address as IPv6 has it: words in the machine's byte order, the port in
/// network order.
#[cfg(target_os = "linux")]
fn kernel_forms(address: SocketAddr) -> Option<[String; 2]> {
    let SocketAddr::V4(v4) = address else { return None };
    let (raw, port) = (u32::from_ne_bytes(v4.ip().octets()), v4.port());
    let mapped = u32::from_ne_bytes([0, 0, 0xff, 0xff]);
    Some([format!("{raw:08X}:{port:04X}"), format!("{:016X}{mapped:08X}{raw:08X}:{port:04X}", 0)])
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn the_kernels_table_names_the_user() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0\n\
   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000 65534        0 2 1 0 20 4 30 10 -1\n";
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        assert_eq!(owner(table, at(50000), at(8080)), Some(65534));
        assert_eq!(owner(table, at(50001), at(8080)), None);
    }

    /// A connection to a port on 127.0.0.1, its ends as the port sees them, and both sockets.
    fn connected(to: &str) -> (SocketAddr, SocketAddr, TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = listener.local_addr().unwrap();
        let client = TcpStream::connect((to, ours.port())).unwrap();
        let (server, peer) = listener.accept().unwrap();
        (peer, ours, client, server)
    }

    #[test]
    fn an_owner_is_found_whichever_family_the_socket_has() {
        for to in ["127.0.0.1", "::ffff:127.0.0.1"] {
            let (peer, ours, client, _server) = connected(to);
            assert_eq!(client.peer_addr().unwrap().is_ipv6(), to.contains(':'), "{to}");
            assert!(!is_another_user(peer, ours), "{to}");
        }
    }

    #[test]
    fn who_is_not_found_is_a_stranger() {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        assert!(is_another_user(at(1), at(2)));
    }
}
