//! Organisation files on a live instance: what is planned, what is applied, and what stays.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use crate::{
    applying::{ApplyError, Told},
    organisation::{Assignment, Document, Principal, read},
    passwords,
    rig::{PASSWORD, Rig, hash},
    secret::Token,
    store::{Action, Change, Kind, Password},
};

fn sample() -> Document {
    let mut sample = crate::organisation::sample("http://localhost:4711").unwrap();
    sample.users.values_mut().for_each(|user| user.password_hash = Some(hash()));
    sample
}

fn told(changes: &[Change]) -> String {
    Told(changes).to_string()
}

#[test]
fn the_sample_gives_everybody_what_it_promises() {
    let rig = Rig::new();
    let store = &rig.instance.store;
    let sees = |name: &str| {
        let user = rig.user(name);
        (store.accounts_of(&user.id).unwrap().len(), store.applications_of(&user.id).unwrap().len())
    };
    assert_eq!(["alex", "kim", "robin", "sam"].map(sees), [(1, 2), (8, 4), (9, 3), (11, 4)]);
    for typed in ["sam", " Sam ", "SAM@acme.test"] {
        assert_eq!(store.user_by_login(typed).unwrap().unwrap().display_name, "Sam Sample");
    }
    assert!(store.user_by_login("nobody").unwrap().is_none());
    assert!(store.assigned(&rig.user("alex").id, "111122223333", "ReadOnly").unwrap().is_none());
    let roles = store.permission_sets_of(&rig.user("sam").id, "111122225555").unwrap();
    let names: Vec<_> = roles.iter().map(|set| set.name.as_str()).collect();
    assert_eq!(names, ["Developer", "Incident15", "PowerUser"], "by name, his own and his groups'");
    assert_eq!(rig.user("sam").groups, ["engineering", "platform"]);
}

#[test]
fn ids_have_the_shapes_that_aws_has_and_come_again() {
    let rig = Rig::new();
    let (store, key) = (&rig.instance.store, &rig.instance.key);
    let hex = key.public_id("user id", &["sam"], 32);
    assert_eq!(rig.user("sam").id.replace('-', ""), hex, "as it was before there was a directory");
    let set = store.permission_set_by_name("ReadOnly").unwrap().unwrap();
    let head = format!("arn:aws:sso:::permissionSet/{}/ps-", rig.instance.addresses.instance_id());
    assert_eq!(set.arn.strip_prefix(&head).unwrap().len(), 16, "{}", set.arn);
    let application = rig.application("Wiki");
    let ids = (application.instance_id.split_once('-').unwrap(), application.id.split_once('-').unwrap());
    assert!(matches!(ids, (("ins", one), ("apl", other)) if one.len() == 16 && other.len() == 16), "{ids:?}");
    let units = store.organizational_units().unwrap();
    let paths: Vec<_> = units.iter().map(|unit| unit.path.as_str()).collect();
    let expected =
        ["", "Infrastructure", "Security", "Workloads", "Workloads/Development", "Workloads/Production"];
    assert_eq!(paths[..6], expected);
    assert!(units[0].id.starts_with("r-") && units[1].id.starts_with("ou-"));
    assert_eq!(store.accounts_in(&units[5].id, "", 100).unwrap().len(), 3);
    assert_eq!(store.account("900000000001").unwrap().unwrap().ou, "Root");
}

#[test]
fn applying_twice_changes_nothing_the_second_time() {
    let rig = Rig::new();
    assert_eq!(rig.instance.plan(&sample()).unwrap(), []);
    assert_eq!(rig.instance.apply(&sample(), None).unwrap(), []);
    assert!(rig.instance.store.audit_trail().is_empty());
    assert!(told(&[]).starts_with("Nothing to change"));
}

