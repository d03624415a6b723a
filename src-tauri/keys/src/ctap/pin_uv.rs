//! PIN/UV auth protocols one and two (CTAP 2.1, 6.5.6 and 6.5.7): how a PIN reaches a key, and how a token that
//! the key gave for it vouches for a command.
//!
//! `webauthn-authenticator-rs` has these in private, asks for the PIN anew before each command, always takes the
//! key's first protocol, and cuts protocol two's proof to the half in two of its commands. So the steps stand
//! here, on the same primitives as there (RustCrypto's, by `crypto-glue`); nothing of them is our own.

use crypto_glue::{
    aes256::{self, Aes256Key},
    aes256cbc::{
        Aes256CbcDec, Aes256CbcEnc, Aes256CbcIv, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, new_iv,
    },
    block_padding::NoPadding,
    ecdh_p256::{EcdhP256Hkdf, EcdhP256SharedSecret, new_secret},
    ecdsa_p256::EcdsaP256PublicKey,
    hmac_s256,
    s256::Sha256,
    traits::Digest,
};
use webauthn_authenticator_rs::ctap2::commands::{ClientPinRequest, ClientPinSubCommand};
use webauthn_rs_core::proto::{COSEKey, COSEKeyType};
use zeroize::Zeroizing;

use crate::{Error, Feature};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    One,
    Two,
}

/// What both sides derived from their key agreement, good for one exchange.
pub(crate) struct Shared {
    protocol: Protocol,
    ours: COSEKey,
    /// Protocol one: one key for both; two: HMAC's, then AES's.
    keys: Zeroizing<Vec<u8>>,
}

/// A token that the key gave for a PIN or a finger. Zeroed when dropped.
pub(crate) struct Token {
    protocol: Protocol,
    bytes: Zeroizing<Vec<u8>>,
}

impl Protocol {
    /// The newer one of those that the key lists and that are known here.
    pub(crate) fn best(listed: Option<&[u32]>) -> Result<Self, Error> {
        match listed {
            Some(listed) if listed.contains(&2) => Ok(Self::Two),
            Some(listed) if listed.contains(&1) => Ok(Self::One),
            _ => Err(Error::NotSupported(Feature::Pin)),
        }
    }

    pub(crate) fn number(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }

    pub(crate) fn ask_key_agreement(self) -> ClientPinRequest {
        ClientPinRequest {
            pin_uv_protocol: Some(self.number()),
            sub_command: ClientPinSubCommand::GetKeyAgreement,
            ..ClientPinRequest::default()
        }
    }

    /// Agrees on secrets with a key of this public key.
    pub(crate) fn agree(self, theirs: &COSEKey) -> Result<Shared, Error> {
        let unfit = |_| Error::Unexpected("a public key that is no point of P-256".to_owned());
        let COSEKeyType::EC_EC2(point) = &theirs.key else {
            return Err(Error::Unexpected("a public key of another kind than P-256".to_owned()));
        };
        let theirs = EcdsaP256PublicKey::try_from(point).map_err(unfit)?;
        let secret = new_secret();
        let ours = COSEKey::try_from(&secret.public_key()).map_err(unfit)?;
        let keys = self.derive(&secret.diffie_hellman(&theirs))?;
        Ok(Shared { protocol: self, ours, keys })
    }

    fn derive(self, point: &EcdhP256SharedSecret) -> Result<Zeroizing<Vec<u8>>, Error> {
        match self {
            Self::One => Ok(Zeroizing::new(Sha256::digest(point.raw_secret_bytes()).to_vec())),
            Self::Two => {
                let mut keys = Zeroizing::new(vec![0; 64]);
                let derived = EcdhP256Hkdf::new(Some(&[0; 32]), point.raw_secret_bytes());
                let (hmac, aes) = keys.split_at_mut(32);
                derived
                    .expand(b"CTAP2 HMAC key", hmac)
                    .and_then(|()| derived.expand(b"CTAP2 AES key", aes))
                    .map_err(|_| broken())?;
                Ok(keys)
            }
        }
    }

    fn prove(self, key: &[u8], message: &[u8]) -> Result<Vec<u8>, Error> {
        let key = hmac_s256::key_from_slice(key.get(..32).unwrap_or(key)).ok_or_else(broken)?;
        let mut proof = hmac_s256::oneshot(&key, message).into_bytes().to_vec();
        if self == Self::One {
            proof.truncate(16);
        }
        Ok(proof)
    }
}

impl Shared {
    fn aes(&self) -> Result<Aes256Key, Error> {
        let key = match self.protocol {
            Protocol::One => &self.keys[..],
            Protocol::Two => &self.keys[32..],
        };
        aes256::key_from_slice(key).ok_or_else(broken)
    }

