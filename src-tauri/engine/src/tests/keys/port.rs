//! A port with a key whose PIN is 1234 and that holds one passkey.

use crate::{
    model::Timestamp,
    model::keys::{
        Can, Info, Job, KeyFault, KeyId, KeyWish, Learnt, Passkey, Pin, PinState, Pins, Plugged, Protection,
        Sameness, Signed, Space, Step, Transport, Undone, UserProof,
    },
    model::step_up::{Proof, Proved, StepUpKey},
    ports::SecurityKeys,
};
use async_trait::async_trait;
use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, watch};
use zeroize::Zeroizing;

pub(crate) fn id(id: &str) -> KeyId {
    KeyId::new(id)
}

pub(crate) fn key(id: &str, serial: &str) -> Plugged {
    Plugged {
        id: KeyId::new(id),
        name: "Solo 2".into(),
        transport: Transport::Usb,
        serial: Some(serial.into()),
        identity: format!("solo/{serial}"),
        sameness: Sameness::Serial,
    }
}

fn pin(text: &str) -> Option<Pin> {
    (!text.is_empty()).then(|| Pin::new(&Zeroizing::new(text.as_bytes().to_vec())).unwrap())
}

pub(crate) fn pins(old: &str, new: &str) -> Pins {
    Pins { old: pin(old), new: pin(new) }
}

pub(crate) struct Port {
    plugged: watch::Sender<Vec<Plugged>>,
    blind: Mutex<Option<KeyFault>>,
    info: Mutex<Info>,
    did: Mutex<Vec<String>>,
    wrong: AtomicUsize,
    passkeys: AtomicUsize,
    locks: AtomicUsize,
    signed: Mutex<Vec<Signed>>,
    cancelled: Notify,
    touched: Notify,
    /// Keys that hold none of the credentials that are asked for, and how the others answer next.
    strangers: Mutex<Vec<KeyId>>,
    answers: Mutex<VecDeque<KeyFault>>,
    /// Keys that are listed and not there any more.
    absent: Mutex<Vec<KeyId>>,
    /// It takes so long to find out what a key holds.
    pub(crate) finds_take: Mutex<Duration>,
    /// Keys that never tell what they are.
    pub(crate) mute: Mutex<Vec<KeyId>>,
}

impl Default for Port {
    fn default() -> Self {
        let info = Info {
            model: Some("Solo 2 A+".into()),
            versions: vec!["FIDO_2_1".into()],
            aaguid: None,
            firmware: None,
            algorithms: vec!["ES256".into()],
            transports: vec!["usb".into()],
            u2f_only: false,
            pin: PinState::Set,
            tries: Some(8),
            least_pin: 4,
            passkeys: Some(Space::default()),
            fingerprints: None,
            can: Can { identify: true, reset: true, ..Can::default() },
        };
        Self {
            plugged: watch::Sender::new(Vec::new()),
            blind: Mutex::default(),
            info: Mutex::new(info),
            did: Mutex::default(),
            wrong: AtomicUsize::new(0),
            passkeys: AtomicUsize::new(1),
            locks: AtomicUsize::new(0),
            signed: Mutex::new(vec![Signed { credential: "signed".into(), user: None }]),
            cancelled: Notify::new(),
            touched: Notify::new(),
            strangers: Mutex::default(),
            answers: Mutex::default(),
            absent: Mutex::default(),
            finds_take: Mutex::default(),
            mute: Mutex::default(),
        }
    }
}

impl Port {
    /// These keys are there, told apart by serial numbers of their own.
    pub(crate) fn plug(&self, ids: &[&str]) {
        self.plug_these(ids.iter().map(|id| key(id, if *id == "a" { "5678" } else { id })).collect());
    }

    pub(crate) fn plug_these(&self, keys: Vec<Plugged>) {
        self.plugged.send_replace(keys);
    }

    /// What it signs from now on.
    pub(crate) fn sign(&self, signed: Vec<Signed>) {
        *self.signed.lock().unwrap() = signed;
    }

    pub(crate) fn touch(&self) {
        self.touched.notify_one();
    }

    /// These keys hold none of the credentials that are asked for.
    pub(crate) fn strange(&self, ids: &[&str]) {
        *self.strangers.lock().unwrap() = ids.iter().map(|id| KeyId::new(*id)).collect();
    }

    /// These keys were taken away a moment ago, which the list does not say yet.
    pub(crate) fn absent(&self, ids: &[&str]) {
        *self.absent.lock().unwrap() = ids.iter().map(|id| KeyId::new(*id)).collect();
    }

    /// The next touch comes to this.
    pub(crate) fn answers(&self, fault: KeyFault) {
        self.answers.lock().unwrap().push_back(fault);
    }

    async fn prove(
        &self,
        key: &KeyId,
        (proof, by): (Proof, UserProof),
        pin: Option<&Pin>,
        told: &(dyn Fn(Step) + Send + Sync),
    ) -> Result<Proved, KeyFault> {
        match by {
            UserProof::Pin => self.check(pin)?,
            UserProof::Touch if matches!(proof, Proof::Here { verify: true, .. }) => {
                return Err(KeyFault::PinNeeded);
            }
            UserProof::Touch | UserProof::Finger => {}
        }
        if self.strangers.lock().unwrap().contains(key) && !matches!(proof, Proof::Register { .. }) {
            return Err(KeyFault::NotRegistered);
        }
        self.proved_by(by, told).await?;
        Ok(match proof {
            Proof::Here { mut allowed, .. } => {
                Proved::Key(StepUpKey { record: "touched".into(), ..allowed.remove(0) })
            }
            Proof::Server { origin, .. } => Proved::Answer(match by {
                UserProof::Touch => format!("options {origin}"),
                other => format!("options by {other:?} {origin}"),
            }),
            Proof::Register { known } => Proved::Key(StepUpKey {
                id: format!("{:02x}", known.len()),
                name: "Solo 2".into(),
                added: Timestamp::UNIX_EPOCH,
                used: None,
                record: "new".into(),
            }),
        })
    }

