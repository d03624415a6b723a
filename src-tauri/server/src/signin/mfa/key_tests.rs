//! Keys over their routes: a key in software that answers as it should, and in every way it should not.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use crate::{
    config,
    rig::{Browser, PASSWORD, Reply, Rig, SoftwareKey},
};

fn rig() -> Rig {
    let rig = Rig::new();
    config::policy_set(&rig.instance, &toml::from_str("mode = \"always\"").unwrap()).unwrap();
    rig
}

/// Signs in for the first time with a new key of this kind.
async fn enrolled(rig: &Rig, user: &str, kind: &str) -> SoftwareKey {
    let browser = rig.browser();
    browser.sign_in(user, PASSWORD, "/start").await.is(303);
    let page = browser.get(&format!("/sign-in/enrol?type={kind}")).await.is(200);
    let mut key = SoftwareKey::new(&format!("the key of {user}"));
    let answer = key.create(&page);
    let done = browser.submit(&page, "/sign-in/enrol", &[("credential", &answer), ("name", "Key")]).await;
    assert_eq!(done.is(303).header("location"), "/start");
    browser.get("/start").await.is(200);
    key
}

/// A browser after the right password, and the page that asks for a key.
async fn half<'r>(rig: &'r Rig, user: &str) -> (Browser<'r>, Reply) {
    let browser = rig.browser();
    browser.sign_in(user, PASSWORD, "/start").await.is(303);
    let page = browser.get("/sign-in/verify").await.is(200);
    (browser, page)
}

async fn answer(browser: &Browser<'_>, page: &Reply, credential: &str) -> Reply {
    browser.submit(page, "/sign-in/verify", &[("credential", credential)]).await
}

fn flip(bytes: &mut [u8], at: usize) {
    bytes[at] ^= 1;
}

#[tokio::test]
async fn a_key_signs_in_and_its_answer_with_one_bit_changed_does_not() {
    let rig = rig();
    let mut key = enrolled(&rig, "sam", "security_key").await;
    let (browser, page) = half(&rig, "sam").await;
    let right = key.get(&page);
    answer(&browser, &page, &right.write()).await.is(303);
    browser.get("/start").await.is(200);
    let last = |bytes: &[u8]| bytes.len() - 1;
    for what in ["signature", "flags", "counter", "client data"] {
        let (browser, page) = half(&rig, "sam").await;
        let mut wrong = key.get(&page);
        match what {
            "signature" => {
                let at = last(&wrong.signature);
                flip(&mut wrong.signature, at);
            }
            "flags" => wrong.authenticator_data[32] ^= 0x04,
            "counter" => {
                let at = last(&wrong.authenticator_data);
                wrong.authenticator_data[at] ^= 0x40;
            }
            _ => {
                let at = wrong.client_data.windows(5).position(|part| part == b"false").unwrap();
                wrong.client_data.splice(at..at + 5, *b"true ");
            }
        }
        answer(&browser, &page, &wrong.write()).await.is(401);
        browser.get("/start").await.is(303);
        rig.pass(3600);
    }
}

#[tokio::test]
async fn an_answer_is_for_one_challenge_one_browser_and_one_site() {
    let rig = rig();
    let mut key = enrolled(&rig, "sam", "security_key").await;
    // Once, and not for the page after it.
    let (browser, page) = half(&rig, "sam").await;
    let used = key.get(&page).write();
    answer(&browser, &page, &used).await.is(303);
    let (browser, page) = half(&rig, "sam").await;
    answer(&browser, &page, &used).await.is(401);
    // A challenge that was answered wrongly is over.
    let right = key.get(&page).write();
    answer(&browser, &page, &right).await.is(401);
    rig.pass(3600);
    // Another browser's challenge.
    let (here, page) = half(&rig, "sam").await;
    let (_, there) = half(&rig, "sam").await;
    answer(&here, &page, &key.get(&there).write()).await.is(401);
    rig.pass(3600);
    // Another site, or another origin of the same site.
    for (site, origin) in [
        ("evil.test", "https://evil.test"),
        ("localhost", "http://localhost:4712"),
        ("localhost", "https://localhost:4711"),
        ("evil.test", "http://localhost:4711"),
    ] {
        let (browser, page) = half(&rig, "sam").await;
        (key.site, key.origin) = (site.to_owned(), origin.to_owned());
        answer(&browser, &page, &key.get(&page).write()).await.is(401);
        rig.pass(3600);
    }
}

#[tokio::test]
async fn a_copy_of_a_key_is_noticed_wherever_its_ceremony_began() {
    let rig = rig();
    let mut key = enrolled(&rig, "sam", "security_key").await;
    let (browser, page) = half(&rig, "sam").await;
    key.counter = 0;
    answer(&browser, &page, &key.get(&page).write()).await.is(401);
    rig.pass(3600);
    // The copy's page was shown before the key itself answered elsewhere.
    key.counter = 1;
    let (copied, copied_page) = half(&rig, "sam").await;
    let (browser, page) = half(&rig, "sam").await;
    answer(&browser, &page, &key.get(&page).write()).await.is(303);
    key.counter = 1;
    answer(&copied, &copied_page, &key.get(&copied_page).write()).await.is(401);
}