    fn encrypt(&self, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let iv = match self.protocol {
            Protocol::One => Aes256CbcIv::default(),
            Protocol::Two => new_iv(),
        };
        let sealed = Aes256CbcEnc::new(&*self.aes()?, &iv).encrypt_padded_vec::<NoPadding>(plain);
        Ok(match self.protocol {
            Protocol::One => sealed,
            Protocol::Two => [&iv[..], &sealed[..]].concat(),
        })
    }

    fn decrypt(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let bad = || Error::Unexpected("a token that cannot be decrypted".to_owned());
        let (iv, sealed) = match self.protocol {
            Protocol::One => (Aes256CbcIv::default(), sealed),
            Protocol::Two => {
                let (iv, sealed) = sealed.split_at_checked(16).ok_or_else(bad)?;
                (Aes256CbcIv::try_from(iv).map_err(|_| bad())?, sealed)
            }
        };
        let plain = Aes256CbcDec::new(&*self.aes()?, &iv).decrypt_padded_vec::<NoPadding>(sealed);
        plain.map(Zeroizing::new).map_err(|_| bad())
    }

    fn request(&self, sub_command: ClientPinSubCommand) -> ClientPinRequest {
        ClientPinRequest {
            pin_uv_protocol: Some(self.protocol.number()),
            sub_command,
            key_agreement: Some(self.ours.clone()),
            ..ClientPinRequest::default()
        }
    }

    /// `setPIN`.
    pub(crate) fn set_pin(&self, new: &str) -> Result<ClientPinRequest, Error> {
        let sealed = self.encrypt(&padded(new)[..])?;
        Ok(ClientPinRequest {
            pin_uv_auth_param: Some(self.protocol.prove(&self.keys, &sealed)?),
            new_pin_enc: Some(sealed),
            ..self.request(ClientPinSubCommand::SetPin)
        })
    }

    /// `changePIN`.
    pub(crate) fn change_pin(&self, old: &str, new: &str) -> Result<ClientPinRequest, Error> {
        let sealed = self.encrypt(&padded(new)[..])?;
        let old = self.encrypt(&hashed(old)[..])?;
        Ok(ClientPinRequest {
            pin_uv_auth_param: Some(self.protocol.prove(&self.keys, &[&sealed[..], &old[..]].concat())?),
            new_pin_enc: Some(sealed),
            pin_hash_enc: Some(old),
            ..self.request(ClientPinSubCommand::ChangePin)
        })
    }

    /// One of the commands that trade a PIN for a token, as yet without permissions.
    pub(crate) fn trade_pin(
        &self,
        pin: &str,
        sub_command: ClientPinSubCommand,
    ) -> Result<ClientPinRequest, Error> {
        Ok(ClientPinRequest {
            pin_hash_enc: Some(self.encrypt(&hashed(pin)[..])?),
            ..self.request(sub_command)
        })
    }

    /// `getPinUvAuthTokenUsingUvWithPermissions`, as yet without permissions.
    pub(crate) fn trade_finger(&self) -> ClientPinRequest {
        self.request(ClientPinSubCommand::GetPinUvAuthTokenUsingUvWithPermissions)
    }

    /// The token out of the key's answer.
    pub(crate) fn token(&self, sealed: &[u8]) -> Result<Token, Error> {
        Ok(Token { protocol: self.protocol, bytes: self.decrypt(sealed)? })
    }
}

impl Token {
    pub(crate) fn protocol(&self) -> u32 {
        self.protocol.number()
    }

    /// Vouches for a message (`pinUvAuthParam`).
    pub(crate) fn prove(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.protocol.prove(&self.bytes, message)
    }
}

fn padded(pin: &str) -> Zeroizing<[u8; 64]> {
    let mut padded = Zeroizing::new([0; 64]);
    for (to, from) in padded.iter_mut().zip(pin.bytes().take(crate::LONGEST_PIN)) {
        *to = from;
    }
    padded
}

fn hashed(pin: &str) -> Zeroizing<Vec<u8>> {
    let mut hash = Zeroizing::new(Sha256::digest(pin.as_bytes()).to_vec());
    hash.truncate(16);
    hash
}

fn broken() -> Error {
    Error::Unexpected("secrets of an impossible length".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_protocol_is_taken_wherever_it_stands() {
        assert_eq!(Protocol::best(Some(&[1, 2])), Ok(Protocol::Two));
        assert_eq!(Protocol::best(Some(&[2, 1])), Ok(Protocol::Two));
        assert_eq!(Protocol::best(Some(&[1])), Ok(Protocol::One));
        assert_eq!(Protocol::best(Some(&[9])), Err(Error::NotSupported(Feature::Pin)));
        assert_eq!(Protocol::best(None), Err(Error::NotSupported(Feature::Pin)));
    }

    #[test]
    fn a_proof_is_as_long_as_its_protocol_says() {
        for (protocol, length) in [(Protocol::One, 16), (Protocol::Two, 32)] {
            let token = Token { protocol, bytes: Zeroizing::new(vec![7; 32]) };
            assert_eq!(token.prove(b"message").map(|proof| proof.len()), Ok(length));
        }
    }
}
