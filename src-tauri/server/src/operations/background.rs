//! What metrics tell of work that no request asks for: which of it this server does, the last sync of a directory, how
//! roles at AWS are doing. Of several servers each tells the same of the last two, which stand in the database.

use std::sync::{Mutex, MutexGuard, PoisonError, atomic::AtomicU64};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use crate::{
    instance::Instance,
    store::{Job, Store, StoreError},
};

/// How a role at AWS may be doing (`Store::aws_roles_by_kind`).
const KINDS: [&str; 5] = ["applied", "retrying", "failed", "changed", "unchecked"];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfJob {
    job: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfKind {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// What stands in the database.
#[derive(Debug)]
pub struct Figures {
    roles: Vec<(String, i64)>,
    /// When the last sync ended, in epoch milliseconds, and whether it came to its end.
    sync: Option<(i64, bool)>,
}

impl Figures {
    /// Reads them.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub fn read(instance: &Instance) -> Result<Self, StoreError> {
        let roles = instance.store.aws_roles_by_kind()?;
        let (report, _) = instance.store.ldap_report()?;
        Ok(Self { roles, sync: report.map(|report| (report.ended, report.problem.is_none())) })
    }
}

/// What is told.
#[derive(Debug, Default)]
pub struct Background {
    /// One at a time sets and reads them.
    told: Mutex<()>,
    leads: Family<OfJob, Gauge>,
    turns: Family<OfJob, Counter<u64, AtomicU64>>,
    roles: Family<OfKind, Gauge>,
    syncs: Family<Outcome, Gauge>,
    database: Gauge,
}

impl Background {
    /// Adds it to what is told.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "job_led",
            "1 while this server does a job that one at a time does",
            self.leads.clone(),
        );
        registry.register("job_turns", "How often this server began to do such a job", self.turns.clone());
        registry.register("aws_roles", "Roles at AWS by how they are doing", self.roles.clone());
        registry.register_with_unit(
            "directory_sync_timestamp",
            "When the last sync of the LDAP directory ended, and how",
            Unit::Seconds,
            self.syncs.clone(),
        );
        registry.register("database_answers", "1 if the database answered just now", self.database.clone());
    }

    /// Sets what is told, until the value is dropped; without figures, as the database does not answer, what stands there
    /// is left out.
    pub fn set(&self, store: &Store, figures: Option<Figures>) -> MutexGuard<'_, ()> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for job in Job::ALL {
            let (taken, is_held) = store.turns(job);
            let label = OfJob { job: job.word() };
            self.leads.get_or_create(&label).set(i64::from(is_held));
            let turns = self.turns.get_or_create(&label);
            turns.inc_by(taken.saturating_sub(turns.get()));
        }
        self.database.set(i64::from(figures.is_some()));
        self.roles.clear();
        self.syncs.clear();
        let Some(figures) = figures else { return told };
        for state in KINDS {
            let found = figures.roles.iter().find(|(kind, _)| kind == state);
            let number = found.map_or(0, |(_, number)| *number);
            self.roles.get_or_create(&OfKind { state }).set(number);
        }
        if let Some((ended, is_whole)) = figures.sync {
            let outcome = if is_whole { "success" } else { "failure" };
            self.syncs.get_or_create(&Outcome { outcome }).set(ended / 1000);
        }
        told
    }
}
