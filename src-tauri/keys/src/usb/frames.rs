//! CTAPHID (CTAP 2.1, 11.2): messages over reports of 64 bytes.
//!
//! The library's own has no way to cancel what it waits for, takes answers to other programs for its own, and
//! lets a key that knows only U2F fail without saying so. Its layer below, the system's HID, serves macOS and
//! Windows.

use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::{
    Ui,
    bus::{Broken, Transport, Wire},
};

pub(super) const REPORT: usize = 64;
const BROADCAST: [u8; 4] = [0xff; 4];
const FIRST_DATA: usize = REPORT - 7;
const NEXT_DATA: usize = REPORT - 5;
/// 57 bytes in the first report and 59 in each of 128 more (11.2.4).
const LONGEST: usize = FIRST_DATA + 128 * NEXT_DATA;

const INIT: u8 = 0x06;
const CBOR: u8 = 0x10;
const CANCEL: u8 = 0x11;
const KEEPALIVE: u8 = 0x3b;
const ERROR: u8 = 0x3f;
const CAPABLE_OF_CBOR: u8 = 0x04;
/// ERR_CHANNEL_BUSY (11.2.9.1.6), which CTAP's status of that number is as well.
const CHANNEL_BUSY: u8 = 0x06;

/// A key that is there answers within this, if only that it is alive (11.2.9.1.5: every 100 ms).
const SILENCE: Duration = Duration::from_secs(5);

/// Reports to and from a device.
#[async_trait]
pub(super) trait Reports: Send {
    /// Sends one.
    async fn write(&mut self, report: &[u8; REPORT]) -> Result<(), Broken>;

    /// The next one, or `None` if none came for a while, about 100 ms.
    async fn read(&mut self) -> Result<Option<[u8; REPORT]>, Broken>;

    /// Opens the device anew, which forgets what came for others meanwhile.
    async fn reopen(&mut self) -> Result<(), Broken>;
}

/// A channel to a key.
pub(super) struct Channel<R> {
    reports: R,
    id: [u8; 4],
    /// Draws what tells the answer to our INIT from those to others'.
    nonce: fn() -> [u8; 8],
}

impl<R: Reports> Channel<R> {
    /// Opens a channel.
    pub(super) async fn open(reports: R, nonce: fn() -> [u8; 8]) -> Result<Self, Broken> {
        let mut channel = Self { reports, id: BROADCAST, nonce };
        channel.init().await?;
        Ok(channel)
    }

    async fn init(&mut self) -> Result<(), Broken> {
        let nonce = (self.nonce)();
        self.id = BROADCAST;
        self.send(INIT, &nonce).await?;
        let until = Instant::now() + SILENCE;
        while Instant::now() < until {
            let Some((command, answer)) = self.receive().await? else { continue };
            // That it is busy for another program's INIT is true for ours, too.
            if let (ERROR, Some(&code)) = (command, answer.first()) {
                return Err(Broken::Status(code));
            }
            if command != INIT {
                continue;
            }
            if answer.len() < 17 || answer[..8] != nonce {
                continue;
            }
            self.id.copy_from_slice(&answer[8..12]);
            return if answer[16] & CAPABLE_OF_CBOR == 0 { Err(Broken::NotCtap2) } else { Ok(()) };
        }
        Err(Broken::Other("no answer to INIT".to_owned()))
    }

    async fn send(&mut self, command: u8, data: &[u8]) -> Result<(), Broken> {
        let length = u16::try_from(data.len()).ok().filter(|_| data.len() <= LONGEST);
        let length = length.ok_or_else(|| Broken::Other("the message is too long".to_owned()))?.to_be_bytes();
        let (first, rest) = data.split_at(data.len().min(FIRST_DATA));
        let mut report = [0; REPORT];
        report[..4].copy_from_slice(&self.id);
        report[4] = command | 0x80;
        report[5..7].copy_from_slice(&length);
        report[7..7 + first.len()].copy_from_slice(first);
        self.reports.write(&report).await?;
        for (number, part) in (0u8..).zip(rest.chunks(NEXT_DATA)) {
            let mut report = [0; REPORT];
            report[..4].copy_from_slice(&self.id);
            report[4] = number;
            report[5..5 + part.len()].copy_from_slice(part);
            self.reports.write(&report).await?;
        }
        Ok(())
    }

    /// The next whole message on this channel; `None` when nothing came for a while.
    async fn receive(&mut self) -> Result<Option<(u8, Vec<u8>)>, Broken> {
        let Some(report) = self.reports.read().await? else { return Ok(None) };
        if report[..4] != self.id || report[4] & 0x80 == 0 {
            return Ok(None);
        }
        let command = report[4] & 0x7f;
        let length = usize::from(u16::from_be_bytes([report[5], report[6]]));
        let mut data = report[7..].to_vec();
        let mut number = 0;
        let mut until = Instant::now() + SILENCE;
        while data.len() < length {
            match self.reports.read().await? {
                Some(report) if report[..4] == self.id && report[4] == number => {
                    data.extend_from_slice(&report[5..]);
                    number += 1;
                    until = Instant::now() + SILENCE;
                }
                Some(report) if report[..4] == self.id => {
                    return Err(Broken::Other("a report out of sequence".to_owned()));
                }
                _ if Instant::now() > until => return Err(Broken::Other("half an answer".to_owned())),
                _ => {}
            }
        }
        data.truncate(length);
        Ok(Some((command, data)))
    }
}

#[async_trait]
impl<R: Reports> Wire for Channel<R> {
    async fn transmit(&mut self, message: &[u8], ui: &Ui) -> Result<Vec<u8>, Broken> {
        self.send(CBOR, message).await?;
        let mut heard = Instant::now();
        let mut stopping = false;
        loop {
            if ui.is_cancelled() && !stopping {
                // The key still answers the command: that it was cancelled, or that it was too late for that.
                stopping = true;
                self.send(CANCEL, &[]).await?;
            }
            let Some((command, data)) = self.receive().await? else {
                if heard.elapsed() > SILENCE {
                    return Err(Broken::Other("the key fell silent".to_owned()));
                }
                continue;
            };
            heard = Instant::now();
            match (command, data.split_first()) {
                (CBOR, Some((0, answer))) => return Ok(answer.to_vec()),
                (CBOR, Some((&status, _))) => return Err(Broken::Status(status)),
                (KEEPALIVE, Some((&2, _))) => ui.touch_needed(),
                (KEEPALIVE, _) => ui.working(),
                (ERROR, Some((&code, _))) => return Err(Broken::Status(code)),
                _ => return Err(Broken::Other(format!("an answer of the kind {command:#04x}"))),
            }
        }
    }

    fn transport(&self) -> Transport {
        Transport::Usb
    }

    async fn refresh(&mut self) -> Result<(), crate::Error> {
        // A key may give our channel's number to somebody else meanwhile.
        let again = async {
            self.reports.reopen().await?;
            self.init().await
        };
        again.await.map_err(not_opened)
    }
}

/// Why no channel was given.
pub(super) fn not_opened(broken: Broken) -> crate::Error {
    match broken {
        Broken::Gone => crate::Error::NotConnected,
        Broken::NotCtap2 => crate::Error::U2fOnly,
        Broken::Status(CHANNEL_BUSY) => crate::Error::Busy(crate::User::AnotherProgram),
        other => crate::Error::Trouble(format!("{other:?}")),
    }
}
