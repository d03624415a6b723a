//! Second steps over their routes; security keys are tested with a real browser in `tests/journeys/second_factor`.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::net::SocketAddr;

use serde_json::Value;

use crate::{
    config,
    mfa::{Policy, totp},
    proxies::Peer,
    rig::{Browser, PASSWORD, Reply, Rig},
};

fn rig(policy: &str) -> Rig {
    let rig = Rig::new();
    set(&rig, policy);
    rig
}

fn set(rig: &Rig, policy: &str) {
    let policy: Policy = toml::from_str(policy).unwrap();
    config::policy_set(&rig.instance, &policy).unwrap();
}

const ALWAYS: &str = "mode = \"always\"";

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1.split_once(after).unwrap().0
}

/// The secret that a page shows for typing.
fn shown_secret(page: &Reply) -> Vec<u8> {
    let typed = between(&page.body, "id=\"app-key\">", "<").replace(' ', "");
    totp_rs::Secret::try_from_base32(typed).unwrap().as_bytes().to_vec()
}

fn code_now(rig: &Rig, secret: &[u8]) -> String {
    totp::code(secret, rig.instance.now())
}

/// Signs in for the first time with a new app; gives its secret.
async fn enrolled(rig: &Rig, browser: &Browser<'_>) -> Vec<u8> {
    let there = browser.sign_in("sam", PASSWORD, "/device").await.is(303);
    assert_eq!(there.header("location"), "/sign-in/enrol");
    browser.get("/sign-in/enrol").await.is(200);
    let page = browser.get("/sign-in/enrol?type=totp").await.is(200);
    let secret = shown_secret(&page);
    let fields = [("code", code_now(rig, &secret)), ("name", "Phone".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let done = browser.submit(&page, "/sign-in/enrol", &fields).await.is(303);
    assert_eq!(done.header("location"), "/device");
    secret
}

/// Types a code on the page of the second step.
async fn verify(browser: &Browser<'_>, code: &str) -> Reply {
    let page = browser.get("/sign-in/verify").await.is(200);
    browser.submit(&page, "/sign-in/verify", &[("code", code)]).await
}

fn events(rig: &Rig) -> Vec<(String, String, String)> {
    let trail = rig.instance.store.audit_trail();
    let told = trail.iter().map(|(name, event)| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let kind = text(&event["additionalEventData"]["CredentialType"]);
        (name.clone(), text(&event["serviceEventDetails"][name.as_str()]), kind)
    });
    told.collect()
}

#[tokio::test]
async fn nothing_is_asked_for_until_a_policy_says_so() {
    let rig = Rig::new();
    let browser = rig.browser();
    let page = browser.get("/sign-in").await.is(200);
    assert!(!page.body.contains("passkey") && !page.body.contains("webauthn"), "{}", page.body);
    assert_eq!(browser.sign_in("sam", PASSWORD, "/start").await.is(303).header("location"), "/start");
    browser.get("/sign-in/verify").await.is(303);
    browser.get("/sign-in/enrol").await.is(303);
}

#[tokio::test]
async fn an_app_is_set_up_at_sign_in_and_asked_for_from_then_on() {
    let rig = rig(ALWAYS);
    let secret = enrolled(&rig, &rig.browser()).await;
    let browser = rig.browser();
    let there = browser.sign_in("sam", PASSWORD, "/device").await.is(303);
    assert_eq!(there.header("location"), "/sign-in/verify");
    browser.get("/start").await.is(303);
    browser.get("/sign-in/enrol").await.is(303);
    verify(&browser, "000000").await.is(401);
    rig.pass(60);
    let done = verify(&browser, &code_now(&rig, &secret)).await.is(303);
    assert_eq!(done.header("location"), "/device");
    browser.get("/start").await.is(200);
    browser.get("/sign-in/verify").await.is(303);
    let told = events(&rig);
    let tail: Vec<(&str, &str, &str)> =
        told.iter().rev().take(7).rev().map(|(n, o, k)| (n.as_str(), o.as_str(), k.as_str())).collect();
    assert_eq!(
        tail,
        [
            ("CredentialVerification", "Failure", "TOTP"),
            ("UserAuthentication", "Failure", "PASSWORD,TOTP"),
            ("CredentialChallenge", "Success", "TOTP"),
            ("CredentialChallenge", "Success", "TOTP"),
            ("CredentialVerification", "Success", "TOTP"),
            ("UserAuthentication", "Success", "PASSWORD,TOTP"),
            ("Authenticate", "", ""),
        ]
    );
    let names: Vec<&str> = told.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(
        names[..4],
        [
            "PutMfaDeviceManagementForDirectory",
            "CredentialVerification",
            "StartVirtualMfaDeviceRegistration",
            "CompleteVirtualMfaDeviceRegistration",
        ]
    );
    let trail = rig.instance.store.audit_trail();
    let workflows: Vec<&Value> = trail
        .iter()
        .rev()
        // The last one tells of the session.
        .skip(1)
        .take(6)
        .map(|(_, event)| &event["additionalEventData"]["AuthWorkflowID"])
        .collect();
    assert!(workflows.iter().all(|id| id.is_string() && **id == *workflows[0]), "{workflows:?}");
}

#[tokio::test]
async fn a_code_is_taken_once() {
    let rig = rig(ALWAYS);
    let secret = enrolled(&rig, &rig.browser()).await;
    let browser = rig.browser();
    browser.sign_in("sam", PASSWORD, "/start").await.is(303);
    verify(&browser, &code_now(&rig, &secret)).await.is(401);
    rig.pass(30);
    let code = code_now(&rig, &secret);
    // At the same moment in two browsers: one of them is in.
    let other = rig.browser();
    other.sign_in("sam", PASSWORD, "/start").await.is(303);
    let pages = [browser.get("/sign-in/verify").await, other.get("/sign-in/verify").await];
    let requests = vec![
        browser.form(&pages[0], "/sign-in/verify", &[("code", &code)]),
        other.form(&pages[1], "/sign-in/verify", &[("code", &code)]),
    ];
    let replies = rig.send_at_once(requests).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 401]);
}

