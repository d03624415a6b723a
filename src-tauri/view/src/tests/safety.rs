//! Environments as they are shown: why, what a rule changes, and what is active in production.

use crate::{
    Around,
    fixture::{DEV, LAB, PROD, grant, minutes, now, profile, with, zone},
    icon::profiles_line,
    ui_portal, ui_state,
};
use engine::{
    Snapshot,
    model::{
        environment::Environment,
        ids::{AccountId, Grant, OrgId},
        profile::State,
        rules::{Field, Rule, Rules},
    },
    snapshot::Launch,
};
use std::sync::Arc;

fn opened(grant: &Grant, change: impl FnOnce(&mut Snapshot)) -> String {
    let s = with(|s| {
        s.launches = vec![(grant.clone().into(), Launch::Opened(now(), None))];
        change(s);
    });
    ui_state(&s, &Around::default(), &zone()).launches[0].text.clone()
}

#[test]
fn what_was_opened_is_named_where_care_is_called_for() {
    let label = |account: &str, environment| {
        let account = AccountId::new(account);
        move |s: &mut Snapshot| {
            s.organisations[0].labels.insert(account, environment);
        }
    };
    assert_eq!(opened(&grant(PROD, "Developer"), |_| ()), "Opened production in your browser");
    assert_eq!(opened(&grant(PROD, "Administrator"), |_| ()), "Opened production in your browser");
    assert_eq!(opened(&grant(PROD, "ReadOnly"), |_| ()), "Opened in your browser");
    assert_eq!(opened(&grant(DEV, "PowerUser"), |_| ()), "Opened in your browser");
    let staging = label(DEV, Environment::Staging);
    assert_eq!(opened(&grant(DEV, "PowerUser"), staging), "Opened staging in your browser");
}

#[test]
fn a_rule_of_the_persons_is_seen_in_every_place() {
    let acme = OrgId::new("acme");
    let rule = Rule { field: Field::Name, pattern: "^R&D".into(), environment: Environment::Production };
    let plain = with(|_| ());
    let ruled = with(|s| s.rules = Arc::new(Rules::compile(&[rule])));
    let portal = |s: &Snapshot| ui_portal(s, &acme).unwrap();
    let lab = |s: &Snapshot| portal(s).accounts.into_iter().find(|a| a.id == LAB).unwrap();
    assert_ne!(portal(&plain).revision, portal(&ruled).revision, "the window reads it again");
    assert_eq!(lab(&ruled).environment.chip.as_deref(), Some("PROD"));
    assert!(!lab(&ruled).environment.guessed, "the person said so");
    assert_eq!(lab(&ruled).environment.why, "Set by your rule \"^R&D\" for the name.");
    assert!(lab(&plain).environment.guessed);
    let keep = &lab(&ruled).roles.unwrap()[0];
    assert!(keep.confirm_keep && keep.confirm_copy && !keep.confirm_console);
}

#[test]
fn what_ends_by_itself_shows_its_end_and_not_its_keys() {
    let s = with(|s| {
        let mut admin = profile("pay-admin", grant(PROD, "Administrator"), 48, State::Fresh);
        admin.kept.until = Some(minutes(20));
        s.profiles = vec![admin];
    });
    let shown = ui_state(&s, &Around::default(), &zone());
    assert_eq!(shown.strips[0].expires, Some(minutes(20).as_millisecond()));
    assert_eq!(shown.strips[0].button.label, "Stop now");
    assert_eq!(shown.profiles[0].until, Some(minutes(20).as_millisecond()));
    assert_eq!(profiles_line(&s, &zone()).as_deref(), Some("pay-admin active in production, 20 min"));
}
