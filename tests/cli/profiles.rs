//! `latch profiles`: profiles of everything one can reach, in a config file that holds other things too.

use super::steps::{Latch, account};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::{collections::BTreeSet, fs};
use support::{Boto, Desk, SandboxServer, deadline::WHILE, journey, organisation, process::run, programs};

const THEIRS: &str = "# written by hand\n[default]\nregion = us-east-1\n\n[profile Payments-Prod-readonly]\ns3 =\n    addressing_style = path\n";

/// What a botocore session finds: names, and the keys of each.
const SEES: &str = "import json\nfrom botocore.session import Session\ns = Session()\n\
    print(json.dumps({'names': s.available_profiles, 'profiles': s.full_config['profiles'], 'sessions': s.full_config.get('sso_sessions', {})}))";

async fn sees(desk: &Desk) -> Result<Value> {
    let said = run(WHILE, programs::python()?, &["-I", "-c", SEES], desk.env(), "").await?;
    serde_json::from_str(&said.out).with_context(|| format!("botocore: {} {}", said.out, said.err))
}

fn config(desk: &Desk) -> Result<String> {
    Ok(fs::read_to_string(desk.home(".aws/config"))?)
}

fn backups(desk: &Desk) -> Result<usize> {
    let entries = fs::read_dir(desk.home(".aws"))?;
    Ok(entries.filter_map(Result::ok).filter(|e| e.file_name().to_string_lossy().ends_with(".bak")).count())
}

#[test]
fn every_role_gets_a_profile_and_nothing_else_changes() {
    journey("latch-profiles-sync", |desk| async move {
        let server = SandboxServer::start().await?;
        let user = server.user()?.clone();
        let latch = Latch(&desk);
        fs::create_dir_all(desk.home(".aws"))?;
        fs::write(desk.home(".aws/config"), THEIRS)?;

        let (status, told) = latch.refused(&["profiles", "sync", "--yes"]).await?;
        ensure!(status == 6 && told.contains("No organisation was added yet"), "{status}: {told}");
        latch.login(&server, &user).await?;

        // Nobody can be asked, so nothing is written; a look changes nothing either.
        let (status, told) = latch.refused(&["profiles", "sync"]).await?;
        ensure!(status == 5 && told.contains("has to be confirmed"), "{status}: {told}");
        let diff = latch.out(&["profiles", "sync", "--dry-run"]).await?;
        ensure!(diff.contains("\n@@ ") && diff.contains("\n+[profile payments-dev-Developer]\n"), "{diff}");
        ensure!(config(&desk)? == THEIRS && backups(&desk)? == 0, "{}", config(&desk)?);
        let (status, told) =
            latch.refused(&["profiles", "sync", "--template", "{account} {role}", "--yes"]).await?;
        ensure!(status == 2 && told.contains("character 10"), "{status}: {told}");

        let done = latch.json(&["profiles", "sync", "--yes", "--json"]).await?;
        ensure!(done["written"] == true && done["backup"].is_string(), "{done}");
        let written = config(&desk)?;
        ensure!(written.starts_with(THEIRS), "{written}");
        ensure!(backups(&desk)? == 1);

        // botocore has what there was and one for each role that `latch ls` lists, and no more.
        let listed = latch.json(&["ls", "--json"]).await?;
        let mut expected: BTreeSet<String> =
            ["default", "Payments-Prod-readonly"].map(ToOwned::to_owned).into();
        for role in listed["roles"].as_array().context("roles")? {
            let (name, id) =
                (role["account_name"].as_str().context("name")?, role["account"].as_str().context("id")?);
            let role = role["role"].as_str().context("role")?;
            // That name is the hand-written profile's, but for upper and lower case.
            let clashes = name == "payments-prod" && role == "ReadOnly";
            expected.insert(if clashes { format!("{name}-{role}-{id}") } else { format!("{name}-{role}") });
        }
        let found = sees(&desk).await?;
        let names: BTreeSet<String> = serde_json::from_value(found["names"].clone())?;
        ensure!(names == expected && expected.len() > 10, "{names:?}\n{expected:?}");
        ensure!(found["profiles"]["Payments-Prod-readonly"]["s3"]["addressing_style"] == "path", "{found}");

        // Its server is not AWS's, so latch brings the keys; and they are good.
        let boto = Boto::start_with(&server, desk.env()).await?;
        let identity = boto.who_is("payments-dev-Developer").await?;
        let identity = identity.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        ensure!(identity["Account"] == "111122225555", "{identity}");
        let aws = programs::aws()?;
        let sts = server.ready().sts_endpoint.as_str();
        let args = [
            "--profile",
            "payments-prod-ReadOnly-111122223333",
            "--endpoint-url",
            sts,
            "sts",
            "get-caller-identity",
        ];
        let said = run(WHILE, aws, &args, desk.env(), "").await?;
        ensure!(said.ok && account(&said.out)? == "111122223333", "{} {}", said.out, said.err);

        // Twice is as once.
        let again = latch.run(&["profiles", "sync"]).await?;
        ensure!(again.ok && again.err.contains("Nothing to change"), "{again:?}");
        ensure!(config(&desk)? == written && backups(&desk)? == 1);

        // The other way to deliver, and a name of one's own, which is remembered.
        let args = [
            "profiles",
            "sync",
            "--delivery",
            "sso",
            "--template",
            "{environment}/{account}.{role}",
            "--yes",
            "--remove-stale",
        ];
        latch.out(&args).await?;
        let found = sees(&desk).await?;
        let profile = &found["profiles"]["production/payments-prod.ReadOnly"];
        ensure!(
            profile["sso_account_id"] == "111122223333" && profile["sso_role_name"] == "ReadOnly",
            "{found}"
        );
        let session = &found["sessions"][profile["sso_session"].as_str().context("no session")?];
        ensure!(session["sso_start_url"] == server.ready().start_url.as_str(), "{found}");
        ensure!(session["sso_region"] == server.ready().region.as_str(), "{found}");
        ensure!(found["names"].as_array().map(Vec::len) == Some(expected.len()), "{found}");
        let kept = config(&desk)?;
        ensure!(kept.starts_with(THEIRS) && !kept.contains("credential_process"), "{kept}");
        let again = latch.run(&["profiles", "sync", "--delivery", "sso"]).await?;
        ensure!(again.ok && again.err.contains("Nothing to change"), "the template was forgotten: {again:?}");
        Ok(())
    });
}

