//! What servers of one instance do in turns, and what they must have in common.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use support::{
    Boto, FaultyWay, Moto,
    deadline::{SOON, WHILE, until},
    gate::Gate,
    mail_server::MailServer,
    nodes::{Node, hash, leader},
    organisation,
    person::install_crypto,
    postgres::Postgres,
};

use super::instance::{DATABASE, Instance};

/// Jobs as the database's locks name them (the server's `store/sharing.rs`).
const MAIL: u32 = 3;
const AWS_ROLES: u32 = 4;

/// Waits until another process than `before` has the lead: its id.
async fn new_leader(postgres: &Postgres, job: u32, before: Option<u32>) -> Result<u32> {
    until(WHILE, "a server to take the lead", async || {
        let now = leader(postgres, DATABASE, job).await?;
        Ok(now.filter(|now| Some(*now) != before))
    })
    .await
}

/// Asks for a link to set another password, of one server.
async fn forget_password(instance: &Instance, node: usize, name: &str) -> Result<()> {
    let person = instance.person(instance.balancer.each()[node])?;
    let page = person.open(&Instance::address("/sign-in/forgotten")?).await?;
    let page = person.send(&page.form("send-link")?.with("username", name)).await?;
    page.says("Look into your mail")
}

#[tokio::test]
async fn letters_are_sent_by_one_server_and_by_another_when_that_is_killed() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("lk-mail-").tempdir()?;
    let mail = MailServer::start(folder.path()).await?;
    let gate = Gate::before(mail.port()).await?;
    let section = mail.section_through(gate.address().port(), folder.path());
    let mut instance = Instance::start(&section).await?;
    forget_password(&instance, 0, "plain0").await?;
    let first = new_leader(&instance.postgres, MAIL, None).await?;
    ensure!(Some(first) == instance.nodes[0].pid(), "the one that was asked sends it");
    until(SOON, "it to be on its way", async || Ok((gate.came() == 1).then_some(()))).await?;
    forget_password(&instance, 1, "plain1").await?;

    instance.nodes[0].kill().await?;
    let next = new_leader(&instance.postgres, MAIL, Some(first)).await?;
    ensure!(instance.nodes[1..].iter().any(|node| node.pid() == Some(next)), "another one took over");
    let mark = mail.mark();
    gate.open();
    let empty = until(WHILE, "all letters to be sent", async || {
        let left = instance.count("SELECT count(*) FROM mail").await?;
        Ok((left == 0).then_some(()))
    });
    empty.await?;
    let mut came = vec![mail.mail(mark).await?.to, mail.mail(mark + 1).await?.to];
    came.sort();
    ensure!(came == [["plain0@acme.test"], ["plain1@acme.test"]], "{came:?}");
    ensure!(mail.mark() == mark + 2, "one came twice");
    Ok(())
}

/// Keys that moto takes for the management account's.
const ROOT_KEYS: &str = "[default]\naws_access_key_id = AKIAMANAGEMENT000000\naws_secret_access_key = x\n";
const THUMBPRINT: &str = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280";
const ACCOUNTS: [&str; 2] = ["111122223333", "444455556666"];

/// A server of an organisation with a role in each of two accounts.
fn cloud(folder: &Path, database: &str, organisation: Option<&str>, endpoint: &str) -> Result<Node> {
    fs::create_dir_all(folder.join(".aws"))?;
    fs::write(folder.join(".aws/credentials"), ROOT_KEYS)?;
    let aws = format!(
        "[aws]\nregion = \"eu-central-1\"\nendpoint_url = \"{endpoint}\"\nimport_accounts = false\n\
         drift_minutes = 600\nthumbprints = [\"{THUMBPRINT}\"]\n"
    );
    Node::new(folder, database, organisation, &aws)
}

/// moto reads AWS's policies when an account is first asked for, and takes its time.
async fn warm_up(moto: &Moto, folder: &Path) -> Result<()> {
    let aws = Boto::at(moto.url(), &["iam", "sts"], "eu-central-1", &folder.join("aws")).await?;
    let root = json!({ "accessKeyId": "AKIAMANAGEMENT000000", "secretAccessKey": "x" });
    for account in ACCOUNTS {
        let role = format!("arn:aws:iam::{account}:role/OrganizationAccountAccessRole");
        let asked = json!({ "RoleArn": role, "RoleSessionName": "test" });
        let answer = aws.signed(&root, ("sts", "assume_role"), asked, None).await?;
        let keys = answer.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?["Credentials"].clone();
        let keys = json!({
            "accessKeyId": keys["AccessKeyId"],
            "secretAccessKey": keys["SecretAccessKey"],
            "sessionToken": keys["SessionToken"],
        });
        let listed = aws.signed(&keys, ("iam", "list_roles"), json!({}), None).await?;
        listed.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    }
    Ok(())
}

