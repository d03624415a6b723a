//! A server of one's own as its administrator has it: keys, the audit trail by AWS's clients and by command,
//! and serving others than this machine.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use support::{Boto, ServedOrganisation, deadline::WHILE, process::run, programs};

const REGION: &str = "eu-central-1";
const LOOK_UP: (&str, &str) = ("cloudtrail", "lookup_events");

/// An administrator's key, made by command.
pub async fn create_key(served: &ServedOrganisation) -> Result<Value> {
    let said = served.command(&["admin", "create-key"], &["--name", "robot"]).await?;
    ensure!(said.ok, "{}", said.err);
    let value = |name: &str| {
        let line = said.out.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.map(str::to_owned).with_context(|| format!("no {name}"))
    };
    Ok(
        json!({ "accessKeyId": value("AWS_ACCESS_KEY_ID")?, "secretAccessKey": value("AWS_SECRET_ACCESS_KEY")? }),
    )
}

#[tokio::test]
async fn boto3_and_the_aws_cli_look_events_up() -> Result<()> {
    let served = ServedOrganisation::start("").await?;
    let endpoint = served.start_url().join("/")?;
    let boto = Boto::at(&endpoint, &["cloudtrail"], REGION, &served.folder().join("home")).await?;
    let keys = create_key(&served).await?;
    for _ in 0..6 {
        boto.signed(&keys, LOOK_UP, json!({}), None)
            .await?
            .map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    }
    let robot = json!({ "LookupAttributes": [{ "AttributeKey": "Username", "AttributeValue": "robot" }] });
    let answer = boto.signed(&keys, LOOK_UP, robot, Some(2)).await?;
    let answer = answer.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    let events = answer["Events"].as_array().context("no events")?;
    let ids: std::collections::BTreeSet<_> =
        events.iter().map(|event| event["EventId"].to_string()).collect();
    ensure!(events.len() >= 6 && ids.len() == events.len(), "{answer}");
    ensure!(events.iter().all(|event| event["EventName"] == "LookupEvents"), "{answer}");
    let record: Value = serde_json::from_str(events[0]["CloudTrailEvent"].as_str().context("no record")?)?;
    ensure!(record["userAgent"].as_str().is_some_and(|agent| agent.starts_with("Boto3/")), "{record}");
    ensure!(record["sourceIPAddress"] == "127.0.0.1", "{record}");

    // AWS's errors, as botocore reads them.
    let refusal = async |keys: &Value, params: Value| -> Result<(String, String)> {
        let refusal = boto.signed(keys, LOOK_UP, params, None).await?.err().context("it was answered")?;
        Ok((refusal.class, refusal.code.unwrap_or_default()))
    };
    let mut wrong = keys.clone();
    wrong["secretAccessKey"] = json!("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    ensure!(refusal(&wrong, json!({})).await?.1 == "InvalidSignatureException");
    let unknown = json!({ "accessKeyId": "AKIAXXXXXXXXXXXXXXXX", "secretAccessKey": "x" });
    ensure!(refusal(&unknown, json!({})).await?.1 == "UnrecognizedClientException");
    let range = refusal(&keys, json!({ "StartTime": 2, "EndTime": 1 })).await?;
    ensure!(range == ("InvalidTimeRangeException".into(), "InvalidTimeRangeException".into()), "{range:?}");
    let trails = boto.signed(&keys, ("cloudtrail", "describe_trails"), json!({}), None).await?;
    ensure!(trails.err().and_then(|refusal| refusal.code).as_deref() == Some("UnknownOperationException"));

    let key = |name: &str| keys[name].as_str().unwrap_or_default().to_owned();
    let env = [
        ("PATH", "/usr/bin:/bin".to_owned()),
        ("HOME", served.folder().display().to_string()),
        ("AWS_PAGER", String::new()),
        ("AWS_ACCESS_KEY_ID", key("accessKeyId")),
        ("AWS_SECRET_ACCESS_KEY", key("secretAccessKey")),
    ];
    let url = endpoint.as_str().trim_end_matches('/');
    let attribute = "AttributeKey=EventName,AttributeValue=CreateAccessKey";
    let arguments =
        ["cloudtrail", "lookup-events", "--endpoint-url", url, "--region", REGION, "--output", "json"];
    let arguments = [&arguments[..], &["--lookup-attributes", attribute]].concat();
    let said = run(WHILE, programs::aws()?, &arguments, env, "").await?;
    ensure!(said.ok, "{}", said.err);
    let answer: Value = serde_json::from_str(&said.out)?;
    ensure!(answer["Events"].as_array().map(Vec::len) == Some(1), "{answer}");
    ensure!(answer["Events"][0]["Resources"][0]["ResourceName"] == keys["accessKeyId"], "{answer}");

    let robots = list(&served, &["--user", "robot"]).await?;
    let by_robot = |event: &Value| event["userIdentity"]["userName"] == "robot";
    ensure!(robots.len() >= 6 && robots.iter().all(by_robot), "{robots:?}");
    ensure!(list(&served, &["--user", "nobody"]).await?.is_empty());

    let id = key("accessKeyId");
    let listed = served.command(&["admin", "list-keys"], &[]).await?;
    ensure!(
        listed.out.contains(&id) && listed.out.contains("robot") && listed.out.contains("active"),
        "{listed:?}"
    );
    ensure!(
        !listed.out.contains(&key("secretAccessKey")) && !served.log()?.contains(&key("secretAccessKey"))
    );
    ensure!(served.command(&["admin", "disable-key"], &["--id", &id]).await?.ok);
    ensure!(refusal(&keys, json!({})).await?.1 == "UnrecognizedClientException");
    ensure!(!served.command(&["admin", "disable-key"], &["--id", &id]).await?.ok);
    Ok(())
}

/// The events that `audit ls` finds with these filters.
async fn list(served: &ServedOrganisation, filters: &[&str]) -> Result<Vec<Value>> {
    let arguments = [filters, &["--json", "--limit", "0"]].concat();
    let listed = served.command(&["audit", "ls"], &arguments).await?;
    ensure!(listed.ok, "{}", listed.err);
    Ok(listed.out.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

#[tokio::test]
async fn the_trail_is_listed_and_verified_beside_the_running_server() -> Result<()> {
    let served = ServedOrganisation::start("").await?;
    // What the organisation file brought was told first.
    let database = rusqlite::Connection::open(served.folder().join("data/instance.sqlite"))?;
    let brought: i64 = database.query_row("SELECT max(id) FROM audit", [], |row| row.get(0))?;
    for _ in 0..3 {
        create_key(&served).await?;
    }
    let whole = served.command(&["audit", "verify"], &[]).await?;
    ensure!(whole.ok && whole.out.contains(&format!("is whole: {} events", brought + 3)), "{whole:?}");
    let listed =
        served.command(&["audit", "ls"], &["--name", "CreateAccessKey", "--json", "--limit", "2"]).await?;
    let events: Vec<Value> = listed.out.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(
        events.len() == 2 && events.iter().all(|event| event["eventName"] == "CreateAccessKey"),
        "{listed:?}"
    );
    ensure!(served.command(&["audit", "ls"], &["--to", "2001-01-01T00:00:00Z"]).await?.out.is_empty());
    // By each of the other filters: something is found and all of it has what was asked for; with another value
    // nothing is.
    let about = events[0].pointer("/resources/0/ARN").and_then(Value::as_str).context("about nothing")?;
    let about = about.rsplit_once('/').map_or(about, |(_, name)| name);
    let source = events[0]["eventSource"].as_str().context("of no source")?;
    for (filter, value, other) in [
        ("--source", source, "signin.amazonaws.com"),
        ("--resource", about, "AKIAXXXXXXXXXXXXXXXX"),
        ("--from", "2001-01-01T00:00:00Z", "2999-01-01T00:00:00Z"),
    ] {
        let found = list(&served, &[filter, value]).await?;
        let is_meant = |event: &Value| match filter {
            "--source" => event["eventSource"] == value,
            "--resource" => event["resources"].to_string().contains(value),
            _ => true,
        };
        ensure!(!found.is_empty() && found.iter().all(is_meant), "{filter} {value}: {found:?}");
        let none = list(&served, &[filter, other]).await?;
        ensure!(none.is_empty(), "{filter} {other}: {none:?}");
    }

    let (changed, cut) = (brought + 2, brought + 3);
    database
        .execute("UPDATE audit SET event = replace(event, 'robot', 'someone') WHERE id = ?1", [changed])?;
    let broken = served.command(&["audit", "verify"], &[]).await?;
    ensure!(
        broken.status == Some(1)
            && broken.err.contains(&format!("row {changed} of the audit trail is not as")),
        "{broken:?}"
    );
    database
        .execute("UPDATE audit SET event = replace(event, 'someone', 'robot') WHERE id = ?1", [changed])?;
    ensure!(served.command(&["audit", "verify"], &[]).await?.ok);
    database.execute("DELETE FROM audit WHERE id = ?1", [cut])?;
    let missing = served.command(&["audit", "verify"], &[]).await?;
    let row = format!("row {cut} of the audit trail is missing");
    ensure!(missing.status == Some(1) && missing.err.contains(&row), "{missing:?}");
    Ok(())
}

/// A certificate for `localhost` and the authority's.
fn certificates() -> Result<[(&'static str, String); 3]> {
    let key = rcgen::KeyPair::generate()?;
    let mut params = rcgen::CertificateParams::new(Vec::new())?;
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "Authority of a test");
    let authority = params.self_signed(&key)?.pem();
    let issuer = rcgen::Issuer::new(params, key);
    let key = rcgen::KeyPair::generate()?;
    let cert = rcgen::CertificateParams::new(vec!["localhost".to_owned()])?.signed_by(&key, &issuer)?;
    Ok([("ca.pem", authority), ("tls.crt", cert.pem()), ("tls.key", key.serialize_pem())])
}

#[tokio::test]
async fn tls_is_answered_and_the_trail_delivered() -> Result<()> {
    let config = "listen = \"127.0.0.1:0\"\n[tls]\ncert = \"tls.crt\"\nkey = \"tls.key\"\n[audit]\ndeliver_to = \"trail\"\n";
    let served = ServedOrganisation::start_with(config, &certificates()?).await?;
    let url = served.start_url().as_str().to_owned();
    ensure!(url.starts_with("https://localhost:"), "{url}");
    let ca = served.folder().join("ca.pem").display().to_string();
    let path = [("PATH", "/usr/bin:/bin")];
    let said = run(WHILE, "curl", &["--silent", "--include", "--cacert", &ca, &url], path, "").await?;
    ensure!(said.ok && said.out.starts_with("HTTP/1.1 303"), "{said:?}");
    // Other programs of this machine have the same name, and perhaps no TLS.
    ensure!(!said.out.to_lowercase().contains("strict-transport-security"), "{}", said.out);
    let strange = run(WHILE, "curl", &["--silent", "--include", &url], path, "").await?;
    ensure!(!strange.ok, "{strange:?}");
    let digests = served.folder().join("trail/AWSLogs/900000000001/CloudTrail-Digest");
    support::deadline::until(WHILE, "the first digest", async || Ok(digests.is_dir().then_some(()))).await?;
    let key = served.command(&["audit", "public-key"], &[]).await?;
    ensure!(key.out.starts_with("-----BEGIN PUBLIC KEY-----"), "{key:?}");
    Ok(())
}

#[tokio::test]
async fn others_are_not_served_in_clear_text() -> Result<()> {
    let served = ServedOrganisation::start("").await?;
    let config = served.folder().join("open.toml");
    std::fs::write(
        &config,
        "organisation = \"organisation.toml\"\ndata = \"other\"\nlisten = \"0.0.0.0:0\"\n",
    )?;
    let config = config.display().to_string();
    let arguments = ["serve", "--config", &config];
    let said = run(WHILE, programs::latchkey_server()?, &arguments, [("PATH", "/usr/bin:/bin")], "").await?;
    ensure!(said.status == Some(1), "{said:?}");
    let words = "open.toml, line 3, field `listen`: 0.0.0.0 is not the loopback address";
    ensure!(said.err.contains(words) && said.err.contains("`tls.cert`"), "{}", said.err);
    Ok(())
}
