//! Passwords over their routes.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use super::one_time;
use crate::{
    mail::{Letter, Mailing, outbox_address},
    rig::{Browser, PASSWORD, Reply, Rig},
};

const NEW: &str = "Kettle-orbit 7 mango";

fn rig() -> Rig {
    Rig::with(|instance| instance.mailing = Mailing::Outbox)
}

async fn set(browser: &Browser<'_>, page: &Reply, path: &str, current: &str, new: &str) -> Reply {
    let fields = [("current_password", current), ("new_password", new), ("again", new)];
    browser.submit(page, path, &fields).await
}

/// The letters that wait.
fn letters(rig: &Rig) -> Vec<Letter> {
    let waiting = rig.instance.store.due_mail(rig.instance.now(), 100).unwrap();
    waiting.iter().map(|letter| Letter::open(&rig.instance, &letter.letter).unwrap()).collect()
}

async fn forget(rig: &Rig, user: &str) -> Reply {
    let browser = rig.browser();
    let page = browser.get("/sign-in/forgotten").await.is(200);
    browser.submit(&page, "/sign-in/forgotten", &[("username", user)]).await
}

/// The path of the link in the last letter.
fn link(rig: &Rig) -> String {
    let letter = letters(rig).pop().unwrap();
    let line = letter.text.lines().find(|line| line.starts_with("http")).unwrap().to_owned();
    line.strip_prefix("http://localhost:4711").unwrap().to_owned()
}

#[tokio::test]
async fn a_password_for_one_use_is_replaced_before_anything_else() {
    let rig = rig();
    let (_, token, _) = rig.tokens("sam").await;
    let once = one_time::give(&rig.instance, "sam").unwrap();
    rig.portal_get("/user", &token).await.is(401);
    rig.browser().sign_in("sam", PASSWORD, "/start").await.is(401);
    let browser = rig.browser();
    let there = browser.sign_in("sam", once.expose(), "/device").await.is(303);
    assert_eq!(there.header("location"), "/sign-in/new-password");
    browser.get("/start").await.is(303);
    for around in ["/sign-in/verify", "/sign-in/enrol"] {
        assert_eq!(browser.get(around).await.is(303).header("location"), "/sign-in/new-password");
    }
    let page = browser.get("/sign-in/new-password").await.is(200);
    for (new, again, says) in [
        ("short", "short", "8 to 64"),
        (NEW, "other", "not the same"),
        ("Password1!", "Password1!", "easily guessed"),
        (once.expose(), once.expose(), "upper-case"),
    ] {
        let fields = [("new_password", new), ("again", again)];
        let reply = browser.submit(&page, "/sign-in/new-password", &fields).await.is(400);
        assert!(reply.body.contains(says), "{says}: {}", reply.body);
        assert!(!reply.body.contains(new) || new == "short", "it is not shown again");
    }
    let done = set(&browser, &page, "/sign-in/new-password", "", NEW).await.is(303);
    assert_eq!(done.header("location"), "/device");
    browser.get("/start").await.is(200);
    rig.browser().sign_in("sam", once.expose(), "/start").await.is(401);
    rig.browser().sign_in("sam", NEW, "/start").await.is(303);
}

#[tokio::test]
async fn a_new_password_leads_on_to_the_second_factor() {
    let rig = rig();
    let policy = toml::from_str("mode = \"always\"").unwrap();
    crate::config::policy_set(&rig.instance, &policy).unwrap();
    let once = one_time::give(&rig.instance, "sam").unwrap();
    let browser = rig.browser();
    browser.sign_in("sam", once.expose(), "/start").await.is(303);
    let page = browser.get("/sign-in/new-password").await.is(200);
    let next = set(&browser, &page, "/sign-in/new-password", "", NEW).await.is(303);
    assert_eq!(next.header("location"), "/sign-in/enrol");
    browser.get("/sign-in/enrol").await.is(200);
    browser.get("/start").await.is(303);
}

#[tokio::test]
async fn people_change_their_password_and_other_sign_ins_end() {
    let rig = rig();
    let (_, token, _) = rig.tokens("sam").await;
    let other = rig.browser_of("sam").await;
    let kim = rig.browser_of("kim").await;
    let browser = rig.browser_of("sam").await;
    let page = browser.get("/start/password").await.is(200);
    set(&browser, &page, "/start/password", "wrong", NEW).await.is(401);
    let reply = set(&browser, &page, "/start/password", PASSWORD, "Password1!").await.is(400);
    assert!(reply.body.contains("easily guessed"), "{}", reply.body);
    set(&browser, &page, "/start/password", PASSWORD, NEW).await.is(200);
    browser.get("/start").await.is(200);
    other.get("/start").await.is(303);
    kim.get("/start").await.is(200);
    rig.portal_get("/user", &token).await.is(401);
    rig.browser().sign_in("sam", PASSWORD, "/start").await.is(401);
    rig.browser().sign_in("sam", NEW, "/start").await.is(303);
    let last = rig.instance.store.audit_trail().into_iter().find(|(name, _)| name == "UpdatePassword");
    assert!(last.is_some());
}

