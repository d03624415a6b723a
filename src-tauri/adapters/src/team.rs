//! A team's file on the disk: its text, and who signed it.
//!
//! The file is TOML. Its last line may be a signature, which TOML takes for a comment:
//! `# signature ed25519 KEY SIGNATURE`, both in Base64. Signed is every byte before that line, so that
//! whatever is changed, added or taken away shows.

use crate::{
    home::Home,
    vault::{KeyStore, KeyStoreError, OsKeyring},
};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use engine::model::team::TeamFile;
use rand::{TryRngCore, rngs::OsRng};
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};
use zeroize::Zeroizing;

/// No team's file is longer.
const LIMIT: u64 = 1024 * 1024;
const SIGNATURE: &str = "# signature ed25519 ";

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What it says.
    pub file: TeamFile,
    /// The fingerprint of the key that signed it; `None` when nobody did.
    pub signer: Option<String>,
}

/// Why a file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TeamError {
    /// The system's answer.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is too large.
    #[error("it is larger than any team's file")]
    TooLarge,
    /// It is no TOML, or has something that a team's file does not have.
    #[error("line {line}: {what}")]
    Text {
        /// Counted from 1.
        line: usize,
        /// In the library's words.
        what: String,
    },
    /// The signature is not of this text.
    #[error("the signature does not fit the text")]
    Tampered,
    /// There is no key to sign with.
    #[error("{0}")]
    NoKey(String),
}

/// Reads a file and checks its signature, before anything else of it is looked at.
///
/// # Errors
/// [`TeamError`].
pub fn read(path: &Path) -> Result<Read, TeamError> {
    if fs::metadata(path)?.len() > LIMIT {
        return Err(TeamError::TooLarge);
    }
    let text = fs::read_to_string(path)?;
    let (body, signer) = verify(&text)?;
    let file = toml::from_str(body).map_err(|error| TeamError::Text {
        line: error.span().map_or(1, |span| body.get(..span.start).unwrap_or(body).matches('\n').count() + 1),
        what: error.message().trim().replace('\n', " "),
    })?;
    Ok(Read { file, signer })
}

/// The text without its signature, and who signed. A signature that stands anywhere but at the end, or a
/// second one, is none.
fn verify(text: &str) -> Result<(&str, Option<String>), TeamError> {
    if !text.lines().any(|line| line.trim_start().starts_with(SIGNATURE.trim_end())) {
        return Ok((text, None));
    }
    let line_start = text.trim_end().rfind('\n').map_or(0, |at| at + 1);
    let (body, line) = text.split_at(line_start);
    let words = line.strip_prefix(SIGNATURE).ok_or(TeamError::Tampered)?;
    let (key, signature) = words.trim_end().split_once(' ').ok_or(TeamError::Tampered)?;
    let decode = |text: &str| STANDARD_NO_PAD.decode(text).map_err(|_| TeamError::Tampered);
    let (key, signature) = (decode(key)?, decode(signature)?);
    UnparsedPublicKey::new(&ED25519, &key)
        .verify(body.as_bytes(), &signature)
        .map_err(|_| TeamError::Tampered)?;
    Ok((body, Some(fingerprint(&key))))
}

/// As people compare it: SHA-256 of the public key, in Base64.
fn fingerprint(key: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(key)))
}

/// The text of a file, with what stands in it explained.
///
/// # Errors
/// [`TeamError::Text`], for a name that TOML cannot hold.
pub fn text(file: &TeamFile) -> Result<String, TeamError> {
    let text =
        toml::to_string_pretty(file).map_err(|error| TeamError::Text { line: 1, what: error.to_string() })?;
    Ok(format!("# Latchkey: look at it with `latch team show`, use it with `latch team apply`.\n{text}"))
}

