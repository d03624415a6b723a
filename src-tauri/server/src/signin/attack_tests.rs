//! Signing in as somebody who means harm tries it.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use jiff::SignedDuration;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::password::one_time;
use crate::{
    addresses::Addresses,
    config,
    mail::{Letter, Mailing},
    mfa::totp,
    organisation::User,
    rig::{Browser, CALLBACK, PASSWORD, Reply, Rig, VERIFIER, hash, query_field},
    saml::tests::{authn_request, field, post, xml},
};

const NEW: &str = "Kettle-orbit 7 mango";
const ALWAYS: &str = "mode = \"always\"";

fn rig(policy: &str) -> Rig {
    let rig = Rig::with(|instance| instance.mailing = Mailing::Outbox);
    set(&rig, policy);
    rig
}

fn set(rig: &Rig, policy: &str) {
    config::policy_set(&rig.instance, &toml::from_str(policy).unwrap()).unwrap();
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1.split_once(after).unwrap().0
}

fn shown_secret(page: &Reply) -> Vec<u8> {
    let typed = between(&page.body, "id=\"app-key\">", "<").replace(' ', "");
    totp_rs::Secret::try_from_base32(typed).unwrap().as_bytes().to_vec()
}

fn code(rig: &Rig, secret: &[u8]) -> String {
    totp::code(secret, rig.instance.now())
}

/// Sets an app up in a sign-in under way, and is in.
async fn enrol(rig: &Rig, browser: &Browser<'_>) -> (Vec<u8>, Reply) {
    let page = browser.get("/sign-in/enrol?type=totp").await.is(200);
    let secret = shown_secret(&page);
    let done = browser.submit(&page, "/sign-in/enrol", &[("code", &code(rig, &secret))]).await.is(303);
    (secret, done)
}

/// Signs in for the first time with a new app.
async fn enrolled(rig: &Rig, browser: &Browser<'_>, user: &str) -> Vec<u8> {
    browser.sign_in(user, PASSWORD, "/start").await.is(303);
    let (secret, _) = enrol(rig, browser).await;
    browser.get("/start").await.is(200);
    rig.pass(60);
    secret
}

async fn verify(browser: &Browser<'_>, code: &str) -> Reply {
    let page = browser.get("/sign-in/verify").await.is(200);
    browser.submit(&page, "/sign-in/verify", &[("code", code)]).await
}

async fn new_password(browser: &Browser<'_>, path: &str, action: &str, new: &str) -> Reply {
    let page = browser.get(path).await.is(200);
    let fields = [("current_password", PASSWORD), ("new_password", new), ("again", new)];
    browser.submit(&page, action, &fields).await
}

fn cookie(rig: &Rig, kind: &str) -> String {
    format!("latchkey-{kind}-{}", rig.instance.addresses.instance_id())
}

/// The path of the link in the last letter.
fn link(rig: &Rig) -> String {
    let waiting = rig.instance.store.due_mail(rig.instance.now(), 100).unwrap().pop().unwrap();
    let text = Letter::open(&rig.instance, &waiting.letter).unwrap().text;
    let line = text.lines().find(|line| line.starts_with("http")).unwrap().to_owned();
    line.strip_prefix("http://localhost:4711").unwrap().to_owned()
}

async fn forget(rig: &Rig, user: &str) -> String {
    let browser = rig.browser();
    let page = browser.get("/sign-in/forgotten").await.is(200);
    browser.submit(&page, "/sign-in/forgotten", &[("username", user)]).await.is(200);
    link(rig)
}

fn change(rig: &Rig, username: &str, change: impl FnOnce(&mut User)) {
    let mut user = rig.user(username);
    change(&mut user);
    assert!(rig.instance.store.put_user(&user, rig.instance.now(), &rig.entry()).unwrap());
}

