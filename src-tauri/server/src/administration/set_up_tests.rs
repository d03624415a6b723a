//! What a new organisation needs first: accounts and their units, and people who get in.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use crate::{
    mail::{Letter, Mailing},
    rig::{Browser, Reply, Rig},
};

/// A rig that sends mail, or not, and whose Ada is an administrator.
fn rig(mailing: Mailing) -> Rig {
    let rig = Rig::with(|instance| instance.mailing = mailing);
    let entry = rig.entry();
    let ada = rig.user("ada");
    assert!(rig.instance.store.appoint_administrator(&ada.id, rig.instance.now(), &entry).unwrap());
    rig
}

async fn submit(browser: &Browser<'_>, page: &str, action: &str, fields: &[(&str, &str)]) -> Reply {
    let shown = browser.get(page).await.is(200);
    browser.submit(&shown, action, fields).await
}

fn letters(rig: &Rig) -> Vec<Letter> {
    let waiting = rig.instance.store.due_mail(rig.instance.now(), 10).unwrap();
    waiting.iter().map(|waiting| Letter::open(&rig.instance, &waiting.letter).unwrap()).collect()
}

const JO: [(&str, &str); 3] = [("username", "jo"), ("display_name", "Jo Day"), ("email", "jo@acme.test")];
const PASSWORD: [(&str, &str); 2] =
    [("new_password", "Kettle-orbit 7 mango"), ("again", "Kettle-orbit 7 mango")];

#[tokio::test]
async fn whoever_is_created_is_invited_by_mail_into_their_groups() {
    let rig = rig(Mailing::Outbox);
    let ada = rig.browser_of("ada").await;
    let group = rig.instance.store.group_by_name("platform").unwrap().unwrap();
    let page = ada.get("/admin/users/new").await.is(200);
    assert!(page.body.contains("value=\"mail\" checked"), "mail comes first: {}", page.body);
    let fields = [&JO[..], &[("first", "mail"), ("group", &group.id)]].concat();
    let done = ada.submit(&page, "/admin/users/new", &fields).await;
    let done = ada.get(done.is(303).header("location")).await.is(200);
    assert!(done.body.contains("An invitation is on its way") && done.body.contains("no password yet"));
    assert_eq!(rig.user("jo").groups, ["platform"]);
    let letter = letters(&rig).pop().unwrap();
    assert_eq!(letter.to, "jo@acme.test");
    assert!(
        letter.text.contains("http://localhost:4711/start") && letter.text.contains("Your user name is jo")
    );
    let link = letter.text.split_whitespace().find(|word| word.contains("token=")).unwrap();
    let path = link.strip_prefix("http://localhost:4711").unwrap();
    assert!(done.body.contains("jo@acme.test (not verified)"), "nobody has shown to read it: {}", done.body);
    // Somebody's first day may be next week.
    rig.pass(7 * 24 * 3600 - 1);
    let jos = rig.browser();
    let first = jos.get(path).await.is(200);
    assert!(first.body.contains("Choose the password that you sign in with"), "{}", first.body);
    let done = jos.submit(&first, "/sign-in/reset", &PASSWORD).await.is(303);
    assert!(
        jos.get(done.header("location")).await.is(200).body.contains("Password set. Sign in with it now.")
    );
    assert!(!jos.get(done.header("location")).await.is(200).body.contains("Password set"), "said once");
    jos.get(path).await.is(410);
    jos.sign_in("jo", PASSWORD[0].1, "/start").await.is(303);
    let ada = rig.browser_of("ada").await;
    let page = ada.get(&format!("/admin/users/user?id={}", rig.user("jo").id)).await.is(200);
    assert!(!page.body.contains("no password yet") && page.body.contains("Send a link to set a password"));
    assert!(page.body.contains("jo@acme.test (verified)"), "the link in the letter was used: {}", page.body);
    let edit = format!("/admin/users/edit?id={}", rig.user("jo").id);
    submit(&ada, &edit, "/admin/users/edit", &[("title", "Pilot")]).await.is(303);
    assert!(rig.user("jo").email_verified, "it is the same address");
    submit(&ada, &edit, "/admin/users/edit", &[("email", "jo.day@acme.test")]).await.is(303);
    assert!(!rig.user("jo").email_verified, "another one has to be shown to be theirs anew");
}

