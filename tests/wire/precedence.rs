//! The table of what botocore uses first within one profile, against the real one: every set of sources.

use anyhow::{Context, Result, ensure};
use engine::model::precedence::{Sdk, Source};
use std::{collections::BTreeMap, fs};
use support::{deadline::WHILE, process::run, programs};

const SOURCES: [Source; 5] = [Source::Role, Source::WebIdentity, Source::Sso, Source::Keys, Source::Process];

/// Prints by which way botocore finds each profile's credentials. Nothing is asked of any server.
const METHODS: &str = r"
import json, sys
from botocore.session import Session
found = {}
for name in sys.argv[1:]:
    c = Session(profile=name).get_credentials()
    found[name] = None if c is None else c.method
print(json.dumps(found))
";

fn lines(source: Source, process: &str) -> String {
    match source {
        Source::Role => "source_profile = base\n".to_owned(),
        Source::WebIdentity => "web_identity_token_file = /nowhere\n".to_owned(),
        Source::Sso => "sso_session = s\nsso_account_id = 111122223333\nsso_role_name = r\n".to_owned(),
        Source::Process => format!("credential_process = {process}\n"),
        Source::Keys => String::new(),
    }
}

fn method(source: Source) -> &'static str {
    match source {
        Source::Role => "assume-role",
        Source::WebIdentity => "assume-role-with-web-identity",
        Source::Sso => "sso",
        Source::Keys => "shared-credentials-file",
        Source::Process => "custom-process",
    }
}

#[tokio::test]
async fn botocore_uses_what_the_table_says() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let process = folder.path().join("process.sh");
    fs::write(&process, "echo '{\"Version\": 1, \"AccessKeyId\": \"a\", \"SecretAccessKey\": \"b\"}'\n")?;
    let process = format!("sh {}", process.display());
    let mut config = "[sso-session s]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n\
                      [profile base]\naws_access_key_id = a\naws_secret_access_key = b\n"
        .to_owned();
    let mut credentials = String::new();
    let mut expected = BTreeMap::new();
    for set in 1..1_u32 << SOURCES.len() {
        let there: Vec<_> =
            SOURCES.into_iter().enumerate().filter(|(at, _)| set & (1 << at) != 0).map(|(_, s)| s).collect();
        let name = format!("p{set}");
        config.push_str(&format!("[profile {name}]\nregion = eu-west-1\n"));
        if there.contains(&Source::Role) || there.contains(&Source::WebIdentity) {
            config.push_str("role_arn = arn:aws:iam::111122223333:role/r\n");
        }
        for source in &there {
            config.push_str(&lines(*source, &process));
        }
        if there.contains(&Source::Keys) {
            credentials.push_str(&format!("[{name}]\naws_access_key_id = k\naws_secret_access_key = l\n"));
        }
        let used = Sdk::Botocore.uses(&there).context("nothing is used")?;
        expected.insert(name, method(used).to_owned());
    }
    let at = |name: &str| folder.path().join(name);
    fs::write(at("config"), config)?;
    fs::write(at("credentials"), credentials)?;
    let path = |name: &str| at(name).to_string_lossy().into_owned();
    let env = BTreeMap::from([
        ("HOME".to_owned(), folder.path().to_string_lossy().into_owned()),
        ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
        ("AWS_CONFIG_FILE".to_owned(), path("config")),
        ("AWS_SHARED_CREDENTIALS_FILE".to_owned(), path("credentials")),
        ("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()),
    ]);
    let mut args = vec!["-I", "-c", METHODS];
    args.extend(expected.keys().map(String::as_str));
    let said = run(WHILE, programs::python()?, &args, &env, "").await?;
    ensure!(said.ok, "{}", said.err);
    let found: BTreeMap<String, String> =
        serde_json::from_str(&said.out).with_context(|| said.out.clone())?;
    ensure!(found.len() == 31, "{found:?}");
    let wrong: Vec<_> = expected.iter().filter(|(name, used)| found.get(*name) != Some(used)).collect();
    ensure!(wrong.is_empty(), "the table says {wrong:?}, botocore {found:?}");
    Ok(())
}
