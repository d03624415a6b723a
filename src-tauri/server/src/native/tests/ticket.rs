//! Handing a sign-in to the browser.

use super::*;
use crate::rig::Browser;

pub const DIRECT: &[(&str, &str)] = &[("direct", "1")];

/// A ticket to this path.
pub async fn ticket(app: &App, tokens: &Tokens, back: &str) -> String {
    let made = app.post_as(tokens, "ticket", json!({ "continue": back })).await.is(200).json();
    let (ticket, url) = (made["ticket"].as_str().unwrap(), made["url"].as_str().unwrap());
    assert_eq!(url, format!("http://localhost:4711/native/open#{ticket}"));
    ticket.to_owned()
}

/// Does what the page's script does.
pub async fn open(browser: &Browser<'_>, ticket: &str, more: &[(&str, &str)]) -> Reply {
    let page = browser.get("/native/open").await.is(200);
    let fields: Vec<(&str, &str)> = [("ticket", ticket)].into_iter().chain(more.iter().copied()).collect();
    browser.submit(&page, "/native/open/ticket", &fields).await
}

#[tokio::test]
async fn the_browser_goes_on_with_the_apps_sign_in_and_ends_with_it() {
    let app = App::new().await;
    let tokens = app.tokens("sam").await;
    let back = "/start/console?account_id=111122223333&role_name=ReadOnly";
    let ticket = ticket(&app, &tokens, back).await;
    let browser = app.rig.browser();
    let since = app.trail();
    let there = open(&browser, &ticket, DIRECT).await.is(303);
    assert_eq!(
        (there.header("location"), &app.events(since)[..]),
        (back, &["RedeemSignInTicket".to_owned()][..])
    );
    // A console opens, and an assertion is made, without another sign-in.
    let there = browser.get(back).await.is(303);
    assert!(there.header("location").contains("/federation?Action=login"), "{}", there.header("location"));
    let sessions = browser.get("/start/mfa").await.is(200).body;
    assert!(sessions.contains("This browser") && !sessions.contains("Another browser"), "{sessions}");
    // Signing out there ends the app's tokens, and the other way round.
    let page = browser.get("/start").await.is(200);
    browser.submit(&page, "/sign-out", &[]).await.is(303);
    app.ask_as(&tokens, Method::GET, "/user").await.is(401);
    let tokens = app.tokens("sam").await;
    let browser = app.rig.browser();
    open(&browser, &self::ticket(&app, &tokens, "/start").await, DIRECT).await.is(303);
    browser.get("/start").await.is(200);
    app.ask_as(&tokens, Method::POST, "/logout").await.is(200);
    browser.get("/start").await.is(303);
}

#[tokio::test]
async fn a_ticket_works_once_for_thirty_seconds_while_its_session_lives() {
    let app = App::new().await;
    let tokens = app.tokens("sam").await;
    let used = ticket(&app, &tokens, "/start").await;
    open(&app.rig.browser(), &used, DIRECT).await.is(303);
    open(&app.rig.browser(), &used, DIRECT).await.is(410);
    let late = ticket(&app, &tokens, "/start").await;
    app.rig.pass(30);
    let page = open(&app.rig.browser(), &late, DIRECT).await.is(410);
    assert!(page.body.contains("This link has expired"), "{}", page.body);
    open(&app.rig.browser(), "lk_made-up", DIRECT).await.is(410);
    open(&app.rig.browser(), "", DIRECT).await.is(410);
    let ended = ticket(&app, &tokens, "/start").await;
    app.ask_as(&tokens, Method::POST, "/logout").await.is(200);
    open(&app.rig.browser(), &ended, DIRECT).await.is(410);
}

#[tokio::test]
async fn a_ticket_leads_nowhere_else() {
    let app = App::new().await;
    let tokens = app.tokens("sam").await;
    for foreign in ["https://evil.test/", "//evil.test", "/.//evil.test", "javascript:alert(1)"] {
        let ticket = ticket(&app, &tokens, foreign).await;
        let there = open(&app.rig.browser(), &ticket, DIRECT).await.is(303);
        assert_eq!(there.header("location"), "/start", "{foreign}");
    }
}

/// A link in a page or a mail, or a ticket from elsewhere, must not make somebody another person unnoticed.
#[tokio::test]
async fn whoever_might_be_tricked_is_asked() {
    let app = App::new().await;
    let attacker = app.tokens("kim").await;
    // A page led here.
    let browser = app.rig.browser();
    let asked = open(&browser, &ticket(&app, &attacker, "/start").await, &[("direct", "0")]).await.is(200);
    assert!(asked.body.contains("id=\"handed-over\">kim<"), "{}", asked.body);
    browser.get("/start").await.is(303);
    browser.submit(&asked, "/native/open/confirm", &[("decision", "stop")]).await.is(303);
    browser.get("/start").await.is(303);
    // The question belongs to the browser that was asked.
    let other = app.rig.browser();
    let own = other.get("/native/open").await.is(200);
    let state = asked.body.split_once("name=\"state\" value=\"").unwrap().1.split_once('"').unwrap().0;
    let stolen = [("decision", "continue"), ("state", state)];
    other.submit(&own, "/native/open/confirm", &stolen).await.is(410);
    let done = browser.submit(&asked, "/native/open/confirm", &[("decision", "continue")]).await.is(303);
    assert_eq!(done.header("location"), "/start");
    assert!(browser.get("/start").await.is(200).body.contains("id=\"person\">Kim"));
    // Somebody else is signed in.
    let browser = app.rig.browser_of("sam").await;
    let asked = open(&browser, &ticket(&app, &attacker, "/start").await, DIRECT).await.is(200);
    assert!(asked.body.contains("id=\"another\""), "{}", asked.body);
    assert!(browser.get("/start").await.is(200).body.contains("id=\"person\">Sam"));
    // The same person is not asked, and stays in the session they have.
    let own = app.tokens("sam").await;
    open(&browser, &ticket(&app, &own, "/device").await, &[("direct", "0")]).await.is(303);
    app.ask_as(&own, Method::POST, "/logout").await.is(200);
    browser.get("/start").await.is(200);
}

#[tokio::test]
async fn only_an_address_that_another_program_opened_is_direct() {
    let app = App::new().await;
    for (site, direct) in
        [(Some("none"), true), (Some("cross-site"), false), (Some("same-origin"), false), (None, false)]
    {
        let mut request = Request::get("/native/open");
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        let page = app.rig.send(request.body(Body::empty()).unwrap()).await.is(200);
        assert_eq!(page.body.contains("name=\"direct\" value=\"1\""), direct, "{site:?}");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "same-origin");
    }
}

#[tokio::test]
async fn a_ticket_of_another_address_is_asked_about() {
    let app = App::new().await;
    let tokens = app.tokens("sam").await;
    let ticket = ticket(&app, &tokens, "/start").await;
    app.rig.instance.store.move_tickets("192.0.2.1").unwrap();
    let asked = open(&app.rig.browser(), &ticket, DIRECT).await.is(200);
    assert!(asked.body.contains("id=\"handed-over\">sam<"), "{}", asked.body);
}
