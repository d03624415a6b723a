//! Words for programs of ours that have no window.

use crate::{activity, problem};
use engine::{
    Snapshot,
    model::{code::Code, history::Entry, ids::OrgId},
};
use jiff::tz::TimeZone;

/// Title, meaning and next step of a failure, of an organisation where one is known.
#[must_use]
pub fn problem(code: &Code, org: Option<(&OrgId, &str)>) -> [String; 3] {
    let said = problem::problem(code, &problem::About { org, ..problem::About::default() });
    [said.title, said.meaning, said.next]
}

/// A line of Activity, and who wanted it.
#[must_use]
pub fn line(s: &Snapshot, entry: &Entry) -> [String; 2] {
    let said = activity::line(s, entry, &TimeZone::system());
    let subject = said.subject.map(|subject| format!(" ({subject})")).unwrap_or_default();
    [format!("{}{subject}", said.sentence), said.by.word().to_owned()]
}