#[tokio::test]
async fn a_link_that_was_not_mailed_or_mailed_elsewhere_verifies_no_address() {
    let rig = rig(Mailing::Outbox);
    let store = &rig.instance.store;
    let link = super::invite::invite(&rig.instance, "jo", Some("jo@acme.test")).unwrap();
    let path = link.strip_prefix("http://localhost:4711").unwrap();
    let jos = rig.browser();
    submit(&jos, path, "/sign-in/reset", &PASSWORD).await.is(303);
    assert!(store.password(&rig.user("jo").id).unwrap().is_some());
    assert!(!rig.user("jo").email_verified, "whoever runs the command has the link");
    let by: Vec<_> = store.audit_trail().into_iter().filter(|(name, _)| name == "UpdatePassword").collect();
    assert_eq!(by.last().unwrap().1["serviceEventDetails"]["By"], "link from the command line");
    // An address that was changed while its letter was written.
    let jo = rig.user("jo");
    let token = crate::secret::Token::new("stray".to_owned());
    let mailed = crate::store::MailedLink {
        user_id: &jo.id,
        to: "old@acme.test",
        token: token.digest(),
        ends: rig.instance.now() + jiff::SignedDuration::from_mins(1),
        letter: b"",
    };
    store.send_password_link(&mailed, rig.instance.now(), &rig.entry()).unwrap();
    let other = [("new_password", "Mango-orbit 7 kettle"), ("again", "Mango-orbit 7 kettle")];
    submit(&jos, "/sign-in/reset?token=stray", "/sign-in/reset", &other).await.is(303);
    assert!(!rig.user("jo").email_verified, "it went to somebody else");
}

#[tokio::test]
async fn an_invitation_is_sent_again_and_ends_after_seven_days() {
    let rig = rig(Mailing::Outbox);
    let ada = rig.browser_of("ada").await;
    submit(&ada, "/admin/users/new", "/admin/users/new", &[&JO[..], &[("first", "later")]].concat())
        .await
        .is(303);
    assert!(letters(&rig).is_empty(), "nothing yet");
    let jo = rig.user("jo");
    let way = format!("/admin/users/user?id={}", jo.id);
    assert!(ada.get(&way).await.is(200).body.contains("Send the invitation again"));
    submit(&ada, &way, "/admin/users/password-link", &[("id", &jo.id)]).await.is(303);
    let letter = letters(&rig).pop().unwrap();
    let link = letter.text.split_whitespace().find(|word| word.contains("token=")).unwrap();
    rig.pass(7 * 24 * 3600);
    rig.browser().get(link.strip_prefix("http://localhost:4711").unwrap()).await.is(410);
}

#[tokio::test]
async fn without_a_mail_server_a_one_time_password_is_shown_once() {
    let rig = rig(Mailing::Off);
    let ada = rig.browser_of("ada").await;
    let page = ada.get("/admin/users/new").await.is(200);
    assert!(!page.body.contains("value=\"mail\""), "nothing is offered that cannot be done");
    assert!(page.body.contains("value=\"password\" checked"));
    let shown =
        ada.submit(&page, "/admin/users/new", &[&JO[..], &[("first", "password")]].concat()).await.is(200);
    let password = shown.body.split("id=\"secret\" class=\"mono\" value=\"").nth(1).unwrap();
    let password = password.split('"').next().unwrap();
    assert!(
        shown.body.contains("value=\"http://localhost:4711/start\"") && shown.body.contains("value=\"jo\"")
    );
    let first = rig.browser().sign_in("jo", password, "/start").await.is(303);
    assert_eq!(first.header("location"), "/sign-in/new-password");
    let page = ada.get(&format!("/admin/users/user?id={}", rig.user("jo").id)).await.is(200);
    assert!(!page.body.contains(password), "not shown again");
}

#[tokio::test]
async fn an_account_is_added_moved_and_removed() {
    let rig = rig(Mailing::Off);
    let (ada, store) = (rig.browser_of("ada").await, &rig.instance.store);
    let before = store.audit_trail().len();
    let new = "/admin/accounts/new";
    let wrong = [("id", "12345678901x"), ("name", ""), ("email", "none"), ("ou", "Workloads/Production")];
    let form = submit(&ada, new, new, &wrong).await.is(400);
    for problem in ["An account ID has 12 digits", "Give the account a name", "Give the address"] {
        assert!(form.body.contains(problem), "{problem}: {}", form.body);
    }
    assert!(form.body.contains("value=\"12345678901x\"") && form.body.contains("Production\" selected"));
    let good =
        [("id", "1111-2222 9999"), ("name", "books"), ("email", "a@acme.test"), ("ou", "Workloads/Books")];
    let done = ada.submit(&form, new, &good).await.is(303);
    assert!(ada.get(done.header("location")).await.is(200).body.contains("Nobody has access to it"));
    let account = store.account("111122229999").unwrap().unwrap();
    assert_eq!((account.name.as_str(), account.ou.as_str()), ("books", "Workloads/Books"));
    let taken = [("id", "111122223333"), ("name", "mine"), ("email", "a@acme.test"), ("ou", "Root")];
    let form = ada.submit(&form, new, &taken).await.is(400);
    assert!(form.body.contains("in the list already"));
    assert_eq!(store.account("111122223333").unwrap().unwrap().name, "payments-prod", "untouched");

    let edit = "/admin/accounts/edit";
    let moved = [("name", "ledger"), ("email", "a@acme.test"), ("ou", "Root")];
    submit(&ada, &format!("{edit}?id=111122229999"), edit, &[&moved[..], &[("id", "111122229999")]].concat())
        .await
        .is(303);
    let account = store.account("111122229999").unwrap().unwrap();
    assert_eq!((account.name.as_str(), account.ou.as_str()), ("ledger", "Root"));
    let page = "/admin/accounts/account?id=111122229999";
    let remove = |typed| [("id", "111122229999"), ("typed", typed)];
    let kept = submit(&ada, page, "/admin/accounts/delete", &remove("books")).await.is(303);
    assert!(ada.get(kept.header("location")).await.is(200).body.contains("Nothing was removed"));
    submit(&ada, page, "/admin/accounts/delete", &remove("ledger")).await.is(303);
    assert!(store.account("111122229999").unwrap().is_none());
    let events: Vec<String> = store.audit_trail().into_iter().skip(before).map(|(name, _)| name).collect();
    assert_eq!(events, ["CreateAccount", "UpdateAccount", "RemoveAccountFromOrganization"]);
}

