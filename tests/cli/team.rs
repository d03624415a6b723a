//! `latch team`: what a team shares, from one installation to the next.

use super::steps::Latch;
use anyhow::{Context, Result, ensure};
use std::{fs, path::PathBuf};
use support::{
    Desk, SandboxServer,
    deadline::WHILE,
    journey,
    process::{Said, run},
    programs,
};

/// Another person's installation, at the same desk.
struct Other<'a>(&'a Desk, &'static str);

impl Other<'_> {
    async fn run(&self, args: &[&str]) -> Result<Said> {
        let mut env = self.0.env().clone();
        env.insert("LATCHKEY_HOME".to_owned(), self.0.home(self.1).display().to_string());
        run(WHILE, programs::latch()?, args, &env, "").await
    }

    async fn does(&self, args: &[&str], status: i32, says: &str) -> Result<String> {
        let said = self.run(args).await?;
        let all = format!("{}{}", said.out, said.err);
        ensure!(said.status == Some(status) && all.contains(says), "{args:?}, not {status} {says}: {said:?}");
        Ok(all)
    }
}

#[test]
fn a_file_goes_from_one_to_the_others_and_no_change_on_its_way_is_missed() {
    journey("latch-team", |desk| async move {
        let server = SandboxServer::start().await?;
        let user = server.user()?.clone();
        let latch = Latch(&desk);
        let settings = desk.home(".config/latchkey/latchkey.toml");
        fs::create_dir_all(settings.parent().context("folder")?)?;
        fs::write(
            &settings,
            "[[safety.rules]]\nfield = \"name\"\npattern = \"^storefront\"\nenvironment = \"staging\"\n",
        )?;
        latch.login(&server, &user).await?;
        latch.out(&["profiles", "sync", "--template", "{account}.{role}", "--yes"]).await?;

        let path = |name: &str| -> (PathBuf, String) {
            let path = desk.home(name);
            let text = path.display().to_string();
            (path, text)
        };
        let (signed, signed_arg) = path("team.toml");
        let (_, bare_arg) = path("bare.toml");
        let org = latch.json(&["status", "--json"]).await?["overview"]["organisations"][0]["name"]
            .as_str()
            .context("name")?
            .to_owned();
        let colour = format!("{org}=darkBlue");
        let told =
            latch.run(&["team", "export", &signed_arg, "--name", "Platform", "--colour", &colour]).await?;
        ensure!(told.ok && told.err.contains("Signed by SHA256:"), "{told:?}");
        let ours = fingerprint(&told.err)?;
        let (status, told) = latch.refused(&["team", "export", &signed_arg]).await?;
        ensure!(status == 1 && told.contains("exists"), "{status}: {told}");
        latch.out(&["team", "export", &bare_arg, "--name", "Platform", "--unsigned"]).await?;

        // The listed facts and no more: who is signed in, what is reached and every secret stay here.
        let text = fs::read_to_string(&signed)?;
        let read: toml::Table = toml::from_str(&text)?;
        let keys: Vec<_> = read.keys().map(String::as_str).collect();
        ensure!(keys == ["latchkey_team", "name", "organisation", "rule", "template"], "{keys:?}");
        let shared = read["organisation"][0].as_table().context("organisation")?;
        let keys: Vec<_> = shared.keys().map(String::as_str).collect();
        ensure!(keys == ["colour", "endpoints", "name", "region", "start_url"], "{keys:?}");
        for secret in [user.username.as_str(), user.password.as_str(), "1111", "token"] {
            ensure!(!text.contains(secret), "{secret} is in {text}");
        }

        // Another looks, agrees, and has it.
        let other = Other(&desk, "other");
        let seen = other.does(&["team", "show", &signed_arg], 0, "was not seen before").await?;
        ensure!(seen.contains("+ staging where an account's name fits \"^storefront\""), "{seen}");
        // Whatever a name says, it stands behind the address.
        let line = seen.lines().find(|line| line.starts_with("+ http")).context("organisation")?;
        ensure!(line.ends_with(&format!(" \"{org}\"")), "{line}");
        ensure!(seen.contains("+ profiles are named {account}.{role} instead of {account}-{role}"), "{seen}");
        ensure!(
            seen.contains(server.ready().start_url.as_str()) && seen.contains("darkBlue, served by http://"),
            "{seen}"
        );
        // Where nobody compares the fingerprint, a yes alone is none to whoever signed.
        for args in [vec!["team", "apply", &signed_arg, "--yes"], vec!["team", "apply", &signed_arg]] {
            other.does(&args, 5, "the signer was not seen before").await?;
        }
        other
            .does(&["team", "apply", &signed_arg, "--yes", "--new-signer", "SHA256:x"], 1, "that you named")
            .await?;
        other.does(&["team", "apply", &signed_arg, "--dry-run"], 0, "Nothing was taken over").await?;
        other.does(&["team", "apply", &signed_arg, "--new-signer", &ours], 5, "has to be confirmed").await?;
        other.does(&["status"], 0, "No organisation yet").await?;
        other.does(&["team", "apply", &signed_arg, "--yes", "--new-signer", &ours], 0, "Taken over").await?;
        let now: serde_json::Value = serde_json::from_str(&other.run(&["status", "--json"]).await?.out)?;
        let added = &now["overview"]["organisations"][0];
        ensure!(added["name"] == org.as_str() && added["kind"] == "custom", "{now}");
        ensure!(now["overview"]["template"] == "{account}.{role}", "{now}");
        let kept = fs::read_to_string(desk.home("other/config/latchkey.toml"))?;
        ensure!(
            kept.contains("^storefront") && kept.contains("darkBlue") && kept.contains("SHA256:"),
            "{kept}"
        );
        let again = other.does(&["team", "apply", &signed_arg, "--yes"], 0, "as before").await?;
        ensure!(!again.contains("+ staging"), "{again}");

        // One changed letter.
        let (tampered, tampered_arg) = path("tampered.toml");
        fs::write(&tampered, text.replace("^storefront", "^storefronx"))?;
        other.does(&["team", "show", &tampered_arg], 1, "was changed after it was signed").await?;
        other
            .does(
                &["team", "apply", &tampered_arg, "--yes", "--unsigned"],
                1,
                "was changed after it was signed",
            )
            .await?;

        // Nobody signed: said, and refused where somebody did before.
        let third = Other(&desk, "third");
        third.does(&["team", "apply", &bare_arg, "--yes"], 1, "Nobody signed this file").await?;
        third
            .does(&["team", "apply", &bare_arg, "--yes", "--unsigned"], 0, "anybody may have written")
            .await?;
        other.does(&["team", "apply", &bare_arg, "--yes", "--unsigned"], 1, "now nobody signed it").await?;

        // Another signs for the same start URL, under whatever team name: an alarm.
        let (_, usurped_arg) = path("usurped.toml");
        let told = third
            .does(&["team", "export", &usurped_arg, "--name", "Elsewhere"], 0, "Signed by SHA256:")
            .await?;
        let theirs = fingerprint(&told)?;
        other.does(&["team", "show", &usurped_arg], 1, "ALARM: the signer changed").await?;
        other.does(&["team", "apply", &usurped_arg, "--yes"], 1, "not the one of before").await?;
        other
            .does(
                &["team", "apply", &usurped_arg, "--yes", "--new-signer", "SHA256:x"],
                1,
                "not the one of before",
            )
            .await?;
        other
            .does(&["team", "apply", &usurped_arg, "--yes", "--new-signer", &theirs], 0, "Taken over")
            .await?;
        other.does(&["team", "apply", &signed_arg, "--yes"], 1, "ALARM").await?;

        // Nobody loses a question about an account by a yes to the file.
        let (_, lax_arg) = path("lax.toml");
        let rule = "\n[[safety.rules]]\nfield = \"name\"\npattern = \".*\"\nenvironment = \"sandbox\"\n";
        let theirs_set = desk.home("third/config/latchkey.toml");
        fs::write(&theirs_set, format!("{}{rule}", fs::read_to_string(&theirs_set)?))?;
        third.does(&["team", "export", &lax_arg, "--name", "Lax"], 0, "Signed by SHA256:").await?;
        let lax = ["team", "apply", &lax_arg, "--yes", "--new-signer", &theirs];
        let (status, told) = latch.refused(&lax).await?;
        ensure!(status == 5 && told.contains("would ask less than now about "), "{status}: {told}");
        ensure!(
            told.lines().any(|it| it.starts_with("! ") && it.contains("sandbox instead of production")),
            "{told}"
        );
        ensure!(!fs::read_to_string(&settings)?.contains(".*"), "taken all the same");
        let seen = latch.json(&["team", "show", &lax_arg, "--json"]).await?;
        ensure!(seen["lowered"].as_array().is_some_and(|all| !all.is_empty()), "{seen}");
        // At a terminal there is a second question, and a no to it is a no to all of the file.
        let before = fs::read_to_string(&settings)?;
        let line = format!("'{}' team apply '{lax_arg}'", programs::latch()?.display());
        let answers = async |answers: &str| {
            let said = run(WHILE, "script", &["-qec", &line, "/dev/null"], desk.env(), answers).await?;
            for question in ["Take this over?", "Ask less than now about "] {
                ensure!(said.out.contains(question), "{question} {said:?}");
            }
            fs::read_to_string(&settings).map_err(anyhow::Error::from)
        };
        ensure!(answers("y\nn\n").await? == before, "taken after a no");
        ensure!(answers("y\ny\n").await?.contains(".*"), "not taken after two yeses");
        fs::write(&settings, before)?;
        latch.out(&[lax.as_slice(), &["--lower-safety"]].concat()).await?;
        ensure!(fs::read_to_string(&settings)?.contains(".*"), "not taken");
        Ok(())
    });
}

/// Of the key that signed, as `latch team export` tells it.
fn fingerprint(told: &str) -> Result<String> {
    let found = told.split_whitespace().find(|word| word.starts_with("SHA256:")).context("fingerprint")?;
    Ok(found.trim_end_matches('.').to_owned())
}
