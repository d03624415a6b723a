//! The portal's pages over their routes.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::{fmt::Write as _, time::Instant};

use serde_json::Value;

use crate::{
    organisation,
    rig::{Reply, Rig, query_field},
    sts,
};

const PROD: &str = "111122223333";
const DEV: &str = "111122225555";
/// A console page, as a link has it.
const S3: &str = "https://eu-central-1.console.aws.amazon.com/s3/home";

/// The accounts on a page, in order.
fn accounts(page: &Reply) -> Vec<String> {
    let list = page.body.split_once("id=\"accounts\"").unwrap().1;
    let parts = list.split("<div class=\"account\"><span class=\"name\">").skip(1);
    parts.map(|rest| rest.split_once('<').unwrap().0.to_owned()).collect()
}

/// The roles on a page, in order.
fn roles(page: &Reply) -> Vec<&str> {
    let parts = page.body.split("<span class=\"role\">").skip(1);
    parts.map(|rest| rest.split_once('<').unwrap().0).collect()
}

/// The text of an element of the keys page.
fn block(page: &Reply, id: &str) -> String {
    let rest = page.body.split_once(&format!("<pre id=\"{id}\"")).unwrap().1;
    rest.split_once('>').unwrap().1.split_once("</pre>").unwrap().0.replace("&#34;", "\"")
}

/// The newest event: its name, account, role and error.
fn newest(rig: &Rig) -> (String, String, String, String) {
    let (name, event) = rig.instance.store.audit_trail().pop().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let details = &event["serviceEventDetails"];
    (name, text(&details["account_id"]), text(&details["role_name"]), text(&event["errorCode"]))
}

fn event(name: &str, account: &str, role: &str, error: &str) -> (String, String, String, String) {
    (name.to_owned(), account.to_owned(), role.to_owned(), error.to_owned())
}

#[tokio::test]
async fn a_person_finds_what_they_have_and_nothing_of_others() {
    let rig = Rig::new();
    let sam = rig.browser_of("sam").await;
    let all = accounts(&sam.get("/start").await.is(200));
    assert_eq!(all.len(), 11);
    assert!(all.is_sorted() && !all.contains(&"acme-management".to_owned()), "{all:?}");
    for (query, found) in [
        ("payments-prod", vec!["payments-prod"]),
        ("PAYMENTS+prod", vec!["payments-prod"]),
        ("1111-2222-3333", vec!["payments-prod"]),
        (PROD, vec!["payments-prod"]),
        ("aws-audit%40acme.test", vec!["security-audit"]),
        ("Workloads%2FProduction", vec!["data-prod", "payments-prod", "storefront-prod"]),
        ("acme-management", vec![]),
        ("900000000001", vec![]),
        ("billing", vec![]),
    ] {
        assert_eq!(accounts(&sam.get(&format!("/start?q={query}")).await.is(200)), found, "{query}");
    }
    // Of an account that has the role, that one.
    let page = sam.get("/start?q=prod+incident").await.is(200);
    assert_eq!(roles(&page), ["Incident15"; 3]);
    // Of an account that was found by itself, all.
    assert_eq!(roles(&sam.get("/start?q=payments-prod").await), ["Incident15", "ReadOnly"]);
    // Not what Kim has there.
    assert_eq!(roles(&sam.get("/start?q=payments-dev").await), ["Developer", "Incident15", "PowerUser"]);
    let page = sam.get("/start?q=%3Cb%3Enone").await.is(200);
    assert!(page.body.contains("Nothing matches “&#60;b&#62;none”"), "{}", page.body);

    let page = sam.get("/start?q=wiki").await.is(200);
    assert!(page.body.contains("/start/applications?q=wiki\">1 matching application<"), "{}", page.body);
    let page = sam.get("/start/applications").await.is(200);
    assert!(page.body.contains("Grafana") && !page.body.contains("Expenses"), "{}", page.body);
    let page = sam.get("/start/applications?q=dash").await.is(200);
    assert!(page.body.contains("Grafana") && !page.body.contains("Wiki"), "{}", page.body);
    for path in ["/start?q=x", "/start/applications?q=x"] {
        let there = rig.browser().get(path).await.is(303);
        assert_eq!(query_field(there.header("location"), "continue").as_deref(), Some(path));
    }
}

