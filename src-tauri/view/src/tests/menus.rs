use crate::{
    fixture::{
        DEV, LAB, PROD, account, app, application, grant, minutes, now, profile, signed_in, snapshot, with,
        zone,
    },
    menu::{Entry, Intent, Menu, Platform, menu},
};
use engine::{
    Request, Snapshot,
    model::{
        application::Applications,
        ids::{OrgId, ProfileName},
        profile::State,
        settings::Pause,
        sign_in::{Ended, SignIn},
        tray::TrayOptions,
    },
    request::Show,
    snapshot::UpdateNow,
};
use std::sync::Arc;

mod order;

/// The menu as lines: `-` for a separator, two blanks for each level, `>` for a submenu.
fn drawn(menu: &Menu) -> Vec<String> {
    fn draw(entries: &[Entry], depth: usize, lines: &mut Vec<String>) {
        let indent = "  ".repeat(depth);
        for entry in entries {
            match entry {
                Entry::Separator => lines.push(format!("{indent}-")),
                Entry::Item { label, enabled, .. } => {
                    lines.push(format!("{indent}{label}{}", if *enabled { "" } else { " (off)" }));
                }
                Entry::Submenu { label, enabled, entries, .. } => {
                    lines.push(format!("{indent}{label} >{}", if *enabled { "" } else { " (off)" }));
                    draw(entries, depth + 1, lines);
                }
            }
        }
    }
    let mut lines = Vec::new();
    draw(&menu.entries, 0, &mut lines);
    lines
}

fn of(s: &Snapshot) -> Menu {
    menu(s, &zone(), Platform::Linux)
}

fn check(s: &Snapshot, expect: &[&str]) {
    assert_eq!(drawn(&of(s)), expect);
}

#[test]
fn before_the_first_organisation() {
    let s = with(|s| s.organisations.clear());
    check(&s, &["Set up Latchkey...", "-", "Open Latchkey", "Preferences", "Quit"]);
}

#[test]
fn a_working_day() {
    let s = with(|s| {
        s.favourites =
            vec![grant(PROD, "ReadOnly").into(), app("ins-1").into(), grant(DEV, "PowerUser").into()];
        s.recents = vec![
            grant(DEV, "PowerUser").into(),
            app("ins-2").into(),
            grant(LAB, "Dev").into(),
            app("ins-9").into(),
        ];
        s.profiles = vec![
            profile("pay-dev", grant(DEV, "PowerUser"), 42, State::Fresh),
            profile("pay-ro", grant(PROD, "ReadOnly"), 30, State::Fresh),
        ];
        s.next_refresh = Some(minutes(10));
    });
    check(
        &s,
        &[
            "Acme: signed in, 6 h 12 min left",
            "2 profiles fresh, next refresh 11:28",
            "-",
            "[PROD] payments-prod, ReadOnly",
            "Grafana (app)",
            "[DEV] payments-dev, PowerUser",
            "Recent: Wiki (app)",
            "Recent: [SBX] R&&D lab, Dev",
            "-",
            "Accounts >",
            "  payments-dev [DEV] >",
            "    PowerUser (privileged)",
            "    ReadOnly",
            "  payments-prod [PROD] >",
            "    Administrator (privileged)",
            "    Developer",
            "    ReadOnly",
            "  R&&D lab [SBX], Dev",
            "  All 3 accounts...",
            "Apps >",
            "  Grafana",
            "  Wiki",
            "  All apps...",
            "Credentials >",
            "  pay-ro, fresh 30 min >",
            "    Refresh now",
            "    Pause",
            "    Copy environment",
            "    Open console",
            "    Details...",
            "  pay-dev, fresh 42 min >",
            "    Refresh now",
            "    Pause",
            "    Copy environment",
            "    Open console",
            "    Details...",
            "  Keep a profile fresh...",
            "-",
            "Refresh everything now",
            "Pause refreshing >",
            "  For 1 hour",
            "  Until tomorrow 09:00",
            "  Until I resume",
            "-",
            "Open Latchkey",
            "Preferences",
            "Sign out of Acme",
            "Quit",
        ],
    );
}

