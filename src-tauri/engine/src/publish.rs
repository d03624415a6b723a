//! The state as everybody sees it.

use crate::{
    model::{
        Timestamp,
        ids::Target,
        keys::Keys,
        organisation::Organisation,
        settings::{Settings, Way},
        step_up::StepUpNow,
    },
    network,
    ports::{FileCondition, FileSet, Keyring},
    schedule,
    snapshot::{OrganisationNow, ProfileNow, RecordNow, SandboxNow, Snapshot},
    state::State,
    step_up, update,
};
use jiff::SignedDuration;
use std::sync::Arc;

/// At most so many recents.
const RECENTS: usize = 12;

/// Times left are shown in minutes, and in tens of seconds near an end.
const STALE: SignedDuration = SignedDuration::from_secs(10);

/// The snapshot before anything was read.
pub(crate) fn empty(at: Timestamp) -> Snapshot {
    Snapshot {
        at,
        loaded: false,
        organisations: Vec::new(),
        chosen: None,
        profiles: Vec::new(),
        favourites: Vec::new(),
        recents: Vec::new(),
        launched: Arc::default(),
        launches: Vec::new(),
        pause: None,
        settings: Settings::default(),
        way: Way::default(),
        settings_problem: None,
        policy: Arc::default(),
        policy_problem: None,
        store_problem: None,
        keyring: Keyring::Ready,
        online: true,
        next_attempt: None,
        file: FileCondition::default(),
        config: Arc::default(),
        conversions: Vec::new(),
        clock_skew: None,
        history: Arc::new(Vec::new()),
        record: RecordNow::default(),
        rules: Arc::default(),
        sandbox: SandboxNow::default(),
        keys: Keys::default(),
        step_up: StepUpNow::default(),
        update: None,
        next_refresh: None,
    }
}

/// Whether the newer one need not be published: nothing but the time differs, and not by much.
pub(crate) fn same(old: &Snapshot, new: &Snapshot) -> bool {
    if new.at.duration_since(old.at) >= STALE {
        return false;
    }
    let mut newer = new.clone();
    newer.at = old.at;
    *old == newer
}

pub(crate) fn snapshot(state: &State, at: Timestamp) -> Snapshot {
    let mut recents: Vec<Target> = Vec::new();
    for (target, _) in state.launched.iter() {
        if recents.len() < RECENTS && !recents.contains(target) && state.org(target.org()).is_some() {
            recents.push(target.clone());
        }
    }
    let profiles: Vec<_> = state
        .profiles
        .values()
        .map(|p| ProfileNow {
            kept: p.kept.clone(),
            account_name: state.account_name(&p.kept.grant),
            state: p.state.clone(),
            next_refresh: schedule::profile_due(state, p, at),
        })
        .collect();
    Snapshot {
        at,
        loaded: true,
        organisations: state
            .orgs
            .iter()
            .map(|o| OrganisationNow {
                organisation: Organisation { name: state.name_of(o), ..o.organisation.clone() },
                sign_in: o.sign_in.clone(),
                sign_in_failure: o.failure.clone(),
                portal: shown_portal(o),
                sync: o.sync.clone(),
                offer: o.offered().cloned(),
                labels: o.labels.clone(),
            })
            .collect(),
        chosen: state.chosen.clone(),
        next_refresh: profiles.iter().filter_map(|p| p.next_refresh).min(),
        profiles,
        favourites: state.favourites.clone(),
        recents,
        launched: state.launched.clone(),
        launches: state.launches.clone(),
        pause: state.pause,
        settings: state.settings.clone(),
        way: state.way.clone(),
        settings_problem: state.settings_problem.clone(),
        policy: state.policy.clone(),
        policy_problem: state.policy_problem.clone(),
        store_problem: state.store_problem.clone(),
        keyring: state.keyring.clone(),
        online: state.network.is_up(),
        next_attempt: network::next_attempt(state, at),
        file: state.files.get(&FileSet::Own).cloned().unwrap_or_default(),
        config: state.config.clone(),
        conversions: state.conversions.iter().rev().filter(|it| it.undoable(at)).cloned().collect(),
        clock_skew: state.clock_skew,
        history: state.history.clone(),
        record: state.record.clone(),
        rules: state.rules.clone(),
        sandbox: state.sandbox.clone(),
        keys: state.keys.now.clone(),
        step_up: step_up::now(state),
        update: update::now(state),
    }
}

/// The portal as listed; while the very first sync runs, what it has so far.
fn shown_portal(org: &crate::state::Org) -> Arc<crate::model::portal::Portal> {
    match (&org.half, org.portal.synced) {
        (Some(half), None) => Arc::new(crate::model::portal::Portal {
            accounts: half.accounts.clone(),
            applications: half.applications.clone(),
            ..crate::model::portal::Portal::default()
        }),
        _ => org.portal.clone(),
    }
}
