//! Lists that are longer than a page: the rest of each is reached, and nothing is cut off silently.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use super::*;
use crate::{
    organisation::{Account, Assignment, Group, PermissionSet, Principal, User},
    store::Wanted,
};

const ACCOUNT: &str = "111122223333";

fn uuid(kind: u8, n: usize) -> String {
    format!("0000000{kind}-0000-4000-8000-{n:012}")
}

/// So many people more.
fn people(rig: &Rig, count: usize) -> Vec<User> {
    let template = rig.user("alex");
    let user = |n: usize| User {
        id: uuid(1, n),
        username: format!("person{n:03}"),
        email: format!("p{n}@acme.test"),
        display_name: format!("Person {n:03}"),
        ..template.clone()
    };
    let all: Vec<User> = (0..count).map(user).collect();
    for user in &all {
        assert!(rig.instance.store.put_user(user, rig.instance.now(), &rig.entry()).unwrap());
    }
    all
}

fn assign(rig: &Rig, account: &str, set: &str, principal: Principal) {
    let wanted = Assignment { account_id: account.to_owned(), permission_set: set.to_owned(), principal };
    rig.instance.request_access(Wanted::Assign(wanted), &rig.entry()).unwrap();
}

/// All pages of a list.
async fn whole(browser: &Browser<'_>, path: &str) -> Vec<String> {
    let mut pages = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = browser.get(&path).await.is(200);
        next = next_page(&page);
        pages.push(page.body);
    }
    pages
}

#[tokio::test]
async fn every_request_is_found_and_those_that_failed_alone() {
    let rig = rig();
    let set = set_arn(&rig, "ReadOnly");
    // The first one is for somebody who is gone when it is looked at.
    let mut people = people(&rig, 120);
    let gone = people.pop().unwrap();
    assign(&rig, ACCOUNT, &set, Principal::User(gone.id.clone()));
    assert!(rig.instance.store.delete_user(&gone.id, rig.instance.now(), &rig.entry()).unwrap());
    for user in people {
        rig.pass(1);
        assign(&rig, ACCOUNT, &set, Principal::User(user.id));
    }
    rig.instance.settle_access_requests().unwrap();
    let ada = rig.browser_of("ada").await;
    let pages = whole(&ada, "/admin/requests").await;
    assert_eq!(pages.len(), 3);
    let all = pages.concat();
    for n in 0..119 {
        assert_eq!(all.matches(&format!(">Person {n:03} (")).count(), 1, "{n}");
    }
    assert!(!pages[0].contains("FAILED:") && pages[2].contains("FAILED: There is no user"), "{}", pages[2]);
    assert!(pages[1].contains("First page") && !pages[0].contains("First page"));
    assert!(ada.get("/admin").await.is(200).body.contains("/admin/requests?state=failed"));
    let failed = ada.get("/admin/requests?state=failed").await.is(200);
    assert_eq!(failed.body.matches("FAILED: ").count(), 1);
    assert!(!failed.body.contains("SUCCEEDED</span>"), "{}", failed.body);
    assert!(ada.get("/admin/requests?state=open").await.is(200).body.contains("No request is in progress"));
    assign(&rig, ACCOUNT, &set, Principal::User(rig.user("sam").id));
    let open = ada.get("/admin/requests?state=open").await.is(200);
    assert!(open.body.contains("IN_PROGRESS") && open.body.contains("Load this page again"));
    ada.get("/admin/requests?after=nonsense").await.is(200);
}