#[test]
fn a_version_that_is_ready_has_a_row_above_quit() {
    for platform in [Platform::Linux, Platform::MacOs, Platform::Windows] {
        let ready = |put_off| {
            with(|s| s.update = Some(UpdateNow { version: "1.4.2".into(), put_off, signs_out: false }))
        };
        for s in [ready(false), ready(true), Snapshot { organisations: vec![], ..ready(false) }] {
            let menu = menu(&s, &zone(), platform);
            let [.., restart, _quit] = menu.entries.as_slice() else { panic!("{menu:?}") };
            let expect = Entry::item("restart", "Restart to update to 1.4.2", Intent::Ask(Request::Restart));
            assert_eq!(*restart, expect);
        }
    }
    assert_eq!(of(&with(|_| ())).intent("restart"), None);
}

#[test]
fn signed_out_and_expired() {
    let s = with(|s| {
        s.organisations[0].sign_in = SignIn::Ended { at: minutes(-5), why: Ended::Expired };
        s.profiles = vec![profile("data-stg", grant(DEV, "PowerUser"), -5, State::Expired)];
    });
    let menu = of(&s);
    let lines = drawn(&menu);
    assert_eq!(lines[..2], ["Sign in to Acme again (ended 11:13)", "1 profile needs you: sign in"]);
    assert!(lines.contains(&"  data-stg, expired >".to_owned()));
    assert!(lines.contains(&"    Sign in and refresh".to_owned()));
    assert!(!lines.iter().any(|l| l.contains("Sign out")));
    let sign_in = Intent::Ask(Request::SignIn { org: OrgId::new("acme"), method: None });
    assert_eq!(menu.intent("status"), Some(&sign_in));
    assert_eq!(menu.intent("profile/data-stg/sign-in"), Some(&sign_in));
}

#[test]
fn a_click_carries_what_it_is_about() {
    let s = with(|s| s.favourites = vec![grant(PROD, "ReadOnly").into(), app("ins-1").into()]);
    let open = |account, role| {
        Intent::Ask(Request::OpenConsole {
            grant: grant(account, role),
            destination: None,
            region: None,
            private: false,
            confirmed: false,
        })
    };
    let menu = of(&s);
    assert_eq!(menu.intent(&format!("favourite/acme/{PROD}/ReadOnly")), Some(&open(PROD, "ReadOnly")));
    assert_eq!(menu.intent(&format!("account/acme/{LAB}/Dev")), Some(&open(LAB, "Dev")));
    assert_eq!(menu.intent("status"), Some(&Intent::Show(Show::Portal)));
    assert_eq!(menu.intent("quit"), Some(&Intent::Quit));
    assert_eq!(menu.intent("gone"), None);
    assert_eq!(menu.intent("accounts/all"), Some(&Intent::Show(Show::Search(String::new()))));
    assert_eq!(menu.intent("credentials/keep"), Some(&Intent::Show(Show::KeepFresh)));
}

#[test]
fn a_row_about_a_profile_goes_to_that_profile() {
    let row = |state: State, row: &str| {
        let s = with(|s| s.profiles = vec![profile("pay-dev", grant(DEV, "PowerUser"), 42, state)]);
        of(&s).intent(&format!("profile/pay-dev/{row}")).cloned()
    };
    let name = || ProfileName::new("pay-dev");
    assert_eq!(row(State::Fresh, "details"), Some(Intent::Show(Show::Profile(name()))));
    assert_eq!(row(State::SignInNeeded, "stop"), Some(Intent::Show(Show::StopKeeping(name()))));
    let roles = with(|s| Arc::make_mut(&mut s.organisations[0].portal).accounts[0].roles = None);
    let unknown = of(&roles).intent(&format!("account/acme/{DEV}")).cloned();
    assert_eq!(unknown, Some(Intent::ShowOf(OrgId::new("acme"), Show::Search(DEV.into()))));
}

