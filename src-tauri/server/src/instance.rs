//! One SSO instance: the parts every operation works with.

use std::{
    borrow::Cow,
    fmt::Debug,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};

use crate::{
    addresses::Addresses,
    audit::keeping::Keeping,
    aws::Aws,
    chance::Chance,
    clock::Clock,
    configured::Configured,
    domain::sign_in_session,
    ids::Ids,
    issuing::{OwnKeys, RoleCredentialIssuer},
    ldap,
    limits::{Counted, Crowded, Limits, What},
    mail::Mailing,
    native::step_up,
    oidc::trusted::IssuerKeys,
    operations::Operations,
    organisation::{MOST_TAGS, PermissionSet, Settings, Tags, User, session_tags},
    origin::Origin,
    passwords::PasswordBook,
    portal::Grants,
    proxies::TrustedProxies,
    radius,
    saml::SigningKey,
    secret::InstanceKey,
    store::{LdapSource, Store, StoreError},
    throttle::Throttle,
};

/// A running instance.
#[derive(Debug)]
pub struct Instance {
    /// What time it is here.
    pub clock: Clock,
    /// Where secrets are drawn from.
    pub chance: Arc<Chance>,
    /// What is remembered.
    pub store: Arc<Store>,
    /// Where it answers.
    pub addresses: Addresses,
    /// Makes public ids and form tokens.
    pub key: InstanceKey,
    /// Signs assertions.
    pub saml_key: SigningKey,
    /// Whether the sandbox plays the organisation's applications.
    pub sample_apps: bool,
    /// How mail is sent.
    pub mailing: Mailing,
    /// The way to real AWS accounts; without it the accounts are the sandbox's own.
    pub aws: Option<Arc<Aws>>,
    /// Makes role credentials.
    pub issuer: Box<dyn RoleCredentialIssuer>,
    /// Checks passwords.
    pub passwords: PasswordBook,
    /// Refuses portal calls when they come too fast.
    pub throttle: Throttle,
    /// How often anybody may do what needs no sign-in.
    pub limits: Limits,
    /// Which roles tokens were found to have.
    pub grants: Grants,
    /// What becomes of the audit trail.
    pub keeping: Keeping,
    /// Whose word on a request's way here counts.
    pub proxies: TrustedProxies,
    /// The keys of trusted token issuers.
    pub issuer_keys: IssuerKeys,
    /// How the server is run.
    pub operations: Operations,
    /// What the configuration file says that administrators set otherwise.
    pub configured: Configured,
    /// The settings as they were read last, for when they cannot be read.
    settings: Mutex<Arc<Settings>>,
    /// Wakes who settles requests for access.
    pub access_requested: tokio::sync::Notify,
    /// The way to an LDAP directory, where that is the source.
    pub directory: ldap::Door,
    /// That directory as it was read last.
    directory_read: Mutex<Option<Arc<ldap::Source>>>,
    /// What is known here of the RADIUS servers.
    pub radius: radius::Door,
    /// Wakes who syncs the directory.
    pub sync_wanted: tokio::sync::Notify,
    /// How long new sign-ins last, whatever the organisation says; 0 as it says.
    session_seconds: AtomicI64,
    /// How long role credentials last, whatever their permission set says; 0 as it says.
    role_credentials_seconds: AtomicI64,
    /// How long a touch opens a role; 0 for as long as it does.
    step_up_seconds: AtomicI64,
}

/// What an instance keeps to itself.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Makes public ids and form tokens.
    pub instance: InstanceKey,
    /// Signs assertions.
    pub saml: SigningKey,
}

/// The instance as handlers get it.
pub type Shared = Arc<Instance>;

/// The names under which an instance is known to AWS clients.
#[derive(Debug, Clone)]
pub struct Identity {
    /// `ssoins-` and 16 hex digits.
    pub instance_id: String,
    /// `d-` and 10 hex digits.
    pub directory_id: String,
}

impl Identity {
    /// The identity kept in the store; drawn on first use.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub fn of(store: &Store, chance: &Chance) -> Result<Self, StoreError> {
        Ok(Self {
            instance_id: store.once("instance_id", || format!("ssoins-{}", chance.hex(16)))?,
            directory_id: store.once("directory_id", || format!("d-{}", chance.hex(10)))?,
        })
    }
}

impl Instance {
    /// Puts an instance together; role credentials are of its own making.
    pub fn new(
        clock: Clock,
        chance: Arc<Chance>,
        store: Arc<Store>,
        addresses: Addresses,
        keys: Keys,
        passwords: PasswordBook,
    ) -> Self {
        let issuer = Box::new(OwnKeys {
            store: Arc::clone(&store),
            chance: Arc::clone(&chance),
            key: keys.instance.clone(),
        });
        let settings = Settings {
            name: String::new(),
            region: "us-east-1".to_owned(),
            management_account: String::new(),
            session_duration: sign_in_session::DEFAULT_LENGTH,
        };
        Self {
            clock,
            chance,
            store,
            addresses,
            key: keys.instance,
            saml_key: keys.saml,
            sample_apps: false,
            mailing: Mailing::Off,
            aws: None,
            issuer,
            passwords,
            throttle: Throttle::default(),
            limits: Limits::default(),
            grants: Grants::default(),
            keeping: Keeping::default(),
            proxies: TrustedProxies::default(),
            issuer_keys: IssuerKeys::default(),
            operations: Operations::default(),
            configured: Configured::default(),
            settings: Mutex::new(Arc::new(settings)),
            access_requested: tokio::sync::Notify::new(),
            directory: ldap::Door::default(),
            directory_read: Mutex::default(),
            radius: radius::Door::default(),
            sync_wanted: tokio::sync::Notify::new(),
            session_seconds: AtomicI64::new(0),
            role_credentials_seconds: AtomicI64::new(0),
            step_up_seconds: AtomicI64::new(0),
        }
    }

