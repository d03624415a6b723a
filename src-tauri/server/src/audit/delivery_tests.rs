//! What is in the folder, read with the tools that others read it with: gzip, and OpenSSL for signatures.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::{audit::keeping, rig::Rig, store::Verdict};

struct Delivered {
    rig: Rig,
    home: TempDir,
}

impl Delivered {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let rig = Rig::with(|instance| {
            instance.keeping.retention_days = Some(1);
            let folder = home.path().join("trail");
            instance.keeping.delivery = Some(Delivery { folder, key: instance.saml_key.clone() });
        });
        Self { rig, home }
    }

    fn to(&self) -> &Delivery {
        self.rig.instance.keeping.delivery.as_ref().unwrap()
    }

    fn deliver(&self) -> Result<(), DeliveryError> {
        deliver(&self.rig.instance, self.to())
    }

    /// All files below a folder of the account, oldest first.
    fn files(&self, kind: &str, ending: &str) -> Vec<PathBuf> {
        let root = self.to().folder.join("AWSLogs");
        let find =
            Command::new("find").arg(root).args(["-type", "f", "-path", &format!("*/{kind}/*")]).output();
        let text = String::from_utf8(find.unwrap().stdout).unwrap();
        let mut files: Vec<PathBuf> =
            text.lines().filter(|line| line.ends_with(ending)).map(PathBuf::from).collect();
        files.sort();
        files
    }

    async fn some_events(&self) {
        self.rig.browser().sign_in("kim", "wrong", "/start").await;
    }

    fn event_ids(&self) -> Vec<String> {
        let trail = self.rig.instance.store.audit_trail();
        trail.iter().map(|(_, event)| event["eventID"].as_str().unwrap().to_owned()).collect()
    }

    fn delivered_ids(&self) -> Vec<String> {
        let logs = self.files("CloudTrail", ".json.gz");
        let records = logs.iter().flat_map(|path| unzipped(path)["Records"].as_array().unwrap().clone());
        records.map(|event| event["eventID"].as_str().unwrap().to_owned()).collect()
    }
}

fn unzipped(path: &Path) -> Value {
    let zipped = Command::new("gzip").arg("-dc").arg(path).output().unwrap();
    assert!(zipped.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&zipped.stderr));
    serde_json::from_slice(&zipped.stdout).unwrap()
}

fn hash_of(path: &Path) -> String {
    let said = Command::new("sha256sum").arg(path).output().unwrap().stdout;
    String::from_utf8(said).unwrap().split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn digests_chain_over_every_log_file_and_are_signed() {
    let it = Delivered::new();
    for _ in 0..3 {
        it.some_events().await;
        it.deliver().unwrap();
        it.rig.pass(30 * 60);
        it.some_events().await;
        it.deliver().unwrap();
        it.rig.pass(30 * 60);
    }
    it.deliver().unwrap();
    let (logs, digests) = (it.files("CloudTrail", ".json.gz"), it.files("CloudTrail-Digest", ".json.gz"));
    assert_eq!((logs.len(), digests.len()), (6, 4));
    assert_eq!(it.delivered_ids(), it.event_ids(), "each event once, in order");
    let settings = it.rig.instance.settings();
    let (account, region) = (&settings.management_account, &settings.region);
    let first = logs[0].strip_prefix(&it.to().folder).unwrap().display().to_string();
    let start = format!(
        "AWSLogs/{account}/CloudTrail/{region}/2027/01/15/{account}_CloudTrail_{region}_20270115T0800Z_"
    );
    assert!(first.starts_with(&start), "{first}");

    let public = it.home.path().join("public.pem");
    fs::write(&public, public_key(&it.to().key).unwrap()).unwrap();
    let (mut seen, mut before): (Vec<PathBuf>, Option<(PathBuf, String)>) = (Vec::new(), None);
    for path in &digests {
        let digest = unzipped(path);
        for log in digest["logFiles"].as_array().unwrap() {
            let file = it.to().folder.join(log["s3Object"].as_str().unwrap());
            assert_eq!(log["hashValue"], hash_of(&file).as_str());
            seen.push(file);
        }
        let signature = fs::read_to_string(path.with_extension("gz.sig")).unwrap().trim().to_owned();
        match &before {
            None => assert!(digest["previousDigestS3Object"].is_null()),
            Some((earlier, its)) => {
                assert_eq!(digest["previousDigestHashValue"], hash_of(earlier).as_str());
                assert_eq!(digest["previousDigestSignature"], its.as_str());
                assert!(earlier.ends_with(digest["previousDigestS3Object"].as_str().unwrap()));
                assert_eq!(digest["digestStartTime"], unzipped(earlier)["digestEndTime"]);
            }
        }
        let signed = format!(
            "{}\n{}/{}\n{}\n{}",
            digest["digestEndTime"].as_str().unwrap(),
            digest["digestS3Bucket"].as_str().unwrap(),
            digest["digestS3Object"].as_str().unwrap(),
            hash_of(path),
            digest["previousDigestSignature"].as_str().unwrap_or("null")
        );
        let (text, sig) = (it.home.path().join("signed"), it.home.path().join("sig"));
        fs::write(&text, signed).unwrap();
        fs::write(&sig, hex::decode(&signature).unwrap()).unwrap();
        let verify = Command::new("openssl")
            .args(["dgst", "-sha256", "-verify"])
            .args([&public, Path::new("-signature"), &sig, &text])
            .output()
            .unwrap();
        assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stderr));
        before = Some((path.clone(), signature));
    }
    seen.sort();
    assert_eq!(seen, logs, "every log file is in one digest");
}

