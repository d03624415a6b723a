//! A virtual key as a smart card: CTAP over ISO 7816 (CTAP 2.1, 11.3), and the protocol by which a card sits in the
//! virtual reader of vsmartcard (`vpcd`).

use std::{
    io::{self, Read, Write},
    net::TcpStream,
};

use crate::{Profile, VirtualKey};

/// The applet's name.
const FIDO: [u8; 8] = [0xa0, 0x00, 0x00, 0x06, 0x47, 0x2f, 0x00, 0x01];
/// Of a card that speaks T=0 and T=1, with nothing historical.
const ATR: [u8; 5] = [0x3b, 0x80, 0x80, 0x01, 0x01];

const OK: [u8; 2] = [0x90, 0x00];
const NOT_SUPPORTED: [u8; 2] = [0x6d, 0x00];
const NOT_FOUND: [u8; 2] = [0x6a, 0x82];
const WRONG_LENGTH: [u8; 2] = [0x67, 0x00];

/// One session with a reader: what came so far of a message, and what is left of an answer.
#[derive(Debug)]
pub struct Card {
    key: VirtualKey,
    selected: bool,
    message: Vec<u8>,
    answer: Vec<u8>,
}

impl Card {
    /// A key lying in a reader.
    pub fn new(key: VirtualKey) -> Self {
        Self { key, selected: false, message: Vec::new(), answer: Vec::new() }
    }

    /// Serves the virtual reader on this port until `stop`ped by a closed connection. Connecting is what puts the
    /// card into the reader.
    ///
    /// # Errors
    /// That there is no reader, or that the connection broke.
    pub fn serve(&mut self, reader: &mut TcpStream) -> io::Result<()> {
        loop {
            let mut length = [0; 2];
            reader.read_exact(&mut length)?;
            let mut sent = vec![0; usize::from(u16::from_be_bytes(length))];
            reader.read_exact(&mut sent)?;
            let answer = match sent[..] {
                // Power off, on, and reset have no answer. The key keeps its state: it is not taken away by them.
                [0..=2] => {
                    *self = Self::new(self.key.clone());
                    continue;
                }
                [4] => ATR.to_vec(),
                _ => self.answer(&sent),
            };
            let length = u16::try_from(answer.len()).map_err(io::Error::other)?.to_be_bytes();
            reader.write_all(&[&length[..], &answer[..]].concat())?;
        }
    }

    /// Answers one APDU.
    pub fn answer(&mut self, apdu: &[u8]) -> Vec<u8> {
        let [class, instruction, p1, _, ref rest @ ..] = *apdu else { return WRONG_LENGTH.to_vec() };
        // Short APDUs alone: length, data, and at most one byte more for the expected length.
        let data = match rest {
            [] | [_] => &[],
            [length, data @ ..] if data.len() >= usize::from(*length) => &data[..usize::from(*length)],
            _ => return WRONG_LENGTH.to_vec(),
        };
        match (class, instruction) {
            (0x00, 0xa4) => {
                self.selected = p1 == 0x04 && *data == FIDO;
                if !self.selected {
                    return NOT_FOUND.to_vec();
                }
                let version: &[u8] =
                    if self.key.profile() == Profile::U2fOnly { b"U2F_V2" } else { b"FIDO_2_0" };
                [version, &OK].concat()
            }
            _ if !self.selected => NOT_SUPPORTED.to_vec(),
            (0x80, 0x12) => OK.to_vec(),
            (0x80 | 0x90, 0x10) if self.key.profile() != Profile::U2fOnly => {
                self.message.extend_from_slice(data);
                if class == 0x90 {
                    return OK.to_vec();
                }
                let message = std::mem::take(&mut self.message);
                self.answer = self.key.begin(&message).recv().unwrap_or_else(|_| vec![0x7f]);
                self.part()
            }
            (0x00 | 0x80, 0xc0) => self.part(),
            _ => NOT_SUPPORTED.to_vec(),
        }
    }

    fn part(&mut self) -> Vec<u8> {
        let rest = self.answer.split_off(self.answer.len().min(256));
        let mut part = std::mem::replace(&mut self.answer, rest);
        match self.answer.len() {
            0 => part.extend(OK),
            left => part.extend([0x61, u8::try_from(left).unwrap_or(0)]),
        }
        part
    }
}