#[tokio::test]
async fn a_password_alone_reaches_nothing_where_a_second_factor_is_asked_for() {
    let rig = rig(ALWAYS);
    let client = rig.register().await;
    let (_, user_code) = rig.start_device(&client).await;
    let known = rig.browser();
    enrolled(&rig, &known, "sam").await;
    let half = rig.browser();
    half.sign_in("sam", PASSWORD, "/start").await.is(303);
    let authorize = Rig::authorize_path(&client, &[]);
    for path in [
        "/start",
        "/start/applications",
        "/start/mfa",
        "/start/mfa/add?type=totp",
        "/start/password",
        "/start/console?account_id=111122223333&role_name=ReadOnly",
        "/start/keys?account_id=111122223333&role_name=ReadOnly",
        "/device",
        "/admin",
        authorize.as_str(),
    ] {
        let there = half.get(path).await.is(303).header("location").to_owned();
        assert!(there.starts_with("/sign-in?"), "{path}: {there}");
    }
    let page = half.get("/sign-in/verify").await.is(200);
    let fields =
        [("user_code", user_code.as_str()), ("decision", "allow"), ("new_password", NEW), ("again", NEW)];
    for path in [
        "/device",
        "/device/decision",
        "/start/mfa/add",
        "/start/mfa/remove",
        "/start/mfa/sign-out-elsewhere",
        "/start/password",
        "/start/keys",
        "/sign-in/enrol",
        "/sign-in/new-password",
    ] {
        let there = half.submit(&page, path, &fields).await.is(303).header("location").to_owned();
        assert!(there.starts_with("/sign-in"), "{path}: {there}");
    }
    assert_eq!(half.get("/sign-in/enrol?type=totp").await.is(303).header("location"), "/sign-in/verify");
    known.get("/start").await.is(200);
    half.get("/start").await.is(303);
}

#[tokio::test]
async fn who_is_to_be_blocked_sets_no_device_up_after_a_password_for_one_use() {
    let rig = rig("mode = \"always\"\nwithout_device = \"block\"");
    let once = one_time::give(&rig.instance, "sam").unwrap();
    let browser = rig.browser();
    browser.sign_in("sam", once.expose(), "/start").await.is(303);
    let page = browser.get("/sign-in/new-password").await.is(200);
    let fields = [("new_password", NEW), ("again", NEW)];
    browser.submit(&page, "/sign-in/new-password", &fields).await.is(403);
    browser.get("/sign-in/enrol?type=totp").await.is(303);
    browser.get("/start").await.is(303);
    // Nor where the policy became so in the meantime.
    set(&rig, ALWAYS);
    let browser = rig.browser();
    browser.sign_in("sam", NEW, "/start").await.is(303);
    let page = browser.get("/sign-in/enrol?type=totp").await.is(200);
    set(&rig, "mode = \"always\"\nwithout_device = \"block\"");
    let code = code(&rig, &shown_secret(&page));
    browser.submit(&page, "/sign-in/enrol", &[("code", &code)]).await.is(403);
    assert!(rig.instance.store.mfa_devices(&rig.user("sam").id).unwrap().is_empty());
}

#[tokio::test]
async fn nobody_signs_in_as_their_namesake_who_came_later() {
    let rig = rig("mode = \"context\"");
    let browser = rig.browser();
    let secret = enrolled(&rig, &browser, "sam").await;
    new_password(&browser, "/start/password", "/start/password", NEW).await.is(200);
    let before = rig.user("sam").id;
    assert!(rig.instance.store.delete_user(&before, rig.instance.now(), &rig.entry()).unwrap());
    let mut sample = crate::organisation::sample("http://localhost:4711").unwrap();
    sample.users.values_mut().for_each(|user| user.password_hash = None);
    rig.instance.seed(&sample);
    assert_eq!(rig.user("sam").id, before, "a document's names have their ids");
    browser.get("/start").await.is(303);
    rig.browser().sign_in("sam", NEW, "/start").await.is(401);
    rig.browser().sign_in("sam", PASSWORD, "/start").await.is(401);
    assert!(rig.instance.store.mfa_devices(&before).unwrap().is_empty());
    // Not even once the new one has a password: neither app nor browser are theirs.
    sample.users.values_mut().for_each(|user| user.password_hash = Some(hash()));
    rig.instance.seed(&sample);
    let there = browser.sign_in("sam", PASSWORD, "/start").await.is(303);
    assert_eq!(there.header("location"), "/sign-in/enrol");
    drop(secret);
}