#[tokio::test]
async fn the_last_three_passwords_do_not_come_back() {
    let rig = rig();
    let browser = rig.browser_of("sam").await;
    let passwords =
        ["Kettle-orbit 7 mango", "Window;garden 81 Tuba", "Copper/lantern 33 Fog", "Paper!violin 64 Moss"];
    let mut current = PASSWORD;
    for new in passwords {
        let page = browser.get("/start/password").await.is(200);
        set(&browser, &page, "/start/password", current, new).await.is(200);
        current = new;
    }
    let page = browser.get("/start/password").await.is(200);
    for before in &passwords[1..] {
        let reply = set(&browser, &page, "/start/password", current, before).await.is(400);
        assert!(reply.body.contains("your last three"), "{before}: {}", reply.body);
    }
    set(&browser, &page, "/start/password", current, passwords[0]).await.is(200);
}

#[tokio::test]
async fn guesses_at_the_current_password_are_counted() {
    let rig = rig();
    let browser = rig.browser_of("sam").await;
    let page = browser.get("/start/password").await.is(200);
    for _ in 0..4 {
        set(&browser, &page, "/start/password", "wrong", NEW).await.is(401);
    }
    set(&browser, &page, "/start/password", "wrong", NEW).await.is(429);
    set(&browser, &page, "/start/password", PASSWORD, NEW).await.is(429);
}

#[tokio::test]
async fn a_link_by_mail_sets_a_password_once() {
    let rig = rig();
    let (_, token, _) = rig.tokens("sam").await;
    forget(&rig, "sam").await.is(200);
    let letter = letters(&rig).pop().unwrap();
    assert_eq!(letter.to, "sam@acme.test");
    let path = link(&rig);
    let browser = rig.browser();
    // Looking at the page, as mail filters do, uses nothing up.
    browser.get(&path).await.is(200);
    let page = browser.get(&path).await.is(200);
    set(&browser, &page, "/sign-in/reset", "", "Password1!").await.is(400);
    let done = set(&browser, &page, "/sign-in/reset", "", NEW).await.is(303);
    assert!(done.header("location").starts_with("/sign-in"), "{}", done.header("location"));
    rig.portal_get("/user", &token).await.is(401);
    set(&browser, &page, "/sign-in/reset", "", "Window;garden 81 Tuba").await.is(410);
    browser.get(&path).await.is(410);
    rig.browser().sign_in("sam", NEW, "/start").await.is(303);
}

#[tokio::test]
async fn a_link_is_over_after_an_hour_a_newer_one_or_another_way() {
    let rig = rig();
    forget(&rig, "sam").await.is(200);
    let first = link(&rig);
    forget(&rig, "sam@acme.test").await.is(200);
    let second = link(&rig);
    let browser = rig.browser();
    browser.get(&first).await.is(410);
    browser.get(&second).await.is(200);
    rig.pass(3600);
    browser.get(&second).await.is(410);
    forget(&rig, "sam").await.is(200);
    let third = link(&rig);
    one_time::give(&rig.instance, "sam").unwrap();
    browser.get(&third).await.is(410);
    browser.get("/sign-in/reset").await.is(410);
}

#[tokio::test]
async fn nobody_learns_who_is_here_and_no_mailbox_is_filled() {
    let rig = rig();
    let plain = |reply: Reply| reply.is(200).body.split_once("<main").unwrap().1.to_owned();
    let known = plain(forget(&rig, "kim").await);
    assert_eq!(plain(forget(&rig, "nobody").await), known);
    assert_eq!(letters(&rig).len(), 1);
    for _ in 0..20 {
        assert_eq!(plain(forget(&rig, "kim").await), known);
    }
    assert_eq!(letters(&rig).len(), 5, "five letters, then one in a while");
}

#[tokio::test]
async fn without_mail_nothing_is_promised() {
    let rig = Rig::new();
    assert!(!rig.browser().get("/sign-in").await.body.contains("forgotten"));
    let page = rig.browser().get("/sign-in/forgotten").await.is(200);
    assert!(page.body.contains("sends no e-mail") && !page.body.contains("send-link"), "{}", page.body);
    rig.browser().get("/sandbox/outbox").await.is(404);
}

#[tokio::test]
async fn the_outbox_is_for_who_started_the_sandbox() {
    let rig = rig();
    forget(&rig, "sam").await.is(200);
    let address = outbox_address(&rig.instance);
    let path = address.strip_prefix("http://localhost:4711").unwrap();
    let page = rig.browser().get(path).await.is(200);
    assert!(
        page.body.contains("sam@acme.test") && page.body.contains("/sign-in/reset?token="),
        "{}",
        page.body
    );
    rig.browser().get("/sandbox/outbox").await.is(403);
    rig.browser().get("/sandbox/outbox?key=00").await.is(403);
    let user = rig.browser_of("sam").await;
    user.get("/sandbox/outbox").await.is(403);
}

#[tokio::test]
async fn letters_are_sealed_where_they_lie() {
    let rig = rig();
    forget(&rig, "sam").await.is(200);
    let waiting = rig.instance.store.due_mail(rig.instance.now(), 1).unwrap().remove(0);
    assert!(!waiting.letter.windows(5).any(|part| part == b"token"));
}
