//! Organisation files and what gets tokens: applications of OAuth 2.0 and the issuers whose tokens they bring.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::{Value, json};

use crate::{
    applying::Told,
    domain::integration::{AUTHORIZATION_CODE, IAM, JWT_BEARER, REFRESH_TOKEN},
    oidc::trusted::arn_prefix,
    organisation::read,
    rig::Rig,
    store::{Action, Change, Kind, Permission, TrustedIssuer},
};

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sso-oauth:CreateTokenWithIAM","Resource":"*"}]}"#;

fn text(rest: &str) -> String {
    format!(
        r#"
name = "Acme"
region = "eu-central-1"
management_account = "111122223333"
{rest}"#
    )
}

fn whole() -> String {
    text(&format!(
        r#"
[[trusted_token_issuer]]
name = "Corp"
issuer_url = "https://idp.acme.test"
claim = "email"
attribute = "emails.value"

[[application]]
name = "Query"
[application.oauth]
assignment_required = false
actor_policy = '{POLICY}'
[application.oauth.grants]
refresh_token = true
authorization_code = {{ redirect_uris = ["https://query.acme.test/back"] }}
jwt_bearer = {{ Corp = ["query", "spare"] }}
[application.oauth.scopes]
"lake:read" = ["Lake"]
"query:run" = []

[[application]]
name = "Lake"
url = "https://lake.acme.test/"
[application.oauth]
grants.token_exchange = true
scopes = {{ "lake:read" = ["*"] }}
"#
    ))
}

fn apply(rig: &Rig, text: &str) -> Vec<Change> {
    let document = read("acme.toml", text).unwrap();
    let planned = rig.instance.plan(&document).unwrap();
    let applied = rig.instance.apply(&document, None).unwrap();
    assert_eq!(planned, applied);
    assert_eq!(rig.instance.plan(&document).unwrap(), [], "it is as the file says");
    applied
}

/// All that an application may of a kind.
fn may(rig: &Rig, name: &str, permission: Permission) -> Vec<(String, Value)> {
    let id = rig.application(name).id;
    rig.instance.store.application_permissions(&id, permission, "", 20).unwrap()
}

fn is_for_all_and_listed(rig: &Rig, name: &str) -> (bool, bool) {
    let record = rig.instance.store.application_record(&rig.application(name).id).unwrap().unwrap();
    (!record.assignment_required, record.visible)
}

