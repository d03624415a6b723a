//! Fingerprints: learnt sample by sample, named, used, forgotten.

use keys::{Ask, Error, Fingerprints, Progress, Sample, Verify, webauthn::UserVerificationPolicy};
use tokio_util::sync::CancellationToken;
use vicc::{Finger, Profile};

use crate::desk::{Desk, SOON, Site, joined, now, told};

#[tokio::test]
async fn a_key_without_a_reader_says_so() {
    let desk = Desk::with_pin(Profile::Nitrokey).await;
    let mut unlocked = desk.unlock().await;
    assert_eq!(unlocked.info().fingerprints, Fingerprints::NotSupported);
    let unknown = Error::NotSupported(keys::Feature::Fingerprints);
    assert_eq!(unlocked.fingerprints(now(), &Ask::quiet()).await, Err(unknown.clone()));
    assert_eq!(unlocked.enrol_fingerprint("Thumb", now(), &Ask::quiet()).await.err(), Some(unknown));
}

#[tokio::test]
async fn a_finger_is_learnt_with_feedback_and_named() {
    let desk = Desk::with_pin(Profile::Full).await;
    let mut unlocked = desk.unlock().await;
    assert_eq!(unlocked.info().fingerprints, Fingerprints::None);
    assert_eq!(unlocked.fingerprints(now(), &Ask::quiet()).await, Ok(Vec::new()));
    let (ask, progress) = Ask::new(CancellationToken::new());
    let thumb = unlocked.enrol_fingerprint("Left thumb", now(), &ask).await.expect("enrolled");
    let samples: Vec<_> =
        told(progress).into_iter().filter(|told| matches!(told, Progress::Sample { .. })).collect();
    assert_eq!(
        samples,
        [
            Progress::Sample { quality: Sample::Good, left: 2 },
            Progress::Sample { quality: Sample::TooFast, left: 1 },
            Progress::Sample { quality: Sample::Good, left: 0 },
        ]
    );
    assert_eq!(unlocked.fingerprints(now(), &ask).await, Ok(vec![thumb.clone()]));
    assert_eq!(unlocked.refresh(&ask).await.map(|info| info.fingerprints), Ok(Fingerprints::Some));
    unlocked.rename_fingerprint(&thumb.id, "Thumb", now(), &ask).await.expect("renamed");
    let known = unlocked.fingerprints(now(), &ask).await.expect("listed");
    assert_eq!(known[0].name.as_deref(), Some("Thumb"));
    let long = "x".repeat(65);
    let renamed = unlocked.rename_fingerprint(&thumb.id, &long, now(), &ask).await;
    assert_eq!(renamed, Err(Error::NameTooLong(64)));
    unlocked.delete_fingerprint(&thumb.id, now(), &ask).await.expect("forgotten");
    assert_eq!(unlocked.fingerprints(now(), &ask).await, Ok(Vec::new()));
    assert_eq!(unlocked.delete_fingerprint(&thumb.id, now(), &ask).await, Err(Error::NotFound));
}

#[tokio::test]
async fn enrolling_is_cancelled_on_the_way_and_leaves_nothing() {
    let desk = Desk::with_pin(Profile::Full).await;
    let mut unlocked = desk.unlock().await;
    desk.key.finger(Finger::Nobody);
    let cancel = CancellationToken::new();
    let (ask, _progress) = Ask::new(cancel.clone());
    let enrolling = tokio::spawn(async move {
        let ended = unlocked.enrol_fingerprint("Thumb", now(), &ask).await;
        (unlocked, ended)
    });
    let key = desk.key.clone();
    joined(tokio::task::spawn_blocking(move || assert!(key.wait_for_prompt(SOON)))).await;
    cancel.cancel();
    let (mut unlocked, ended) = joined(enrolling).await;
    assert_eq!(ended, Err(Error::Cancelled(keys::Midway::NothingChanged)));
    desk.key.finger(Finger::Known);
    assert_eq!(unlocked.fingerprints(now(), &Ask::quiet()).await, Ok(Vec::new()));
    unlocked.enrol_fingerprint("Thumb", now(), &Ask::quiet()).await.expect("from the beginning");
}

#[tokio::test]
async fn a_finger_stands_for_the_pin_and_a_strangers_does_not() {
    let desk = Desk::with_pin(Profile::Full).await;
    let site = Site::new("acme.test");
    let (options, _) = site.options("sam", true, UserVerificationPolicy::Required, Vec::new());
    let none = site.made(&desk, &options, Verify::Finger).await;
    assert_eq!(none.err(), Some(Error::VerificationNeeded), "it knows no finger");
    desk.unlock().await.enrol_fingerprint("Thumb", now(), &Ask::quiet()).await.expect("enrolled");
    let made = site.register(&desk, "sam", true, Verify::Finger).await;
    assert!(made.user_verified);
    desk.key.finger(Finger::Stranger);
    let (options, _) = site.options("kim", true, UserVerificationPolicy::Required, Vec::new());
    let mut left = 8;
    loop {
        left -= 1;
        let refused = site.made(&desk, &options, Verify::Finger).await.err();
        if left == 0 {
            assert_eq!(refused, Some(Error::FingerprintsBlocked));
            break;
        }
        assert_eq!(refused, Some(Error::FingerprintRefused { left: Some(left) }));
    }
    desk.key.finger(Finger::Known);
    let blocked = site.made(&desk, &options, Verify::Finger).await.err();
    assert_eq!(blocked, Some(Error::FingerprintsBlocked), "the right finger as well");
    site.register(&desk, "kim", true, crate::desk::by_pin()).await;
    site.register(&desk, "lee", true, Verify::Finger).await;
}
