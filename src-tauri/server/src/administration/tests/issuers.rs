//! Issuers whose tokens are believed, and how applications get tokens: by pages, as by the API.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::{
    admin::tests::{administrator, call_with},
    fetch::tests::ok,
    organisation::Application,
    store::{Permission, TrustedIssuer},
};

const LIST: &str = "/admin/settings/issuers";
const NEW: &str = "/admin/settings/issuers/new";
const ISSUER: &str = "/admin/settings/issuers/issuer";
const TOKENS: &str = "/admin/applications/tokens";

/// An OpenID provider whose discovery document leads to `jwks_uri`, or to its own keys; its address.
async fn provider(jwks_uri: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let own = address.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let n = stream.read(&mut request).await.unwrap_or_default();
            let body = if String::from_utf8_lossy(&request[..n]).starts_with("GET /keys") {
                let key = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "1", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
                json!({ "keys": [key, { "kty": "unheard of" }] })
            } else {
                json!({ "issuer": own, "jwks_uri": jwks_uri.map_or(format!("{own}/keys"), str::to_owned) })
            };
            let _ = stream.write_all(ok(&body.to_string()).as_bytes()).await;
        }
    });
    address
}

fn issuer(rig: &Rig, name: &str) -> TrustedIssuer {
    let all = rig.instance.store.trusted_issuers("", 100).unwrap();
    all.into_iter().find(|issuer| issuer.name == name).unwrap()
}

/// An issuer, as the API adds one.
pub fn trust(rig: &Rig, name: &str) -> String {
    let issuer = TrustedIssuer {
        id: format!("tti-{}", rig.instance.chance.uuid()),
        name: name.to_owned(),
        issuer_url: format!("https://{name}.idp.test"),
        claim_path: "sub".to_owned(),
        attribute_path: "userName".to_owned(),
        created: rig.instance.now(),
    };
    assert!(rig.instance.store.add_trusted_issuer(&issuer, ("", &<_>::default()), &rig.entry()).unwrap());
    issuer.id
}

#[tokio::test]
async fn an_issuer_is_tested_added_changed_and_deleted() {
    let _ = crate::install_provider();
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    assert!(ada.get("/admin/settings").await.is(200).body.contains(&format!("href=\"{LIST}\"")));
    assert!(ada.get(LIST).await.is(200).body.contains("There is no trusted token issuer"));
    let form = ada.get(NEW).await.is(200);
    let before = rig.instance.store.audit_trail().len();
    let wrong = [
        ("name", "two words"),
        ("issuer_url", "http://idp.acme.test"),
        ("claim", "1"),
        ("attribute", "shoe"),
    ];
    let refused = ada.submit(&form, NEW, &wrong).await.is(400);
    for words in
        ["A name has 1 to 255", "Enter an https URL", "A claim is", "Choose one", "value=\"two words\""]
    {
        assert!(refused.body.contains(words), "{words}: {}", refused.body);
    }
    // What a test says, of each kind of answer.
    let good = provider(None).await;
    let elsewhere = provider(Some("https://10.0.0.1/keys")).await;
    let (slash, none) = (format!("{good}/"), "https://127.0.0.1:1".to_owned());
    for (url, words) in [
        (&good, "The issuer answers, with 1 key. Nothing was saved."),
        (&elsewhere, "https://10.0.0.1/keys: 10.0.0.1 is not an address that may be fetched from here"),
        (&slash, "the issuer URL must be the same to the letter"),
        (&none, "Its keys could not be fetched: https://127.0.0.1:1/.well-known/openid-configuration"),
    ] {
        let fields = [
            ("name", "corp"),
            ("issuer_url", &**url),
            ("claim", "email"),
            ("attribute", "emails.value"),
            ("go", "test"),
        ];
        let tested = ada.submit(&form, NEW, &fields).await.is(200);
        assert!(tested.body.contains(words), "{url}: {}", tested.body);
    }
    assert_eq!(events_after(&rig, before), [""; 0], "nothing was saved");
    let fields =
        [("name", "corp"), ("issuer_url", &*good), ("claim", "email"), ("attribute", "emails.value")];
    let added = ada.submit(&form, NEW, &fields).await.is(303);
    let page = ada.get(added.header("location")).await.is(200);
    assert!(
        page.body.contains("The issuer is added") && page.body.contains("No application takes its tokens")
    );
    let taken = ada.submit(&form, NEW, &fields).await.is(400);
    assert!(taken.body.contains("has this name or issuer URL"), "{}", taken.body);
    let known = issuer(&rig, "corp");
    // The address stays, whatever a form says of it.
    let change = [
        ("id", &*known.id),
        ("name", "Corp"),
        ("issuer_url", "https://other.test"),
        ("claim", "sub"),
        ("attribute", "userName"),
    ];
    let saved = ada.submit(&page, ISSUER, &change).await.is(303);
    assert!(ada.get(saved.header("location")).await.is(200).body.contains("The changes are saved"));
    let after = issuer(&rig, "Corp");
    assert_eq!((&after.issuer_url, &*after.claim_path, &*after.attribute_path), (&good, "sub", "userName"));
    let tested = ada.submit(&page, ISSUER, &[change.as_slice(), &[("go", "test")]].concat()).await.is(200);
    assert!(tested.body.contains("The issuer answers"), "{}", tested.body);
    trust(&rig, "spare");
    let twice = [("id", &*known.id), ("name", "spare"), ("claim", "sub"), ("attribute", "userName")];
    let twice = ada.submit(&page, ISSUER, &twice).await.is(400);
    assert!(twice.body.contains("Another trusted token issuer has this name."), "{}", twice.body);
    let gone = ada.submit(&page, "/admin/settings/issuers/delete", &[("id", &known.id)]).await.is(303);
    assert!(ada.get(gone.header("location")).await.is(200).body.contains("The issuer is deleted"));
    ada.get(&format!("{ISSUER}?id={}", known.id)).await.is(404);
    let trail = rig.instance.store.audit_trail();
    let events: Vec<&str> =
        trail[before..].iter().map(|(name, _)| name.as_str()).filter(|name| *name != "Test").collect();
    assert_eq!(events, ["CreateTrustedTokenIssuer", "UpdateTrustedTokenIssuer", "DeleteTrustedTokenIssuer"]);
    let arn = format!("trustedTokenIssuer/{}/{}", rig.instance.addresses.instance_id(), known.id);
    assert!(trail[before].1["serviceEventDetails"]["resource"].as_str().unwrap().ends_with(&arn));
}

