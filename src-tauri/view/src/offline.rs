//! What there is to say while there is no network.

use crate::{
    ask::UiRequest,
    menu::is_sandbox,
    problem::asks,
    ui_state::{UiBanner, UiBannerKind},
    words::clock,
};
use engine::{
    Snapshot,
    model::{Timestamp, portal::Sync},
    snapshot::OrganisationNow,
};
use jiff::tz::TimeZone;

/// Whether no console of this organisation opens: each takes a call to its server, which is beyond a
/// network that is gone. A server on this computer answers without one. The machine may be wrong, so nothing stays
/// closed that nothing tries.
pub(crate) fn keeps_consoles_closed(s: &Snapshot, org: &OrganisationNow) -> bool {
    let tried = s.next_attempt.is_some() && !matches!(org.sync, Sync::Paused { .. });
    !s.online && tried && !org.organisation.is_on_this_computer()
}

/// The same, in words for whoever wants to open one.
pub(crate) fn no_console(s: &Snapshot, org: &OrganisationNow) -> Option<String> {
    keeps_consoles_closed(s, org)
        .then(|| "You are offline. Consoles open again when the network is back.".to_owned())
}

/// The banner.
pub(crate) fn banner(s: &Snapshot, org: &OrganisationNow, zone: &TimeZone) -> Option<UiBanner> {
    // The sample runs on this computer.
    if s.online || is_sandbox(org) {
        return None;
    }
    let consoles = if keeps_consoles_closed(s, org) {
        "Consoles open again when the network is back."
    } else {
        "Consoles may not open until the network is back."
    };
    let shown = org.portal.synced.map_or_else(
        || "No accounts are known yet.".to_owned(),
        |at| format!("Showing accounts from {}. {consoles}", clock(s.at, at, zone)),
    );
    let kept = s.profiles.iter().filter(|p| p.kept.grant.org == org.organisation.id);
    let first = kept.filter_map(|p| p.kept.written.as_ref()).map(|w| w.expires).filter(|e| *e > s.at).min();
    let stops = first
        .map(|at| format!(" Profiles cannot refresh. The first stops at {}.", clock(s.at, at, zone)))
        .unwrap_or_default();
    Some(UiBanner {
        kind: UiBannerKind::Offline,
        title: "You are offline".into(),
        body: format!("{shown}{stops}"),
        buttons: vec![asks("Retry now", UiRequest::RefreshAll)],
        until: s.next_attempt.map(Timestamp::as_millisecond),
    })
}
