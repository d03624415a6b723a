//! The happenings that lie between two snapshots.

use super::Happening;
use engine::{
    Snapshot,
    model::{
        code::Code,
        history::Event,
        ids::Target,
        portal::Sync,
        profile::State,
        sign_in::{Ended, SignIn},
    },
    ports::Keyring,
    snapshot::{Launch, OrganisationNow, ProfileNow, SandboxNow},
};

/// What became different from `before` (nothing at the start) to `after`.
#[must_use]
pub fn between(before: Option<&Snapshot>, after: &Snapshot) -> Vec<Happening> {
    let mut lines = Vec::new();
    for now in &after.organisations {
        let was = before.and_then(|before| {
            before.organisations.iter().find(|was| was.organisation.id == now.organisation.id)
        });
        organisation(was, now, &mut lines);
    }
    for now in &after.profiles {
        let was =
            before.and_then(|before| before.profiles.iter().find(|was| was.kept.profile == now.kept.profile));
        if was.map(profile) != Some(profile(now)) {
            lines.push(profile(now));
        }
    }
    for was in before.iter().flat_map(|before| &before.profiles) {
        if !after.profiles.iter().any(|now| now.kept.profile == was.kept.profile) {
            let name = was.kept.profile.to_string();
            lines.push(Happening::Profile { name, state: "gone", expires_ms: None, issued_ms: None });
        }
    }
    for (target, now) in &after.launches {
        if before.is_none_or(|before| !before.launches.iter().any(|(t, was)| t == target && was == now)) {
            let state = launch(now);
            lines.push(match target {
                Target::Role(grant) => Happening::Launch {
                    account: grant.account.to_string(),
                    role: grant.role.to_string(),
                    state,
                },
                Target::App(app) => Happening::AppLaunch { app: app.app.to_string(), state },
            });
        }
    }
    if before.map_or("stopped", |before| sandbox(&before.sandbox)) != sandbox(&after.sandbox) {
        lines.push(Happening::Sandbox { state: sandbox(&after.sandbox) });
    }
    let waits = |s: &Snapshot| s.update.as_ref().map(|update| update.version.clone());
    if before.and_then(waits) != waits(after) {
        lines.push(Happening::Update { version: waits(after) });
    }
    held_notifications(before, after, &mut lines);
    let known = before.map(codes).unwrap_or_default();
    let new = codes(after).into_iter().filter(|code| !known.contains(code));
    lines.extend(new.map(|code| Happening::Error { code: tag(code) }));
    lines
}

/// The tag of a code, which is all the log has of it: the facts may be long or name a path.
#[must_use]
pub fn tag(code: &Code) -> String {
    serde_json::to_value(code)
        .ok()
        .and_then(|value| value["code"].as_str().map(str::to_owned))
        .unwrap_or_else(|| "unknown".to_owned())
}

fn organisation(was: Option<&OrganisationNow>, now: &OrganisationNow, lines: &mut Vec<Happening>) {
    let org = now.organisation.id.to_string();
    if was.map(|was| sign_in(&was.sign_in)) != Some(sign_in(&now.sign_in)) {
        let name = now.organisation.name.clone();
        lines.push(Happening::Signin { org: org.clone(), name, state: sign_in(&now.sign_in) });
    }
    let facts = |now: &OrganisationNow| (sync(&now.sync), now.portal.accounts.len());
    if was.map(facts) != Some(facts(now)) {
        let (state, accounts) = facts(now);
        lines.push(Happening::Sync { org, state, accounts });
    }
}

/// Notifications that were held. A shown one is recorded where it is shown, with its key.
fn held_notifications(before: Option<&Snapshot>, after: &Snapshot, lines: &mut Vec<Happening>) {
    // Only what was added while we looked: at the start the history is from earlier runs.
    let Some(before) = before else { return };
    let newest = before.history.first();
    let added: Vec<_> = after.history.iter().take_while(|entry| Some(*entry) != newest).collect();
    for entry in added.into_iter().rev() {
        if let Event::Notified { notice, shown: false, reason } = &entry.event {
            lines.push(Happening::Notification {
                notice: notice.clone(),
                shown: false,
                reason: reason.clone(),
                key: None,
            });
        }
    }
}

/// Every failure that a snapshot shows.
fn codes(snapshot: &Snapshot) -> Vec<&Code> {
    let mut codes = Vec::new();
    for now in &snapshot.organisations {
        codes.extend(&now.sign_in_failure);
        if let Sync::Failed { code, .. } = &now.sync {
            codes.push(code);
        }
    }
    for now in &snapshot.profiles {
        if let State::Retrying { code, .. } | State::NotWritable(code) = &now.state {
            codes.push(code);
        }
    }
    for (_, now) in &snapshot.launches {
        if let Launch::Failed { code, .. } = now {
            codes.push(code);
        }
    }
    if let Keyring::MemoryOnly(code) = &snapshot.keyring {
        codes.push(code);
    }
    codes.extend(&snapshot.settings_problem);
    codes.extend(&snapshot.policy_problem);
    codes.extend(&snapshot.store_problem);
    codes.extend(&snapshot.file.problem);
    codes
}

fn profile(now: &ProfileNow) -> Happening {
    let written = now.kept.written.as_ref();
    Happening::Profile {
        name: now.kept.profile.to_string(),
        state: now.state.name(),
        expires_ms: written.map(|written| written.expires.as_millisecond()),
        issued_ms: written.map(|written| written.issued.as_millisecond()),
    }
}

fn sign_in(state: &SignIn) -> &'static str {
    match state {
        SignIn::SignedOut => "signed_out",
        SignIn::InProgress(_) => "in_progress",
        SignIn::SignedIn(_) => "signed_in",
        SignIn::Ended { why: Ended::Expired, .. } => "expired",
        SignIn::Ended { why: Ended::Revoked, .. } => "revoked",
    }
}

fn sync(state: &Sync) -> &'static str {
    match state {
        Sync::Idle => "idle",
        Sync::Running { .. } => "running",
        Sync::Throttled { .. } => "throttled",
        Sync::Paused { .. } => "paused",
        Sync::Failed { .. } => "failed",
    }
}

fn launch(state: &Launch) -> &'static str {
    match state {
        Launch::WaitingForSignIn => "waiting_for_sign_in",
        Launch::Opening => "opening",
        Launch::Opened(..) => "opened",
        Launch::Failed { .. } => "failed",
    }
}

fn sandbox(now: &SandboxNow) -> &'static str {
    match (now.running, now.starting) {
        (true, _) => "running",
        (false, true) => "starting",
        (false, false) => "stopped",
    }
}
