//! The scan: every byte written at a desk is searched for every secret the journey knows.

use anyhow::{Context, Result, bail};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// Shorter ones would be found by chance.
const SHORTEST: usize = 12;

/// What every bearer value of our server begins with: tokens, codes, client secrets, cookies.
const MARK: &[u8] = b"lk_";
/// How many base64url characters follow the mark.
const MARKED: usize = 43;

/// The secrets of a journey, each with a name for the report and the files in which it may stand.
/// Nobody has to know the server's bearer values: they are found by their mark.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Vec<Secret>);

#[derive(Clone)]
struct Secret {
    name: String,
    allowed: Vec<PathBuf>,
    /// Encodings by what they are called.
    forms: BTreeMap<String, Vec<u8>>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Secret").field(&self.name).finish()
    }
}

impl Secrets {
    /// Adds one that may stand nowhere.
    ///
    /// # Errors
    /// That it is too short to be searched for.
    pub fn add(&mut self, name: &str, secret: &[u8]) -> Result<()> {
        self.add_allowed(name, secret, &[])
    }

    /// Adds one that may stand in the files `allowed` only: role credentials in the credentials file.
    ///
    /// # Errors
    /// That it is too short to be searched for.
    pub fn add_allowed(&mut self, name: &str, secret: &[u8], allowed: &[&Path]) -> Result<()> {
        if secret.len() < SHORTEST {
            bail!("the secret {name} of {} bytes is too short to be searched for", secret.len());
        }
        let allowed = allowed.iter().map(|p| (*p).to_owned()).collect();
        self.0.push(Secret { name: name.to_owned(), allowed, forms: forms(secret) });
        Ok(())
    }

    /// Adds the keys of `profile` in a credentials file, which may stand there only. Other profiles'
    /// keys are their owners' business, who may keep backups.
    ///
    /// # Errors
    /// That the file cannot be read, or holds no keys of the profile.
    pub fn add_profile(&mut self, file: &Path, profile: &str) -> Result<()> {
        let text = fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
        let mut found = 0;
        let section = format!("[{profile}]");
        let ours = text.lines().skip_while(|l| l.trim() != section).skip(1);
        for line in ours.take_while(|l| !l.starts_with('[')) {
            let Some((key, value)) = line.split_once('=') else { continue };
            if matches!(key.trim(), "aws_secret_access_key" | "aws_session_token") {
                self.add_allowed(key.trim(), value.trim().as_bytes(), &[file])?;
                found += 1;
            }
        }
        match found {
            0 => bail!("{} holds no keys of {profile}", file.display()),
            _ => Ok(()),
        }
    }

