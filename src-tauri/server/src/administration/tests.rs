//! The administration from outside: who gets in, and what each form does.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use super::{ROUTES, invite};
use crate::rig::{Browser, PASSWORD, Reply, Rig};

/// A rig whose Ada is an administrator.
fn rig() -> Rig {
    let rig = Rig::new();
    let ada = rig.user("ada");
    let entry = rig.entry();
    assert!(rig.instance.store.appoint_administrator(&ada.id, rig.instance.now(), &entry).unwrap());
    rig
}

/// Submits a form of a page, where it leads.
async fn submit(browser: &Browser<'_>, page: &str, action: &str, fields: &[(&str, &str)]) -> Reply {
    let shown = browser.get(page).await.is(200);
    browser.submit(&shown, action, fields).await
}

/// The names of the events since the trail had so many.
fn events_after(rig: &Rig, before: usize) -> Vec<String> {
    rig.instance.store.audit_trail().into_iter().skip(before).map(|(name, _)| name).collect()
}

fn set_arn(rig: &Rig, name: &str) -> String {
    rig.instance.store.permission_set_by_name(name).unwrap().unwrap().arn
}

#[tokio::test]
async fn nobody_but_an_administrator_gets_in_anywhere() {
    let rig = rig();
    let (stranger, sam) = (rig.browser(), rig.browser_of("sam").await);
    // Both have cookies and the tokens of forms of their own.
    let (sign_in, portal) = (stranger.get("/sign-in").await.is(200), sam.get("/start").await.is(200));
    let alex = rig.user("alex");
    let before = rig.instance.store.audit_trail().len();
    for route in &ROUTES {
        let path = format!("{}?id={}", route.path, alex.id);
        let (away, refused) = if route.form_of.is_none() {
            (stranger.get(&path).await, sam.get(&path).await)
        } else {
            let fields = [("id", alex.id.as_str()), ("typed", "alex"), ("username", "mallory")];
            (
                stranger.submit(&sign_in, route.path, &fields).await,
                sam.submit(&portal, route.path, &fields).await,
            )
        };
        let away = away.is(303);
        assert!(away.header("location").starts_with("/sign-in?continue=%2Fadmin"), "{path}");
        let refused = refused.is(403);
        assert!(refused.body.contains("You are not an administrator"), "{path}");
        for answer in [away.body, refused.body] {
            assert!(!answer.contains(&alex.id) && !answer.contains("Moreno"), "{path} tells of others");
        }
    }
    assert_eq!(events_after(&rig, before), [""; 0], "and nothing was done");
    assert!(rig.user("alex").enabled);
}

#[tokio::test]
async fn the_table_is_all_there_is_and_each_way_asks_for_its_method() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    ada.get("/admin/other").await.is(404);
    for route in &ROUTES {
        let others = ROUTES.iter().filter(|other| other.path == route.path).count();
        if route.form_of.is_some() && others == 1 {
            ada.get(route.path).await.is(405);
        }
    }
}

#[tokio::test]
async fn a_form_without_its_token_is_refused() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    let page = ada.get("/admin").await.is(200);
    let before = rig.instance.store.audit_trail().len();
    for route in ROUTES.iter().filter(|route| route.form_of.is_some()) {
        for token in ["", "00"] {
            let answer =
                ada.submit(&page, route.path, &[("csrf", token), ("id", &rig.user("alex").id)]).await;
            assert!(answer.is(403).body.contains("no longer valid"), "{}", route.path);
        }
    }
    assert_eq!(events_after(&rig, before), [""; 0]);
}

#[tokio::test]
async fn a_change_asks_for_a_new_sign_in_after_a_while_and_nothing_is_lost() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    let page = ada.get("/admin/users/new").await.is(200);
    rig.pass(15 * 60 - 1);
    let fields = [("username", "jo"), ("display_name", "Jo & Co"), ("email", "wrong")];
    ada.submit(&page, "/admin/users/new", &fields).await.is(400);
    rig.pass(1);
    let again = ada.submit(&page, "/admin/users/new", &fields).await.is(303);
    let way = again.header("location").to_owned();
    assert!(way.starts_with("/sign-in?again=1&continue="), "{way}");
    let sign_in = ada.get(&way).await.is(200);
    let back = ada.submit(&sign_in, "/sign-in", &[("username", "ada"), ("password", PASSWORD)]).await.is(303);
    let form = ada.get(back.header("location")).await.is(200);
    assert!(
        form.body.contains("value=\"jo\"") && form.body.contains("value=\"Jo &#38; Co\""),
        "{}",
        form.body
    );
    assert!(!back.header("location").contains("csrf"));
    // Looking needs no new one.
    rig.pass(3600);
    ada.get("/admin/users").await.is(200);
}