#[tokio::test]
async fn a_changed_password_leaves_nothing_to_who_copied_the_cookie() {
    let rig = rig("mode = \"off\"");
    let client = rig.register().await;
    let browser = rig.browser_of("sam").await;
    let code = rig.code(&browser, &client).await;
    let fields = json!({ "code": code, "redirectUri": CALLBACK, "codeVerifier": VERIFIER });
    let answer = rig.token(&client, "authorization_code", fields).await.is(200).json();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    let (token, refresh) = (text("accessToken"), text("refreshToken"));
    let (device_code, user_code) = rig.start_device(&client).await;
    let page = browser.get("/device").await.is(200);
    let fields = [("user_code", user_code.as_str()), ("decision", "allow")];
    browser.submit(&page, "/device/decision", &fields).await.is(200);
    let pending = rig.code(&browser, &client).await;

    let thief = rig.browser();
    thief.cookies.lock().unwrap().clone_from(&browser.cookies.lock().unwrap());
    thief.get("/start").await.is(200);
    let began = rig.instance.store.live_sessions(&rig.user("sam").id, rig.instance.now()).unwrap()[0].began;
    rig.pass(5);
    let done = new_password(&browser, "/start/password", "/start/password", NEW).await.is(200);
    thief.get("/start").await.is(303);
    rig.portal_get("/user", &token).await.is(401);
    rig.token(&client, "refresh_token", json!({ "refreshToken": refresh })).await.is(400);
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    rig.token(&client, grant, json!({ "deviceCode": device_code })).await.is(400);
    let fields = json!({ "code": pending, "redirectUri": CALLBACK, "codeVerifier": VERIFIER });
    rig.token(&client, "authorization_code", fields).await.is(400);
    // The person goes on, with the page they see, and no longer than before.
    browser.get("/start").await.is(200);
    let sessions = rig.instance.store.live_sessions(&rig.user("sam").id, rig.instance.now()).unwrap();
    assert_eq!((sessions.len(), sessions[0].began), (1, began));
    let csrf = between(&done.body, "name=\"csrf\" value=\"", "\"");
    browser.submit(&done, "/sign-out", &[("csrf", csrf)]).await.is(303);
    browser.get("/start").await.is(303);
}

#[tokio::test]
async fn a_sign_in_under_way_ends_with_the_persons_sessions() {
    for way in ["administrator", "disabled", "elsewhere", "signed out"] {
        let rig = rig(ALWAYS);
        let own = rig.browser();
        let secret = enrolled(&rig, &own, "sam").await;
        let half = rig.browser();
        half.sign_in("sam", PASSWORD, "/start").await.is(303);
        let page = half.get("/sign-in/verify").await.is(200);
        let now = rig.instance.now();
        match way {
            "administrator" => {
                rig.instance.store.end_sessions_of(&rig.user("sam").id, now, &rig.entry()).unwrap();
            }
            "disabled" => {
                change(&rig, "sam", |user| user.enabled = false);
                change(&rig, "sam", |user| user.enabled = true);
            }
            "elsewhere" => {
                let devices = own.get("/start/mfa").await.is(200);
                own.submit(&devices, "/start/mfa/sign-out-elsewhere", &[]).await.is(303);
            }
            _ => {
                half.submit(&page, "/sign-out", &[]).await.is(303);
            }
        }
        let reply = half.submit(&page, "/sign-in/verify", &[("code", &code(&rig, &secret))]).await.is(303);
        assert!(reply.header("location").starts_with("/sign-in?"), "{way}: {}", reply.header("location"));
        half.get("/start").await.is(303);
    }
}

