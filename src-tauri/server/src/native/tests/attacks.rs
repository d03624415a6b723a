//! What the pages refuse to who means harm, the app's API refuses as well (`signin::attack_tests`).

use super::{ticket, *};
use crate::{
    native::{enrol, sign_in},
    organisation::User,
    signin::{
        password::one_time,
        sign_in::{Right, check},
    },
    store::{StepUp, Used},
};

const BLOCK: &str = "mode = \"always\"\nwithout_device = \"block\"";
const CONTEXT: &str = "mode = \"context\"";
const NEW: &str = "Kettle-orbit 7 mango";

impl App {
    fn devices_of(&self, user: &str) -> Vec<crate::mfa::Device> {
        self.rig.instance.store.mfa_devices(&self.rig.user(user).id).unwrap()
    }

    /// Begins to set up a first key with the password alone; gives what completes it.
    async fn enrolment(&self, user: &str) -> Value {
        let half = self.start(user, PASSWORD).await.is(200).json();
        let named = json!({ "signIn": half["signIn"] });
        let asked = self.post("sign-in/enrol/challenge", named).await.is(200).json();
        json!({
            "signIn": half["signIn"], "name": "Blue key", "state": asked["state"],
            "credential": self.key().register(&asked["options"]),
        })
    }

    /// Signs in with this mark of a context.
    async fn start_in(&self, user: &str, context: &Value) -> Value {
        let body = json!({
            "client": self.client(), "username": user, "password": PASSWORD, "context": context,
        });
        self.post("sign-in", body).await.is(200).json()
    }

    /// Completes a half sign-in with a key, on a computer with this mark.
    async fn touch_in(&self, half: &Value, key: &mut SoftKey, context: &Value) -> Value {
        let asked = self.post("sign-in/challenge", json!({ "signIn": half["signIn"] })).await.is(200).json();
        let credential = key.answer(&asked["options"]);
        let body = json!({ "signIn": half["signIn"], "credential": credential, "context": context });
        self.post("sign-in/answer", body).await.is(200).json()
    }

    fn change(&self, username: &str, change: impl FnOnce(&mut User)) {
        let mut user = self.rig.user(username);
        change(&mut user);
        let (now, entry) = (self.rig.instance.now(), self.rig.entry());
        assert!(self.rig.instance.store.put_user(&user, now, &entry).unwrap());
    }

    fn end_sessions(&self, user: &str) {
        let (id, now) = (self.rig.user(user).id, self.rig.instance.now());
        self.rig.instance.store.end_sessions_of(&id, now, &self.rig.entry()).unwrap();
    }
}

#[tokio::test]
async fn who_is_to_be_blocked_sets_no_key_up() {
    let app = App::asking(ALWAYS).await;
    let (made, half) = (app.enrolment("kim").await, app.enrolment("kim").await);
    app.set(BLOCK);
    assert_eq!(error(&app.post("sign-in/enrol", made.clone()).await.is(403)), "blocked");
    let named = json!({ "signIn": half["signIn"] });
    assert_eq!(error(&app.post("sign-in/enrol/challenge", named).await.is(403)), "blocked");
    assert_eq!(error(&app.start("kim", PASSWORD).await.is(403)), "blocked");
    // Those sign-ins are over, and do not wait for another policy.
    app.set(ALWAYS);
    for made in [made, half] {
        assert_eq!(error(&app.post("sign-in/enrol", made).await.is(410)), "sign_in_over");
    }
    assert!(app.devices_of("kim").is_empty());
}

