//! What of other tools' profiles in `~/.aws/config` can become ours: account and role of each, and where it
//! signs in. Reading only.
//!
//! The forms are those of the tools' own documentation and source: Granted (`granted_sso_…` beside
//! `granted credential-process`), aws-sso-cli (`aws-sso process --sso NAME --arn ARN` between
//! `# BEGIN_AWS_SSO` and `# END_AWS_SSO`), aws-vault (`aws-vault export NAME`, `aws-vault exec NAME --json`)
//! and Leapp (`leapp session generate`).

use crate::{
    ConfigFile, FileError,
    config_file::shell_words,
    document::Document,
    import::{Outline, SsoProfile, tool_of},
    managed::{ListedProfile, STATIC, Whose},
    place::Place,
};

/// The keys that Granted reads.
const GRANTED: [&str; 5] = [
    "granted_sso_start_url",
    "granted_sso_region",
    "granted_sso_account_id",
    "granted_sso_role_name",
    "common_fate_generated_from",
];

/// A profile of another tool, or one that AWS's own tools sign in for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignProfile {
    /// Its name.
    pub name: String,
    /// Whose it is: `AWS CLI`, `granted`, `aws-sso-cli`, `aws-vault` or `Leapp`.
    pub tool: &'static str,
    /// Where it signs in.
    pub sign_in: SignIn,
    /// The account's number.
    pub account: Option<String>,
    /// The role's name.
    pub role: Option<String>,
    /// The region that tools use.
    pub region: Option<String>,
    /// Why it cannot become ours.
    pub obstacle: Option<Obstacle>,
    /// Keys that only its tool reads.
    pub keys: Vec<String>,
}

/// Where a profile signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// At a start URL.
    At {
        /// As it is written.
        start_url: String,
        /// The region of the sign-in.
        region: Option<String>,
    },
    /// At what another tool's own configuration calls so.
    Named(String),
    /// Nobody knows.
    Unknown,
}

/// Why a profile cannot become ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Access is asked for through the tool, each time.
    AccessRequests,
    /// It is of keys that the tool keeps, not of SSO.
    OwnKeys,
    /// What it stands for is in an encrypted file of the tool.
    Encrypted,
    /// Account or role are not named.
    Incomplete,
    /// It holds access keys beside, which might exist nowhere else.
    HoldsKeys,
}

impl ConfigFile {
    /// Profiles that are not ours and have to do with SSO or with another tool, in the file's order.
    ///
    /// # Errors
    /// [`FileError`], also when AWS's tools could not read the file.
    pub fn foreign(&self) -> Result<Vec<ForeignProfile>, FileError> {
        let place = Place::find(self.path())?;
        let Some(loaded) = place.load()? else { return Ok(Vec::new()) };
        let (_, document) = crate::conversion::read(&loaded.bytes)
            .map_err(|error| FileError::Unparseable { path: self.path().to_path_buf(), error })?;
        let listing = self.listing()?;
        let ours = |name: &str| {
            listing.profiles.iter().any(|ListedProfile { name: it, whose, .. }| {
                it == name && matches!(whose, Whose::Ours(_) | Whose::Kept)
            })
        };
        let sso = self.sso()?.profiles;
        let outline = Outline::of(&document);
        let all = outline.profiles.iter().filter(|(name, _)| !ours(name));
        let found = all.filter_map(|(name, section)| {
            let mut found = read(&document, &sso, name, section)?;
            if STATIC.into_iter().any(|key| document.get(section, key).is_some()) {
                found.obstacle.get_or_insert(Obstacle::HoldsKeys);
            }
            Some(found)
        });
        Ok(found.collect())
    }
}