#[tokio::test]
async fn a_browser_is_not_known_by_a_cookie_that_was_slipped_to_it() {
    let rig = rig("mode = \"context\"");
    let victim = rig.browser();
    let secret = enrolled(&rig, &victim, "sam").await;
    let attacker = rig.browser();
    enrolled(&rig, &attacker, "kim").await;
    let name = cookie(&rig, "context");
    let planted = attacker.cookies.lock().unwrap()[&name].clone();
    let again = async |browser: &Browser<'_>, user: &str| {
        browser.cookies.lock().unwrap().remove(&cookie(&rig, "session"));
        let page = browser.get("/sign-in?again=1").await.is(200);
        let fields = [("username", user), ("password", PASSWORD)];
        browser.submit(&page, "/sign-in", &fields).await.is(303).header("location").to_owned()
    };
    assert_eq!(again(&victim, "sam").await, "/start", "known");
    for value in [planted.as_str(), "of the attacker's own making"] {
        victim.cookies.lock().unwrap().insert(name.clone(), value.to_owned());
        assert_eq!(again(&victim, "sam").await, "/sign-in/verify");
        verify(&victim, &code(&rig, &secret)).await.is(303);
        rig.pass(60);
        assert_ne!(victim.cookies.lock().unwrap()[&name], value);
        assert_eq!(again(&victim, "sam").await, "/start", "known by another one");
        let thief = rig.browser();
        thief.cookies.lock().unwrap().insert(name.clone(), value.to_owned());
        assert_eq!(again(&thief, "sam").await, "/sign-in/verify");
    }
}

#[tokio::test]
async fn a_password_in_a_known_browser_changes_no_devices() {
    let rig = rig("mode = \"context\"");
    let browser = rig.browser();
    let secret = enrolled(&rig, &browser, "sam").await;
    let page = browser.get("/start").await.is(200);
    browser.submit(&page, "/sign-out", &[]).await.is(303);
    let there = browser.sign_in("sam", PASSWORD, "/start").await.is(303);
    assert_eq!(there.header("location"), "/start", "known");
    let page = browser.get("/start/mfa").await.is(200);
    let device = between(&page.body, "name=\"device\" value=\"", "\"");
    let refused = browser.submit(&page, "/start/mfa/remove", &[("device", device)]).await.is(303);
    assert_eq!(refused.header("location"), "/sign-in?again=1&continue=%2Fstart%2Fmfa");
    let refused = browser.get("/start/mfa/add?type=totp").await.is(303).header("location").to_owned();
    assert!(refused.starts_with("/sign-in?again=1"), "{refused}");
    let page = browser.get(&refused).await.is(200);
    let fields = [("username", "sam"), ("password", PASSWORD)];
    let there = browser.submit(&page, "/sign-in", &fields).await.is(303);
    assert_eq!(there.header("location"), "/sign-in/verify", "signed in already: asked for everything");
    let done = verify(&browser, &code(&rig, &secret)).await.is(303);
    assert_eq!(done.header("location"), "/start/mfa/add?type=totp");
    browser.get("/start/mfa/add?type=totp").await.is(200);
}

#[tokio::test]
async fn who_reads_the_mail_at_somebodys_desk_is_asked_for_the_second_factor() {
    let rig = rig("mode = \"context\"");
    let browser = rig.browser();
    enrolled(&rig, &browser, "sam").await;
    let page = browser.get("/start").await.is(200);
    browser.submit(&page, "/sign-out", &[]).await.is(303);
    let path = forget(&rig, "sam").await;
    new_password(&browser, &path, "/sign-in/reset", NEW).await.is(303);
    let there = browser.sign_in("sam", NEW, "/start").await.is(303);
    assert_eq!(there.header("location"), "/sign-in/verify");
}