#[tokio::test]
async fn a_thousand_accounts_are_quick_and_come_in_pages() {
    let mut text = "name = \"Big\"\nregion = \"eu-central-1\"\nmanagement_account = \"900000000001\"\n\
                    [[group]]\nname = \"engineering\"\n[[permission_set]]\nname = \"ReadOnly\"\n\
                    [[permission_set]]\nname = \"Deploy\"\n\
                    [[user]]\nusername = \"sam\"\ndisplay_name = \"Sam\"\nemail = \"sam@acme.test\"\n\
                    groups = [\"engineering\"]\n"
        .to_owned();
    for number in 0..1000 {
        let id = 200_000_000_000_u64 + number;
        write!(
            text,
            "[[account]]\nid = \"{id}\"\nname = \"team-{number:03}\"\nemail = \"{number}@acme.test\"\nou = \"Root\"\n"
        )
        .unwrap();
        for set in ["ReadOnly", "Deploy"] {
            let of = "group = \"engineering\"";
            write!(text, "[[assignment]]\naccount = \"{id}\"\npermission_set = \"{set}\"\n{of}\n").unwrap();
        }
    }
    let big = organisation::read("big.toml", &text).unwrap();
    let rig = Rig::new();
    rig.instance.seed(&big);
    let sam = rig.browser_of("sam").await;
    let began = Instant::now();
    let first = sam.get("/start").await.is(200);
    let took = began.elapsed();
    // On the busiest machine and without optimisation; a query for each account takes many times as long.
    assert!(took.as_millis() < 1500, "{took:?}");
    assert_eq!(accounts(&first).len(), 50);
    assert!(first.body.contains("Page 1 of 20") && !first.body.contains("<details open"), "folded");
    let last = sam.get("/start?page=99").await.is(200);
    assert_eq!(accounts(&last).last().map(String::as_str), Some("team-999"));
    let found = sam.get("/start?q=team-12+deploy").await.is(200);
    assert_eq!((accounts(&found).len(), roles(&found)), (10, vec!["Deploy"; 10]));
    let pages = sam.get("/start?q=team&page=2").await.is(200);
    assert!(pages.body.contains("href=\"?q=team&amp;page=3\""), "{}", pages.body);
}

