//! Reading Activity: what is asked of the engine, what a filter keeps, and what stands in a file.

use crate::{
    Reading, Step, UiReply, UiRequest,
    fixture::{DEV, PROD, grant, minutes, now, snapshot, with, zone},
    ui_activity::{UiActivity, UiActivityFilter, UiActivityKind, UiBy, UiExportFormat},
    ui_state,
};
use engine::{
    Reply, Request,
    model::{
        code::Code,
        history::{By, Entry, Event},
        ids::{AccountId, OrgId, ProfileName},
    },
    ports::{RecordCheck, RecordedAccount},
    request::ExportFormat,
};

/// A record of so many lines, newest first: refreshes of two accounts, one in ten failed, and launches.
fn record(lines: i64) -> Vec<Entry> {
    let event = |id: i64| {
        let (account, name) = if id % 2 == 0 { (DEV, "payments-dev") } else { (PROD, "payments-prod") };
        let (profile, grant) = (ProfileName::new("pay"), grant(account, "ReadOnly"));
        let account_name = name.to_owned();
        match id % 10 {
            0 => Event::RefreshFailed { profile, grant, account_name, code: Code::AccessRemoved },
            1 => Event::ConsoleOpened { grant, account_name },
            _ => Event::Refreshed {
                profile,
                grant,
                account_name,
                expires: minutes(60),
                key_tail: Some("4QZX".into()),
            },
        }
    };
    let by = |id: i64| if id % 10 == 1 { By::You } else { By::Schedule };
    (1..=lines).rev().map(|id| Entry { id, at: minutes(id - lines), by: by(id), event: event(id) }).collect()
}

/// Plays the engine; tells what it was asked.
fn read(asked: &UiRequest, record: &[Entry]) -> (UiReply, Vec<Request>) {
    let mut reading = Reading::of(asked).unwrap();
    let mut requests = Vec::new();
    loop {
        let request = match reading.step() {
            Step::Answer(reply) => return (reply, requests),
            Step::Ask(request) => request,
        };
        let reply = match &request {
            Request::RecordedAccounts => Reply::RecordedAccounts(vec![
                RecordedAccount {
                    org: OrgId::new("acme"),
                    account: AccountId::new(PROD),
                    name: Some("payments-prod".into()),
                },
                RecordedAccount { org: OrgId::new("gone"), account: AccountId::new(DEV), name: None },
            ]),
            Request::History(page) => {
                let fits = |e: &&Entry| {
                    page.before.is_none_or(|id| e.id < id)
                        && page.since.is_none_or(|at| e.at >= at)
                        && page.until.is_none_or(|at| e.at < at)
                };
                let limit = usize::try_from(page.limit).unwrap();
                Reply::History(record.iter().filter(fits).take(limit).cloned().collect())
            }
            Request::SaveExport { .. } => Reply::Exported("/home/sam/Downloads/a.csv".into()),
            other => panic!("{other:?} is no reading"),
        };
        requests.push(request);
        reading.take(reply, &snapshot(), &zone());
    }
}

fn history(filter: UiActivityFilter, before: Option<i64>) -> UiRequest {
    UiRequest::History { filter, before, limit: 100 }
}

