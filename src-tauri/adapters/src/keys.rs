//! Security keys for the engine's port, by the crate `keys`.

mod ceremony;
mod step_up;
mod told;

use async_trait::async_trait;
use engine::{
    model::keys::{
        Fingerprint, Job, KeyFault, KeyId, KeyWish, Learnt, Plugged, Space, Step, SystemWay, Undone,
    },
    ports::{Clock, SecurityKeys},
};
use futures_util::StreamExt;
use keys::{Ask, Error, Event, Found, Progress, Unlocked};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use tokio_util::sync::CancellationToken;
use told::{fault, info, known_by, of_site, plugged, step_of};

/// The keys of this computer.
pub struct SystemKeys {
    keys: keys::Keys,
    clock: Arc<dyn Clock>,
    held: tokio::sync::Mutex<Held>,
    /// What a PIN opened is to be closed, as soon as nobody uses it.
    closing: AtomicBool,
    cancel: Mutex<CancellationToken>,
}

/// What stays between jobs.
#[derive(Default)]
struct Held {
    unlocked: Option<(KeyId, Unlocked)>,
    /// The passkeys as they were read last: changing one needs all that the key said of it.
    passkeys: Vec<keys::Passkey>,
    /// With what the key has to be known by when it is plugged in again.
    reset: Option<(keys::Reset, keys::Sameness)>,
}

impl SystemKeys {
    /// USB and PC/SC.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::on(keys::Keys::of_this_computer(), clock)
    }

    /// Keys that are reached otherwise.
    #[must_use]
    pub fn on(keys: keys::Keys, clock: Arc<dyn Clock>) -> Self {
        let (held, closing) = (tokio::sync::Mutex::default(), AtomicBool::new(false));
        Self { keys, clock, held, closing, cancel: Mutex::default() }
    }

    fn begin(&self) -> (Ask, tokio::sync::mpsc::UnboundedReceiver<Progress>) {
        let cancel = CancellationToken::new();
        *self.cancel.lock().unwrap_or_else(PoisonError::into_inner) = cancel.clone();
        Ask::new(cancel)
    }

    async fn open(&self, key: &KeyId) -> Result<keys::Key, Error> {
        self.keys.open(&keys::KeyId::from_text(key.as_str())).await
    }

    /// Closes what is to be closed, unless a job uses it: that one comes here when it is over.
    fn close(&self) {
        while self.closing.load(Ordering::SeqCst) {
            let Ok(mut held) = self.held.try_lock() else { return };
            if self.closing.swap(false, Ordering::SeqCst) {
                held.unlocked = None;
                held.passkeys.clear();
            }
        }
    }
}

#[async_trait]
impl SecurityKeys for SystemKeys {
    async fn watch(&self, told: Box<dyn Fn(Vec<Plugged>) + Send + Sync>) -> KeyFault {
        let mut events = self.keys.watch();
        let (mut found, mut complete, mut blind) = (Vec::<Found>::new(), false, Vec::new());
        while let Some(event) = events.next().await {
            match &event {
                Event::Plugged(key) => {
                    found.retain(|one| one.id != key.id);
                    found.push(key.clone());
                }
                Event::Unplugged(id) => found.retain(|one| one.id != *id),
                Event::Complete => complete = true,
                Event::Unavailable(way, error) => {
                    tracing::info!(?way, %error, "one way to security keys does not work");
                    if !blind.contains(way) {
                        blind.push(*way);
                    }
                    if blind.len() > 1 {
                        return fault(error);
                    }
                }
            }
            self.observe(&event).await;
            // It may have been in the way of that.
            self.close();
            if complete {
                told(found.iter().map(plugged).collect());
            }
        }
        KeyFault::Unavailable { reason: "watching for keys ended".into() }
    }

    async fn run(
        &self,
        key: &KeyId,
        job: Job,
        told: Box<dyn Fn(Step) + Send + Sync>,
    ) -> Result<Learnt, KeyFault> {
        let result = self.work(key, job, told).await;
        // Also what was to be closed meanwhile: its key may have been taken away.
        self.close();
        result
    }

