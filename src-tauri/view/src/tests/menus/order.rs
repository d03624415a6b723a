//! Which accounts the menu shows first, and what a row says without a network.

use super::*;

#[test]
fn the_accounts_used_most_stand_in_a_submenu_that_is_too_short_for_all() {
    let s = with(|s| {
        let accounts = (0..143)
            .map(|n| account(&format!("{n:012}"), &format!("account-{n:03}-dev"), &["Dev"]))
            .collect();
        let org = &mut s.organisations[0];
        org.portal = Arc::new(engine::model::portal::Portal { accounts, ..(*org.portal).clone() });
        s.favourites = vec![grant("000000000142", "Dev").into()];
        let once = |n: u32| (grant(&format!("{n:012}"), "Dev").into(), minutes(-i64::from(n)));
        let mut launched: Vec<_> = (40..60).map(once).collect();
        // Used often, though all of those above were used since.
        launched.extend((0..4).map(|_| (grant("000000000100", "Dev").into(), minutes(-1500))));
        s.launched = Arc::new(launched);
    });
    let lines = drawn(&of(&s));
    let there = |n: usize| lines.iter().any(|l| l.starts_with(&format!("  account-{n:03}-dev")));
    assert!(there(142) && there(100), "{lines:?}");
    assert!(there(40) && there(56) && !there(57), "one place each for a favourite and what is used most");
    assert!(!there(0), "what was never used stands behind");
}

#[test]
fn privileged_roles_in_production_bring_nothing_to_the_top() {
    let launches = |role: &str| {
        let all = vec![(grant(PROD, role).into(), now()), (grant(DEV, "ReadOnly").into(), minutes(-60))];
        crate::most_used::accounts(&with(|s| s.launched = Arc::new(all)))
            .iter()
            .map(|(_, account)| account.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(launches("ReadOnly"), [PROD, DEV]);
    assert_eq!(launches("Administrator"), [DEV]);
}

#[test]
fn without_a_network_no_console_opens_and_the_first_row_says_why() {
    let offline = |s: &mut Snapshot| {
        s.online = false;
        s.next_attempt = Some(s.at + jiff::SignedDuration::from_secs(20));
        s.favourites = vec![grant(PROD, "ReadOnly").into(), app("ins-1").into()];
        s.profiles = vec![profile("pay-dev", grant(DEV, "PowerUser"), 42, State::Fresh)];
    };
    let lines = drawn(&of(&with(offline)));
    assert_eq!(lines[0], "Acme: offline, signed in, 6 h 12 min left");
    for off in ["[PROD] payments-prod, ReadOnly (off)", "    ReadOnly (off)", "    Open console (off)"] {
        assert!(lines.iter().any(|l| l == off), "{off}: {lines:?}");
    }
    // The browser opens an app by itself, and refreshing says what it comes to.
    for on in ["Grafana (app)", "    Refresh now", "Refresh everything now"] {
        assert!(lines.iter().any(|l| l == on), "{on}: {lines:?}");
    }
    // Where nothing tries, the machine's word alone keeps nothing closed.
    let untried = drawn(&of(&with(|s| {
        offline(s);
        s.next_attempt = None;
    })));
    assert!(untried.iter().any(|l| l == "[PROD] payments-prod, ReadOnly"), "{untried:?}");
    // A server on this computer answers all the same.
    let here = with(|s| {
        offline(s);
        s.organisations[0].organisation.endpoints.portal = "http://127.0.0.1:4711/".parse().unwrap();
    });
    let lines = drawn(&of(&here));
    assert!(lines.iter().any(|l| l == "[PROD] payments-prod, ReadOnly"), "{lines:?}");
}
