//! `latchkey-server serve` and `hash-password` as programs: an organisation of one's own, and what is said of a
//! file that is not right.

use super::sandbox::raw;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};
use support::{
    Person, User,
    deadline::{START, WHILE},
    ports,
    process::{Process, Program, Said, run},
    programs,
};
use url::Url;

const PASSWORD: &str = "correct-horse-battery";

/// An organisation of one user, whose fields may go on.
pub const ORGANISATION: &str = r#"name = "Acme"
region = "eu-central-1"
management_account = "900000000001"

[[user]]
username = "sam"
display_name = "Sam Sample"
email = "sam@acme.test"
"#;

fn env() -> BTreeMap<String, String> {
    [("PATH", "/usr/bin:/bin"), ("TZ", "UTC")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
}

/// What the server's program says to these arguments.
pub async fn said(args: &[&str], input: &str) -> Result<Said> {
    run(WHILE, programs::latchkey_server()?, args, env(), input).await
}

/// A hash of [`PASSWORD`] as `hash-password` prints it.
pub async fn hash() -> Result<String> {
    let hashed = said(&["hash-password"], &format!("{PASSWORD}\n")).await?;
    ensure!(hashed.ok, "{}", hashed.err);
    Ok(hashed.out.trim().to_owned())
}

/// Writes both files and gives the configuration's path.
fn write(home: &Path, organisation: &str, listen: &str, more: &str) -> Result<String> {
    fs::write(home.join("acme.toml"), organisation)?;
    let config = home.join("server.toml");
    fs::write(
        &config,
        format!("organisation = \"acme.toml\"\ndata = \"data\"\nlisten = \"{listen}\"\n{more}"),
    )?;
    Ok(config.to_str().context("the folder is not UTF-8")?.to_owned())
}

/// A server of the organisation with one user; `more` goes into the configuration.
pub struct Served {
    /// The program.
    pub process: Process,
    /// Where it listens.
    pub port: u16,
    user: User,
    config: String,
    home: Option<tempfile::TempDir>,
}

impl Served {
    fn folder(&self) -> Result<&Path> {
        Ok(self.home.as_ref().context("it has a folder of the test's own")?.path())
    }
}

async fn serve(more: &str) -> Result<Served> {
    let home = tempfile::Builder::new().prefix("lk-serve-").tempdir()?;
    let organisation = format!("{ORGANISATION}password_hash = \"{}\"\n", hash().await?);
    let served = serve_in(home.path(), &organisation, more).await?;
    Ok(Served { home: Some(home), ..served })
}

/// The same in a folder of the test's own.
pub async fn serve_in(home: &Path, organisation: &str, more: &str) -> Result<Served> {
    let port = ports::free()?;
    let config = write(home, organisation, &format!("127.0.0.1:{port}"), more)?;
    let log = home.join("server.log");
    let process = Program::new("latchkey-server", programs::latchkey_server()?)
        .args(["serve", "--config", &config])
        .envs(env())
        .log(log.clone())
        .lines()
        .input()
        .start()?;
    let connected = support::until(START, "the server to listen", async || {
        Ok(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok().map(drop))
    });
    connected.await.with_context(|| fs::read_to_string(&log).unwrap_or_default())?;
    let user = User { username: "sam".to_owned(), password: PASSWORD.to_owned() };
    Ok(Served { process, port, user, config, home: None })
}

#[tokio::test]
async fn an_organisation_of_ones_own_is_served_and_controls_are_not_obeyed() -> Result<()> {
    let served = serve("").await?;
    let person = Person::new()?;
    let page = person.open(&Url::parse(&format!("http://localhost:{}/start", served.port))?).await?;
    let page = person.give_password(&page, &served.user).await?;
    page.says("Sam Sample")?;
    served.process.write_line("{\"expire\":\"session\"}").await?;
    served.process.write_line("{\"clock_offset_seconds\":86400}").await?;
    // Its input may end, too: it is a service, nobody holds it.
    served.process.close_input().await;
    let page = person.open(&page.url).await?;
    page.says("Sam Sample")?;
    ensure!(served.process.lines().all().is_empty(), "it answered: {:?}", served.process.lines().all());
    served.process.signal(rustix::process::Signal::TERM)?;
    let status = served.process.ended(WHILE).await?;
    ensure!(status.success(), "it ended with {status}");
    Ok(())
}

#[tokio::test]
async fn a_file_is_planned_and_applied_while_it_serves() -> Result<()> {
    let served = serve("").await?;
    let start = Url::parse(&format!("http://localhost:{}/start", served.port))?;
    let person = Person::new()?;
    let page = person.open(&start).await?;
    person.give_password(&page, &served.user).await?.says("Sam Sample")?;

    // The same organisation in YAML, and an account more.
    let file = served.folder()?.join("next.yaml");
    let text = "name: Acme\nregion: eu-central-1\nmanagement_account: \"900000000001\"\n\
        user:\n- username: sam\n  display_name: Samantha Sample\n  email: sam@acme.test\n\
        account:\n- {id: \"111122223333\", name: payments-prod, email: pay@acme.test, ou: Production}\n\
        permission_set:\n- name: ReadOnly\n\
        assignment:\n- {account: \"111122223333\", permission_set: ReadOnly, user: sam}\n";
    fs::write(&file, text)?;
    let file = file.to_str().context("the folder is not UTF-8")?;
    let say = async |verb: &str| said(&[verb, "--config", &served.config, file], "").await;
    let planned = say("plan").await?;
    ensure!(planned.ok, "{}", planned.err);
    let lines = [
        "~ user sam",
        "    display_name: \"Sam Sample\" -> \"Samantha Sample\"",
        "+ account 111122223333",
        "+ permission set ReadOnly",
        "+ assignment ReadOnly in 111122223333 for user sam",
        "3 to create, 1 to change, 0 to delete.",
    ];
    for line in lines {
        ensure!(planned.out.lines().any(|said| said == line), "{line:?} in {}", planned.out);
    }
    person.open(&start).await?.says("Sam Sample")?;
    let applied = say("apply").await?;
    ensure!(applied.ok && applied.out == planned.out, "{} {}", applied.out, applied.err);
    // The browser is still signed in, and sees it.
    let page = person.open(&start).await?;
    page.says("Samantha Sample")?;
    page.says("payments-prod")?;
    let again = say("plan").await?;
    ensure!(again.ok && again.out.starts_with("Nothing to change"), "{} {}", again.out, again.err);

    fs::write(served.folder()?.join("next.yaml"), text.replace("sam@acme.test", "nowhere"))?;
    let refused = say("apply").await?;
    ensure!(!refused.ok && refused.err.contains("field `user[1].email`"), "{}", refused.err);
    Ok(())
}

#[tokio::test]
async fn behind_a_proxy_it_answers_to_its_public_name_and_secures_its_cookies() -> Result<()> {
    let served = serve("public_url = \"https://sso.acme.test\"\n").await?;
    let port = served.port;
    let get = |host: &str| format!("GET /sign-in HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let answer = raw(port, &get("sso.acme.test")).await?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let cookie = answer.lines().find(|line| line.to_ascii_lowercase().starts_with("set-cookie:"));
    ensure!(cookie.is_some_and(|cookie| cookie.ends_with("; Secure")), "{cookie:?}");
    // A proxy that names its upstream is not sent in circles.
    let answer = raw(port, &get(&format!("127.0.0.1:{port}"))).await?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for foreign in ["acme.test", "sso.acme.test:8443", "evil.test"] {
        let answer = raw(port, &get(foreign)).await?;
        ensure!(answer.starts_with("HTTP/1.1 421"), "{foreign}: {answer}");
    }
    let body = "{\"clientName\":\"x\",\"clientType\":\"public\"}";
    let register = format!(
        "POST /client/register HTTP/1.1\r\nHost: sso.acme.test\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = raw(port, &register).await?;
    let (_, body) = answer.split_once("\r\n\r\n").with_context(|| answer.clone())?;
    let client: Value = serde_json::from_str(body).with_context(|| answer.clone())?;
    ensure!(client["tokenEndpoint"] == "https://sso.acme.test/token", "{client}");
    Ok(())
}

/// Where a file is wrong, and what would be right, on standard error; once.
#[tokio::test]
async fn mistakes_in_its_files_keep_it_from_starting_and_are_named() -> Result<()> {
    let home = tempfile::Builder::new().prefix("lk-serve-").tempdir()?;
    let good = "127.0.0.1:0";
    let wrong = ORGANISATION.replace("eu-central-1", "Frankfurt");
    let typed = ORGANISATION.replace("\"sam@acme.test\"", "5");
    for (organisation, listen, more, words) in [
        (wrong.as_str(), good, "", "acme.toml, line 2, field `region`: must be an AWS region"),
        (typed.as_str(), good, "", "acme.toml, line 8, field `user.email`: invalid type: integer `5`"),
        (ORGANISATION, "0.0.0.0:0", "", "server.toml, line 3, field `listen`: 0.0.0.0 is not the loopback"),
        (
            ORGANISATION,
            good,
            "public_url = \"http://a\"\n",
            "server.toml, line 4, field `public_url`: must be",
        ),
        (ORGANISATION, good, "colour = 1\n", "server.toml, line 4, field `colour`: unknown field"),
    ] {
        let config = write(home.path(), organisation, listen, more)?;
        let said = said(&["serve", "--config", &config], "").await?;
        ensure!(!said.ok, "it started with {words}");
        ensure!(said.err.matches(words).count() == 1, "no {words:?} in:\n{}", said.err);
    }
    fs::remove_file(home.path().join("acme.toml"))?;
    let config = home.path().join("server.toml").to_string_lossy().into_owned();
    fs::write(&config, format!("organisation = \"acme.toml\"\ndata = \"data\"\nlisten = \"{good}\"\n"))?;
    let said = said(&["serve", "--config", &config], "").await?;
    ensure!(said.err.matches("No such file").count() == 1 && said.err.contains("acme.toml"), "{}", said.err);
    Ok(())
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_named_with_what_to_do() -> Result<()> {
    let home = tempfile::Builder::new().prefix("lk-serve-").tempdir()?;
    let data = home.path().join("data");
    let arg = data.to_str().context("the folder is not UTF-8")?.to_owned();
    fs::write(&data, "")?;
    let file = said(&["sandbox", "--data", &arg], "").await?;
    ensure!(
        !file.ok && file.err.matches("is a file; name a folder with --data").count() == 1,
        "{}",
        file.err
    );
    fs::remove_file(&data)?;
    fs::create_dir(&data)?;
    let database = data.join("instance.sqlite");
    fs::write(&database, "garbage ".repeat(1000))?;
    let damaged = said(&["sandbox", "--data", &arg], "").await?;
    ensure!(!damaged.ok && damaged.out.is_empty(), "it started on garbage: {}", damaged.out);
    let words = format!("{}: ", database.display());
    ensure!(damaged.err.contains(&words) && damaged.err.contains("move it away"), "{}", damaged.err);
    ensure!(damaged.err.matches("file is not a database").count() == 1, "{}", damaged.err);
    ensure!(fs::read_to_string(&database)? == "garbage ".repeat(1000), "the damaged file was changed");
    Ok(())
}

#[tokio::test]
async fn a_password_is_hashed_from_its_input_and_never_shown() -> Result<()> {
    let (first, second) = (hash().await?, hash().await?);
    ensure!(first.starts_with("$argon2id$v=19$") && first != second, "{first} {second}");
    let none = said(&["hash-password"], "\n").await?;
    ensure!(!none.ok && none.out.is_empty() && none.err.contains("type the password"), "{}", none.err);
    Ok(())
}
