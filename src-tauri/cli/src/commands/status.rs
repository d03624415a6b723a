//! `latch status`: who is signed in until when, and how the profiles stand.

use crate::{
    access::Access,
    find::{Stop, ask, unexpected},
    out, pick,
};
use jiff::Timestamp;
use link::{Organisation, Overview, Profile, Reply, Request};
use view::words::{ago, until};

/// `latch status`. Ends with 3 when somebody has to sign in.
pub fn status(access: &mut Access, json: bool) -> Result<u8, Stop> {
    let program = access.program().to_owned();
    let Reply::Overview(now) = ask(access, &Request::Overview)? else { return Err(unexpected()) };
    if json {
        out::json(&serde_json::json!({ "app_runs": program == "latchkey", "overview": now }));
    } else {
        lines(&now, program == "latchkey").iter().for_each(|line| out::line(line));
    }
    let signed_in = now.organisations.iter().any(|o| o.sign_in == "signed_in");
    Ok(if signed_in || now.organisations.is_empty() { 0 } else { crate::exit::SIGN_IN_NEEDED })
}

fn lines(now: &Overview, app_runs: bool) -> Vec<String> {
    let at: Timestamp = now.at.parse().unwrap_or_default();
    let mut lines = Vec::new();
    if now.organisations.is_empty() {
        lines.push("No organisation yet. Add one: latch login https://YOURS.awsapps.com/start".to_owned());
    }
    let rows: Vec<_> = now.organisations.iter().map(|o| organisation(o, at)).collect();
    lines.extend(out::table(&rows));
    if !now.profiles.is_empty() {
        lines.push(String::new());
        let rows: Vec<_> = now.profiles.iter().map(|p| profile(p, at)).collect();
        lines.extend(out::table(&rows));
    }
    match now.paused.as_deref() {
        Some("") => lines.push("Refreshing is paused until you resume.".to_owned()),
        Some(end) => lines.push(format!("Refreshing is paused until {end}.")),
        None => {}
    }
    if !now.online {
        lines.push("You are offline.".to_owned());
    }
    if !app_runs && !now.profiles.is_empty() {
        lines.push("The app does not run, so nothing is refreshed by itself.".to_owned());
    }
    lines
}

fn organisation(org: &Organisation, at: Timestamp) -> Vec<String> {
    let end: Option<Timestamp> = org.ends.as_deref().and_then(|end| end.parse().ok());
    let state = match (org.sign_in.as_str(), end) {
        ("signed_in", Some(end)) => format!("signed in, {} left", until(at, end)),
        ("signed_in", None) => "signed in".to_owned(),
        ("in_progress", _) => "signing in".to_owned(),
        ("expired", Some(end)) => format!("expired {}", ago(at, end)),
        ("revoked", _) => "ended by the server".to_owned(),
        _ => "signed out".to_owned(),
    };
    vec![
        pick::plain(&org.name),
        state,
        pick::plain(org.user.as_deref().unwrap_or_default()),
        org.start_url.clone(),
    ]
}

fn profile(profile: &Profile, at: Timestamp) -> Vec<String> {
    let end: Option<Timestamp> = profile.expires.as_deref().and_then(|end| end.parse().ok());
    let left = match end {
        Some(end) if end > at => format!("{} left", until(at, end)),
        Some(_) => "expired".to_owned(),
        None => String::new(),
    };
    vec![
        pick::plain(&profile.name),
        profile.state.replace('_', " "),
        left,
        format!("{}/{}", pick::plain(&profile.account_name), pick::plain(&profile.role)),
    ]
}