#[tokio::test]
async fn who_is_dismissed_is_out_at_once_and_the_last_cannot_be() {
    let rig = rig();
    let (ada, kim) = (rig.browser_of("ada").await, rig.user("kim"));
    let page = |user: &str| format!("/admin/users/user?id={}", rig.user(user).id);
    let dismissed = submit(&ada, &page("ada"), "/admin/users/dismiss", &[]).await.is(409);
    assert!(dismissed.body.contains("the last administrator"), "{}", dismissed.body);
    for action in ["/admin/users/disable", "/admin/users/delete"] {
        submit(&ada, &page("ada"), action, &[("typed", "ada")]).await.is(409);
    }
    submit(&ada, &page("kim"), "/admin/users/appoint", &[("id", &kim.id)]).await.is(303);
    let kims = rig.browser_of("kim").await;
    kims.get("/admin").await.is(200);
    submit(&ada, &page("kim"), "/admin/users/dismiss", &[("id", &kim.id)]).await.is(303);
    kims.get("/admin").await.is(403);
    // A disabled administrator is no other one.
    submit(&ada, &page("kim"), "/admin/users/appoint", &[("id", &kim.id)]).await.is(303);
    submit(&ada, &page("kim"), "/admin/users/disable", &[("id", &kim.id)]).await.is(303);
    kims.get("/admin").await.is(303);
    submit(&ada, &page("ada"), "/admin/users/dismiss", &[]).await.is(409);
}

#[tokio::test]
async fn a_user_is_created_signs_in_and_goes() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    let before = rig.instance.store.audit_trail().len();
    let wrong = [("username", "j"), ("display_name", "Jo <b>Day</b>"), ("email", "sam@acme.test")];
    let form = submit(&ada, "/admin/users/new", "/admin/users/new", &wrong).await.is(400);
    assert!(form.body.contains("A user name has 2 to 64"), "{}", form.body);
    assert!(form.body.contains("value=\"Jo &#60;b&#62;Day&#60;/b&#62;\""), "nothing is lost: {}", form.body);
    let taken = [("username", "jo"), ("display_name", "Jo Day"), ("email", "SAM@acme.test")];
    let form = ada.submit(&form, "/admin/users/new", &taken).await.is(400);
    assert!(form.body.contains("Another user signs in with this address"), "{}", form.body);
    let good =
        [("username", "Jo"), ("display_name", "Jo Day"), ("email", "jo@acme.test"), ("cost_center", "4711")];
    let done = ada.submit(&form, "/admin/users/new", &good).await.is(303);
    let jo = rig.user("jo");
    assert_eq!((jo.username.as_str(), jo.profile.cost_center.as_deref()), ("jo", Some("4711")));
    let page = ada.get(done.header("location")).await.is(200);
    let shown = ada.submit(&page, "/admin/users/one-time-password", &[("id", &jo.id)]).await.is(200);
    let password = shown.body.split("id=\"secret\" class=\"mono\" value=\"").nth(1).unwrap();
    let password = password.split('"').next().unwrap();
    let jos = rig.browser();
    let first = jos.sign_in("jo", password, "/start").await.is(303);
    assert_eq!(first.header("location"), "/sign-in/new-password");
    let way = format!("/admin/users/user?id={}", jo.id);
    let edit = ada.get(&format!("/admin/users/edit?id={}", jo.id)).await.is(200);
    assert!(edit.body.contains("value=\"4711\""));
    let changed = [("username", "jo"), ("display_name", "Jo Night"), ("email", "jo@acme.test")];
    ada.submit(&edit, "/admin/users/edit", &changed).await.is(303);
    assert_eq!(
        (rig.user("jo").display_name.as_str(), rig.user("jo").profile.cost_center),
        ("Jo Night", None)
    );
    submit(&ada, &way, "/admin/users/reset-mfa", &[("id", &jo.id)]).await.is(303);
    submit(&ada, &way, "/admin/users/end-sessions", &[("id", &jo.id)]).await.is(303);
    submit(&ada, &way, "/admin/users/disable", &[("id", &jo.id)]).await.is(303);
    assert!(!rig.user("jo").enabled);
    submit(&ada, &way, "/admin/users/enable", &[("id", &jo.id)]).await.is(303);
    submit(&ada, &way, "/admin/users/delete", &[("id", &jo.id), ("typed", "sam")]).await.is(409);
    submit(&ada, &way, "/admin/users/delete", &[("id", &jo.id), ("typed", "jo")]).await.is(303);
    assert!(rig.instance.store.user_by_login("jo").unwrap().is_none());
    ada.get(&way).await.is(404);
    let mut events = events_after(&rig, before);
    events.retain(|name| name != "CredentialVerification");
    assert_eq!(
        events,
        [
            "CreateUser",
            "UpdatePassword",
            "UpdateUser",
            "DeleteMfaDeviceForUser",
            "DeleteUserSessions",
            "DisableUser",
            "EnableUser",
            "DeleteUser"
        ]
    );
    let (_, created) =
        rig.instance.store.audit_trail().into_iter().find(|(name, _)| name == "CreateUser").unwrap();
    assert_eq!(created["additionalEventData"]["UserName"], "ada", "by whom");
    assert_eq!(created["serviceEventDetails"]["UserId"], jo.id.as_str());
}

