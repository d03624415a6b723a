//! `/admin/audit`: what was done, by whom, from where, newest first.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    Administrator, Answer, gone, moment,
    page::{Cell, Field, Form, Link, Mistakes, Page, Part, ROWS, Table, way},
};
use crate::{
    audit::{self, Event},
    fields::Fields,
    store::{FoundEvent, Lookup, Position, StoreError},
};

/// GET `/admin/audit`.
pub fn list(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let mut mistakes = Mistakes::default();
    let wanted = wanted(fields, &mut mistakes);
    let most = usize::try_from(ROWS).unwrap_or(usize::MAX);
    // Mistaken filters would show what nobody asked for.
    let mut found =
        if mistakes.is_empty() { of.instance.store.look_up_audit(&wanted, most + 1)? } else { Vec::new() };
    if mistakes.is_empty() {
        recorded(of, &wanted)?;
    }
    let more = found.len() > most;
    found.truncate(most);
    let on = |after: Option<String>| {
        let filters = ["username", "event", "resource", "from", "to"];
        let kept = filters.into_iter().filter_map(|name| Some((name, fields.get(name)?)));
        way("/admin/audit", kept.chain(after.as_deref().map(|after| ("after", after))))
    };
    let next = found.last().filter(|_| more).map(|last| on(Some(written(last.position))));
    let table = Table {
        caption: "Events, the newest first".to_owned(),
        columns: vec!["When", "Event", "By", "From", "About", "Outcome"],
        rows: found.iter().map(row).collect(),
        empty: "No event matches. Widen the dates or leave a filter out.",
        next,
        first: fields.get("after").map(|_| on(None)),
    };
    let line = |name, label| Field::line(name, label, fields);
    let mut form = Form {
        action: "/admin/audit",
        is_step: true,
        fields: vec![
            line("username", "User name"),
            line("event", "Event").hint("Such as CreateUser or GetRoleCredentials."),
            line("resource", "About").hint("An account ID, or the name of a permission set or application."),
            line("from", "From day").hint("Such as 2026-11-26, in UTC."),
            line("to", "To day"),
        ],
        submit: "Look up",
        ..Form::default()
    };
    mistakes.mark(&mut form);
    let banner = (!mistakes.is_empty()).then(|| {
        Part::Banner(
            super::page::Tone::Error,
            "Nothing was looked up: a date is not written as 2026-11-26.".to_owned(),
        )
    });
    let page = Page::new("Audit").with_some(banner).with(Part::Form(form)).with(Part::Table(table));
    Ok(page.show_as(of, mistakes.status()))
}

/// That somebody looked is recorded, as it is of the API's `LookupEvents`, and in its words.
fn recorded(of: &Administrator<'_>, wanted: &Lookup) -> Result<(), StoreError> {
    let asked = [
        ("EventId", &wanted.event_id),
        ("Username", &wanted.username),
        ("EventName", &wanted.name),
        ("ResourceName", &wanted.resource_name),
    ];
    let asked: Vec<Value> = asked
        .into_iter()
        .filter_map(|(key, value)| Some(json!({ "AttributeKey": key, "AttributeValue": value.as_ref()? })))
        .collect();
    let day = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
    of.instance.record(&Event {
        source: audit::CLOUDTRAIL,
        name: "LookupEvents",
        user: Some(&of.person.user),
        session: Some(&of.person.session),
        request: json!({
            "LookupAttributes": asked,
            "StartTime": day(wanted.from),
            "EndTime": day(wanted.to),
        }),
        ..Event::default()
    })
}

fn wanted(fields: &Fields, mistakes: &mut Mistakes) -> Lookup {
    let text =
        |name: &str| fields.get(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let mut day = |name: &'static str| -> Option<Timestamp> {
        let written = text(name)?;
        let day = format!("{written}T00:00:00Z").parse::<Timestamp>().ok();
        if day.is_none() {
            mistakes.add(name, "Write a day as 2026-11-26.");
        }
        day
    };
    let (from, to) = (day("from"), day("to"));
    Lookup {
        from,
        // To the end of that day.
        to: to.and_then(|to| to.checked_add(SignedDuration::from_millis(24 * 3_600_000 - 1)).ok()),
        username: text("username"),
        name: text("event"),
        resource_name: text("resource"),
        after: fields.get("after").and_then(read),
        ..Lookup::default()
    }
}

fn written(position: Position) -> String {
    format!("{}.{}", position.moment, position.id)
}

fn read(after: &str) -> Option<Position> {
    let (moment, id) = after.split_once('.')?;
    Some(Position { moment: moment.parse().ok()?, id: id.parse().ok()? })
}

fn row(event: &FoundEvent) -> Vec<Cell> {
    let body: Value = serde_json::from_str(&event.event).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let what = match &event.event_id {
        Some(id) => Cell::Link(Link::new(way("/admin/audit/event", [("id", id.as_str())]), &event.name)),
        None => Cell::text(&event.name),
    };
    let about: Vec<String> =
        crate::store::resources_of(&body).into_iter().map(|resource| resource.name).collect();
    let outcome = match body["errorCode"].as_str() {
        Some(code) => code.to_owned(),
        None => text(&body["serviceEventDetails"][event.name.as_str()]),
    };
    let by = event.username.clone().or(event.access_key_id.clone()).unwrap_or("–".to_owned());
    vec![
        Cell::text(moment(event.moment)),
        what,
        Cell::text(by),
        Cell::text(text(&body["sourceIPAddress"])),
        Cell::text(about.join(", ")),
        Cell::text(if outcome.is_empty() { "Success".to_owned() } else { outcome }),
    ]
}

/// GET `/admin/audit/event`, with its `id`.
pub fn show(of: &Administrator<'_>, fields: &Fields) -> Answer {
    let event_id = Some(fields.get("id").unwrap_or_default().to_owned());
    let wanted = Lookup { event_id, ..Lookup::default() };
    let found = of.instance.store.look_up_audit(&wanted, 1)?;
    recorded(of, &wanted)?;
    let event = found.into_iter().next().ok_or_else(|| gone("event"))?;
    let body: Value = serde_json::from_str(&event.event).unwrap_or_default();
    let text = serde_json::to_string_pretty(&body).unwrap_or(event.event);
    let page = Page::new(event.name).below("/admin/audit", "Audit").with(Part::Code(text));
    Ok(page.show(of))
}
