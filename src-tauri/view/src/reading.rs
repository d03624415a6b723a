//! Reading Activity for the window: page after page is asked of the engine, and what a filter wants is kept.
//! The whole record never goes to the window, and a file is not written by it.

use crate::{
    activity::{account_key, line},
    ask::{UiReply, UiRequest},
    diagnostics, export,
    ui_activity::{UiActivity, UiActivityAccount, UiActivityFilter, UiExportFormat},
    words::group_account_id,
};
use engine::{
    Reply, Request, Snapshot,
    model::{Timestamp, history::Entry},
    ports::{HistoryPage, RecordedAccount},
    request::ExportFormat,
};
use jiff::tz::TimeZone;

/// Lines asked of the engine at once.
const PAGE: u32 = 500;
/// Lines that the window gets at once, at most.
const MOST: usize = 500;

/// One wish of the window that takes several of the engine.
pub struct Reading {
    filter: UiActivityFilter,
    what: What,
    before: Option<i64>,
    next: Next,
}

enum What {
    Page { limit: usize, lines: Vec<UiActivity>, accounts: Option<Vec<UiActivityAccount>> },
    Export { format: UiExportFormat, text: String, lines: u32 },
    Entry { id: i64 },
    Report { text: String },
}

enum Next {
    Accounts,
    Lines,
    Save,
    Done(UiReply),
}

/// What to do next.
pub enum Step {
    /// Ask the engine, and hand its answer to [`Reading::take`]. A failure is the answer to the window.
    Ask(Request),
    /// Answer the window.
    Answer(UiReply),
}

impl Reading {
    /// The reading that a request is, if it is one.
    #[must_use]
    pub fn of(asked: &UiRequest) -> Option<Self> {
        let (filter, what, before, next) = match asked.clone() {
            UiRequest::History { filter, before, limit } => {
                let limit = usize::try_from(limit).unwrap_or(MOST).clamp(1, MOST);
                // The first page brings what can be chosen from.
                let next = if before.is_none() { Next::Accounts } else { Next::Lines };
                (filter, What::Page { limit, lines: Vec::new(), accounts: None }, before, next)
            }
            UiRequest::ExportActivity { filter, format } => {
                let text = export::head(format);
                (filter, What::Export { format, text, lines: 0 }, None, Next::Lines)
            }
            UiRequest::ActivityEntry { id } => {
                let before = id.checked_add(1);
                (UiActivityFilter::default(), What::Entry { id }, before, Next::Lines)
            }
            UiRequest::SaveDiagnostics => {
                let what = What::Report { text: String::new() };
                (UiActivityFilter::default(), what, None, Next::Lines)
            }
            _ => return None,
        };
        Some(Self { filter, what, before, next })
    }

    /// What to do next.
    pub fn step(&mut self) -> Step {
        match &self.next {
            Next::Accounts => Step::Ask(Request::RecordedAccounts),
            Next::Lines => Step::Ask(Request::History(HistoryPage {
                before: self.before,
                limit: match self.what {
                    What::Entry { .. } => 1,
                    What::Report { .. } => diagnostics::LATELY,
                    What::Page { .. } | What::Export { .. } => PAGE,
                },
                since: self.filter.since.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
                until: self.filter.until.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
            })),
            Next::Save => match &mut self.what {
                What::Export { format, text, lines } => Step::Ask(Request::SaveExport {
                    format: match format {
                        UiExportFormat::Csv => ExportFormat::Csv,
                        UiExportFormat::JsonLines => ExportFormat::JsonLines,
                    },
                    text: std::mem::take(text),
                    lines: *lines,
                }),
                What::Report { text } => Step::Ask(Request::SaveExport {
                    format: ExportFormat::Report,
                    text: std::mem::take(text),
                    lines: 0,
                }),
                What::Page { .. } | What::Entry { .. } => Step::Answer(UiReply::Done),
            },
            Next::Done(reply) => Step::Answer(reply.clone()),
        }
    }

    /// Takes the engine's answer.
    pub fn take(&mut self, reply: Reply, s: &Snapshot, zone: &TimeZone) {
        match reply {
            Reply::RecordedAccounts(found) => {
                if let What::Page { accounts, .. } = &mut self.what {
                    *accounts = Some(named(s, &found));
                }
                self.next = Next::Lines;
            }
            Reply::History(entries) => self.lines(&entries, s, zone),
            Reply::Exported(path) => {
                let path = path.display().to_string();
                let text = format!("Saved to {path}. Only you can read it.");
                self.next = Next::Done(UiReply::Exported { path, text });
            }
            _ => self.next = Next::Done(UiReply::Done),
        }
    }

    fn lines(&mut self, entries: &[Entry], s: &Snapshot, zone: &TimeZone) {
        self.before = entries.last().map(|e| e.id).or(self.before);
        let last = entries.is_empty();
        let wanted = entries.iter().map(|e| (e, line(s, e, zone))).filter(|(_, l)| fits(&self.filter, l));
        match &mut self.what {
            What::Page { limit, lines, accounts } => {
                lines.extend(wanted.map(|(_, line)| line));
                // One more than wanted says that there are more.
                if last || lines.len() > *limit {
                    let more = lines.len() > *limit;
                    lines.truncate(*limit);
                    let lines = std::mem::take(lines);
                    self.next = Next::Done(UiReply::Activity { lines, more, accounts: accounts.take() });
                }
            }
            What::Export { format, text, lines } => {
                for (entry, line) in wanted {
                    export::add(text, *format, entry, &line);
                    *lines = lines.saturating_add(1);
                }
                if last {
                    self.next = Next::Save;
                }
            }
            What::Report { text } => {
                *text = diagnostics::text(s, entries);
                self.next = Next::Save;
            }
            What::Entry { id } => {
                let found = entries.first().filter(|e| e.id == *id);
                let json = found.and_then(|e| serde_json::to_string_pretty(e).ok()).unwrap_or_default();
                self.next = Next::Done(UiReply::Entry { json });
            }
        }
    }
}

/// Whether a line is wanted; its moment was asked of the engine.
fn fits(filter: &UiActivityFilter, line: &UiActivity) -> bool {
    let same = filter.kind.is_none_or(|kind| kind == line.kind)
        && filter.by.is_none_or(|by| by == line.by)
        && filter.ok.is_none_or(|ok| ok == line.ok)
        && filter.account.as_ref().is_none_or(|account| Some(account) == line.account.as_ref());
    let words = filter.query.to_lowercase();
    same && {
        let text =
            format!("{} {}", line.sentence, line.subject.as_deref().unwrap_or_default()).to_lowercase();
        words.split_whitespace().all(|word| text.contains(word))
    }
}

fn named(s: &Snapshot, found: &[RecordedAccount]) -> Vec<UiActivityAccount> {
    let name = |a: &RecordedAccount| {
        let number = group_account_id(a.account.as_str());
        a.name.clone().filter(|name| *name != a.account.as_str()).unwrap_or(number)
    };
    let org = |a: &RecordedAccount| {
        let known = s.organisations.iter().find(|o| o.organisation.id == a.org);
        known.map_or_else(|| "removed".to_owned(), |o| o.organisation.name.clone())
    };
    let mut accounts: Vec<_> = found
        .iter()
        .map(|a| {
            let twice = found.iter().filter(|other| name(other) == name(a)).count() > 1;
            let name = if twice { format!("{} ({})", name(a), org(a)) } else { name(a) };
            UiActivityAccount { id: account_key(&a.org, &a.account), name }
        })
        .collect();
    accounts.sort_by_key(|a| a.name.to_lowercase());
    accounts
}
