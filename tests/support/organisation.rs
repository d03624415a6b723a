//! An organisation of a test's own: the file its server reads, and what a person types to reach it.

use crate::{
    driver::Driver,
    sandbox::{Ready, SandboxServer},
};
use anyhow::{Context, Result};
use fantoccini::Locator;
use std::{fs, path::Path};

/// The beginning of an organisation file, up to the user of the only group; `more` are further keys of the
/// user.
#[must_use]
pub fn head(name: &str, management_account: &str, group: &str, user: &str, more: &str) -> String {
    format!(
        "name = \"{name}\"\nregion = \"eu-central-1\"\nmanagement_account = \"{management_account}\"\n\
         [[group]]\nname = \"{group}\"\n\
         [[user]]\nusername = \"{user}\"\ndisplay_name = \"Sam Sample\"\nemail = \"{user}@acme.test\"\n\
         groups = [\"{group}\"]\n{more}"
    )
}

/// One account with one role of the group.
#[must_use]
pub fn account(id: &str, name: &str, role: &str, group: &str) -> String {
    format!(
        "[[account]]\nid = \"{id}\"\nname = \"{name}\"\nemail = \"aws-{name}@acme.test\"\n\
         [[permission_set]]\nname = \"{role}\"\n\
         [[assignment]]\naccount = \"{id}\"\npermission_set = \"{role}\"\ngroup = \"{group}\"\n"
    )
}

/// A server of the organisation that `file` describes, with its data in `folder`.
///
/// # Errors
/// As [`SandboxServer::start`].
pub async fn serve(folder: &Path, file: &str) -> Result<SandboxServer> {
    fs::create_dir_all(folder)?;
    let path = folder.join("organisation.toml");
    fs::write(&path, file)?;
    let path = path.to_str().context("the folder is not UTF-8")?;
    SandboxServer::start_with(&folder.join("data"), &["--organisation", path]).await
}

/// Fills the window's form in, with every endpoint named.
///
/// # Errors
/// That a field is not there.
pub async fn type_into(window: &Driver, ready: &Ready, name: &str) -> Result<()> {
    window.fill_labelled("Start URL", ready.start_url.as_str()).await?;
    window.click(Locator::XPath("//summary[.='Custom endpoints']")).await?;
    window.fill_labelled("Region", &ready.region).await?;
    window.fill_labelled("Name to show", name).await?;
    for (label, endpoint) in [
        ("SSO-OIDC endpoint", &ready.oidc_endpoint),
        ("Portal endpoint", &ready.portal_endpoint),
        ("Federation endpoint", &ready.federation_endpoint),
        ("STS endpoint", &ready.sts_endpoint),
    ] {
        window.fill_labelled(label, endpoint.as_str()).await?;
    }
    Ok(())
}
