//! Client registrations in `~/.aws/sso/cache`, as the AWS CLI v2 keeps them beside its sign-ins (awscli 2.9 and
//! 2.31, `botocore/utils.py`: `_registration_cache_key`): one for each session, region and list of scopes.

use crate::{
    ConfigFile,
    error::FileError,
    import::Outline,
    lock::FileLock,
    place::Place,
    platform,
    replace::{Quiet, Replaced, replace},
    sso_cache::{PATIENCE, SsoCache, TRIES, moment},
};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha1::{Digest, Sha1};
use std::{fmt::Write as _, fs, path::PathBuf};
use zeroize::Zeroizing;

/// What lets accounts and roles be read, and tokens be renewed.
const ACCESS: &str = "sso:account:access";
/// The CLI takes one that ends sooner for expired (`_EXPIRY_WINDOW`).
const AT_LEAST: SignedDuration = SignedDuration::from_mins(15);

/// A `[sso-session …]`, as far as a registration depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredSession {
    /// Its name.
    pub name: String,
    /// The start URL as it is written.
    pub start_url: String,
    /// The region of the sign-in.
    pub region: String,
    /// `sso_registration_scopes`, where it is there.
    pub scopes: Option<Vec<String>>,
}

/// A registration. `Debug` does not show the secret.
#[derive(Clone, Debug)]
pub struct SsoRegistration {
    /// The client's id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// When it ends.
    pub expires: Timestamp,
    /// For the way by the browser (PKCE); the CLI names that one's grant types, and none of the device's.
    pub browser: bool,
}

impl ConfigFile {
    /// The sessions that name a start URL and a region; none when the file is not there.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn sso_sessions(&self) -> Result<Vec<RegisteredSession>, FileError> {
        let place = Place::find(self.path())?;
        let Some(loaded) = place.load()? else { return Ok(Vec::new()) };
        let (_, document) = crate::conversion::read(&loaded.bytes)
            .map_err(|error| FileError::Unparseable { path: self.path().to_path_buf(), error })?;
        let value = |section: &str, key: &str| {
            let value = document.effective(section, key)?.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        let sessions = Outline::of(&document).sessions.into_iter().filter_map(|(name, section)| {
            let scopes = value(&section, "sso_registration_scopes");
            Some(RegisteredSession {
                name,
                start_url: value(&section, "sso_start_url")?,
                region: value(&section, "sso_region")?,
                scopes: scopes.map(|text| {
                    text.split(',')
                        .map(|scope| scope.trim().to_owned())
                        .filter(|scope| !scope.is_empty())
                        .collect()
                }),
            })
        });
        Ok(sessions.collect())
    }
}

impl RegisteredSession {
    /// The scopes that the CLI registers for: by the browser those of accounts, where none are named.
    fn registered_for(&self, browser: bool) -> Option<Vec<String>> {
        match (&self.scopes, browser) {
            (None, true) => Some(vec![ACCESS.to_owned()]),
            (scopes, _) => scopes.clone(),
        }
    }
}

impl SsoCache {
    /// The file of a session's registration: the SHA-1 of what it depends on, as Python writes that in JSON.
    #[must_use]
    pub fn registration_path(&self, session: &RegisteredSession, browser: bool) -> PathBuf {
        let scopes = match session.registered_for(browser) {
            None => "null".to_owned(),
            Some(scopes) => {
                format!("[{}]", scopes.iter().map(|it| python(it)).collect::<Vec<_>>().join(", "))
            }
        };
        let key = format!(
            "{{\"region\": {}, \"scopes\": {scopes}, \"session_name\": {}, \"startUrl\": {}, \"tool\": \"botocore\"}}",
            python(&session.region),
            python(&session.name),
            python(&session.start_url),
        );
        self.file(&hex::encode(Sha1::digest(key.as_bytes())))
    }

