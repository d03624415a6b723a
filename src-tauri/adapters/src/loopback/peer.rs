//! Whose program is at the other end of a loopback connection. Every user of a computer can reach every
//! loopback port, and process lists show what was opened; on Linux the kernel tells who connects.

use std::net::SocketAddr;

/// Whether the connection comes from another user's program. Where the system does not tell, it counts as
/// this user's: the path is unguessable all the same.
#[cfg(target_os = "linux")]
pub(super) fn is_another_user(peer: SocketAddr, ours: SocketAddr) -> bool {
    let me = rustix::process::geteuid().as_raw();
    let Ok(table) = std::fs::read_to_string("/proc/net/tcp") else { return false };
    owner(&table, peer, ours).is_some_and(|uid| uid != me)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn is_another_user(_: SocketAddr, _: SocketAddr) -> bool {
    false
}

/// The user id in the kernel's table of the socket that connected `peer` to `ours`.
#[cfg(target_os = "linux")]
fn owner(table: &str, peer: SocketAddr, ours: SocketAddr) -> Option<u32> {
    let (peer, ours) = (kernel_form(peer)?, kernel_form(ours)?);
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        // sl, local_address, rem_address, st, queues, timer, retransmits, uid
        (fields.get(1)? == &peer && fields.get(2)? == &ours).then(|| fields.get(7)?.parse().ok())?
    })
}

/// `0100007F:1F90`: the address in the machine's byte order, the port in network order.
#[cfg(target_os = "linux")]
fn kernel_form(address: SocketAddr) -> Option<String> {
    let SocketAddr::V4(v4) = address else { return None };
    let raw = u32::from_ne_bytes(v4.ip().octets());
    Some(format!("{raw:08X}:{:04X}", v4.port()))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_table_names_the_user() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0\n\
   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000 65534        0 2 1 0 20 4 30 10 -1\n";
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        assert_eq!(owner(table, at(50000), at(8080)), Some(65534));
        assert_eq!(owner(table, at(50001), at(8080)), None);
    }
}
