//! Profiles of `~/.aws/config` that sign in by an `[sso-session]`: those that are there, and ours.

use crate::{
    AskOutcome, ConfigFile, Consent, Document, EditError, FileError, Fingerprint, Owner, ProfileName,
    change::{ELSEWHERE, region_is_ours},
    import::Outline,
    managed,
    on_demand::{Change, ConfigStanding, new_section, section_of, standing},
    standing::{REGION_STAMP_KEY, STAMP_KEY, stamp},
    values::check_value,
};
use jiff::Timestamp;

/// Our mark of a session's section. botocore takes a key that profile and session both have for a conflict
/// when the values differ, so that it is not the profile's.
pub(crate) const SESSION_STAMP_KEY: &str = "x_latchkey_session";

/// A profile that signs in by a session.
#[derive(Clone, Debug)]
pub struct SsoWish {
    /// The profile.
    pub profile: ProfileName,
    /// Whose the sections are from now on.
    pub owner: Owner,
    /// Where to sign in.
    pub start_url: String,
    /// The region of the sign-in.
    pub sso_region: String,
    /// The account's number.
    pub account: String,
    /// The role's name.
    pub role: String,
    /// The name for a new session, if none has this start URL.
    pub session: String,
    /// Sessions that are somebody else's, whatever their start URL: one session has one sign-in.
    pub others: Vec<String>,
    /// The `region` key, if one is wanted; a region that somebody else wrote stays.
    pub region: Option<String>,
    /// What to do when the profile gets credentials otherwise.
    pub consent: Consent,
}

/// What our stamp of such a section is made of.
pub(crate) fn facts(session: &str, account: &str, role: &str) -> Fingerprint {
    Fingerprint::of(&format!("{session}\n{account}\n{role}"))
}

impl ConfigFile {
    /// Writes the profile's section and, if none has its start URL, the session's; gives the session's name.
    /// A profile that is there already and says the same stays as it is.
    ///
    /// # Errors
    /// [`FileError`]; nothing was changed then.
    pub fn sign_in_by_session(
        &self,
        wish: &SsoWish,
        now: Timestamp,
    ) -> Result<(AskOutcome, String), FileError> {
        let values = [
            ("sso_start_url", Some(&wish.start_url)),
            ("sso_region", Some(&wish.sso_region)),
            ("sso_account_id", Some(&wish.account)),
            ("sso_role_name", Some(&wish.role)),
            ("sso_session", Some(&wish.session)),
            ("region", wish.region.as_ref()),
        ];
        for (key, value) in values {
            if let Some(value) = value
                && let Err(refused) = check_value(key, value)
            {
                return Ok((AskOutcome::Refused(refused), String::new()));
            }
        }
        let name = std::cell::RefCell::new(String::new());
        let outcome = self.edit(now, |document| {
            let (change, session) = wish.put(document)?;
            *name.borrow_mut() = session;
            Ok(change)
        })?;
        Ok((outcome.into(), name.into_inner()))
    }

    /// Whether a profile of that session is in the file.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn uses_session(&self, session: &str) -> Result<bool, FileError> {
        Ok(self.sso()?.profiles.iter().any(|profile| profile.session.as_deref() == Some(session)))
    }

    /// The session by which this very role is signed in to already, if the profile says so.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn session_of_role(&self, wish: &SsoWish) -> Result<Option<String>, FileError> {
        let found = self.sso()?;
        let same = found.profiles.into_iter().find(|p| {
            p.name == wish.profile.as_str()
                && p.start_url.as_deref() == Some(wish.start_url.as_str())
                && p.account.as_deref() == Some(wish.account.as_str())
                && p.role.as_deref() == Some(wish.role.as_str())
        });
        Ok(same.and_then(|profile| profile.session))
    }
}