#[test]
fn a_plan_says_what_applying_does_and_does_nothing() {
    let rig = Rig::new();
    let mut next = sample();
    next.settings.name = "Acme Ltd".to_owned();
    next.users.remove("alex");
    let sam = next.users.get_mut("sam").unwrap();
    sam.display_name = "Samantha Sample".to_owned();
    sam.profile.cost_center = Some("4711".to_owned());
    sam.groups = vec!["finance".to_owned()];
    let set = next.permission_sets.get_mut("ReadOnly").unwrap();
    set.policies.managed.push("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned());
    next.assignments.pop();
    next.applications.get_mut("On-call").unwrap().principals.pop();
    let planned = rig.instance.plan(&next).unwrap();
    assert_eq!(rig.user("sam").display_name, "Sam Sample", "a plan changes nothing");
    let applied = rig.instance.apply(&next, None).unwrap();
    assert_eq!(planned, applied);
    assert_eq!(
        told(&applied),
        "~ organisation Acme Ltd\n    name: \"Acme\" -> \"Acme Ltd\"\n- user alex\n~ user sam\n    \
         display_name: \"Sam Sample\" -> \"Samantha Sample\"\n    \
         groups: \"engineering, platform\" -> \"finance\"\n    cost_center: \"4711\"\n\
         ~ permission set ReadOnly\n    managed_policies: \"arn:aws:iam::aws:policy/ReadOnlyAccess\"\n\
         - assignment ReadOnly in 111122225555 for user kim\n\
         ~ application On-call\n    assigned: \"group engineering, group platform\" -> \"group engineering\"\n\
         0 to create, 4 to change, 2 to delete.\n"
    );
    assert_eq!(rig.instance.settings().name, "Acme Ltd");
    assert!(rig.instance.store.user_by_login("alex").unwrap().is_none());
    assert_eq!(rig.user("sam").groups, ["finance"]);
    let events: Vec<String> = rig.instance.store.audit_trail().into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        events,
        [
            "UpdateInstance",
            "DeleteUser",
            "UpdateUser",
            "UpdatePermissionSet",
            "DeleteAccountAssignment",
            "UpdateApplication"
        ]
    );
    assert_eq!(rig.instance.plan(&next).unwrap(), [], "and then everything is so");
}

#[test]
fn what_administrators_made_themselves_stays() {
    let rig = Rig::new();
    let (store, now) = (&rig.instance.store, rig.instance.now());
    let mut guest = rig.user("kim");
    (guest.id, guest.username, guest.email) =
        (rig.instance.chance.uuid(), "guest".to_owned(), "guest@acme.test".to_owned());
    assert!(store.put_user(&guest, now, &rig.entry()).unwrap());
    let finance = store.group_by_name("finance").unwrap().unwrap();
    assert!(store.add_membership("m-1", &finance.id, &rig.user("sam").id, &rig.entry()).unwrap());
    let grafana = rig.application("Grafana");
    let everybody = Principal::Group(finance.id.clone());
    assert!(store.set_application_assignment(&grafana.id, &everybody, true, &rig.entry()).unwrap());
    assert_eq!(rig.instance.apply(&sample(), None).unwrap(), []);
    assert!(store.user_by_login("guest").unwrap().is_some());
    assert_eq!(rig.user("sam").groups, ["engineering", "finance", "platform"]);
    assert!(store.is_for(&grafana, &rig.user("alex").id).unwrap());
}

#[test]
fn a_password_that_was_chosen_since_is_not_undone() {
    let rig = Rig::new();
    let sam = rig.user("sam").id;
    let store = &rig.instance.store;
    let chosen = passwords::hash(&Token::new("another one".to_owned()), &rig.instance.chance).unwrap();
    let password = Password::chosen(chosen.clone());
    store.set_passwords(&[(sam.clone(), password)], rig.instance.now(), &[]).unwrap();
    let mut next = sample();
    next.users.get_mut("sam").unwrap().display_name = "Sam S.".to_owned();
    rig.instance.apply(&next, None).unwrap();
    assert_eq!(store.password(&sam).unwrap().unwrap().hash, chosen);
    let fresh = passwords::hash(&Token::new(PASSWORD.to_owned()), &rig.instance.chance).unwrap();
    next.users.get_mut("sam").unwrap().password_hash = Some(fresh.clone());
    let changes = rig.instance.apply(&next, None).unwrap();
    assert_eq!(store.password(&sam).unwrap().unwrap().hash, fresh);
    let said = told(&changes);
    assert!(said.contains("password: \"(new)\"") && !said.contains("argon2"), "{said}");
}

#[test]
fn people_may_swap_addresses_but_not_take_somebody_elses() {
    let rig = Rig::new();
    let mut next = sample();
    let address = |name: &str| format!("{name}@acme.test");
    next.users.get_mut("sam").unwrap().email = address("kim");
    next.users.get_mut("kim").unwrap().email = address("sam");
    rig.instance.apply(&next, None).unwrap();
    assert_eq!(rig.instance.store.user_by_login("kim@acme.test").unwrap().unwrap().username, "sam");

    let mut guest = rig.user("kim");
    (guest.id, guest.username, guest.email) =
        (rig.instance.chance.uuid(), "guest".to_owned(), address("guest"));
    let now = rig.instance.now();
    assert!(rig.instance.store.put_user(&guest, now, &rig.entry()).unwrap());
    guest.id = rig.instance.chance.uuid();
    assert!(!rig.instance.store.put_user(&guest, now, &rig.entry()).unwrap(), "the name is taken");
    next.settings.name = "Other".to_owned();
    next.users.get_mut("sam").unwrap().email = address("guest");
    let refused = rig.instance.apply(&next, None).unwrap_err();
    assert!(matches!(&refused, ApplyError::Refused(_)), "{refused}");
    assert!(refused.to_string().contains("user sam"), "{refused}");
    assert_eq!(rig.instance.settings().name, "Acme", "all of it or nothing");
}

