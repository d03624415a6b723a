//! Organisations in the configuration of other tools. Reading only; nothing of theirs is ever written.

use crate::home::Home;
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};
use yaml_rust2::{Yaml, YamlLoader};

pub use aws_files::foreign::{ForeignProfile, Obstacle, SignIn, words};

/// No configuration of a person is longer.
const LIMIT: u64 = 4 * 1024 * 1024;

/// An organisation that a tool knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolOrganisation {
    /// `granted` or `aws-sso-cli`.
    pub tool: &'static str,
    /// What the tool calls it.
    pub name: String,
    /// Where to sign in.
    pub start_url: String,
    /// The region of the sign-in.
    pub region: Option<String>,
}

/// What was found of other tools beside the AWS files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tools {
    /// The organisations they know.
    pub organisations: Vec<ToolOrganisation>,
    /// Files of theirs that cannot be read, with the reason where there is one to tell.
    pub unread: Vec<(&'static str, PathBuf, String)>,
    /// Leapp's workspace, which is encrypted.
    pub leapp: Option<PathBuf>,
}

/// Looks where the tools say that their configuration is.
#[must_use]
pub fn tools(env: &dyn Fn(&str) -> Option<OsString>, home: &Home) -> Tools {
    let mut found = Tools::default();
    let path = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let xdg = path("XDG_CONFIG_HOME").unwrap_or_else(|| home.user.join(".config"));
    // Granted: its own folder, else the one that XDG names.
    let granted = first([home.user.join(".granted/config"), xdg.join("granted/config")]);
    read("granted", granted, &mut found, granted_organisations);
    // aws-sso-cli: the old folder where it is there, else the one that XDG names.
    let sso = path("AWS_SSO_CONFIG").into_iter();
    let usual = [home.user.join(".aws-sso/config.yaml"), xdg.join("aws-sso/config.yaml")];
    read("aws-sso-cli", first(sso.chain(usual)), &mut found, aws_sso_organisations);
    found.leapp = Some(home.user.join(".Leapp/Leapp-lock.json")).filter(|path| path.is_file());
    found
}

fn first(paths: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    paths.into_iter().find(|path| path.is_file())
}

fn read(
    tool: &'static str,
    path: Option<PathBuf>,
    found: &mut Tools,
    organisations: fn(&str) -> Result<Vec<ToolOrganisation>, String>,
) {
    let Some(path) = path else { return };
    match text(&path).and_then(|text| organisations(&text)) {
        Ok(more) => found.organisations.extend(more),
        Err(why) => found.unread.push((tool, path, why)),
    }
}

fn text(path: &Path) -> Result<String, String> {
    let length = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > LIMIT {
        return Err("it is too large".to_owned());
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

/// `[SSO.NAME]` with `StartURL` and `SSORegion` (Granted, `pkg/config`).
fn granted_organisations(text: &str) -> Result<Vec<ToolOrganisation>, String> {
    let file: toml::Table = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    let of = |(name, it): (&String, &toml::Value)| {
        let value = |key: &str| it.get(key).and_then(toml::Value::as_str).map(ToOwned::to_owned);
        let region = value("SSORegion").filter(|region| !region.is_empty());
        Some(ToolOrganisation { tool: "granted", name: name.clone(), start_url: value("StartURL")?, region })
    };
    let named = file.get("SSO").and_then(toml::Value::as_table);
    Ok(named.into_iter().flatten().filter_map(of).collect())
}

/// `SSOConfig:` with `StartUrl` and `SSORegion` for each name (aws-sso-cli, "Configuration").
fn aws_sso_organisations(text: &str) -> Result<Vec<ToolOrganisation>, String> {
    let documents = YamlLoader::load_from_str(text).map_err(|error| error.to_string())?;
    let named = documents.first().and_then(|document| document["SSOConfig"].as_hash());
    let of = |(name, it): (&Yaml, &Yaml)| {
        let value = |key: &str| it[key].as_str().map(ToOwned::to_owned);
        Some(ToolOrganisation {
            tool: "aws-sso-cli",
            name: name.as_str()?.to_owned(),
            start_url: value("StartUrl")?,
            region: value("SSORegion"),
        })
    };
    Ok(named.into_iter().flatten().filter_map(of).collect())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn organisations_as_the_tools_write_them() {
        let granted = "DefaultBrowser = \"FIREFOX\"\nOrdering = \"\"\n[ProfileRegistry]\nPrefixAllProfiles = false\n\
                       [SSO]\n  [SSO.work]\n    StartURL = \"https://acme.awsapps.com/start\"\n    SSORegion = \"eu-west-1\"\n    Prefix = \"\"\n";
        let found = granted_organisations(granted).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].region.as_deref()), ("work", Some("eu-west-1")));
        let sso = "SSOConfig:\n  Default:\n    SSORegion: us-east-1\n    StartUrl: https://acme.awsapps.com/start\n    DefaultRegion: us-west-2\n    Accounts:\n      \"111122223333\":\n        Name: pay\n        Roles:\n          ReadOnly:\n            Profile: pay\n  Half:\n    SSORegion: us-east-1\nDefaultSSO: Default\n";
        let found = aws_sso_organisations(sso).unwrap();
        assert_eq!(found.len(), 1, "one has no start URL");
        assert_eq!(found[0].start_url, "https://acme.awsapps.com/start");
        assert!(granted_organisations("x = ").is_err() && aws_sso_organisations("a: [").is_err());
        assert_eq!(aws_sso_organisations("").unwrap(), []);
    }

    #[test]
    fn files_are_found_where_the_tools_put_them() {
        let folder = tempfile::tempdir().unwrap();
        let env = |name: &str| (name == "HOME").then(|| folder.path().as_os_str().to_owned());
        let home = Home::resolve(&env).unwrap();
        assert_eq!(tools(&env, &home), Tools::default());
        for (path, text) in [
            (".granted/config", "[SSO.a]\nStartURL = \"https://a.awsapps.com/start\"\n"),
            (".config/aws-sso/config.yaml", "- broken: ["),
            (".Leapp/Leapp-lock.json", "U2FsdGVkX1"),
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let found = tools(&env, &home);
        assert_eq!((found.organisations.len(), found.unread.len(), found.leapp.is_some()), (1, 1, true));
        assert_eq!(found.unread[0].0, "aws-sso-cli");
    }
}