    /// A session's registration that the CLI made, or we did: one by which accounts can be read and tokens be
    /// renewed, this way, for a quarter of an hour at least.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn read_registration(
        &self,
        session: &RegisteredSession,
        browser: bool,
        now: Timestamp,
    ) -> Result<Option<SsoRegistration>, FileError> {
        if !session.registered_for(browser).is_some_and(|scopes| scopes.iter().any(|it| it == ACCESS)) {
            return Ok(None);
        }
        let Some(loaded) = Place::find(&self.registration_path(session, browser))?.load()? else {
            return Ok(None);
        };
        let found = parse(&loaded.bytes);
        Ok(found.filter(|it| it.browser == browser && now + AT_LEAST < it.expires))
    }

    /// Puts a registration where the CLI looks for a session's, for its owner alone (0600). One that is there
    /// and works stays, and so does one of the other way: an older CLI knows the device's only, and would use a
    /// browser's for it, in vain.
    ///
    /// # Errors
    /// [`FileError`]; nothing was changed then.
    pub fn write_registration(
        &self,
        session: &RegisteredSession,
        new: &SsoRegistration,
        now: Timestamp,
    ) -> Result<bool, FileError> {
        let scopes = session.registered_for(new.browser).unwrap_or_default();
        // What it was registered for must be what the name of its file says.
        if scopes != [ACCESS] {
            return Ok(false);
        }
        let place = Place::find(&self.registration_path(session, new.browser))?;
        self.make_folder()?;
        let _lock = FileLock::take(&place, PATIENCE)?;
        for _ in 0..TRIES {
            let base = place.load()?;
            let there = base.as_ref().and_then(|base| parse(&base.bytes));
            let stays = match &there {
                // The way that this CLI goes is known by what it left.
                Some(there) => there.browser != new.browser || now + AT_LEAST < there.expires,
                None => base.is_some() || new.browser,
            };
            if stays {
                return Ok(false);
            }
            if let Some(base) = &base {
                platform::make_private(&base.file)
                    .map_err(|error| FileError::io(&place.target, crate::Doing::SetMode, error))?;
            }
            if replace(&place, &[text(new, &scopes).as_slice()], base.as_ref(), &Quiet)? == Replaced::Done {
                return Ok(true);
            }
        }
        Err(FileError::BeingWritten { path: place.target })
    }

    /// Takes away what stands for a client that the server knows no more.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn forget_registration(&self, session: &RegisteredSession, client_id: &str) -> Result<(), FileError> {
        for path in [true, false].map(|browser| self.registration_path(session, browser)) {
            if !path.exists() {
                continue;
            }
            let place = Place::find(&path)?;
            let _lock = FileLock::take(&place, PATIENCE)?;
            let found = place.load()?.and_then(|loaded| parse(&loaded.bytes));
            if found.is_some_and(|found| found.client_id == client_id) {
                fs::remove_file(&path).map_err(|error| FileError::io(&path, crate::Doing::Replace, error))?;
            }
        }
        Ok(())
    }
}

/// A text as Python's `json.dumps` writes it: what is not ASCII in UTF-16 escapes.
fn python(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7f}' => out.push(c),
            c if c.is_ascii() && !c.is_ascii_control() => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a string never fails.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
    out
}

fn parse(bytes: &[u8]) -> Option<SsoRegistration> {
    let found: Value = serde_json::from_slice(bytes).ok()?;
    let text = |key: &str| found.get(key).and_then(Value::as_str);
    let grants = found.get("grantTypes").and_then(Value::as_array);
    let has = |grant: &str| grants.is_some_and(|all| all.iter().any(|it| it == grant));
    let browser = has("authorization_code");
    // A browser's that cannot renew is of no use.
    (!browser || has("refresh_token")).then_some(())?;
    Some(SsoRegistration {
        client_id: text("clientId")?.to_owned(),
        client_secret: SecretString::from(text("clientSecret")?),
        expires: moment(text("expiresAt")?)?,
        browser,
    })
}

fn text(new: &SsoRegistration, scopes: &[String]) -> Zeroizing<Vec<u8>> {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct File<'a> {
        client_id: &'a str,
        client_secret: &'a str,
        expires_at: String,
        scopes: &'a [String],
        #[serde(skip_serializing_if = "Option::is_none")]
        grant_types: Option<[&'static str; 2]>,
    }
    let file = File {
        client_id: &new.client_id,
        client_secret: new.client_secret.expose_secret(),
        expires_at: new.expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        scopes,
        grant_types: new.browser.then_some(["authorization_code", "refresh_token"]),
    };
    // Room for all of it, so that no half-grown copy stays behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(16 * 1024));
    // A structure of plain strings always has a JSON form.
    let _ = serde_json::to_writer(&mut *bytes, &file);
    bytes
}
