//! Users, groups, the lists of both, and the trail of what was done to them.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use super::*;

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
    let changed =
        [("username", "jo"), ("display_name", "Jo Night"), ("email", "jo@acme.test"), ("cost_center", "")];
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
    let fresh = "/admin/accounts/new";
    let books = [("id", "111122229999"), ("name", "books"), ("email", "a@acme.test"), ("ou", "Root")];
    submit(&ada, fresh, fresh, &books).await.is(303);
    let about = ada.get("/admin/audit?resource=111122229999").await.is(200);
    assert_eq!(about.body.matches("/admin/audit/event?id=").count(), 1, "{}", about.body);
    assert!(about.body.contains(">CreateAccount</a>"), "{}", about.body);
    assert!(ada.get("/admin/audit?resource=111122220000").await.is(200).body.contains("No event matches"));
    let wrong = ada.get("/admin/audit?from=yesterday").await.is(400);
    assert!(wrong.body.contains("Write a day as") && wrong.body.contains("value=\"yesterday\""));
    let event = first.body.split("/admin/audit/event?id=").nth(1).unwrap().split('"').next().unwrap();
    let shown = ada.get(&format!("/admin/audit/event?id={event}")).await.is(200);
    assert!(shown.body.contains("onBehalfOf") && shown.body.contains("group 59"), "{}", shown.body);
    ada.get("/admin/audit/event?id=none").await.is(404);
    let looked: Vec<_> = rig.instance.store.audit_trail().into_iter().map(|(_, event)| event).collect();
    let looked: Vec<_> = looked.iter().filter(|event| event["eventName"] == "LookupEvents").collect();
    // The mistaken one looked nothing up.
    assert_eq!(looked.len(), 9, "{looked:?}");
    assert!(looked.iter().all(|event| event["additionalEventData"]["UserName"] == "ada"));
    let asked = &looked[0]["requestParameters"]["LookupAttributes"];
    assert_eq!(
        asked[1],
        serde_json::json!({ "AttributeKey": "EventName", "AttributeValue": "CreateGroup" }),
        "{asked}"
    );
    assert_eq!(looked[7]["requestParameters"]["LookupAttributes"][0]["AttributeValue"], event);
}

#[tokio::test]
async fn two_who_edit_a_user_at_the_same_time_write_what_each_of_them_changed() {
    let rig = rig();
    let sam = rig.user("sam");
    let (one, other) = (rig.browser_of("ada").await, rig.browser_of("ada").await);
    let edit = format!("/admin/users/edit?id={}", sam.id);
    let (seen_by_one, seen_by_other) = (one.get(&edit).await.is(200), other.get(&edit).await.is(200));
    let filled_in = |changed: (&'static str, &'static str)| {
        let mut fields = vec![
            ("username", "sam"),
            ("display_name", "Sam Sample"),
            ("email", "sam@acme.test"),
            ("title", sam.profile.title.as_deref().unwrap_or_default()),
            ("department", sam.profile.department.as_deref().unwrap_or_default()),
        ];
        fields.retain(|(name, _)| *name != changed.0);
        fields.push(changed);
        fields
    };
    let shown = one.get(&format!("/admin/users/user?id={}", sam.id)).await.is(200);
    one.submit(&shown, "/admin/users/disable", &[("id", &sam.id)]).await.is(303);
    one.submit(&seen_by_one, "/admin/users/edit", &filled_in(("title", "Pilot"))).await.is(303);
    other.submit(&seen_by_other, "/admin/users/edit", &filled_in(("department", "Air"))).await.is(303);
    let now = rig.user("sam");
    assert_eq!(
        (now.profile.title.as_deref(), now.profile.department.as_deref()),
        (Some("Pilot"), Some("Air"))
    );
    assert!(!now.enabled, "nor is somebody enabled by the way");
    assert_eq!((now.profile.cost_center, now.groups), (sam.profile.cost_center, sam.groups));
    // What is emptied is given as well.
    let page = one.get(&edit).await.is(200);
    one.submit(&page, "/admin/users/edit", &[("id", &sam.id), ("title", "")]).await.is(303);
    assert_eq!(rig.user("sam").profile.title, None);
}

#[tokio::test]
async fn whose_devices_were_reset_sets_up_another_at_the_next_sign_in() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    let policy: crate::mfa::Policy = toml::from_str("mode = \"always\"").unwrap();
    crate::config::policy_set(&rig.instance, &policy).unwrap();
    let sams = rig.browser();
    let there = sams.sign_in("sam", PASSWORD, "/start").await.is(303);
    assert_eq!(there.header("location"), "/sign-in/enrol");
    let page = sams.get("/sign-in/enrol?type=totp").await.is(200);
    let typed =
        page.body.split_once("id=\"app-key\">").unwrap().1.split_once('<').unwrap().0.replace(' ', "");
    let secret = totp_rs::Secret::try_from_base32(typed).unwrap();
    let code = crate::mfa::totp::code(secret.as_bytes(), rig.instance.now());
    sams.submit(&page, "/sign-in/enrol", &[("code", &code), ("name", "Phone")]).await.is(303);
    let has_one = rig.browser().sign_in("sam", PASSWORD, "/start").await.is(303);
    assert_eq!(has_one.header("location"), "/sign-in/verify");

    let sam = rig.user("sam").id;
    let way = format!("/admin/users/user?id={sam}");
    let page = ada.get(&way).await.is(200);
    assert!(page.body.contains("<dt>MFA devices</dt><dd>1</dd>"), "{}", page.body);
    let done = ada.submit(&page, "/admin/users/reset-mfa", &[("id", &sam)]).await.is(303);
    let page = ada.get(done.header("location")).await.is(200);
    assert!(page.body.contains("All MFA devices of the user are removed"), "{}", page.body);
    assert!(page.body.contains("<dt>MFA devices</dt><dd>0</dd>"), "{}", page.body);
    let anew = rig.browser().sign_in("sam", PASSWORD, "/start").await.is(303);
    assert_eq!(anew.header("location"), "/sign-in/enrol");
}
