//! Who gets in, and with what; and that each page is named.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use super::*;

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

/// Every page says which language it is in, has one first heading and names each field.
#[tokio::test]
async fn every_page_is_named_and_every_field_has_a_label() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    let (user, group) = (rig.user("sam"), rig.instance.store.group_by_name("platform").unwrap().unwrap());
    let (set, application) = (set_arn(&rig, "ReadOnly"), rig.application("Wiki").id);
    let issuer = issuers::trust(&rig, "corp");
    let made = ada.get("/admin/applications/new-oauth").await.is(200);
    ada.submit(&made, "/admin/applications/new-oauth", &[("name", "Reports")]).await.is(303);
    let reports = rig.application("Reports").id;
    let event = rig.instance.store.audit_trail()[0].1["eventID"].as_str().unwrap().to_owned();
    for route in ROUTES.iter().filter(|route| route.form_of.is_none()) {
        let id = match route.path {
            path if path.starts_with("/admin/users") => &user.id,
            path if path.starts_with("/admin/groups") => &group.id,
            path if path.starts_with("/admin/accounts") => "111122223333",
            path if path.starts_with("/admin/audit") => event.as_str(),
            path if path.starts_with("/admin/settings") => issuer.as_str(),
            "/admin/applications/tokens" => reports.as_str(),
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
