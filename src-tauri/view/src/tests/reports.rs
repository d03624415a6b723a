//! The report of a problem: facts, and no name of anything of the person's.

use crate::{
    Reading, Step, UiRequest,
    ask::UiReply,
    fixture::{DEV, PROD, grant, profile, with, zone},
    reply,
};
use engine::request::ExportFormat;
use engine::{
    Reply, Request,
    model::{
        code::Code,
        history::{By, Entry, Event},
        ids::ProfileName,
        profile::State,
        settings::NamedBy,
    },
};
use jiff::Timestamp;

#[test]
fn a_report_has_facts_and_kinds_and_no_name() {
    let s = with(|s| {
        s.profiles = vec![profile("secret-project", grant(PROD, "Administrator"), 42, State::Fresh)];
        s.file.readable_by_others = Some(0o644);
        s.way.proxy = Some(("http://proxy.acme.test:3128".into(), NamedBy::Environment("HTTPS_PROXY")));
    });
    let event = |event| Entry { id: 1, at: Timestamp::UNIX_EPOCH, by: By::You, event };
    let code = Code::NoAnswer { host: "acme.awsapps.com".into() };
    let account_name = "payments-dev".to_owned();
    let entries = vec![
        event(Event::ConsoleFailed { grant: grant(DEV, "PowerUser"), account_name, code }),
        event(Event::KeepStopped { profile: ProfileName::new("secret-project"), removed: true }),
        event(Event::Resumed),
    ];
    let asked = UiRequest::Diagnostics;
    let UiReply::Diagnostics { text } = reply(Ok(Reply::History(entries)), &asked, &s, &zone()) else {
        panic!("no report")
    };
    for line in [
        "Proxy: HTTPS_PROXY",
        "Credentials file: readable by others, 0644",
        "Organisation 1: AWS, eu-west-1, signed in, ",
        "Profiles kept fresh: 1 fresh",
        "1970-01-01T00:00:00Z console_failed no_answer",
        "1970-01-01T00:00:00Z keep_stopped",
        "1970-01-01T00:00:00Z resumed",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    let lower = text.to_lowercase();
    for name in ["secret-project", "payments", "administrator", "poweruser", "sam", "acme", DEV, PROD] {
        assert!(!lower.contains(name), "{name} is in:\n{text}");
    }
    assert!(matches!(Request::try_from(asked), Ok(Request::History { .. })));
}

#[test]
fn a_report_is_saved_as_it_is_shown() {
    let s = with(|_| ());
    let Some(mut reading) = Reading::of(&UiRequest::SaveDiagnostics) else { panic!("it takes no steps") };
    let entries = vec![Entry { id: 1, at: Timestamp::UNIX_EPOCH, by: By::You, event: Event::Resumed }];
    let shown = reply(Ok(Reply::History(entries.clone())), &UiRequest::Diagnostics, &s, &zone());
    let UiReply::Diagnostics { text: shown } = shown else { panic!("no report") };
    let Step::Ask(Request::History(page)) = reading.step() else { panic!("nothing is read") };
    assert_eq!(page.before, None);
    reading.take(Reply::History(entries), &s, &zone());
    let Step::Ask(Request::SaveExport { format, text, .. }) = reading.step() else {
        panic!("nothing is saved")
    };
    assert_eq!((format, text), (ExportFormat::Report, shown));
    reading.take(Reply::Exported("/home/sam/r.txt".into()), &s, &zone());
    assert!(matches!(reading.step(), Step::Answer(UiReply::Exported { .. })));
}
