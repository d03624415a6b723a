//! `latch login` and `latch logout`.

use super::done;
use crate::{
    access::Access,
    args::NewOrganisation,
    find::{Stop, ask, unexpected},
    out, pick,
};
use link::{Endpoints, Organisation, Reply, Request};

/// `latch login`.
pub fn login(
    access: &mut Access,
    wanted: Option<&str>,
    code: bool,
    new: NewOrganisation,
    json: bool,
) -> Result<u8, Stop> {
    let org = which(access, wanted, new)?;
    match ask(access, &Request::SignIn { org: org.id.clone(), code })? {
        Reply::Done => {
            done(json, &format!("You are signed in to {} already.", pick::plain(&org.name)));
            return Ok(0);
        }
        Reply::SignInWaits(waits) => {
            let link = waits.link.unwrap_or_default();
            if let Some(code) = &waits.user_code {
                out::tell(&format!("Check that your browser shows this code: {code}"));
                out::tell("Only continue if the codes match and you started this yourself.");
            }
            match &waits.no_browser {
                Some(problem) => {
                    out::problem(problem);
                    out::tell(&format!("Open it yourself: {link}"));
                }
                None if waits.user_code.is_some() => out::tell(&format!("Or open it elsewhere: {link}")),
                None => out::tell("Finish signing in in your browser. This waits up to 10 minutes."),
            }
        }
        _ => return Err(unexpected()),
    }
    ask(access, &Request::AwaitSignIn { org: org.id })?;
    done(json, &format!("You are signed in to {}.", pick::plain(&org.name)));
    Ok(0)
}

/// The organisation that is named, a new one for an address, or the first that needs it.
fn which(access: &mut Access, wanted: Option<&str>, new: NewOrganisation) -> Result<Organisation, Stop> {
    let known = organisations(access)?;
    let Some(wanted) = wanted else {
        let out = known.iter().find(|o| o.sign_in != "signed_in").or(known.first());
        return out.cloned().ok_or_else(|| {
            let next = "Name its start URL: latch login https://YOURS.awsapps.com/start";
            Stop::new("not_found", "No organisation was added yet", next)
        });
    };
    if let Some(found) = named(&known, wanted) {
        return Ok(found.clone());
    }
    let typed = wanted.to_owned();
    let NewOrganisation { region, oidc_endpoint, portal_endpoint, federation_endpoint, sts_endpoint } = new;
    let endpoints = match (oidc_endpoint, portal_endpoint, federation_endpoint, sts_endpoint) {
        (Some(oidc), Some(portal), Some(federation), Some(sts)) => {
            Some(Endpoints { oidc, portal, federation, sts })
        }
        _ => None,
    };
    let Reply::Added(id) = ask(access, &Request::AddOrganisation { typed, region, endpoints, name: None })?
    else {
        return Err(unexpected());
    };
    organisations(access)?.into_iter().find(|o| o.id == id).ok_or_else(unexpected)
}

fn organisations(access: &mut Access) -> Result<Vec<Organisation>, Stop> {
    match ask(access, &Request::Overview)? {
        Reply::Overview(now) => Ok(now.organisations),
        _ => Err(unexpected()),
    }
}

fn named<'a>(known: &'a [Organisation], wanted: &str) -> Option<&'a Organisation> {
    known.iter().find(|o| o.name.eq_ignore_ascii_case(wanted) || o.id == wanted || o.start_url == wanted)
}

/// `latch logout`.
pub fn logout(access: &mut Access, wanted: Option<&str>, all: bool, json: bool) -> Result<u8, Stop> {
    let known = organisations(access)?;
    let chosen: Vec<&Organisation> = match (wanted, known.as_slice()) {
        (Some(wanted), _) => named(&known, wanted).into_iter().collect(),
        (None, _) if all => known.iter().collect(),
        (None, [only]) => vec![only],
        (None, _) => {
            let names: Vec<_> = known.iter().map(|o| pick::plain(&o.name)).collect();
            let next = format!("Name one of them, or --all: {}", names.join(", "));
            return Err(Stop::new("ambiguous", "Say which organisation", &next));
        }
    };
    if chosen.is_empty() {
        return Err(Stop::new("not_found", "No such organisation", "See which there are: latch status"));
    }
    for org in chosen {
        ask(access, &Request::SignOut { org: org.id.clone() })?;
        if !json {
            out::tell(&format!("Signed out of {}.", pick::plain(&org.name)));
        }
    }
    if json {
        done(json, "");
    }
    Ok(0)
}
