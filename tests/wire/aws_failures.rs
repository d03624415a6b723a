//! What goes wrong at AWS and comes right again by itself: removals, failures that last until somebody mends them there, a
//! server that is killed between two steps, lists of several pages.

use anyhow::{Result, anyhow, ensure};
use serde_json::{Value, json};
use support::{
    Administrator, Fault,
    deadline::{WHILE, until},
};

use super::{
    aws_accounts::{Cloud, READ_ONLY, root},
    text,
};

impl Cloud {
    fn database(&self) -> Result<rusqlite::Connection> {
        Ok(rusqlite::Connection::open(self.served.folder().join("data/instance.sqlite"))?)
    }

    /// As if the pause before the next try were over, which is a minute and more where a failure lasts.
    fn pass_the_pause(&self) -> Result<()> {
        let paused = self.database()?.execute("UPDATE aws_role SET next_try = 0 WHERE next_try > 0", [])?;
        ensure!(paused == 1, "{paused} roles are to be tried again");
        Ok(())
    }

    async fn roles_command_is(&self, ok: bool) -> Result<()> {
        until(WHILE, "what `aws roles` says", async || {
            let said = self.served.command(&["aws", "roles"], &[]).await?;
            Ok((said.ok == ok).then_some(()))
        })
        .await
    }
}

#[tokio::test]
async fn what_lasts_is_shown_in_its_account_and_made_once_it_is_mended_at_aws() -> Result<()> {
    let cloud = Cloud::start().await?;
    let account = cloud.accounts[0].clone();
    let set = cloud.permission_set("Auditor", READ_ONLY).await?;
    cloud.way.fail("Action=AttachRolePolicy&", Fault::Denied, 99);
    let id = cloud.ask("create_account_assignment", &account, &set).await?;
    let (status, why) = cloud.ended("create", &id).await?;
    ensure!(status == "FAILED" && why.contains("iam:AttachRolePolicy"), "{status}: {why}");
    let administrator = Administrator::of(&cloud.served).await?;
    let place = cloud.served.start_url().join(&format!("/admin/accounts/account?id={account}"))?;
    let page = administrator.person.open(&place).await?;
    page.says("FAILED")?;
    page.says("iam:AttachRolePolicy")?;

    // Nobody presses anything.
    cloud.way.mend();
    cloud.pass_the_pause()?;
    let name = text(&cloud.role(&account).await?, "RoleName")?;
    until(WHILE, "the role to be made", async || {
        Ok((cloud.attached(&account, &name).await? == [READ_ONLY]).then_some(()))
    })
    .await?;
    cloud.roles_command_is(true).await?;
    let page = administrator.person.open(&place).await?;
    ensure!(!page.text().contains("FAILED"), "{}", page.text());
    Ok(())
}

#[tokio::test]
async fn a_role_whose_removal_fails_goes_in_the_end() -> Result<()> {
    let cloud = Cloud::start().await?;
    let account = cloud.accounts[0].clone();
    let set = cloud.permission_set("Auditor", READ_ONLY).await?;
    cloud.assigned(&account, &set).await?;
    // More often than the SDK repeats a call.
    cloud.way.fail("Action=DeleteRole&", Fault::Throttled, 7);
    let id = cloud.ask("delete_account_assignment", &account, &set).await?;
    let (status, why) = cloud.ended("delete", &id).await?;
    ensure!(status == "SUCCEEDED" && cloud.way.met() == 7, "{status} after {}: {why}", cloud.way.met());
    ensure!(cloud.roles(&account).await?.is_empty(), "the role is still there");

    // A right is missing for as long as it takes.
    cloud.assigned(&account, &set).await?;
    cloud.way.fail("Action=DeleteRole&", Fault::Denied, 99);
    let id = cloud.ask("delete_account_assignment", &account, &set).await?;
    let (status, why) = cloud.ended("delete", &id).await?;
    ensure!(status == "FAILED" && why.contains("iam:DeleteRole"), "{status}: {why}");
    ensure!(cloud.roles(&account).await?.len() == 1);
    cloud.roles_command_is(false).await?;
    ensure!(cloud.audit("DeleteRole").await?.contains("AccessDenied"), "the failure is in the trail");
    cloud.way.mend();
    cloud.pass_the_pause()?;
    until(WHILE, "the role to go", async || Ok(cloud.roles(&account).await?.is_empty().then_some(())))
        .await?;
    cloud.roles_command_is(true).await?;
    Ok(())
}