#[tokio::test]
async fn a_unit_is_made_and_goes_while_nothing_stands_in_it() {
    let rig = rig(Mailing::Off);
    let (ada, store) = (rig.browser_of("ada").await, &rig.instance.store);
    let new = "/admin/accounts/new-unit";
    for (name, above, problem) in [
        ("a/b", "Root", "without a slash"),
        ("Root", "Root", "other than Root"),
        ("Production", "Workloads", "a unit of this name already"),
        ("f", "a/b/c/d/e", "at most five deep"),
    ] {
        let form = submit(&ada, new, new, &[("name", name), ("above", above)]).await.is(400);
        assert!(form.body.contains(problem), "{problem}: {}", form.body);
    }
    submit(&ada, new, new, &[("name", "Night"), ("above", "Workloads")]).await.is(303);
    let unit = |path: &str| {
        let units = store.organizational_units().unwrap();
        units.into_iter().find(|unit| unit.path == path).map(|unit| unit.id)
    };
    let night = unit("Workloads/Night").unwrap();
    let delete = "/admin/accounts/delete-unit";
    let (used, root) = (unit("Workloads/Production").unwrap(), unit("").unwrap());
    for id in [&used, &root] {
        let kept = submit(&ada, "/admin/accounts", delete, &[("unit", id)]).await.is(303);
        assert!(ada.get(kept.header("location")).await.is(200).body.contains("was not deleted"));
    }
    submit(&ada, "/admin/accounts", delete, &[("unit", &night)]).await.is(303);
    assert!(unit("Workloads/Night").is_none() && unit("Workloads/Production").is_some());
}

#[tokio::test]
async fn the_identity_source_says_where_people_sign_in() {
    let rig = rig(Mailing::Off);
    let page = rig.browser_of("ada").await.get("/admin/identity-source").await.is(200);
    for text in ["IN USE", "value=\"http://localhost:4711/start\"", "sends no e-mail", "Password only"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
}

#[tokio::test]
async fn whoever_cannot_be_created_with_all_they_begin_with_is_not_created() {
    let rig = rig(Mailing::Outbox);
    let (ada, store) = (rig.browser_of("ada").await, &rig.instance.store);
    let group = store.group_by_name("platform").unwrap().unwrap().id;
    let page = ada.get("/admin/users/new").await.is(200);
    let members = || store.members(&group, "", 100).unwrap().len();
    let before = (store.audit_trail().len(), members());
    for (first, table) in [("mail", "mail"), ("password", "password")] {
        let fields = [&JO[..], &[("first", first), ("group", &group)]].concat();
        // What is written last cannot be.
        store.tamper(&format!("ALTER TABLE {table} RENAME TO elsewhere"));
        ada.submit(&page, "/admin/users/new", &fields).await.is(500);
        store.tamper(&format!("ALTER TABLE elsewhere RENAME TO {table}"));
        assert!(store.user_by_login("jo").unwrap().is_none(), "{first}");
        assert_eq!(
            (store.audit_trail().len(), members()),
            before,
            "{first}: what did not happen is not told"
        );
    }
    assert!(letters(&rig).is_empty());
    let fields = [&JO[..], &[("first", "mail"), ("group", &group)]].concat();
    ada.submit(&page, "/admin/users/new", &fields).await.is(303);
    assert_eq!((rig.user("jo").groups.as_slice(), letters(&rig).len()), (&["platform".to_owned()][..], 1));
}