    async fn prepare_reset(&self, key: &KeyId) -> Result<(), KeyFault> {
        let mut held = self.held.lock().await;
        held.unlocked = None;
        let id = keys::KeyId::from_text(key.as_str());
        let found = self.keys.found().await.into_iter().find(|found| found.id == id).ok_or(KeyFault::Gone)?;
        let sameness = known_by(&found.marks);
        let key = self.open(key).await.map_err(|error| fault(&error))?;
        let (ask, _) = self.begin();
        let mut reset = keys::Reset::begin(key, &self.keys, &ask).await.map_err(|error| fault(&error))?;
        reset.agree();
        held.reset = Some((reset, sameness));
        Ok(())
    }

    fn forget_reset(&self) {
        // A job that runs holds it, and ends by being cancelled.
        if let Ok(mut held) = self.held.try_lock() {
            held.reset = None;
        }
    }

    fn cancel(&self) {
        self.cancel.lock().unwrap_or_else(PoisonError::into_inner).cancel();
    }

    fn lock(&self) {
        self.closing.store(true, Ordering::SeqCst);
        self.close();
    }

    async fn system(&self, way: SystemWay) -> Result<(), KeyFault> {
        use keys::system::{SystemError, open_settings, restart_as_administrator};
        // The system's question takes as long as the person does.
        let done = tokio::task::spawn_blocking(move || match way {
            SystemWay::Settings => open_settings(),
            SystemWay::Administrator => restart_as_administrator(),
        });
        match done.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(SystemError::Declined)) => Err(KeyFault::Cancelled { undone: Undone::Nothing }),
            Ok(Err(error @ SystemError::Other(_))) => {
                Err(KeyFault::Unavailable { reason: error.to_string() })
            }
            Err(error) => Err(KeyFault::Unavailable { reason: error.to_string() }),
        }
    }
}

impl SystemKeys {
    /// Does a job, with what stays between jobs, and tells how it goes.
    async fn work(
        &self,
        key: &KeyId,
        job: Job,
        told: Box<dyn Fn(Step) + Send + Sync>,
    ) -> Result<Learnt, KeyFault> {
        let (ask, mut progress) = self.begin();
        let mut held = self.held.lock().await;
        let work = held.done(self, key, job, &ask);
        tokio::pin!(work);
        let (mut good, mut heard) = (0, true);
        loop {
            tokio::select! {
                biased;
                step = progress.recv(), if heard => match step {
                    Some(step) => told(step_of(step, &mut good)),
                    None => heard = false,
                },
                result = &mut work => {
                    // What was told in the same breath as the end.
                    while let Ok(step) = progress.try_recv() {
                        told(step_of(step, &mut good));
                    }
                    return result;
                }
            }
        }
    }

    /// A reset follows what happens at the ports by itself; that it is another key, the engine sees too.
    async fn observe(&self, event: &Event) {
        let Ok(mut held) = self.held.try_lock() else { return };
        let Some((reset, _)) = &mut held.reset else { return };
        let (ask, _) = Ask::new(CancellationToken::new());
        if let Err(error) = reset.observe(event, &self.keys, self.clock.now(), &ask).await {
            tracing::info!(%error, "the reset waits on");
        }
    }
}

impl Held {
    async fn done(&mut self, of: &SystemKeys, id: &KeyId, job: Job, ask: &Ask) -> Result<Learnt, KeyFault> {
        let KeyWish::Prove { proof, by } = job.wish else {
            return self.work(of, id, job, ask).await.map_err(|error| fault(&error));
        };
        let failed = |error: Error| fault(&error);
        let mut key = self.key(of, id).await.map_err(failed)?;
        let info = info(&key.info(ask).await.map_err(failed)?);
        let pin = job.pins.as_ref().and_then(|pins| pins.old.as_ref());
        let pin = || -> Result<keys::Pin, Error> {
            let pin = pin.ok_or(Error::VerificationNeeded)?;
            Ok(keys::Pin::new(pin.expose().as_bytes().to_vec())?)
        };
        let verify = ceremony::verify(by, pin).map_err(failed)?;
        // Not held while a touch is waited for.
        drop(job.pins);
        let proved = step_up::prove(key, *proof, verify, &info, of.clock.now(), ask).await?;
        Ok(Learnt { proved: Some(proved), ..Learnt::default() })
    }

