//! What became of a profile's last refreshes, and who wrote what stands there now: for its details.

use crate::{
    problem::{about_org, problem},
    ui_credentials::{UiRefresh, UiWriter},
    words::clock,
};
use engine::{
    Snapshot,
    model::{
        Timestamp,
        delivery::Delivery,
        history::Event,
        profile::{Conflict, State},
    },
    snapshot::ProfileNow,
};
use jiff::tz::TimeZone;

/// So many are told; Activity has the others.
const LAST: usize = 5;

/// The last refreshes, newest first, as far as the newest lines of Activity go.
pub(crate) fn last(s: &Snapshot, p: &ProfileNow, zone: &TimeZone) -> Vec<UiRefresh> {
    let about = about_org(s, &p.kept.grant.org);
    // Of its role alone: the name may have been another role's before.
    let lines = s.history.iter().filter_map(|entry| {
        let (text, ok) = match &entry.event {
            Event::Refreshed { profile, grant, expires, .. }
                if *profile == p.kept.profile && *grant == p.kept.grant =>
            {
                (format!("refreshed, valid until {}", clock(entry.at, *expires, zone)), true)
            }
            Event::RefreshFailed { profile, grant, code, .. }
                if *profile == p.kept.profile && *grant == p.kept.grant =>
            {
                (format!("failed: {}", problem(code, &about).title), false)
            }
            _ => return None,
        };
        Some(UiRefresh { id: entry.id, at: entry.at.as_millisecond(), text, ok })
    });
    lines.take(LAST).collect()
}

/// Who wrote what stands under the profile's name; `None` where nothing does.
pub(crate) fn writer(s: &Snapshot, p: &ProfileNow) -> Option<UiWriter> {
    let another = match &p.state {
        // The sign-in of the config file is in the way there, not what we wrote ourselves.
        State::Conflict(Conflict::SsoSettings) => false,
        State::Conflict(_) => true,
        _ => false,
    };
    if another {
        return Some(UiWriter {
            ours: false,
            name: "Another program".into(),
            at: noticed(s, p).map(Timestamp::as_millisecond),
        });
    }
    let ours =
        |at: Timestamp| UiWriter { ours: true, name: "Latchkey".into(), at: Some(at.as_millisecond()) };
    match p.kept.delivery {
        Delivery::CredentialsFile => p.kept.written.as_ref().map(|w| ours(w.at)),
        Delivery::OnDemand | Delivery::SsoCache => p.kept.placed.map(ours),
        Delivery::CopyOnly => None,
    }
}

/// When Latchkey saw that it is another's: who wrote it when is not told by a file.
pub(crate) fn noticed(s: &Snapshot, p: &ProfileNow) -> Option<Timestamp> {
    s.history.iter().find_map(|entry| match &entry.event {
        Event::Conflicted { profile, .. } if *profile == p.kept.profile => Some(entry.at),
        _ => None,
    })
}