#[tokio::test]
async fn a_group_gets_members_and_loses_them() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    let form = submit(&ada, "/admin/groups/new", "/admin/groups/new", &[("name", "platform")]).await.is(400);
    assert!(form.body.contains("Another group has this name"));
    let done = ada
        .submit(&form, "/admin/groups/new", &[("name", "night shift"), ("description", "d")])
        .await
        .is(303);
    let group = rig.instance.store.group_by_name("night shift").unwrap().unwrap();
    let page = ada.get(done.header("location")).await.is(200);
    let id = ("id", group.id.as_str());
    let nobody = ada.submit(&page, "/admin/groups/add", &[id, ("username", "nobody")]).await.is(400);
    assert!(nobody.body.contains("Nobody is called that") && nobody.body.contains("value=\"nobody\""));
    ada.submit(&page, "/admin/groups/add", &[id, ("username", "Kim@acme.test")]).await.is(303);
    assert!(rig.user("kim").groups.contains(&"night shift".to_owned()));
    let twice = ada.submit(&page, "/admin/groups/add", &[id, ("username", "kim")]).await.is(400);
    assert!(twice.body.contains("already"));
    ada.submit(&page, "/admin/groups/remove", &[id, ("user", &rig.user("kim").id)]).await.is(303);
    assert!(!rig.user("kim").groups.contains(&"night shift".to_owned()));
    ada.submit(&page, "/admin/groups/edit", &[id, ("name", "nights")]).await.is(303);
    ada.submit(&page, "/admin/groups/delete", &[id, ("typed", "night shift")]).await.is(400);
    ada.submit(&page, "/admin/groups/delete", &[id, ("typed", "nights")]).await.is(303);
    assert!(rig.instance.store.group(&group.id).unwrap().is_none());
}

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
    let policy = "{\"Version\": \"2012-10-17\", \"Statement\": []}";
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
async fn the_first_administrator_comes_by_a_link_that_works_once() {
    let rig = Rig::new();
    let refused = invite::invite(&rig.instance, "root", None).unwrap_err().to_string();
    assert!(refused.contains("--email"), "{refused}");
    let refused = invite::invite(&rig.instance, "root", Some("sam@acme.test")).unwrap_err().to_string();
    assert!(refused.contains("somebody else's"), "{refused}");
    let link = invite::invite(&rig.instance, "root", Some("root@acme.test")).unwrap();
    let path = link.strip_prefix("http://localhost:4711").unwrap();
    let browser = rig.browser();
    rig.pass(24 * 3600 - 1);
    let page = browser.get(path).await.is(200);
    let fields = [("new_password", "Kettle-orbit 7 mango"), ("again", "Kettle-orbit 7 mango")];
    browser.submit(&page, "/sign-in/reset", &fields).await.is(303);
    browser.get(path).await.is(410);
    browser.sign_in("root", "Kettle-orbit 7 mango", "/admin").await.is(303);
    let home = browser.get("/admin").await.is(200);
    assert!(home.body.contains("You are the only administrator"));
    let names: Vec<String> = events_after(&rig, 0);
    assert_eq!(names[..2], ["CreateUser", "AppointAdministrator"]);
    // Somebody who is there becomes one, and an old link is over after a day.
    let link = invite::invite(&rig.instance, "sam", None).unwrap();
    rig.pass(24 * 3600);
    browser.get(link.strip_prefix("http://localhost:4711").unwrap()).await.is(410);
    rig.browser_of("sam").await.get("/admin").await.is(200);
}

