//! The submenu of kept profiles, the most urgent first.

use super::{Entry, Intent, Platform, label, opens};
use crate::credentials::{Standing, standing};
use engine::{Request, Snapshot, model::profile::State, request::Show, snapshot::ProfileNow};

/// Profiles in the submenu.
const PROFILES: usize = 8;

pub(super) fn submenu(s: &Snapshot, platform: Platform) -> Entry {
    let mut profiles: Vec<(&ProfileNow, Standing)> =
        s.profiles.iter().map(|p| (p, standing(p, s.at))).collect();
    profiles.sort_by_key(|(p, standing)| {
        (standing.urgency(), p.kept.written.as_ref().map(|w| w.expires), p.kept.profile.clone())
    });
    let cut = profiles.len() > PROFILES;
    let mut rows: Vec<Entry> =
        profiles.iter().take(PROFILES).map(|(p, standing)| profile(s, p, *standing, platform)).collect();
    if cut {
        let text = format!("All {} profiles...", profiles.len());
        rows.push(Entry::item("credentials/all", &text, Intent::Show(Show::Credentials)));
    }
    rows.push(Entry::item("credentials/keep", "Keep a profile fresh...", Intent::Show(Show::KeepFresh)));
    Entry::submenu("credentials", "Credentials", rows)
}

fn profile(s: &Snapshot, p: &ProfileNow, standing: Standing, platform: Platform) -> Entry {
    let name = &p.kept.profile;
    let id = format!("profile/{name}");
    let details =
        Entry::item(format!("{id}/details"), "Details...", Intent::Show(Show::Profile(name.clone())));
    let rows = match standing {
        // Expired while it is tried again and again: a sign-in does not help.
        Standing::Expired if matches!(p.state, State::Retrying { .. }) => vec![
            Entry::item(
                format!("{id}/refresh"),
                "Refresh now",
                Intent::Ask(Request::RefreshProfile(name.clone())),
            ),
            details,
        ],
        Standing::SignInNeeded | Standing::Expired => vec![
            Entry::item(
                format!("{id}/sign-in"),
                "Sign in and refresh",
                Intent::Ask(Request::SignIn { org: p.kept.grant.org.clone(), method: None }),
            ),
            Entry::item(
                format!("{id}/stop"),
                "Stop and remove...",
                Intent::Show(Show::StopKeeping(name.clone())),
            ),
        ],
        Standing::AccessRemoved | Standing::Conflict | Standing::NotWritable => vec![details],
        _ => vec![
            Entry::item(
                format!("{id}/refresh"),
                "Refresh now",
                Intent::Ask(Request::RefreshProfile(name.clone())),
            ),
            Entry::item(
                format!("{id}/pause"),
                if p.kept.paused { "Resume" } else { "Pause" },
                Intent::Ask(Request::PauseProfile { profile: name.clone(), paused: !p.kept.paused }),
            ),
            Entry::item(
                format!("{id}/copy"),
                "Copy environment",
                Intent::Ask(Request::CopyEnvironment {
                    grant: p.kept.grant.clone(),
                    shell: platform.shell(),
                    confirmed: false,
                }),
            ),
            opens(s, format!("{id}/console"), "Open console", &p.kept.grant),
            details,
        ],
    };
    let stands = crate::credentials::short(p, standing, s.at);
    let text = label::around(name.as_str(), |name| format!("{name}, {stands}"));
    Entry::submenu(id, &text, rows)
}