#[tokio::test]
async fn a_password_for_one_use_leads_to_the_browser_and_no_further() {
    let app = App::asking(BLOCK).await;
    let once = one_time::give(&app.rig.instance, "kim").unwrap();
    let told = app.start("kim", once.expose()).await.is(200).json();
    assert_eq!((told["reason"].as_str(), told["signIn"].is_null()), (Some("passwordChange"), true));
    let browser = app.rig.browser();
    browser.sign_in("kim", once.expose(), "/start").await.is(303);
    let page = browser.get("/sign-in/new-password").await.is(200);
    let cookies = browser.cookies.lock().unwrap().clone();
    let secret = cookies.iter().find(|(name, _)| name.starts_with("latchkey-half")).unwrap().1.clone();
    let fields = [("new_password", NEW), ("again", NEW)];
    browser.submit(&page, "/sign-in/new-password", &fields).await.is(403);
    // What the browser has of it is no use here.
    let named = json!({ "signIn": secret });
    assert_eq!(error(&app.post("sign-in/enrol/challenge", named).await.is(410)), "sign_in_over");
    assert_eq!(error(&app.start("kim", NEW).await.is(403)), "blocked");
    assert!(app.devices_of("kim").is_empty());
}

#[tokio::test]
async fn a_password_that_was_replaced_while_it_was_looked_at_begins_nothing() {
    let (with_key, _) = App::with_key().await;
    for app in [App::new().await, App::asking(ALWAYS).await, with_key] {
        let instance = &app.rig.instance;
        let Ok(right) = check(instance, None, "sam", PASSWORD).unwrap() else { panic!("it is right") };
        one_time::give(instance, "sam").unwrap();
        let back = "/native/v1/authorize?";
        let since = app.trail();
        assert!(sign_in::go_on(instance, right, back, None).is_err());
        assert_eq!(app.events(since), Vec::<String>::new());
        let (user, now) = (app.rig.user("sam"), instance.now());
        assert!(instance.store.live_sessions(&user.id, now).unwrap().is_empty());
        // One for one use that was replaced by another.
        let once = one_time::give(instance, "sam").unwrap();
        let Ok(right) = check(instance, None, "sam", once.expose()).unwrap() else { panic!("it is right") };
        assert!(right.must_change);
        let stale = Right { user: right.user, counter: right.counter, must_change: true, hash: right.hash };
        one_time::give(instance, "sam").unwrap();
        assert!(sign_in::go_on(instance, stale, back, None).is_err());
    }
}

#[tokio::test]
async fn a_sign_in_under_way_ends_with_the_password_it_began_with() {
    let (app, mut key) = App::with_key().await;
    let half = app.start("sam", PASSWORD).await.is(200).json();
    let asked = app.post("sign-in/challenge", json!({ "signIn": half["signIn"] })).await.is(200).json();
    let body = json!({ "signIn": half["signIn"], "credential": key.answer(&asked["options"]) });
    one_time::give(&app.rig.instance, "sam").unwrap();
    assert_eq!(error(&app.post("sign-in/answer", body).await.is(410)), "sign_in_over");
}

#[tokio::test]
async fn of_keys_that_are_set_up_at_the_same_moment_one_counts() {
    let app = App::asking(ALWAYS).await;
    let mut requests = Vec::new();
    for _ in 0..4 {
        let body = app.enrolment("kim").await.to_string();
        let request =
            Request::post("/native/v1/sign-in/enrol").header(header::CONTENT_TYPE, "application/json");
        requests.push(request.body(Body::from(body)).unwrap());
    }
    let replies = app.rig.send_at_once(requests).await;
    let count = |status: u16| replies.iter().filter(|reply| reply.status.as_u16() == status).count();
    assert_eq!((count(200), count(409)), (1, 3));
    assert_eq!(app.devices_of("kim").len(), 1);
    let (now, kim) = (app.rig.instance.now(), app.rig.user("kim").id);
    assert_eq!(app.rig.instance.store.live_sessions(&kim, now).unwrap().len(), 1);
}

#[tokio::test]
async fn no_key_is_set_up_beside_one_that_came_first() {
    let app = App::asking(ALWAYS).await;
    let (first, second) = (app.enrolment("kim").await, app.enrolment("kim").await);
    let instance = &app.rig.instance;
    let (half, _) = enrol::half_of(instance, second["signIn"].as_str().unwrap().to_owned()).ok().unwrap();
    app.post("sign-in/enrol", first).await.is(200);
    assert!(enrol::finish(instance, &half, serde_json::from_value(second).unwrap()).is_err());
    assert_eq!(app.devices_of("kim").len(), 1);
}

