//! All that is known of security keys at a moment, and what changes it.

use super::{
    Fingerprint, Info, KeyAct, KeyFault, KeyId, Learnt, Passkey, PinState, Plugged, Registered, Reset,
    ResetStep, SampleHint, Undone,
};
use crate::model::{Timestamp, ids::OrgId};
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// What a PIN opened stays open for so long.
const UNLOCKED: SignedDuration = SignedDuration::from_mins(5);
/// Nobody touched it for so long: it is given up.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// What a PIN is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To open what it protects.
    Unlock,
    /// To give the key its first.
    Set,
    /// To give it another.
    Change,
    /// To prove to a site who uses it; what it protects stays closed.
    Prove,
}

/// A PIN is wanted, in the window that is for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinAsked {
    /// Counts questions: an answer is for one.
    pub number: u64,
    /// What for.
    pub purpose: Purpose,
    /// Tries left, where the key tells.
    pub tries: Option<u8>,
    /// The shortest new one, in characters.
    pub least: u8,
    /// Why the last answer was none.
    pub wrong: Option<KeyFault>,
}

/// How far an operation is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The key works.
    Working,
    /// A PIN is wanted.
    Pin(PinAsked),
    /// The key is to be touched.
    Touch,
    /// A finger is to be put on it.
    Verify,
    /// A fingerprint is being taken.
    Sample {
        /// Good ones so far.
        good: u8,
        /// Of so many, as the key reckons.
        of: u8,
        /// How the last one was, if not good.
        hint: Option<SampleHint>,
    },
}

/// The one operation under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Counts operations: what a task tells late is not this one's.
    pub no: u64,
    /// With which key.
    pub key: Plugged,
    /// What is done.
    pub act: KeyAct,
    /// How far it is.
    pub step: Step,
    /// When it is given up, while somebody is waited for.
    pub until: Option<Timestamp>,
}

/// What a PIN opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlocked {
    /// Of which key.
    pub key: KeyId,
    /// Until then.
    pub until: Timestamp,
}

/// What the last operation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The key.
    pub key: Plugged,
    /// What was done.
    pub act: KeyAct,
    /// How it went.
    pub result: Result<(), KeyFault>,
    /// When.
    pub at: Timestamp,
}

/// What is known of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// What it tells about itself; `None` until it did.
    pub info: Option<Info>,
    /// Its passkeys, while it is unlocked and they were asked for.
    pub passkeys: Option<Vec<Passkey>>,
    /// Its fingerprints, likewise.
    pub fingerprints: Option<Vec<Fingerprint>>,
    /// Why it does not tell.
    pub fault: Option<KeyFault>,
    /// Whether it is one of those that are registered, for each organisation that tells which are.
    pub found: BTreeMap<OrgId, Found>,
}

/// Whether a key is registered somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// As this.
    As(Registered),
    /// It is not.
    No,
    /// It does not tell without its PIN.
    Untold,
}

/// Security keys as they stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Keys {
    /// Keys that are there; `None` until the first look has ended.
    pub plugged: Option<Vec<Plugged>>,
    /// Why nothing can be looked for.
    pub problem: Option<KeyFault>,
    /// The one on show.
    pub selected: Option<KeyId>,
    /// What is known of each.
    pub known: BTreeMap<KeyId, Known>,
    /// What is under way.
    pub running: Option<Running>,
    /// What a PIN opened.
    pub unlocked: Option<Unlocked>,
    /// A key is being emptied.
    pub reset: Option<Reset>,
    /// What the last operation came to, until it is dismissed or the next begins.
    pub last: Option<Finished>,
    /// Where keys of the person are registered; an organisation that does not tell is not in it.
    pub registered: BTreeMap<OrgId, Vec<Registered>>,
    /// When each organisation told that.
    pub registered_at: BTreeMap<OrgId, Timestamp>,
    numbers: u64,
}

