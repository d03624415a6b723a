//! OpenSK with hands: a touch, a finger and a clock that a test decides on.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use opensk::{
    api::{
        clock::Clock,
        connection::{HidConnection, RecvStatus, UsbEndpoint},
        crypto::software_crypto::SoftwareCrypto,
        customization::{CustomizationImpl, DEFAULT_CUSTOMIZATION},
        fingerprint::{Ctap2EnrollFeedback, Fingerprint, FingerprintCheckError, FingerprintKind},
        key_store,
        persist::{Attestation, AttestationId, Persist, PersistIter},
        user_presence::{UserPresence, UserPresenceError, UserPresenceWaitResult},
    },
    ctap::{data_formats::EnterpriseAttestationMode, status_code::CtapResult},
    env::{
        Env,
        test::{TestEnv, TestRng, TestWrite},
    },
};

/// What a key is like when it comes from its maker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// CTAP 2.1 with all that OpenSK has.
    #[default]
    Full,
    /// With PIN protocol two alone.
    ProtocolTwo,
    /// With room for three passkeys.
    Small,
    /// That lets an employer's site ask for its serial number, and for the shortest PIN it takes.
    Enterprise,
    /// That knows U2F only.
    U2fOnly,
    /// With the number of a model that is sold ([`MODEL`]).
    Model,
    /// Another maker's firmware: Nitrokey's, as it is.
    Nitrokey,
}

/// The AAGUID of [`Profile::Model`], and the model's name in the list of the crate `keys`.
pub const MODEL: (u128, &str) = (0xab32_f0c6_2239_afbb_c470_d2ef_4e25_4db7, "Token2 FIDO2 key");

impl Profile {
    /// By the name that the control socket takes.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "full" => Self::Full,
            "protocol-two" => Self::ProtocolTwo,
            "small" => Self::Small,
            "enterprise" => Self::Enterprise,
            "u2f-only" => Self::U2fOnly,
            "model" => Self::Model,
            "nitrokey" => Self::Nitrokey,
            _ => return None,
        })
    }

    fn customization(self) -> CustomizationImpl {
        let plain = DEFAULT_CUSTOMIZATION;
        match self {
            Self::Full | Self::U2fOnly | Self::Model | Self::Nitrokey => plain,
            Self::ProtocolTwo => CustomizationImpl { allows_pin_protocol_v1: false, ..plain },
            Self::Small => CustomizationImpl { max_supported_resident_keys: 3, ..plain },
            Self::Enterprise => CustomizationImpl {
                enterprise_attestation_mode: Some(EnterpriseAttestationMode::VendorFacilitated),
                enterprise_rp_id_list: &["acme.test"],
                default_min_pin_length_rp_ids: &["acme.test"],
                ..plain
            },
        }
    }
}

/// What the person does when the key wants to be touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Touch {
    /// Touches it.
    #[default]
    Allow,
    /// Refuses.
    Deny,
    /// Nothing, for as long as the key waits.
    Wait,
}

/// Whose finger lies on the key's reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Finger {
    /// One that it knows, if it knows any.
    #[default]
    Known,
    /// One that it does not know.
    Stranger,
    /// Nobody's, for as long as the key waits.
    Nobody,
    /// One that it is to know, for a single sample; then nobody's.
    Once,
}

/// What is decided outside, and what the key waits for.
#[derive(Debug, Default)]
pub(crate) struct Hands {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) touch: Touch,
    pub(crate) finger: Finger,
    pub(crate) waiting: bool,
    pub(crate) stop: bool,
    /// Milliseconds that a test made pass.
    passed: usize,
}

impl State {
    /// The time that a test made pass.
    pub(crate) fn passed(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.passed).unwrap_or(u64::MAX))
    }
}

impl Hands {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    pub(crate) fn pass(&self, time: Duration) {
        let milliseconds = usize::try_from(time.as_millis()).unwrap_or(usize::MAX);
        self.change(|state| state.passed += milliseconds);
    }

    /// Waits until something is as wanted, or for so long.
    pub(crate) fn wait_until(&self, time: Duration, wanted: impl Fn(&State) -> bool) -> bool {
        let waited = self.changed.wait_timeout_while(self.state(), time, |state| !wanted(state));
        waited.map(|(_, timeout)| !timeout.timed_out()).unwrap_or(false)
    }

    /// Waits as the key does: `decided` says when it need not any more.
    fn wait<T>(&self, time: Duration, decided: impl Fn(&State) -> Option<T>) -> Option<T> {
        let mut state = self.state();
        if let Some(decision) = decided(&state) {
            return Some(decision);
        }
        state.waiting = true;
        self.changed.notify_all();
        let waited = self.changed.wait_timeout_while(state, time, |state| decided(state).is_none());
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let decision = decided(&state);
        state.waiting = decision.is_none();
        decision
    }
}

