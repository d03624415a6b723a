//! Emptying a key in four steps that cannot hit another one: what is lost, unplug it, plug the same one in,
//! touch it within ten seconds.

use super::{KeyFault, Plugged, Transport};
use crate::model::Timestamp;
use jiff::SignedDuration;

/// CTAP 2.1, 6.6: a reset is taken within ten seconds of powering up.
const WINDOW: SignedDuration = SignedDuration::from_secs(10);

/// Where the wizard stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetStep {
    /// What is lost is said.
    Lost,
    /// The key is to be unplugged.
    Unplug,
    /// The same key is to be plugged in.
    Plug,
    /// It is to be touched, by then.
    Touch {
        /// The end of the ten seconds.
        until: Timestamp,
    },
    /// It is empty.
    Done,
}

/// The wizard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reset {
    /// The key as it was at the beginning.
    pub key: Plugged,
    /// Where it stands.
    pub step: ResetStep,
    /// What stands in the way of going on, or went wrong in the last step. Nothing was erased then.
    pub fault: Option<KeyFault>,
}

impl Reset {
    /// Begins. Over NFC it goes no further, nor with a key that nothing tells from its like, which could not be known
    /// again when it is plugged in ([`KeyFault::NotSupported`]).
    #[must_use]
    pub fn of(key: Plugged) -> Self {
        let fault = match key.transport {
            Transport::Nfc => Some(KeyFault::OverNfc),
            Transport::Usb => key.identity.is_empty().then_some(KeyFault::NotSupported),
        };
        Self { key, step: ResetStep::Lost, fault }
    }

    /// The person has read what is lost.
    #[must_use]
    pub fn agreed(self, plugged: &[Plugged]) -> Self {
        let barred = matches!(self.fault, Some(KeyFault::OverNfc | KeyFault::NotSupported));
        if self.step != ResetStep::Lost || barred {
            return self;
        }
        if plugged.len() > 1 {
            return Self { fault: Some(KeyFault::SeveralKeys), ..self };
        }
        Self { step: ResetStep::Unplug, fault: None, ..self }
    }

    /// Keys came or went.
    #[must_use]
    pub fn seen(self, plugged: &[Plugged], now: Timestamp) -> Self {
        match (self.step, plugged) {
            (ResetStep::Lost, one) if one.len() <= 1 && self.fault == Some(KeyFault::SeveralKeys) => {
                Self { fault: None, ..self }
            }
            (ResetStep::Unplug, []) => Self { step: ResetStep::Plug, fault: None, ..self },
            (ResetStep::Unplug, [one]) if one.is(&self.key) => {
                let fault = self.fault.clone().filter(|fault| *fault != KeyFault::SeveralKeys);
                Self { fault, ..self }
            }
            // With another one there the next plugging in could not be told: all of them out first.
            (ResetStep::Unplug, _) | (ResetStep::Plug | ResetStep::Touch { .. }, [_, _, ..]) => {
                Self { step: ResetStep::Unplug, fault: Some(KeyFault::SeveralKeys), ..self }
            }
            (ResetStep::Plug, [one]) if one.is(&self.key) && one.transport == Transport::Usb => {
                Self { step: ResetStep::Touch { until: now + WINDOW }, fault: None, ..self }
            }
            (ResetStep::Plug, [_]) => {
                let serial = self.key.serial.clone();
                Self { fault: Some(KeyFault::OtherKey { serial }), ..self }
            }
            _ => self,
        }
    }