#[tokio::test]
async fn a_key_stays_out_where_its_sign_in_does_not_end_with_it() {
    let app = App::asking(ALWAYS).await;
    let made = app.enrolment("kim").await;
    app.rig.instance.store.refuse_audit(true);
    app.post("sign-in/enrol", made.clone()).await.is(500);
    app.rig.instance.store.refuse_audit(false);
    assert!(app.devices_of("kim").is_empty());
    one_time::give(&app.rig.instance, "kim").unwrap();
    assert_eq!(error(&app.post("sign-in/enrol", made).await.is(410)), "sign_in_over");
    assert!(app.devices_of("kim").is_empty());
}

#[tokio::test]
async fn a_password_on_a_known_computer_changes_no_devices() {
    let (app, mut key) = App::with_key().await;
    app.set(CONTEXT);
    let half = app.start("sam", PASSWORD).await.is(200).json();
    let step = app.touch_in(&half, &mut key, &Value::Null).await;
    let proved = app.redeem(&step).await;
    app.post_as(&proved, "devices/challenge", json!({})).await.is(200);
    let known = app.start_in("sam", &step["context"]).await;
    let tokens = app.redeem(&known).await;
    let device = format!("/native/v1/devices/{}", app.devices_of("sam")[0].id);
    let begin = async || app.post_as(&tokens, "devices/challenge", json!({})).await;
    assert_eq!(error(&begin().await.is(403)), "proof_needed");
    assert_eq!(error(&app.ask_as(&tokens, Method::DELETE, &device).await.is(403)), "proof_needed");
    assert_eq!(app.devices_of("sam").len(), 1);
    // Nor does the browser that goes on with it.
    let browser = app.rig.browser();
    ticket::open(&browser, &ticket::ticket(&app, &tokens, "/start").await, ticket::DIRECT).await.is(303);
    let add = "/start/mfa/add?type=totp";
    let there = browser.get(add).await.is(303).header("location").to_owned();
    assert!(there.starts_with("/sign-in?again=1"), "{there}");
    // A factor that is proved in the session counts for both.
    let asked = app.post_as(&tokens, "proof/challenge", json!({})).await.is(200).json();
    let body = json!({ "state": asked["state"], "credential": key.answer(&asked["options"]) });
    app.post_as(&tokens, "proof", body).await.is(200);
    begin().await.is(200);
    browser.get(add).await.is(200);
}

#[tokio::test]
async fn a_computer_is_not_known_by_a_mark_that_was_slipped_to_it() {
    let (app, mut key) = App::with_key().await;
    app.set(CONTEXT);
    let planted = json!("of the attacker's own making");
    let half = app.start_in("sam", &planted).await;
    assert_eq!(half["status"], "secondFactor");
    let first = app.touch_in(&half, &mut key, &planted).await;
    assert_ne!(first["context"], planted);
    assert_eq!(app.start_in("sam", &planted).await["status"], "secondFactor");
    assert_eq!(app.start_in("sam", &first["context"]).await["status"], "complete");
    // One that was good once is good no longer.
    let half = app.start("sam", PASSWORD).await.is(200).json();
    let second = app.touch_in(&half, &mut key, &first["context"]).await;
    assert_eq!(app.start_in("sam", &first["context"]).await["status"], "secondFactor");
    assert_eq!(app.start_in("sam", &second["context"]).await["status"], "complete");
}

