//! Packets of RADIUS, as far as a second factor needs them: an Access-Request with the code as User-Password (PAP), and
//! what answers it.
//!
//! The crates that there are do not do what is needed. `radius` 0.4 looks at neither of an answer's two authenticators
//! and draws its own random numbers; `radius-rust` 0.4 reads attributes by dictionary files, computes an answer's
//! Message-Authenticator without the request's authenticator (RFC 3579 §3.2 has it in), and holds the secret in plain
//! strings. So the few lines of format are here, on MD5 and HMAC of others' making.
//!
//! MD5 is broken, and RFC 2865's own proof of an answer with it (CVE-2024-3596, "Blast-RADIUS"). What holds is the HMAC
//! in Message-Authenticator: it is the first attribute of each request, and an answer without a right one is no answer.

use hmac::{Hmac, Mac};
use md5::{Digest as _, Md5};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::chance::Chance;

/// The longest code, in bytes (RFC 2865 §5.2).
pub const LONGEST_CODE: usize = 128;
/// Code, identifier, length, authenticator (RFC 2865 §3).
const HEAD: usize = 20;
/// RFC 2865 §3.
pub const LONGEST: usize = 4096;
/// The most that an attribute's value holds (RFC 2865 §5).
const LONGEST_VALUE: usize = 253;
/// What a server says to people, in characters.
const LONGEST_MESSAGE: usize = 500;
/// One block of MD5.
const BLOCK: usize = 16;

// Codes (RFC 2865 §3).
pub(super) const ACCESS_REQUEST: u8 = 1;
pub(super) const ACCESS_ACCEPT: u8 = 2;
pub(super) const ACCESS_REJECT: u8 = 3;
pub(super) const ACCESS_CHALLENGE: u8 = 11;

// Attributes (RFC 2865 §5; RFC 2869 §5 for the last two).
pub(super) const USER_NAME: u8 = 1;
pub(super) const USER_PASSWORD: u8 = 2;
const SERVICE_TYPE: u8 = 6;
pub(super) const REPLY_MESSAGE: u8 = 18;
pub(super) const STATE: u8 = 24;
const CALLING_STATION_ID: u8 = 31;
const NAS_IDENTIFIER: u8 = 32;
const PROMPT: u8 = 76;
pub(super) const MESSAGE_AUTHENTICATOR: u8 = 80;

/// "Authenticate Only" (RFC 2865 §5.6).
const AUTHENTICATE_ONLY: [u8; 4] = 8_u32.to_be_bytes();
/// The answer to a challenge is not to be seen (RFC 2869 §5.10).
const NO_ECHO: [u8; 4] = 0_u32.to_be_bytes();

/// What a server is asked.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Who.
    pub user: &'a str,
    /// What they typed; nothing is a question, too.
    pub code: &'a str,
    /// The State of the challenge that this answers.
    pub state: Option<&'a [u8]>,
    /// Who asks: this server's host name.
    pub asker: &'a str,
    /// Where the person is: an address.
    pub from: &'a str,
}

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The code is right.
    Accept,
    /// It is not.
    Reject {
        /// What is to be said to the person; may be empty.
        message: String,
    },
    /// Something else is to be typed.
    Challenge {
        /// To be sent along with it, as it is.
        state: Option<Vec<u8>>,
        /// What is to be said to the person; may be empty.
        message: String,
        /// Whether what is typed is not to be seen.
        is_hidden: bool,
    },
}

/// A request as it is sent, as often as it takes: one that is sent again is the same (RFC 2865 §2.5).
pub struct Request {
    identifier: u8,
    authenticator: [u8; BLOCK],
    /// The code is in it, and who knows the secret can read it.
    bytes: Zeroizing<Vec<u8>>,
}

impl Request {
    /// A request under a secret; `None` if something is longer than a packet can hold.
    pub fn new(secret: &[u8], chance: &Chance, asked: &Asked<'_>) -> Option<Self> {
        let drawn = chance.key();
        let (mut authenticator, identifier) = ([0; BLOCK], drawn[BLOCK]);
        authenticator.copy_from_slice(&drawn[..BLOCK]);
        let mut attributes = Attributes::default();
        attributes.push(MESSAGE_AUTHENTICATOR, &[0; BLOCK])?;
        attributes.push(USER_NAME, asked.user.as_bytes())?;
        attributes.push(USER_PASSWORD, &hidden(secret, &authenticator, asked.code.as_bytes())?)?;
        attributes.push(SERVICE_TYPE, &AUTHENTICATE_ONLY)?;
        attributes.push(NAS_IDENTIFIER, asked.asker.as_bytes())?;
        if !asked.from.is_empty() {
            attributes.push(CALLING_STATION_ID, asked.from.as_bytes())?;
        }
        if let Some(state) = asked.state {
            attributes.push(STATE, state)?;
        }
        let mut bytes = Zeroizing::new(packet(ACCESS_REQUEST, identifier, &authenticator, &attributes.0)?);
        let proof = mac(secret, &bytes);
        bytes[HEAD + 2..HEAD + 2 + BLOCK].copy_from_slice(&proof);
        Some(Self { identifier, authenticator, bytes })
    }