fn read(document: &Document, sso: &[SsoProfile], name: &str, section: &str) -> Option<ForeignProfile> {
    let value = |key: &str| {
        let value = document.effective(section, key)?.trim().to_owned();
        (!value.is_empty()).then_some(value)
    };
    let bare = |tool, obstacle| ForeignProfile {
        name: name.to_owned(),
        tool,
        sign_in: SignIn::Unknown,
        account: None,
        role: None,
        region: value("region"),
        obstacle,
        keys: Vec::new(),
    };
    let Some(line) = value("credential_process") else {
        let profile = sso.iter().find(|profile| profile.name == name)?;
        return Some(of_sso(bare("AWS CLI", None), profile));
    };
    let words = shell_words(&line)?;
    let tool = tool_of(&line)?;
    let mut found = bare(tool, None);
    match tool {
        "granted" => {
            found.account = value("granted_sso_account_id");
            found.role = value("granted_sso_role_name");
            if let Some(start_url) = value("granted_sso_start_url") {
                found.sign_in = SignIn::At { start_url, region: value("granted_sso_region") };
            }
            found.obstacle = option(&words, &["--url"]).map(|_| Obstacle::AccessRequests);
            let there = GRANTED.into_iter().filter(|key| document.get(section, key).is_some());
            found.keys = there.map(ToOwned::to_owned).collect();
        }
        "aws-sso-cli" => {
            // One of ours is no other tool's, and older versions name the organisation by -S.
            found.sign_in = SignIn::Named(option(&words, &["--sso", "-S"]).unwrap_or("Default").to_owned());
            if let Some((account, role)) = option(&words, &["--arn", "-a"]).and_then(role_of_arn) {
                (found.account, found.role) = (Some(account), Some(role));
            }
        }
        "aws-vault" => {
            let named = vaulted(&words).and_then(|name| sso.iter().find(|profile| profile.name == name));
            // The profile may hold its settings itself, where aws-vault alone reads them.
            let own = (value("sso_account_id"), value("sso_role_name"), value("sso_start_url"));
            match (named, own) {
                (Some(profile), _) => found = of_sso(found, profile),
                (None, (account @ Some(_), role @ Some(_), Some(start_url))) => {
                    (found.account, found.role) = (account, role);
                    found.sign_in = SignIn::At { start_url, region: value("sso_region") };
                }
                _ => found.obstacle = Some(Obstacle::OwnKeys),
            }
        }
        _ => found.obstacle = Some(Obstacle::Encrypted),
    }
    let complete = found.account.is_some() && found.role.is_some() && found.sign_in != SignIn::Unknown;
    if !complete && found.obstacle.is_none() {
        found.obstacle = Some(Obstacle::Incomplete);
    }
    Some(found)
}

fn of_sso(mut found: ForeignProfile, profile: &SsoProfile) -> ForeignProfile {
    found.account.clone_from(&profile.account);
    found.role.clone_from(&profile.role);
    found.region = found.region.or_else(|| profile.region.clone());
    if let Some(start_url) = profile.start_url.clone() {
        found.sign_in = SignIn::At { start_url, region: profile.sso_region.clone() };
    }
    let complete = found.account.is_some() && found.role.is_some() && found.sign_in != SignIn::Unknown;
    found.obstacle = (!complete).then_some(Obstacle::Incomplete);
    found
}

/// The words of a `credential_process` line; `None` for an open quote.
#[must_use]
pub fn words(line: &str) -> Option<Vec<String>> {
    shell_words(line)
}

/// The value of an option, behind `=` or as the next word.
fn option<'a>(words: &'a [String], names: &[&str]) -> Option<&'a str> {
    words.iter().enumerate().find_map(|(at, word)| {
        names.iter().find_map(|name| {
            if word == name {
                return words.get(at + 1).map(String::as_str);
            }
            word.strip_prefix(name)?.strip_prefix('=')
        })
    })
}

/// `arn:aws:iam::111122223333:role/NAME`.
fn role_of_arn(arn: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", account, what] => {
            Some(((*account).to_owned(), what.strip_prefix("role/")?.rsplit('/').next()?.to_owned()))
        }
        _ => None,
    }
}