/// The environment that OpenSK runs in.
pub(crate) struct Firmware {
    store: TestEnv,
    aaguid: u128,
    customization: CustomizationImpl,
    hands: Arc<Hands>,
    clock: HandClock,
    presence: Presence,
    fingers: Fingers,
    reports: Option<ToHost>,
}

/// Takes the reports that the key sends while it waits.
pub(crate) type ToHost = Box<dyn FnMut(&[u8; 64])>;

impl Firmware {
    pub(crate) fn new(profile: Profile, seed: u64, hands: &Arc<Hands>) -> Self {
        let mut store = TestEnv::default();
        store.seed_rng_from_u64(seed);
        if profile == Profile::Enterprise {
            // Without a certificate of its maker's, the firmware does not switch it on.
            let maker = Attestation { wrapped_private_key: vec![0x41; 32], certificate: vec![0xdd; 20] };
            let _ = store.set_attestation(AttestationId::Enterprise, Some(&maker));
        }
        Self {
            store,
            aaguid: if profile == Profile::Model { MODEL.0 } else { 0 },
            customization: profile.customization(),
            hands: Arc::clone(hands),
            clock: HandClock { hands: Arc::clone(hands), start: Instant::now() },
            presence: Presence { hands: Arc::clone(hands) },
            fingers: Fingers { hands: Arc::clone(hands), known: Vec::new(), samples: 0, made: 0 },
            reports: None,
        }
    }

    pub(crate) fn report_to(&mut self, reports: ToHost) {
        self.reports = Some(reports);
    }

    /// All that it keeps without power.
    pub(crate) fn memory(&self) -> Vec<(usize, Vec<u8>)> {
        let keys = self.store.iter().map(|keys| keys.filter_map(Result::ok).collect::<Vec<_>>());
        let keys = keys.unwrap_or_default();
        keys.into_iter().filter_map(|key| Some((key, self.store.find(key).ok()??))).collect()
    }

    pub(crate) fn remember(&mut self, memory: Vec<(usize, Vec<u8>)>) {
        for (key, value) in memory {
            let _ = self.store.insert(key, &value);
        }
    }

    pub(crate) fn hands(&self) -> &Hands {
        &self.hands
    }
}

pub(crate) struct HandClock {
    hands: Arc<Hands>,
    start: Instant,
}

impl HandClock {
    fn now(&self) -> usize {
        usize::try_from(self.start.elapsed().as_millis()).unwrap_or(usize::MAX) + self.hands.state().passed
    }
}

impl Clock for HandClock {
    type Timer = usize;

    fn make_timer(&mut self, milliseconds: usize) -> usize {
        self.now() + milliseconds
    }

    fn is_elapsed(&mut self, end: &usize) -> bool {
        self.now() >= *end
    }
}

pub(crate) struct Presence {
    hands: Arc<Hands>,
}

impl UserPresence for Presence {
    fn check_init(&mut self) {}

    fn wait_with_timeout(&mut self, _: &mut [u8; 64], milliseconds: usize) -> UserPresenceWaitResult {
        let time = Duration::from_millis(u64::try_from(milliseconds).unwrap_or(100));
        let decision = self.hands.wait(time, |state| match state.touch {
            _ if state.stop => Some(Err(UserPresenceError::Canceled)),
            Touch::Allow => Some(Ok(())),
            Touch::Deny => Some(Err(UserPresenceError::Declined)),
            Touch::Wait => None,
        });
        Ok((decision.unwrap_or(Err(UserPresenceError::Timeout)), RecvStatus::Timeout))
    }

    fn check_complete(&mut self) {
        self.hands.change(|state| state.waiting = false);
    }
}

/// A reader that wants three samples and finds the second too fast.
pub(crate) struct Fingers {
    hands: Arc<Hands>,
    known: Vec<Vec<u8>>,
    samples: usize,
    made: u8,
}

impl Fingerprint for Fingers {
    fn prepare_enrollment(&mut self) -> CtapResult<()> {
        self.samples = 0;
        Ok(())
    }