    /// The key was asked to empty itself.
    #[must_use]
    pub fn ended(self, result: &Result<(), KeyFault>) -> Self {
        let ResetStep::Touch { .. } = self.step else { return self };
        match result {
            Ok(()) => Self { step: ResetStep::Done, fault: None, ..self },
            Err(fault @ KeyFault::Removed { .. }) => {
                Self { step: ResetStep::Plug, fault: Some(fault.clone()), ..self }
            }
            Err(fault) => Self { step: ResetStep::Unplug, fault: Some(fault.clone()), ..self },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::keys::{KeyId, Undone};

    fn key(id: &str, identity: &str) -> Plugged {
        Plugged {
            id: KeyId::new(id),
            name: "Solo 2".into(),
            transport: Transport::Usb,
            serial: Some("5678".into()),
            identity: identity.into(),
            sameness: crate::model::keys::Sameness::Serial,
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn waiting_for_plug() -> Reset {
        let mine = key("a", "solo/5678");
        let reset = Reset::of(mine.clone()).agreed(std::slice::from_ref(&mine));
        assert_eq!((reset.step, &reset.fault), (ResetStep::Unplug, &None));
        reset.seen(&[], at(0))
    }

    #[test]
    fn the_same_key_unplugged_and_plugged_in_is_to_be_touched_within_ten_seconds() {
        let reset = waiting_for_plug();
        assert_eq!(reset.step, ResetStep::Plug);
        let reset = reset.seen(&[key("b", "solo/5678")], at(30));
        assert_eq!(reset.step, ResetStep::Touch { until: at(40) });
        assert_eq!(reset.ended(&Ok(())).step, ResetStep::Done);
    }

    #[test]
    fn another_key_is_refused_and_the_right_one_goes_on() {
        let reset = waiting_for_plug().seen(&[key("x", "solo/9999")], at(5));
        let expected = Some(KeyFault::OtherKey { serial: Some("5678".into()) });
        assert_eq!((reset.step, &reset.fault), (ResetStep::Plug, &expected));
        let reset = reset.seen(&[], at(8)).seen(&[key("c", "solo/5678")], at(9));
        assert_eq!(reset.step, ResetStep::Touch { until: at(19) });
    }

    #[test]
    fn several_keys_stop_it_at_every_step() {
        let (mine, other) = (key("a", "solo/5678"), key("x", "solo/9999"));
        let both = [mine.clone(), other];
        let several = Some(KeyFault::SeveralKeys);
        let reset = Reset::of(mine.clone()).agreed(&both);
        assert_eq!((reset.step, &reset.fault), (ResetStep::Lost, &several));
        let reset = reset.seen(std::slice::from_ref(&mine), at(1)).agreed(std::slice::from_ref(&mine));
        assert_eq!((reset.step, &reset.fault), (ResetStep::Unplug, &None));
        for reset in [reset, waiting_for_plug(), waiting_for_plug().seen(std::slice::from_ref(&mine), at(1))]
        {
            let reset = reset.seen(&both, at(2));
            assert_eq!((reset.step, &reset.fault), (ResetStep::Unplug, &several));
            let reset = reset.seen(std::slice::from_ref(&mine), at(3));
            assert_eq!((reset.step, &reset.fault), (ResetStep::Unplug, &None), "it has to be unplugged anew");
        }
    }

    #[test]
    fn over_nfc_it_goes_no_further() {
        let mine = Plugged { transport: Transport::Nfc, ..key("a", "solo/5678") };
        let reset = Reset::of(mine.clone()).agreed(std::slice::from_ref(&mine)).seen(&[], at(1));
        assert_eq!((reset.step, reset.fault), (ResetStep::Lost, Some(KeyFault::OverNfc)));
    }

    #[test]
    fn a_key_that_cannot_be_known_again_is_not_emptied() {
        let mine = key("a", "");
        let reset = Reset::of(mine.clone()).agreed(std::slice::from_ref(&mine));
        assert_eq!((reset.step, reset.fault), (ResetStep::Lost, Some(KeyFault::NotSupported)));
    }

    #[test]
    fn what_was_not_touched_in_time_begins_with_unplugging() {
        let touch = || waiting_for_plug().seen(&[key("b", "solo/5678")], at(0));
        let timed_out = KeyFault::TimedOut { undone: Undone::Nothing };
        let late = touch().ended(&Err(timed_out.clone()));
        assert_eq!((late.step, late.fault), (ResetStep::Unplug, Some(timed_out)));
        let fault = KeyFault::Removed { undone: Undone::Nothing };
        let gone = touch().ended(&Err(fault.clone()));
        assert_eq!((gone.step, gone.fault), (ResetStep::Plug, Some(fault)));
    }

    #[test]
    fn a_key_that_nothing_tells_from_its_like_is_not_emptied_and_says_so_at_once() {
        let mine = key("a", "");
        let reset = Reset::of(mine.clone());
        assert_eq!(reset.fault, Some(KeyFault::NotSupported));
        let agreed = reset.agreed(std::slice::from_ref(&mine));
        assert_eq!((agreed.step, agreed.fault), (ResetStep::Lost, Some(KeyFault::NotSupported)));
    }
}
