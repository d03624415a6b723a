//! `latch profiles ls`: which profiles there are, and whose they are.

use super::words;
use crate::{access::Access, find::Stop, out, pick};
use adapters::profiles::{AwsProfiles, ListedProfile, Origin, Whose};
use view::words::group_account_id;

/// `latch profiles ls`.
pub fn list(access: &mut Access, files: &AwsProfiles, json: bool) -> Result<u8, Stop> {
    let listing = files.listing().map_err(|e| words::not_changed(&e.into()))?;
    let elsewhere = files.in_credentials().map_err(|e| words::not_changed(&e.into()))?;
    let kept = super::overview(access)?.profiles;
    let bare = elsewhere.into_iter().filter(|(name, _)| listing.profile(name).is_none());
    if json {
        let profiles: Vec<_> = listing.profiles.iter().map(as_json).collect();
        let bare: Vec<_> =
            bare.map(|(name, ours)| serde_json::json!({ "name": name, "latchkey": ours })).collect();
        out::json(&serde_json::json!({ "config": profiles, "credentials_only": bare }));
        return Ok(0);
    }
    let mut rows: Vec<_> = listing.profiles.iter().map(row).collect();
    rows.extend(bare.map(|(name, ours)| {
        let role = kept.iter().find(|it| it.name == name);
        let role = role.map(|it| format!("{}/{}", it.account_name, it.role)).unwrap_or_default();
        let whose = if ours { "latchkey, kept fresh" } else { "yours" };
        vec![
            pick::plain(&name),
            whose.to_owned(),
            format!("credentials file {}", pick::plain(&role)).trim_end().to_owned(),
        ]
    }));
    if rows.is_empty() {
        out::tell("There are no profiles yet. Write one for every role you can reach: latch profiles sync");
    }
    out::table(&rows).iter().for_each(|line| out::line(line));
    Ok(0)
}

/// The word for whose a profile is.
fn whose(profile: &ListedProfile) -> &'static str {
    match &profile.whose {
        Whose::Theirs => "yours",
        Whose::Tool(tool) => tool,
        Whose::Ours(Origin::Reachable { .. }) => "latchkey, sync",
        Whose::Ours(_) => "latchkey, added",
        Whose::Kept => "latchkey, kept fresh",
    }
}

fn row(profile: &ListedProfile) -> Vec<String> {
    let of_origin = match &profile.whose {
        Whose::Ours(Origin::Reachable { account, role, .. }) => Some((account, role)),
        _ => profile.account.as_ref().zip(profile.role.as_ref()),
    };
    let what = match (&profile.role_arn, &profile.source_profile, of_origin, &profile.process) {
        (Some(arn), Some(source), ..) => format!("{arn} by {source}"),
        (Some(arn), None, ..) => arn.clone(),
        (None, _, Some((account, role)), _) => format!("{}/{role}", group_account_id(account)),
        (None, _, None, Some(_)) => "a program".to_owned(),
        (None, _, None, None) => String::new(),
    };
    vec![
        pick::plain(&profile.name),
        whose(profile).to_owned(),
        pick::plain(&what),
        pick::plain(profile.region.as_deref().unwrap_or_default()),
    ]
}

fn as_json(profile: &ListedProfile) -> serde_json::Value {
    let ListedProfile { name, session, account, role, role_arn, source_profile, region, .. } = profile;
    serde_json::json!({
        "name": name, "whose": whose(profile), "sso_session": session, "account": account, "role": role,
        "role_arn": role_arn, "source_profile": source_profile, "region": region,
        "credential_process": profile.process.is_some(),
    })
}