/// An application of OAuth 2.0, made on its page.
async fn application(rig: &Rig, ada: &Browser<'_>, name: &str) -> (Application, String) {
    let form = ada.get("/admin/applications/new-oauth").await.is(200);
    let made = ada.submit(&form, "/admin/applications/new-oauth", &[("name", name)]).await.is(303);
    (rig.application(name), made.header("location").to_owned())
}

#[tokio::test]
async fn an_application_of_oauth_is_made_and_is_in_the_portal_with_an_address_alone() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    let path = "/admin/applications/new-oauth";
    assert!(ada.get("/admin/applications/new").await.is(200).body.contains(&format!("href=\"{path}\"")));
    let form = ada.get(path).await.is(200);
    let long = "x".repeat(129);
    let wrong =
        ada.submit(&form, path, &[("name", ""), ("description", &long), ("url", "javascript:x")]).await;
    let wrong = wrong.is(400);
    for words in ["A name has 1 to 100", "at most 128", "not an http or https address"] {
        assert!(wrong.body.contains(words), "{words}: {}", wrong.body);
    }
    let (reports, way) = application(&rig, &ada, "Reports").await;
    let page = ada.get(&way).await.is(200);
    assert!(
        page.body.contains("Nobody may yet") && page.body.contains("How Reports gets tokens"),
        "{}",
        page.body
    );
    let record = |id: &str| rig.instance.store.application_record(id).unwrap().unwrap();
    assert!(!record(&reports.id).visible && record(&reports.id).assignment_required);
    assert!(ada.submit(&form, path, &[("name", "Reports")]).await.is(400).body.contains("has this name"));
    // With an address, the portal lists it.
    let edit = ada.get(&format!("/admin/applications/edit?id={}", reports.id)).await.is(200);
    let fields = [("name", "Reports"), ("url", "https://reports.test/")];
    ada.submit(&edit, "/admin/applications/edit", &fields).await.is(303);
    assert!(record(&reports.id).visible);
    let whole = ada.get(&format!("/admin/applications/application?id={}", reports.id)).await.is(200);
    assert!(whole.body.contains(&format!("{TOKENS}?id={}", reports.id)));
    // One that signs people in by SAML has nothing of it.
    ada.get(&format!("{TOKENS}?id={}", rig.application("Wiki").id)).await.is(404);
}

