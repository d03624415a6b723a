//! `latch profiles add` and `latch profiles rm`.

use super::{delivery, overview, program, words, write};
use crate::{
    access::Access,
    args::profiles::{Add, Consent, Delivery},
    find::{self, Stop, unexpected},
};
use adapters::profiles::{AwsProfiles, Origin, ProfileName, Removal, Way, Wish};
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
    let Role { org, account, role } = find::exact_role(access, account, role, None)?;
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
        Delivery::Process => program::way(&account, &role, None)?,
    };
    Ok((way, Some(region)))
}

fn chain(files: &AwsProfiles, wanted: &Add, source: &str, arn: &str) -> Result<Way, Stop> {
    if let Some(tag) = wanted.tag.first() {
        let title = format!("The session tag {} cannot be written", crate::pick::plain(tag));
        let next = "AWS's config file has no key for session tags, and Latchkey does not assume roles itself \
                    yet. Leave --tag out, or tag in the call: aws sts assume-role --tags";
        return Err(Stop::new("unsupported", &title, next));
    }
    if !is_role(arn) {
        let title = format!("\"{}\" is not the ARN of a role", crate::pick::plain(arn));
        return Err(Stop::new("usage", &title, "It looks like arn:aws:iam::111122223333:role/NAME."));
    }
    let known = files.listing().map_err(|e| words::not_changed(&e.into()))?;
    let elsewhere = files.in_credentials().map_err(|e| words::not_changed(&e.into()))?;
    if known.profile(source).is_none() && !elsewhere.iter().any(|(name, _)| name == source) {
        let title = format!("There is no profile {} to take credentials from", crate::pick::plain(source));
        return Err(Stop::new("not_found", &title, "See which there are: latch profiles"));
    }
    Ok(Way::Chain {
        role_arn: arn.to_owned(),
        source_profile: source.to_owned(),
        session_name: wanted.session_name.clone(),
        external_id: wanted.external_id.clone(),
    })
}

/// `arn:PARTITION:iam::ACCOUNT:role/PATH` (IAM User Guide, "IAM identifiers").
fn is_role(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    matches!(parts.as_slice(), ["arn", partition, "iam", "", account, what]
        if partition.starts_with("aws")
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && what.strip_prefix("role/").is_some_and(|name| !name.is_empty()))
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
    use super::*;

    #[test]
    fn only_a_role_can_be_assumed() {
        assert!(is_role("arn:aws:iam::111122223333:role/path/Deploy"));
        assert!(is_role("arn:aws-us-gov:iam::111122223333:role/Deploy"));
        for bad in [
            "Deploy",
            "arn:aws:iam::1111:role/x",
            "arn:aws:iam::111122223333:user/x",
            "arn:aws:iam::111122223333:role/",
        ] {
            assert!(!is_role(bad), "{bad}");
        }
    }
}