#[tokio::test]
async fn lists_are_searched_and_paged() {
    let rig = rig();
    let store = &rig.instance.store;
    let template = rig.user("alex");
    for n in 0..120 {
        let user = crate::organisation::User {
            id: format!("00000000-0000-4000-8000-{n:012}"),
            username: format!("person{n:03}"),
            email: format!("p{n}@acme.test"),
            display_name: format!("Person {n} Ünal"),
            ..template.clone()
        };
        assert!(store.put_user(&user, rig.instance.now(), &rig.entry()).unwrap());
    }
    let ada = rig.browser_of("ada").await;
    let first = ada.get("/admin/users?words=PERSON").await.is(200);
    assert!(first.body.contains("person049") && !first.body.contains("person050"));
    let next = first.body.split("href=\"").find(|href| href.contains("after=")).unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let second = ada.get(&next).await.is(200);
    assert!(second.body.contains("person050") && second.body.contains("person099"));
    assert!(!second.body.contains("person049") && second.body.contains("First page"));
    assert!(ada.get("/admin/users?words=%C3%9Cnal").await.is(200).body.contains("person000"));
    assert!(ada.get("/admin/users?words=p119%40").await.is(200).body.contains("person119"));
    assert!(ada.get("/admin/users?words=p_rson").await.is(200).body.contains("No user is called that"));
    assert!(ada.get("/admin/users?words=%25").await.is(200).body.contains("No user is called that"));
    assert!(ada.get("/admin/users?words=zzz").await.is(200).body.contains("No user is called that"));
    assert!(ada.get("/admin/accounts?words=payments").await.is(200).body.contains("payments-staging"));
    assert!(ada.get("/admin/groups?words=PLAT").await.is(200).body.contains("platform"));
}

#[tokio::test]
async fn settings_hold_from_then_on_and_a_preview_shows_what_they_do() {
    let rig = rig();
    let (ada, store) = (rig.browser_of("ada").await, &rig.instance.store);
    let path = "/admin/settings";
    let wrong =
        submit(&ada, path, "/admin/settings/mfa", &[("mode", "always"), ("without_device", "block")]).await;
    assert!(wrong.is(400).body.contains("Choose at least one kind"));
    let mfa = [("mode", "context"), ("without_device", "allow"), ("factor", "totp")];
    submit(&ada, path, "/admin/settings/mfa", &mfa).await.is(303);
    let policy = store.mfa_policy().unwrap();
    assert_eq!((policy.mode, policy.allowed.len()), (crate::mfa::policy::Mode::Context, 1));
    for bad in ["14", "129601", "x", "-5"] {
        submit(&ada, path, "/admin/settings/session", &[("session", bad)]).await.is(400);
    }
    submit(&ada, path, "/admin/settings/session", &[("session", "240")]).await.is(303);
    assert_eq!(rig.instance.session_length(), jiff::SignedDuration::from_hours(4));
    let wrong = [("attributes", "Centre=${path:salary}")];
    let form = submit(&ada, path, "/admin/settings/attributes", &wrong).await.is(400);
    assert!(form.body.contains("is no attribute") && form.body.contains("Centre=${path:salary}"));
    let good =
        [("attributes", "Centre=${path:enterprise.costCenter}, ${path:userName}\r\nMail=${path:title}")];
    submit(&ada, path, "/admin/settings/attributes", &good).await.is(303);
    let preview = ada.get("/admin/settings?username=SAM%40acme.test&account=111122223333").await.is(200);
    assert!(preview.body.contains("sam gets Incident15, ReadOnly in payments-prod"), "{}", preview.body);
    assert!(preview.body.contains(">Centre</td>") && preview.body.contains(">sam</td>"));
    assert!(!preview.body.contains(">Mail</td>"), "sam has no title");
    let none = ada.get("/admin/settings?username=alex&account=111122223333").await.is(200);
    assert!(none.body.contains("alex gets nothing in payments-prod"));
    let events = events_after(&rig, 0);
    let changes = [
        "PutMfaDeviceManagementForDirectory",
        "UpdateInstance",
        "UpdateInstanceAccessControlAttributeConfiguration",
    ];
    assert!(events.ends_with(&changes.map(str::to_owned)), "{events:?}");
}