#[tokio::test]
async fn a_link_ends_with_the_address_it_was_sent_to_and_with_its_owner() {
    let rig = rig("mode = \"off\"");
    let path = forget(&rig, "sam").await;
    change(&rig, "sam", |user| user.display_name = "Sam S.".to_owned());
    rig.browser().get(&path).await.is(200);
    change(&rig, "sam", |user| user.email = "sam.sample@acme.test".to_owned());
    rig.browser().get(&path).await.is(410);
    let path = forget(&rig, "kim").await;
    change(&rig, "kim", |user| user.enabled = false);
    change(&rig, "kim", |user| user.enabled = true);
    rig.browser().get(&path).await.is(410);
}

#[tokio::test]
async fn links_go_to_our_own_address_whatever_host_was_asked() {
    let rig = rig("mode = \"off\"");
    for (host, status) in [("evil.test", 421), ("localhost:4711.evil.test", 421), ("127.0.0.1:4711", 200)] {
        let browser = rig.browser();
        let page = browser.get("/sign-in/forgotten").await.is(200);
        let mut form = browser.form(&page, "/sign-in/forgotten", &[("username", "sam")]);
        form.headers_mut().insert("host", host.parse().unwrap());
        form.headers_mut().insert("x-forwarded-host", "evil.test".parse().unwrap());
        rig.send(form).await.is(status);
    }
    assert!(link(&rig).starts_with("/sign-in/reset?token=lk_"));
}

#[tokio::test]
async fn codes_at_the_same_moment_are_counted_like_any_others() {
    let rig = rig("mode = \"off\"");
    let client = rig.register().await;
    let (_, user_code) = rig.start_device(&client).await;
    let browser = rig.browser_of("sam").await;
    let page = browser.get("/device").await.is(200);
    browser.submit(&page, "/device", &[("user_code", &user_code)]).await.is(200);
    let guess = || browser.form(&page, "/device", &[("user_code", "BBBB-BBBB")]);
    let replies = rig.send_at_once((0..30).map(|_| guess()).collect()).await;
    let count = |status: u16| replies.iter().filter(|reply| reply.status.as_u16() == status).count();
    assert_eq!((count(404), count(429)), (10, 20));
    browser.submit(&page, "/device", &[("user_code", &user_code)]).await.is(429);
}

#[tokio::test]
async fn a_name_that_a_stranger_types_counts_for_nothing_else() {
    let rig = rig(ALWAYS);
    let own = rig.browser();
    let secret = enrolled(&rig, &own, "sam").await;
    let name = hex::encode(Sha256::digest(b"sam"));
    for typed in [format!("second step {name}"), "forgotten password of sam".to_owned()] {
        let stranger = rig.browser();
        for _ in 0..4 {
            stranger.sign_in(&typed, "wrong", "/start").await.is(401);
        }
        stranger.sign_in(&typed, "wrong", "/start").await.is(429);
    }
    let elsewhere = rig.browser();
    elsewhere.sign_in("sam", PASSWORD, "/start").await.is(303);
    verify(&elsewhere, &code(&rig, &secret)).await.is(303);
    forget(&rig, "sam").await;
}

#[tokio::test]
async fn two_who_set_a_device_up_at_the_same_moment_get_one() {
    let rig = rig(ALWAYS);
    let mut requests = Vec::new();
    let browsers: Vec<_> = (0..4).map(|_| rig.browser()).collect();
    for browser in &browsers {
        browser.sign_in("sam", PASSWORD, "/start").await.is(303);
        let page = browser.get("/sign-in/enrol?type=totp").await.is(200);
        let code = code(&rig, &shown_secret(&page));
        requests.push(browser.form(&page, "/sign-in/enrol", &[("code", &code)]));
    }
    let replies = rig.send_at_once(requests).await;
    let led = |to: &str| replies.iter().filter(|reply| reply.header("location") == to).count();
    assert_eq!((led("/start"), led("/sign-in/verify")), (1, 3));
    assert_eq!(rig.instance.store.mfa_devices(&rig.user("sam").id).unwrap().len(), 1);
}