#[test]
fn limits_hold_and_ids_are_unique() {
    let s = with(|s| {
        let roles: Vec<String> = (0..15).map(|n| format!("Role{n:02}")).collect();
        let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
        let accounts =
            (0..143).map(|n| account(&format!("{n:012}"), &format!("account-{n:03}-prod"), &roles)).collect();
        let portal = engine::model::portal::Portal {
            user_id: None,
            user: None,
            accounts,
            synced: Some(minutes(-1)),
            applications: Applications::Listed(
                (0..40)
                    .map(|n| application(&format!("ins-{n}"), &format!("{n} {}", "x".repeat(60))))
                    .collect(),
            ),
            changes: vec![],
            app_changes: vec![],
        };
        s.organisations[0].portal = Arc::new(portal);
        s.favourites = (0..9).map(|n| grant(&format!("{n:012}"), "Role00").into()).collect();
        s.recents = (130..140).map(|n| grant(&format!("{n:012}"), "Role14").into()).collect();
        s.launched = Arc::new(s.recents.iter().map(|target| (target.clone(), now())).collect());
        s.profiles = (0..12)
            .map(|n| profile(&format!("p{n}"), grant("000000000001", "Role00"), 42, State::Fresh))
            .collect();
    });
    let menu = of(&s);
    fn walk(entries: &[Entry], depth: usize, ids: &mut Vec<String>) {
        let rows = entries.iter().filter(|e| **e != Entry::Separator).count();
        assert!(rows <= if depth == 0 { 21 } else { 20 }, "{rows} rows at depth {depth}");
        assert!(depth <= 2, "two submenu levels at most");
        for entry in entries {
            match entry {
                Entry::Separator => {}
                Entry::Item { id, label, .. } => {
                    assert!(label.chars().count() <= 44, "{label}");
                    ids.push(id.clone());
                }
                Entry::Submenu { id, label, entries, .. } => {
                    assert!(label.chars().count() <= 44, "{label}");
                    ids.push(id.clone());
                    walk(entries, depth + 1, ids);
                }
            }
        }
    }
    let mut ids = Vec::new();
    walk(&menu.entries, 0, &mut ids);
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "two rows share an id");
    let lines = drawn(&menu);
    assert_eq!(lines.iter().filter(|l| l.starts_with("[PROD]")).count(), 6);
    assert_eq!(lines.iter().filter(|l| l.starts_with("Recent:")).count(), 2);
    assert!(lines.contains(&"  All 143 accounts...".to_owned()));
    assert!(lines.contains(&"    More...".to_owned()));
    // Used lately, so it is among the nineteen, in its place from A to Z.
    assert!(lines.contains(&"  account-139-prod [PROD] >".to_owned()));
}

#[test]
fn long_names_leave_what_is_said_of_them() {
    let long = "n".repeat(60);
    let s = with(|s| {
        s.organisations[0].organisation.name.clone_from(&long);
        let role = "r".repeat(32 - 5) + "Admin";
        let id = engine::model::ids::RoleName::new(role.as_str());
        Arc::make_mut(&mut s.organisations[0].portal).accounts[0].roles = Some(vec![id.clone(), id]);
        s.profiles = vec![profile(&long, grant(PROD, "Administrator"), 48, State::Fresh)];
    });
    let lines = drawn(&of(&s));
    for line in &lines {
        let label = line.trim_start().trim_end_matches(" >").trim_end_matches(" (off)");
        assert!(label.chars().count() <= crate::menu::LONGEST, "{label}");
    }
    assert!(lines[0].ends_with(": signed in, 6 h 12 min left"), "{}", lines[0]);
    assert!(lines[1].ends_with(" active in production, 48 min"), "{}", lines[1]);
    assert!(lines.iter().any(|l| l.ends_with("Admin (privileged)")), "{lines:?}");
    assert!(lines.iter().any(|l| l.ends_with(", fresh 48 min >")), "{lines:?}");
}

#[test]
fn a_role_that_was_taken_away_is_no_row() {
    let s = with(|s| {
        s.favourites = vec![grant(PROD, "Gone").into(), grant(PROD, "ReadOnly").into()];
        s.recents = vec![grant("000000000000", "ReadOnly").into(), app("ins-9").into()];
    });
    let lines = drawn(&of(&s));
    assert!(!lines.iter().any(|l| l.contains("Gone") || l.starts_with("Recent")));
}

#[test]
fn paused_and_platform_words() {
    let s = with(|s| s.pause = Some(Pause { until: Some(minutes(1302)) }));
    let lines = drawn(&of(&s));
    assert!(lines.contains(&"Resume refreshing (paused until Wed 09:00)".to_owned()), "{lines:?}");
    let last = |platform| drawn(&menu(&snapshot(), &zone(), platform)).pop().unwrap();
    assert_eq!(last(Platform::Linux), "Quit");
    assert_eq!(last(Platform::Windows), "Exit Latchkey");
    assert_eq!(last(Platform::MacOs), "Quit Latchkey");
}

