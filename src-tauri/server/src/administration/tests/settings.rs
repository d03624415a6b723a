//! Settings: what is set here, and what files set.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use super::*;
use crate::mfa::policy::{Factor, Mode, Policy, WithoutDevice};

#[tokio::test]
async fn settings_hold_from_then_on_and_a_preview_shows_what_they_do() {
    let rig = rig();
    let (ada, store) = (rig.browser_of("ada").await, &rig.instance.store);
    let path = "/admin/settings";
    let wrong =
        submit(&ada, path, "/admin/settings/mfa", &[("mode", "always"), ("without_device", "block")]).await;
    assert!(wrong.is(400).body.contains("Choose at least one kind"));
    let mfa = [("mode", "context"), ("without_device", "allow"), ("factor", "totp")];
    submit(&ada, path, "/admin/settings/mfa", &mfa).await.is(303);
    let policy = store.mfa_policy().unwrap();
    assert_eq!((policy.mode, policy.allowed.len()), (crate::mfa::policy::Mode::Context, 1));
    for bad in ["14", "129601", "x", "-5"] {
        submit(&ada, path, "/admin/settings/session", &[("session", bad)]).await.is(400);
    }
    for ends in ["15", "129600", "240"] {
        submit(&ada, path, "/admin/settings/session", &[("session", ends)]).await.is(303);
        assert_eq!(rig.instance.session_length().as_mins().to_string(), ends);
    }
    assert_eq!(rig.instance.session_length(), jiff::SignedDuration::from_hours(4));
    let wrong = [("attributes", "Centre=${path:salary}")];
    let form = submit(&ada, path, "/admin/settings/attributes", &wrong).await.is(400);
    assert!(form.body.contains("is no attribute") && form.body.contains("Centre=${path:salary}"));
    let good =
        [("attributes", "Centre=${path:enterprise.costCenter}, ${path:userName}\r\nMail=${path:title}")];
    submit(&ada, path, "/admin/settings/attributes", &good).await.is(303);
    let preview = ada.get("/admin/settings?username=SAM%40acme.test&account=111122223333").await.is(200);
    assert!(preview.body.contains("sam gets Incident15, ReadOnly in payments-prod"), "{}", preview.body);
    assert!(preview.body.contains(">Centre</td>") && preview.body.contains(">sam</td>"));
    assert!(!preview.body.contains(">Mail</td>"), "sam has no title");
    let none = ada.get("/admin/settings?username=alex&account=111122223333").await.is(200);
    assert!(none.body.contains("alex gets nothing in payments-prod"));
    let events = events_after(&rig, 0);
    let changes = [
        "PutMfaDeviceManagementForDirectory",
        "UpdateInstance",
        "UpdateInstance",
        "UpdateInstance",
        "UpdateInstanceAccessControlAttributeConfiguration",
    ];
    assert!(events.ends_with(&changes.map(str::to_owned)), "{events:?}");
}

#[tokio::test]
async fn the_organisation_is_named_here_unless_its_file_does() {
    let rig = rig();
    let (ada, path) = (rig.browser_of("ada").await, "/admin/settings");
    let before = rig.instance.store.audit_trail().len();
    let long = "x".repeat(256);
    for bad in ["", "  ", &long] {
        let form = submit(&ada, path, "/admin/settings/name", &[("name", bad)]).await.is(400);
        assert!(form.body.contains("1 to 255 characters"), "{}", form.body);
    }
    submit(&ada, path, "/admin/settings/name", &[("name", " Acme & Daughters ")]).await.is(303);
    assert_eq!(rig.instance.settings().name, "Acme & Daughters");
    assert_eq!(events_after(&rig, before), ["UpdateInstance"]);
    assert!(ada.get(path).await.is(200).body.contains("value=\"Acme &#38; Daughters\""));
    let sample = crate::organisation::sample("http://localhost:4711").unwrap();
    rig.instance.apply_if_changed(&sample, "one").unwrap();
    let page = ada.get(path).await.is(200);
    assert!(page.body.contains("Set by the organisation file, name."), "{}", page.body);
    let refused = ada.submit(&page, "/admin/settings/name", &[("name", "Other")]).await.is(400);
    assert!(refused.body.contains("The organisation file sets this"), "{}", refused.body);
    assert_eq!(rig.instance.settings().name, "Acme");
}

