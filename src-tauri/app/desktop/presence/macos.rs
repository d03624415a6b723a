//! macOS: the last input, as the window server knows it. A locked screen is told by nobody who may be asked without
//! more: who locked it did nothing since, and counts as away after a while. Focus is the system's own to keep: it
//! holds notifications back by itself.
#![expect(unsafe_code, reason = "the system's own function, with its reason beside it")]

use engine::ports::Presence;
use std::time::Duration;

/// `kCGEventSourceStateCombinedSessionState` (Core Graphics, CGEventTypes.h): of this person's session.
const SESSION: i32 = 0;
/// `kCGAnyInputEventType`, as there.
const ANY_INPUT: u32 = u32::MAX;

#[link(name = "CoreGraphics", kind = "framework")]
unsafe extern "C" {
    /// Seconds since the last event of a kind (Core Graphics, CGEventSource.h).
    fn CGEventSourceSecondsSinceLastEventType(state: i32, event: u32) -> f64;
}

/// As it is now. What the system does not tell counts as "there".
pub fn now() -> Presence {
    // SAFETY: the function takes two numbers and gives one; both are constants that it names itself.
    let seconds = unsafe { CGEventSourceSecondsSinceLastEventType(SESSION, ANY_INPUT) };
    Presence { idle: Duration::try_from_secs_f64(seconds).unwrap_or_default(), ..Presence::default() }
}