    pub(crate) fn blind(&self, fault: Option<KeyFault>) {
        *self.blind.lock().unwrap() = fault;
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Info)) {
        change(&mut self.info.lock().unwrap());
    }

    /// What keys were asked to do.
    pub(crate) fn did(&self) -> Vec<String> {
        self.did.lock().unwrap().clone()
    }

    pub(crate) fn locks(&self) -> usize {
        self.locks.load(Ordering::SeqCst)
    }

    fn check(&self, entered: Option<&Pin>) -> Result<(), KeyFault> {
        if entered.map(Pin::expose) == Some("1234") {
            return Ok(());
        }
        match self.wrong.fetch_add(1, Ordering::SeqCst) {
            2.. => Err(KeyFault::PinPaused),
            before => Err(KeyFault::WrongPin { left: Some(7 - u8::try_from(before).unwrap()) }),
        }
    }

    /// A finger or a touch, and what the key makes of it.
    async fn proved_by(&self, by: UserProof, told: &(dyn Fn(Step) + Send + Sync)) -> Result<(), KeyFault> {
        if by == UserProof::Finger {
            told(Step::Verify);
        } else {
            told(Step::Touch);
        }
        self.touched_or_cancelled().await?;
        self.answers.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }

    async fn touch_or_cancel(&self, told: &(dyn Fn(Step) + Send + Sync)) -> Result<(), KeyFault> {
        told(Step::Touch);
        self.touched_or_cancelled().await
    }

    async fn touched_or_cancelled(&self) -> Result<(), KeyFault> {
        tokio::select! {
            () = self.cancelled.notified() => {
                let said = self.answers.lock().unwrap().pop_front();
                Err(said.unwrap_or(KeyFault::Cancelled { undone: Undone::Nothing }))
            }
            () = self.touched.notified() => Ok(()),
        }
    }
}

#[async_trait]
impl SecurityKeys for Port {
    async fn watch(&self, told: Box<dyn Fn(Vec<Plugged>) + Send + Sync>) -> KeyFault {
        if let Some(fault) = self.blind.lock().unwrap().clone() {
            return fault;
        }
        let mut plugged = self.plugged.subscribe();
        loop {
            told(plugged.borrow_and_update().clone());
            if plugged.changed().await.is_err() {
                return KeyFault::Gone;
            }
        }
    }

    async fn run(
        &self,
        key: &KeyId,
        job: Job,
        told: Box<dyn Fn(Step) + Send + Sync>,
    ) -> Result<Learnt, KeyFault> {
        self.did.lock().unwrap().push(format!("{:?}", job.wish.act()));
        if self.absent.lock().unwrap().contains(key) {
            return Err(KeyFault::Gone);
        }
        if self.mute.lock().unwrap().contains(key) {
            std::future::pending::<()>().await;
        }
        let old = job.pins.as_ref().and_then(|pins| pins.old.as_ref());
        if let KeyWish::Prove { proof, by } = job.wish {
            let proved = Some(self.prove(key, (*proof, by), old, &*told).await?);
            return Ok(Learnt { proved, ..Learnt::default() });
        }
        let of_passkeys = matches!(job.wish, KeyWish::ListPasskeys | KeyWish::DeletePasskey { .. });
        let signs = job.wish.act().signs();
        let holds = match &job.wish {
            KeyWish::Find { credentials, .. } => {
                let takes = *self.finds_take.lock().unwrap();
                tokio::time::sleep(takes).await;
                credentials.contains(&vec![1]).then(|| vec![1])
            }
            _ => None,
        };
        match job.wish {
            KeyWish::Authenticate(asked) | KeyWish::Register(asked) => {
                if asked.proof == UserProof::Pin {
                    self.check(old)?;
                }
                self.proved_by(asked.proof, &*told).await?;
            }
            KeyWish::Identify | KeyWish::Reset => self.touch_or_cancel(&*told).await?,
            KeyWish::Unlock | KeyWish::ChangePin => self.check(old)?,
            KeyWish::DeletePasskey { .. } => self.passkeys.store(0, Ordering::SeqCst),
            _ => {}
        }
        let passkey = Passkey {
            id: "01".into(),
            site: "login.acme.test".into(),
            user: "sam".into(),
            display: String::new(),
            protection: Protection::Always,
        };
        Ok(Learnt {
            info: Some(self.info.lock().unwrap().clone()),
            passkeys: of_passkeys.then(|| vec![passkey; self.passkeys.load(Ordering::SeqCst)]),
            fingerprints: None,
            holds,
            signed: if signs { self.signed.lock().unwrap().clone() } else { Vec::new() },
            proved: None,
        })
    }

    async fn prepare_reset(&self, _key: &KeyId) -> Result<(), KeyFault> {
        Ok(())
    }

    fn forget_reset(&self) {}

    fn cancel(&self) {
        self.cancelled.notify_one();
    }

    fn lock(&self) {
        self.locks.fetch_add(1, Ordering::SeqCst);
    }
}