    /// Runs blocking work (SQLite, Argon2id) away from the threads that serve connections.
    pub async fn run<T: Send + 'static>(
        self: Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> T {
        let origin = Origin::current();
        match tokio::task::spawn_blocking(move || origin.around_blocking(|| work(&self))).await {
            Ok(value) => value,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shutting down and nobody waits for an answer any more.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Counts one more that anybody may do.
    ///
    /// # Errors
    /// [`Crowded`] if too many came from the same place.
    pub fn count(&self, what: What) -> Result<Counted<'_>, Crowded> {
        self.limits.count(what, self.now())
    }

    /// How long new sign-ins last.
    pub fn session_length(&self) -> SignedDuration {
        match self.session_seconds.load(Ordering::SeqCst) {
            0 => self.settings().session_duration,
            seconds => SignedDuration::from_secs(seconds),
        }
    }

    /// Changes how long new sign-ins last while this process runs.
    pub fn set_session_length(&self, length: SignedDuration) {
        self.session_seconds.store(length.as_secs(), Ordering::SeqCst);
    }

    /// Makes role credentials issued from now on last so many seconds, or as their permission set says.
    pub fn set_role_credentials_length(&self, seconds: Option<u16>) {
        self.role_credentials_seconds.store(seconds.map_or(0, i64::from), Ordering::SeqCst);
    }

    /// How long a role that is opened from now on by a touch stays open.
    pub fn step_up_length(&self) -> SignedDuration {
        match self.step_up_seconds.load(Ordering::SeqCst) {
            0 => step_up::LASTS,
            seconds => SignedDuration::from_secs(seconds),
        }
    }

    /// Makes a touch open a role for so many seconds, or for as long as it does.
    pub fn set_step_up_length(&self, seconds: Option<u16>) {
        self.step_up_seconds.store(seconds.map_or(0, i64::from), Ordering::SeqCst);
    }

    /// A permission set as its role credentials last now.
    pub fn lasting<'set>(&self, set: &'set PermissionSet) -> Cow<'set, PermissionSet> {
        match self.role_credentials_seconds.load(Ordering::SeqCst) {
            0 => Cow::Borrowed(set),
            seconds => {
                let session_duration = SignedDuration::from_secs(seconds);
                Cow::Owned(PermissionSet { session_duration, ..set.clone() })
            }
        }
    }

    /// What holds for the whole instance, as of now. It is asked for where nothing can fail, so that a database
    /// that cannot be read leaves it as it was.
    pub fn settings(&self) -> Arc<Settings> {
        let read = self.store.settings();
        let mut last = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(Some(settings)) if settings != **last => *last = Arc::new(settings),
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "the organisation's settings stay as they were"),
        }
        Arc::clone(&last)
    }

    /// Where ids of new things come from.
    pub fn ids(&self) -> Ids<'_> {
        Ids { key: &self.key, chance: &self.chance, instance_id: self.addresses.instance_id() }
    }

    /// A person by id, if they may use anything.
    ///
    /// # Errors
    /// [`StoreError`] if that cannot be told.
    pub fn user(&self, id: &str) -> Result<Option<User>, StoreError> {
        let Some(user) = self.store.user(id)?.filter(|user| user.enabled) else { return Ok(None) };
        Ok(ldap::access::is_open_to(self, &user)?.then_some(user))
    }

    /// The directory of these settings: as it was read before, while they are the same.
    ///
    /// # Errors
    /// What `read` says.
    pub fn directory_source(
        &self,
        kept: &LdapSource,
        read: impl FnOnce() -> Result<ldap::Source, ldap::Problem>,
    ) -> Result<Arc<ldap::Source>, ldap::Problem> {
        let mut last = self.directory_read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) =
            last.as_ref().filter(|last| last.changed == kept.changed && last.settings == kept.settings)
        {
            return Ok(Arc::clone(last));
        }
        let source = Arc::new(read()?);
        *last = Some(Arc::clone(&source));
        Ok(source)
    }

    /// A person by what was typed at sign-in, if they may use anything.
    ///
    /// # Errors
    /// [`StoreError`] if that cannot be told.
    pub fn user_by_login(&self, typed: &str) -> Result<Option<User>, StoreError> {
        Ok(self.store.user_by_login(typed)?.filter(|user| user.enabled))
    }

    /// A person's stable id in the identity store, in the form of a UUID.
    pub fn user_id(&self, user: &User) -> String {
        user.id.clone()
    }

    /// The tags of a person's role sessions: those that the identity provider's assertion brought to their sign-in
    /// session, and over them those that are made of what the directory knows (IAM Identity Center User Guide,
    /// attributes for access control).
    ///
    /// # Errors
    /// [`StoreError`] if that cannot be told.
    pub fn session_tags(&self, user: &User, session_id: Option<&str>) -> Result<Tags, StoreError> {
        let asserted = session_id.map(|id| self.store.tags_of_session(id)).transpose()?;
        let mut tags = session_tags(&self.store.access_control_attributes()?, user);
        for (key, value) in asserted.unwrap_or_default() {
            if tags.len() < MOST_TAGS {
                tags.entry(key).or_insert(value);
            }
        }
        Ok(tags)
    }
}
