//! Listening, as a rule on loopback: the same port on 127.0.0.1 and ::1, so that whoever asks for `localhost` finds this
//! server and not a neighbour's on the other address.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::net::TcpListener;

/// Random ports tried before giving up.
const ATTEMPTS: usize = 32;

/// One port, on every loopback address the machine has.
#[derive(Debug)]
pub struct Listeners {
    /// One or two.
    pub sockets: Vec<TcpListener>,
    /// Their port.
    pub port: u16,
}

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Only loopback is served without TLS.
    #[error(
        "{0} is not the loopback address; listen on 127.0.0.1, or give `tls.cert` and `tls.key`, or an https `public_url` with the `trusted_proxies` before it"
    )]
    NotLoopback(IpAddr),
    /// The port is taken.
    #[error("port {port} is taken on 127.0.0.1 or ::1 ({cause}); choose another")]
    Taken {
        /// The port.
        port: u16,
        /// The system's words.
        cause: io::Error,
    },
    /// The address cannot be had.
    #[error("could not listen on {address}: {cause}")]
    Elsewhere {
        /// The address.
        address: SocketAddr,
        /// The system's words.
        cause: io::Error,
    },
    /// No port could be had.
    #[error("could not listen on any loopback port: {0}")]
    NoPort(io::Error),
}

/// Refuses addresses that others can reach, and those of the loopback network that are not listened on.
///
/// # Errors
/// [`ListenError::NotLoopback`].
pub fn only_loopback(address: SocketAddr) -> Result<u16, ListenError> {
    let ours = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    if ours.contains(&address.ip()) {
        Ok(address.port())
    } else {
        Err(ListenError::NotLoopback(address.ip()))
    }
}

/// Takes exactly this port.
///
/// # Errors
/// [`ListenError::Taken`].
pub async fn exactly(port: u16) -> Result<Listeners, ListenError> {
    pair(port).await.map_err(|cause| ListenError::Taken { port, cause })
}

/// Takes exactly this address, which others than this machine may reach.
///
/// # Errors
/// [`ListenError::Elsewhere`].
pub async fn at(address: SocketAddr) -> Result<Listeners, ListenError> {
    let refused = |cause| ListenError::Elsewhere { address, cause };
    let socket = TcpListener::bind(address).await.map_err(refused)?;
    let port = socket.local_addr().map_err(refused)?.port();
    Ok(Listeners { sockets: vec![socket], port })
}

/// Takes the first of the wished ports that is free on both addresses, else any.
///
/// # Errors
/// [`ListenError::NoPort`] if even the system finds none.
pub async fn preferably(wishes: impl IntoIterator<Item = u16>) -> Result<Listeners, ListenError> {
    for port in wishes {
        match pair(port).await {
            Ok(listeners) => return Ok(listeners),
            Err(error) => tracing::warn!(port, %error, "the port is taken; choosing another"),
        }
    }
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..ATTEMPTS {
        match pair(0).await {
            Ok(listeners) => return Ok(listeners),
            Err(error) => last = error,
        }
    }
    Err(ListenError::NoPort(last))
}

async fn pair(port: u16) -> io::Result<Listeners> {
    let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let port = v4.local_addr()?.port();
    match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
        Ok(v6) => Ok(Listeners { sockets: vec![v4, v6], port }),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
        Err(error) => {
            tracing::warn!(%error, "this machine has no ::1; listening on 127.0.0.1 alone");
            Ok(Listeners { sockets: vec![v4], port })
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_makes_way_for_another() {
        let first = preferably([]).await.unwrap();
        let second = preferably([first.port]).await.unwrap();
        assert_ne!(first.port, second.port);
        assert!(matches!(exactly(first.port).await, Err(ListenError::Taken { .. })));
        let free = second.port;
        drop(second);
        assert_eq!(preferably([first.port, free]).await.unwrap().port, free);
    }

    #[tokio::test]
    async fn a_port_taken_on_one_address_alone_makes_way_too() {
        let Ok(taken) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await else { return };
        let port = taken.local_addr().unwrap().port();
        assert!(matches!(exactly(port).await, Err(ListenError::Taken { .. })));
        let listeners = preferably([port]).await.unwrap();
        assert_ne!(listeners.port, port);
        assert_eq!(listeners.sockets.len(), 2);
    }

    #[test]
    fn only_loopback_is_served() {
        assert_eq!(only_loopback("127.0.0.1:80".parse().unwrap()).unwrap(), 80);
        assert!(only_loopback("[::1]:80".parse().unwrap()).is_ok());
        for open in ["0.0.0.0:80", "[::]:80", "192.0.2.1:80", "127.0.0.2:80", "[::ffff:127.0.0.1]:80"] {
            assert!(
                matches!(only_loopback(open.parse().unwrap()), Err(ListenError::NotLoopback(_))),
                "{open}"
            );
        }
    }
}
