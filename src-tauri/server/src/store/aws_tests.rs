//! Accounts that come and go, and requests that wait for roles.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    AccessRequest, AuditEntry, AwsRole, AwsRoleState, NewRequest, Organization, RequestStatus, Synced, Wanted,
};
use crate::{
    organisation::{Account, Assignment, Principal},
    rig::Rig,
};

/// Of the sample.
const PROD: &str = "111122223333";

fn account(id: &str, name: &str, ou: &str) -> Account {
    Account { id: id.to_owned(), name: name.to_owned(), email: format!("{name}@x.test"), ou: ou.to_owned() }
}

fn organization(accounts: &[(Account, bool)]) -> Organization {
    let units = [("", "r-1"), ("Work", "ou-1-1"), ("Work/Prod", "ou-1-2")];
    let units = units.map(|(path, id)| (path.to_owned(), id.to_owned()));
    Organization { accounts: accounts.to_vec(), units: BTreeMap::from(units) }
}

#[test]
fn accounts_come_change_are_suspended_leave_and_come_back() {
    let rig = Rig::new();
    let store = &rig.instance.store;
    let mut looks = 0;
    let mut look = |accounts: &[(Account, bool)]| -> Synced {
        looks += 1;
        let record = |_: &Synced| AuditEntry::empty(rig.instance.now());
        let id = format!("look {looks}");
        store.take_organization(&organization(accounts), &id, rig.instance.now(), &record).unwrap()
    };
    let (a, b) = (account("900000000011", "a", "Work/Prod"), account("900000000012", "b", "Root"));
    let both = [(a.clone(), false), (b.clone(), false)];
    assert_eq!(look(&both).came, ["a (900000000011)", "b (900000000012)"]);
    assert!(look(&both).is_quiet());
    assert_eq!(store.account(&a.id).unwrap().unwrap(), a);
    let unit = store.organizational_units().unwrap().into_iter().find(|unit| unit.path == "Work/Prod");
    assert_eq!(unit.unwrap().id, "ou-1-2", "AWS's own id");

    let moved = Account { ou: "Work".to_owned(), ..a.clone() };
    assert_eq!(look(&[(moved.clone(), false), (b.clone(), false)]).changed, ["a (900000000011)"]);
    assert_eq!(look(&[(moved.clone(), true), (b.clone(), false)]).went, ["a (900000000011) is suspended"]);
    assert!(store.absence(&a.id).unwrap().unwrap().is_suspended);
    assert!(look(&[(moved.clone(), true), (b.clone(), false)]).is_quiet());
    assert_eq!(look(&[(b.clone(), false)]).went, Vec::<String>::new(), "that was told");
    assert_eq!(look(&[]).went, ["b (900000000012)"]);
    assert!(!store.absence(&b.id).unwrap().unwrap().is_suspended);
    assert!(store.account(&b.id).unwrap().is_some(), "it is kept");
    assert_eq!(look(&both).came.len(), 2, "both are back");
    assert!(store.absence(&a.id).unwrap().is_none() && store.absence(&b.id).unwrap().is_none());
    // What was here before is nobody's to mark.
    assert!(store.absence(PROD).unwrap().is_none());
}

#[test]
fn units_are_renamed_and_moved_with_all_below_them() {
    let rig = Rig::new();
    let store = &rig.instance.store;
    let mut looks = 0;
    let mut look = |units: &[(&str, &str)], place: &str| -> Synced {
        looks += 1;
        let units = units.iter().map(|(path, id)| ((*path).to_owned(), (*id).to_owned())).collect();
        let accounts = vec![(account("900000000011", "a", place), false)];
        let record = |_: &Synced| AuditEntry::empty(rig.instance.now());
        let (organization, id) = (Organization { accounts, units }, format!("look {looks}"));
        store.take_organization(&organization, &id, rig.instance.now(), &record).unwrap()
    };
    let units = || {
        let mut all: Vec<_> = store.organizational_units().unwrap().into_iter().collect();
        all.retain(|unit| ["ou-91", "ou-92", "ou-93"].contains(&unit.id.as_str()));
        all.into_iter().map(|unit| format!("{} {}", unit.id, unit.path)).collect::<Vec<_>>()
    };
    look(&[("", "r-1"), ("Left", "ou-91"), ("Left/In", "ou-93"), ("Right", "ou-92")], "Left/In");
    // Two change their names, and what is below goes along.
    let told = look(&[("", "r-1"), ("Right", "ou-91"), ("Right/In", "ou-93"), ("Left", "ou-92")], "Right/In");
    assert_eq!(told.changed, ["unit Right is Left now", "unit Left is Right now"]);
    assert_eq!(units(), ["ou-92 Left", "ou-91 Right", "ou-93 Right/In"]);
    assert_eq!(store.account("900000000011").unwrap().unwrap().ou, "Right/In");
    // One moves below the other.
    let told =
        look(&[("", "r-1"), ("Right", "ou-91"), ("Right/In", "ou-93"), ("Right/Left", "ou-92")], "Right/In");
    assert_eq!(told.changed, ["unit Left is Right/Left now"]);
    assert_eq!(units(), ["ou-91 Right", "ou-93 Right/In", "ou-92 Right/Left"]);
}

