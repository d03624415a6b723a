//! Keys with few tries left for their PIN: worth telling also when nobody looks at them any more, since the next
//! wrong one may lock the key for good.

use crate::{
    model::{
        Timestamp,
        keys::{Info, KeyId, PinState},
        notice::Notice,
    },
    state::State,
};
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// So few tries are told of.
const FEW: u8 = 3;

/// What was seen is news for so long.
const NEWS: SignedDuration = SignedDuration::from_hours(1);

/// By key: what is to be told of it.
#[derive(Default)]
pub(crate) struct Low(BTreeMap<KeyId, Notice>);

/// Notes what the keys that are there have told.
pub(super) fn note(state: &mut State, now: Timestamp) {
    let keys = &mut state.keys;
    for (id, known) in &keys.now.known {
        let (Some(info), Some(plugged)) = (&known.info, keys.now.find(id)) else { continue };
        let Some((left, paused)) = low(info) else {
            keys.low.0.remove(id);
            continue;
        };
        let same = |told: &Notice| {
            matches!(told, Notice::PinLow { key, left: l, paused: p, .. }
                if (key, *l, *p) == (&plugged.name, left, paused))
        };
        if !keys.low.0.get(id).is_some_and(same) {
            let notice = Notice::PinLow { key: plugged.name.clone(), left, paused, at: now };
            keys.low.0.insert(id.clone(), notice);
        }
    }
}

/// Tries left, and whether none counts until the key is plugged in anew.
fn low(info: &Info) -> Option<(Option<u8>, bool)> {
    let few = info.tries.filter(|tries| (1..=FEW).contains(tries));
    match info.pin {
        PinState::Paused => Some((info.tries, true)),
        PinState::Set | PinState::ChangeNeeded => few.map(|left| (Some(left), false)),
        // Without a PIN there are no tries, and one that is locked has had its last.
        PinState::None | PinState::NotSet | PinState::Blocked => None,
    }
}

/// What is worth telling now. Whoever is asked for a PIN reads it there.
pub(crate) fn notices(state: &State, now: Timestamp) -> impl Iterator<Item = Notice> {
    let asked = state.keys.now.pin_asked().is_some();
    let news = move |notice: &&Notice| matches!(notice, Notice::PinLow { at, .. } if !asked && now.duration_since(*at) < NEWS);
    state.keys.low.0.values().filter(news).cloned()
}