#[tokio::test]
async fn what_the_configuration_file_sets_is_told_and_cannot_be_changed_here() {
    let rig = rig_with(|instance| {
        instance.configured.file = "/etc/sso/server.toml".to_owned();
        instance.configured.mfa.mode = Some(Mode::Off);
        instance.configured.mfa.allowed = Some(vec![Factor::Totp]);
    });
    rig.instance.hold_to_configuration().unwrap();
    let (ada, store, path) = (rig.browser_of("ada").await, &rig.instance.store, "/admin/settings");
    let page = ada.get(path).await.is(200);
    for words in [
        "Set by the configuration file /etc/sso/server.toml, [mfa] mode",
        "Set by the configuration file /etc/sso/server.toml, [mfa] allowed",
        "<input id=\"mode\" value=\"Never\" readonly",
        "<input id=\"factor\" value=\"Authenticator apps\" readonly",
        "<select id=\"without_device\"",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let forged = [("mode", "always"), ("without_device", "block"), ("factor", "webauthn")];
    let refused = ada.submit(&page, "/admin/settings/mfa", &forged).await.is(400);
    assert!(refused.body.contains("The configuration file sets this"), "{}", refused.body);
    ada.submit(&page, "/admin/settings/mfa", &[("without_device", "block")]).await.is(303);
    // The next start.
    rig.instance.hold_to_configuration().unwrap();
    let policy = store.mfa_policy().unwrap();
    assert_eq!(
        policy,
        Policy { mode: Mode::Off, allowed: vec![Factor::Totp], without_device: WithoutDevice::Block }
    );
}

#[tokio::test]
async fn what_the_organisation_file_sets_is_told_and_what_it_leaves_out_stays() {
    let rig = rig();
    let (ada, store, path) = (rig.browser_of("ada").await, &rig.instance.store, "/admin/settings");
    let document = |more: &str| {
        let head = "name = \"Acme\"\nregion = \"eu-central-1\"\nmanagement_account = \"900000000001\"\n";
        let user = "[[user]]\nusername = \"ada\"\ndisplay_name = \"Ada\"\nemail = \"ada@acme.test\"\n";
        crate::organisation::read("acme.toml", &format!("{head}{more}{user}")).unwrap()
    };
    submit(&ada, path, "/admin/settings/session", &[("session", "240")]).await.is(303);
    submit(&ada, path, "/admin/settings/attributes", &[("attributes", "Mail=${path:userName}")])
        .await
        .is(303);
    rig.instance.apply(&document(""), None).unwrap();
    assert_eq!(rig.instance.session_length().as_hours(), 4, "it is not named, so it stays");
    let centre =
        "[[access_control_attribute]]\nkey = \"Centre\"\nsource = [\"${path:enterprise.costCenter}\"]\n";
    rig.instance.apply(&document(&format!("session_duration = \"PT12H\"\n{centre}")), None).unwrap();
    let page = ada.get(path).await.is(200);
    assert!(page.body.contains("Set by the organisation file, session_duration"), "{}", page.body);
    assert!(page.body.contains("<input id=\"session\" value=\"12 h\" readonly"), "{}", page.body);
    assert!(page.body.contains("Mail=${path:userName}</textarea>"), "{}", page.body);
    let refused = ada.submit(&page, "/admin/settings/session", &[("session", "60")]).await.is(400);
    assert!(refused.body.contains("The organisation file sets this"));
    assert_eq!(rig.instance.session_length().as_hours(), 12);
    let again = [("attributes", "Centre=${path:userName}")];
    let refused = ada.submit(&page, "/admin/settings/attributes", &again).await.is(400);
    assert!(refused.body.contains("Centre is set by the organisation file"), "{}", refused.body);
    ada.submit(&page, "/admin/settings/attributes", &[("attributes", "Title=${path:title}")]).await.is(303);
    let keys: Vec<String> =
        store.access_control_attributes().unwrap().into_iter().map(|attribute| attribute.key).collect();
    assert_eq!(keys, ["Centre", "Title"]);
    // The shortest and the longest are taken, and none beyond them.
    for (length, minutes) in [("PT15M", 15), ("PT2160H", 129_600)] {
        rig.instance.apply(&document(&format!("session_duration = \"{length}\"\n")), None).unwrap();
        assert_eq!(rig.instance.session_length().as_mins(), minutes);
    }
    rig.instance.apply(&document("session_duration = \"PT12H\"\n"), None).unwrap();
    // Once the file leaves it out, it is the administrators' again.
    rig.instance.apply(&document(""), None).unwrap();
    assert_eq!(rig.instance.session_length().as_hours(), 12);
    submit(&ada, path, "/admin/settings/session", &[("session", "60")]).await.is(303);
    assert_eq!(rig.instance.session_length().as_hours(), 1);
}
