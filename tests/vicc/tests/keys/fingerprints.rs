//! Fingerprints: learnt sample by sample, named, used, forgotten.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use keys::{
    Ask, Broken, Bus, Error, Event, Fingerprints, KeyId, Keys, Midway, Progress, Sample, Transport, Ui,
    Unlocked, Verify, Wire, webauthn::UserVerificationPolicy,
};
use tokio::{sync::mpsc::UnboundedReceiver, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use vicc::{Finger, Plug, Profile, VirtualBus};

use crate::desk::{Desk, PIN, SOON, Site, joined, now, pin, told};

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
    assert_eq!(ended, Err(Error::Cancelled(Midway::NothingChanged)));
    desk.key.finger(Finger::Known);
    assert_eq!(unlocked.fingerprints(now(), &Ask::quiet()).await, Ok(Vec::new()));
    unlocked.enrol_fingerprint("Thumb", now(), &Ask::quiet()).await.expect("from the beginning");
}

/// Has a key learn a finger, of which nobody gives more samples than a test says.
fn enrolling(mut unlocked: Unlocked, ask: Ask) -> JoinHandle<(Unlocked, Option<Error>)> {
    tokio::spawn(async move {
        let ended = unlocked.enrol_fingerprint("Thumb", now(), &ask).await.err();
        (unlocked, ended)
    })
}

/// Waits for a sample after which so many more are needed.
async fn sampled(progress: &mut UnboundedReceiver<Progress>, wanted: u32) {
    let taken = async {
        while let Some(told) = progress.recv().await {
            if matches!(told, Progress::Sample { left, .. } if left == wanted) {
                return;
            }
        }
        panic!("no sample came");
    };
    tokio::time::timeout(SOON, taken).await.expect("a sample in time");
}

async fn waits(desk: &Desk) {
    let key = desk.key.clone();
    joined(tokio::task::spawn_blocking(move || assert!(key.wait_for_prompt(SOON)))).await;
}

#[tokio::test]
async fn a_key_taken_away_before_the_last_sample_has_learnt_nothing() {
    let desk = Desk::with_pin(Profile::Full).await;
    desk.key.finger(Finger::Once);
    let (ask, mut progress) = Ask::new(CancellationToken::new());
    let ended = enrolling(desk.unlock().await, ask);
    sampled(&mut progress, 2).await;
    waits(&desk).await;
    desk.bus.unplug(&desk.plug);
    assert_eq!(joined(ended).await.1, Some(Error::Removed(Midway::NothingChanged)));
}

#[tokio::test]
async fn a_key_taken_away_at_the_last_sample_may_have_learnt_the_finger() {
    let desk = Desk::with_pin(Profile::Full).await;
    desk.key.finger(Finger::Once);
    let (ask, mut progress) = Ask::new(CancellationToken::new());
    let ended = enrolling(desk.unlock().await, ask);
    sampled(&mut progress, 2).await;
    desk.key.finger(Finger::Once);
    sampled(&mut progress, 1).await;
    waits(&desk).await;
    desk.bus.unplug(&desk.plug);
    assert_eq!(joined(ended).await.1, Some(Error::Removed(Midway::LastStepNotCompleted)));
}

/// The key keeps the finger with its last sample, before it gets its name.
#[tokio::test]
async fn a_key_taken_away_after_the_last_sample_has_a_finger_without_a_name() {
    let desk = Desk::with_pin(Profile::Full).await;
    // The sensor's facts, what it knows, three samples: then it is pulled out.
    let pulled = Pulled { bus: desk.bus.clone(), plug: desk.plug.clone(), after: 5 };
    let keys = Keys::on(vec![Arc::new(pulled)]);
    let key = keys.open(&desk.id).await.expect("opens");
    let unlocked = key.unlock(pin(PIN), now(), &Ask::quiet()).await;
    let unlocked = unlocked.map_err(|(_, error)| error).expect("unlocked");
    let (gone, ended) = joined(enrolling(unlocked, Ask::quiet())).await;
    assert_eq!(ended, Some(Error::Removed(Midway::LastStepNotCompleted)));
    drop(gone);
    desk.bus.plug(&desk.key, &desk.plug);
    let known = desk.unlock().await.fingerprints(now(), &Ask::quiet()).await.expect("listed");
    assert_eq!(known.iter().map(|known| known.name.clone()).collect::<Vec<_>>(), [None]);
}

/// Ports whose key is pulled out once it has answered so many messages about fingerprints.
struct Pulled {
    bus: VirtualBus,
    plug: Plug,
    after: usize,
}

#[async_trait]
impl Bus for Pulled {
    fn watch(&self) -> BoxStream<'static, Event> {
        self.bus.watch()
    }

    async fn connect(&self, key: &KeyId) -> Result<Box<dyn Wire>, Error> {
        let wire = self.bus.connect(key).await?;
        Ok(Box::new(PulledWire { wire, bus: self.bus.clone(), plug: self.plug.clone(), left: self.after }))
    }
}

struct PulledWire {
    wire: Box<dyn Wire>,
    bus: VirtualBus,
    plug: Plug,
    left: usize,
}

#[async_trait]
impl Wire for PulledWire {
    async fn transmit(&mut self, message: &[u8], ui: &Ui) -> Result<Vec<u8>, Broken> {
        let answer = self.wire.transmit(message, ui).await;
        // authenticatorBioEnrollment.
        if message.first() == Some(&0x09) {
            self.left = self.left.saturating_sub(1);
            if self.left == 0 {
                self.bus.unplug(&self.plug);
            }
        }
        answer
    }

    fn transport(&self) -> Transport {
        self.wire.transport()
    }
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