#[tokio::test]
async fn the_trail_is_looked_up_by_who_what_and_when() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    for n in 0..60 {
        let name = format!("group {n}");
        submit(&ada, "/admin/groups/new", "/admin/groups/new", &[("name", &name)]).await.is(303);
    }
    let first = ada.get("/admin/audit?username=ada&event=CreateGroup").await.is(200);
    assert_eq!(first.body.matches(">CreateGroup</a>").count(), 50);
    let next = first.body.split("href=\"").find(|href| href.contains("after=")).unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    let second = ada.get(&next).await.is(200);
    assert_eq!(second.body.matches(">CreateGroup</a>").count(), 10);
    assert!(ada.get("/admin/audit?username=sam").await.is(200).body.contains("No event matches"));
    let day = rig.instance.now().strftime("%Y-%m-%d").to_string();
    assert!(ada.get(&format!("/admin/audit?from={day}&to={day}")).await.is(200).body.contains("CreateGroup"));
    assert!(ada.get("/admin/audit?to=2001-01-01").await.is(200).body.contains("No event matches"));
    let wrong = ada.get("/admin/audit?from=yesterday").await.is(400);
    assert!(wrong.body.contains("Write a day as") && wrong.body.contains("value=\"yesterday\""));
    let event = first.body.split("/admin/audit/event?id=").nth(1).unwrap().split('"').next().unwrap();
    let shown = ada.get(&format!("/admin/audit/event?id={event}")).await.is(200);
    assert!(shown.body.contains("onBehalfOf") && shown.body.contains("group 59"), "{}", shown.body);
    ada.get("/admin/audit/event?id=none").await.is(404);
    let looked: Vec<_> = rig.instance.store.audit_trail().into_iter().map(|(_, event)| event).collect();
    let looked: Vec<_> = looked.iter().filter(|event| event["eventName"] == "LookupEvents").collect();
    // The mistaken one looked nothing up.
    assert_eq!(looked.len(), 7, "{looked:?}");
    assert!(looked.iter().all(|event| event["additionalEventData"]["UserName"] == "ada"));
    let asked = &looked[0]["requestParameters"]["LookupAttributes"];
    assert_eq!(
        asked[1],
        serde_json::json!({ "AttributeKey": "EventName", "AttributeValue": "CreateGroup" }),
        "{asked}"
    );
    assert_eq!(looked[5]["requestParameters"]["LookupAttributes"][0]["AttributeValue"], event);
}