/// The profile that aws-vault is asked for: the word behind `exec` or `export` that is no option.
fn vaulted(words: &[String]) -> Option<&str> {
    let rest = words.iter().skip_while(|word| !["exec", "export"].contains(&word.as_str())).skip(1);
    rest.map(String::as_str).find(|word| !word.starts_with('-'))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use std::fs;

    const CONFIG: &str = "\
[sso-session acme]
sso_start_url = https://acme.awsapps.com/start
sso_region = eu-west-1
[profile plain]
sso_session = acme
sso_account_id = 111122223333
sso_role_name = ReadOnly
region = eu-central-1
[profile tax/ViewOnly]
granted_sso_start_url      = https://d-976708da7d.awsapps.com/start/
granted_sso_region         = ap-southeast-2
granted_sso_account_id     = 179203389603
granted_sso_role_name      = ViewOnly
common_fate_generated_from = aws-sso
credential_process         = granted credential-process --profile tax/ViewOnly
[profile asked]
granted_sso_start_url = https://d-976708da7d.awsapps.com/start/
granted_sso_account_id = 179203389603
granted_sso_role_name = Admin
credential_process = granted credential-process --profile asked --url https://granted.example.com
# BEGIN_AWS_SSO
[profile Name1]
credential_process = /usr/bin/aws-sso process --sso Work --arn arn:aws:iam::444455556666:role/Deploy
[profile Name2]
credential_process = /opt/bin/aws-sso -u open -S \"Default\" process --arn=arn:aws:iam::777788889999:role/Ops
# END_AWS_SSO
[profile vaulted]
credential_process = aws-vault export --format=json plain
region = us-east-1
[profile keys]
credential_process = aws-vault exec jon --json
[profile jon]
mfa_serial = arn:aws:iam::111122223333:mfa/jon
[profile leap]
credential_process = leapp session generate 1234
[profile other]
credential_process = /opt/own/tool
";

    #[test]
    fn each_tool_says_where_and_as_what() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        fs::write(&path, CONFIG).unwrap();
        let found = ConfigFile::at(&path).foreign().unwrap();
        let short: Vec<_> = found
            .iter()
            .map(|it| {
                let sign_in = match &it.sign_in {
                    SignIn::At { start_url, region } => {
                        format!("{start_url} {}", region.as_deref().unwrap_or("?"))
                    }
                    SignIn::Named(name) => name.clone(),
                    SignIn::Unknown => String::new(),
                };
                let of = it.account.as_deref().zip(it.role.as_deref()).map(|(a, r)| format!("{a}/{r}"));
                (it.name.as_str(), it.tool, sign_in, of.unwrap_or_default(), it.obstacle)
            })
            .collect();
        let expect = [
            ("plain", "AWS CLI", "https://acme.awsapps.com/start eu-west-1", "111122223333/ReadOnly", None),
            (
                "tax/ViewOnly",
                "granted",
                "https://d-976708da7d.awsapps.com/start/ ap-southeast-2",
                "179203389603/ViewOnly",
                None,
            ),
            (
                "asked",
                "granted",
                "https://d-976708da7d.awsapps.com/start/ ?",
                "179203389603/Admin",
                Some(Obstacle::AccessRequests),
            ),
            ("Name1", "aws-sso-cli", "Work", "444455556666/Deploy", None),
            ("Name2", "aws-sso-cli", "Default", "777788889999/Ops", None),
            (
                "vaulted",
                "aws-vault",
                "https://acme.awsapps.com/start eu-west-1",
                "111122223333/ReadOnly",
                None,
            ),
            ("keys", "aws-vault", "", "", Some(Obstacle::OwnKeys)),
            ("leap", "Leapp", "", "", Some(Obstacle::Encrypted)),
        ];
        assert_eq!(short, expect.map(|(a, b, c, d, e)| (a, b, c.to_owned(), d.to_owned(), e)));
        assert_eq!(found[1].keys.len(), 5);
    }
}
