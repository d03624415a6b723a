//! What the organisation decided, and what a person can set of tray and delivery.

use crate::{
    Around, UiState,
    ask::UiRequest,
    fixture::{PROD, grant, with, zone},
    ui_setup::UiLocked,
    ui_state,
    ui_state::{UiDelivery, UiDeliveryChoice},
};
use engine::{
    Snapshot,
    model::{
        code::Code,
        delivery::Delivery,
        environment::Care,
        settings::{NamedBy, Way},
    },
    request::Confirm,
};

fn of(change: impl FnOnce(&mut Snapshot)) -> UiState {
    ui_state(&with(change), &Around::default(), &zone())
}

#[test]
fn an_icon_that_is_switched_off_is_no_way_back() {
    let around = Around { tray: true, ..Around::default() };
    let off = ui_state(&with(|s| s.settings.tray.icon = false), &around, &zone());
    assert!(!off.tray, "a panel that is late to take it away does not count");
    assert!(off.closed_text.ends_with("Open it again from your applications."));
}

#[test]
fn a_name_is_typed_where_the_organisation_wants_it() {
    let grant = grant(PROD, "Administrator");
    let asked = UiRequest::OpenConsole {
        grant: (&grant).into(),
        destination: None,
        region: None,
        private: None,
        confirmed: false,
    };
    let confirm = Confirm { grant, account_name: "payments-prod".into(), instead: None, care: Care::Confirm };
    let typed = |text: &str| {
        let s = with(|s| s.policy = std::sync::Arc::new(serde_json::from_str(text).unwrap()));
        crate::dialog(&confirm, &asked, &s).typed
    };
    assert_eq!(typed("{}"), None);
    assert_eq!(typed(r#"{"safety": {"type_name": true}}"#).as_deref(), Some("payments-prod"));
}

#[test]
fn what_the_organisation_decided_is_locked_and_told() {
    let text = r#"{"refresh_lead": 30, "network": {"proxy": "http://proxy.acme.test:3128"},
        "safety": {"rules": [{"field": "name", "pattern": "^pay", "environment": "production"}],
                   "step_up": {"patterns": [{"role": "^admin"}]}}}"#;
    let state = of(|s| {
        s.policy = std::sync::Arc::new(serde_json::from_str(text).unwrap());
        let ours = || Some(("http://proxy.acme.test:3128".to_owned(), NamedBy::Settings));
        s.way = Way {
            proxy: ours(),
            no_proxy: Some((".acme.test".to_owned(), NamedBy::Settings)),
            ca_file: None,
        };
    });
    assert_eq!(state.policy.locked, [UiLocked::RefreshLead, UiLocked::Proxy]);
    assert_eq!((state.policy.rules.len(), state.policy.patterns.len()), (1, 1));
    let by: Vec<&str> = state.network.in_force.iter().map(|one| one.by.as_str()).collect();
    assert_eq!(by, ["Set by your organisation", "Set here", ""]);
    assert_eq!(of(|_| ()).policy.problem, None);
    let bad = Code::FileUnparseable {
        path: "/etc/latchkey/policy.json".into(),
        line: 3,
        what: "refresh_lead: invalid type".into(),
    };
    let problem = of(|s| s.policy_problem = Some(bad)).policy.problem.unwrap();
    assert!(
        problem.meaning.starts_with("Line 3 of /etc/latchkey/policy.json: refresh_lead: invalid type."),
        "{problem:?}"
    );
    assert!(problem.buttons.is_empty() && problem.next.contains("administrator"), "{problem:?}");
}

#[test]
fn a_new_profile_is_delivered_as_it_was_set_and_privileged_roles_stay_out_of_files() {
    let of = |delivery| {
        let state = of(|s| s.settings.default_delivery = delivery);
        let find = |it: &dyn Fn(&UiDeliveryChoice) -> bool| {
            state.deliveries.iter().filter(|one| it(one)).map(|one| one.delivery).collect::<Vec<_>>()
        };
        (find(&|one| one.usual), find(&|one| one.privileged))
    };
    let privileged = vec![UiDelivery::OnDemand];
    assert_eq!(of(Delivery::CredentialsFile), (vec![UiDelivery::CredentialsFile], privileged.clone()));
    assert_eq!(of(Delivery::SsoCache), (vec![UiDelivery::SsoCache], privileged));
}
