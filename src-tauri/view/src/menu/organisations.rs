//! The organisation that the menu speaks of, and the choice of it where there are several.

use super::{Entry, Intent, label};
use crate::icon::{line_of, standing_of};
use engine::{
    Request, Snapshot,
    model::sign_in::SignIn,
    request::{Show, StepUpRequest},
};
use jiff::tz::TimeZone;

/// The row of a touch may be longer than others: it names the role in full.
const TOUCH: usize = 60;

/// Organisations to choose from.
const MOST: usize = 20;

/// Am I signed in, until when? Of the chosen organisation. Where there are several, the row is another one
/// for each: a click on words that are about to change must not sign in elsewhere.
pub(super) fn status(s: &Snapshot, zone: &TimeZone) -> Vec<Entry> {
    if let Some(what) = crate::step_up::waits_for(s) {
        // Another row: a click on words that are about to change must do nothing else.
        let text = label::within(TOUCH, &what, |what| format!("{}: {what}", crate::step_up::to_do(s)));
        return vec![Entry::item("touch", &text, Intent::Ask(Request::StepUp(StepUpRequest::Show)))];
    }
    let Some(org) = s.chosen() else { return Vec::new() };
    let intent = match org.sign_in {
        SignIn::SignedOut | SignIn::Ended { .. } => {
            Intent::Ask(Request::SignIn { org: org.organisation.id.clone(), method: None })
        }
        SignIn::InProgress(_) | SignIn::SignedIn(_) => Intent::Show(Show::Portal),
    };
    let id = match s.organisations.len() {
        1 => "status".to_owned(),
        _ => format!("status/{}", org.organisation.id),
    };
    let line = |name: &str| line_of(s, org, name, zone);
    vec![Entry::item(id, &label::around(&org.organisation.name, line), intent)]
}

/// `Organisation: Acme (1 needs you)`, with all of them below; nothing to choose, no row.
pub(super) fn submenu(s: &Snapshot, zone: &TimeZone) -> Option<Entry> {
    let chosen = s.chosen().filter(|_| s.organisations.len() > 1)?;
    let id = &chosen.organisation.id;
    let others = s.organisations.iter().filter(|o| o.organisation.id != *id);
    let rest = match others.filter(|o| matches!(o.sign_in, SignIn::Ended { .. })).count() {
        0 => String::new(),
        1 => " (1 needs you)".to_owned(),
        n => format!(" ({n} need you)"),
    };
    let rows = s.organisations.iter().take(MOST).map(|o| {
        let text = label::around(&o.organisation.name, |name| standing_of(s, o, name, zone));
        let (one, choose) = (&o.organisation.id, Request::Choose(o.organisation.id.clone()));
        Entry::choice(format!("organisation/{one}"), &text, one == id, Intent::Ask(choose))
    });
    let text = label::around(&chosen.organisation.name, |name| format!("Organisation: {name}{rest}"));
    // Another row where it says something else: the tray's library may lose the change of a submenu's words.
    Some(Entry::submenu(format!("organisations/{text}"), &text, rows.collect()))
}
