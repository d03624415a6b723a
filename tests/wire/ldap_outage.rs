//! A directory's server that is there and says nothing, and a server of ours that is killed in the middle of a sync.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use support::deadline::{START, WHILE, until};

use super::ldap::{Company, sam, user};

#[tokio::test]
async fn a_server_of_the_directory_that_falls_silent_is_passed_over() -> Result<()> {
    let company = Company::start(2).await?;
    let person = company.signed_in(&sam()).await?;
    let stays = async || -> Result<()> {
        let page = person.open(company.served.start_url()).await?;
        ensure!(page.status.is_success() && page.url.path() == "/start", "{}: {}", page.status, page.text());
        Ok(())
    };
    // The one that was asked last, over a connection that stands.
    company.servers[0].fall_silent()?;
    stays().await?;
    company.signed_in(&user("kim", "kim-in-the-directory")).await?;
    // And the other way round.
    company.servers[0].go_on()?;
    company.servers[1].fall_silent()?;
    stays().await?;
    company.signed_in(&user("kim", "kim-in-the-directory")).await?;

    company.servers[0].fall_silent()?;
    let page = company.try_password("kim", "kim-in-the-directory").await?;
    ensure!(page.status == 503, "nobody answers: {} {}", page.status, page.text());
    company.servers[1].go_on()?;
    until(WHILE, "the directory to be asked again", async || {
        let page = company.try_password("kim", "kim-in-the-directory").await?;
        Ok((page.status.is_success() && page.url.path() == "/start").then_some(()))
    })
    .await
}

#[tokio::test]
async fn a_sync_whose_server_is_killed_is_done_by_the_next() -> Result<()> {
    let mut company = Company::start(1).await?;
    let newcomer = "dn: uid=noa,ou=people,dc=acme,dc=test\nchangetype: add\nobjectClass: inetOrgPerson\nuid: noa\n\
                    cn: Noa New\nsn: New\nmail: noa@acme.test\nuserPassword: noa-in-the-directory\n";
    company.servers[0].change(newcomer).await?;
    // The directory says nothing, so that the sync which the next server begins with is under way for a while.
    company.servers[0].fall_silent()?;
    company.database()?.execute("UPDATE ldap_sync SET wanted = 1", [])?;
    let restart = async |company: &mut Company| {
        Arc::get_mut(&mut company.served).context("nobody else has it")?.restart().await
    };
    restart(&mut company).await?;
    let claimed = |company: &Company| -> Result<i64> {
        Ok(company.database()?.query_row("SELECT claimed FROM ldap_sync", [], |row| row.get(0))?)
    };
    until(WHILE, "a sync to begin", async || Ok((claimed(&company)? > 1).then_some(()))).await?;
    // It is killed within it.
    restart(&mut company).await?;
    company.servers[0].go_on()?;
    ensure!(claimed(&company)? > 1, "the claim of the one that died is still there");
    // Whoever was there before is not kept out meanwhile.
    company.signed_in(&sam()).await?;
    company.signed_in(&user("kim", "kim-in-the-directory")).await?;
    let refused = company.try_password("noa", "noa-in-the-directory").await?;
    ensure!(refused.status == 401, "{}", refused.status);

    // As if the two minutes for which a claim holds were over. Nobody presses anything.
    company.database()?.execute("UPDATE ldap_sync SET claimed = 1", [])?;
    until(START, "the server to begin the sync anew", async || {
        let shown = company.served.command(&["identity-source", "show"], &[]).await?;
        Ok(shown.out.contains("Users: 1 came").then_some(()))
    })
    .await?;
    company.signed_in(&user("noa", "noa-in-the-directory")).await?;
    company.signed_in(&sam()).await?;
    Ok(())
}