    /// Searches every file below `folders`, whatever its kind, for every secret: as it is, in
    /// base64 (both alphabets, at any offset), in hex, in UTF-16, and percent-encoded; and for every
    /// bearer value of the server, as it is and in UTF-16, where no secret that is known may stand.
    ///
    /// # Errors
    /// Each secret found, with file, offset and encoding; or a file that cannot be read; or that
    /// there was nothing to search, which would prove nothing.
    pub fn scan(&self, folders: &[PathBuf]) -> Result<usize> {
        let mut files = Vec::new();
        for folder in folders {
            walk(folder, &mut files)?;
        }
        let mut found = Vec::new();
        let mut bytes = 0;
        for file in &files {
            let content = match fs::read(file) {
                // A program took it away meanwhile: what is gone tells nobody.
                Err(e) if e.kind() == ErrorKind::NotFound => continue,
                content => content.with_context(|| format!("could not read {}", file.display()))?,
            };
            bytes += content.len();
            if !self.0.iter().any(|s| s.allowed.contains(file)) {
                for at in marked(&content) {
                    found.push(format!("a bearer value in {} at {at}", file.display()));
                }
            }
            for secret in self.0.iter().filter(|s| !s.allowed.contains(file)) {
                for (form, wanted) in &secret.forms {
                    if let Some(at) = position(&content, wanted) {
                        found.push(format!("{} ({form}) in {} at {at}", secret.name, file.display()));
                    }
                }
            }
        }
        if self.0.is_empty() || bytes == 0 {
            bail!("nothing to search: {} secrets, {} files, {bytes} bytes", self.0.len(), files.len());
        }
        match found.as_slice() {
            [] => Ok(bytes),
            found => bail!("secrets stand in clear:\n{}", found.join("\n")),
        }
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Where bearer values of the server begin, each byte of them followed by none or by a zero.
fn marked(content: &[u8]) -> Vec<usize> {
    let is_of_value = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let begins = |at: usize, step: usize| {
        let mut bytes = content[at..].iter().step_by(step);
        let mark = bytes.by_ref().take(MARK.len());
        mark.eq(MARK) && bytes.take_while(|b| is_of_value(b)).count() >= MARKED
    };
    let firsts = content.iter().enumerate().filter(|(_, b)| **b == MARK[0]).map(|(at, _)| at);
    firsts.filter(|at| begins(*at, 1) || begins(*at, 2)).collect()
}

/// Where `wanted` begins in `content`. The rarest thing to compare first is the first byte.
fn position(content: &[u8], wanted: &[u8]) -> Option<usize> {
    let (first, _) = wanted.split_first()?;
    let mut from = 0;
    while let Some(at) = content[from..].iter().position(|b| b == first) {
        if content[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

fn forms(secret: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut forms = BTreeMap::from([("as it is".to_owned(), secret.to_vec())]);
    forms.insert("hex".to_owned(), hex::encode(secret).into_bytes());
    forms.insert("HEX".to_owned(), hex::encode_upper(secret).into_bytes());
    if let Ok(text) = str::from_utf8(secret) {
        forms.insert("UTF-16".to_owned(), text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        let percent: String = url::form_urlencoded::byte_serialize(secret).collect();
        forms.insert("percent-encoded".to_owned(), percent.into_bytes());
        let json = serde_json::Value::from(text).to_string();
        forms.insert("JSON".to_owned(), json.trim_matches('"').as_bytes().to_vec());
        // Most secrets need no escapes; one find is enough.
        forms.retain(|form, bytes| form == "as it is" || bytes != secret);
    }
    // Inside a longer text, base64 depends on the offset modulo 3. The characters at both ends mix
    // with the neighbours' bits and are left out.
    for shift in 0..3 {
        let mut padded = vec![0; shift];
        padded.extend_from_slice(secret);
        let whole = padded.len() / 3 * 4;
        let start = if shift == 0 { 0 } else { 4 };
        for (name, text) in
            [("base64", STANDARD_NO_PAD.encode(&padded)), ("base64url", URL_SAFE_NO_PAD.encode(&padded))]
        {
            if let Some(inner) = text.get(start..whole) {
                forms.insert(format!("{name} at {shift}"), inner.as_bytes().to_vec());
            }
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

    use super::Secrets;
    use base64::{Engine, engine::general_purpose::URL_SAFE};
    use std::fs;

    const SECRET: &[u8] = b"s3cr3t/with+signs==?";

    fn scan(content: &[u8]) -> anyhow::Result<usize> {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("deep")).unwrap();
        fs::write(folder.path().join("deep/file"), content).unwrap();
        let mut secrets = Secrets::default();
        secrets.add("password", SECRET).unwrap();
        secrets.scan(&[folder.path().to_owned()])
    }

    #[test]
    fn a_secret_is_found_in_every_dress() {
        for before in ["", "x", "xy", "xyz"] {
            let plain = [before.as_bytes(), SECRET, b" tail"].concat();
            assert!(scan(&plain).is_err(), "as it is after {before:?}");
            assert!(scan(URL_SAFE.encode(&plain).as_bytes()).is_err(), "base64 after {before:?}");
            assert!(scan(hex::encode(&plain).as_bytes()).is_err(), "hex after {before:?}");
        }
        let percent: String = url::form_urlencoded::byte_serialize(SECRET).collect();
        assert!(scan(format!("q={percent}&x").as_bytes()).is_err());
    }

    #[test]
    fn bearer_values_are_found_by_their_mark() {
        let token = format!("lk_{}", "aB3-_".repeat(9));
        let found = scan(format!("at {token}").as_bytes()).unwrap_err().to_string();
        assert!(found.contains("a bearer value in") && !found.contains(&token), "{found}");
        let wide: Vec<u8> = token.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(scan(&wide).is_err());
        assert!(scan(b"lk_short and milk_shake_of_the_day").is_ok());
    }

    #[test]
    fn other_bytes_are_no_secret() {
        assert_eq!(scan(b"s3cr3t/with+signs==! and more").unwrap(), 29);
        assert!(scan(b"").is_err(), "an empty scan proves nothing");
    }

    #[test]
    fn credentials_may_stand_in_their_file_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials");
        let text = "[p]\naws_secret_access_key = abcdefghijklmnop\n[q]\nregion = x\n";
        fs::write(&file, text).unwrap();
        let mut secrets = Secrets::default();
        secrets.add_profile(&file, "p").unwrap();
        assert!(secrets.add_profile(&file, "q").is_err());
        let here = [folder.path().to_owned()];
        assert!(secrets.scan(&here).is_ok());
        fs::write(folder.path().join("log"), "key abcdefghijklmnop").unwrap();
        let found = secrets.scan(&here).unwrap_err().to_string();
        assert!(found.contains("aws_secret_access_key (as it is) in"), "{found}");
        assert!(!found.contains("abcdefghijklmnop"), "the report tells the secret: {found}");
    }
}
