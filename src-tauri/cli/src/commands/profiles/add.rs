//! `latch profiles add` and `latch profiles rm`.

use super::{delivery, overview, program, words, write};
use crate::{
    access::Access,
    args::profiles::{Add, Consent, Delivery},
    find::{self, Stop, unexpected},
};
use adapters::profiles::{AwsProfiles, Origin, ProfileName, Removal, Way, Whose, Wish};
use link::Role;

/// `latch profiles add`.
pub fn add(access: &mut Access, files: &AwsProfiles, wanted: &Add, json: bool) -> Result<u8, Stop> {
    let profile = ProfileName::new(&wanted.name)
        .map_err(|error| Stop::new("usage", &error.to_string(), "Nothing was written."))?;
    let elsewhere = files.in_credentials().map_err(|e| words::not_changed(&e.into()))?;
    if elsewhere.iter().any(|(name, _)| *name == wanted.name) {
        let title = format!("The credentials file has a profile {} already", wanted.name);
        return Err(Stop::new("profile_taken", &title, "Choose another name: tools would mix the two."));
    }
    if let Some(flag) = wanted.session.first_flag().filter(|_| wanted.chain_from.is_none()) {
        let title = format!("{flag} is of a role that is assumed");
        return Err(Stop::new("usage", &title, "Say with which profile's credentials: --chain-from PROFILE"));
    }
    let (way, region) = match (&wanted.chain_from, &wanted.role_arn) {
        (Some(source), Some(arn)) => (chain(files, wanted, source, arn)?, wanted.region.clone()),
        _ => of_role(access, wanted)?,
    };
    let region_too = wanted.region.is_some();
    let wish = Wish { profile, origin: Origin::Added, way, region, region_too, take_over: None };
    write::carry_out(files, &[wish], &[], wanted.consent, json, serde_json::json!({}))?;
    Ok(0)
}

fn of_role(access: &mut Access, wanted: &Add) -> Result<(Way, Option<String>), Stop> {
    let (Some(account), Some(role)) = (&wanted.account, &wanted.role) else { return Err(unexpected()) };
    let how = "latch profiles add NAME --account ACCOUNT --role ROLE --organisation NAME";
    let (Role { org, account, role }, others) =
        find::role_among(access, account, role, wanted.organisation.as_deref(), how)?;
    let now = overview(access)?;
    let org = now.organisations.iter().find(|it| it.id == org).ok_or_else(unexpected)?;
    if super::is_sample(org) {
        return Err(super::sample());
    }
    let region = wanted.region.clone().unwrap_or_else(|| org.region.clone());
    let way = match delivery(wanted.delivery, org) {
        Delivery::Sso => {
            Way::Sso { start_url: org.start_url.clone(), region: org.region.clone(), account, role }
        }
        Delivery::Process => program::way(&account, &role, others.then_some(org.id.as_str()))?,
    };
    Ok((way, Some(region)))
}

fn chain(files: &AwsProfiles, wanted: &Add, source: &str, arn: &str) -> Result<Way, Stop> {
    if program::role_of(arn).is_none() {
        let title = format!("\"{}\" is not the ARN of a role", crate::pick::plain(arn));
        return Err(Stop::new("usage", &title, "It looks like arn:aws:iam::111122223333:role/NAME."));
    }
    let known = files.listing().map_err(|e| words::not_changed(&e.into()))?;
    let elsewhere = files.in_credentials().map_err(|e| words::not_changed(&e.into()))?;
    let listed = known.profile(source);
    if listed.is_none() && !elsewhere.iter().any(|(name, _)| name == source) {
        let title = format!("There is no profile {} to take credentials from", crate::pick::plain(source));
        return Err(Stop::new("not_found", &title, "See which there are: latch profiles"));
    }
    let session = &wanted.session;
    let tagged = !session.tag.is_empty() || !session.transitive_tag.is_empty();
    if tagged && wanted.delivery == Some(Delivery::Sso) {
        let title = "AWS's config file has no key for session tags";
        let next = "Leave --delivery out: then AWS's tools ask latch, which assumes the role with them.";
        return Err(Stop::new("usage", title, next));
    }
    if tagged || wanted.delivery == Some(Delivery::Process) {
        let ours = listed.filter(|it| matches!(it.whose, Whose::Ours(_) | Whose::Kept));
        let source = match ours.and_then(|it| it.process.as_deref()) {
            Some(line) if line.contains(" --assume=") => {
                let title = format!("{} is assumed by latch itself", crate::pick::plain(source));
                let next =
                    "Chain from the profile that it is chained from, or leave the tags and --delivery out.";
                return Err(Stop::new("unsupported", &title, next));
            }
            Some(line) => program::Source::Ours(line),
            None => program::Source::Profile(source),
        };
        return program::assumed(&source, arn, session);
    }
    Ok(Way::Chain {
        role_arn: arn.to_owned(),
        source_profile: source.to_owned(),
        session_name: session.session_name.clone(),
        external_id: session.external_id.clone(),
        duration: session.duration,
    })
}

/// `latch profiles rm`.
pub fn remove(
    files: &AwsProfiles,
    name: &str,
    force: bool,
    consent: Consent,
    json: bool,
) -> Result<u8, Stop> {
    let removal = Removal { profile: name.to_owned(), foreign_too: force };
    write::carry_out(files, &[], &[removal], consent, json, serde_json::json!({}))?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::program::role_of;

    #[test]
    fn only_a_role_can_be_assumed() {
        assert_eq!(role_of("arn:aws:iam::111122223333:role/path/Deploy"), Some(("111122223333", "Deploy")));
        assert_eq!(role_of("arn:aws-us-gov:iam::111122223333:role/Deploy"), Some(("111122223333", "Deploy")));
        for bad in [
            "Deploy",
            "arn:aws:iam::1111:role/x",
            "arn:aws:iam::111122223333:user/x",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role/$(id)",
        ] {
            assert_eq!(role_of(bad), None, "{bad}");
        }
    }
}