#[test]
fn live_systems_that_stand_open_are_named() {
    let s = with(|s| {
        s.organisations[0].sign_in = signed_in();
        s.profiles = vec![profile("pay-admin", grant(PROD, "Administrator"), 48, State::Fresh)];
    });
    assert_eq!(drawn(&of(&s))[1], "pay-admin active in production, 48 min");
}

#[test]
fn rows_stay_the_same_when_only_time_passes() {
    let ids = |s: &Snapshot| {
        of(s)
            .entries
            .iter()
            .map(|e| match e {
                Entry::Separator => String::new(),
                Entry::Item { id, .. } | Entry::Submenu { id, .. } => id.clone(),
            })
            .collect::<Vec<_>>()
    };
    let early = with(|s| s.profiles = vec![profile("pay-dev", grant(DEV, "PowerUser"), 42, State::Fresh)]);
    let late = with(|s| s.profiles = vec![profile("pay-dev", grant(DEV, "PowerUser"), 8, State::Fresh)]);
    assert_ne!(of(&early), of(&late));
    assert_eq!(ids(&early), ids(&late));
}

/// On Linux the panel shows what was painted, so that what opening may take is what making it takes.
#[test]
fn the_menu_of_a_thousand_accounts_takes_no_longer_than_opening_may() {
    let roles =
        ["Administrator", "Billing", "Developer", "Incident", "Owner", "PowerUser", "ReadOnly", "Sre"];
    let s = with(|s| {
        let id = |n: u32| format!("{:012}", 100_000_000_000_u64 + u64::from(n));
        let accounts = (0..1000).map(|n| account(&id(n), &format!("account-{n:04}-prod"), &roles)).collect();
        Arc::make_mut(&mut s.organisations[0].portal).accounts = accounts;
        let last = |n: u32| grant(&id(999 - n), "Administrator");
        s.favourites = (0..20).map(|n| last(n).into()).collect();
        s.profiles = (0..20).map(|n| profile(&format!("p{n}"), last(n), 42, State::Fresh)).collect();
    });
    // The quickest of some: this machine does other things too.
    let took = (0..5).map(|_| {
        let begun = std::time::Instant::now();
        assert!(drawn(&of(&s)).len() > 20);
        begun.elapsed()
    });
    let took = took.min().unwrap();
    assert!(took.as_millis() < 100, "{took:?}");
}

#[test]
fn apps_have_a_row_each_and_the_portal_where_they_are_not_listed() {
    let many = with(|s| {
        let app = |n: u32| application(&format!("ins-{n}"), &format!("App {n:02}"));
        Arc::make_mut(&mut s.organisations[0].portal).applications =
            Applications::Listed((0..20).map(app).rev().collect());
    });
    let menu = of(&many);
    let lines = drawn(&menu);
    let at = lines.iter().position(|l| l == "Apps >").unwrap();
    assert_eq!((lines[at + 1].as_str(), lines[at + 15].as_str()), ("  App 00", "  App 14"));
    assert_eq!(lines[at + 16], "  All apps...");
    assert_eq!(menu.intent("app/acme/ins-3"), Some(&Intent::Ask(Request::OpenApp(app("ins-3")))));
    assert_eq!(menu.intent("apps/all"), Some(&Intent::Show(Show::Apps)));
    let of_state = |applications| {
        of(&with(|s| Arc::make_mut(&mut s.organisations[0].portal).applications = applications))
    };
    let unlisted = of_state(Applications::NotListed);
    assert!(drawn(&unlisted).contains(&"  Open the portal of Acme".to_owned()));
    let portal = Intent::Ask(Request::OpenPortal(OrgId::new("acme")));
    assert_eq!(unlisted.intent("apps/portal/acme"), Some(&portal));
    for none in [Applications::Unknown, Applications::Listed(vec![])] {
        let apps = of_state(none)
            .entries
            .into_iter()
            .find(|e| matches!(e, Entry::Submenu { id, .. } if id == "apps"));
        assert!(matches!(apps, Some(Entry::Submenu { enabled: false, .. })), "{apps:?}");
    }
}