#[tokio::test]
async fn a_crash_between_file_and_note_repeats_the_file_and_nothing_else() {
    let it = Delivered::new();
    it.some_events().await;
    // Planned, perhaps written, not noted.
    let store = &it.rig.instance.store;
    let settings = it.rig.instance.settings();
    let name = || log_name(&it.rig.instance, &settings, it.rig.instance.now());
    let key = &it.rig.instance.key;
    let planned = store.plan_log_file(key, MOST, name).unwrap().unwrap();
    let bytes = log_bytes(&planned, &store.records_of(key, &planned).unwrap().unwrap()).unwrap();
    let path = it.to().folder.join(&planned.object);
    write(&path, &bytes[..10]).unwrap();
    it.some_events().await;
    it.rig.pass(600);
    it.deliver().unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes, "whole, and the same bytes");
    assert_eq!(it.delivered_ids(), it.event_ids());
    // The same of a digest.
    it.rig.pass(3600);
    let digest = store.plan_digest_file(
        key,
        it.rig.instance.now(),
        |_| true,
        || digest_name(&settings, it.rig.instance.now()),
    );
    let digest = digest.unwrap().unwrap();
    it.rig.pass(3600);
    it.deliver().unwrap();
    assert!(it.to().folder.join(&digest.object).is_file());
    assert_eq!(it.files("CloudTrail-Digest", ".json.gz").len(), 2);
}

#[tokio::test]
async fn a_quiet_hour_delivers_nothing_twice() {
    let it = Delivered::new();
    it.some_events().await;
    for _ in 0..4 {
        it.deliver().unwrap();
        it.rig.pass(3600);
    }
    assert_eq!(it.delivered_ids(), it.event_ids());
    assert_eq!(it.files("CloudTrail", ".json.gz").len(), 1);
    let logs = |path: &PathBuf| unzipped(path)["logFiles"].as_array().unwrap().len();
    assert_eq!(it.files("CloudTrail-Digest", ".json.gz").iter().map(logs).collect::<Vec<_>>(), [1, 0, 0, 0]);
}

#[tokio::test]
async fn nothing_is_forgotten_before_it_was_delivered() {
    let it = Delivered::new();
    let count = || it.event_ids().len();
    it.some_events().await;
    it.rig.pass(3 * 86400);
    keeping::keep(&it.rig.instance).unwrap();
    assert_eq!(count(), 2);
    // In a file, but the folder is away before the digest is there.
    it.deliver().unwrap();
    keeping::keep(&it.rig.instance).unwrap();
    assert_eq!(count(), 0);
    it.some_events().await;
    it.deliver().unwrap();
    it.rig.pass(3 * 86400);
    keeping::keep(&it.rig.instance).unwrap();
    assert_eq!(count(), 2, "in a log file, in no digest");
    it.deliver().unwrap();
    keeping::keep(&it.rig.instance).unwrap();
    assert_eq!(count(), 0);
    let verdict = it.rig.instance.store.verify_audit(&it.rig.instance.key, None).unwrap();
    assert!(matches!(verdict, Verdict::Whole(_)), "{verdict:?}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_tried_again() {
    let it = Delivered::new();
    it.some_events().await;
    fs::write(&it.to().folder, "in the way").unwrap();
    assert!(matches!(it.deliver(), Err(DeliveryError::Io { .. })));
    fs::remove_file(&it.to().folder).unwrap();
    it.deliver().unwrap();
    assert_eq!(it.delivered_ids(), it.event_ids());
}

#[tokio::test]
async fn what_somebody_changed_is_not_signed() {
    for (sql, row) in [
        ("UPDATE audit SET event = json_set(event, '$.eventName', 'Other') WHERE id = 2", 2),
        ("DELETE FROM audit WHERE id = 1", 2),
        ("UPDATE audit SET mac = NULL WHERE id = 1", 1),
    ] {
        let it = Delivered::new();
        it.some_events().await;
        it.rig.instance.store.tamper(sql);
        assert!(matches!(it.deliver(), Err(DeliveryError::Changed(found)) if found == row), "{sql}");
        assert_eq!(it.files("CloudTrail", ".json.gz").len(), 0, "{sql}");
    }
}

/// Nobody says of events that they are delivered, or writes files elsewhere by the server's hand.
#[tokio::test]
async fn what_is_delivered_is_not_said_by_others() {
    for sql in [
        "INSERT INTO audit_file (first, last, object, hash, digest) VALUES (1, 1000, 'x', 'x', 1)",
        "INSERT INTO audit_file (first, last, object) VALUES (1, 2, '../outside')",
        "INSERT INTO audit_digest (began, ended, object) VALUES (0, 0, '../outside')",
    ] {
        let it = Delivered::new();
        it.some_events().await;
        it.rig.instance.store.tamper(sql);
        it.rig.pass(3 * 86400);
        keeping::keep(&it.rig.instance).unwrap();
        assert_eq!(it.event_ids().len(), 2, "{sql}: nothing is forgotten");
        it.deliver().unwrap();
        assert_eq!(it.delivered_ids(), it.event_ids(), "{sql}");
        assert!(!it.home.path().join("outside").exists(), "{sql}");
        assert_eq!(it.files("CloudTrail-Digest", ".json.gz").len(), 1, "{sql}");
    }
}
