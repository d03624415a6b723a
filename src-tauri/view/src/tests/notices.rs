use crate::{
    fixture::{DEV, codes, grant, minutes, now, zone},
    notification::{Text, Urgency, pressed, text},
};
use engine::model::{
    code::Code,
    ids::{OrgId, ProfileName},
    notice::{Notice, Pressed},
};

pub(super) fn all() -> Vec<Notice> {
    let (org, org_name) = (OrgId::new("acme"), "Acme".to_owned());
    let profile = || ProfileName::new("pay-dev");
    let mut all = vec![
        Notice::SignInEnding {
            org: org.clone(),
            org_name: org_name.clone(),
            ends: minutes(15),
            profiles: ["pay-dev", "pay-ro", "data"].map(ProfileName::new).to_vec(),
        },
        Notice::SignInEnded {
            org: org.clone(),
            org_name: org_name.clone(),
            at: now(),
            profiles: vec![
                (ProfileName::new("data"), None),
                (profile(), Some(minutes(24))),
                (ProfileName::new("pay-ro"), Some(minutes(30))),
            ],
        },
        Notice::ProfilesExpired { org: org.clone(), at: now(), profiles: vec![profile()] },
        Notice::RefreshFailing {
            profile: profile(),
            expires: minutes(9),
            failing_since: minutes(-10),
            code: Code::NoAnswer { host: "portal".into() },
        },
        Notice::AccessRemoved {
            profile: profile(),
            grant: grant(DEV, "PowerUser"),
            account_name: "payments-dev".into(),
            expires: Some(minutes(20)),
        },
        Notice::Conflict { profile: profile() },
        Notice::Revoked { org, org_name, at: minutes(-1) },
        Notice::ClockSkew { seconds: -660 },
    ];
    all.extend(codes().into_iter().map(|code| Notice::LaunchFailed {
        grant: grant(DEV, "PowerUser"),
        account_name: "payments-dev".into(),
        code,
    }));
    all
}

fn shown(notice: &Notice) -> Text {
    text(notice, false, now(), &zone())
}

#[test]
fn the_catalogues_words() {
    let words: Vec<_> = all().iter().take(8).map(|n| (shown(n).title, shown(n).body)).collect();
    let words: Vec<_> = words.iter().map(|(title, body)| (title.as_str(), body.as_str())).collect();
    assert_eq!(
        words,
        [
            ("Sign-in to Acme ends in 15 min", "3 profiles stop refreshing at 11:33."),
            (
                "Sign in to Acme again",
                "data and 2 more stopped refreshing. pay-dev works for another 24 min."
            ),
            ("pay-dev has expired", "Tools that use it get errors until you sign in."),
            (
                "pay-dev may stop working at 11:27",
                "The portal has not answered since 11:08. Latchkey keeps trying."
            ),
            ("Access to payments-dev, PowerUser was removed", "pay-dev works until 11:38."),
            ("Another program changed pay-dev", "Latchkey stopped refreshing it."),
            ("Latchkey stopped for your safety", "Acme ended your sign-in at 11:17."),
            ("Your computer's clock is 11 min slow", "AWS refuses requests until it is set."),
        ]
    );
}

#[test]
fn several_become_one() {
    let profiles = ["a", "b", "c"].map(ProfileName::new).to_vec();
    let notice = Notice::ProfilesExpired { org: OrgId::new("acme"), at: now(), profiles };
    assert_eq!(shown(&notice).title, "3 profiles have expired");
    assert_eq!(shown(&notice).body, "Tools that use them get errors until you sign in.");
}

#[test]
fn hidden_details_name_nobody() {
    for notice in all() {
        let hidden = text(&notice, true, now(), &zone());
        assert_eq!(hidden.title, "Latchkey needs you");
        let all = format!("{}{}", hidden.title, hidden.body);
        for name in ["Acme", "pay", "payments", "PowerUser"] {
            assert!(!all.contains(name), "{all} names {name}");
        }
        assert_eq!(hidden.actions, shown(&notice).actions);
    }
}

#[test]
fn no_number_or_address_on_a_locked_screen() {
    for notice in all() {
        let text = shown(&notice);
        let all = format!("{} {}", text.title, text.body);
        assert!(!all.contains(DEV) && !all.contains("4444-5555") && !all.contains('@'), "{all}");
    }
}

#[test]
fn at_most_two_buttons_and_each_means_something() {
    for notice in all() {
        let text = shown(&notice);
        assert!((1..=2).contains(&text.actions.len()));
        for action in text.actions {
            assert!(pressed(action.id).is_some(), "{}", action.id);
        }
    }
    assert_eq!(pressed("default"), Some(Pressed::Body));
    assert_eq!(pressed("sign_in"), Some(Pressed::SignIn));
    assert_eq!(pressed("anything"), None);
    assert_eq!(shown(&all()[1]).urgency, Urgency::TimeSensitive);
}
