//! CloudFormation templates: what they change, and what is refused where.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use super::template::{is_template, read};
use crate::{
    organisation::{Boundary, PolicyReference},
    rig::Rig,
    store::{Action, Change, Kind},
};

const ACCOUNT: &str = "111122223333";

fn template(rig: &Rig) -> String {
    let (instance, kim) = (rig.instance.addresses.instance_id(), rig.user("kim").id);
    format!(
        r#"AWSTemplateFormatVersion: 2010-09-09
Resources:
  Assignment:
    Type: AWS::SSO::Assignment
    Properties:
      InstanceArn: arn:aws:sso:::instance/{instance}
      PermissionSetArn: !GetAtt Theatre.PermissionSetArn
      PrincipalId: {kim}
      PrincipalType: USER
      TargetId: "{ACCOUNT}"
      TargetType: AWS_ACCOUNT
  Theatre:
    Type: AWS::SSO::PermissionSet
    Properties:
      InstanceArn: !Ref Attributes
      Name: Theatre
      SessionDuration: PT2H
      RelayStateType: https://console.aws.amazon.com/s3
      ManagedPolicies: [arn:aws:iam::aws:policy/ReadOnlyAccess]
      InlinePolicy:
        Version: 2012-10-17
        Statement: [{{ Effect: Deny, Action: "s3:*", Resource: "*" }}]
      CustomerManagedPolicyReferences: [{{ Name: Edge, Path: /team/ }}, {{ Name: More }}]
      PermissionsBoundary: {{ CustomerManagedPolicyReference: {{ Name: Limit }} }}
      Tags: [{{ Key: team, Value: a }}]
  Attributes:
    Type: AWS::SSO::InstanceAccessControlAttributeConfiguration
    Properties:
      InstanceArn: arn:aws:sso:::instance/{instance}
      AccessControlAttributes:
        - Key: Who
          Value: {{ Source: ["${{path:userName}}"] }}
"#
    )
}

fn apply(rig: &Rig, text: &str, rehearse: bool) -> Vec<Change> {
    let template = read(&rig.instance, "t.yaml", text).unwrap();
    rig.instance.apply_template(&template, rehearse).unwrap()
}

