//! An instance's database elsewhere: over TLS, and brought back by PostgreSQL's own tools.

use std::{fs, path::Path};

use anyhow::{Result, ensure};
use support::{
    Person, User,
    nodes::{HOST, Node, PASSWORD, hash},
    organisation,
    postgres::Postgres,
    tls::Authority,
};
use url::Url;

const DATABASE: &str = "latchkey";
const DATABASE_PASSWORD: &str = "a-password-of-the-database";

async fn organisation_of_sam() -> Result<String> {
    let user = format!("password_hash = \"{}\"\n", hash().await?);
    Ok(organisation::head("Acme", "900000000001", "engineering", "sam", &user))
}

/// A person who comes to a server as its proxy does.
fn visitor(authority: &Authority, front: &support::tls::Front) -> Result<Person> {
    Person::trusting(&authority.pem(), &[(HOST, front.address)])
}

fn start_page() -> Result<Url> {
    Ok(Url::parse(&format!("https://{HOST}/start"))?)
}

#[tokio::test]
async fn a_dump_is_restored_into_an_empty_database_and_people_go_on() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("lk-nodes-").tempdir()?;
    let (postgres, authority) = (Postgres::start().await?, Authority::new()?);
    postgres.create(DATABASE).await?;
    let organisation = organisation_of_sam().await?;
    let mut first =
        Node::new(&folder.path().join("first"), &postgres.section(DATABASE), Some(&organisation), "")?;
    first.start().await?;
    let front = authority.stand_before(HOST, first.port()).await?;
    let sam = User { username: "sam".to_owned(), password: PASSWORD.to_owned() };
    let stays = visitor(&authority, &front)?;
    let page = stays.open(&start_page()?).await?;
    stays.give_password(&page, &sam).await?.says("Signed in as Sam Sample")?;

    // While it is served, as a backup is made.
    let dump = folder.path().join("latchkey.dump").display().to_string();
    postgres.tool("pg_dump", &["-Fc", "-f", &dump, DATABASE]).await?;
    // What comes later is lost with it.
    let later = visitor(&authority, &front)?;
    let page = later.open(&start_page()?).await?;
    later.give_password(&page, &sam).await?.says("Signed in as Sam Sample")?;
    // It notes how far the trail reaches when it starts.
    first.stop().await?;
    first.start().await?;
    first.stop().await?;
    postgres.create("restored").await?;
    postgres.tool("pg_restore", &["--exit-on-error", "-d", "restored", &dump]).await?;

    let mut second = Node::new(&folder.path().join("second"), &postgres.section("restored"), None, "")?;
    second.take_keys(&first)?;
    second.start().await?;
    // The same name, another server behind it.
    let front = authority.stand_before(HOST, second.port()).await?;
    let same = visitor(&authority, &front)?;
    same.take_cookies(&stays);
    same.open(&start_page()?).await?.says("Signed in as Sam Sample")?;
    let gone = visitor(&authority, &front)?;
    gone.take_cookies(&later);
    ensure!(gone.open(&start_page()?).await?.has("sign-in"), "a session that was not in the dump");
    let anew = visitor(&authority, &front)?;
    let page = anew.open(&start_page()?).await?;
    anew.give_password(&page, &sam).await?.says("Signed in as Sam Sample")?;
    let verified = second.command(&["audit", "verify"], &[]).await?;
    ensure!(verified.ok, "{} {}", verified.out, verified.err);

    // A data folder from before knows that the trail was longer, until it is told to go on without.
    let mark = |node: &Node| node.folder().join("data/audit.mark");
    second.stop().await?;
    fs::copy(mark(&first), mark(&second))?;
    let verified = second.command(&["audit", "verify"], &[]).await?;
    ensure!(!verified.ok, "what was lost is not noticed: {}", verified.out);
    fs::remove_file(mark(&second))?;
    let verified = second.command(&["audit", "verify"], &[]).await?;
    ensure!(verified.out.contains("The audit trail is whole"), "{} {}", verified.out, verified.err);
    ensure!(verified.err.contains("audit.mark is gone"), "the missing mark is not told: {}", verified.err);
    Ok(())
}

/// What a server says that does not start.
async fn refused(folder: &Path, database: &str, organisation: &str) -> Result<String> {
    let mut node = Node::new(folder, database, Some(organisation), "")?;
    node.begin()?;
    let ended = node.ended().await?;
    ensure!(!ended.success(), "it was served: {}", node.log());
    Ok(node.log())
}

#[tokio::test]
async fn the_database_is_reached_over_tls_that_is_checked_or_not_at_all() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("lk-nodes-").tempdir()?;
    let (authority, stranger) = (Authority::new()?, Authority::new()?);
    let (certificate, key) = authority.certify("localhost")?;
    let postgres = Postgres::start_with_tls((&certificate, &key), DATABASE_PASSWORD).await?;
    postgres.create(DATABASE).await?;
    let organisation = organisation_of_sam().await?;
    let place = |name: &str| folder.path().join(name);
    fs::write(place("ca.pem"), authority.pem())?;
    fs::write(place("other.pem"), stranger.pem())?;
    fs::write(place("password"), format!("{DATABASE_PASSWORD}\n"))?;
    fs::write(place("wrong"), "not it\n")?;
    let section = |host: &str, mode: &str, ca: &str, password: &str| {
        format!(
            "[database]\nurl = \"postgresql://latchkey@{host}:{}/{DATABASE}{mode}\"\nca_file = \"{}\"\n\
             password_file = \"{}\"\n",
            postgres.port(),
            place(ca).display(),
            place(password).display()
        )
    };
    let tls = "?sslmode=require";
    for (case, database, words) in [
        ("another authority", section("localhost", tls, "other.pem", "password"), "certificate"),
        ("another name", section("127.0.0.1", tls, "ca.pem", "password"), "certificate"),
        ("clear text", section("localhost", "?sslmode=disable", "ca.pem", "password"), "no encryption"),
        ("clear text to another machine", section("192.0.2.7", "", "ca.pem", "password"), "sslmode=require"),
        ("another password", section("localhost", tls, "ca.pem", "wrong"), "authentication failed"),
    ] {
        let said = refused(&place(&case.replace(' ', "-")), &database, &organisation).await?;
        ensure!(said.contains(words) && !said.contains(DATABASE_PASSWORD), "{case}: {said}");
    }
    let right = section("localhost", tls, "ca.pem", "password");
    let mut node = Node::new(&place("node"), &right, Some(&organisation), "")?;
    node.start().await?;
    let encrypted = "SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
                     WHERE a.application_name LIKE 'latchkey-server%' AND NOT s.ssl";
    ensure!(postgres.ask(DATABASE, encrypted).await? == "0", "a connection in clear text");
    drop(node);

    // A server that has no TLS gets nothing in clear text.
    let plain = Postgres::start().await?;
    plain.create(DATABASE).await?;
    let database = plain.section(DATABASE).replace("latchkey\"", "latchkey?sslmode=require\"");
    let said = refused(&place("without-tls"), &database, &organisation).await?;
    ensure!(said.contains("TLS"), "{said}");
    Ok(())
}
