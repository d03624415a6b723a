//! Tests of the crate as a whole, with real files, real processes and real mounts.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, a child reports by printing")]

mod aws_cli;
mod botocore_agreement;
mod child;
mod conditions;
mod conversions;
mod conversions_agreement;
mod editing;
mod generated;
pub(crate) use generated::any_file;
mod kills;
mod managed;
mod on_demand;
mod reads;
mod sso_caches;
mod sso_registrations;
mod strangers;
mod updates;
mod writers;

use crate::{Change, Consent, Credentials, CredentialsFile, Owner, ProfileName, Put, Remove};
use jiff::Timestamp;
use secrecy::SecretString;
use std::{fs, path::Path, time::Duration};

/// A file with what people and tools leave in such files.
const FOREIGN: &str = "# my keys, do not touch\n\n[default]\naws_access_key_id = AKIAFOREIGN\naws_secret_access_key=abc/def+ghi== ; not a comment\n\n[ spaced ]\nregion : eu-west-1\ns3 =\n    max_concurrent_requests = 20\n    addressing_style = path\n\n; the end\n";

const PATIENCE: Duration = Duration::from_secs(20);

fn now() -> Timestamp {
    "2026-11-24T00:31:00Z".parse().unwrap()
}

fn file(path: &Path) -> CredentialsFile {
    CredentialsFile::at(path, PATIENCE)
}

/// The credentials number `n`: each of the three keys tells the number.
fn credentials(n: u32) -> Credentials {
    Credentials {
        access_key_id: SecretString::from(format!("ASIA{n:016}")),
        secret_access_key: SecretString::from(format!("secret/{n:08}")),
        session_token: SecretString::from(format!("token+{n:08}==")),
        expires: Timestamp::from_second(1_800_000_000 + i64::from(n)).unwrap(),
    }
}

fn put(profile: &str, n: u32) -> Put {
    Put {
        profile: ProfileName::new(profile).unwrap(),
        owner: Owner::new("org.account.role").unwrap(),
        credentials: credentials(n),
        region: None,
        last: None,
        consent: Consent::OursOnly,
    }
}

fn keep(profile: &str, n: u32) -> Change {
    Change::Put(put(profile, n))
}

fn stop(profile: &str) -> Change {
    Change::Remove(Remove { profile: ProfileName::new(profile).unwrap(), last: None })
}

/// Our section as it stands in a file.
fn section(profile: &str, n: u32) -> String {
    let c = credentials(n);
    format!(
        "[{profile}]\naws_access_key_id = ASIA{n:016}\naws_secret_access_key = secret/{n:08}\naws_session_token = token+{n:08}==\nx_security_token_expires = {}\nx_latchkey = org.account.role:{}\n",
        c.expires,
        c.fingerprint().short()
    )
}

fn text(path: &Path) -> String {
    String::from_utf8(fs::read(path).unwrap()).unwrap()
}

/// A folder in memory, where a sync takes no time.
fn memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap()
}

/// When a file was changed last.
fn modified(path: &Path) -> Timestamp {
    fs::metadata(path).unwrap().modified().unwrap().try_into().unwrap()
}

/// The names of the files in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
