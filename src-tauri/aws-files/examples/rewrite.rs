//! What `make bench` times: replaces one profile's keys in the file that `AWS_SHARED_CREDENTIALS_FILE`
//! names, just as the app does. Usage: `rewrite PROFILE ACCESS_KEY_ID`

use std::{env, error::Error, path::PathBuf, time::Duration};

use aws_files::{Change, Consent, Credentials, CredentialsFile, Owner, ProfileName, ProfileOutcome, Put};
use jiff::{SignedDuration, Timestamp};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(profile), Some(key_id)) = (arguments.next(), arguments.next()) else {
        return Err("usage: rewrite PROFILE ACCESS_KEY_ID".into());
    };
    let path =
        env::var_os("AWS_SHARED_CREDENTIALS_FILE").ok_or("AWS_SHARED_CREDENTIALS_FILE names no file")?;
    #[expect(clippy::disallowed_methods, reason = "a program is where the time comes in")]
    let now = Timestamp::now();
    let put = Put {
        profile: ProfileName::new(&profile)?,
        owner: Owner::new("bench")?,
        credentials: Credentials {
            access_key_id: key_id.into(),
            secret_access_key: "k".repeat(40).into(),
            session_token: "n".repeat(380).into(),
            expires: now + SignedDuration::from_hours(1),
        },
        region: None,
        last: None,
        consent: Consent::ReplaceWithBackup,
    };
    let file = CredentialsFile::at(&PathBuf::from(path), Duration::from_secs(5));
    let outcome = file.update(&[Change::Put(put)], now)?;
    match outcome.profiles.as_slice() {
        [ProfileOutcome::Written(_)] => Ok(()),
        other => Err(format!("the profile was not written: {other:?}").into()),
    }
}
