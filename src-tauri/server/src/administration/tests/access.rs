//! Who may do what where: assignments and permission sets.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use super::*;

#[tokio::test]
async fn access_is_given_in_four_steps_and_acts_when_its_request_succeeded() {
    let rig = rig();
    let (ada, alex) = (rig.browser_of("ada").await, rig.user("alex"));
    let units = rig.instance.store.organizational_units().unwrap();
    let security = units.iter().find(|unit| unit.path == "Security").unwrap().id.clone();
    let (account, set) = ("111122223333", set_arn(&rig, "ReadOnly"));
    let none = ada.get("/admin/assign?step=1&go=next").await.is(400);
    assert!(none.body.contains("Choose at least one account"));
    let who =
        ada.get(&format!("/admin/assign?step=1&go=next&account={account}&unit={security}")).await.is(200);
    assert!(who.body.contains("step 2 of 4") && who.body.contains(&format!("USER:{}", alex.id)));
    assert!(who.body.contains(&format!("name=\"unit\" value=\"{security}\"")), "what was chosen goes along");
    let found =
        ada.get(&format!("/admin/assign?step=2&go=search&account={account}&words=Moreno")).await.is(200);
    assert!(found.body.contains("step 2 of 4") && found.body.contains("Alex Moreno"));
    assert!(!found.body.contains("Kim Keller"), "only what was looked for");
    let chosen = format!("account={account}&unit={security}&principal=USER:{}&set={set}", alex.id);
    let early = ada.get(&format!("/admin/assign?step=4&account={account}")).await.is(200);
    assert!(early.body.contains("step 2 of 4"), "nobody skips a step");
    let review = ada.get(&format!("/admin/assign?step=3&go=next&{chosen}")).await.is(200);
    assert!(review.body.contains("3 assignments") && review.body.contains("log-archive"), "{}", review.body);
    let before = rig.instance.store.audit_trail().len();
    // The browser of the tests sends each hidden field of the page, as a real one does.
    ada.submit(&review, "/admin/assign", &[]).await.is(303);
    assert_eq!(events_after(&rig, before), ["CreateAccountAssignment"; 3]);
    assert!(rig.instance.store.assigned(&alex.id, account, "ReadOnly").unwrap().is_none(), "not yet");
    assert!(ada.get("/admin/requests").await.is(200).body.contains("IN_PROGRESS"));
    rig.instance.settle_access_requests().unwrap();
    for account in [account, "700000000020", "700000000030"] {
        assert!(rig.instance.store.assigned(&alex.id, account, "ReadOnly").unwrap().is_some(), "{account}");
    }
    assert!(ada.get("/admin/requests").await.is(200).body.contains("SUCCEEDED"));
    let page = ada.get(&format!("/admin/accounts/account?id={account}")).await.is(200);
    assert!(page.body.contains("Alex Moreno"));
    let revoke = [("id", account), ("set", &set), ("kind", "USER"), ("principal", &alex.id)];
    ada.submit(&page, "/admin/accounts/revoke", &revoke).await.is(303);
    rig.instance.settle_access_requests().unwrap();
    assert!(rig.instance.store.assigned(&alex.id, account, "ReadOnly").unwrap().is_none());
}

#[tokio::test]
async fn an_edited_permission_set_is_outdated_until_it_is_reapplied() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    let store = &rig.instance.store;
    let path = "/admin/permission-sets/edit";
    let wrong =
        [("name", "two words"), ("session", "60"), ("inline", "{\n  \"Version\"\n}"), ("tags", "aws:x=1")];
    let form = submit(&ada, path, path, &wrong).await.is(400);
    for problem in ["A name has 1 to 32", "Line 3, column 1: expected", "which AWS keeps for itself"] {
        assert!(form.body.contains(problem), "{problem}: {}", form.body);
    }
    assert!(form.body.contains("&#34;Version&#34;"), "nothing is lost");
    let policy = r#"{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}"#;
    let lax = policy.replace("Allow", "allow");
    let refused =
        ada.submit(&form, path, &[("name", "Night"), ("session", "60"), ("inline", &lax)]).await.is(400);
    assert!(refused.body.contains("statement 1: Effect must be Allow or Deny"), "{}", refused.body);
    assert!(store.permission_set_by_name("Night").unwrap().is_none());
    let good = [
        ("name", "Night"),
        ("session", "240"),
        ("policy", "arn:aws:iam::aws:policy/job-function/Billing"),
        ("managed", "AmazonS3ReadOnlyAccess"),
        ("customer_managed", "/team/Mine"),
        ("inline", policy),
        ("boundary_kind", "customer"),
        ("boundary", "Edge"),
        ("tags", "team=nights"),
    ];
    let done = ada.submit(&form, path, &good).await.is(303);
    let set = store.permission_set_by_name("Night").unwrap().unwrap();
    assert_eq!(set.session_duration.as_hours(), 4);
    let policies =
        (set.policies.managed.len(), set.policies.inline.as_deref(), set.policies.customer_managed.len());
    assert_eq!(policies, (2, Some(policy), 1));
    ada.get(done.header("location")).await.is(200);
    let set = store.permission_set_by_name("ReadOnly").unwrap().unwrap();
    let edit = ada.get(&format!("{path}?id={}", set.arn)).await.is(200);
    ada.submit(&edit, path, &[("session", "120")]).await.is(303);
    let sam = rig.user("sam").id;
    let in_force = || store.permission_sets_of(&sam, "111122223333").unwrap();
    let hours = |sets: Vec<crate::organisation::PermissionSet>| {
        sets.into_iter().find(|set| set.name == "ReadOnly").map(|set| set.session_duration.as_hours())
    };
    assert_eq!(hours(in_force()), Some(1), "not before it is reapplied");
    let page = ada.get(&format!("/admin/permission-sets/set?id={}", set.arn)).await.is(200);
    assert!(page.body.contains("OUTDATED") && page.body.contains("Reapply in all accounts"));
    assert!(ada.get("/admin").await.is(200).body.contains("OUTDATED in accounts"));
    ada.submit(&page, "/admin/permission-sets/reapply", &[("id", &set.arn), ("account", "111122223333")])
        .await
        .is(303);
    rig.instance.settle_access_requests().unwrap();
    assert_eq!(hours(in_force()), Some(2));
    let used = ada.submit(&page, "/admin/permission-sets/delete", &[("id", &set.arn)]).await.is(303);
    assert!(ada.get(used.header("location")).await.is(200).body.contains("was not deleted"));
    let night = set_arn(&rig, "Night");
    ada.submit(&page, "/admin/permission-sets/delete", &[("id", &night)]).await.is(303);
    assert!(store.permission_set(&night).unwrap().is_none());
}

