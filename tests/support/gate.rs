//! A way to a program that is shut at first: who comes waits, and is let through once it is open.

use anyhow::Result;
use std::net::SocketAddr;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// The way; it ends when this is dropped.
#[derive(Debug)]
pub struct Gate {
    address: SocketAddr,
    is_open: watch::Sender<bool>,
    came: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Gate {
    /// One to a port of this machine.
    ///
    /// # Errors
    /// That there is no port.
    pub async fn before(port: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (is_open, open) = watch::channel(false);
        let (coming, came) = watch::channel(0);
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                coming.send_modify(|count| *count += 1);
                let mut open = open.clone();
                tokio::spawn(async move {
                    open.wait_for(|is_open| *is_open).await.ok()?;
                    let mut there = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
                    // Whoever came sees how it ends.
                    copy_bidirectional(&mut stream, &mut there).await.ok()
                });
            }
        });
        Ok(Self { address, is_open, came, task })
    }

    /// Where it begins.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets through who waits, and who comes.
    pub fn open(&self) {
        self.is_open.send_replace(true);
    }

    /// How many connections came.
    #[must_use]
    pub fn came(&self) -> usize {
        *self.came.borrow()
    }
}
