//! What the window says of the files that profiles are in.

use super::*;

#[test]
fn a_file_that_cannot_be_written_is_told_by_its_reason() {
    let full = Code::DiskFull { path: "/home/sam/.aws/credentials".into() };
    let state = of(|s| s.profiles = vec![pay_dev(State::NotWritable(full), 9)]);
    let shown = state.organisations[0].banner.clone().unwrap();
    assert_eq!((shown.kind, shown.title.as_str()), (UiBannerKind::Blocked, "The disk is full"));
    assert_eq!(shown.buttons[0].action, UiAction::Ask { request: UiRequest::RefreshAll });
}

#[test]
fn a_key_of_others_is_as_old_as_is_known_and_a_link_leads_to_where_the_file_is() {
    let key = |profile: &str, since| LongLivedKey { profile: profile.into(), mark: "x".into(), since };
    let file = of(|s| {
        s.file.foreign = vec!["old-keys".into(), "new".into(), "yesterday".into(), "terraform".into()];
        s.file.long_lived = vec![
            key("old-keys", Some(minutes(-412 * 24 * 60 - 5))),
            key("new", Some(minutes(-60))),
            key("yesterday", Some(minutes(-25 * 60))),
        ];
        s.file.target = Some("/mnt/keys/credentials".into());
    })
    .file;
    let expect = [
        "old-keys (long-lived key, here for at least 412 days)",
        "new (long-lived key)",
        "yesterday (long-lived key, here for at least 1 day)",
        "terraform",
    ];
    assert_eq!(file.foreign, expect);
    let buttons: Vec<_> = file.notes[0].buttons.iter().map(|b| b.label.as_str()).collect();
    assert_eq!(buttons, ["Continue", "Change location"]);
    assert_eq!(file.notes[0].buttons[1].action, UiAction::Settings { section: "credentials".into() });
}

#[test]
fn a_profile_that_was_never_written_may_be_asked_for_instead() {
    let path = || "/home/sam/.aws/credentials".to_owned();
    let denied = || Code::FileNotWritable { path: path(), reason: "Permission denied".into() };
    let shown = |code: Code, written: bool, config_read_only: bool| {
        let mut profile = pay_dev(State::NotWritable(code), 9);
        profile.kept.written = profile.kept.written.filter(|_| written);
        let state = of(|s| {
            s.profiles = vec![profile];
            s.file.config_read_only = config_read_only;
        });
        let problem = state.profiles[0].problem.clone().unwrap();
        (problem.buttons.into_iter().map(|b| b.label).collect::<Vec<_>>(), problem.next)
    };
    assert_eq!(shown(denied(), false, false).0, ["Try again", "Show file", "Use on demand instead"]);
    // Keys in a file that cannot be written would hide it, and that is said.
    let (labels, next) = shown(denied(), true, false);
    assert_eq!(labels, ["Try again", "Show file"]);
    assert!(
        next.ends_with("tools find the old keys in this file first, and they cannot be taken out."),
        "{next}"
    );
    // Where the config file cannot be written either, it is no way out.
    assert_eq!(shown(denied(), false, true).0, ["Try again", "Show file"]);
    assert_eq!(shown(Code::DiskFull { path: path() }, false, false).0, ["Try again", "Show file"]);
}