#[tokio::test]
async fn every_assignment_in_an_account_is_seen_and_removed() {
    let rig = rig();
    let store = &rig.instance.store;
    let sets = ["ReadOnly", "PowerUser"].map(|name| set_arn(&rig, name));
    for user in people(&rig, 125) {
        for set in &sets {
            assign(&rig, ACCOUNT, set, Principal::User(user.id.clone()));
        }
    }
    rig.instance.settle_access_requests().unwrap();
    let ada = rig.browser_of("ada").await;
    let pages = whole(&ada, &format!("/admin/accounts/account?id={ACCOUNT}")).await;
    assert!(pages.len() > 5, "{}", pages.len());
    let all = pages.concat();
    for n in 0..125 {
        assert_eq!(all.matches(&format!(">Person {n:03} (")).count(), 2, "{n}");
    }
    let last =
        format!("id={ACCOUNT}&after={} {}", sets.iter().max().unwrap(), uuid(1, 123)).replace(' ', "+");
    let page = ada.get(&format!("/admin/accounts/account?{last}")).await.is(200);
    let person = uuid(1, 124);
    assert!(page.body.contains(">Person 124 (") && !page.body.contains(">Person 123 ("), "{}", page.body);
    let revoke =
        [("id", ACCOUNT), ("set", sets.iter().max().unwrap()), ("kind", "USER"), ("principal", &person)];
    ada.submit(&page, "/admin/accounts/revoke", &revoke).await.is(303);
    rig.instance.settle_access_requests().unwrap();
    assert_eq!(store.permission_sets_of(&person, ACCOUNT).unwrap().len(), 1);
    // Sets that are outdated are named, wherever in the list they are.
    for arn in &sets {
        let set = store.permission_set(arn).unwrap().unwrap();
        let changed = PermissionSet { description: "Other".to_owned(), ..set };
        assert!(store.put_permission_set(&changed, &rig.entry()).unwrap());
    }
    let page = ada.get(&format!("/admin/accounts/account?id={ACCOUNT}")).await.is(200);
    assert!(page.body.contains("PowerUser, ReadOnly were edited and are OUTDATED here"), "{}", page.body);
}

#[tokio::test]
async fn everybody_who_sees_an_application_is_listed() {
    let rig = rig();
    let application = rig.application("Grafana");
    for user in people(&rig, 70) {
        let principal = Principal::User(user.id);
        let entry = rig.entry();
        assert!(
            rig.instance.store.set_application_assignment(&application.id, &principal, true, &entry).unwrap()
        );
    }
    let ada = rig.browser_of("ada").await;
    let path = format!("/admin/applications/application?id={}", application.id);
    let pages = whole(&ada, &path).await;
    assert_eq!(pages.len(), 2);
    let all = pages.concat();
    for n in 0..70 {
        assert_eq!(all.matches(&format!(">Person {n:03} (")).count(), 1, "{n}");
    }
}

#[tokio::test]
async fn everything_of_a_person_is_listed_and_each_group_can_be_left() {
    let rig = rig();
    let (store, now) = (&rig.instance.store, rig.instance.now());
    let kim = rig.user("kim");
    let set = set_arn(&rig, "ReadOnly");
    for n in 0..60 {
        let name = format!("crew{n:03}");
        let group = Group { id: uuid(2, n), name, description: String::new(), created: now, updated: now };
        assert!(store.put_group(&group, &rig.entry()).unwrap());
        assert!(store.add_membership(&uuid(3, n), &group.id, &kim.id, &rig.entry()).unwrap());
        let id = format!("5000000{n:05}");
        let account = Account { name: format!("lab{n:03}"), ..store.account(ACCOUNT).unwrap().unwrap() };
        store
            .put_account(&Account { id: id.clone(), ..account }, &|path| path.to_owned(), &rig.entry())
            .unwrap();
        assign(&rig, &id, &set, Principal::Group(group.id));
    }
    rig.instance.settle_access_requests().unwrap();
    let ada = rig.browser_of("ada").await;
    let page = ada.get(&format!("/admin/users/user?id={}", kim.id)).await.is(200);
    let ways: Vec<String> = page
        .body
        .match_indices("\" rel=\"next\"")
        .filter_map(|(at, _)| page.body[..at].rsplit_once("href=\""))
        .map(|(_, href)| href.replace("&#38;", "&"))
        .collect();
    let [groups, accounts] = ways.as_slice() else { panic!("{ways:?}") };
    assert!(groups.contains("&group=") && accounts.contains("&account="), "{ways:?}");
    let seen = |body: &str, what: &str| (0..60).filter(|n| body.contains(&format!(">{what}{n:03}<"))).count();
    let (more_groups, more_accounts) = (ada.get(groups).await.is(200), ada.get(accounts).await.is(200));
    assert!(seen(&page.body, "crew") < 60 && seen(&page.body, "lab") < 60);
    assert_eq!(seen(&format!("{}{}", page.body, more_groups.body), "crew"), 60);
    assert_eq!(seen(&format!("{}{}", page.body, more_accounts.body), "lab"), 60);
    let leave = [("id", uuid(2, 59)), ("user", kim.id.clone()), ("back", "user".to_owned())];
    let leave = leave.each_ref().map(|(name, value)| (*name, value.as_str()));
    ada.submit(&more_groups, "/admin/groups/remove", &leave).await.is(303);
    assert!(!rig.user("kim").groups.contains(&"crew059".to_owned()));
    assert!(rig.user("kim").groups.contains(&"crew058".to_owned()));
}