#[test]
fn a_template_is_planned_applied_and_then_nothing_is_left_to_do() {
    let rig = Rig::new();
    let text = template(&rig);
    let store = &rig.instance.store;
    let kim = rig.user("kim");
    let has = || {
        let sets = store.permission_sets_of(&kim.id, ACCOUNT).unwrap();
        sets.into_iter().find(|set| set.name == "Theatre")
    };
    assert!(is_template(&text) && !is_template(crate::organisation::SAMPLE));
    let planned = apply(&rig, &text, true);
    assert!(has().is_none() && store.permission_set_by_name("Theatre").unwrap().is_none());
    let applied = apply(&rig, &text, false);
    assert_eq!(planned, applied);
    let set = has().unwrap();
    assert_eq!((set.session_duration.as_hours(), set.tags["team"].as_str()), (2, "a"));
    assert!(set.policies.inline.as_ref().unwrap().contains("s3:*"));
    let reference = |path: &str, name: &str| PolicyReference { name: name.to_owned(), path: path.to_owned() };
    assert_eq!(set.policies.customer_managed, [reference("/team/", "Edge"), reference("/", "More")]);
    assert_eq!(set.policies.boundary, Some(Boundary::CustomerManaged(reference("/", "Limit"))));
    assert_eq!(rig.instance.session_tags(&kim, None).unwrap().get("Who").map(String::as_str), Some("kim"));
    let kinds: Vec<_> = applied.iter().map(|change| (change.action, change.kind)).collect();
    assert!(kinds.contains(&(Action::Create, Kind::PermissionSet)), "{kinds:?}");
    assert!(kinds.contains(&(Action::Create, Kind::Assignment)), "{kinds:?}");
    assert_eq!(apply(&rig, &text, false), []);
    let trail = store.audit_trail();
    let assigned: Vec<_> = trail.iter().filter(|(name, _)| name == "CreateAccountAssignment").collect();
    assert_eq!(assigned.len(), 1);

    // The same in JSON, with one thing changed.
    let longer = text
        .replace("!Ref Attributes", "{ Ref: Attributes }")
        .replace("PT2H", "PT4H")
        .replace("!GetAtt Theatre.PermissionSetArn", "{ \"Fn::GetAtt\": [Theatre, PermissionSetArn] }");
    let value: serde_json::Value = serde_norway::from_str(&longer).unwrap();
    let changes = apply(&rig, &serde_json::to_string_pretty(&value).unwrap(), false);
    assert_eq!((changes.len(), changes[0].action), (1, Action::Update), "{changes:?}");
    let by_arn = "{ CustomerManagedPolicyReference: { Name: Limit } }";
    let bounded = text
        .replace("PT2H", "PT4H")
        .replace(by_arn, "{ ManagedPolicyArn: arn:aws:iam::aws:policy/ReadOnlyAccess }");
    assert_eq!(apply(&rig, &bounded, false).len(), 1);
    let boundary = Boundary::Managed("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned());
    assert_eq!(has().unwrap().policies.boundary, Some(boundary), "of the other kind");
    assert_eq!(has().unwrap().session_duration.as_hours(), 4, "in force at once");
}

#[test]
fn what_cannot_be_applied_is_named_with_its_line() {
    let rig = Rig::new();
    let text = template(&rig);
    let refused = |from: &str, to: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        read(&rig.instance, "t.yaml", &changed).unwrap_err().to_string()
    };
    for (from, to, words) in [
        (
            "AWS::SSO::Assignment",
            "AWS::S3::Bucket",
            "t.yaml, line 3, field `Assignment`: is \"AWS::S3::Bucket\"",
        ),
        ("Resources:", "Outputs: {}\nResources:", "t.yaml, line 2, field `Outputs`: is not supported"),
        ("Theatre.PermissionSetArn", "Other.PermissionSetArn", "line 3, field `Assignment`: refers to Other"),
        ("!GetAtt Theatre.PermissionSetArn", "!Ref Theatre", "line 3, field `Assignment`: refers to Theatre"),
        ("!GetAtt Theatre.PermissionSetArn", "!Sub x", "the function !Sub is not supported"),
        ("PT2H", "PT2D", "line 12, field `Theatre`: 1 validation error detected: Value at 'sessionDuration'"),
        (
            "Effect: Deny",
            "Effect: No",
            "line 12, field `Theatre`: The inline policy is not valid: statement 1",
        ),
        ("Name: Theatre", "Nam: Theatre", "line 12, field `Theatre`: has the property Nam"),
        ("path:userName", "path:colour", "line 26, field `Attributes`: The source"),
        ("/team/", "team", "line 12, field `Theatre`: 1 validation error detected: Value at 'path'"),
        (
            "{ Name: Limit }",
            "{ Path: / }",
            "line 12, field `Theatre`: 1 validation error detected: Value at 'name'",
        ),
        ("TargetId: \"111122223333\"", "TargetId: x", "line 3, field `Assignment`"),
        ("instance/ssoins", "instance/other", "needs the InstanceArn"),
        (
            "    Type: AWS::SSO::Assignment",
            "    Condition: X\n    Type: AWS::SSO::Assignment",
            "has Condition",
        ),
    ] {
        let said = refused(from, to);
        assert!(said.contains(words), "{said}");
    }
    let many = |kind: &str, of: &dyn Fn(u8) -> String| {
        format!("{kind}: [{}]", (0..11).map(of).collect::<Vec<_>>().join(", "))
    };
    let both = text
        .replace(
            "ManagedPolicies: [arn:aws:iam::aws:policy/ReadOnlyAccess]",
            &many("ManagedPolicies", &|n| format!("arn:aws:iam::aws:policy/P{n}")),
        )
        .replace(
            "CustomerManagedPolicyReferences: [{ Name: Edge, Path: /team/ }, { Name: More }]",
            &many("CustomerManagedPolicyReferences", &|n| format!("{{ Name: P{n} }}")),
        );
    let said = read(&rig.instance, "t.yaml", &both).unwrap_err().to_string();
    assert!(said.contains("field `Theatre`: A permission set has at most 20 managed policies"), "{said}");
    // What is not there is found when it is applied, and nothing is done.
    let nobody = text.replace(&rig.user("kim").id, "00000000-0000-4000-8000-000000000000");
    let wanted = read(&rig.instance, "t.yaml", &nobody).unwrap();
    let error = rig.instance.apply_template(&wanted, false).unwrap_err().to_string();
    assert!(error.contains("resource Assignment: there is no user 00000000"), "{error}");
    assert!(rig.instance.store.permission_set_by_name("Theatre").unwrap().is_none());
}