#[tokio::test]
async fn keys_are_shown_once_asked_for_and_work() {
    let rig = Rig::new();
    let sam = rig.browser_of("sam").await;
    let path = format!("/start/keys?account_id={PROD}&role_name=ReadOnly");
    let before = rig.instance.store.audit_trail().len();
    let page = sam.get(&path).await.is(200);
    assert!(!page.body.contains("ASIA") && page.body.contains("http://localhost:4711/start<"));
    assert_eq!(rig.instance.store.audit_trail().len(), before, "nothing was issued");

    let shown = sam.submit(&page, "/start/keys", &[]).await.is(200);
    assert_eq!(newest(&rig), event("GetRoleCredentials", PROD, "ReadOnly", ""));
    assert_eq!(shown.header("cache-control"), "no-store");
    let (id, secret, token) = (block(&shown, "key-id"), block(&shown, "secret"), block(&shown, "token"));
    assert!(id.starts_with("ASIA") && secret.len() == 40, "{id}");
    let both =
        [("AWS_ACCESS_KEY_ID", &id), ("AWS_SECRET_ACCESS_KEY", &secret), ("AWS_SESSION_TOKEN", &token)];
    let lines = |line: &dyn Fn(&str, &str) -> String| {
        both.iter().map(|(name, value)| line(name, value)).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(block(&shown, "bash"), lines(&|name, value| format!("export {name}=\"{value}\"")));
    assert_eq!(block(&shown, "powershell"), lines(&|name, value| format!("$Env:{name}=\"{value}\"")));
    assert_eq!(block(&shown, "cmd"), lines(&|name, value| format!("SET {name}={value}")));
    let file = lines(&|name, value| format!("{}={value}", name.to_lowercase()));
    assert_eq!(block(&shown, "file"), format!("[{PROD}_ReadOnly]\n{file}"));
    for secret in [&secret, &token] {
        assert!(shown.headers.values().all(|value| !value.as_bytes().ends_with(secret.as_bytes())));
    }
    let keys = sts::tests::Keys { id: id.clone(), secret, token };
    let who = sts::tests::call(&rig, &keys, 0, |_, _| {}).await.is(200);
    assert!(who.body.contains("AWSReservedSSO_ReadOnly_"), "{}", who.body);
    let again = sam.submit(&page, "/start/keys", &[]).await.is(200);
    assert_ne!(block(&again, "key-id"), id, "the next ones are new");
}

#[tokio::test]
async fn keys_of_others_are_refused_and_the_refusal_is_recorded() {
    let rig = Rig::new();
    let kim = rig.browser_of("kim").await;
    let page = kim.get(&format!("/start/keys?account_id={PROD}&role_name=ReadOnly")).await.is(200);
    for (account, role) in [(PROD, "Incident15"), ("900000000001", "Administrator"), ("1", "Nothing")] {
        let refused = kim.get(&format!("/start/keys?account_id={account}&role_name={role}")).await.is(403);
        assert!(!refused.body.contains(role), "{}", refused.body);
        let fields = [("account_id", account), ("role_name", role)];
        let refused = kim.submit(&page, "/start/keys", &fields).await.is(403);
        assert!(!refused.body.contains("ASIA"));
        assert_eq!(newest(&rig), event("GetRoleCredentials", account, role, "ForbiddenException"));
    }
    // Another's form, and no form at all.
    let sam = rig.browser_of("sam").await;
    sam.submit(&page, "/start/keys", &[]).await.is(403);
    kim.submit(&page, "/start/keys", &[("csrf", "")]).await.is(403);
    assert_ne!(newest(&rig).0, "GetRoleCredentials");
}

#[tokio::test]
async fn links_open_consoles_at_their_destination() {
    let rig = Rig::new();
    let link = format!(
        "/start/console?account_id={DEV}&role_name=Developer&destination=https%3A%2F%2Feu-central-1.console.aws.amazon.com%2Fs3%2Fhome"
    );
    let out = rig.browser();
    let there = out.get(&link).await.is(303);
    assert_eq!(query_field(there.header("location"), "continue").as_deref(), Some(&*link));
    let back = out.sign_in("sam", crate::rig::PASSWORD, &link).await.is(303);
    assert_eq!(back.header("location"), link);
    let login = out.get(&link).await.is(303);
    assert_eq!(query_field(login.header("location"), "Destination").as_deref(), Some(S3));
    assert_eq!(newest(&rig), event("Federate", DEV, "Developer", ""));
    let way = login.header("location").trim_start_matches("http://localhost:4711").to_owned();
    let console = out.get(&way).await.is(303);
    let page = out.get(console.header("location")).await.is(200);
    assert!(page.body.contains("payments-dev") && page.body.contains(">s3<"), "{}", page.body);

    // The role is open: there are several, or there is one.
    let page = out.get(&format!("/start/console?account_id={DEV}&destination={S3}")).await.is(200);
    for role in ["Developer", "Incident15", "PowerUser"] {
        assert!(page.body.contains(&format!("name=\"role_name\" value=\"{role}\"")), "{role}");
    }
    let login = out.submit(&page, "/start/console", &[("role_name", "PowerUser")]).await.is(303);
    assert_eq!(query_field(login.header("location"), "Destination").as_deref(), Some(S3));
    let login = out.get("/start/console?account_id=700000000010").await.is(303);
    assert_eq!(newest(&rig), event("Federate", "700000000010", "Administrator", ""));
    assert_eq!(query_field(login.header("location"), "Destination"), None);
}

#[tokio::test]
async fn links_lead_nowhere_else() {
    let rig = Rig::new();
    let sam = rig.browser_of("sam").await;
    let before = rig.instance.store.audit_trail().len();
    for bad in [
        "https%3A%2F%2Fevil.test%2F",
        "%2F%2Fevil.test",
        "javascript%3Aalert(1)",
        "http%3A%2F%2Fconsole.aws.amazon.com",
    ] {
        let path = format!("/start/console?account_id={DEV}&role_name=Developer&destination={bad}");
        let refused = sam.get(&path).await.is(400);
        assert!(refused.body.contains("This link leads elsewhere"), "{}", refused.body);
    }
    assert_eq!(rig.instance.store.audit_trail().len(), before, "nothing was opened");
    for (account, role) in
        [("900000000001", "Administrator"), (DEV, "Administrator"), ("900000000001", ""), ("", "")]
    {
        sam.get(&format!("/start/console?account_id={account}&role_name={role}")).await.is(403);
        assert_eq!(newest(&rig), event("Federate", account, role, "ForbiddenException"));
    }
}

#[tokio::test]
async fn a_permission_set_says_where_its_consoles_begin() {
    let rig = Rig::new();
    let mut set = rig.instance.store.permission_set_by_name("Developer").unwrap().unwrap();
    for (relay_state, expected) in [(S3, Some(S3)), ("https://evil.test/", None)] {
        set.relay_state = Some(relay_state.to_owned());
        rig.instance.store.put_permission_set(&set, &rig.entry()).unwrap();
        let sam = rig.browser_of("sam").await;
        let open = |more: &str| format!("/start/console?account_id={DEV}&role_name=Developer{more}");
        let login = sam.get(&open("")).await.is(303);
        assert_eq!(query_field(login.header("location"), "Destination").as_deref(), expected);
        let other = "https://console.aws.amazon.com/ec2";
        let login = sam.get(&open(&format!("&destination={other}"))).await.is(303);
        assert_eq!(query_field(login.header("location"), "Destination").as_deref(), Some(other));
    }
}

#[tokio::test]
async fn who_was_signed_out_meanwhile_signs_in_and_goes_on() {
    let rig = Rig::new();
    let sam = rig.browser_of("sam").await;
    let page = sam.get(&format!("/start/keys?account_id={PROD}&role_name=ReadOnly")).await.is(200);
    rig.pass(9 * 60 * 60);
    let before = rig.instance.store.audit_trail().len();
    for path in ["/start/console", "/start/keys"] {
        let there = sam.submit(&page, path, &[]).await.is(303);
        let back = query_field(there.header("location"), "continue").unwrap();
        assert_eq!(back, format!("{path}?account_id={PROD}&role_name=ReadOnly"));
    }
    assert_eq!(rig.instance.store.audit_trail().len(), before);
    let other = rig.browser();
    let back = format!("/start/console?account_id={PROD}&role_name=ReadOnly");
    other.sign_in("sam", crate::rig::PASSWORD, &back).await.is(303);
    assert!(other.get(&back).await.is(303).header("location").contains("SigninToken="));
}

/// Where Sam is Administrator and has ReadOnly, once it is in production.
const LOGS: &str = "700000000030";

fn with_logs_in_production() -> Rig {
    let rig = Rig::new();
    let mut document = organisation::sample("http://localhost:4711").unwrap();
    document.accounts.get_mut(LOGS).unwrap().ou = "Workloads/Production".to_owned();
    document.users.values_mut().for_each(|user| user.password_hash = Some(crate::rig::hash()));
    rig.instance.seed(&document);
    rig
}

#[tokio::test]
async fn production_is_opened_as_a_privileged_role_only_when_that_is_confirmed() {
    let rig = with_logs_in_production();
    let sam = rig.browser_of("sam").await;
    let before = rig.instance.store.audit_trail().len();
    let portal = sam.get("/start?q=log-archive").await.is(200);
    let fields = [("account_id", LOGS), ("role_name", "Administrator"), ("destination", S3)];
    let asked = sam.submit(&portal, "/start/console", &fields).await.is(200);
    for words in [
        "Open production as Administrator?",
        "log-archive",
        "live systems",
        "ReadOnly is also available here",
    ] {
        assert!(asked.body.contains(words), "{words}: {}", asked.body);
    }
    assert!(!asked.body.contains("<script"), "it works without");
    // No link confirms.
    let link = format!("/start/console?account_id={LOGS}&role_name=Administrator&confirmed=yes");
    assert!(sam.get(&link).await.is(200).body.contains("Open production as Administrator?"));
    // Another's form, and no form at all.
    sam.submit(&asked, "/start/console", &[("csrf", ""), ("confirmed", "yes")]).await.is(403);
    assert_eq!(rig.instance.store.audit_trail().len(), before, "nothing was opened");

    let confirmed = [fields.as_slice(), &[("confirmed", "yes"), ("reason", " Ticket 4711 ")]].concat();
    let login = sam.submit(&asked, "/start/console", &confirmed).await.is(303);
    assert_eq!(query_field(login.header("location"), "Destination").as_deref(), Some(S3));
    assert_eq!(newest(&rig), event("Federate", LOGS, "Administrator", ""));
    let (_, recorded) = rig.instance.store.audit_trail().pop().unwrap();
    assert_eq!(recorded["serviceEventDetails"]["reason"], "Ticket 4711");
    // The other role is as good as a click away, and asks for nothing.
    let instead = [("account_id", LOGS), ("role_name", "ReadOnly")];
    let login = sam.submit(&asked, "/start/console", &instead).await.is(303);
    assert!(login.header("location").contains("SigninToken="));
    // Nor does a privileged role elsewhere.
    sam.get("/start/console?account_id=700000000010&role_name=Administrator").await.is(303);
}

#[tokio::test]
async fn keys_of_a_privileged_role_in_production_are_shown_only_when_that_is_confirmed() {
    let rig = with_logs_in_production();
    let sam = rig.browser_of("sam").await;
    let path = format!("/start/keys?account_id={LOGS}&role_name=Administrator");
    let page = sam.get(&path).await.is(200);
    let before = rig.instance.store.audit_trail().len();
    let asked = sam.submit(&page, "/start/keys", &[]).await.is(200);
    assert!(asked.body.contains("Show access keys for production as Administrator?"), "{}", asked.body);
    let instead =
        format!("/start/keys?account_id={LOGS}&amp;role_name=ReadOnly\">Get keys as ReadOnly instead");
    assert!(asked.body.contains(&instead), "{}", asked.body);
    assert!(!asked.body.contains("ASIA"));
    assert_eq!(rig.instance.store.audit_trail().len(), before, "nothing was issued");
    let shown = sam.submit(&asked, "/start/keys", &[("confirmed", "yes")]).await.is(200);
    assert!(block(&shown, "key-id").starts_with("ASIA"));
    assert_eq!(newest(&rig), event("GetRoleCredentials", LOGS, "Administrator", ""));
    // The next ones are asked for again.
    let again = sam.submit(&shown, "/start/keys", &[]).await.is(200);
    assert!(again.body.contains("Show access keys for production"), "{}", again.body);
}

#[tokio::test]
async fn who_wants_that_is_not_asked_again_for_a_quarter_of_an_hour() {
    let rig = with_logs_in_production();
    let sam = rig.browser_of("sam").await;
    let fields = [("account_id", LOGS), ("role_name", "Administrator")];
    let open = async || {
        let portal = sam.get("/start?q=log-archive").await.is(200);
        sam.submit(&portal, "/start/console", &fields).await
    };
    let asked = open().await.is(200);
    assert!(asked.body.contains("Do not ask again for this role for 15 min"), "{}", asked.body);
    let once = [fields.as_slice(), &[("confirmed", "yes")]].concat();
    sam.submit(&asked, "/start/console", &once).await.is(303);
    let asked = open().await.is(200);
    // A tick without going on is no answer.
    let ticked = [fields.as_slice(), &[("for_a_while", "yes")]].concat();
    sam.submit(&asked, "/start/console", &ticked).await.is(200);
    let kept = [fields.as_slice(), &[("confirmed", "yes"), ("for_a_while", "yes")]].concat();
    sam.submit(&asked, "/start/console", &kept).await.is(303);
    let mut trail = rig.instance.store.audit_trail();
    trail.truncate(trail.len() - 1);
    let (name, recorded) = trail.pop().unwrap();
    assert_eq!(
        (name.as_str(), &recorded["serviceEventDetails"]["role_name"]),
        ("SuspendConfirmation", &"Administrator".into())
    );

    assert!(open().await.is(303).header("location").contains("SigninToken="));
    let (_, recorded) = rig.instance.store.audit_trail().pop().unwrap();
    assert_eq!(recorded["serviceEventDetails"]["confirmation_suspended_until"], "2027-01-15T08:15:00Z");
    let portal = sam.get("/start?q=log-archive").await.is(200);
    assert!(portal.body.contains("not asked until 08:15 UTC"), "{}", portal.body);
    let keys = sam.get(&format!("/start/keys?account_id={LOGS}&role_name=Administrator")).await.is(200);
    assert!(keys.body.contains("You are not asked to confirm this role until 08:15 UTC."), "{}", keys.body);
    assert!(block(&sam.submit(&keys, "/start/keys", &[]).await.is(200), "key-id").starts_with("ASIA"));
    // Links ask as ever, and so does everybody else: another session of the same person, and another account.
    let link = format!("/start/console?account_id={LOGS}&role_name=Administrator");
    assert!(sam.get(&link).await.is(200).body.contains("Open production as Administrator?"));
    let elsewhere = rig.browser_of("sam").await;
    let page = elsewhere.get("/start").await.is(200);
    assert!(!page.body.contains("not asked until"));
    elsewhere.submit(&page, "/start/console", &fields).await.is(200);

    rig.pass(15 * 60);
    open().await.is(200);
    assert!(!sam.get("/start?q=log-archive").await.is(200).body.contains("not asked until"));
}

#[tokio::test]
async fn applications_have_pictures() {
    let rig = Rig::new();
    let page = rig.browser_of("sam").await.get("/start/applications").await.is(200);
    let rows = page.body.matches("<li class=\"pictured\"").count();
    assert!(rows > 0);
    assert_eq!(page.body.matches("<span class=\"icon\"><svg").count(), rows);
}
