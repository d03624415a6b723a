//! The directory's word as the identity source: who administrators are, and that what asks on somebody's behalf asks the
//! directory first.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use support::{
    Administrator, LdapServer, Person, ServedOrganisation, organisation, page::Form, tls::Authority,
};

use super::{
    integrated::Desk,
    ldap::{ACCOUNT, Company, LOCK, SOURCE, UNLOCK, credentials, tokens, user},
    text,
};

const DISABLE: &str = "000001010000Z\n";

fn mail(name: &str, address: &str) -> String {
    format!("dn: uid={name},ou=people,dc=acme,dc=test\nchangetype: modify\nreplace: mail\nmail: {address}\n")
}

#[tokio::test]
async fn administrators_follow_the_directory() -> Result<()> {
    // One without an address here, and one who has another there.
    let more = "[[user]]\nusername = \"kim\"\ndisplay_name = \"Kim\"\nemail = \"kim@before.test\"\n\
                [[group]]\nname = \"inner\"\n";
    let served = ServedOrganisation::start(more).await?;
    let database = rusqlite::Connection::open(served.folder().join("data/instance.sqlite"))?;
    database.execute_batch(
        "UPDATE user SET email = '' WHERE username = 'kim'; DELETE FROM login WHERE name = 'kim@before.test'",
    )?;
    let said = served.command(&["admin", "invite"], &["--user", "kim"]).await?;
    ensure!(said.ok, "{said:?}");
    let authority = Authority::new()?;
    let directory = LdapServer::start(&authority, "localhost").await?;
    directory.change(&mail("sam", "sam@elsewhere.test")).await?;
    let company = Company::of(Arc::new(served), authority, vec![directory]).await?;
    let administer = async |name: &str, password: &str| -> Result<Administrator> {
        let person = Person::new()?;
        let page = person.open(&company.served.start_url().join(SOURCE)?).await?;
        let page = person.give_password(&page, &user(name, password)).await?;
        ensure!(page.html.contains("Last sync"), "{name}: {} {}", page.url, page.text());
        Ok(Administrator { person })
    };
    administer("sam", "sam-in-the-directory").await?;
    administer("kim", "kim-in-the-directory").await?;
    let mail_of = |id: &str| -> Result<(String, String)> {
        let sql = "SELECT u.username, u.email FROM user u JOIN user_external_id x ON x.user_id = u.id
                   WHERE x.external_id = ?1";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Ok(company.database()?.query_row(sql, [format!("00000000-0000-4000-8000-00000000000{id}")], read)?)
    };
    ensure!(mail_of("1")? == ("sam".to_owned(), "sam@elsewhere.test".to_owned()), "{:?}", mail_of("1")?);
    ensure!(mail_of("2")? == ("kim".to_owned(), "kim@acme.test".to_owned()), "{:?}", mail_of("2")?);

    // And later.
    let directory = &company.servers[0];
    directory.change(&mail("sam", "sam@third.test")).await?;
    let rename =
        "dn: uid=kim,ou=people,dc=acme,dc=test\nchangetype: modrdn\nnewrdn: uid=kimberly\ndeleteoldrdn: 1\n";
    directory.change(rename).await?;
    let synced = company.served.command(&["identity-source", "sync"], &[]).await?;
    ensure!(synced.ok && synced.out.contains("0 came, 2 changed, 0 went"), "{synced:?}");
    let synced = company.served.command(&["identity-source", "sync"], &[]).await?;
    ensure!(synced.ok && synced.out.contains("0 came, 0 changed, 0 went"), "{synced:?}");
    ensure!(mail_of("1")?.1 == "sam@third.test", "{:?}", mail_of("1")?);
    administer("kimberly", "kim-in-the-directory").await?;
    let page = company.try_password("kim", "kim-in-the-directory").await?;
    ensure!(page.status == 401, "the old name: {}", page.text());
    Ok(())
}

#[tokio::test]
async fn a_sync_that_broke_off_is_begun_anew() -> Result<()> {
    let mut company = Company::start(1).await?;
    let ldif = "dn: uid=max,ou=people,dc=acme,dc=test\nchangetype: add\nobjectClass: inetOrgPerson\nuid: max\n\
                cn: Max Test\nsn: Test\nuserPassword: max-in-the-directory\n";
    company.servers[0].change(ldif).await?;
    // As a process leaves it that was killed in the middle: not wanted, not due, and claimed until some time ago.
    let changed = company
        .database()?
        .execute("UPDATE ldap_sync SET wanted = 0, claimed = 1000", rusqlite::params![])?;
    ensure!(changed == 1);
    Arc::get_mut(&mut company.served).context("it is the company's alone")?.restart().await?;
    company.synced("Users: 1 came, 0 changed, 0 went").await?;
    Ok(())
}