/// The same organisation for another user, named as the engine names it then.
fn two_users() -> Snapshot {
    with(|s| {
        let mut kim = s.organisations[0].clone();
        s.organisations[0].organisation.name = "Acme (sam)".into();
        kim.organisation.id = OrgId::new("kim");
        kim.organisation.name = "Acme (kim)".into();
        let mut portal = (*kim.portal).clone();
        portal.accounts = vec![
            account(DEV, "payments-dev", &["PowerUser"]),
            account("123456789012", "storefront-dev", &["PowerUser"]),
        ];
        portal.applications =
            Applications::Listed(vec![application("ins-1", "Grafana"), application("ins-9", "Rota")]);
        kim.portal = Arc::new(portal);
        s.organisations.push(kim);
    })
}

#[test]
fn an_organisation_is_named_only_where_two_rows_would_read_the_same() {
    let of_kim = |mut grant: engine::model::ids::Grant| {
        grant.org = OrgId::new("kim");
        grant
    };
    let mut s = two_users();
    s.favourites = vec![
        grant(DEV, "PowerUser").into(),
        grant(PROD, "ReadOnly").into(),
        of_kim(grant(DEV, "PowerUser")).into(),
        of_kim(grant("123456789012", "PowerUser")).into(),
        app("ins-1").into(),
        engine::model::ids::AppRef { org: OrgId::new("kim"), ..app("ins-1") }.into(),
    ];
    let lines = drawn(&of(&s));
    let has = |wanted: &[&str]| {
        for line in wanted {
            assert_eq!(lines.iter().filter(|l| l.trim() == *line).count(), 1, "{line} in {lines:#?}");
        }
    };
    // Favourites, roles and apps of both.
    has(&[
        "[DEV] payments-dev, PowerUser - Acme (sam)",
        "[DEV] payments-dev, PowerUser - Acme (kim)",
        "[PROD] payments-prod, ReadOnly",
        "[DEV] storefront-dev, PowerUser",
        "Grafana (app) - Acme (sam)",
        "Grafana (app) - Acme (kim)",
    ]);
    // The submenus.
    has(&[
        "payments-dev [DEV] - Acme (sam) >",
        "payments-dev [DEV], PowerUser - Acme (kim)",
        "payments-prod [PROD] >",
        "Grafana - Acme (sam)",
        "Grafana - Acme (kim)",
        "Wiki",
        "Rota",
    ]);
    // Alone, nothing is named.
    s.favourites = vec![grant(DEV, "PowerUser").into()];
    assert!(drawn(&of(&s)).contains(&"[DEV] payments-dev, PowerUser".to_owned()));
}

#[test]
fn of_several_organisations_one_is_chosen_and_the_first_rows_speak_of_it() {
    let mut s = two_users();
    s.organisations[1].sign_in = SignIn::SignedOut;
    let menu = of(&s);
    let lines = drawn(&menu);
    assert_eq!(
        lines[..4],
        [
            "Acme (sam): signed in, 6 h 12 min left",
            "Organisation: Acme (sam) >",
            "  Acme (sam): signed in, 6 h 12 min left",
            "  Acme (kim): signed out",
        ]
    );
    let marks = |menu: &Menu| {
        let submenu = menu.entries.iter().find_map(|entry| match entry {
            Entry::Submenu { id, entries, .. } if id.starts_with("organisations/") => Some(entries.clone()),
            _ => None,
        });
        let mark = |entry: &Entry| match entry {
            Entry::Item { checked, .. } => *checked,
            _ => None,
        };
        submenu.unwrap().iter().map(mark).collect::<Vec<_>>()
    };
    assert_eq!(marks(&menu), [Some(true), Some(false)]);
    let choose = Intent::Ask(Request::Choose(OrgId::new("kim")));
    assert_eq!(menu.intent("organisation/kim"), Some(&choose));
    assert!(lines.contains(&"Sign out of Acme (sam)".to_owned()));
    assert!(lines.contains(&"  All accounts of Acme (sam)...".to_owned()), "{lines:#?}");

    // The other one: what the first row does is of it, and no row of the first one's name does that.
    s.chosen = Some(OrgId::new("kim"));
    s.organisations[0].sign_in = SignIn::Ended { at: minutes(-5), why: Ended::Expired };
    let menu = of(&s);
    let lines = drawn(&menu);
    assert_eq!(lines[..2], ["Sign in to Acme (kim)...", "Organisation: Acme (kim) (1 needs you) >"]);
    assert_eq!(lines[2], "  Acme (sam): sign-in ended 11:13");
    assert_eq!(marks(&menu), [Some(false), Some(true)]);
    let sign_in = Intent::Ask(Request::SignIn { org: OrgId::new("kim"), method: None });
    assert_eq!((menu.intent("status/kim"), menu.intent("status/acme")), (Some(&sign_in), None));
    assert!(!lines.iter().any(|line| line.starts_with("Sign out")), "kim is not signed in: {lines:#?}");

    // One that is gone leaves the first.
    s.chosen = Some(OrgId::new("gone"));
    assert_eq!(drawn(&of(&s))[1], "Organisation: Acme (sam) >");
}