#[test]
fn a_profile_goes_when_its_role_is_gone_and_the_person_agrees() {
    journey("latch-profiles-stale", |desk| async move {
        let server = SandboxServer::start().await?;
        let user = server.user()?.clone();
        let latch = Latch(&desk);
        latch.login(&server, &user).await?;
        latch.out(&["profiles", "sync", "--yes"]).await?;
        // As if a role had been there at the last time.
        let written = config(&desk)?;
        let gone = |text: &str| {
            text.replace("payments-dev-Developer", "payments-dev-Gone")
                .replace("111122225555 Developer", "111122225555 Gone")
        };
        let section = written
            .split("\n\n")
            .find(|part| part.starts_with("[profile payments-dev-Developer]"))
            .context("section")?;
        let before = format!("{written}\n{}\n", gone(section));
        fs::write(desk.home(".aws/config"), &before)?;

        let told = latch.run(&["profiles", "sync", "--yes"]).await?;
        ensure!(
            told.ok && told.err.contains("payments-dev-Gone") && told.err.contains("--remove-stale"),
            "{told:?}"
        );
        ensure!(config(&desk)? == before);
        // A terminal is asked: about the role that is gone, and about the change.
        let program = programs::latch()?;
        let line = format!("'{}' profiles sync", program.display());
        let said = run(WHILE, "script", &["-qec", &line, "/dev/null"], desk.env(), "y\nn\n").await?;
        ensure!(said.out.contains("-[profile payments-dev-Gone]"), "{said:?}");
        ensure!(config(&desk)? == before, "it was a no");
        let said = run(WHILE, "script", &["-qec", &line, "/dev/null"], desk.env(), "y\ny\n").await?;
        ensure!(config(&desk)? == written, "{said:?}");

        // Signed out, nobody knows what is gone.
        fs::write(desk.home(".aws/config"), &before)?;
        latch.out(&["logout"]).await?;
        let told = latch.run(&["profiles", "sync", "--yes", "--remove-stale"]).await?;
        ensure!(config(&desk)? == before, "{told:?}");
        Ok(())
    });
}

