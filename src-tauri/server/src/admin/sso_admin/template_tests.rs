//! CloudFormation templates: what they change, and what is refused where.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::collections::BTreeMap;

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
    let template = read(&rig.instance, "t.yaml", text, &BTreeMap::new()).unwrap();
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
        read(&rig.instance, "t.yaml", &changed, &BTreeMap::new()).unwrap_err().to_string()
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
        (
            "!GetAtt Theatre.PermissionSetArn",
            "!Base64 x",
            "line 3, field `Assignment`: has the function Fn::Base64, which is not supported",
        ),
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
            "refers to the condition X",
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
    let said = read(&rig.instance, "t.yaml", &both, &BTreeMap::new()).unwrap_err().to_string();
    assert!(said.contains("field `Theatre`: A permission set has at most 20 managed policies"), "{said}");
    // What is not there is found when it is applied, and nothing is done.
    let nobody = text.replace(&rig.user("kim").id, "00000000-0000-4000-8000-000000000000");
    let wanted = read(&rig.instance, "t.yaml", &nobody, &BTreeMap::new()).unwrap();
    let error = rig.instance.apply_template(&wanted, false).unwrap_err().to_string();
    assert!(error.contains("resource Assignment: there is no user 00000000"), "{error}");
    assert!(rig.instance.store.permission_set_by_name("Theatre").unwrap().is_none());
}

/// Accounts by stage, one permission set for them, and who has it where: what templates for this service look like in
/// the field, with every function and section that is known here.
const STAGES: &str = r#"AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Instance: { Type: String, MinLength: 10 }
  People: { Type: CommaDelimitedList, Default: "" }
  Stage: { Type: String, Default: production, AllowedValues: [production, development] }
  Hours: { Type: Number, Default: 4, MinValue: 1, MaxValue: 12 }
  ExistingArn: { Type: String, Default: "" }
Mappings:
  Stages:
    production: { Account: "111122223333", Policies: [arn:aws:iam::aws:policy/ReadOnlyAccess] }
    development: { Account: "111122225555", Policies: [arn:aws:iam::aws:policy/PowerUserAccess] }
Conditions:
  IsNew: !Equals ["", !Ref ExistingArn]
  HasSecond: !Not [!Equals [!Select [0, !Ref People], !Select [1, !Ref People]]]
  Both: !And [!Condition IsNew, !Condition HasSecond]
  Either: !Or [!Condition HasSecond, !Equals [!Ref Stage, nowhere]]
Resources:
  Crew:
    Type: AWS::SSO::PermissionSet
    Condition: IsNew
    Properties:
      InstanceArn: !Ref Instance
      Name: !Sub "Crew-${Stage}"
      Description: !Sub ["${Who} in ${AWS::Region}, not ${!Stage}", { Who: !Join [" ", [All, of, !Ref "AWS::AccountId"]] }]
      SessionDuration: !Sub PT${Hours}H
      ManagedPolicies: !FindInMap [Stages, !Ref Stage, Policies]
      RelayStateType: !If [IsNew, !Ref "AWS::NoValue", "https://example.com/"]
      InlinePolicy:
        Version: 2012-10-17
        Statement:
          - { Effect: Allow, Action: "s3:ListBucket", Resource: !Sub "arn:${AWS::Partition}:s3:::${!aws:username}" }
  First:
    Type: AWS::SSO::Assignment
    Properties:
      InstanceArn: !Ref Instance
      PermissionSetArn: !If [IsNew, !GetAtt Crew.PermissionSetArn, !Ref ExistingArn]
      PrincipalId: !Select [0, !Ref People]
      PrincipalType: USER
      TargetId: !FindInMap [Stages, !Ref Stage, Account]
      TargetType: !Join [_, !Split ["-", AWS-ACCOUNT]]
  Second:
    Type: AWS::SSO::Assignment
    Condition: Both
    Properties:
      InstanceArn: !Ref Instance
      PermissionSetArn: !GetAtt Crew.PermissionSetArn
      PrincipalId: !Select ["1", !Ref People]
      PrincipalType: USER
      TargetId: !FindInMap [Stages, !Ref Stage, Account]
      TargetType: AWS_ACCOUNT
"#;