#[tokio::test]
async fn a_half_sign_in_belongs_to_its_browser_and_ends() {
    let rig = rig(ALWAYS);
    let secret = enrolled(&rig, &rig.browser()).await;
    rig.pass(60);
    let browser = rig.browser();
    browser.sign_in("sam", PASSWORD, "/start").await.is(303);
    let stranger = rig.browser();
    stranger.get("/sign-in").await.is(200);
    assert!(stranger.get("/sign-in/verify").await.is(303).header("location").starts_with("/sign-in?"));
    let page = browser.get("/sign-in/verify").await.is(200);
    stranger.submit(&page, "/sign-in/verify", &[("code", &code_now(&rig, &secret))]).await.is(403);
    rig.pass(10 * 60);
    browser.submit(&page, "/sign-in/verify", &[("code", &code_now(&rig, &secret))]).await.is(303);
    browser.get("/start").await.is(303);
}

#[tokio::test]
async fn guesses_at_codes_lock_the_second_step_and_not_the_password() {
    let rig = rig(ALWAYS);
    let secret = enrolled(&rig, &rig.browser()).await;
    rig.pass(60);
    let browser = rig.browser();
    browser.sign_in("sam", PASSWORD, "/start").await.is(303);
    for _ in 0..4 {
        verify(&browser, "000000").await.is(401);
    }
    verify(&browser, "000000").await.is(429);
    // Not even with a new password step, from wherever.
    let again = rig.browser();
    again.sign_in("sam", PASSWORD, "/start").await.is(303);
    let locked = verify(&again, &code_now(&rig, &secret)).await.is(429);
    assert!(locked.body.contains("Wait 31 seconds"), "{}", locked.body);
    rig.pass(31);
    verify(&again, &code_now(&rig, &secret)).await.is(303);
}

#[tokio::test]
async fn a_wrong_password_says_nothing_about_devices() {
    let rig = rig(ALWAYS);
    enrolled(&rig, &rig.browser()).await;
    let mut bodies = Vec::new();
    for user in ["sam", "kim", "nobody"] {
        let reply = rig.browser().sign_in(user, "wrong", "/start").await.is(401);
        assert!(!reply.header("set-cookie").contains("latchkey-half"));
        let without = |text: &str, start: &str| match text.split_once(start) {
            Some((before, rest)) => format!("{before}{}", rest.split_once('"').unwrap().1),
            None => text.to_owned(),
        };
        let mut body = reply.body.replace(&format!("value=\"{user}\""), "");
        for start in ["data-options=\"", "name=\"state\" value=\""] {
            body = without(&body, start);
        }
        for _ in 0..2 {
            body = without(&body, "name=\"csrf\" value=\"");
        }
        bodies.push(body);
    }
    assert!(bodies[0] == bodies[1] && bodies[1] == bodies[2], "{bodies:?}");
}

