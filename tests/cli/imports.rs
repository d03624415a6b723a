//! `latch profiles import`: what other tools have set up, in the forms of their own documentation.

use super::steps::Latch;
use anyhow::ensure;
use std::fs;
use support::{Boto, SandboxServer, journey, organisation};

#[test]
fn set_ups_of_other_tools_are_found_and_taken_over() {
    journey("latch-import", |desk| async move {
        let server = SandboxServer::start().await?;
        let user = server.user()?.clone();
        let latch = Latch(&desk);
        latch.login(&server, &user).await?;
        latch.out(&["ls"]).await?;
        let (start_url, region) = (server.ready().start_url.as_str(), server.ready().region.as_str());
        let config = format!(
            "[sso-session acme]\nsso_start_url = {start_url}/#/\nsso_region = {region}\n\n\
             [profile plain]\nsso_session = acme\nsso_account_id = 111122223333\nsso_role_name = ReadOnly\n\n\
             # from Granted\n[profile dev/Developer]\ngranted_sso_start_url      = {start_url}\n\
             granted_sso_region         = {region}\ngranted_sso_account_id     = 111122225555\n\
             granted_sso_role_name      = Developer\ncommon_fate_generated_from = aws-sso\n\
             credential_process         = granted credential-process --profile dev/Developer\noutput = json\n\n\
             [profile asked]\ngranted_sso_start_url = {start_url}\ngranted_sso_account_id = 111122225555\n\
             granted_sso_role_name = Developer\ncredential_process = granted credential-process --profile asked --url https://granted.example.com\n\n\
             # BEGIN_AWS_SSO\n[profile data]\ncredential_process = /usr/bin/aws-sso process --sso Work --arn arn:aws:iam::381200003344:role/PowerUser\n# END_AWS_SSO\n\n\
             [profile vaulted]\ncredential_process = aws-vault export --format=json plain\nregion = us-east-1\n\n\
             [profile keys]\ncredential_process = aws-vault exec jon --json\n\n\
             [profile leap]\ncredential_process = leapp session generate 1234\n"
        );
        for (path, text) in [
            (".aws/config", config.clone()),
            (".config/aws-sso/config.yaml", format!("SSOConfig:\n  Work:\n    SSORegion: {region}\n    StartUrl: {start_url}\n    DefaultRegion: eu-west-3\n")),
            (".granted/config", "DefaultBrowser = \"STDOUT\"\n[SSO.other]\nStartURL = \"https://127.0.0.1:1/start\"\nSSORegion = \"eu-west-1\"\n".to_owned()),
            (".Leapp/Leapp-lock.json", "U2FsdGVkX19h".to_owned()),
        ] {
            let path = desk.home(path);
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            fs::write(path, text)?;
        }

        let told = latch.run(&["profiles", "import"]).await?;
        ensure!(told.ok && fs::read_to_string(desk.home(".aws/config"))? == config, "{told:?}");
        let line =
            |part: &str| told.out.lines().find(|line| line.contains(part)).unwrap_or_default().to_owned();
        ensure!(line(start_url).contains("AWS CLI, aws-sso-cli, aws-vault, granted"), "{told:?}");
        ensure!(
            line(start_url).contains("5 profiles") && line(start_url).contains("added already"),
            "{told:?}"
        );
        ensure!(line("127.0.0.1:1").contains("new"), "{told:?}");
        for says in [
            "Leapp keeps its organisations and sessions encrypted",
            "asked (granted) is left alone",
            "keys (aws-vault) is left alone",
            "leap (Leapp) is left alone",
            "4 profiles can become",
            "Not added: https://127.0.0.1:1/start",
        ] {
            ensure!(told.err.contains(says), "{says}: {told:?}");
        }

        // An organisation that does not answer is told, and what can be done is done.
        let told = latch.run(&["profiles", "import", "--take-over", "--yes"]).await?;
        ensure!(told.status == Some(7) && told.err.contains("4 profiles changed"), "{told:?}");
        let written = fs::read_to_string(desk.home(".aws/config"))?;
        ensure!(
            written.contains(
                "# from Granted\n[profile dev/Developer]\n# Kept by Latchkey as dev/Developer (added)\n"
            ),
            "{written}"
        );
        ensure!(
            written.contains("output = json\n") && written.contains("--url https://granted.example.com"),
            "{written}"
        );
        ensure!(
            !written.contains("aws-sso process") && written.contains("leapp session generate"),
            "{written}"
        );
        ensure!(written.matches("granted_sso_start_url").count() == 1, "one is left alone: {written}");
        let boto = Boto::start_with(&server, desk.env()).await?;
        for (profile, account) in [
            ("plain", "111122223333"),
            ("dev/Developer", "111122225555"),
            ("data", "381200003344"),
            ("vaulted", "111122223333"),
        ] {
            let identity =
                boto.who_is(profile).await?.map_err(|refusal| anyhow::anyhow!("{profile}: {refusal:?}"))?;
            ensure!(identity["Account"] == account, "{profile}: {identity}");
        }
        // Once is enough, and one tool alone can be meant.
        let again = latch
            .json(&["profiles", "import", "--take-over", "--from", "aws-vault", "--json", "--yes"])
            .await?;
        ensure!(again["diff"].as_array().is_some_and(Vec::is_empty), "{again}");
        ensure!(again["left_alone"][0]["profile"] == "keys", "{again}");
        Ok(())
    });
}

#[test]
fn of_several_organisations_the_one_that_is_named_is_taken_over() {
    journey("latch-import-orgs", |desk| async move {
        let first = SandboxServer::start().await?;
        // Both have this role.
        let file = organisation::head("Beta", "900000000009", "ops", "bea", "")
            + &organisation::account("111122223333", "payments-prod", "ReadOnly", "ops");
        let second = organisation::serve(&desk.folders().tmp().join("beta"), &file).await?;
        let latch = Latch(&desk);
        for server in [&first, &second] {
            latch.login(server, &server.user()?.clone()).await?;
        }
        let mut config = String::new();
        for (name, server) in [("one", &first), ("two", &second)] {
            let (start_url, region) = (&server.ready().start_url, &server.ready().region);
            config += &format!(
                "[profile {name}]\nsso_start_url = {start_url}\nsso_region = {region}\n\
                 sso_account_id = 111122223333\nsso_role_name = ReadOnly\n\n"
            );
        }
        fs::create_dir_all(desk.home(".aws"))?;
        fs::write(desk.home(".aws/config"), &config)?;
        let beta = format!("localhost:{}", second.port()?);
        let import = ["profiles", "import", "--take-over", "--yes", "--json", "--organisation"];
        let done = latch.json(&[&import[..], &[&beta]].concat()).await?;
        ensure!(done["left_alone"][0]["profile"] == "one", "{done}");
        ensure!(done["left_alone"][0]["why"] == "it is of another organisation.", "{done}");
        let written = fs::read_to_string(desk.home(".aws/config"))?;
        let (one, _) = config.split_at(config.find("[profile two]").unwrap_or_default());
        ensure!(written.starts_with(one), "the other's profile changed: {written}");
        ensure!(written.matches("credentials --organisation ").count() == 1, "{written}");
        // The second's STS knows the keys of the second alone.
        let boto = Boto::start_with(&second, desk.env()).await?;
        boto.who_is("two").await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        Ok(())
    });
}
