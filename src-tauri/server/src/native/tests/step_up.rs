//! Roles that ask for a touch of a security key.

use super::*;
use crate::{audit::Event, rig::Browser};

const ACCOUNT: &str = "111122223333";
const ROLE: &str = "ReadOnly";
const CREDENTIALS: &str = "/federation/credentials?account_id=111122223333&role_name=ReadOnly";
const CONSOLE: &str = "/federation/console?account_id=111122223333&role_name=ReadOnly";

/// An app whose role asks for a key, the tokens of its person, and the key.
async fn guarded() -> (App, Tokens, SoftKey) {
    let app = App::new().await;
    let mut key = app.key();
    let tokens = app.tokens("sam").await;
    app.register(&tokens, &mut key, "Blue key").await;
    demand(&app, ROLE);
    (app, tokens, key)
}

/// Lets a role ask for a key.
fn demand(app: &App, role: &str) {
    let store = &app.rig.instance.store;
    let mut set = store.permission_set_by_name(role).unwrap().unwrap();
    set.requires_key = true;
    let entry = app.rig.instance.entry(&Event { source: "test", name: "Test", ..Event::default() });
    store.put_permission_set(&set, &entry).unwrap();
}

fn role() -> Value {
    json!({ "accountId": ACCOUNT, "roleName": ROLE })
}

async fn touch(app: &App, tokens: &Tokens, key: &mut SoftKey) -> Reply {
    let asked = app.post_as(tokens, "step-up/challenge", role()).await.is(200).json();
    let mut body = role();
    body["state"] = asked["state"].clone();
    body["credential"] = key.answer(&asked["options"]);
    app.post_as(tokens, "step-up", body).await
}

#[tokio::test]
async fn nothing_is_given_out_before_a_touch_and_for_fifteen_minutes_after() {
    let (app, tokens, mut key) = guarded().await;
    for path in [CREDENTIALS, CONSOLE] {
        let refused = app.ask_as(&tokens, Method::GET, path).await.is(403);
        assert_eq!(refused.error(), "ForbiddenException");
        assert_eq!(refused.json()["stepUp"]["challenge"], "/native/v1/step-up/challenge");
        let told = refused.json()["message"].as_str().unwrap().to_owned();
        assert!(told.contains("security key") && told.contains("http://localhost:4711/start"), "{told}");
    }
    // Roles that do not ask for it are as they were, and so is one that nobody has.
    app.ask_as(&tokens, Method::GET, &CREDENTIALS.replace(ROLE, "Incident15")).await.is(200);
    let none = app.ask_as(&tokens, Method::GET, &CREDENTIALS.replace(ROLE, "Nothing")).await.is(403);
    assert_eq!(none.json()["message"], "No access");
    let since = app.trail();
    let opened = touch(&app, &tokens, &mut key).await.is(200).json();
    let until = app.rig.instance.now().as_millisecond() + 15 * 60 * 1000;
    assert_eq!(opened["openUntil"], until);
    app.ask_as(&tokens, Method::GET, CREDENTIALS).await.is(200);
    app.ask_as(&tokens, Method::GET, CONSOLE).await.is(200);
    assert_eq!(app.events(since), ["StepUpChallenge", "StepUp", "GetRoleCredentials", "Federate"]);
    app.rig.pass(15 * 60);
    let since = app.trail();
    app.ask_as(&tokens, Method::GET, CREDENTIALS).await.is(403);
    let (name, event) = app.rig.instance.store.audit_trail().pop().unwrap();
    assert_eq!((app.trail() - since, name.as_str()), (1, "GetRoleCredentials"));
    assert_eq!(event["errorMessage"], "A touch of a security key is required");
}

#[tokio::test]
async fn a_touch_is_for_one_role_and_one_clients_tokens() {
    let (app, tokens, mut key) = guarded().await;
    let other = app.tokens("sam").await;
    touch(&app, &tokens, &mut key).await.is(200);
    app.ask_as(&other, Method::GET, CREDENTIALS).await.is(403);
    // Renewed tokens are of the same sign-in.
    let fields = json!({ "refreshToken": tokens.refresh });
    let renewed = app.rig.token(&app.client, "refresh_token", fields).await.is(200).json();
    let renewed =
        Tokens { access: renewed["accessToken"].as_str().unwrap().to_owned(), refresh: String::new() };
    app.ask_as(&renewed, Method::GET, CREDENTIALS).await.is(200);
    // A role of the same name elsewhere is another.
    let accounts = app.rig.instance.store.accounts_of(&app.rig.user("sam").id).unwrap();
    let elsewhere = accounts.iter().find(|account| {
        let assigned = app.rig.instance.store.assigned(&app.rig.user("sam").id, &account.id, ROLE).unwrap();
        account.id != ACCOUNT && assigned.is_some()
    });
    let elsewhere = CREDENTIALS.replace(ACCOUNT, &elsewhere.unwrap().id);
    app.ask_as(&tokens, Method::GET, &elsewhere).await.is(403);
}