#[test]
fn profiles_by_name_and_roles_that_are_assumed() {
    journey("latch-profiles-add", |desk| async move {
        let server = SandboxServer::start().await?;
        let user = server.user()?.clone();
        let latch = Latch(&desk);
        fs::create_dir_all(desk.home(".aws"))?;
        fs::write(desk.home(".aws/config"), THEIRS)?;
        latch.login(&server, &user).await?;
        latch.out(&["ls"]).await?;

        latch
            .out(&[
                "profiles",
                "add",
                "pay",
                "--account",
                "payments-prod",
                "--role",
                "ReadOnly",
                "--region",
                "eu-west-1",
                "--yes",
            ])
            .await?;
        let boto = Boto::start_with(&server, desk.env()).await?;
        let identity = boto.who_is("pay").await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        ensure!(identity["Account"] == "111122223333", "{identity}");

        let arn = "arn:aws:iam::444455556666:role/Deploy";
        let chain = [
            "profiles",
            "add",
            "deploy",
            "--chain-from",
            "pay",
            "--role-arn",
            arn,
            "--session-name",
            "sam",
            "--external-id",
            "x-1",
            "--yes",
        ];
        latch.out(&chain).await?;
        let found = sees(&desk).await?;
        ensure!(
            found["profiles"]["deploy"]
                == serde_json::json!({ "role_arn": arn, "source_profile": "pay", "role_session_name": "sam", "external_id": "x-1" }),
            "{found}"
        );
        let written = config(&desk)?;
        let refuses = async |args: &[&str], expect: i32, says: &str| {
            let (status, told) = latch.refused(args).await?;
            ensure!(status == expect && told.contains(says), "{args:?}: {status}: {told}");
            ensure!(config(&desk)? == written, "{args:?} wrote");
            anyhow::Ok(())
        };
        refuses(
            &["profiles", "add", "pay", "--chain-from", "deploy", "--role-arn", arn, "--yes"],
            1,
            "from each other: pay -> deploy -> pay",
        )
        .await?;
        refuses(
            &["profiles", "add", "x", "--chain-from", "nobody", "--role-arn", arn, "--yes"],
            6,
            "no profile nobody",
        )
        .await?;
        refuses(
            &["profiles", "add", "x", "--chain-from", "pay", "--role-arn", "Deploy", "--yes"],
            2,
            "not the ARN of a role",
        )
        .await?;
        refuses(
            &[
                "profiles",
                "add",
                "x",
                "--account",
                "payments-prod",
                "--role",
                "ReadOnly",
                "--tag",
                "a=b",
                "--yes",
            ],
            2,
            "--tag is of a role that is assumed",
        )
        .await?;
        refuses(
            &["profiles", "add", "x", "--account", "payments-prod", "--role", "Incident1", "--yes"],
            6,
            "You have no role payments-prod/Incident1",
        )
        .await?;
        refuses(
            &["profiles", "add", "a]b", "--account", "payments-prod", "--role", "ReadOnly", "--yes"],
            2,
            "cannot be a profile's name",
        )
        .await?;
        refuses(
            &["profiles", "add", "default", "--account", "payments-prod", "--role", "ReadOnly", "--yes"],
            1,
            "not written by Latchkey",
        )
        .await?;
        refuses(&["profiles", "rm", "pay", "--yes"], 1, "takes its credentials from pay").await?;
        refuses(&["profiles", "rm", "default", "--yes"], 1, "not written by Latchkey").await?;
        refuses(&["profiles", "rm", "nobody", "--yes"], 6, "no profile nobody").await?;

        let listed = latch.out(&["profiles"]).await?;
        let line =
            |name: &str| listed.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        ensure!(
            line("deploy ").contains("latchkey, added") && line("deploy ").contains("by pay"),
            "{listed}"
        );
        ensure!(line("default ").contains("yours"), "{listed}");
        let listed = latch.json(&["profiles", "ls", "--json"]).await?;
        ensure!(listed["config"].as_array().is_some_and(|all| all.len() == 4), "{listed}");

        // What was added by name is nobody's to remove but the person's.
        latch.out(&["profiles", "sync", "--yes", "--remove-stale"]).await?;
        ensure!(config(&desk)?.starts_with(&written), "{}", config(&desk)?);
        latch.out(&["profiles", "rm", "deploy", "--yes"]).await?;
        latch.out(&["profiles", "rm", "pay", "--yes"]).await?;
        latch.out(&["profiles", "rm", "default", "--force", "--yes"]).await?;
        let left = config(&desk)?;
        ensure!(
            left.starts_with("# written by hand\n")
                && !left.contains("[default]")
                && !left.contains("[profile pay]"),
            "{left}"
        );
        Ok(())
    });
}