#[tokio::test]
async fn people_without_a_device_are_blocked_or_let_in_as_the_policy_says() {
    let rig = rig("mode = \"always\"\nwithout_device = \"block\"");
    let blocked = rig.browser().sign_in("kim", PASSWORD, "/start").await.is(403);
    assert!(blocked.body.contains("You need a second factor to sign in"), "{}", blocked.body);
    assert_eq!(
        events(&rig).last().unwrap(),
        &("UserAuthentication".to_owned(), "Failure".to_owned(), "PASSWORD".to_owned())
    );
    set(&rig, "mode = \"always\"\nwithout_device = \"allow\"");
    let browser = rig.browser();
    assert_eq!(browser.sign_in("kim", PASSWORD, "/start").await.is(303).header("location"), "/start");
    browser.get("/start").await.is(200);
}

#[tokio::test]
async fn devices_of_kinds_that_do_not_count_are_as_none() {
    let rig = rig(ALWAYS);
    enrolled(&rig, &rig.browser()).await;
    set(&rig, "mode = \"always\"\nallowed = [\"webauthn\"]\nwithout_device = \"block\"");
    rig.browser().sign_in("sam", PASSWORD, "/start").await.is(403);
    set(&rig, "mode = \"always\"\nallowed = [\"webauthn\"]");
    let browser = rig.browser();
    browser.sign_in("sam", PASSWORD, "/start").await.is(303);
    let page = browser.get("/sign-in/enrol").await.is(200);
    assert!(page.body.contains("add-security_key") && !page.body.contains("add-totp"), "{}", page.body);
    let page = browser.get("/sign-in/enrol?type=totp").await.is(200);
    assert!(!page.body.contains("app-key"), "{}", page.body);
}

/// Signs in from a network; the browser's cookies are kept.
async fn sign_in_from(rig: &Rig, browser: &Browser<'_>, address: &str) -> Reply {
    // Its session is over.
    let session = format!("latchkey-session-{}", rig.instance.addresses.instance_id());
    browser.cookies.lock().unwrap().remove(&session);
    let page = browser.get("/sign-in").await.is(200);
    let fields = [("username", "sam"), ("password", PASSWORD)];
    let mut request = browser.form(&page, "/sign-in", &fields);
    request
        .extensions_mut()
        .insert(Peer { address: SocketAddr::new(address.parse().unwrap(), 4711), is_tls: false });
    browser.keep(rig.send(request).await)
}

#[tokio::test]
async fn a_known_browser_on_a_known_network_is_not_asked_again() {
    let rig = rig("mode = \"context\"");
    let browser = rig.browser();
    sign_in_from(&rig, &browser, "192.0.2.7").await.is(303);
    let page = browser.get("/sign-in/enrol?type=totp").await.is(200);
    let secret = shown_secret(&page);
    browser.submit(&page, "/sign-in/enrol", &[("code", &code_now(&rig, &secret))]).await.is(303);

    let next = async |browser: &Browser<'_>, address: &str| {
        sign_in_from(&rig, browser, address).await.is(303).header("location").to_owned()
    };
    assert_eq!(next(&browser, "192.0.2.200").await, "/start", "the same network");
    assert_eq!(next(&browser, "198.51.100.7").await, "/sign-in/verify", "another network");
    rig.pass(60);
    verify(&browser, &code_now(&rig, &secret)).await.is(303);
    assert_eq!(next(&browser, "198.51.100.8").await, "/start", "is known from now on");
    assert_eq!(next(&browser, "192.0.2.7").await, "/start", "and so is the first");
    assert_eq!(next(&rig.browser(), "192.0.2.7").await, "/sign-in/verify", "another browser");
    rig.pass(31 * 24 * 3600);
    assert_eq!(next(&browser, "192.0.2.7").await, "/sign-in/verify", "known for 30 days");
}