    async fn work(&mut self, of: &SystemKeys, id: &KeyId, job: Job, ask: &Ask) -> Result<Learnt, Error> {
        let now = of.clock.now();
        let pin = |pin: Option<&engine::model::keys::Pin>| {
            keys::Pin::new(pin.map(|pin| pin.expose().as_bytes().to_vec()).unwrap_or_default())
                .map_err(Error::from)
        };
        let (old, new) = match &job.pins {
            Some(pins) => (pins.old.as_ref(), pins.new.as_ref()),
            None => (None, None),
        };
        match job.wish {
            KeyWish::Look => {
                if let Some((_, open)) = self.unlocked.as_mut().filter(|(of, _)| of == id) {
                    return Ok(known(open.refresh(ask).await?));
                }
                let mut key = of.open(id).await?;
                Ok(known(&key.info(ask).await?))
            }
            KeyWish::Identify => {
                let mut key = self.key(of, id).await?;
                key.identify(ask).await?;
                Ok(Learnt::default())
            }
            KeyWish::SetPin => {
                let mut key = self.key(of, id).await?;
                key.set_pin(pin(new)?, ask).await?;
                Ok(known(&key.info(ask).await?))
            }
            KeyWish::ChangePin => {
                let mut key = self.key(of, id).await?;
                key.change_pin(pin(old)?, pin(new)?, ask).await?;
                Ok(known(&key.info(ask).await?))
            }
            KeyWish::Unlock => {
                let key = self.key(of, id).await?;
                let mut open = key.unlock(pin(old)?, now, ask).await.map_err(|(_, error)| error)?;
                let learnt = with_space(&mut open, now, ask).await;
                self.unlocked = Some((id.clone(), open));
                Ok(learnt)
            }
            KeyWish::Reset => {
                let (reset, wanted) = self.reset.as_mut().ok_or(Error::NotConnected)?;
                // The same model at another port may be the neighbour's.
                if matches!(reset.step(), keys::Step::Touch { sameness, .. } if *sameness < *wanted) {
                    return Err(Error::WrongKey);
                }
                reset.erase(&of.keys, now, ask).await?;
                self.reset = None;
                Ok(Learnt::default())
            }
            KeyWish::Authenticate(asked) => {
                let mut key = self.key(of, id).await?;
                let verify = ceremony::verify(asked.proof, || pin(old))?;
                drop(job.pins);
                ceremony::authenticate(&mut key, &asked, verify, ask).await
            }
            KeyWish::Find { site, credentials } => {
                let mut key = self.key(of, id).await?;
                Ok(Learnt { holds: key.holds(&site, credentials, ask).await?, ..Learnt::default() })
            }
            KeyWish::Register(asked) => {
                let mut key = self.key(of, id).await?;
                let verify = ceremony::verify(asked.proof, || pin(old))?;
                drop(job.pins);
                ceremony::register(&mut key, &asked, verify, ask).await
            }
            // What is proved goes another way.
            KeyWish::Prove { .. } => Err(Error::NotFound),
            wish => self.protected(id, wish, now, ask).await,
        }
    }

    /// The key itself, locked: what needs no PIN's token.
    async fn key(&mut self, of: &SystemKeys, id: &KeyId) -> Result<keys::Key, Error> {
        match self.unlocked.take_if(|(unlocked, _)| unlocked == id) {
            Some((_, open)) => Ok(open.lock()),
            None => of.open(id).await,
        }
    }