#[tokio::test]
async fn a_device_stays_out_where_its_sign_in_ended_before_it() {
    let rig = rig(ALWAYS);
    let thief = rig.browser();
    thief.sign_in("sam", PASSWORD, "/start").await.is(303);
    let page = thief.get("/sign-in/enrol?type=totp").await.is(200);
    let code = code(&rig, &shown_secret(&page));
    rig.instance.store.refuse_audit(true);
    thief.submit(&page, "/sign-in/enrol", &[("code", &code)]).await.is(500);
    rig.instance.store.refuse_audit(false);
    one_time::give(&rig.instance, "sam").unwrap();
    thief.submit(&page, "/sign-in/enrol", &[("code", &code)]).await.is(303);
    assert!(rig.instance.store.mfa_devices(&rig.user("sam").id).unwrap().is_empty());
    thief.get("/start").await.is(303);
}

#[tokio::test]
async fn setting_a_device_up_leads_where_the_person_wanted_to_go() {
    let rig = rig(ALWAYS);
    for (user, back) in [
        ("sam", "/device?user_code=BCDF-GHJK"),
        ("kim", "/start/console?account_id=111122223333&role_name=ReadOnly"),
        ("robin", "/start/#/saml/default/Grafana/ins-0123456789abcdef"),
    ] {
        let browser = rig.browser();
        browser.sign_in(user, PASSWORD, back).await.is(303);
        browser.get("/sign-in/enrol").await.is(200);
        let (secret, done) = enrol(&rig, &browser).await;
        assert_eq!(done.header("location"), back);
        // Nor does it get lost when the ten minutes were not enough, or the person starts over.
        let late = rig.browser();
        late.sign_in(user, PASSWORD, back).await.is(303);
        let page = late.get("/sign-in/verify").await.is(200);
        let over = between(&page.body, "<a href=\"/sign-in?", "\"").replace("&#38;", "&");
        assert_eq!(query_field(&format!("/sign-in?{over}"), "continue").unwrap(), back);
        rig.pass(11 * 60);
        let there = late.get("/sign-in/verify").await.is(303).header("location").to_owned();
        assert_eq!(query_field(&there, "continue").unwrap(), back);
        let anew = late.sign_in(user, PASSWORD, &query_field(&there, "continue").unwrap()).await.is(303);
        assert_eq!(anew.header("location"), "/sign-in/verify");
        assert_eq!(verify(&late, &code(&rig, &secret)).await.is(303).header("location"), back);
    }
    // A password for one use and a new device after it.
    let once = one_time::give(&rig.instance, "alex").unwrap();
    let browser = rig.browser();
    browser.sign_in("alex", once.expose(), "/device").await.is(303);
    new_password(&browser, "/sign-in/new-password", "/sign-in/new-password", NEW).await.is(303);
    assert_eq!(enrol(&rig, &browser).await.1.header("location"), "/device");
}

#[tokio::test]
async fn an_applications_request_survives_setting_a_device_up() {
    let rig = rig(ALWAYS);
    let request = authn_request(&rig, "Grafana", &[]);
    let there = post(&rig, "Grafana", &request, Some("state")).await.is(303);
    let browser = rig.browser();
    let sign_in = browser.get(there.header("location")).await.is(303);
    let back = query_field(sign_in.header("location"), "continue").unwrap();
    browser.sign_in("sam", PASSWORD, &back).await.is(303);
    let (_, done) = enrol(&rig, &browser).await;
    let page = browser.get(done.header("location")).await.is(200);
    assert!(xml(&page).contains("InResponseTo=\"_one\""));
    assert_eq!(field(&page, "RelayState").unwrap(), "state");
}

#[tokio::test]
async fn fragments_go_with_the_portal_alone() {
    let rig = rig("mode = \"off\"");
    for (back, expected) in [
        ("/start/#/saml/custom/Wiki/ins-1", "/start/#/saml/custom/Wiki/ins-1"),
        ("/start?q=x#/console?account_id=1", "/start?q=x#/console?account_id=1"),
        ("/device#x", "/device"),
        ("/start/#\r\nSet-Cookie: x", "/start/#Set-Cookie:%20x"),
        ("//evil.test/start#x", "/start"),
    ] {
        let reply = rig.browser().sign_in("sam", PASSWORD, back).await.is(303);
        assert_eq!(reply.header("location"), expected, "{back}");
    }
}