fn role(set: &str, state: AwsRoleState, attempts: u32) -> AwsRole {
    AwsRole {
        account_id: PROD.to_owned(),
        permission_set: set.to_owned(),
        role_name: "AWSReservedSSO_Billing_0".to_owned(),
        state,
        revision: 1,
        applied: None,
        failure: (state != AwsRoleState::Applied).then(|| "iam:CreateRole was refused".to_owned()),
        attempts,
        next_try: Timestamp::UNIX_EPOCH,
        drift: Vec::new(),
        checked: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn a_request_waits_for_its_role_and_tells_why_it_is_not_there() {
    let rig = Rig::new();
    let store = &rig.instance.store;
    let set = store.permission_set_by_name("Billing").unwrap().unwrap().arn;
    let record = |_: &AccessRequest, _: Option<&str>| AuditEntry::empty(rig.instance.now());
    let assignment = Assignment {
        account_id: PROD.to_owned(),
        permission_set: set.clone(),
        principal: Principal::User(rig.user("alex").id),
    };
    let mut asked = 0;
    let mut ask = |wanted: Wanted| -> String {
        asked += 1;
        let id = format!("request {asked}");
        let new = NewRequest { id: id.clone(), wanted, entry: rig.entry() };
        store.add_access_requests(&[new], rig.instance.now()).unwrap();
        assert_eq!(store.settle_access_requests(rig.instance.now(), true, &record).unwrap(), 1);
        id
    };
    let status = |id: &str| {
        store.finish_access_requests(6, &record).unwrap();
        store.access_request(id).unwrap().unwrap().status
    };
    let first = ask(Wanted::Assign(assignment.clone()));
    assert_eq!(status(&first), RequestStatus::InProgress);
    let due = store.aws_roles_due(rig.instance.now(), 1000).unwrap();
    assert!(due.iter().any(|it| it.account_id == PROD && it.set.arn == set && it.known.is_none()));
    store.put_aws_role(&role(&set, AwsRoleState::Retrying, 5), None).unwrap();
    assert_eq!(status(&first), RequestStatus::InProgress);
    assert!(store.provisioned_accounts(&set, "", 100).unwrap().iter().any(|it| it.is_outdated));
    store.put_aws_role(&role(&set, AwsRoleState::Retrying, 6), None).unwrap();
    assert!(
        matches!(status(&first), RequestStatus::Failed(why) if why.contains(PROD) && why.contains("iam:"))
    );

    // Another request has it tried anew, whatever was known.
    let again = ask(Wanted::Assign(assignment.clone()));
    assert_eq!(store.aws_role(PROD, &set).unwrap().unwrap().attempts, 0);
    assert_eq!(status(&again), RequestStatus::InProgress);
    store.put_aws_role(&role(&set, AwsRoleState::Applied, 0), None).unwrap();
    assert_eq!(status(&again), RequestStatus::Succeeded);

    let ended = ask(Wanted::Revoke(assignment));
    assert_eq!(status(&ended), RequestStatus::InProgress);
    assert_eq!(store.aws_roles_to_remove(rig.instance.now(), 10).unwrap().len(), 1);
    store.forget_aws_role(PROD, &set, &rig.entry()).unwrap();
    assert_eq!(status(&ended), RequestStatus::Succeeded);
}

/// A look takes a while. Who presses "Check now" or "Reapply" meanwhile is not forgotten when it ends.
#[test]
fn a_look_that_ends_takes_away_nothing_that_was_wanted_since() {
    let rig = Rig::new();
    let (store, now) = (&rig.instance.store, rig.instance.now());
    let set = store.permission_set_by_name("Billing").unwrap().unwrap().arn;
    store.put_aws_role(&role(&set, AwsRoleState::Applied, 0), None).unwrap();
    let due = || store.aws_roles_to_check(now, 10).unwrap().pop();
    let ends = |seen: AwsRole| {
        let looked = AwsRole { checked: now, drift: vec!["trust".to_owned()], ..seen.clone() };
        store.put_aws_role_check(&looked, seen.checked, None).unwrap();
    };
    store.check_aws_roles().unwrap();
    let first = due().unwrap();
    store.check_aws_roles().unwrap();
    ends(first);
    let second = due().unwrap();
    assert_eq!(second.drift, ["trust"], "what was seen is kept");
    ends(second.clone());
    assert!(due().is_none());

    assert!(store.reapply_aws_role(PROD, &set, &rig.entry()).unwrap());
    ends(second);
    assert_eq!(store.aws_role(PROD, &set).unwrap().unwrap().state, AwsRoleState::Retrying);
}