    fn capture_sample(
        &mut self,
        milliseconds: Option<usize>,
    ) -> CtapResult<(Ctap2EnrollFeedback, usize, Option<Vec<u8>>)> {
        let time = milliseconds.and_then(|time| u64::try_from(time).ok()).unwrap_or(10_000);
        let there = self.hands.wait(Duration::from_millis(time), |state| match state.finger {
            _ if state.stop => Some(false),
            Finger::Nobody => None,
            Finger::Known | Finger::Stranger | Finger::Once => Some(true),
        });
        self.hands.change(|state| {
            state.waiting = false;
            if state.finger == Finger::Once {
                state.finger = Finger::Nobody;
            }
        });
        if there != Some(true) {
            return Ok((Ctap2EnrollFeedback::NoUserActivity, 3 - self.samples, None));
        }
        self.samples += 1;
        Ok(match self.samples {
            1 => (Ctap2EnrollFeedback::FpGood, 2, None),
            2 => (Ctap2EnrollFeedback::FpTooFast, 1, None),
            _ => {
                self.made += 1;
                let id = vec![0xf1, self.made];
                self.known.push(id.clone());
                (Ctap2EnrollFeedback::FpGood, 0, Some(id))
            }
        })
    }

    fn cancel_enrollment(&mut self) -> CtapResult<()> {
        self.samples = 0;
        Ok(())
    }

    fn remove_enrollment(&mut self, id: &[u8]) -> CtapResult<()> {
        self.known.retain(|known| known != id);
        Ok(())
    }

    fn check_fingerprint_init(&mut self) -> CtapResult<()> {
        Ok(())
    }

    fn check_fingerprint(&mut self, milliseconds: usize) -> Result<(), FingerprintCheckError> {
        let time = Duration::from_millis(u64::try_from(milliseconds).unwrap_or(10_000));
        let known = !self.known.is_empty();
        let decision = self.hands.wait(time, |state| match state.finger {
            _ if state.stop => Some(Err(FingerprintCheckError::Other)),
            Finger::Known | Finger::Once if known => Some(Ok(())),
            Finger::Known | Finger::Once | Finger::Stranger => Some(Err(FingerprintCheckError::NoMatch)),
            Finger::Nobody => None,
        });
        decision.unwrap_or(Err(FingerprintCheckError::Timeout))
    }

    fn check_fingerprint_complete(&mut self) -> CtapResult<()> {
        self.hands.change(|state| state.waiting = false);
        Ok(())
    }

    fn fingerprint_kind(&self) -> FingerprintKind {
        FingerprintKind::Touch
    }

    fn max_capture_samples_required_for_enroll(&self) -> usize {
        3
    }
}

impl Persist for Firmware {
    fn find(&self, key: usize) -> CtapResult<Option<Vec<u8>>> {
        self.store.find(key)
    }

    fn insert(&mut self, key: usize, value: &[u8]) -> CtapResult<()> {
        self.store.insert(key, value)
    }

    fn remove(&mut self, key: usize) -> CtapResult<()> {
        self.store.remove(key)
    }

    fn iter(&self) -> CtapResult<PersistIter<'_>> {
        self.store.iter()
    }

    fn aaguid(&self) -> CtapResult<[u8; 16]> {
        Ok(self.aaguid.to_be_bytes())
    }
}

impl HidConnection for Firmware {
    /// Keep-alives, which matter over USB alone.
    fn send(&mut self, report: &[u8; 64], _: UsbEndpoint) -> CtapResult<()> {
        if let Some(reports) = &mut self.reports {
            reports(report);
        }
        Ok(())
    }

    fn recv(&mut self, _: &mut [u8; 64], _: usize) -> CtapResult<RecvStatus> {
        Ok(RecvStatus::Timeout)
    }
}

impl key_store::Helper for Firmware {}

impl Env for Firmware {
    type Rng = TestRng;
    type UserPresence = Presence;
    type Persist = Self;
    type KeyStore = Self;
    type Clock = HandClock;
    type Write = TestWrite;
    type Customization = CustomizationImpl;
    type HidConnection = Self;
    type Crypto = SoftwareCrypto;
    type Fingerprint = Fingers;

    fn rng(&mut self) -> &mut TestRng {
        self.store.rng()
    }

    fn user_presence(&mut self) -> &mut Presence {
        &mut self.presence
    }

    fn fingerprint(&mut self) -> &mut Fingers {
        &mut self.fingers
    }

    fn persist(&mut self) -> &mut Self {
        self
    }

    fn key_store(&mut self) -> &mut Self {
        self
    }

    fn clock(&mut self) -> &mut HandClock {
        &mut self.clock
    }

    fn write(&mut self) -> TestWrite {
        TestWrite
    }

    fn customization(&self) -> &CustomizationImpl {
        &self.customization
    }

    fn hid_connection(&mut self) -> &mut Self {
        self
    }

    fn boots_after_soft_reset(&self) -> bool {
        false
    }

    fn firmware_version(&self) -> Option<u64> {
        Some(1)
    }
}