#[tokio::test]
async fn roles_at_aws_are_made_by_one_server_and_by_another_when_that_is_killed() -> Result<()> {
    install_crypto();
    let folder = tempfile::Builder::new().prefix("lk-nodes-").tempdir()?;
    let (postgres, moto, hash) = tokio::try_join!(Postgres::start(), Moto::start(folder.path()), hash())?;
    postgres.create(DATABASE).await?;
    warm_up(&moto, folder.path()).await?;
    let way = FaultyWay::to(moto.url()).await?;
    let gate = Gate::before(way.url().port().context("the way has a port")?).await?;
    let user = format!("password_hash = \"{hash}\"\n");
    let mut text = organisation::head("Acme", support::moto::MANAGEMENT, "engineering", "sam", &user);
    text += "[[permission_set]]\nname = \"ReadOnly\"\n";
    for id in ACCOUNTS {
        text += &format!("[[account]]\nid = \"{id}\"\nname = \"n{id}\"\nemail = \"aws-{id}@acme.test\"\n");
        text += &format!(
            "[[assignment]]\naccount = \"{id}\"\npermission_set = \"ReadOnly\"\ngroup = \"engineering\"\n"
        );
    }
    let (database, endpoint) = (postgres.section(DATABASE), format!("http://{}", gate.address()));
    let mut one = cloud(&folder.path().join("one"), &database, Some(&text), &endpoint)?;
    let mut other = cloud(&folder.path().join("other"), &database, None, &endpoint)?;
    one.start().await?;
    other.take_keys(&one)?;
    other.start().await?;
    let first = new_leader(&postgres, AWS_ROLES, None).await?;
    until(SOON, "it to ask AWS", async || Ok((gate.came() > 0).then_some(()))).await?;
    let (leading, waiting) = if one.pid() == Some(first) { (&mut one, &other) } else { (&mut other, &one) };
    let came = gate.came();
    ensure!(leader(&postgres, DATABASE, AWS_ROLES).await? == Some(first) && leading.pid() == Some(first));

    leading.kill().await?;
    let next = new_leader(&postgres, AWS_ROLES, Some(first)).await?;
    ensure!(waiting.pid() == Some(next), "the other one took over");
    until(SOON, "it to ask AWS, too", async || Ok((gate.came() > came).then_some(()))).await?;
    gate.open();
    let made = "SELECT count(*) FROM aws_role WHERE state = 'APPLIED'";
    let all = until(WHILE, "the roles to be made", async || {
        Ok((postgres.ask(DATABASE, made).await? == "2").then_some(()))
    });
    all.await.with_context(|| waiting.log())?;
    ensure!(way.seen("Action=CreateRole").len() == 2, "each was made once");
    let events = "SELECT count(*) FROM audit WHERE name = 'CreateRole' AND event::json->>'errorCode' IS NULL";
    ensure!(postgres.ask(DATABASE, events).await? == "2", "and recorded once");
    Ok(())
}

#[tokio::test]
async fn a_server_with_other_keys_than_the_instances_is_refused() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("lk-nodes-").tempdir()?;
    let (postgres, hash) = tokio::try_join!(Postgres::start(), hash())?;
    postgres.create(DATABASE).await?;
    let database = postgres.section(DATABASE);
    let user = format!("password_hash = \"{hash}\"\n");
    let text = organisation::head("Acme", "900000000001", "engineering", "sam", &user);
    let delivered = format!("[audit]\ndeliver_to = \"{}\"\n", folder.path().join("trail").display());
    let mut first = Node::new(&folder.path().join("first"), &database, Some(&text), &delivered)?;
    first.start().await?;
    let mut second = Node::new(&folder.path().join("second"), &database, None, &delivered)?;
    let key = |node: &Node, name: &str| node.folder().join("data").join(name);
    let (saml, audit) = (fs::read(key(&first, "saml.pem"))?, fs::read(key(&first, "audit.pem"))?);
    for (wrong, other) in [
        ("instance.key", None),
        ("instance.key", Some("00".repeat(32).into_bytes())),
        ("saml.pem", None),
        ("saml.pem", Some(audit.clone())),
        ("audit.pem", None),
        ("audit.pem", Some(saml)),
    ] {
        second.take_keys(&first)?;
        let place = key(&second, wrong);
        match &other {
            Some(other) => fs::write(&place, other)?,
            None => fs::remove_file(&place)?,
        }
        second.begin()?;
        let ended = second.ended().await?;
        let said = second.log();
        let last = said.lines().last().unwrap_or_default();
        ensure!(!ended.success() && last.contains(wrong) && last.contains("copy"), "{wrong}: {said}");
        ensure!(other.is_some() || !place.exists(), "{wrong} was made anew");
    }
    // Another one on purpose.
    first.stop().await?;
    second.take_keys(&first)?;
    fs::write(key(&second, "saml.pem"), &audit)?;
    let adopted = second.command(&["adopt-keys"], &[]).await?;
    ensure!(adopted.ok && adopted.out.contains("saml.pem"), "{} {}", adopted.out, adopted.err);
    second.start().await?;
    first.begin()?;
    ensure!(!first.ended().await?.success() && first.log().contains("adopt-keys"), "{}", first.log());
    let events = second.command(&["audit", "ls"], &["--name", "AdoptSigningKeys"]).await?;
    ensure!(events.ok && events.out.contains("AdoptSigningKeys"), "{} {}", events.out, events.err);
    Ok(())
}