impl SsoWish {
    fn put(&self, document: &mut Document) -> Result<(Change, String), EditError> {
        let found = section_of(document, self.profile.as_str());
        let before = found.as_ref().map_or(ConfigStanding::Absent, |it| standing(document, it));
        let section = &found.unwrap_or_else(|| new_section(self.profile.as_str()));
        let sessions = Outline::of(document).sessions;
        let holds = |at: &str, key: &str, value: &str| {
            document.effective(at, key).is_some_and(|it| it.trim() == value)
        };
        let fits = |at: &str| {
            holds(at, "sso_start_url", &self.start_url) && holds(at, "sso_region", &self.sso_region)
        };
        let mine = |name: &String| !self.others.contains(name);
        let session = sessions.iter().find(|(name, at)| mine(name) && fits(at)).map(|(name, _)| name.clone());
        let said = session.as_ref().is_some_and(|session| {
            holds(section, "sso_session", session)
                && holds(section, "sso_account_id", &self.account)
                && holds(section, "sso_role_name", &self.role)
        });
        // What `latch profiles` wrote becomes ours, so that it does not go with the role's listing.
        let listed = said && managed::is_marked(document, section, self.profile.as_str());
        if let (true, false, Some(session)) = (said, listed, &session) {
            return Ok((Change::None, session.clone()));
        }
        let free = listed
            || matches!(before, ConfigStanding::Absent | ConfigStanding::Settings | ConfigStanding::Ours);
        if !free && self.consent == Consent::OursOnly {
            return Ok((Change::Left(before), String::new()));
        }
        let name = session.clone().unwrap_or_else(|| self.free_name(&sessions));
        let mark = stamp(&self.owner, &facts(&name, &self.account, &self.role));
        let mut keys = vec![
            ("sso_session", name.as_str()),
            ("sso_account_id", self.account.as_str()),
            ("sso_role_name", self.role.as_str()),
            (STAMP_KEY, mark.as_str()),
        ];
        let mut stale: Vec<&str> =
            ELSEWHERE.into_iter().filter(|key| keys.iter().all(|(k, _)| k != key)).collect();
        if let Some(region) = &self.region
            && region_is_ours(document, section)
        {
            keys.extend([("region", region.as_str()), (REGION_STAMP_KEY, region.as_str())]);
        }
        stale.retain(|key| document.get(section, key).is_some());
        document.set_keys(section, &keys)?;
        if !stale.is_empty() {
            document.remove_keys(section, &stale)?;
        }
        managed::unmark(document, section, self.profile.as_str())?;
        if session.is_none() {
            let mark = stamp(&self.owner, &Fingerprint::of(&self.start_url));
            document.set_keys(
                &format!("sso-session {name}"),
                &[
                    ("sso_start_url", &self.start_url),
                    ("sso_region", &self.sso_region),
                    ("sso_registration_scopes", "sso:account:access"),
                    (SESSION_STAMP_KEY, &mark),
                ],
            )?;
        }
        Ok((Change::Made { replaced_foreign: !free }, name))
    }

    fn free_name(&self, sessions: &[(String, String)]) -> String {
        let taken = |name: &str| sessions.iter().any(|(it, _)| it == name);
        let numbered = (2..).map(|n| format!("{}-{n}", self.session));
        std::iter::once(self.session.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
    }
}

/// Takes the session's section away that a profile of ours used, if it is ours and no other profile uses it.
pub(crate) fn drop_unused(document: &mut Document, session: &str) -> Result<(), EditError> {
    let outline = Outline::of(document);
    let Some((_, section)) = outline.sessions.iter().find(|(name, _)| name == session) else { return Ok(()) };
    let used = outline
        .profiles
        .iter()
        .any(|(_, at)| document.effective(at, "sso_session").is_some_and(|name| name.trim() == session));
    if used || document.get(section, SESSION_STAMP_KEY).is_none() {
        return Ok(());
    }
    document.remove_keys(
        section,
        &["sso_start_url", "sso_region", "sso_registration_scopes", SESSION_STAMP_KEY],
    )?;
    if document.keys(section).next().is_none() {
        match document.remove_empty_section(section) {
            Ok(()) | Err(EditError::WouldDamage) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