#[tokio::test]
async fn managed_policies_are_suggested_and_unknown_ones_are_named() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    let path = "/admin/permission-sets/edit";
    let form = ada.get(path).await.is(200);
    for name in ["AmazonS3ReadOnlyAccess", "ViewOnlyAccess"] {
        assert!(form.body.contains(&format!("<option value=\"{name}\"></option>")), "{name}");
    }
    assert_eq!(form.body.matches("list=\"suggestions\"").count(), 2, "also for the boundary");
    let named = [("name", "Night"), ("session", "60")];
    let add = |another, managed| {
        [named.as_slice(), &[("another", another), ("managed", managed), ("go", "add")]].concat()
    };
    let before = rig.instance.store.audit_trail().len();
    let wrong = ada.submit(&form, path, &add("two words", "IAMFullAccess")).await.is(400);
    assert!(wrong.body.contains("two words is not the name of an AWS managed policy"), "{}", wrong.body);
    assert!(wrong.body.contains("value=\"two words\"") && wrong.body.contains("IAMFullAccess</textarea>"));
    let added = ada.submit(&form, path, &add("AmazonS3ReadOnlyAccess", "IAMFullAccess")).await.is(200);
    assert!(added.body.contains("IAMFullAccess\nAmazonS3ReadOnlyAccess</textarea>"), "{}", added.body);
    assert!(added.body.contains("value=\"Night\""), "nothing is lost");
    assert_eq!(events_after(&rig, before), [""; 0], "nothing is saved yet");
    let many = (0..21).map(|n| format!("Policy{n}")).collect::<Vec<_>>().join("\n");
    let many = [named.as_slice(), &[("managed", many.as_str())]].concat();
    assert!(ada.submit(&form, path, &many).await.is(400).body.contains("at most 20 managed policies"));
    let elsewhere = [named.as_slice(), &[("managed", "arn:aws:iam::aws:policy/Billing")]].concat();
    let elsewhere = ada.submit(&form, path, &elsewhere).await.is(400);
    assert!(elsewhere.body.contains("is job-function/Billing"), "{}", elsewhere.body);
    // Enter in the field saves what is in it, too.
    let good =
        [named.as_slice(), &[("managed", "IAMFullAccess"), ("another", "AmazonS4FullAccess")]].concat();
    let done = ada.submit(&form, path, &good).await.is(303);
    let page = ada.get(done.header("location")).await.is(200);
    let warning = "It could not be checked that AWS has a policy called AmazonS4FullAccess: ";
    assert!(page.body.contains(warning), "{}", page.body);
    let set = rig.instance.store.permission_set_by_name("Night").unwrap().unwrap();
    assert_eq!(set.policies.managed.len(), 2);
    let edit = ada.get(&format!("{path}?id={}", set.arn)).await.is(200);
    ada.submit(&edit, path, &[("session", "60"), ("managed", "IAMFullAccess")]).await.is(303);
    assert!(!ada.get(done.header("location")).await.is(200).body.contains("It could not be checked"));
}

#[tokio::test]
async fn access_is_given_in_all_that_was_chosen_or_in_nothing() {
    let rig = rig();
    let (ada, alex, store) = (rig.browser_of("ada").await, rig.user("alex"), &rig.instance.store);
    let units = store.organizational_units().unwrap();
    let security = units.iter().find(|unit| unit.path == "Security").unwrap().id.clone();
    let chosen = format!("unit={security}&principal=USER:{}&set={}", alex.id, set_arn(&rig, "ReadOnly"));
    let review = ada.get(&format!("/admin/assign?step=3&go=next&{chosen}")).await.is(200);
    assert!(review.body.contains("2 assignments"), "{}", review.body);
    let before = store.audit_trail().len();
    // There is room for the first of them.
    store.tamper("CREATE UNIQUE INDEX one_alone ON access_request (principal_id)");
    ada.submit(&review, "/admin/assign", &[]).await.is(500);
    let requests = || store.access_requests(crate::store::RequestKind::Assign, None, 10).unwrap().len();
    assert_eq!((requests(), events_after(&rig, before).len()), (0, 0));
    store.tamper("DROP INDEX one_alone");
    ada.submit(&review, "/admin/assign", &[]).await.is(303);
    assert_eq!((requests(), events_after(&rig, before).len()), (2, 2), "pressed again");
}