/// Whoever knows an administrator's password at their desk is not to take away what protects everybody.
#[tokio::test]
async fn an_administrators_password_in_a_known_browser_changes_nothing() {
    let rig = rig("mode = \"context\"");
    let sam = rig.user("sam");
    assert!(rig.instance.store.appoint_administrator(&sam.id, rig.instance.now(), &rig.entry()).unwrap());
    let browser = rig.browser();
    sign_in_from(&rig, &browser, "192.0.2.7").await.is(303);
    let page = browser.get("/sign-in/enrol?type=totp").await.is(200);
    let secret = shown_secret(&page);
    browser.submit(&page, "/sign-in/enrol", &[("code", &code_now(&rig, &secret))]).await.is(303);
    let reset = async || {
        let page = browser.get(&format!("/admin/users/user?id={}", sam.id)).await.is(200);
        browser.submit(&page, "/admin/users/reset-mfa", &[("id", &sam.id)]).await.is(303)
    };
    let known = sign_in_from(&rig, &browser, "192.0.2.7").await.is(303);
    assert_eq!(known.header("location"), "/start", "it is known");
    let sent = reset().await;
    assert!(sent.header("location").starts_with("/sign-in?again=1"), "{}", sent.header("location"));
    assert_eq!(rig.instance.store.mfa_devices(&sam.id).unwrap().len(), 1);
    // With the second factor it is done.
    let page = browser.get(sent.header("location")).await.is(200);
    browser.submit(&page, "/sign-in", &[("username", "sam"), ("password", PASSWORD)]).await.is(303);
    rig.pass(60);
    verify(&browser, &code_now(&rig, &secret)).await.is(303);
    reset().await;
    assert_eq!(rig.instance.store.mfa_devices(&sam.id).unwrap().len(), 0);
}

#[tokio::test]
async fn people_manage_their_own_devices() {
    let rig = rig(ALWAYS);
    let browser = rig.browser();
    enrolled(&rig, &browser).await;
    let page = browser.get("/start/mfa").await.is(200);
    assert!(page.body.contains("Phone") && page.body.contains("Authenticator app"), "{}", page.body);
    let id = between(&page.body, "name=\"device\" value=\"", "\"").to_owned();
    browser.submit(&page, "/start/mfa/rename", &[("device", &id), ("name", "<b>Work</b>")]).await.is(303);
    browser.submit(&page, "/start/mfa/rename", &[("device", &id), ("name", " ")]).await.is(400);
    let page = browser.get("/start/mfa").await.is(200);
    assert!(page.body.contains("&#60;b&#62;Work"), "{}", page.body);

    // The last one stays where the policy demands one.
    let last = browser.submit(&page, "/start/mfa/remove", &[("device", &id)]).await.is(409);
    assert!(last.body.contains("This is your last device"), "{}", last.body);
    let add = browser.get("/start/mfa/add?type=totp").await.is(200);
    let secret = shown_secret(&add);
    browser.submit(&add, "/start/mfa/add", &[("code", "000000"), ("name", "Tablet")]).await.is(400);
    let code = code_now(&rig, &secret);
    browser.submit(&add, "/start/mfa/add", &[("code", &code), ("name", "Tablet")]).await.is(303);
    let full = browser.get("/start/mfa/add").await.is(200);
    assert!(!full.body.contains("add-totp") && full.body.contains("add-built_in"), "two apps at most");
    browser.submit(&page, "/start/mfa/remove", &[("device", &id)]).await.is(303);
    assert!(!browser.get("/start/mfa").await.body.contains("Work"));

    // Adding and removing need a sign-in of the last ten minutes.
    rig.pass(10 * 60);
    let again = browser.get("/start/mfa/add?type=totp").await.is(303);
    assert_eq!(again.header("location"), "/sign-in?again=1&continue=%2Fstart%2Fmfa%2Fadd%3Ftype%3Dtotp");
    let again = browser.submit(&page, "/start/mfa/remove", &[("device", &id)]).await.is(303);
    assert!(again.header("location").starts_with("/sign-in?again=1"));
}