#[test]
fn a_long_name_leaves_room_for_who_needs_the_person() {
    let mut s = two_users();
    s.organisations[0].organisation.name = "n".repeat(60);
    s.organisations[1].sign_in = SignIn::Ended { at: minutes(-5), why: Ended::Expired };
    let line = drawn(&of(&s)).swap_remove(1);
    assert!(line.starts_with("Organisation: nn") && line.ends_with("nn (1 needs you) >"), "{line}");
    assert!(line.trim_end_matches(" >").chars().count() <= crate::menu::LONGEST, "{line}");
}

#[test]
fn the_sample_says_first_that_nothing_real_is_there() {
    let mut s = snapshot();
    s.organisations[0].organisation.kind = engine::model::organisation::Kind::Sandbox;
    s.organisations[0].organisation.name = "Sample organisation".into();
    let first = |s: &Snapshot| drawn(&of(s)).swap_remove(0);
    assert_eq!(first(&s), "SANDBOX - signed in, 6 h 12 min left");
    assert!(crate::icon::tooltip(&s, &zone()).starts_with("Latchkey: SANDBOX - "));
    s.organisations[0].organisation.name = "Acme".into();
    assert_eq!(first(&s), "SANDBOX - Acme: signed in, 6 h 12 min left");
    s.organisations[0].organisation.name = "Sample organisation".into();
    s.organisations[0].sign_in = SignIn::SignedOut;
    assert_eq!(first(&s), "SANDBOX - Sign in to Sample organisation...");
    s.organisations[0].sign_in = SignIn::Ended { at: minutes(-5), why: Ended::Expired };
    assert_eq!(first(&s), "SANDBOX - Sign in again (ended 11:13)");
}

#[test]
fn the_menu_is_as_long_as_the_person_wants() {
    let s = |favourites, recents, accounts| {
        with(|s| {
            s.favourites = vec![grant(PROD, "ReadOnly").into(), grant(DEV, "PowerUser").into()];
            s.recents = vec![grant(LAB, "Dev").into(), app("ins-2").into()];
            let other = s.organisations[0].portal.accounts.clone();
            let many =
                (0..30).map(|n| account(&format!("9999000000{n:02}"), &format!("more-{n:02}"), &["Dev"]));
            let portal = Arc::make_mut(&mut s.organisations[0].portal);
            portal.accounts = other.into_iter().chain(many).collect();
            s.settings.tray = TrayOptions { favourites, recents, accounts, ..TrayOptions::default() };
        })
    };
    let rows = |s: &Snapshot| {
        let menu = of(s);
        let is = |entry: &&Entry, kind: &str| matches!(entry, Entry::Item { id, .. } if id.starts_with(kind));
        let count = |kind: &str| menu.entries.iter().filter(|entry| is(entry, kind)).count();
        let accounts = menu.entries.iter().find_map(|entry| match entry {
            Entry::Submenu { id, entries, .. } if id == "accounts" => Some(entries.len()),
            _ => None,
        });
        (count("favourite"), count("recent"), accounts.unwrap())
    };
    assert_eq!(rows(&s(6, 3, 20)), (2, 2, 20));
    assert_eq!(rows(&s(1, 0, 8)), (1, 0, 8));
    assert_eq!(rows(&s(0, 1, 0)), (0, 1, 5), "never fewer accounts than five");
}