impl Keys {
    /// Keys that are there.
    #[must_use]
    pub fn list(&self) -> &[Plugged] {
        self.plugged.as_deref().unwrap_or_default()
    }

    /// A key that is there.
    #[must_use]
    pub fn find(&self, id: &KeyId) -> Option<&Plugged> {
        self.list().iter().find(|key| key.id == *id)
    }

    /// What a key told about itself.
    #[must_use]
    pub fn info(&self, id: &KeyId) -> Option<&Info> {
        self.known.get(id)?.info.as_ref()
    }

    /// Whether a key's PIN was entered and still counts.
    #[must_use]
    pub fn is_unlocked(&self, id: &KeyId, now: Timestamp) -> bool {
        self.unlocked.as_ref().is_some_and(|open| open.key == *id && open.until > now)
    }

    /// The PIN that is wanted now.
    #[must_use]
    pub fn pin_asked(&self) -> Option<(&Running, &PinAsked)> {
        let running = self.running.as_ref()?;
        match &running.step {
            Step::Pin(asked) => Some((running, asked)),
            _ => None,
        }
    }

    /// Organisations at which the person has one key and no spare one.
    pub fn without_spare(&self) -> impl Iterator<Item = &OrgId> {
        self.registered.iter().filter(|(_, keys)| keys.len() == 1).map(|(org, _)| org)
    }

    /// Keys came or went: whether the key of a PIN that is wanted is gone with them.
    pub fn seen(&mut self, mut list: Vec<Plugged>, now: Timestamp) -> bool {
        for key in &mut list {
            if let Some(model) = self.info(&key.id).and_then(|info| info.model.clone()) {
                key.name = model;
            }
        }
        let there = |id: &KeyId| list.iter().any(|key| key.id == *id);
        self.known.retain(|id, _| there(id));
        self.unlocked = self.unlocked.take().filter(|open| there(&open.key));
        self.selected = self.selected.take().filter(there).or_else(|| list.first().map(|key| key.id.clone()));
        self.reset = self.reset.take().map(|reset| reset.seen(&list, now));
        let gone = self.pin_asked().is_some_and(|(running, _)| !there(&running.key.id));
        self.plugged = Some(list);
        self.problem = None;
        gone
    }

    /// A key that was not asked yet whether it is registered at an organisation, and there.
    #[must_use]
    pub fn unfound(&self) -> Option<(KeyId, OrgId)> {
        self.list().iter().find_map(|key| {
            let known = self.known.get(&key.id)?;
            known.info.as_ref().filter(|info| !info.u2f_only)?;
            let org = self.registered.keys().find(|org| !known.found.contains_key(org))?;
            Some((key.id.clone(), org.clone()))
        })
    }

    /// Begins an operation; its number.
    ///
    /// # Errors
    /// [`KeyFault::InUse`] while another is under way, [`KeyFault::Gone`] where the key is.
    pub fn begin(&mut self, key: &KeyId, act: KeyAct) -> Result<u64, KeyFault> {
        if self.running.is_some() {
            return Err(KeyFault::InUse);
        }
        let key = self.find(key).cloned().ok_or(KeyFault::Gone)?;
        self.numbers += 1;
        let no = self.numbers;
        self.running = Some(Running { no, key, act, step: Step::Working, until: None });
        // A look by itself is nothing that would replace what the person is being told.
        if !act.is_a_look() {
            self.last = None;
        }
        Ok(no)
    }

    /// The operation under way wants a PIN.
    pub fn ask_pin(&mut self, purpose: Purpose, wrong: Option<KeyFault>) {
        self.numbers += 1;
        let number = self.numbers;
        let Some(running) = &mut self.running else { return };
        let info = self.known.get(&running.key.id).and_then(|known| known.info.as_ref());
        let told = match &wrong {
            Some(KeyFault::WrongPin { left }) => *left,
            _ => None,
        };
        running.step = Step::Pin(PinAsked {
            number,
            purpose,
            tries: told.or_else(|| info.and_then(|info| info.tries)),
            least: info.map_or(4, |info| info.least_pin.max(4)),
            wrong,
        });
        running.until = None;
    }