/// Writes a text to a new file. With a key it is signed; gives the key's fingerprint.
///
/// # Errors
/// [`TeamError::Io`], also when the file is there already.
pub fn write(path: &Path, text: &str, key: Option<&TeamKey>) -> Result<Option<String>, TeamError> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    let signed = key.map(|key| key.signature_line(text)).unwrap_or_default();
    file.write_all(format!("{text}{signed}").as_bytes())?;
    file.sync_all()?;
    Ok(key.map(TeamKey::fingerprint))
}

/// The key that signs, kept in the keyring.
pub struct TeamKey(Ed25519KeyPair);

impl TeamKey {
    /// Reads it from the keyring, or makes one where the keyring says that there is none.
    ///
    /// # Errors
    /// [`TeamError::NoKey`].
    pub fn of(home: &Home) -> Result<Self, TeamError> {
        Self::in_store(&OsKeyring::new(home.team_keyring_user()))
    }

    fn in_store(store: &dyn KeyStore) -> Result<Self, TeamError> {
        let no_key = |error: KeyStoreError| TeamError::NoKey(error.to_string());
        let seed = match store.get().map_err(no_key)? {
            Some(seed) => seed,
            None => {
                let mut seed = Zeroizing::new(vec![0; 32]);
                OsRng.try_fill_bytes(&mut seed).map_err(|error| TeamError::NoKey(error.to_string()))?;
                store.put(&seed).map_err(no_key)?;
                seed
            }
        };
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed);
        pair.map(Self).map_err(|error| TeamError::NoKey(format!("the keyring's key: {error}")))
    }

    fn signature_line(&self, text: &str) -> String {
        let key = STANDARD_NO_PAD.encode(self.0.public_key().as_ref());
        let signature = STANDARD_NO_PAD.encode(self.0.sign(text.as_bytes()).as_ref());
        format!("{SIGNATURE}{key} {signature}\n")
    }

    /// The fingerprint of its public half.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(self.0.public_key().as_ref())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn key(seed: u8) -> TeamKey {
        TeamKey(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
    }

    const TEXT: &str = "latchkey_team = 1\nname = \"Platform\"\n";

    #[test]
    fn what_was_signed_is_read_and_what_was_changed_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("team.toml");
        let by = write(&path, TEXT, Some(&key(1))).unwrap();
        assert_eq!(read(&path).unwrap().signer, by);
        assert_eq!(by.unwrap().len(), "SHA256:".len() + 43);
        assert!(matches!(write(&path, TEXT, None), Err(TeamError::Io(_))), "it was replaced");

        let signed = fs::read_to_string(&path).unwrap();
        let line = signed.lines().last().unwrap().to_owned();
        let other = key(2).signature_line(TEXT);
        let other_key = other.split(' ').nth(3).unwrap();
        let mut swapped: Vec<&str> = line.split(' ').collect();
        swapped[3] = other_key;
        for tampered in [
            signed.replace("Platform", "Platforn"),
            format!("{signed}template = \"{{role}}\"\n"),
            format!("{signed}{other}"),
            format!("{line}\n{TEXT}"),
            format!("{TEXT}{}\n", swapped.join(" ")),
            format!("{TEXT}# signature ed25519 x y\n"),
            format!("{TEXT}# signature ed25519\n"),
            format!("{TEXT}  {line}\n"),
        ] {
            fs::write(&path, &tampered).unwrap();
            assert!(matches!(read(&path), Err(TeamError::Tampered)), "{tampered}");
        }
        fs::write(&path, TEXT).unwrap();
        assert_eq!(read(&path).unwrap().signer, None);
    }

    #[test]
    fn nothing_but_the_listed_facts_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("team.toml");
        for (more, line) in [
            ("secret = \"x\"\n", 3),
            (
                "[[organisation]]\nname = \"a\"\nstart_url = \"https://a.test\"\nregion = \"x\"\ntoken = \"y\"\n",
                7,
            ),
        ] {
            fs::write(&path, format!("{TEXT}{more}")).unwrap();
            match read(&path) {
                Err(TeamError::Text { line: at, what }) => {
                    assert!(what.contains("unknown field"), "{what}");
                    assert_eq!(at, line, "{what}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