#[tokio::test]
async fn a_key_is_one_persons() {
    let rig = rig();
    let mut key = enrolled(&rig, "sam", "security_key").await;
    let mut kims = enrolled(&rig, "kim", "security_key").await;
    let (browser, page) = half(&rig, "sam").await;
    answer(&browser, &page, &kims.get(&page).write()).await.is(401);
    let (browser, page) = half(&rig, "sam").await;
    kims.id.clone_from(&key.id);
    answer(&browser, &page, &kims.get(&page).write()).await.is(401);
    // Nobody registers a key with the id of another's.
    let (browser, page) = half(&rig, "sam").await;
    answer(&browser, &page, &key.get(&page).write()).await.is(303);
    let add = browser.get("/start/mfa/add?type=security_key").await.is(200);
    let mut third = SoftwareKey::new("the key of kim");
    let credential = third.create(&add);
    browser.submit(&add, "/start/mfa/add", &[("credential", &credential), ("name", "Mine")]).await.is(400);
}

/// Signs in with a passkey alone, as it answers the sign-in page.
async fn passkey(browser: &Browser<'_>, credential: &str, page: &Reply) -> Reply {
    browser.submit(page, "/sign-in/passkey", &[("credential", credential)]).await
}

#[tokio::test]
async fn a_passkey_signs_in_alone_once_and_only_who_is_verified() {
    let rig = rig();
    let mut key = enrolled(&rig, "sam", "built_in").await;
    let browser = rig.browser();
    let page = browser.get("/sign-in").await.is(200);
    let used = key.get(&page);
    let done = passkey(&browser, &used.write(), &page).await.is(303);
    assert_eq!(done.header("location"), "/start");
    assert!(browser.get("/start").await.is(200).body.contains("Sam Sample"));

    // A stranger's page, and the answer to another visitor's.
    let stranger = rig.browser();
    let theirs = stranger.get("/sign-in").await.is(200);
    passkey(&stranger, &used.write(), &theirs).await.is(401);
    let again = rig.browser();
    let fresh = again.get("/sign-in").await.is(200);
    passkey(&stranger, &key.get(&fresh).write(), &theirs).await.is(401);

    let mut wrong = key.get(&theirs);
    let at = wrong.signature.len() - 1;
    flip(&mut wrong.signature, at);
    passkey(&stranger, &wrong.write(), &theirs).await.is(401);
    key.verifies = false;
    passkey(&stranger, &key.get(&theirs).write(), &theirs).await.is(401);
    key.verifies = true;
    let kim = rig.user("kim").id;
    key.user_handle = uuid::Uuid::parse_str(&kim).unwrap().as_bytes().to_vec();
    passkey(&stranger, &key.get(&theirs).write(), &theirs).await.is(401);
    let sam = rig.user("sam");
    key.user_handle = uuid::Uuid::parse_str(&sam.id).unwrap().as_bytes().to_vec();
    key.counter = 1;
    passkey(&stranger, &key.get(&theirs).write(), &theirs).await.is(401);
    key.counter = 100;

    // The page is good for an hour.
    let late = key.get(&theirs);
    rig.pass(3600);
    passkey(&stranger, &late.write(), &theirs).await.is(401);
    let page = stranger.get("/sign-in").await.is(200);
    let disabled = crate::organisation::User { enabled: false, ..sam };
    rig.instance.store.put_user(&disabled, rig.instance.now(), &rig.entry()).unwrap();
    passkey(&stranger, &key.get(&page).write(), &page).await.is(401);
    stranger.get("/start").await.is(303);
}

#[tokio::test]
async fn the_same_answer_at_the_same_moment_signs_in_once() {
    let rig = rig();
    let mut key = enrolled(&rig, "sam", "built_in").await;
    let browser = rig.browser();
    let page = browser.get("/sign-in").await.is(200);
    let credential = key.get(&page).write();
    let form = || browser.form(&page, "/sign-in/passkey", &[("credential", &credential)]);
    let replies = rig.send_at_once((0..8).map(|_| form()).collect()).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 303).count(), 1);
}

#[tokio::test]
async fn a_key_that_verified_nobody_is_no_passkey() {
    let rig = rig();
    let browser = rig.browser();
    browser.sign_in("sam", PASSWORD, "/start").await.is(303);
    let page = browser.get("/sign-in/enrol?type=security_key").await.is(200);
    let mut key = SoftwareKey::new("a simple key");
    key.verifies = false;
    let answer = key.create(&page);
    browser.submit(&page, "/sign-in/enrol", &[("credential", &answer), ("name", "Key")]).await.is(303);
    let stranger = rig.browser();
    let page = stranger.get("/sign-in").await.is(200);
    passkey(&stranger, &key.get(&page).write(), &page).await.is(401);
}