fn page(filter: UiActivityFilter, before: Option<i64>, record: &[Entry]) -> (Vec<UiActivity>, bool) {
    match read(&history(filter, before), record).0 {
        UiReply::Activity { lines, more, .. } => (lines, more),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_long_record_comes_in_pages() {
    let record = record(30_000);
    let (reply, asked) = read(&history(UiActivityFilter::default(), None), &record);
    let UiReply::Activity { lines, more, accounts } = reply else { panic!("lines") };
    assert_eq!((lines.len(), lines[0].id, more), (100, 30_000, true));
    assert_eq!(asked.len(), 2, "the accounts, and one page");
    let accounts: Vec<_> = accounts.unwrap().into_iter().map(|a| (a.id, a.name)).collect();
    let expect = [(format!("gone/{DEV}"), "4444-5555-6666"), (format!("acme/{PROD}"), "payments-prod")];
    assert_eq!(accounts, expect.map(|(id, name)| (id, name.to_owned())));
    let (lines, more) = page(UiActivityFilter::default(), Some(51), &record);
    assert_eq!((lines.len(), lines[0].id, more), (50, 50, false));
}

#[test]
fn each_filter_by_itself() {
    let record = record(1000);
    let none = UiActivityFilter::default;
    let count = |filter| {
        let (mut lines, mut before) = (0, None);
        loop {
            let (page, more) = page(UiActivityFilter::clone(&filter), before, &record);
            lines += page.len();
            before = page.last().map(|l| l.id);
            if !more {
                return lines;
            }
        }
    };
    assert_eq!(count(none()), 1000);
    assert_eq!(count(UiActivityFilter { ok: Some(false), ..none() }), 100);
    assert_eq!(count(UiActivityFilter { ok: Some(true), ..none() }), 900);
    assert_eq!(count(UiActivityFilter { kind: Some(UiActivityKind::Launch), ..none() }), 100);
    assert_eq!(count(UiActivityFilter { by: Some(UiBy::You), ..none() }), 100);
    assert_eq!(count(UiActivityFilter { account: Some(format!("acme/{DEV}")), ..none() }), 500);
    assert_eq!(count(UiActivityFilter { query: "prod OPENED".into(), ..none() }), 100);
    let since = minutes(-9).as_millisecond();
    assert_eq!(count(UiActivityFilter { since: Some(since), ..none() }), 10);
    assert_eq!(count(UiActivityFilter { until: Some(since), ..none() }), 990);
    let both = UiActivityFilter { ok: Some(false), kind: Some(UiActivityKind::Launch), ..none() };
    assert_eq!(count(both), 0);
}

#[test]
fn one_line_with_all_its_fields_and_no_more_of_a_key_than_its_end() {
    let (reply, asked) = read(&UiRequest::ActivityEntry { id: 7 }, &record(20));
    let UiReply::Entry { json } = reply else { panic!("an entry") };
    assert_eq!(asked.len(), 1);
    let entry: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&entry["id"], &entry["event"]["event"]), (&7.into(), &"refreshed".into()));
    assert_eq!(entry["event"]["key_tail"], "4QZX");
    let UiReply::Entry { json } = read(&UiRequest::ActivityEntry { id: 99 }, &record(20)).0 else {
        panic!("an entry");
    };
    assert_eq!(json, "", "one that is gone");
}

#[test]
fn a_file_has_all_that_fits_and_is_not_written_by_the_window() {
    let record = record(1200);
    let filter = UiActivityFilter { ok: Some(false), ..UiActivityFilter::default() };
    for (format, as_engine) in
        [(UiExportFormat::Csv, ExportFormat::Csv), (UiExportFormat::JsonLines, ExportFormat::JsonLines)]
    {
        let asked = UiRequest::ExportActivity { filter: filter.clone(), format };
        let (reply, requests) = read(&asked, &record);
        let UiReply::Exported { text, .. } = reply else { panic!("exported") };
        assert_eq!(text, "Saved to /home/sam/Downloads/a.csv. Only you can read it.");
        let Some(Request::SaveExport { format: saved, text, lines }) = requests.last() else {
            panic!("saved")
        };
        assert_eq!((*saved, *lines), (as_engine, 120));
        let head = usize::from(format == UiExportFormat::Csv);
        assert_eq!(text.lines().count(), 120 + head);
        if format == UiExportFormat::JsonLines {
            let back: Vec<Entry> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
            assert!(record.contains(&back[0]), "what was written is what stands in the store");
        } else {
            let first = text.lines().nth(1).unwrap();
            assert!(first.starts_with("\"2026-11-24T"), "{first}");
            assert!(first.contains("\"payments-dev, ReadOnly\",\"Schedule\",\"Failed\",\"1200\""), "{first}");
        }
    }
}

#[test]
fn the_line_over_activity() {
    let shown = |check| {
        let s = with(|s| s.record.checked = Some((now(), check)));
        ui_state(&s, &crate::Around::default(), &zone()).record
    };
    let intact = shown(Ok(RecordCheck::Intact { lines: 9, late: 0 }));
    assert_eq!((intact.text.as_str(), intact.note.as_str()), ("Record chain intact", ""));
    assert_eq!((intact.checked, intact.problem), (Some(now().as_millisecond()), None));
    let broken = shown(Ok(RecordCheck::Broken { entry: 1204 })).problem.unwrap();
    assert_eq!(broken.title, "The record was changed outside Latchkey at entry 1\u{a0}204");
    assert_eq!(broken.meaning, "Entries after it cannot be trusted.");
    assert!(shown(Ok(RecordCheck::Intact { lines: 9, late: 2 })).note.starts_with("2 entries"));
    assert_eq!(shown(Ok(RecordCheck::Unsealed)).text, "Record not sealed");
    assert!(shown(Err(Code::AccessRemoved)).problem.is_some());
}