#[test]
fn grants_scopes_and_issuers_are_as_the_file_says() {
    let rig = Rig::new();
    let store = &rig.instance.store;
    let changes = apply(&rig, &whole());
    let told = Told(&changes).to_string();
    for words in [
        "+ trusted token issuer Corp\n    issuer_url: \"https://idp.acme.test\"",
        "+ application Query\n    actor_policy:",
    ] {
        assert!(told.contains(words), "{told}");
    }
    let corp = store.trusted_issuers("", 10).unwrap().pop().unwrap();
    assert!(corp.id.starts_with("tti-") && corp.id.len() == 40, "{}", corp.id);
    let arn = format!("{}{}", arn_prefix(&rig.instance), corp.id);
    let grants = may(&rig, "Query", Permission::Grant);
    let names: Vec<_> = grants.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [AUTHORIZATION_CODE, REFRESH_TOKEN, JWT_BEARER]);
    let taken = json!([{ "TrustedTokenIssuerArn": arn, "AuthorizedAudiences": ["query", "spare"] }]);
    assert_eq!(grants[2].1, json!({ "JwtBearer": { "AuthorizedTokenIssuers": taken } }));
    let scopes = may(&rig, "Query", Permission::Scope);
    let lake = format!(
        "arn:aws:sso::111122223333:application/{}/{}",
        rig.instance.addresses.instance_id(),
        rig.application("Lake").id
    );
    assert_eq!(scopes, [("lake:read".to_owned(), json!([lake])), ("query:run".to_owned(), Value::Null)]);
    let everyone = json!([rig.instance.addresses.instance_arn()]);
    assert_eq!(may(&rig, "Lake", Permission::Scope), [("lake:read".to_owned(), everyone)]);
    assert_eq!(may(&rig, "Query", Permission::Authentication)[0].0, IAM);
    // One leads nowhere, and is in no portal; it needs no assignment.
    assert_eq!(is_for_all_and_listed(&rig, "Query"), (true, false));
    assert_eq!(is_for_all_and_listed(&rig, "Lake"), (false, true));
    let trail = store.audit_trail();
    assert_eq!(trail.iter().filter(|(name, _)| name == "CreateTrustedTokenIssuer").count(), 1);

    // What somebody gave an application besides is taken away, and so is what the file no longer says.
    let given = json!({ "TokenExchange": {} });
    let query = rig.application("Query").id;
    let grant = ("urn:ietf:params:oauth:grant-type:token-exchange", &given);
    assert!(store.put_application_permission(&query, Permission::Grant, grant, &rig.entry()).unwrap());
    let less = whole().replace("\"query:run\" = []\n", "").replace("assignment_required = false\n", "");
    let changes = apply(&rig, &less);
    let told = Told(&changes).to_string();
    let fields: Vec<_> = changes[0].fields.iter().map(|field| field.field).collect();
    assert_eq!((changes.len(), &*fields), (1, &["grants", "scopes", "assignment_required"][..]), "{told}");
    assert_eq!((changes[0].action, changes[0].kind), (Action::Update, Kind::Application));
    assert_eq!(may(&rig, "Query", Permission::Scope).len(), 1);
    assert_eq!(may(&rig, "Query", Permission::Grant).len(), 3);
    assert_eq!(is_for_all_and_listed(&rig, "Query"), (false, false));
}

#[test]
fn what_a_file_brought_and_no_longer_names_goes_with_what_it_may() {
    let rig = Rig::new();
    let store = &rig.instance.store;
    // An administrator's own stays throughout.
    let own = TrustedIssuer {
        id: "tti-00000000-0000-4000-8000-000000000001".to_owned(),
        name: "Own".to_owned(),
        issuer_url: "https://own.acme.test".to_owned(),
        claim_path: "sub".to_owned(),
        attribute_path: "userName".to_owned(),
        created: rig.instance.now(),
    };
    assert!(store.add_trusted_issuer(&own, ("own", &Default::default()), &rig.entry()).unwrap());
    apply(&rig, &whole());
    let link = whole().split("[[application]]\nname = \"Query\"").next().unwrap().to_owned()
        + "[[application]]\nname = \"Lake\"\nurl = \"https://lake.acme.test/\"\n";
    let told = Told(&apply(&rig, &link)).to_string();
    assert!(
        told.contains("- application Query") && told.contains("~ application Lake\n    grants:"),
        "{told}"
    );
    assert!(
        may(&rig, "Lake", Permission::Grant).is_empty() && may(&rig, "Lake", Permission::Scope).is_empty()
    );
    assert_eq!(is_for_all_and_listed(&rig, "Lake"), (false, true));

    // Another address is another issuer under the same name.
    let moved = link.replace("idp.acme", "idp2.acme");
    let told = Told(&apply(&rig, &moved)).to_string();
    assert!(told.contains("~ trusted token issuer Corp\n    issuer_url: \"https://idp.acme.test\" -> \"https://idp2.acme.test\""), "{told}");
    let clash = read("acme.toml", &link.replace("idp.acme", "own.acme")).unwrap();
    let refused = rig.instance.apply(&clash, None).unwrap_err().to_string();
    assert!(refused.contains("trusted token issuer Corp cannot be kept"), "{refused}");

    let changes = apply(&rig, &text(""));
    assert!(changes.iter().any(|it| (it.action, it.kind) == (Action::Delete, Kind::TrustedTokenIssuer)));
    let left: Vec<_> = store.trusted_issuers("", 10).unwrap().into_iter().map(|issuer| issuer.name).collect();
    assert_eq!(left, ["Own"]);
}