#[tokio::test]
async fn an_application_is_added_shown_tested_and_taken_away() {
    let rig = rig();
    let (ada, path) = (rig.browser_of("ada").await, "/admin/applications/new");
    let refused = ada.get("/admin/applications/new?origin=openid-connect").await.is(200);
    assert!(
        refused.body.contains("choose SAML on the application's side")
            || refused.body.contains("SAML 2.0 here")
    );
    assert!(
        ada.get("/admin/applications/new?words=salesforce").await.is(200).body.contains("entry=salesforce")
    );
    let form = ada.get("/admin/applications/new?origin=catalogue&entry=salesforce").await.is(200);
    let fields = crate::catalogue::entry("salesforce").unwrap().fields.iter();
    let answers: Vec<(&str, &str)> =
        fields.map(|field| (field.name.as_str(), field.example.as_str())).collect();
    let empty = ada.submit(&form, path, &[("name", "Sales")]).await.is(400);
    assert!(empty.body.contains("aria-invalid"), "{}", empty.body);
    ada.submit(&empty, path, &[answers, vec![("name", "Sales")]].concat()).await.is(303);
    assert!(rig.application("Sales").saml.unwrap().catalogue.is_some());
    let form = ada.get("/admin/applications/new?origin=hand").await.is(200);
    let wrong = [
        ("name", "Shop"),
        ("acs_url", "http://shop.test/acs"),
        ("audience", "shop"),
        ("attributes", "mail=${user:shoe}"),
    ];
    let form = ada.submit(&form, path, &wrong).await.is(400);
    assert!(
        form.body.contains("Assertion consumer service must") && form.body.contains("mail=${user:shoe}"),
        "{}",
        form.body
    );
    let good = [
        ("name", "Shop"),
        ("acs_url", "https://shop.test/acs"),
        ("audience", "shop"),
        ("attributes", "mail=${user:email}"),
    ];
    let done = ada.submit(&form, path, &good).await.is(303);
    let shop = rig.application("Shop");
    let page = ada.get(done.header("location")).await.is(200);
    assert!(page.body.contains("Nobody sees this application") && page.body.contains("certificate.pem"));
    let who = |kind, who| [("id", shop.id.as_str()), ("kind", kind), ("who", who)];
    ada.submit(&page, "/admin/applications/assign", &who("GROUP", "sam")).await.is(400);
    ada.submit(&page, "/admin/applications/assign", &who("USER", "alex")).await.is(303);
    let alex = rig.user("alex");
    let sees = || rig.instance.store.applications_of(&alex.id).unwrap().iter().any(|seen| seen.id == shop.id);
    assert!(sees(), "at once");
    let tested = ada.get(&format!("{}&test=alex", done.header("location"))).await.is(200);
    assert!(
        tested.body.contains("alex@acme.test") && tested.body.contains("AttributeStatement"),
        "{}",
        tested.body
    );
    assert!(!tested.body.contains("SignatureValue"), "it opens nothing");
    let remove = [("id", shop.id.as_str()), ("kind", "USER"), ("principal", alex.id.as_str())];
    ada.submit(&page, "/admin/applications/remove", &remove).await.is(303);
    assert!(!sees());
    ada.submit(&page, "/admin/applications/delete", &[("id", &shop.id)]).await.is(303);
    ada.get(done.header("location")).await.is(404);
    let events = events_after(&rig, 0);
    let changes = [
        "CreateApplication",
        "CreateApplicationAssignment",
        "DeleteApplicationAssignment",
        "DeleteApplication",
    ];
    assert!(events.ends_with(&changes.map(str::to_owned)), "{events:?}");
}

/// Every page says which language it is in, has one first heading and names each field.
#[tokio::test]
async fn every_page_is_named_and_every_field_has_a_label() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    let (user, group) = (rig.user("sam"), rig.instance.store.group_by_name("platform").unwrap().unwrap());
    let (set, application) = (set_arn(&rig, "ReadOnly"), rig.application("Wiki").id);
    let event = rig.instance.store.audit_trail()[0].1["eventID"].as_str().unwrap().to_owned();
    for route in ROUTES.iter().filter(|route| route.form_of.is_none()) {
        let id = match route.path {
            path if path.starts_with("/admin/users") => &user.id,
            path if path.starts_with("/admin/groups") => &group.id,
            path if path.starts_with("/admin/accounts") => "111122223333",
            path if path.starts_with("/admin/audit") => event.as_str(),
            path if path.starts_with("/admin/applications") => application.as_str(),
            _ => set.as_str(),
        };
        let page = ada.get(&format!("{}?id={id}", route.path)).await.is(200);
        assert_eq!(page.body.matches("<h1").count(), 1, "{}", route.path);
        let steps = page.body.matches(" aria-current=\"step\"").count();
        assert_eq!(page.body.matches(" aria-current=").count() - steps, 1, "{}", route.path);
        for input in page.body.split("<input id=\"").skip(1) {
            let id = input.split('"').next().unwrap();
            assert!(page.body.contains(&format!("<label for=\"{id}\"")), "{}: {id}", route.path);
        }
        let ids: Vec<&str> =
            page.body.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let mut once = ids.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), ids.len(), "{}: {ids:?}", route.path);
        assert!(!page.body.contains("<script"), "{} works without", route.path);
    }
}