#[test]
fn functions_parameters_mappings_and_conditions_are_worked_out() {
    let rig = Rig::new();
    let store = &rig.instance.store;
    let (kim, alex) = (rig.user("kim").id, rig.user("alex").id);
    let instance = rig.instance.addresses.instance_arn();
    let given = |more: &[(&str, &str)]| -> BTreeMap<String, String> {
        let all = [&[("Instance", instance.as_str())][..], more].concat();
        all.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let apply = |more: &[(&str, &str)]| -> Vec<Change> {
        let template = read(&rig.instance, "t.yaml", STAGES, &given(more)).unwrap();
        rig.instance.apply_template(&template, false).unwrap()
    };
    let both = format!("{kim}, {alex}");
    assert_eq!(apply(&[("People", &both)]).len(), 3);
    let set = store.permission_set_by_name("Crew-production").unwrap().unwrap();
    assert_eq!(set.description, "All of 900000000001 in eu-central-1, not ${Stage}");
    assert_eq!((set.session_duration.as_hours(), set.relay_state), (4, None));
    assert_eq!(set.policies.managed, ["arn:aws:iam::aws:policy/ReadOnlyAccess"]);
    assert!(set.policies.inline.unwrap().contains("arn:aws:s3:::${aws:username}"));
    let has = |user: &str, account: &str, set: &str| store.assigned(user, account, set).unwrap().is_some();
    assert!(has(&kim, "111122223333", "Crew-production") && has(&alex, "111122223333", "Crew-production"));
    assert!(apply(&[("People", &both)]).is_empty(), "it is as it says");

    // Other values, and one person who is both.
    let twice = format!("{kim},{kim}");
    assert_eq!(apply(&[("People", &twice), ("Stage", "development"), ("Hours", "2")]).len(), 2);
    assert!(has(&kim, "111122225555", "Crew-development") && !has(&alex, "111122225555", "Crew-development"));
    // A set that is there: none is made, and the assignment is of that one.
    let existing = store.permission_set_by_name("Billing").unwrap().unwrap().arn;
    let changes = apply(&[("People", &twice), ("ExistingArn", &existing), ("Stage", "development")]);
    assert_eq!((changes.len(), changes[0].kind), (1, Kind::Assignment));
    assert!(has(&kim, "111122225555", "Billing"));

    let refused = |text: &str, more: &[(&str, &str)]| {
        read(&rig.instance, "t.yaml", text, &given(more)).unwrap_err().to_string()
    };
    let good = [("People", both.as_str())];
    for (more, words) in [
        (
            &[("Stage", "test")][..],
            "line 5, field `Stage`: cannot be \"test\": it is one of production, development",
        ),
        (&[("Hours", "13")], "line 6, field `Hours`: cannot be \"13\": it is at most 12"),
        (&[("Hours", "x")], "field `Hours`: cannot be \"x\": it is a number"),
        (
            &[("Instance", "arn")],
            "line 3, field `Instance`: cannot be \"arn\": it has a length of at least 10",
        ),
        (&[("Colour", "red")], "field `Colour`: is given, and is no parameter of this template"),
        (&[("People", "one")], "line 14, field `HasSecond`: has Fn::Select of number \"1\" in a list of 1"),
    ] {
        let said = refused(STAGES, &[&good[..], more].concat());
        assert!(said.contains(words), "{said}");
    }
    let said = read(&rig.instance, "t.yaml", STAGES, &BTreeMap::new()).unwrap_err().to_string();
    assert!(
        said.contains("line 3, field `Instance`: has no Default; give it with --parameter NAME=VALUE"),
        "{said}"
    );
    for (from, to, words) in [
        (
            "Type: CommaDelimitedList",
            "Type: \"AWS::SSM::Parameter::Name\"",
            "line 4, field `People`: has the Type",
        ),
        (
            "MinLength: 10",
            "AllowedPattern: x",
            "line 3, field `Instance`: has AllowedPattern, which is not supported",
        ),
        ("!Condition IsNew, ", "!Condition Both, ", "field `Both`: goes through too many other conditions"),
        ("!Not [", "!Never [", "line 14, field `HasSecond`: is no condition"),
        ("    Condition: Both", "    Condition: None", "field `Second`: refers to the condition None"),
        (
            "[Stages, !Ref Stage, Policies]",
            "[Stages, !Ref Stage, X]",
            "field `Crew`: asks the mapping Stages for production, X",
        ),
        ("PT${Hours}H", "PT${Hour}H", "line 18, field `Crew`: refers to Hour, which is not in this template"),
        ("PT${Hours}H", "PT${HoursH", "field `Crew`: has Fn::Sub with ${ that nothing closes"),
        (
            "!Ref Instance\n      Name",
            "!ImportValue X\n      Name",
            "field `Crew`: has the function Fn::ImportValue",
        ),
        (
            "TargetId: !Find",
            "PrincipalTyp: !Sub \"${Crew.PermissionSetArn}\"\n      TargetId: !Find",
            "puts the ARN of a permission set of this template into Fn::Sub",
        ),
        (
            "TargetId: !Find",
            "Extra: !GetAtt Crew.PermissionSetArn\n      TargetId: !Find",
            "which is not known before, in Extra",
        ),
        ("Mappings:", "Rules: {}\nMappings:", "field `Rules`: is not supported here"),
        (
            "Mappings:",
            "Transform: AWS::Serverless-2016-10-31\nMappings:",
            "field `Transform`: is not supported",
        ),
    ] {
        let changed = STAGES.replacen(from, to, 1);
        assert_ne!(changed, STAGES, "{from}");
        let said = refused(&changed, &good);
        assert!(said.contains(words), "{said}");
    }
}
