//! The forms of PATCH, one by one; `tests/wire/scim.rs` sends the providers' whole requests.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use super::*;

fn user() -> Attributes {
    let user = json!({
        "userName": "bjensen", "displayName": "Babs Jensen", "active": true,
        "name": { "givenName": "Barbara", "familyName": "Jensen" },
        "emails": [{ "value": "b@acme.test", "type": "work", "primary": true }],
        "title": "Engineer",
        ENTERPRISE: { "department": "Sales", "manager": { "value": "7" } },
    });
    user.as_object().unwrap().clone()
}

fn body(operations: Value) -> Value {
    [("Operations".to_owned(), operations)].into_iter().collect()
}

#[track_caller]
fn patched(operations: Value) -> Value {
    let mut user = user();
    patch(&mut user, &body(operations)).unwrap();
    Value::Object(user)
}

#[track_caller]
fn refused(operations: Value) -> Option<&'static str> {
    patch(&mut user(), &body(operations)).unwrap_err().kind()
}

#[test]
fn paths_and_members_of_a_value_say_the_same() {
    for operations in [
        json!([{ "op": "replace", "path": "title", "value": "Lead" }]),
        json!([{ "op": "Add", "path": "TITLE", "value": "Lead" }]),
        json!([{ "op": "replace", "value": { "title": "Lead", "id": "1", "schemas": [], "shoeSize": 7 } }]),
        json!([{ "op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:title", "value": "Lead" }]),
        // Entra, older.
        json!([{ "op": "Replace", "path": "title", "value": [{ "$ref": null, "value": "Lead" }] }]),
    ] {
        assert_eq!(patched(operations.clone())["title"], "Lead", "{operations}");
    }
    for operations in [
        json!([{ "op": "replace", "path": "name.familyName", "value": "Smith" }]),
        json!([{ "op": "replace", "path": "name", "value": { "familyName": "Smith" } }]),
        json!([{ "op": "Add", "value": { "name.familyName": "Smith" } }]),
        json!([{ "op": "replace", "value": { "name": { "familyName": "Smith" } } }]),
    ] {
        let name = patched(operations.clone())["name"].clone();
        assert_eq!(name, json!({ "givenName": "Barbara", "familyName": "Smith" }), "{operations}");
    }
    let department = format!("{ENTERPRISE}:department");
    for operations in [
        json!([{ "op": "replace", "path": department, "value": "Ops" }]),
        json!([{ "op": "replace", "path": ENTERPRISE, "value": { "department": "Ops" } }]),
        json!([{ "op": "replace", "value": { department: "Ops" } }]),
        json!([{ "op": "add", "value": { ENTERPRISE: { "department": "Ops" } } }]),
    ] {
        let extension = patched(operations.clone())[ENTERPRISE].clone();
        assert_eq!(extension, json!({ "department": "Ops", "manager": { "value": "7" } }), "{operations}");
    }
    let manager = format!("{ENTERPRISE}:manager");
    for value in [json!("9"), json!({ "value": "9", "displayName": "x" })] {
        let patched = patched(json!([{ "op": "Replace", "path": manager, "value": value }]));
        assert_eq!(patched[ENTERPRISE]["manager"], json!({ "value": "9" }));
    }
}

#[test]
fn words_for_yes_and_no_are_read() {
    for value in [json!(false), json!("False"), json!("false"), json!([{ "value": "False" }])] {
        let operations = json!([{ "op": "Replace", "path": "active", "value": value }]);
        assert_eq!(patched(operations)["active"], false);
    }
    assert_eq!(patched(json!([{ "op": "replace", "value": { "active": "True" } }]))["active"], true);
    assert_eq!(refused(json!([{ "op": "replace", "path": "active", "value": "no" }])), Some("invalidValue"));
    assert_eq!(refused(json!([{ "op": "replace", "path": "active", "value": 0 }])), Some("invalidValue"));
}

