//! Touches that roles ask for, in words: the window, the tray, the strip, Settings.

use crate::{
    Around,
    fixture::{PROD, grant, minutes, now, snapshot, zone},
    icon::{IconShape, icon, tooltip},
    menu::{Entry, Intent, Platform, menu},
    prompt, ui_state,
    ui_step_up::UiTouchStep,
};
use engine::{
    Request, Snapshot,
    model::{
        environment::{Act, Environment},
        keys::KeyFault,
        step_up::{Demand, For, Marked, Opened, Program, Progress, Question, StepUpKey},
    },
    request::StepUpRequest,
};

fn wanted(act: Act, demand: Demand) -> For {
    For::Role {
        grant: grant(PROD, "Administrator"),
        account_name: "payments-prod".into(),
        environment: Environment::Production,
        act,
        profile: None,
        demand,
    }
}

fn asked(wanted: For, change: impl FnOnce(&mut Question)) -> Snapshot {
    let mut question = Question {
        number: 3,
        wanted,
        programs: Vec::new(),
        until: now() + jiff::SignedDuration::from_secs(48),
        progress: Progress::Touch { key: "Solo 2".into() },
        refused: None,
        raised: 0,
        others: false,
    };
    change(&mut question);
    let mut s = snapshot();
    s.step_up.question = Some(question);
    s
}

fn terraform() -> Program {
    Program { name: Some("terraform".into()), pid: 4312, path: Some("/usr/local/bin/terraform".into()) }
}

#[test]
fn the_window_says_who_asks_for_what() {
    let s = asked(wanted(Act::CopyKeys, Demand::Here), |q| q.programs.push(terraform()));
    let shown = prompt(&s).expect("it is shown");
    assert_eq!(shown.title, "Touch your key to hand out payments-prod as Administrator");
    assert_eq!(
        shown.body,
        "terraform (process 4312) asks for credentials. Changes there affect live systems. Deny it if you did not \
         start this."
    );
    let touch = shown.touch.expect("a touch");
    assert_eq!((touch.step, touch.instruction.as_str()), (UiTouchStep::Touch, "Touch Solo 2 now."));
    let facts: Vec<_> = touch.facts.iter().map(|f| (f.label.as_str(), f.value.as_str())).collect();
    assert!(facts.contains(&("Account", "payments-prod, 1111-2222-3333")), "{facts:?}");
    assert!(facts.contains(&("Program", "terraform, process 4312")), "{facts:?}");
    assert!(facts.contains(&("Its file", "/usr/local/bin/terraform")), "{facts:?}");
    assert_eq!((touch.deny.as_str(), touch.until), ("Deny", now().as_millisecond() + 48_000));
    let s = asked(wanted(Act::OpenConsole, Demand::Here), |_| ());
    let shown = prompt(&s).expect("it is shown");
    assert_eq!(shown.title, "Touch your key to open payments-prod as Administrator");
    assert_eq!(shown.body, "You asked for it in Latchkey. Changes there affect live systems.");
}

#[test]
fn where_a_word_is_enough_the_window_says_so_and_asks_for_no_key() {
    let s = asked(wanted(Act::CopyKeys, Demand::Words), |q| {
        q.programs.push(terraform());
        q.progress = Progress::Word;
    });
    let shown = prompt(&s).expect("it is shown");
    assert_eq!(shown.title, "Allow payments-prod as Administrator for terraform?");
    let touch = shown.touch.expect("a word");
    assert_eq!((touch.step, touch.another), (UiTouchStep::Word, false));
    assert_eq!((touch.allow.as_deref(), touch.deny.as_str()), (Some("Allow for 15 min"), "Deny"));
    let unknown = asked(wanted(Act::CopyKeys, Demand::Words), |q| {
        q.programs.push(Program { path: None, ..terraform() });
        q.progress = Progress::Word;
    });
    let once = prompt(&unknown).and_then(|shown| shown.touch).and_then(|touch| touch.allow);
    assert_eq!(once.as_deref(), Some("Allow once"));
    assert_eq!(tooltip(&s, &zone()), "Latchkey: allow or deny a program: payments-prod, Administrator");
}

#[test]
fn several_programs_are_counted_and_the_pin_has_its_own_window() {
    let s = asked(wanted(Act::CopyKeys, Demand::Here), |q| {
        q.programs = vec![terraform(), Program { pid: 7, ..Program::default() }];
    });
    assert!(prompt(&s).expect("shown").body.starts_with("terraform (process 4312) and 1 other program ask"));
    let s = asked(wanted(Act::CopyKeys, Demand::Here), |q| q.progress = Progress::Pin);
    assert_eq!(prompt(&s), None);
}

#[test]
fn a_key_that_is_none_is_named_with_the_reason() {
    let said = |demand, fault| {
        let s = asked(wanted(Act::OpenConsole, demand), |q| q.refused = Some(("Solo 2".into(), fault)));
        prompt(&s).expect("shown").wrong.expect("told")
    };
    assert_eq!(said(Demand::Here, KeyFault::NotRegistered), "Solo 2 is not known here.");
    let server = said(Demand::Server, KeyFault::NotRegistered);
    assert_eq!(server, "Solo 2 is not registered for you at your organisation.");
    let refused = said(Demand::Server, KeyFault::Refused);
    assert_eq!(refused, "Solo 2 gave an answer that your organisation refused. Use another key.");
    let cloned = said(Demand::Here, KeyFault::Cloned);
    assert!(cloned.contains("may have been copied: its counter went back"), "{cloned}");
}

#[test]
fn the_trays_first_row_and_its_icon_wait_for_the_touch() {
    let s = asked(wanted(Act::OpenConsole, Demand::Here), |_| ());
    assert_eq!(icon(&s).shape, IconShape::Touch);
    assert_eq!(tooltip(&s, &zone()), "Latchkey: touch your key to continue: payments-prod, Administrator");
    let tray = menu(&s, &zone(), Platform::Linux);
    let Entry::Item { id, label, intent, .. } = &tray.entries[0] else { panic!("{:?}", tray.entries[0]) };
    assert_eq!(id, "touch");
    assert_eq!(label, "Touch your key to continue: payments-prod, Administrator");
    assert_eq!(*intent, Intent::Ask(Request::StepUp(StepUpRequest::Show)));
}

#[test]
fn what_is_open_stays_in_sight_and_keys_and_marks_are_in_settings() {
    let mut s = snapshot();
    s.step_up.opened = vec![Opened {
        grant: grant(PROD, "Administrator"),
        account_name: "payments-prod".into(),
        since: now(),
        until: minutes(48),
        demand: Demand::Here,
    }];
    let (id, name) = ("0a".to_owned(), "Desk".to_owned());
    s.step_up.keys = vec![StepUpKey { id, name, added: now(), used: None, record: "{}".into() }];
    let one = grant(PROD, "Deploy");
    s.settings.safety.step_up.marked = vec![Marked { account: one.account, role: one.role }];
    let shown = ui_state(&s, &Around::default(), &zone());
    assert_eq!(shown.strips[0].text, "Administrator in payments-prod is active");
    assert_eq!(shown.strips[0].expires, Some(minutes(48).as_millisecond()));
    assert_eq!(shown.strips[0].button.label, "Stop now");
    assert_eq!(shown.step_up.keys[0].used, "Not touched yet");
    assert_eq!(shown.step_up.marked[0].account_name, "payments-prod");
    s.step_up.opened[0].until = now();
    assert!(ui_state(&s, &Around::default(), &zone()).strips.is_empty(), "over");
}