#[test]
fn several_organisations_stand_side_by_side() {
    journey("latch-profiles-orgs", |desk| async move {
        let first = SandboxServer::start().await?;
        let head = organisation::head("Beta", "900000000009", "ops", "bea", "");
        // The same account, name and role as in the first; and one of its own.
        let file = head
            + &organisation::account("111122223333", "payments-prod", "ReadOnly", "ops")
            + &organisation::account("222233334444", "beta-dev", "Developer", "ops");
        let second = organisation::serve(&desk.folders().tmp().join("beta"), &file).await?;
        let latch = Latch(&desk);
        latch.login(&first, &first.user()?.clone()).await?;
        latch.login(&second, &second.user()?.clone()).await?;
        latch.out(&["profiles", "sync", "--yes"]).await?;
        let written = config(&desk)?;
        let boto = Boto::start_with(&second, desk.env()).await?;
        // One keeps the plain name, the other gets more, and each is asked at its own organisation.
        // Which of the two gets the plain name is a matter of their addresses.
        let mut names: Vec<String> = serde_json::from_value(sees(&desk).await?["names"].clone())?;
        names.sort();
        let clashing: Vec<&String> =
            names.iter().filter(|name| name.starts_with("payments-prod-ReadOnly")).collect();
        ensure!(clashing == ["payments-prod-ReadOnly", "payments-prod-ReadOnly-111122223333"], "{names:?}");
        ensure!(written.matches("credentials --organisation ").count() == 2, "{written}");
        let mut known = 0;
        for name in clashing {
            // The second's STS knows the keys of the second alone.
            known += usize::from(boto.who_is(name).await?.is_ok());
        }
        ensure!(known == 1, "{known} of them are of the second");
        ensure!(boto.who_is("beta-dev-Developer").await?.is_ok(), "{names:?}");

        // One by name: of several that have such a role, the one that is named.
        let add = ["profiles", "add", "mine", "--account", "payments-prod", "--role", "ReadOnly", "--yes"];
        let (status, told) = latch.refused(&add).await?;
        // Servers of one's own are called by their addresses.
        let mut orgs = [first.port()?, second.port()?].map(|port| format!("localhost:{port}"));
        let beta = orgs[1].clone();
        orgs.sort();
        let orgs = orgs.join(", ");
        ensure!(status == 6 && told.contains(&format!("of which organisation ({orgs})")), "{status}: {told}");
        let (status, told) = latch.refused(&[&add[..], &["--organisation", "Gamma"]].concat()).await?;
        ensure!(status == 6 && told.contains(&format!("There are: {orgs}.")), "{status}: {told}");
        latch.out(&[&add[..], &["--organisation", &beta]].concat()).await?;
        ensure!(boto.who_is("mine").await?.is_ok(), "it is not of the second: {}", config(&desk)?);
        latch.out(&["profiles", "rm", "mine", "--yes"]).await?;
        ensure!(config(&desk)? == written, "{}", config(&desk)?);

        // One alone: what the other has stays, also where its role is gone.
        let gone = "\n[profile old]\n# Kept by Latchkey as old (sync): FIRST 111122225555 Gone\ncredential_process = x\n";
        let gone = gone.replace("FIRST", first.ready().start_url.as_str());
        fs::write(desk.home(".aws/config"), format!("{written}{gone}"))?;
        let url = second.ready().start_url.as_str();
        let told = latch.run(&["profiles", "sync", "--organisation", url, "--yes", "--remove-stale"]).await?;
        ensure!(told.ok && told.err.contains("Nothing to change"), "{told:?}");
        let (status, told) = latch.refused(&["profiles", "sync", "--organisation", "Gamma", "--yes"]).await?;
        ensure!(status == 6 && told.contains("No organisation is called Gamma"), "{status}: {told}");
        // The first does not answer: the second is done, and nothing of the first counts as gone.
        first.end().await?;
        let told = latch.run(&["profiles", "sync", "--yes", "--remove-stale"]).await?;
        ensure!(told.ok && told.err.contains("no profile of it counts as gone"), "{told:?}");
        ensure!(config(&desk)? == format!("{written}{gone}"), "{}", config(&desk)?);
        Ok(())
    });
}