    /// The bytes to send.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What a datagram answers; `None` if it is no answer to this by one who knows the secret, and to be passed over
    /// (RFC 2865 §3, RFC 3579 §3.2).
    pub fn answered(&self, secret: &[u8], datagram: &[u8]) -> Option<Answer> {
        let (head, _) = datagram.split_at_checked(HEAD)?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        if !(HEAD..=LONGEST).contains(&length) {
            return None;
        }
        // What is behind is padding; what is shorter is cut off.
        let answer = datagram.get(..length)?;
        if answer[1] != self.identifier || !self.is_of_who_knows(secret, answer) {
            return None;
        }
        let attributes = attributes(&answer[HEAD..])?;
        if !self.is_sealed(secret, answer, &attributes) {
            return None;
        }
        let all =
            |kind| attributes.iter().filter(move |(found, ..)| *found == kind).map(|(.., value)| *value);
        let message = message(all(REPLY_MESSAGE));
        match answer[0] {
            ACCESS_ACCEPT => Some(Answer::Accept),
            ACCESS_REJECT => Some(Answer::Reject { message }),
            ACCESS_CHALLENGE => {
                let mut states = all(STATE);
                let state = states.next().map(<[u8]>::to_vec);
                // At most one (RFC 2865 §5.44).
                if states.next().is_some() {
                    return None;
                }
                Some(Answer::Challenge {
                    state,
                    message,
                    is_hidden: all(PROMPT).any(|value| value == NO_ECHO),
                })
            }
            _ => None,
        }
    }

    /// The answer as it was proved: with the request's authenticator in the place of its own.
    fn in_proof(&self, answer: &[u8]) -> Vec<u8> {
        [&answer[..4], &self.authenticator, &answer[HEAD..]].concat()
    }

    /// Response Authenticator (RFC 2865 §3).
    fn is_of_who_knows(&self, secret: &[u8], answer: &[u8]) -> bool {
        let expected: [u8; BLOCK] =
            Md5::new().chain_update(self.in_proof(answer)).chain_update(secret).finalize().into();
        expected.as_slice().ct_eq(&answer[4..HEAD]).into()
    }

    /// Message-Authenticator: one, and right (RFC 3579 §3.2).
    fn is_sealed(&self, secret: &[u8], answer: &[u8], attributes: &[Attribute<'_>]) -> bool {
        let mut seals = attributes.iter().filter(|(kind, ..)| *kind == MESSAGE_AUTHENTICATOR);
        let (Some((_, at, value)), None) = (seals.next(), seals.next()) else { return false };
        let mut bytes = self.in_proof(answer);
        let Some(seal) = bytes.get_mut(HEAD + at..HEAD + at + value.len()) else { return false };
        seal.fill(0);
        // Of another length, it is another value.
        mac(secret, &bytes).as_slice().ct_eq(value).into()
    }
}

#[derive(Default)]
pub(super) struct Attributes(pub(super) Vec<u8>);

impl Attributes {
    pub(super) fn push(&mut self, kind: u8, value: &[u8]) -> Option<()> {
        if value.len() > LONGEST_VALUE {
            return None;
        }
        let length = u8::try_from(value.len() + 2).ok()?;
        self.0.extend([kind, length]);
        self.0.extend_from_slice(value);
        Some(())
    }
}

/// An attribute's number, where its value begins behind the head, and the value.
pub(super) type Attribute<'a> = (u8, usize, &'a [u8]);

/// The attributes of a packet, if they fill it (RFC 2865 §5).
pub(super) fn attributes(bytes: &[u8]) -> Option<Vec<Attribute<'_>>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let length = usize::from(*bytes.get(at + 1)?);
        if length < 2 {
            return None;
        }
        found.push((bytes[at], at + 2, bytes.get(at + 2..at + length)?));
        at += length;
    }
    Some(found)
}

pub(super) fn packet(
    code: u8,
    identifier: u8,
    authenticator: &[u8; BLOCK],
    attributes: &[u8],
) -> Option<Vec<u8>> {
    let length = HEAD + attributes.len();
    if length > LONGEST {
        return None;
    }
    let length = u16::try_from(length).ok()?.to_be_bytes();
    Some([&[code, identifier][..], &length, authenticator, attributes].concat())
}

/// HMAC-MD5 (RFC 3579 §3.2).
pub(super) fn mac(secret: &[u8], bytes: &[u8]) -> [u8; BLOCK] {
    let mut mac = <Hmac<Md5> as Mac>::new_from_slice(secret)
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

/// A code as User-Password has it (RFC 2865 §5.2): filled up with zeros, each block under the one before.
pub(super) fn hidden(secret: &[u8], authenticator: &[u8; BLOCK], code: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if code.len() > LONGEST_CODE {
        return None;
    }
    let mut bytes = Zeroizing::new(code.to_vec());
    bytes.resize(code.len().div_ceil(BLOCK).max(1) * BLOCK, 0);
    let mut before = authenticator.to_vec();
    for block in bytes.chunks_mut(BLOCK) {
        let pad = Md5::new().chain_update(secret).chain_update(&before).finalize();
        block.iter_mut().zip(pad).for_each(|(byte, pad)| *byte ^= pad);
        before = block.to_vec();
    }
    Some(bytes)
}

/// What a server says to people: its parts in order (RFC 2865 §5.18), on one line.
fn message<'a>(parts: impl Iterator<Item = &'a [u8]>) -> String {
    let whole: Vec<u8> = parts.flatten().copied().collect();
    let text = String::from_utf8_lossy(&whole);
    let words: Vec<&str> = text.split(|letter: char| letter.is_whitespace() || letter.is_control()).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(LONGEST_MESSAGE).collect()
}