    /// What a PIN protects.
    async fn protected(
        &mut self,
        id: &KeyId,
        wish: KeyWish,
        now: jiff::Timestamp,
        ask: &Ask,
    ) -> Result<Learnt, Error> {
        let Some((_, open)) = self.unlocked.as_mut().filter(|(of, _)| of == id) else {
            return Err(Error::Locked);
        };
        match &wish {
            KeyWish::DeletePasskey { id } => open.delete_passkey(&bytes(id), now, ask).await?,
            KeyWish::RenamePasskey { id, user, display } => {
                let one =
                    self.passkeys.iter().find(|one| hex::encode(&one.id) == *id).ok_or(Error::NotFound)?;
                open.rename_passkey(one, user, display, now, ask).await?;
            }
            KeyWish::AddFingerprint { name } => {
                open.enrol_fingerprint(name, now, ask).await?;
            }
            KeyWish::RenameFingerprint { id, name } => {
                open.rename_fingerprint(&bytes(id), name, now, ask).await?;
            }
            KeyWish::DeleteFingerprint { id } => open.delete_fingerprint(&bytes(id), now, ask).await?,
            KeyWish::AlwaysVerify { on } => open.set_always_verify(*on, now, ask).await?,
            KeyWish::LeastPin { characters } => {
                open.set_min_pin_length((*characters).into(), now, ask).await?;
            }
            KeyWish::Enterprise => open.enable_enterprise_attestation(now, ask).await?,
            KeyWish::ForcePinChange => {
                open.force_pin_change(now, ask).await?;
                let (_, open) = self.unlocked.take().ok_or(Error::Locked)?;
                let mut key = open.lock();
                return Ok(known(&key.info(ask).await?));
            }
            _ => {}
        }
        let mut learnt = with_space(open, now, ask).await;
        let info = learnt.info.get_or_insert_with(|| info(open.info()));
        match &wish {
            KeyWish::ListPasskeys | KeyWish::DeletePasskey { .. } | KeyWish::RenamePasskey { .. } => {
                let sites = open.passkeys(now, ask).await?;
                learnt.passkeys = Some(sites.iter().flat_map(of_site).collect());
                self.passkeys = sites.into_iter().flat_map(|site| site.passkeys).collect();
            }
            KeyWish::ListFingerprints
            | KeyWish::AddFingerprint { .. }
            | KeyWish::RenameFingerprint { .. }
            | KeyWish::DeleteFingerprint { .. } => {
                let all = open.fingerprints(now, ask).await?;
                info.fingerprints = Some(u32::try_from(all.len()).unwrap_or(u32::MAX));
                let one = |it: keys::Fingerprint| Fingerprint { id: hex::encode(&it.id), name: it.name };
                learnt.fingerprints = Some(all.into_iter().map(one).collect());
            }
            _ => {}
        }
        Ok(learnt)
    }
}

fn known(told: &keys::Info) -> Learnt {
    Learnt { info: Some(info(told)), ..Learnt::default() }
}

/// What it tells, with the number of passkeys, which it tells with the PIN alone.
async fn with_space(open: &mut Unlocked, now: jiff::Timestamp, ask: &Ask) -> Learnt {
    let mut told = match open.refresh(ask).await {
        Ok(told) => info(told),
        Err(_) => info(open.info()),
    };
    if told.passkeys.is_some()
        && let Ok(space) = open.space(now, ask).await
    {
        told.passkeys = Some(Space { used: Some(space.existing), left: Some(space.remaining) });
    }
    Learnt { info: Some(told), ..Learnt::default() }
}

/// Ids are hexadecimal digits there. What is none is no id that a key has.
fn bytes(id: &str) -> Vec<u8> {
    hex::decode(id).unwrap_or_default()
}

/// For a program that has nothing to do with keys: there are none.
pub struct NoKeys;

#[async_trait]
impl SecurityKeys for NoKeys {
    async fn watch(&self, _told: Box<dyn Fn(Vec<Plugged>) + Send + Sync>) -> KeyFault {
        KeyFault::Unavailable { reason: "this program does not use them".into() }
    }

    async fn run(
        &self,
        _key: &KeyId,
        _job: Job,
        _told: Box<dyn Fn(Step) + Send + Sync>,
    ) -> Result<Learnt, KeyFault> {
        Err(KeyFault::Gone)
    }

    async fn prepare_reset(&self, _key: &KeyId) -> Result<(), KeyFault> {
        Err(KeyFault::Gone)
    }

    fn forget_reset(&self) {}

    fn cancel(&self) {}

    fn lock(&self) {}
}
