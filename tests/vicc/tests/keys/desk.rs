//! What the tests have before them: a port, a key in it, a site.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use keys::{
    Ask, Error, KeyId, Keys, Pin, Unlocked, Verify,
    webauthn::{CreationChallengeResponse, RegisterPublicKeyCredential, UserVerificationPolicy},
};
use tokio::{sync::mpsc::UnboundedReceiver, task::JoinHandle};
use url::Url;
use vicc::{Plug, Profile, VirtualBus, VirtualKey};
use webauthn_rs_core::{
    WebauthnCore,
    proto::{Credential, CredentialID, RegistrationState},
};

pub const PIN: &str = "correct horse";

/// A port with a key in it.
pub struct Desk {
    pub bus: VirtualBus,
    pub keys: Keys,
    pub key: VirtualKey,
    pub plug: Plug,
    pub id: KeyId,
}

impl Desk {
    pub fn with(profile: Profile) -> Self {
        Self::plugged(profile, Plug::usb("1-1"))
    }

    pub fn plugged(profile: Profile, plug: Plug) -> Self {
        let bus = VirtualBus::default();
        let key = VirtualKey::new(profile, 1);
        let id = bus.plug(&key, &plug);
        Self { keys: bus.keys(), bus, key, plug, id }
    }

    /// With a PIN set.
    pub async fn with_pin(profile: Profile) -> Self {
        let desk = Self::with(profile);
        desk.open().await.set_pin(pin(PIN), &Ask::quiet()).await.expect("the PIN is set");
        desk
    }

    pub async fn open(&self) -> keys::Key {
        self.keys.open(&self.id).await.expect("the key opens")
    }

    pub async fn unlock(&self) -> Unlocked {
        let unlocked = self.open().await.unlock(pin(PIN), now(), &Ask::quiet()).await;
        unlocked.map_err(|(_, error)| error).expect("the key is unlocked")
    }

    pub async fn try_unlock(&self, text: &str) -> Result<Unlocked, Error> {
        let tried = self.open().await.unlock(pin(text), now(), &Ask::quiet()).await;
        tried.map_err(|(_, error)| error)
    }

    pub fn replug(&self) {
        self.bus.unplug(&self.plug);
        self.bus.plug(&self.key, &self.plug);
    }
}

pub fn pin(text: &str) -> Pin {
    Pin::new(text.as_bytes().to_vec()).expect("a PIN")
}

pub fn by_pin() -> Verify {
    Verify::Pin(pin(PIN))
}

/// The caller's clock, which stands still until a test moves it.
pub fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("a moment")
}

pub fn later(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

/// A site with its own server side, which others wrote too.
pub struct Site {
    pub core: WebauthnCore,
    pub origin: Url,
}

impl Site {
    pub fn new(rp_id: &str) -> Self {
        let origin = Url::parse(&format!("https://login.{rp_id}")).expect("an origin");
        let (minute, allowed) = (Duration::from_secs(60), vec![origin.clone()]);
        let core = WebauthnCore::new_unsafe_experts_only(rp_id, rp_id, allowed, minute, None, None);
        Self { core, origin }
    }

    pub fn options(
        &self,
        user: &str,
        resident: bool,
        policy: UserVerificationPolicy,
        exclude: Vec<CredentialID>,
    ) -> (CreationChallengeResponse, RegistrationState) {
        let builder =
            self.core.new_challenge_register_builder(user.as_bytes(), user, user).expect("a builder");
        let builder = builder
            .require_resident_key(resident)
            .user_verification_policy(policy)
            .exclude_credentials(Some(exclude));
        self.core.generate_challenge_register(builder).expect("options")
    }

    /// Registers the key, and has the server verify it.
    pub async fn register(&self, desk: &Desk, user: &str, resident: bool, verify: Verify) -> Credential {
        let policy = match verify {
            Verify::Touch => UserVerificationPolicy::Discouraged_DO_NOT_USE,
            _ => UserVerificationPolicy::Required,
        };
        let (options, state) = self.options(user, resident, policy, Vec::new());
        let made = self.made(desk, &options, verify).await.expect("a credential is made");
        self.core.register_credential(&made, &state, None).expect("the server takes it")
    }

    pub async fn made(
        &self,
        desk: &Desk,
        options: &CreationChallengeResponse,
        verify: Verify,
    ) -> Result<RegisterPublicKeyCredential, Error> {
        desk.open().await.register(&self.origin, options, verify, &Ask::quiet()).await
    }
}

/// Waits for something that others do at the same time.
pub async fn joined<T>(task: JoinHandle<T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), task).await.expect("it ends in time").expect("it ends")
}

pub fn told<T>(mut progress: UnboundedReceiver<T>) -> Vec<T> {
    std::iter::from_fn(|| progress.try_recv().ok()).collect()
}

/// A key that waits for a person does so within this.
pub const SOON: Duration = Duration::from_secs(10);