#[tokio::test]
async fn credentials_last_an_hour_unless_the_permission_set_says_otherwise() -> Result<()> {
    let cloud = Cloud::start().await?;
    let account = cloud.accounts[0].clone();
    let made = cloud.sso("create_permission_set", json!({ "Name": "Plain" })).await?;
    cloud.assigned(&account, &text(&made["PermissionSet"], "PermissionSetArn")?).await?;
    let asked = json!({ "accessToken": cloud.token().await?, "accountId": account, "roleName": "Plain" });
    cloud.boto.answer("sso", "get_role_credentials", asked).await?;
    let sent = cloud.way.seen("Action=AssumeRoleWithWebIdentity");
    ensure!(sent.len() == 1 && sent[0].contains("DurationSeconds=3600"), "{sent:?}");
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_killed_before_it_notes_a_role_finds_it_again() -> Result<()> {
    let mut cloud = Cloud::start().await?;
    let account = cloud.accounts[0].clone();
    let set = cloud.permission_set("Auditor", READ_ONLY).await?;
    cloud.way.fail("Action=CreateRole&", Fault::Unheard, 1);
    let id = cloud.ask("create_account_assignment", &account, &set).await?;
    until(
        WHILE,
        "the role to be there",
        async || Ok((cloud.roles(&account).await?.len() == 1).then_some(())),
    )
    .await?;
    let noted = |cloud: &Cloud| -> Result<i64> {
        Ok(cloud.database()?.query_row("SELECT count(*) FROM aws_role", [], |row| row.get(0))?)
    };
    ensure!(noted(&cloud)? == 0, "it is noted before it is answered");
    cloud.served.restart().await?;
    let (status, why) = cloud.ended("create", &id).await?;
    ensure!(status == "SUCCEEDED", "{status}: {why}");
    ensure!(cloud.way.seen("Action=CreateRole&").len() == 1, "it was made once more");
    let role = cloud.role(&account).await?;
    let name = text(&role, "RoleName")?;
    ensure!(cloud.attached(&account, &name).await? == [READ_ONLY]);
    ensure!(noted(&cloud)? == 1);
    ensure!(cloud.audit("CreateRole").await?.lines().count() == 1);
    Ok(())
}

#[tokio::test]
async fn accounts_come_from_all_pages_and_throttling_takes_none_away() -> Result<()> {
    let cloud = Cloud::start().await?;
    let ledger = cloud.accounts[1].clone();
    let at_aws = async |operation: &str, params: Value| -> Result<Value> {
        let answer = cloud.aws.signed(&root(), ("organizations", operation), params, None).await?;
        answer.map_err(|refusal| anyhow!("{operation}: {refusal:?}"))
    };
    let sync = async || cloud.served.command(&["aws", "sync"], &[]).await;
    // What one page of them has and no more would be all there is.
    cloud.way.page(1);
    let said = sync().await?;
    ensure!(said.ok && said.out.contains("Nothing has changed"), "{said:?}");
    let next = cloud.way.seen("NextToken").len();
    ensure!(next >= 3, "accounts and children have further pages, and {next} were asked for");

    let asked = json!({ "AccountName": "third", "Email": "third@acme.test" });
    let third = text(&at_aws("create_account", asked).await?["CreateAccountStatus"], "AccountId")?;
    // AWS has too much to do for a moment, between two pages.
    cloud.way.fail("NextToken", Fault::Throttled, 2);
    let said = sync().await?;
    ensure!(said.ok && said.out == format!("+ third ({third})\n"), "{said:?}");
    ensure!(cloud.way.met() == 2);

    // And for longer: what was read until then is nothing to go by.
    at_aws("remove_account_from_organization", json!({ "AccountId": ledger })).await?;
    cloud.way.fail("NextToken", Fault::Throttled, 99);
    let said = sync().await?;
    ensure!(!said.ok && said.err.contains("organizations:List"), "{said:?}");
    ensure!(said.err.contains("TooManyRequestsException"), "{said:?}");
    let absent = || -> Result<i64> {
        let sql = "SELECT count(*) FROM account WHERE absent_since IS NOT NULL";
        Ok(cloud.database()?.query_row(sql, [], |row| row.get(0))?)
    };
    ensure!(absent()? == 0, "accounts went with half a look");
    cloud.way.mend();
    let said = sync().await?;
    ensure!(said.ok && said.out == format!("- ledger ({ledger})\n") && absent()? == 1, "{said:?}");
    Ok(())
}