/// By its PIN or a finger: the challenge says `preferred`, and the app has to ask for it where the key can.
#[tokio::test]
async fn a_key_proves_at_each_touch_what_it_proved_when_it_was_registered() {
    let (app, tokens, mut key) = guarded().await;
    let asked = app.post_as(&tokens, "step-up/challenge", role()).await.is(200).json();
    assert_eq!(asked["options"]["publicKey"]["userVerification"], "preferred");
    key.verifies = false;
    assert_eq!(error(&touch(&app, &tokens, &mut key).await.is(401)), "key_refused");
    key.verifies = true;
    touch(&app, &tokens, &mut key).await.is(200);
    // A touch alone is enough of one that was registered by a touch alone.
    let app = App::new().await;
    let mut key = app.key();
    key.verifies = false;
    let tokens = app.tokens("sam").await;
    app.register(&tokens, &mut key, "Blue key").await;
    demand(&app, ROLE);
    touch(&app, &tokens, &mut key).await.is(200);
}

#[tokio::test]
async fn only_a_fresh_answer_of_ones_own_key_opens_a_role() {
    let (app, tokens, mut key) = guarded().await;
    assert_eq!(error(&touch(&app, &tokens, &mut app.key()).await.is(401)), "key_not_registered");
    key.touched = false;
    assert_eq!(error(&touch(&app, &tokens, &mut key).await.is(401)), "key_refused");
    key.touched = true;
    key.origin = "http://localhost:4711".to_owned();
    assert_eq!(error(&touch(&app, &tokens, &mut key).await.is(401)), "key_refused");
    key.origin = keys::app_origin(&app.rig.instance);
    // A challenge is for one role, for five minutes, and once.
    let asked = app.post_as(&tokens, "step-up/challenge", role()).await.is(200).json();
    let mut body = role();
    body["state"] = asked["state"].clone();
    body["credential"] = key.answer(&asked["options"]);
    let mut elsewhere = body.clone();
    elsewhere["roleName"] = json!("Incident15");
    assert_eq!(error(&app.post_as(&tokens, "step-up", elsewhere).await.is(410)), "challenge_over");
    let other = app.tokens("sam").await;
    assert_eq!(error(&app.post_as(&other, "step-up", body.clone()).await.is(410)), "challenge_over");
    app.post_as(&tokens, "step-up", body.clone()).await.is(200);
    app.rig.pass(15 * 60);
    assert_eq!(error(&app.post_as(&tokens, "step-up", body).await.is(410)), "challenge_over");
    let nothing = json!({ "accountId": ACCOUNT, "roleName": "Nothing" });
    assert_eq!(error(&app.post_as(&tokens, "step-up/challenge", nothing).await.is(403)), "no_access");
    // Whose role asks for none is told so, and who has no key.
    let kim = app.tokens("kim").await;
    let roles = app.rig.instance.store.roles_of(&app.rig.user("kim").id).unwrap();
    let id = roles.iter().find(|id| id.1 != ROLE).unwrap();
    let theirs = json!({ "accountId": id.0, "roleName": id.1 });
    let refused = app.post_as(&kim, "step-up/challenge", theirs.clone()).await.is(409);
    assert_eq!(error(&refused), "not_needed");
    demand(&app, &id.1);
    assert_eq!(error(&app.post_as(&kim, "step-up/challenge", theirs).await.is(400)), "no_such_factor");
}

/// Reads the page's ceremony and answers it as a browser does.
async fn touch_in_browser(browser: &Browser<'_>, page: &Reply, key: &mut SoftKey) -> Reply {
    touch_because(browser, page, key, "").await
}

async fn touch_because(browser: &Browser<'_>, page: &Reply, key: &mut SoftKey, reason: &str) -> Reply {
    let options = page.body.split_once("data-options=\"").unwrap().1.split_once('"').unwrap().0;
    let options: Value = serde_json::from_str(&options.replace("&#34;", "\"")).unwrap();
    let answer = key.answer(&options).to_string();
    browser.submit(page, "/start/step-up", &[("credential", &answer), ("reason", reason)]).await
}

