//! Delivery to a folder as CloudTrail delivers to a bucket: gzipped log files, and each hour a digest file over
//! them that names the digest before it (CloudTrail User Guide, log file and digest file structure).
//!
//! A file is planned in the database before it is written and noted after it; the same plan gives the same
//! bytes, so a crash in between ends with the same file written again, and no event is left out or comes twice.
//! Two things differ from AWS: the signature of a digest, over the same string, is made with this server's own
//! RSA key and lies beside it in a file ending in `.sig`, as a folder has no object metadata; and the
//! fingerprint of that key is its SHA-256.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use flate2::{Compression, GzBuilder};
use jiff::{SignedDuration, Timestamp};
use rcgen::{KeyPair, PublicKeyData, SigningKey as _};
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    instance::Instance,
    organisation::Settings,
    saml::SigningKey,
    store::{DigestFile, LogFile, Record, StoreError},
};

/// Events in a log file, at most.
const MOST: u32 = 5000;
/// How often a digest is made (CloudTrail User Guide).
const DIGEST_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// What CloudTrail would call the trail.
const TRAIL: &str = "latchkey";

/// Where to, and signed with what.
#[derive(Debug)]
pub struct Delivery {
    /// The folder.
    pub folder: PathBuf,
    /// Signs digests.
    pub key: SigningKey,
}

/// Why nothing was delivered; what was not is tried again.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder.
    #[error("could not write {}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
    /// The signature.
    #[error("could not sign a digest file: {0}")]
    Sign(#[from] rcgen::Error),
    /// Somebody changed the trail: this is not what the server wrote, and is not signed as if it were.
    #[error(
        "row {0} is not as this server wrote it, and nothing is delivered from there on; see `latchkey-server audit verify`"
    )]
    Changed(i64),
    /// A stored event is not JSON: `audit verify` tells more.
    #[error("an event in rows {first} to {last} is not JSON; see `latchkey-server audit verify`")]
    NotJson {
        /// The file's first row.
        first: i64,
        /// Its last row.
        last: i64,
    },
}

/// Delivers what was not yet, and the digest if it is time.
///
/// # Errors
/// [`DeliveryError`]; what was not delivered is the next time.
pub fn deliver(instance: &Instance, to: &Delivery) -> Result<(), DeliveryError> {
    let (now, settings) = (instance.now(), instance.settings());
    let key = &instance.key;
    while let Some(file) = instance.store.plan_log_file(key, MOST, || log_name(instance, &settings, now))? {
        let records = instance.store.records_of(key, &file)?.map_err(DeliveryError::Changed)?;
        let bytes = log_bytes(&file, &records)?;
        write(&to.folder.join(&file.object), &bytes)?;
        instance.store.log_file_written(key, &file, &hash(&bytes))?;
    }
    let due = |last: Option<Timestamp>| last.is_none_or(|last| now.duration_since(last) >= DIGEST_EVERY);
    if let Some(digest) = instance.store.plan_digest_file(key, now, due, || digest_name(&settings, now))? {
        write_digest(instance, to, &digest)?;
    }
    Ok(())
}

/// The settings come from before: a name is made in the midst of a transaction.
fn log_name(instance: &Instance, settings: &Settings, now: Timestamp) -> String {
    let (account, region) = (&settings.management_account, &settings.region);
    let (day, stamp) = (now.strftime("%Y/%m/%d"), now.strftime("%Y%m%dT%H%MZ"));
    let unique = instance.chance.hex(16);
    format!(
        "AWSLogs/{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{stamp}_{unique}.json.gz"
    )
}

fn digest_name(settings: &Settings, now: Timestamp) -> String {
    let (account, region) = (&settings.management_account, &settings.region);
    let (day, stamp) = (now.strftime("%Y/%m/%d"), now.strftime("%Y%m%dT%H%M%SZ"));
    format!(
        "AWSLogs/{account}/CloudTrail-Digest/{region}/{day}/{account}_CloudTrail-Digest_{region}_{TRAIL}_{region}_{stamp}.json.gz"
    )
}