#[test]
fn the_one_value_of_several_is_found_by_its_type() {
    let value = |operations: Value| patched(operations)["emails"].clone();
    let path = "emails[type eq \"work\"].value";
    let other = json!([{ "value": "c@acme.test", "type": "work", "primary": true }]);
    assert_eq!(value(json!([{ "op": "replace", "path": path, "value": "c@acme.test" }])), other);
    assert_eq!(value(json!([{ "op": "replace", "path": "emails", "value": other }])), other);
    assert_eq!(value(json!([{ "op": "add", "path": "emails", "value": other }])), other);
    assert_eq!(
        value(
            json!([{ "op": "Replace", "path": "emails[primary eq \"True\"].value", "value": "c@acme.test" }])
        ),
        other
    );
    assert_eq!(value(json!([{ "op": "remove", "path": path }])), Value::Null);
    assert_eq!(value(json!([{ "op": "remove", "path": "emails[type eq \"work\"]" }])), Value::Null);
    // Another one is not this one, and one is all that is kept.
    let home = json!([{ "op": "add", "path": "emails[type eq \"home\"].value", "value": "x@acme.test" }]);
    assert_eq!(refused(home), Some("noTarget"));
    let home = json!([{ "value": "x@acme.test", "type": "home" }]);
    assert_eq!(refused(json!([{ "op": "add", "path": "emails", "value": home }])), Some("invalidValue"));
    assert_eq!(
        patched(json!([{ "op": "remove", "path": "emails[type eq \"home\"]" }]))["emails"],
        user()["emails"]
    );
    // What is not there is made as it was asked for.
    let street =
        json!([{ "op": "Add", "path": "addresses[type eq \"work\"].streetAddress", "value": "1 Way" }]);
    assert_eq!(patched(street)["addresses"], json!([{ "type": "work", "streetAddress": "1 Way" }]));
    let two = json!([{ "value": "1" }, { "value": "2" }]);
    assert_eq!(refused(json!([{ "op": "add", "path": "phoneNumbers", "value": two }])), Some("invalidValue"));
}

#[test]
fn what_aws_demands_cannot_be_removed() {
    for path in ["userName", "displayName", "active", "name", "name.givenName", "name.familyName"] {
        assert_eq!(refused(json!([{ "op": "remove", "path": path }])), Some("mutability"), "{path}");
    }
    for value in [json!(null), json!("")] {
        let operations = json!([{ "op": "replace", "path": "userName", "value": value }]);
        assert_eq!(refused(operations), Some("mutability"));
    }
    assert_eq!(refused(json!([{ "op": "replace", "path": "id", "value": "x" }])), Some("mutability"));
    assert_eq!(patched(json!([{ "op": "remove", "path": "title" }]))["title"], Value::Null);
    let path = format!("{ENTERPRISE}:manager");
    let without = patched(json!([{ "op": "Remove", "path": path }]));
    assert_eq!(without[ENTERPRISE], json!({ "department": "Sales" }));
    assert_eq!(patched(json!([{ "op": "remove", "path": ENTERPRISE }]))[ENTERPRISE], Value::Null);
}

#[test]
fn what_cannot_be_read_is_refused_with_the_reason() {
    for (operations, kind) in [
        (json!([]), "invalidSyntax"),
        (json!("x"), "invalidSyntax"),
        (json!([7]), "invalidSyntax"),
        (json!([{ "op": "move", "path": "title" }]), "invalidSyntax"),
        (json!([{ "op": "add", "path": "title" }]), "invalidSyntax"),
        (json!([{ "op": "remove" }]), "noTarget"),
        (json!([{ "op": "add", "value": "x" }]), "invalidValue"),
        (json!([{ "op": "add", "path": "shoeSize", "value": "7" }]), "invalidPath"),
        (json!([{ "op": "add", "path": "name.nick", "value": "x" }]), "invalidPath"),
        (json!([{ "op": "add", "path": "title[type eq \"x\"]", "value": "x" }]), "invalidPath"),
        (json!([{ "op": "add", "path": "emails[type ne \"x\"].value", "value": "x" }]), "invalidFilter"),
        (json!([{ "op": "add", "path": "title", "value": 7 }]), "invalidValue"),
        (json!(vec![json!({ "op": "add", "path": "title", "value": "x" }); 101]), "tooMany"),
    ] {
        assert_eq!(refused(operations.clone()), Some(kind), "{operations}");
    }
}
