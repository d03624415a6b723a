//! A frame: the length in four bytes, big end first, then that many bytes of JSON.

use crate::error::LinkError;
use serde::{Serialize, de::DeserializeOwned};
use std::io::{self, Read, Write};
use zeroize::Zeroizing;

/// The largest hello or request in bytes, without its length. Nothing is allocated for a larger one.
pub const MAX_FRAME: usize = 64 * 1024;

/// The largest answer in bytes: a listing of tens of thousands of roles fits.
pub const MAX_ANSWER: usize = 32 * 1024 * 1024;

/// A connection whose every read and write is bounded by what is left of a deadline.
pub(crate) trait Timed: Read + Write {
    /// Called before each read and write.
    fn arm(&mut self) -> Result<(), LinkError>;
    /// What a time-out is about.
    fn late(&self) -> LinkError;
}

/// Sends a message of at most `limit` bytes. What was sent is zeroed afterwards: it may hold keys.
pub(crate) fn send<T: Serialize>(to: &mut impl Timed, message: &T, limit: usize) -> Result<(), LinkError> {
    // Grown by hand, since a vector that grows leaves its old bytes behind.
    let mut frame = Zeroizing::new(Vec::with_capacity(ROOM));
    frame.extend_from_slice(&[0; 4]);
    serde_json::to_writer(Growing(&mut frame), message).map_err(|_| LinkError::Garbled)?;
    let length = check_length(frame.len() - 4, limit)?;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    let mut rest = frame.as_slice();
    while !rest.is_empty() {
        to.arm()?;
        match to.write(rest) {
            Ok(0) => return Err(LinkError::Closed),
            Ok(sent) => rest = &rest[sent..],
            Err(error) => retry(to, &error)?,
        }
    }
    Ok(())
}

/// The next frame's body; `None` when the other side closed between frames.
pub(crate) fn receive(from: &mut impl Timed, limit: usize) -> Result<Option<Zeroizing<Vec<u8>>>, LinkError> {
    let mut length = [0; 4];
    if !fill(from, &mut length)? {
        return Ok(None);
    }
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    check_length(length, limit)?;
    let mut body = Zeroizing::new(vec![0; length]);
    if !fill(from, &mut body)? && length > 0 {
        return Err(LinkError::Closed);
    }
    Ok(Some(body))
}

pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, LinkError> {
    serde_json::from_slice(body).map_err(|_| LinkError::Garbled)
}

fn check_length(length: usize, limit: usize) -> Result<u32, LinkError> {
    match u32::try_from(length) {
        Ok(short) if length <= limit => Ok(short),
        _ => Err(LinkError::TooLarge { length, limit }),
    }
}

/// Ample for anything that holds keys, so that it is written without growing.
const ROOM: usize = 16 * 1024;

/// Writes to the end of a vector; the bytes it grows out of are zeroed.
struct Growing<'a>(&'a mut Zeroizing<Vec<u8>>);

impl Write for Growing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(self.0.capacity() * 2)));
            larger.extend_from_slice(self.0);
            *self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Fills the buffer; `false` when the other side closed before its first byte.
fn fill(from: &mut impl Timed, buffer: &mut [u8]) -> Result<bool, LinkError> {
    let mut filled = 0;
    while filled < buffer.len() {
        from.arm()?;
        match from.read(&mut buffer[filled..]) {
            Ok(0) if filled == 0 => return Ok(false),
            Ok(0) => return Err(LinkError::Closed),
            Ok(more) => filled += more,
            Err(error) => retry(from, &error)?,
        }
    }
    Ok(true)
}

/// A signal is no error, a time-out is the deadline's, anything else is a broken connection.
fn retry(on: &impl Timed, error: &io::Error) -> Result<(), LinkError> {
    match error.kind() {
        io::ErrorKind::Interrupted => Ok(()),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Err(on.late()),
        _ => Err(LinkError::Closed),
    }
}