    /// How far an operation is.
    pub fn step(&mut self, no: u64, step: Step, now: Timestamp) {
        let Some(running) = self.running.as_mut().filter(|running| running.no == no) else { return };
        let window = match &self.reset {
            Some(Reset { step: ResetStep::Touch { until }, .. }) if running.act == KeyAct::Reset => {
                Some(*until)
            }
            _ => None,
        };
        running.until = match step {
            Step::Touch | Step::Verify | Step::Sample { .. } => Some(window.unwrap_or(now + PATIENCE)),
            Step::Working | Step::Pin(_) => None,
        };
        running.step = step;
    }

    /// The PIN was right.
    pub fn unlocked(&mut self, key: &KeyId, now: Timestamp) {
        self.unlocked = Some(Unlocked { key: key.clone(), until: now + UNLOCKED });
    }

    /// What a PIN opened is closed, and what it showed is forgotten.
    pub fn lock(&mut self) {
        self.unlocked = None;
        for known in self.known.values_mut() {
            known.passkeys = None;
            known.fingerprints = None;
        }
    }

    /// What a job taught.
    pub fn learn(&mut self, key: &KeyId, learnt: Learnt) {
        if self.find(key).is_none() {
            return;
        }
        let known = self.known.entry(key.clone()).or_default();
        let Learnt { info, passkeys, fingerprints, signed: _, holds: _, proved: _ } = learnt;
        let model = info.as_ref().and_then(|info| info.model.clone());
        if info.is_some() {
            (known.info, known.fault) = (info, None);
        }
        known.passkeys = passkeys.or(known.passkeys.take());
        known.fingerprints = fingerprints.or(known.fingerprints.take());
        // What the device calls itself says less than its model.
        let listed = self.plugged.iter_mut().flatten().find(|one| one.id == *key);
        if let (Some(listed), Some(model)) = (listed, model) {
            listed.name = model;
        }
    }

    /// What a failure says of the key's PIN.
    pub fn learn_fault(&mut self, key: &KeyId, fault: &KeyFault) {
        let Some(info) = self.known.get_mut(key).and_then(|known| known.info.as_mut()) else { return };
        match fault {
            KeyFault::WrongPin { left: Some(left) } => info.tries = Some(*left),
            // The last wrong one counted, and the key does not say how many are left.
            KeyFault::PinPaused => (info.pin, info.tries) = (PinState::Paused, None),
            KeyFault::PinBlocked => (info.pin, info.tries) = (PinState::Blocked, Some(0)),
            KeyFault::PinChangeNeeded => info.pin = PinState::ChangeNeeded,
            _ => {}
        }
    }

    /// The operation is over. A look by itself is told of the key alone.
    pub fn end(&mut self, no: u64, result: Result<(), KeyFault>, now: Timestamp) {
        let Some(running) = self.running.take_if(|running| running.no == no) else { return };
        if running.act == KeyAct::Reset {
            self.reset = self.reset.take().map(|reset| reset.ended(&result));
        }
        if let Err(fault) = &result {
            self.learn_fault(&running.key.id, fault);
        }
        match (running.act, result) {
            (KeyAct::Look, Err(fault)) if self.find(&running.key.id).is_some() => {
                self.known.entry(running.key.id).or_default().fault = Some(fault);
            }
            // What the person ended before anything was done is no news; of a reset its wizard tells, and of step-up its window. Who has a
            // key sign tells of that.
            (KeyAct::Look | KeyAct::Find | KeyAct::Reset, _)
            | (KeyAct::Authenticate | KeyAct::Register | KeyAct::Prove, _)
            | (_, Err(KeyFault::Cancelled { undone: Undone::Nothing })) => {}
            (act, result) => self.last = Some(Finished { key: running.key, act, result, at: now }),
        }
    }
}
