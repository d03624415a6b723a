//! `latch history`: what Latchkey did lately.

use crate::{
    access::Access,
    find::{Stop, ask, unexpected},
    out, pick,
};
use jiff::{Timestamp, tz::TimeZone};
use link::{Line, Reply, Request};

/// `latch history`.
pub fn history(access: &mut Access, lines: u32, json: bool) -> Result<u8, Stop> {
    let Reply::History(found) = ask(access, &Request::History { limit: lines })? else {
        return Err(unexpected());
    };
    if json {
        out::json(&found);
        return Ok(0);
    }
    let zone = TimeZone::system();
    let row = |line: &Line| vec![when(&line.at, &zone), pick::plain(&line.sentence), pick::plain(&line.by)];
    // The newest at the end, where the eye is.
    let rows: Vec<_> = found.iter().rev().map(row).collect();
    out::table(&rows).iter().for_each(|line| out::line(line));
    Ok(0)
}

/// A moment as a person's clock has it.
fn when(at: &str, zone: &TimeZone) -> String {
    let read: Result<Timestamp, _> = at.parse();
    read.map_or_else(
        |_| at.to_owned(),
        |at| at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}
