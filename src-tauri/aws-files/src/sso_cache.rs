//! `~/.aws/sso/cache`: the sign-in of an `[sso-session]` as the AWS CLI v2 keeps it (botocore 1.44,
//! `tokens.py`: `SSOTokenProvider`, `utils.py`: `SSOTokenLoader`): tools use it and renew it by themselves.

use crate::{
    error::FileError,
    lock::FileLock,
    place::Place,
    platform,
    replace::{Quiet, Replaced, replace},
};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha1::{Digest, Sha1};
use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};
use zeroize::Zeroizing;

/// How long another program of ours may hold a file's lock.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);
/// Older versions of the CLI write in place: what cannot be read is looked at again.
pub(crate) const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// The folder of the cache. It has no variable of its own: it is always in the home folder.
#[derive(Clone, Debug)]
pub struct SsoCache {
    folder: PathBuf,
}

/// A sign-in of the cache. `Debug` shows none of the secrets.
#[derive(Clone, Debug)]
pub struct CachedSignIn {
    /// The start URL as the session's section has it.
    pub start_url: String,
    /// The region of the sign-in.
    pub region: String,
    /// The bearer of the portal.
    pub access_token: SecretString,
    /// When that stops working.
    pub expires: Timestamp,
    /// What renews it.
    pub renewal: Option<CachedRenewal>,
}

/// What renews a sign-in: a refresh token, and the client that it was issued to.
#[derive(Clone, Debug)]
pub struct CachedRenewal {
    /// The client's id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// When the registration ends.
    pub registration_expires: Timestamp,
    /// The refresh token.
    pub refresh_token: SecretString,
}

impl CachedSignIn {
    /// Whether one of these clients renews it.
    fn is_of(&self, clients: &[String]) -> bool {
        self.renewal.as_ref().is_some_and(|renewal| clients.contains(&renewal.client_id))
    }
}

impl SsoCache {
    /// The cache of the person whose home folder this is.
    #[must_use]
    pub fn in_home(home: &Path) -> Self {
        Self { folder: home.join(".aws/sso/cache") }
    }

    /// The folder, for those who watch it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a session: the SHA-1 of its name.
    #[must_use]
    pub fn path(&self, session: &str) -> PathBuf {
        self.file(&hex::encode(Sha1::digest(session.as_bytes())))
    }

    pub(crate) fn file(&self, stem: &str) -> PathBuf {
        self.folder.join(format!("{stem}.json"))
    }

    /// Makes what there is not yet of `~/.aws/sso/cache`.
    pub(crate) fn make_folder(&self) -> Result<(), FileError> {
        for folder in self.folder.ancestors().take(3).collect::<Vec<_>>().into_iter().rev() {
            if !folder.exists() {
                Place::find(&folder.join("x"))?.make_folder()?;
            }
        }
        Ok(())
    }

    /// The sign-in of a session; `None` when there is none, or nothing that can be read as one.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn read(&self, session: &str) -> Result<Option<CachedSignIn>, FileError> {
        let place = Place::find(&self.path(session))?;
        for _ in 0..TRIES {
            let Some(loaded) = place.load()? else { return Ok(None) };
            if let Some(found) = parse(&loaded.bytes) {
                return Ok(Some(found));
            }
            thread::sleep(PAUSE);
        }
        Ok(None)
    }

    /// Puts a sign-in there, for its owner alone (0600), in one step. One that works for longer stays:
    /// another program renewed it meanwhile, and it is given back. So is one that works still and is of none
    /// of the clients `ours`: the person signed in with another program, whose refresh token would be lost.
    ///
    /// # Errors
    /// [`FileError`]; nothing was changed then.
    pub fn write(
        &self,
        session: &str,
        new: &CachedSignIn,
        ours: &[String],
        now: Timestamp,
    ) -> Result<Option<CachedSignIn>, FileError> {
        let place = Place::find(&self.path(session))?;
        self.make_folder()?;
        let _lock = FileLock::take(&place, PATIENCE)?;
        for _ in 0..TRIES {
            let stays = |there: &CachedSignIn| {
                there.expires > new.expires || !there.is_of(ours) && there.expires > now
            };
            if let Some(there) = self.read(session)?.filter(stays) {
                return Ok(Some(there));
            }
            let base = place.load()?;
            if let Some(base) = &base {
                platform::make_private(&base.file)
                    .map_err(|error| FileError::io(&place.target, crate::Doing::SetMode, error))?;
            }
            if replace(&place, &[text(new).as_slice()], base.as_ref(), &Quiet)? == Replaced::Done {
                return Ok(None);
            }
        }
        Err(FileError::BeingWritten { path: place.target })
    }

    /// Takes a sign-in away that one of these clients renews: ours, whoever renewed it last.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn remove(&self, session: &str, clients: &[String]) -> Result<(), FileError> {
        let path = self.path(session);
        if !path.exists() {
            return Ok(());
        }
        let _lock = FileLock::take(&Place::find(&path)?, PATIENCE)?;
        if !self.read(session)?.is_some_and(|found| found.is_of(clients)) {
            return Ok(());
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(FileError::io(&path, crate::Doing::Replace, error))
            }
            _ => Ok(()),
        }
    }
}

fn parse(bytes: &[u8]) -> Option<CachedSignIn> {
    let found: Value = serde_json::from_slice(bytes).ok()?;
    let text = |key: &str| found.get(key).and_then(Value::as_str).map(str::to_owned);
    let secret = |key: &str| text(key).map(SecretString::from);
    let renewal = || {
        Some(CachedRenewal {
            client_id: text("clientId")?,
            client_secret: secret("clientSecret")?,
            registration_expires: moment(&text("registrationExpiresAt")?)?,
            refresh_token: secret("refreshToken")?,
        })
    };
    Some(CachedSignIn {
        start_url: text("startUrl").unwrap_or_default(),
        region: text("region").unwrap_or_default(),
        access_token: secret("accessToken")?,
        expires: moment(&text("expiresAt")?)?,
        renewal: renewal(),
    })
}

/// `2026-11-24T10:00:00Z`; older versions of the CLI wrote `UTC` at the end.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix("UTC").map_or_else(|| text.to_owned(), |rest| format!("{rest}Z"));
    text.parse().ok()
}

fn text(new: &CachedSignIn) -> Zeroizing<Vec<u8>> {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct File<'a> {
        start_url: &'a str,
        region: &'a str,
        access_token: &'a str,
        expires_at: String,
        #[serde(flatten)]
        renewal: Option<Renewal<'a>>,
    }
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Renewal<'a> {
        client_id: &'a str,
        client_secret: &'a str,
        registration_expires_at: String,
        refresh_token: &'a str,
    }
    let date = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let file = File {
        start_url: &new.start_url,
        region: &new.region,
        access_token: new.access_token.expose_secret(),
        expires_at: date(new.expires),
        renewal: new.renewal.as_ref().map(|renewal| Renewal {
            client_id: &renewal.client_id,
            client_secret: renewal.client_secret.expose_secret(),
            registration_expires_at: date(renewal.registration_expires),
            refresh_token: renewal.refresh_token.expose_secret(),
        }),
    };
    // Room for all of it, so that no half-grown copy stays behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(16 * 1024));
    // A structure of plain strings always has a JSON form.
    let _ = serde_json::to_writer(&mut *bytes, &file);
    bytes
}