#[test]
fn who_leaves_the_file_leaves_no_trace_and_comes_back_as_somebody_with_nothing() {
    let rig = Rig::new();
    let store = &rig.instance.store;
    let sam = rig.user("sam");
    let mut without = sample();
    without.users.remove("sam");
    without.assignments.retain(|one| one.principal.to_string() != "user sam");
    rig.instance.apply(&without, None).unwrap();
    assert!(store.password(&sam.id).unwrap().is_none());
    assert!(store.assignments_of(&Principal::User(sam.id.clone())).unwrap().is_empty());
    assert!(store.accounts_of(&sam.id).unwrap().is_empty());
    let left = store.provisioned_sets("111122225555", "", 10).unwrap();
    let incident = store.permission_set_by_name("Incident15").unwrap().unwrap().arn;
    assert!(left.iter().all(|one| one.permission_set != incident), "nobody has it there any more");
    let changes = rig.instance.apply(&sample(), None).unwrap();
    let kinds: Vec<_> = changes.iter().map(|change| (change.action, change.kind)).collect();
    assert_eq!(kinds, [(Action::Create, Kind::User), (Action::Create, Kind::Assignment)]);
    assert_eq!(rig.user("sam").id, sam.id);
}

#[test]
fn a_file_is_applied_at_a_start_only_when_it_has_changed() {
    let rig = Rig::new();
    rig.instance.apply_if_changed(&sample(), "one").unwrap();
    let mut sam = rig.user("sam");
    sam.display_name = "By hand".to_owned();
    assert!(rig.instance.store.put_user(&sam, rig.instance.now(), &rig.entry()).unwrap());
    rig.instance.apply_if_changed(&sample(), "one").unwrap();
    assert_eq!(rig.user("sam").display_name, "By hand");
    rig.instance.apply_if_changed(&sample(), "two").unwrap();
    assert_eq!(rig.user("sam").display_name, "Sam Sample");
}

#[test]
fn everything_a_file_can_say_is_kept() {
    let text = r#"
name = "Acme"
region = "eu-central-1"
management_account = "111122223333"

[[user]]
username = "sam"
display_name = "Sam Sample"
email = "sam@acme.test"
enabled = false
title = "Engineer"
cost_center = "4711"
manager = "kim"

[[permission_set]]
name = "Ops"
session_duration = "PT12H"
relay_state = "https://console.aws.amazon.com/ec2"
managed_policies = ["arn:aws:iam::aws:policy/job-function/SystemAdministrator"]
customer_managed_policies = [{ name = "extra", path = "/ops/" }, { name = "more" }]
inline_policy = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotAction":["s3:*"],"Resource":"*"}}'
permissions_boundary = { customer_managed = { name = "edge" } }
tags = { team = "ops" }

[[access_control_attribute]]
key = "CostCenter"
source = ["${path:enterprise.costCenter}", "${path:title}"]
"#;
    let rig = Rig::new();
    let document = read("acme.toml", text).unwrap();
    rig.instance.apply(&document, None).unwrap();
    let sam = rig.user("sam");
    assert!(!sam.enabled);
    let known = (sam.profile.title.as_deref(), sam.profile.manager.as_deref());
    assert_eq!(known, (Some("Engineer"), Some("kim")));
    let set = rig.instance.store.permission_set_by_name("Ops").unwrap().unwrap();
    assert_eq!(set.session_duration.as_hours(), 12);
    assert_eq!(set.policies, document.permission_sets["Ops"].policies);
    assert_eq!(set.policies.customer_managed[1].path, "/");
    assert_eq!(set.tags["team"], "ops");
    let attributes = rig.instance.store.access_control_attributes().unwrap();
    assert_eq!(attributes, document.access_control_attributes);
    assert_eq!(rig.instance.plan(&document).unwrap(), []);
    let unassigned = Assignment {
        account_id: "111122223333".to_owned(),
        permission_set: set.arn,
        principal: Principal::User(sam.id),
    };
    assert!(!rig.instance.store.is_assigned(&unassigned).unwrap());
}

#[test]
fn a_plan_is_plain_whatever_a_file_calls_things() {
    let rig = Rig::new();
    let mut hostile = sample();
    hostile.groups.insert("x\u{1b}[2K\u{1b}[1A\u{202e}\"y\"".to_owned(), String::new());
    let text = told(&rig.instance.plan(&hostile).unwrap());
    assert!(text.contains("+ group x\\u{1b}[2K\\u{1b}[1A\\u{202e}\"y\"\n"), "{text:?}");
}
