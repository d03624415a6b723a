//! "Refreshing" is shown only when it lasts: an icon that changes at every refresh of a second says nothing.

use std::time::Duration;
use tokio::time::Instant;
use view::icon::{IconShape, IconState};

/// What is over sooner is not shown.
const SHOWN_AFTER: Duration = Duration::from_secs(3);

/// Since when something is being refreshed.
#[derive(Default)]
pub struct Busy(Option<Instant>);

impl Busy {
    /// Takes a short refresh out of the icon. Returns the moment at which it has lasted long enough.
    pub fn settle(&mut self, icon: &mut IconState, now: Instant) -> Option<Instant> {
        if icon.shape != IconShape::Refreshing {
            self.0 = None;
            return None;
        }
        let shown = *self.0.get_or_insert(now) + SHOWN_AFTER;
        if now >= shown {
            return None;
        }
        icon.shape = IconShape::AllWell;
        Some(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lasts_is_shown() {
        let start = Instant::now();
        let mut busy = Busy::default();
        let mut check = |shape, after: u64, expect, wakes: bool| {
            let mut icon = IconState { shape, sandbox: false };
            let now = start + Duration::from_secs(after);
            assert_eq!(busy.settle(&mut icon, now).is_some(), wakes, "after {after} s");
            assert_eq!(icon.shape, expect, "after {after} s");
        };
        check(IconShape::Refreshing, 0, IconShape::AllWell, true);
        check(IconShape::Refreshing, 2, IconShape::AllWell, true);
        check(IconShape::AllWell, 2, IconShape::AllWell, false);
        check(IconShape::Refreshing, 4, IconShape::AllWell, true);
        check(IconShape::Refreshing, 7, IconShape::Refreshing, false);
        check(IconShape::NeedsYou, 8, IconShape::NeedsYou, false);
    }
}