/// sam's role credentials, and a console that they opened.
async fn console(company: &Company, keys: &Value) -> Result<Person> {
    let session = json!({
        "sessionId": text(keys, "accessKeyId")?, "sessionKey": text(keys, "secretAccessKey")?,
        "sessionToken": text(keys, "sessionToken")?,
    });
    let person = Person::new()?;
    let ask = async |fields: &[(&str, &str)]| {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        person
            .send(&Form { action: company.served.start_url().join("/federation")?, post: false, fields })
            .await
    };
    let page = ask(&[("Action", "getSigninToken"), ("Session", &session.to_string())]).await?;
    let answer: Value = serde_json::from_str(&page.html).with_context(|| page.html.clone())?;
    let token = text(&answer, "SigninToken")?;
    let page = ask(&[
        ("Action", "login"),
        ("Destination", "https://console.aws.amazon.com/"),
        ("SigninToken", &token),
    ])
    .await?;
    ensure!(page.status.is_success() && page.url.path() == "/console", "{}: {}", page.url, page.text());
    Ok(person)
}

#[tokio::test]
async fn role_credentials_of_somebody_disabled_are_good_for_nothing() -> Result<()> {
    let company = Company::start(1).await?;
    let directory = &company.servers[0];
    let (boto, _, tokens) = tokens(&company).await?;
    let issue = async || -> Result<Value> {
        credentials(&boto, &tokens).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))
    };
    let issued = issue().await?;
    let opened = console(&company, &issued).await?;
    let address = company.served.start_url().join("/console")?;
    // Locked out for a while: what was given out goes on.
    directory.change(&format!("{LOCK}20200101000000Z\n")).await?;
    ensure!(boto.who_am_i(&issued).await?.is_ok() && opened.open(&address).await?.status.is_success());
    directory.change(UNLOCK).await?;
    // The console is what asks first.
    directory.change(&format!("{LOCK}{DISABLE}")).await?;
    let page = opened.open(&address).await?;
    ensure!(page.status == 401, "{}: {}", page.status, page.text());
    directory.change(UNLOCK).await?;

    // The same with STS: sam signs in anew.
    let (boto, _, tokens) = super::ldap::tokens(&company).await?;
    let issued = credentials(&boto, &tokens).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    ensure!(boto.who_am_i(&issued).await?.is_ok());
    directory.change(&format!("{LOCK}{DISABLE}")).await?;
    let refusal = boto.who_am_i(&issued).await?.err().context("role credentials outlive their person")?;
    ensure!(refusal.code.as_deref() == Some("ExpiredToken"), "{refusal:?}");
    directory.change(UNLOCK).await?;
    ensure!(boto.who_am_i(&issued).await?.is_err(), "they came back");
    Ok(())
}

#[tokio::test]
async fn applications_get_nothing_for_whom_the_directory_has_disabled() -> Result<()> {
    let more = organisation::account(ACCOUNT, "payments", "ReadOnly", "engineering");
    let desk = Desk::start_with(&format!("[[group]]\nname = \"inner\"\n{more}")).await?;
    let renews = ("refresh_token", json!({ "RefreshToken": {} }));
    let reports = desk.application("Reports", &[desk.bearer(), renews]).await?;
    let before =
        desk.token(desk.by_assertion(&reports, &desk.claims("0", &json!({})), "first").await?).await?;
    let authority = Authority::new()?;
    let directory = LdapServer::start(&authority, "localhost").await?;
    let company = Company::of(Arc::clone(&desk.served), authority, vec![directory]).await?;
    let directory = &company.servers[0];
    let refresh = |got: &Value| json!({ "clientId": reports, "grantType": "refresh_token", "refreshToken": got["refreshToken"] });
    desk.refused(refresh(&before), "InvalidGrantException", 400).await.context("of another source")?;

    let mut n = 0;
    let mut next = async || {
        n += 1;
        desk.by_assertion(&reports, &desk.claims(&n.to_string(), &json!({})), "first").await
    };
    let got = desk.token(next().await?).await?;
    let renewed = desk.token(refresh(&got)).await?;
    // The application is the first that asks.
    directory.change(&format!("{LOCK}{DISABLE}")).await?;
    desk.refused(next().await?, "InvalidGrantException", 400).await.context("disabled")?;
    directory.change(UNLOCK).await?;
    desk.token(next().await?).await.context("back again")?;
    desk.refused(refresh(&renewed), "InvalidGrantException", 400).await.context("a token came back")?;

    // Whoever signs the request is asked for as well.
    desk.may_be(&reports, &json!({ "AWS": ACCOUNT })).await?;
    let (boto, _, tokens) = tokens(&company).await?;
    let keys = credentials(&boto, &tokens).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    let kim = async |n: &str| {
        let claims = desk.claims(n, &json!({ "email": "kim@acme.test" }));
        let given = desk.by_assertion(&reports, &claims, "first").await?;
        desk.boto.signed(&keys, ("sso-oidc", "create_token_with_iam"), given, None).await
    };
    ensure!(kim("kim 1").await?.is_ok(), "sam's role may be the application");
    directory.change(&format!("{LOCK}{DISABLE}")).await?;
    let refusal = kim("kim 2").await?.err().context("role credentials of somebody disabled count")?;
    ensure!(refusal.code.as_deref() == Some("UnrecognizedClientException"), "{refusal:?}");
    Ok(())
}