/// The events as they were written: what is in the chain is what is delivered, byte for byte.
fn log_bytes(file: &LogFile, records: &[Record]) -> Result<Vec<u8>, DeliveryError> {
    if records.iter().any(|record| serde_json::from_str::<IgnoredAny>(&record.event).is_err()) {
        return Err(DeliveryError::NotJson { first: file.first, last: file.last });
    }
    let events: Vec<&str> = records.iter().map(|record| record.event.as_str()).collect();
    Ok(zip(format!("{{\"Records\":[{}]}}", events.join(",")).as_bytes()))
}

fn write_digest(instance: &Instance, to: &Delivery, digest: &DigestFile) -> Result<(), DeliveryError> {
    let key = &instance.key;
    let before = instance.store.digest_file_before(key, digest)?;
    let files = instance.store.log_files_of(key, digest)?;
    let pair = KeyPair::from_pem(to.key.key().expose())?;
    let bucket = to.folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stamp = |moment: Timestamp| moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut spans = Vec::new();
    let mut logs = Vec::new();
    for file in &files {
        let records = instance.store.records_of(key, file)?.map_err(DeliveryError::Changed)?;
        let (oldest, newest) = span(&records);
        spans.extend([oldest, newest].into_iter().flatten());
        logs.push(json!({
            "s3Bucket": bucket,
            "s3Object": file.object,
            "hashValue": file.hash,
            "hashAlgorithm": "SHA-256",
            "newestEventTime": newest.map(stamp),
            "oldestEventTime": oldest.map(stamp),
        }));
    }
    let previous = before.as_ref();
    let signature_before = previous.and_then(|before| before.signature.clone());
    let body = json!({
        "awsAccountId": instance.settings().management_account,
        "digestStartTime": stamp(digest.began),
        "digestEndTime": stamp(digest.ended),
        "digestS3Bucket": bucket,
        "digestS3Object": digest.object,
        "digestPublicKeyFingerprint": hash(&pair.subject_public_key_info()),
        "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": spans.iter().max().map(|moment| stamp(*moment)),
        "oldestEventTime": spans.iter().min().map(|moment| stamp(*moment)),
        "previousDigestS3Bucket": previous.map(|_| &bucket),
        "previousDigestS3Object": previous.map(|before| &before.object),
        "previousDigestHashValue": previous.and_then(|before| before.hash.as_ref()),
        "previousDigestHashAlgorithm": previous.map(|_| "SHA-256"),
        "previousDigestSignature": signature_before,
        "logFiles": Value::Array(logs),
    });
    let bytes = zip(body.to_string().as_bytes());
    let hash = hash(&bytes);
    // The string that AWS signs (CloudTrail User Guide, custom validation).
    let to_sign = format!(
        "{}\n{bucket}/{}\n{hash}\n{}",
        stamp(digest.ended),
        digest.object,
        signature_before.as_deref().unwrap_or("null")
    );
    let signature = hex::encode(pair.sign(to_sign.as_bytes())?);
    let path = to.folder.join(&digest.object);
    write(&path, &bytes)?;
    write(&path.with_extension("gz.sig"), format!("{signature}\n").as_bytes())?;
    instance.store.digest_file_written(key, digest, &hash, &signature)?;
    Ok(())
}

fn span(records: &[Record]) -> (Option<Timestamp>, Option<Timestamp>) {
    let moments = || records.iter().map(|record| record.moment);
    (moments().min(), moments().max())
}

/// The public key that checks digests, in PEM.
///
/// # Errors
/// [`rcgen::Error`] if the key cannot be read.
pub fn public_key(key: &SigningKey) -> Result<String, rcgen::Error> {
    Ok(KeyPair::from_pem(key.key().expose())?.public_key_pem())
}

/// SHA-256 in hex.
fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Without a time of its own, so that the same text gives the same bytes.
fn zip(text: &[u8]) -> Vec<u8> {
    let mut zipped = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
    let written = zipped.write_all(text).and_then(|()| zipped.finish());
    written.unwrap_or_else(|_| unreachable!("memory takes everything"))
}

/// Whole or not at all, and there after a power cut.
fn write(path: &Path, bytes: &[u8]) -> Result<(), DeliveryError> {
    let attempt = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let fresh = path.with_extension("new");
        let mut file = File::create(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(())
    };
    attempt().map_err(|cause| DeliveryError::Io { path: path.to_owned(), cause })
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;
