//! A frame: the length in four bytes, big end first, then that many bytes of JSON.

use crate::error::LinkError;
use serde::{Serialize, de::DeserializeOwned};
use std::io::{self, Read, Write};

/// The largest frame in bytes, without its length. Nothing is allocated for a larger one.
pub const MAX_FRAME: usize = 64 * 1024;

/// A connection whose every read and write is bounded by what is left of a deadline.
pub(crate) trait Timed: Read + Write {
    /// Called before each read and write.
    fn arm(&mut self) -> Result<(), LinkError>;
    /// What a time-out is about.
    fn late(&self) -> LinkError;
}

pub(crate) fn send<T: Serialize>(to: &mut impl Timed, message: &T) -> Result<(), LinkError> {
    let body = serde_json::to_vec(message).map_err(|_| LinkError::Garbled)?;
    let length = check_length(body.len())?;
    let frame = [&length.to_be_bytes(), body.as_slice()].concat();
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
pub(crate) fn receive(from: &mut impl Timed) -> Result<Option<Vec<u8>>, LinkError> {
    let mut length = [0; 4];
    if !fill(from, &mut length)? {
        return Ok(None);
    }
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    check_length(length)?;
    let mut body = vec![0; length];
    if !fill(from, &mut body)? && length > 0 {
        return Err(LinkError::Closed);
    }
    Ok(Some(body))
}

pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, LinkError> {
    serde_json::from_slice(body).map_err(|_| LinkError::Garbled)
}

fn check_length(length: usize) -> Result<u32, LinkError> {
    match u32::try_from(length) {
        Ok(short) if length <= MAX_FRAME => Ok(short),
        _ => Err(LinkError::TooLarge { length, limit: MAX_FRAME }),
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
