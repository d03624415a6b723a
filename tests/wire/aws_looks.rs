//! What a look at real accounts finds besides changed roles: that it cannot look, that the identity provider which all
//! roles trust is not what it was, and where accounts stand in the organization.

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

#[tokio::test]
async fn what_cannot_be_looked_at_or_lets_nobody_in_is_no_role_as_it_should_be() -> Result<()> {
    let cloud = Cloud::start().await?;
    let account = cloud.accounts[0].clone();
    let set = cloud.permission_set("Auditor", READ_ONLY).await?;
    cloud.assigned(&account, &set).await?;
    let administrator = Administrator::of(&cloud.served).await?;
    let place = format!("/admin/accounts/account?id={account}");
    let look = async |words: &str| {
        let page = administrator.open(&cloud.served, "/admin/accounts/aws").await?;
        administrator.submit(&page, "/admin/accounts/aws/check", &[]).await?;
        until(WHILE, "the look", async || {
            let page = administrator.open(&cloud.served, "/admin/accounts/aws").await?;
            Ok(page.text().contains(words).then_some(page))
        })
        .await
    };
    let good = "All roles are as they should be.";
    look(good).await?;

    // The role in the account lost a right.
    cloud.way.fail("Action=GetRole&", Fault::Denied, 99);
    let page = look("NOT CHECKED").await?;
    page.says("it could not be looked at: iam:GetRole")?;
    page.says("0 of 1")?;
    administrator.person.open(&cloud.served.start_url().join(&place)?).await?.says("NOT CHECKED")?;
    let said = cloud.served.command(&["aws", "roles"], &[]).await?;
    ensure!(!said.ok && said.out.contains("UNCHECKED") && said.out.contains("0 of 1"), "{said:?}");
    // Told once, however often it is looked.
    let before = cloud.way.seen("Action=GetRole&").len();
    look("NOT CHECKED").await?;
    until(WHILE, "another look", async || {
        Ok((cloud.way.seen("Action=GetRole&").len() > before).then_some(()))
    })
    .await?;
    let told = cloud.audit("DetectRoleDrift").await?;
    ensure!(told.lines().count() == 1 && told.contains("AccessDenied"), "{told}");
    cloud.way.mend();
    look(good).await?;

    // The identity provider that all roles of the account trust.
    let known = cloud.iam(&account, "list_open_id_connect_providers", json!({})).await?;
    let arn = text(&known["OpenIDConnectProviderList"][0], "Arn")?;
    let provider = json!({ "OpenIDConnectProviderArn": arn });
    let held = cloud.iam(&account, "get_open_id_connect_provider", provider.clone()).await?;
    cloud.iam(&account, "delete_open_id_connect_provider", provider.clone()).await?;
    look("is not there: nobody is let in").await?.says("CHANGED AT AWS")?;
    // Somebody makes it again, for another audience. (moto cannot take an audience away.)
    let other = json!({
        "Url": format!("http://{}", text(&held, "Url")?.trim_start_matches("http://")),
        "ClientIDList": ["others.test"],
        "ThumbprintList": held["ThumbprintList"],
    });
    cloud.iam(&account, "create_open_id_connect_provider", other).await?;
    look("does not take sts.amazonaws.com any more").await?;
    cloud.iam(&account, "delete_open_id_connect_provider", provider.clone()).await?;
    let page = look("is not there: nobody is let in").await?;
    ensure!(cloud.audit("DetectRoleDrift").await?.contains(&arn));
    administrator.submit(&page, "/admin/accounts/aws/reapply", &[("id", &account), ("set", &set)]).await?;
    until(WHILE, "the provider to be there again", async || {
        let page = administrator.open(&cloud.served, "/admin/accounts/aws").await?;
        Ok(page.text().contains(good).then_some(()))
    })
    .await?;
    let again = cloud.iam(&account, "get_open_id_connect_provider", provider).await?;
    ensure!(again["ClientIDList"] == json!(["sts.amazonaws.com"]), "{again}");
    Ok(())
}

#[tokio::test]
async fn accounts_stand_in_the_units_of_the_organization_and_follow_its_changes() -> Result<()> {
    let cloud = Cloud::start().await?;
    let [payments, ledger] = cloud.accounts.clone();
    let at_aws = async |operation: &str, params: Value| -> Result<Value> {
        let answer = cloud.aws.signed(&root(), ("organizations", operation), params, None).await?;
        answer.map_err(|refusal| anyhow!("{operation}: {refusal:?}"))
    };
    let place = |account: &str| -> Result<String> {
        let database = rusqlite::Connection::open(cloud.served.folder().join("data/instance.sqlite"))?;
        let sql = "SELECT u.path FROM account a JOIN organizational_unit u ON u.id = a.ou_id WHERE a.id = ?1";
        Ok(database.query_row(sql, [account], |row| row.get(0))?)
    };
    let sync = async || cloud.served.command(&["aws", "sync"], &[]).await;
    ensure!(place(&payments)?.ends_with("Workloads"), "{}", place(&payments)?);
    ensure!(!place(&ledger)?.contains("Workloads"), "{}", place(&ledger)?);

    let top = text(&at_aws("list_roots", json!({})).await?["Roots"][0], "Id")?;
    let units = at_aws("list_organizational_units_for_parent", json!({ "ParentId": top })).await?;
    let workloads = text(&units["OrganizationalUnits"][0], "Id")?;
    let inner = json!({ "ParentId": workloads, "Name": "Ledgers" });
    let inner = text(&at_aws("create_organizational_unit", inner).await?["OrganizationalUnit"], "Id")?;
    let moved = json!({ "AccountId": ledger, "SourceParentId": top, "DestinationParentId": inner });
    at_aws("move_account", moved).await?;
    // AWS has too much to do for a moment.
    cloud.way.fail("\"ParentId\"", Fault::Throttled, 2);
    let said = sync().await?;
    ensure!(said.ok && said.out == format!("~ ledger ({ledger})\n"), "{said:?}");
    ensure!(place(&ledger)?.ends_with("Workloads/Ledgers"), "{}", place(&ledger)?);
    at_aws("update_organizational_unit", json!({ "OrganizationalUnitId": workloads, "Name": "Production" }))
        .await?;
    let said = sync().await?;
    ensure!(said.ok && said.out == "~ unit Workloads is Production now\n", "{said:?}");
    ensure!(place(&payments)?.ends_with("Production"), "{}", place(&payments)?);
    ensure!(place(&ledger)?.ends_with("Production/Ledgers"), "{}", place(&ledger)?);
    Ok(())
}