#[tokio::test]
async fn how_an_application_gets_tokens_is_set_as_the_api_sets_it() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    let (reports, way) = application(&rig, &ada, "Reports").await;
    let (twin, _) = application(&rig, &ada, "Twin").await;
    let arn = |id: &str| {
        let account = rig.instance.settings().management_account.clone();
        format!("arn:aws:sso::{account}:application/{}/{id}", rig.instance.addresses.instance_id())
    };
    let account = rig.instance.settings().management_account.clone();
    let trusted = format!(
        "arn:aws:sso::{account}:trustedTokenIssuer/{}/{}",
        rig.instance.addresses.instance_id(),
        trust(&rig, "corp")
    );
    let act = async |action: &str, fields: &[(&str, &str)]| {
        let page = ada.get(&way).await.is(200);
        let fields = [[("id", reports.id.as_str())].as_slice(), fields].concat();
        ada.submit(&page, &format!("{TOKENS}/{action}"), &fields).await
    };
    let before = rig.instance.store.audit_trail().len();
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{account}:user/robot") },
        "Action": "sso-oauth:CreateTokenWithIAM", "Resource": "*" }] });
    let conditioned = policy.to_string().replace("\"Resource\":\"*\"", "\"Condition\":{}");
    let many = (0..11).map(|n| format!("https://app.test/{n}")).collect::<Vec<_>>().join("\n");
    for (action, fields, words) in [
        ("actors", vec![("policy", "{\n  \"Version\"\n}")], "Line 3, column 1: expected"),
        ("actors", vec![("policy", &*conditioned)], "The policy is refused: statement 1: Condition"),
        ("redirects", vec![("redirects", "/callback")], "/callback is no absolute address"),
        ("redirects", vec![("redirects", &*many)], "There are 10 addresses at most"),
        ("take", vec![("issuer", &*trusted)], "Enter 1 to 10 audiences"),
        (
            "take",
            vec![("issuer", "arn:aws:sso::1:trustedTokenIssuer/x/y"), ("audiences", "a")],
            "no such issuer",
        ),
        ("scope", vec![("scope", "a:b:c:d")], "An access scope is one to three words"),
        ("scope", vec![("scope", "a:b"), ("targets", "Nothing")], "No application is called Nothing"),
        ("people", vec![], "Choose one of these"),
    ] {
        let refused = act(action, &fields).await.is(400);
        assert!(refused.body.contains(words), "{action} {words}: {}", refused.body);
        assert!(refused.body.contains("aria-describedby=\"") && refused.body.contains("class=\"problem\""));
    }
    for grant in ["urn:ietf:params:oauth:grant-type:jwt-bearer", "implicit"] {
        act("allow", &[("grant", grant)]).await.is(404);
    }
    assert_eq!(events_after(&rig, before), [""; 0], "nothing was changed");

    act("actors", &[("policy", &policy.to_string())]).await.is(303);
    act("allow", &[("grant", "refresh_token")]).await.is(303);
    act("allow", &[("grant", "urn:ietf:params:oauth:grant-type:token-exchange")]).await.is(303);
    act("redirects", &[("redirects", "https://app.test/back\r\n\r\nhttps://app.test/back\r\napp://host/x")])
        .await
        .is(303);
    act("take", &[("issuer", &trusted), ("audiences", "old")]).await.is(303);
    act("take", &[("issuer", &trusted), ("audiences", "reports\nspare")]).await.is(303);
    act("scope", &[("scope", "reports:read"), ("targets", "Twin\n*")]).await.is(303);
    act("scope", &[("scope", "reports:none")]).await.is(303);
    act("people", &[("people", "all")]).await.is(303);
    let page = ada.get(&way).await.is(200);
    for words in [
        "reports, spare",
        "Twin, Every application",
        "Nobody else",
        ">corp</a>",
        "user/robot",
        "app://host/x",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(!page.body.contains("Nobody may yet"));
    let issuers = ada.get(&format!("{ISSUER}?id={}", trusted.rsplit_once('/').unwrap().1)).await.is(200);
    assert!(issuers.body.contains(">Reports</a>") && issuers.body.contains("1 application gets"));

    // The same by the API, for the other application.
    let robot = administrator(&rig);
    let call = async |operation: &str, mut body: Value| {
        body["ApplicationArn"] = json!(arn(&twin.id));
        let target = format!("SWBExternalService.{operation}");
        call_with(&rig, &robot, (&target, "sso"), &body.to_string(), 0, |_, _| {}).await.is(200);
    };
    let taken = json!([{ "TrustedTokenIssuerArn": trusted, "AuthorizedAudiences": ["reports", "spare"] }]);
    for (grant, value) in [
        ("refresh_token", json!({ "RefreshToken": {} })),
        ("urn:ietf:params:oauth:grant-type:token-exchange", json!({ "TokenExchange": {} })),
        (
            "authorization_code",
            json!({ "AuthorizationCode": { "RedirectUris": ["https://app.test/back", "app://host/x"] } }),
        ),
        (
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            json!({ "JwtBearer": { "AuthorizedTokenIssuers": taken } }),
        ),
    ] {
        call("PutApplicationGrant", json!({ "GrantType": grant, "Grant": value })).await;
    }
    let method = json!({ "Iam": { "ActorPolicy": policy } });
    call(
        "PutApplicationAuthenticationMethod",
        json!({ "AuthenticationMethodType": "IAM", "AuthenticationMethod": method }),
    )
    .await;
    let targets = json!([arn(&twin.id), rig.instance.addresses.instance_arn()]);
    call("PutApplicationAccessScope", json!({ "Scope": "reports:read", "AuthorizedTargets": targets })).await;
    call("PutApplicationAccessScope", json!({ "Scope": "reports:none" })).await;
    for permission in [Permission::Grant, Permission::Authentication, Permission::Scope] {
        let of = |id: &str| rig.instance.store.application_permissions(id, permission, "", 20).unwrap();
        assert_eq!(of(&reports.id), of(&twin.id), "{permission:?}");
        assert!(!of(&reports.id).is_empty());
    }
    assert!(!rig.instance.store.application_record(&reports.id).unwrap().unwrap().assignment_required);

    // And taken away.
    let before = rig.instance.store.audit_trail().len();
    act("refuse", &[("issuer", &trusted)]).await.is(303);
    act("refuse", &[("issuer", &trusted)]).await.is(303);
    act("forbid", &[("grant", "refresh_token")]).await.is(303);
    act("redirects", &[]).await.is(303);
    act("no-scope", &[("scope", "reports:read")]).await.is(303);
    act("actors", &[]).await.is(303);
    let left = |permission| {
        rig.instance.store.application_permissions(&reports.id, permission, "", 20).unwrap().len()
    };
    assert_eq!(
        (left(Permission::Grant), left(Permission::Scope), left(Permission::Authentication)),
        (1, 1, 0)
    );
    let trail = rig.instance.store.audit_trail();
    let events: Vec<&str> = trail[before..].iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        events,
        [
            "DeleteApplicationGrant",
            "DeleteApplicationGrant",
            "DeleteApplicationGrant",
            "DeleteApplicationAccessScope",
            "DeleteApplicationAuthenticationMethod",
        ]
    );
    for (name, event) in &trail[before..] {
        assert_eq!(event["serviceEventDetails"]["application"], reports.id.as_str(), "{name}");
        assert_eq!(event["additionalEventData"]["UserName"], "ada", "{name}");
    }
}

