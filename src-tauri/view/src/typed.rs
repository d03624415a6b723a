//! What was typed, checked field by field before the engine sees it.

use crate::{
    ask::{UiEndpoints, UiReply},
    problem::edits,
    ui_state::UiProblem,
};
use engine::model::{
    ids::{AccountId, ProfileName},
    organisation::Endpoints,
};
use url::Url;

/// Text that no request can be made of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct AskError {
    /// Which field.
    pub field: &'static str,
    /// What is wrong with it, as the start of a sentence for people.
    pub reason: String,
}

impl AskError {
    pub(crate) fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field, reason: reason.into() }
    }

    /// For the window: beside the field.
    #[must_use]
    pub fn reply(&self) -> UiReply {
        let problem = UiProblem {
            title: self.reason.clone(),
            meaning: String::new(),
            next: "Correct it, then try again.".into(),
            buttons: vec![edits("Change it", self.field, None)],
            details: self.to_string(),
        };
        UiReply::Failed { problem, field: Some(self.field.to_owned()) }
    }
}

pub(crate) fn account_id(id: String) -> Result<AccountId, AskError> {
    if id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()) {
        Ok(AccountId::new(id))
    } else {
        Err(AskError::new("account", "An account number has twelve digits"))
    }
}

/// One line of at most 2048 characters, trimmed; the engine's port reads it.
pub(crate) fn typed_url(typed: &str) -> Result<String, AskError> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(AskError::new("start_url", "Enter a start URL"));
    }
    if typed.len() > 2048 || typed.chars().any(char::is_control) {
        return Err(AskError::new("start_url", "That is too long for a start URL, or more than one line"));
    }
    Ok(typed.to_owned())
}

pub(crate) fn region_of(region: Option<String>) -> Result<Option<String>, AskError> {
    let Some(region) = region.map(|r| r.trim().to_owned()).filter(|r| !r.is_empty()) else {
        return Ok(None);
    };
    let fits = region.len() <= 32
        && region.contains('-')
        && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && region.ends_with(|c: char| c.is_ascii_digit());
    if fits { Ok(Some(region)) } else { Err(AskError::new("region", "A region looks like eu-west-1")) }
}

pub(crate) fn name_of(name: Option<String>) -> Result<Option<String>, AskError> {
    let name = short_text("name", name)?;
    match name {
        Some(n) if n.chars().count() > 60 => Err(AskError::new("name", "A name has at most 60 characters")),
        other => Ok(other),
    }
}

pub(crate) fn short_text(field: &'static str, text: Option<String>) -> Result<Option<String>, AskError> {
    let Some(text) = text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()) else {
        return Ok(None);
    };
    if text.len() > 2048 || text.chars().any(char::is_control) {
        return Err(AskError::new(field, "That is too long, or more than one line"));
    }
    Ok(Some(text))
}

/// Names that every AWS tool reads: no brackets, quotes, spaces, comment signs or line ends.
pub(crate) fn new_profile(name: &str) -> Result<ProfileName, AskError> {
    let name = name.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-+@".contains(c);
    if name.is_empty() {
        return Err(AskError::new("profile", "Enter a profile name"));
    }
    if name.len() > 64 || !name.chars().all(fits) {
        let reason = "A profile name has at most 64 letters, digits, dots, dashes and underscores";
        return Err(AskError::new("profile", reason));
    }
    Ok(ProfileName::new(name))
}

pub(crate) fn endpoints_of(endpoints: Option<UiEndpoints>) -> Result<Option<Endpoints>, AskError> {
    let Some(typed) = endpoints else {
        return Ok(None);
    };
    Ok(Some(Endpoints {
        oidc: endpoint("oidc", &typed.oidc)?,
        portal: endpoint("portal", &typed.portal)?,
        federation: endpoint("federation", &typed.federation)?,
        sts: endpoint("sts", &typed.sts)?,
    }))
}

/// An address of https, or of plain http on this computer alone: tokens travel to it.
fn endpoint(field: &'static str, typed: &str) -> Result<Url, AskError> {
    let url =
        Url::parse(typed.trim()).map_err(|_| AskError::new(field, "An endpoint starts with https://"))?;
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AskError::new(field, "An endpoint holds no user name or password"));
    }
    if url.scheme() == "https" || (url.scheme() == "http" && here) {
        Ok(url)
    } else {
        Err(AskError::new(field, "An endpoint starts with https://; http:// works on this computer only"))
    }
}