#[tokio::test]
async fn nobody_touches_the_devices_of_another() {
    let rig = rig("mode = \"always\"\nwithout_device = \"allow\"");
    let sam = rig.browser_of("sam").await;
    let add = sam.get("/start/mfa/add?type=totp").await.is(200);
    let secret = shown_secret(&add);
    let code = code_now(&rig, &secret);
    sam.submit(&add, "/start/mfa/add", &[("code", &code)]).await.is(303);
    let id = between(&sam.get("/start/mfa").await.body, "name=\"device\" value=\"", "\"").to_owned();
    let kim = rig.browser_of("kim").await;
    let page = kim.get("/start/mfa").await.is(200);
    assert!(page.body.contains("id=\"no-devices\""), "{}", page.body);
    let page = kim.get("/start/mfa/add?type=totp").await.is(200);
    kim.submit(&page, "/start/mfa/rename", &[("device", &id), ("name", "Mine")]).await.is(404);
    kim.submit(&page, "/start/mfa/remove", &[("device", &id)]).await.is(404);
    // What was sealed for one person's page adds nothing for another.
    let state = between(&add.body, "name=\"state\" value=\"", "\"").to_owned();
    let kims = kim.get("/start/mfa/add?type=totp").await.is(200);
    rig.pass(30);
    let code = code_now(&rig, &secret);
    kim.submit(&kims, "/start/mfa/add", &[("state", &state), ("code", &code)]).await.is(400);
    let policy = sam.get("/start/mfa").await;
    sam.submit(&policy, "/start/mfa/remove", &[("device", &id)]).await.is(303);
}

#[tokio::test]
async fn a_person_signs_out_everywhere_else() {
    let rig = Rig::new();
    let (_, token, _) = rig.tokens("sam").await;
    let other = rig.browser_of("kim").await;
    let browser = rig.browser_of("sam").await;
    let page = browser.get("/start/mfa").await.is(200);
    assert!(page.body.contains("Another browser"), "{}", page.body);
    browser.submit(&page, "/start/mfa/sign-out-elsewhere", &[]).await.is(303);
    rig.portal_get("/user", &token).await.is(401);
    let page = browser.get("/start/mfa").await.is(200);
    assert!(!page.body.contains("Another browser") && !page.body.contains("sign-out-elsewhere"));
    other.get("/start").await.is(200);
}

#[tokio::test]
async fn a_reset_takes_devices_and_what_was_known_away() {
    let rig = rig("mode = \"context\"");
    let browser = rig.browser();
    enrolled(&rig, &browser).await;
    assert_eq!(crate::mfa::reset::reset(&rig.instance, "sam@acme.test").unwrap(), 1);
    let page = browser.get("/sign-in?again=1").await.is(200);
    let there = browser.submit(&page, "/sign-in", &[("username", "sam"), ("password", PASSWORD)]).await;
    assert_eq!(there.is(303).header("location"), "/sign-in/enrol");
}

#[tokio::test]
async fn secrets_of_apps_are_sealed_where_they_lie() {
    let rig = rig(ALWAYS);
    let secret = enrolled(&rig, &rig.browser()).await;
    let user = &rig.user("sam");
    let device = rig.instance.store.mfa_devices(&rig.instance.user_id(user)).unwrap().remove(0);
    assert!(!device.data.windows(secret.len()).any(|part| part == secret));
}

#[tokio::test]
async fn what_cannot_be_recorded_does_not_complete_a_sign_in() {
    let rig = rig(ALWAYS);
    let secret = enrolled(&rig, &rig.browser()).await;
    rig.pass(60);
    let browser = rig.browser();
    browser.sign_in("sam", PASSWORD, "/start").await.is(303);
    let page = browser.get("/sign-in/verify").await.is(200);
    rig.instance.store.refuse_audit(true);
    let code = code_now(&rig, &secret);
    browser.submit(&page, "/sign-in/verify", &[("code", &code)]).await.is(500);
    rig.instance.store.refuse_audit(false);
    browser.get("/start").await.is(303);
    // The code was not used up by what did not happen.
    browser.submit(&page, "/sign-in/verify", &[("code", &code)]).await.is(303);
}

#[tokio::test]
async fn passkeys_are_offered_where_the_policy_takes_them_and_answers_must_be_ours() {
    let rig = rig(ALWAYS);
    let browser = rig.browser();
    let page = browser.get("/sign-in").await.is(200);
    assert!(page.body.contains("autocomplete=\"username webauthn\""), "{}", page.body);
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    browser.submit(&page, "/sign-in/passkey", &[("credential", "{}")]).await.is(401);
    browser.submit(&page, "/sign-in/passkey", &[("state", "x"), ("credential", "{}")]).await.is(401);
    set(&rig, "mode = \"always\"\nallowed = [\"totp\"]");
    assert!(!browser.get("/sign-in").await.body.contains("passkey"));
    browser.submit(&page, "/sign-in/passkey", &[("credential", "{}")]).await.is(401);
}