#[tokio::test]
async fn an_application_has_ten_scopes_and_ten_issuers_at_most() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    let (reports, way) = application(&rig, &ada, "Reports").await;
    let page = ada.get(&way).await.is(200);
    let prefix = format!(
        "arn:aws:sso::{}:trustedTokenIssuer/{}",
        rig.instance.settings().management_account,
        rig.instance.addresses.instance_id()
    );
    for n in 0..11 {
        let status = if n < 10 { 303 } else { 400 };
        let scope = format!("s:{n}");
        let fields = [("id", &*reports.id), ("scope", &*scope)];
        ada.submit(&page, &format!("{TOKENS}/scope"), &fields).await.is(status);
        let arn = format!("{prefix}/{}", trust(&rig, &format!("idp{n}")));
        let fields = [("id", &*reports.id), ("issuer", &*arn), ("audiences", "a")];
        ada.submit(&page, &format!("{TOKENS}/take"), &fields).await.is(status);
    }
    // What is there already can still be changed.
    let again = [("id", &*reports.id), ("scope", "s:3"), ("targets", "*")];
    ada.submit(&page, &format!("{TOKENS}/scope"), &again).await.is(303);
}

#[tokio::test]
async fn the_page_says_that_the_organisation_file_has_a_say() {
    let rig = rig();
    let ada = rig.browser_of("ada").await;
    let (own, ledger) = (application(&rig, &ada, "Reports").await.0, rig.application("Ledger"));
    for (id, is_named) in [(&own.id, false), (&ledger.id, true)] {
        let page = ada.get(&format!("{TOKENS}?id={id}")).await.is(200);
        assert_eq!(page.body.contains("The organisation file names this application"), is_named, "{id}");
    }
    let page = ada.get(&format!("{TOKENS}?id={}", ledger.id)).await.is(200);
    for words in ["/sample-apps/ledger/back", "ledger:share"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
}