#[tokio::test]
async fn with_tls_no_neighbour_sets_our_cookies() {
    let public = Url::parse("https://sso.example.test").unwrap();
    let rig = Rig::with(|instance| {
        let (id, directory) =
            (instance.addresses.instance_id().to_owned(), instance.addresses.directory_id().to_owned());
        instance.addresses = Addresses::behind_proxy(&public, 4711, &id, &directory);
    });
    let browser = rig.browser();
    let reply = browser.sign_in("sam", PASSWORD, "/start").await.is(303);
    for set in reply.headers.get_all("set-cookie") {
        let set = set.to_str().unwrap();
        assert!(set.starts_with("__Host-latchkey-") && set.contains("; Path=/;"), "{set}");
        assert!(set.ends_with("; Secure") && !set.contains("Domain"), "{set}");
    }
    browser.get("/start").await.is(200);
    let kept = browser.cookies.lock().unwrap().clone();
    let planted = rig.browser();
    for (name, value) in kept {
        let bare = name.trim_start_matches("__Host-").to_owned();
        planted.cookies.lock().unwrap().insert(bare, value);
    }
    planted.get("/start").await.is(303);
}

#[tokio::test]
async fn nothing_that_opens_anything_is_in_the_trail() {
    let rig = rig(ALWAYS);
    let browser = rig.browser();
    let secret = enrolled(&rig, &browser, "sam").await;
    new_password(&browser, "/start/password", "/start/password", NEW).await.is(200);
    let path = forget(&rig, "sam").await;
    let once = one_time::give(&rig.instance, "kim").unwrap();
    rig.browser().sign_in("kim", "a wrong password", "/start").await.is(401);
    // Into the wrong field.
    rig.browser().sign_in("my own password", "x", "/start").await.is(401);
    let later = rig.browser();
    later.sign_in("sam", NEW, "/start").await.is(303);
    let typed = code(&rig, &secret);
    verify(&later, &typed).await.is(303);
    let trail = format!("{:?}", rig.instance.store.audit_trail());
    let mut secrets = vec![PASSWORD.to_owned(), NEW.to_owned(), once.expose().to_owned(), typed];
    secrets.extend(["a wrong password", "my own password"].map(str::to_owned));
    secrets.push(query_field(&path, "token").unwrap());
    secrets.push(totp_rs::Secret::from(secret).to_base32());
    for browser in [&browser, &later] {
        secrets.extend(browser.cookies.lock().unwrap().values().cloned());
    }
    for secret in secrets {
        assert!(!secret.is_empty() && !trail.contains(&secret), "{secret} is in the trail");
    }
}

#[tokio::test]
async fn nobody_is_locked_out_for_longer_than_a_quarter_of_an_hour() {
    let rig = rig("mode = \"off\"");
    let stranger = rig.browser();
    for _ in 0..40 {
        let page = stranger.get("/sign-in").await.is(200);
        stranger.submit(&page, "/sign-in", &[("username", "sam"), ("password", "wrong")]).await;
        rig.pass(15 * 60);
    }
    rig.browser().sign_in("sam", PASSWORD, "/start").await.is(303);
    // However the name is written, it is one person's.
    for typed in ["sam", "SAM", " Sam ", "sam@acme.test"] {
        stranger.sign_in(typed, "wrong", "/start").await.is(401);
    }
    stranger.sign_in("sAm", "wrong", "/start").await.is(429);
    let page = stranger.get("/sign-in").await.is(200);
    let mut form = stranger.form(&page, "/sign-in", &[("username", "SAM@ACME.test"), ("password", PASSWORD)]);
    form.headers_mut().insert("x-forwarded-for", "203.0.113.9".parse().unwrap());
    rig.send(form).await.is(429);
    assert!(rig.instance.session_length() > SignedDuration::ZERO);
}