#[tokio::test]
async fn what_is_under_way_ends_with_the_persons_sessions() {
    for way in ["administrator", "disabled", "elsewhere"] {
        let (app, mut key) = App::with_key().await;
        let done = app.sign_in("sam", &mut key).await.is(200).json();
        let tokens = app.redeem(&done).await;
        let browser = app.rig.browser();
        let back = ticket::ticket(&app, &tokens, "/start").await;
        ticket::open(&browser, &back, ticket::DIRECT).await.is(303);
        let pending = ticket::ticket(&app, &tokens, "/start").await;
        let code = app.sign_in("sam", &mut key).await.is(200).json()["code"].clone();
        let half = app.start("sam", PASSWORD).await.is(200).json();
        let asked = app.post("sign-in/challenge", json!({ "signIn": half["signIn"] })).await.is(200).json();
        let body = json!({ "signIn": half["signIn"], "credential": key.answer(&asked["options"]) });
        match way {
            "administrator" => app.end_sessions("sam"),
            "disabled" => {
                app.change("sam", |user| user.enabled = false);
                app.ask_as(&tokens, Method::GET, "/user").await.is(401);
                app.change("sam", |user| user.enabled = true);
            }
            _ => {
                let other = app.redeem(&app.sign_in("sam", &mut key).await.is(200).json()).await;
                let browser = app.rig.browser();
                let to = ticket::ticket(&app, &other, "/start").await;
                ticket::open(&browser, &to, ticket::DIRECT).await.is(303);
                let page = browser.get("/start/mfa").await.is(200);
                browser.submit(&page, "/start/mfa/sign-out-elsewhere", &[]).await.is(303);
            }
        }
        assert_eq!(error(&app.post("sign-in/answer", body).await.is(410)), "sign_in_over", "{way}");
        app.ask_as(&tokens, Method::GET, "/user").await.is(401);
        browser.get("/start").await.is(303);
        ticket::open(&app.rig.browser(), &pending, ticket::DIRECT).await.is(410);
        let fields = json!({ "code": code, "redirectUri": CALLBACK, "codeVerifier": VERIFIER });
        app.rig.token(&app.client, "authorization_code", fields).await.is(400);
    }
}

#[tokio::test]
async fn a_touch_in_a_session_that_just_ended_opens_and_proves_nothing() {
    let (app, mut key) = App::with_key().await;
    app.redeem(&app.sign_in("sam", &mut key).await.is(200).json()).await;
    let (store, now) = (&app.rig.instance.store, app.rig.instance.now());
    let session = store.live_sessions(&app.rig.user("sam").id, now).unwrap()[0].id.clone();
    let device = &app.devices_of("sam")[0];
    let used = Used::Key { device: device.id.clone(), before: device.data.clone(), data: b"{}".to_vec() };
    let opened = StepUp {
        holder: "holder".to_owned(),
        session_id: session.clone(),
        account_id: "111122223333".to_owned(),
        permission_set: store.permission_set_by_name("ReadOnly").unwrap().unwrap().arn,
        ends: now.checked_add(jiff::SignedDuration::from_mins(15)).unwrap(),
    };
    let digest = crate::secret::Digest::of("challenge");
    app.end_sessions("sam");
    assert!(!store.step_up(&opened, &used, (digest, opened.ends), now, &[]).unwrap());
    let proof = store.prove_anew(&session, &used, Some((digest, opened.ends)), digest, now, &app.rig.entry());
    assert!(!proof.unwrap());
    assert_eq!(app.devices_of("sam")[0].data, device.data, "nothing happened");
}

#[tokio::test]
async fn a_copy_of_a_key_that_lags_behind_proves_nothing_anywhere() {
    let (app, mut key) = App::with_key().await;
    let tokens = app.redeem(&app.sign_in("sam", &mut key).await.is(200).json()).await;
    let asked = app.post_as(&tokens, "proof/challenge", json!({})).await.is(200).json();
    let late = json!({ "state": asked["state"], "credential": key.answer(&asked["options"]) });
    // The key answers elsewhere after the challenge was given out and before its answer comes.
    app.sign_in("sam", &mut key).await.is(200);
    assert_eq!(error(&app.post_as(&tokens, "proof", late).await.is(401)), "key_copied");
}