#[tokio::test]
async fn the_portal_in_the_browser_asks_as_well() {
    let (app, tokens, mut key) = guarded().await;
    key.origin = "http://localhost:4711".to_owned();
    let browser = app.rig.browser_of("sam").await;
    let console = "/start/console?account_id=111122223333&role_name=ReadOnly";
    let there = browser.get(console).await.is(303).header("location").to_owned();
    assert_eq!(there, "/start/step-up?account_id=111122223333&role_name=ReadOnly&then=console");
    let page = browser.get(&there).await.is(200);
    let again = touch_in_browser(&browser, &page, &mut SoftKey::new("http://localhost:4711")).await.is(401);
    let there = touch_in_browser(&browser, &again, &mut key).await.is(303);
    assert!(there.header("location").contains("Action=login"), "{}", there.header("location"));
    assert!(browser.get(console).await.is(303).header("location").contains("Action=login"));
    // Its touch is not the app's.
    app.ask_as(&tokens, Method::GET, CREDENTIALS).await.is(403);
    let keys = "/start/keys?account_id=111122223333&role_name=ReadOnly";
    let shown = browser.get(keys).await.is(200);
    let fields = [("account_id", ACCOUNT), ("role_name", ROLE)];
    browser.submit(&shown, "/start/keys", &fields).await.is(200);
    app.rig.pass(15 * 60);
    let there = browser.submit(&shown, "/start/keys", &fields).await.is(303).header("location").to_owned();
    assert!(there.ends_with("&then=keys"), "{there}");
    let page = browser.get(&there).await.is(200);
    assert!(touch_in_browser(&browser, &page, &mut key).await.is(200).body.contains("ASIA"));
    // Whoever has no key learns where to add one.
    let kim = app.rig.browser_of("kim").await;
    let id = app.rig.instance.store.roles_of(&app.rig.user("kim").id).unwrap();
    if let Some((account, _)) = id.iter().find(|(_, role)| role == ROLE) {
        let path = format!("/start/step-up?account_id={account}&role_name={ROLE}&then=keys");
        assert!(kim.get(&path).await.is(403).body.contains("MFA and sign-ins"));
    }
}

/// Where Sam is Administrator, once it is in production.
const LOGS: &str = "700000000030";

#[tokio::test]
async fn a_touch_confirms_what_it_was_asked_for_and_no_link_that_comes_after() {
    let app = App::new().await;
    let mut document = crate::organisation::sample("http://localhost:4711").unwrap();
    document.accounts.get_mut(LOGS).unwrap().ou = "Workloads/Production".to_owned();
    document.users.values_mut().for_each(|user| user.password_hash = Some(crate::rig::hash()));
    app.rig.instance.seed(&document);
    let mut key = app.key();
    app.register(&app.tokens("sam").await, &mut key, "Blue key").await;
    demand(&app, "Administrator");
    key.origin = "http://localhost:4711".to_owned();
    let browser = app.rig.browser_of("sam").await;
    let link = format!("/start/console?account_id={LOGS}&role_name=Administrator");
    let fields = [("account_id", LOGS), ("role_name", "Administrator")];
    // The page of the key says what that of the confirmation would.
    let there = browser.get(&link).await.is(303).header("location").to_owned();
    assert!(there.starts_with("/start/step-up?"), "{there}");
    let page = browser.get(&there).await.is(200);
    assert!(page.body.contains("Changes here affect live systems") && page.body.contains("Why?"));
    let done = touch_because(&browser, &page, &mut key, "Ticket 4711").await.is(303);
    assert!(done.header("location").contains("SigninToken="), "{}", done.header("location"));
    let (name, event) = app.rig.instance.store.audit_trail().pop().unwrap();
    assert_eq!((name.as_str(), &event["serviceEventDetails"]["reason"]), ("Federate", &json!("Ticket 4711")));
    // The role is open, and a link does not go through it unseen.
    let asked = browser.get(&link).await.is(200);
    assert!(asked.body.contains("Open production as Administrator?"), "{}", asked.body);
    let confirmed = [fields.as_slice(), &[("confirmed", "yes")]].concat();
    let done = browser.submit(&asked, "/start/console", &confirmed).await.is(303);
    assert!(done.header("location").contains("SigninToken="));
    let asked = browser.submit(&asked, "/start/keys", &fields).await.is(200);
    assert!(asked.body.contains("Show access keys for production"), "{}", asked.body);
    // No confirmation stands for a touch.
    app.rig.pass(15 * 60);
    for (path, then) in [("/start/console", "console"), ("/start/keys", "keys")] {
        let there = browser.submit(&asked, path, &confirmed).await.is(303).header("location").to_owned();
        assert!(there.starts_with("/start/step-up?") && there.ends_with(&format!("&then={then}")), "{there}");
    }
    let page =
        browser.get(&format!("/start/step-up?account_id={LOGS}&role_name=Administrator&then=keys")).await;
    assert!(page.body.contains("Whoever has these keys can change live systems"));
    let shown = touch_in_browser(&browser, &page, &mut key).await.is(200);
    assert!(shown.body.contains("ASIA"), "{}", shown.body);
}