#[tokio::test]
async fn a_name_that_a_stranger_types_counts_for_nothing_else() {
    let (app, mut key) = App::with_key().await;
    let name = crate::signin::known_browser::counter(&app.rig.instance, None, "sam");
    for typed in [format!("second step {}", hex::encode(name.as_bytes())), "password of sam".to_owned()] {
        for _ in 0..4 {
            app.start(&typed, "wrong").await.is(401);
        }
        app.start(&typed, "wrong").await.is(429);
    }
    app.sign_in("sam", &mut key).await.is(200);
}

#[tokio::test]
async fn a_program_that_was_let_in_in_a_browser_becomes_nobody_and_changes_no_device() {
    let app = App::new().await;
    let rig = &app.rig;
    let own = app.tokens("sam").await;
    let id = app.register(&own, &mut app.key(), "Blue key").await;
    let browser = rig.browser_of("sam").await;
    // What `aws sso login` leaves in a file, and what somebody gets who talked Sam into typing a code.
    let fields = json!({ "code": rig.code(&browser, &app.client).await, "redirectUri": CALLBACK, "codeVerifier": VERIFIER });
    let by_code = rig.token(&app.client, "authorization_code", fields).await.is(200).json();
    let (device, user_code) = rig.start_device(&app.client).await;
    let page = browser.get("/device").await.is(200);
    let page = browser.submit(&page, "/device", &[("user_code", &user_code)]).await.is(200);
    browser.submit(&page, "/device/decision", &[("decision", "allow")]).await.is(200);
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let by_device = rig.token(&app.client, grant, json!({ "deviceCode": device })).await.is(200).json();
    let text = |answer: &Value, name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    let refreshed = json!({ "refreshToken": text(&by_code, "refreshToken") });
    let refreshed = rig.token(&app.client, "refresh_token", refreshed).await.is(200).json();
    let refused = async || {
        for answer in [&by_code, &by_device, &refreshed] {
            let tokens = Tokens { access: text(answer, "accessToken"), refresh: String::new() };
            app.ask_as(&tokens, Method::GET, "/user").await.is(200);
            let device = format!("devices/{id}");
            for path in ["ticket", "proof/challenge", "proof", "devices/challenge", "devices", &device] {
                let reply = app.post_as(&tokens, path, json!({ "name": "x" })).await.is(403);
                assert_eq!(error(&reply), "app_sign_in_needed", "{path}");
            }
            let reply = app.ask_as(&tokens, Method::DELETE, &format!("/native/v1/{device}")).await.is(403);
            assert_eq!(error(&reply), "app_sign_in_needed");
        }
    };
    refused().await;
    // The person proves who they are anew, to change something: their programs have proved nothing by that.
    let page = browser.get("/sign-in?again=1").await.is(200);
    browser.submit(&page, "/sign-in", &[("username", "sam"), ("password", PASSWORD)]).await.is(303);
    refused().await;
    // A browser that goes on with a sign-in of the app lets programs in like any other.
    let taken_over = rig.browser();
    ticket::open(&taken_over, &ticket::ticket(&app, &own, "/start").await, ticket::DIRECT).await.is(303);
    let fields = json!({
        "code": rig.code(&taken_over, &app.client).await, "redirectUri": CALLBACK, "codeVerifier": VERIFIER,
    });
    let answer = rig.token(&app.client, "authorization_code", fields).await.is(200).json();
    let tokens = Tokens { access: text(&answer, "accessToken"), refresh: String::new() };
    assert_eq!(error(&app.post_as(&tokens, "ticket", json!({})).await.is(403)), "app_sign_in_needed");
    // And the app's own go on through their refresh.
    let fields = json!({ "refreshToken": own.refresh });
    let answer = rig.token(&app.client, "refresh_token", fields).await.is(200).json();
    let tokens = Tokens { access: text(&answer, "accessToken"), refresh: String::new() };
    app.post_as(&tokens, "ticket", json!({})).await.is(200);
}
