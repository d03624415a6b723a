//! Profiles of the config file given a `[sso-session …]`: what changes, and that nothing else does.

use super::{generated, names, now};
use crate::{ConfigFile, ConvertError, DiffKind, DiffLine, FileError, NotConvertible, conversion::plan};
use proptest::{prelude::*, sample::subsequence, test_runner::RngSeed};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// By hand, with comments, an old session, two spellings of one start URL, and one of another.
const CONFIG: &str = "\
# mine
[default]
region = eu-central-1

[profile pay-dev]
# the one for payments
sso_start_url = https://acme.awsapps.com/start
sso_region = eu-west-1 
sso_account_id = 111122224444
sso_role_name = PowerUser
region = eu-west-1
[profile \"old one\"]
  sso_region    = eu-west-1
  sso_start_url = https://Acme.awsapps.com/start/#/
  s3 =
    addressing_style = path
  sso_account_id = 111122223333
  sso_role_name = ReadOnly
[profile beta]
sso_account_id = 905418229999
sso_role_name = Dev
sso_start_url=https://beta.awsapps.com/start
sso_region=eu-west-1
; the end
";

const CONVERTED: &str = "\
# mine
[default]
region = eu-central-1

[profile pay-dev]
# the one for payments
sso_session = acme
sso_account_id = 111122224444
sso_role_name = PowerUser
region = eu-west-1
[profile \"old one\"]
  sso_session = acme
  s3 =
    addressing_style = path
  sso_account_id = 111122223333
  sso_role_name = ReadOnly
[profile beta]
sso_account_id = 905418229999
sso_role_name = Dev
sso_start_url=https://beta.awsapps.com/start
sso_region=eu-west-1
; the end

[sso-session acme]
sso_start_url = https://acme.awsapps.com/start
sso_region = eu-west-1
sso_registration_scopes = sso:account:access
";

fn some(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn home(config: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let home = super::memory();
    let path = home.path().join("config");
    fs::write(&path, config).unwrap();
    (home, path)
}

fn convert(path: &Path, profiles: &[String]) -> Result<crate::Converted, ConvertError> {
    let file = ConfigFile::at(path);
    let seen = file.plan(profiles)?.after;
    file.convert(profiles, &seen, now())
}

fn converted(config: &str, profiles: &[&str]) -> String {
    let new = plan(config.as_bytes(), &some(profiles)).unwrap().new.to_vec();
    String::from_utf8(new).unwrap()
}

fn session_of(config: &str, profile: &str) -> String {
    plan(config.as_bytes(), &some(&[profile])).unwrap().profiles.remove(0).1
}

#[test]
fn the_sign_in_moves_into_one_session_and_comes_back() {
    let (home, path) = home(CONFIG.as_bytes());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let made = convert(&path, &some(&["pay-dev", "old one"])).unwrap();
    assert_eq!(super::text(&path), CONVERTED);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(names(home.path()), [".config.latchkey-lock", "config", "config.latchkey-20261124-0031.bak"]);
    assert_eq!((mode(&path), mode(&made.backup)), (0o640, 0o600));
    assert_eq!(super::text(&made.backup), CONFIG);
    assert_eq!(made.profiles, ["pay-dev", "old one"]);
    let undone = ConfigFile::at(&path).undo_conversion(&made).unwrap();
    assert!(undone.whole && undone.kept_sessions.is_empty());
    assert_eq!((super::text(&path).as_str(), mode(&path)), (CONFIG, 0o640));
}

#[test]
fn the_diff_is_what_happens() {
    let plan = plan(CONFIG.as_bytes(), &some(&["beta"])).unwrap();
    let shown: Vec<String> = plan
        .diff
        .iter()
        .map(|DiffLine { kind, line, text }| {
            let mark = match kind {
                DiffKind::Kept => ' ',
                DiffKind::Removed => '-',
                DiffKind::Added => '+',
                DiffKind::Skipped => '~',
            };
            let number = line.map(|n| n.to_string()).unwrap_or_default();
            format!("{number:2}{mark}{}", text.as_deref().unwrap_or("?"))
        })
        .collect();
    let expected = [
        "  ~?",
        "19 [profile beta]",
        "  ~?",
        "21 sso_role_name = Dev",
        "22-sso_start_url=https://beta.awsapps.com/start",
        "  +sso_session=beta",
        "23-sso_region=eu-west-1",
        "24 ; the end",
        "  +",
        "  +[sso-session beta]",
        "  +sso_start_url = https://beta.awsapps.com/start",
        "  +sso_region = eu-west-1",
        "  +sso_registration_scopes = sso:account:access",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn a_line_beside_a_change_that_may_be_a_secret_is_not_shown() {
    let config = "[profile a]\naws_secret_access_key = wJalrXUtnFEMI\nsso_start_url = https://a.awsapps.com/start\nsso_region = eu-west-1\n";
    let plan = plan(config.as_bytes(), &some(&["a"])).unwrap();
    assert_eq!((plan.diff[1].kind, plan.diff[1].text.clone()), (DiffKind::Kept, None));
    assert!(!format!("{:?}{plan:?}", plan.diff).contains("wJalr"));
}

#[test]
fn a_session_that_fits_is_used_and_a_name_that_is_taken_is_not() {
    let legacy =
        "[profile a]\nregion = x\nsso_start_url = https://acme.awsapps.com/start/\nsso_region = eu-west-1\n";
    let with = |session: &str| format!("{session}{legacy}");
    let fits =
        with("[sso-session work]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = eu-west-1\n");
    assert_eq!(session_of(&fits, "a"), "work");
    assert_eq!(
        converted(&fits, &["a"]),
        fits.replace(
            "sso_start_url = https://acme.awsapps.com/start/\nsso_region = eu-west-1\n",
            "sso_session = work\n"
        )
    );
    for other in [
        "[sso-session acme]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = us-east-1\n",
        "[sso-session ACME]\nsso_start_url = https://b.awsapps.com/start\nsso_region = eu-west-1\n",
        "[sso-session acme]\n",
        // botocore rejects a profile whose session says something else.
        "[sso-session acme]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = eu-west-1\nregion = y\n",
    ] {
        assert_eq!(session_of(&with(other), "a"), "acme-2", "{other}");
    }
    assert_eq!(session_of(&with("[sso-session acme]\n[sso-session acme-2]\n"), "a"), "acme-3");
}

#[test]
fn endings_mark_and_an_open_end_stay() {
    let config = "\u{feff}[profile a]\r\nsso_start_url = https://acme.awsapps.com/start\r\nsso_region = eu-west-1\nregion = x";
    let expected = "\u{feff}[profile a]\r\nsso_session = acme\r\nregion = x\r\n\r\n[sso-session acme]\r\nsso_start_url = https://acme.awsapps.com/start\r\nsso_region = eu-west-1\r\nsso_registration_scopes = sso:account:access";
    assert_eq!(converted(config, &["a"]), expected);
    let (_home, path) = home(config.as_bytes());
    let made = convert(&path, &some(&["a"])).unwrap();
    ConfigFile::at(&path).undo_conversion(&made).unwrap();
    assert_eq!(super::text(&path), config);
}

#[test]
fn what_cannot_be_converted_says_why_and_changes_nothing() {
    let why = |config: &str| match plan(config.as_bytes(), &some(&["a"])) {
        Err(crate::conversion::Refusal::Profile(_, why)) => why,
        other => panic!("{other:?}"),
    };
    let own = "sso_start_url = https://acme.awsapps.com/start\nsso_region = r\n";
    for (config, expected) in [
        (String::new(), NotConvertible::Gone),
        ("[profile a]\nsso_session = s\n".to_owned(), NotConvertible::NotLegacy),
        (format!("[profile a]\nsso_session = s\n{own}"), NotConvertible::NotLegacy),
        ("[profile a]\nsso_start_url = https://x.test\n".to_owned(), NotConvertible::NotLegacy),
        (format!("[DEFAULT]\nsso_region = r\n[profile a]\n{own}"), NotConvertible::Inherited),
        (format!("[DEFAULT]\nregion = r\n[profile a]\nregion = s\n{own}"), NotConvertible::Inherited),
        ("[profile a]\nsso_start_url = ftp://x\nsso_region = r\n".to_owned(), NotConvertible::Value),
        ("[profile a]\nsso_start_url = https://x y\nsso_region = r\n".to_owned(), NotConvertible::Value),
    ] {
        assert_eq!(why(&config), expected, "{config}");
    }
    let (home, path) = home(format!("[profile a]\n{own}what is this\n").as_bytes());
    let error = convert(&path, &some(&["a"])).unwrap_err();
    assert!(matches!(error, ConvertError::File(FileError::Unparseable { .. })), "{error}");
    assert_eq!(names(home.path()), ["config"]);
}

#[test]
fn a_file_that_changed_since_it_was_shown_is_left_alone() {
    let (home, path) = home(CONFIG.as_bytes());
    let file = ConfigFile::at(&path);
    let seen = file.plan(&some(&["beta"])).unwrap().after;
    let other = format!("{CONFIG}[profile new]\n");
    fs::write(&path, &other).unwrap();
    let error = file.convert(&some(&["beta"]), &seen, now()).unwrap_err();
    assert!(matches!(error, ConvertError::Changed { .. }), "{error}");
    assert_eq!(super::text(&path), other);
    assert_eq!(names(home.path()), [".config.latchkey-lock", "config"]);
}

#[test]
fn undoing_keeps_what_others_changed_elsewhere_and_refuses_at_these_places() {
    let undo_after = |change: &dyn Fn(String) -> String| {
        let (_home, path) = home(CONFIG.as_bytes());
        let made = convert(&path, &some(&["pay-dev", "old one"])).unwrap();
        let changed = change(super::text(&path));
        fs::write(&path, &changed).unwrap();
        let undone = ConfigFile::at(&path).undo_conversion(&made);
        (undone, super::text(&path), changed)
    };
    let (undone, text, _) = undo_after(&|text| {
        text.replacen("region = eu-central-1", "region = eu-north-1", 1) + "\n[profile new]\nregion = x\n"
    });
    assert!(!undone.unwrap().whole);
    let expected =
        CONFIG.replacen("region = eu-central-1", "region = eu-north-1", 1) + "\n[profile new]\nregion = x\n";
    // The value's trailing space went with its line; it comes back with it.
    assert_eq!(text, expected);

    let (undone, text, _) = undo_after(&|text| text + "[profile new]\nsso_session = acme\n");
    assert_eq!(undone.unwrap().kept_sessions, ["acme"]);
    assert!(
        text.contains("[sso-session acme]")
            && !text.contains("[profile pay-dev]\n# the one for payments\nsso_session")
    );

    for (old, new, place) in [
        ("sso_role_name = PowerUser", "sso_role_name = Admin", "profile pay-dev"),
        ("[profile \"old one\"]", "[profile old]", "profile \"old one\""),
        ("sso_registration_scopes = sso:account:access", "sso_registration_scopes = x", "sso-session acme"),
    ] {
        let (undone, text, changed) = undo_after(&|text| text.replacen(old, new, 1));
        let Err(ConvertError::PlacesChanged { places, .. }) = undone else { panic!("{undone:?}") };
        assert_eq!((places, text), (some(&[place]), changed));
    }
}

#[test]
fn without_its_backup_nothing_is_undone() {
    let (_home, path) = home(CONFIG.as_bytes());
    let made = convert(&path, &some(&["beta"])).unwrap();
    let after = super::text(&path);
    for spoil in [|path: &Path| fs::write(path, "x").unwrap(), |path: &Path| fs::remove_file(path).unwrap()] {
        spoil(&made.backup);
        let error = ConfigFile::at(&path).undo_conversion(&made).unwrap_err();
        assert!(matches!(error, ConvertError::NoBackup { .. }), "{error}");
        assert_eq!(super::text(&path), after);
    }
}

/// Files of others' lines with profiles of the old form between them.
pub(super) fn config_file() -> impl Strategy<Value = (String, Vec<String>)> {
    let keys =
        ["sso_start_url", "sso_region", "sso_account_id", "sso_role_name", "region", "output", "# note", ""];
    let profile = (
        Just(keys.to_vec()).prop_shuffle(),
        prop_oneof![3 => Just(""), 1 => Just("  ")],
        prop_oneof![Just(" = "), Just("="), Just(":"), Just("    = ")],
        0..3usize,
        prop_oneof![3 => Just("eu-west-1"), 1 => Just("us-east-1")],
        any::<bool>(),
    );
    let url =
        ["https://acme.awsapps.com/start", "https://Acme.awsapps.com/start/#/", "https://sso.beta.test/x"];
    let profile = profile.prop_map(move |(keys, indent, delimiter, at, region, quoted)| {
        let value = |key: &str| match key {
            "sso_start_url" => url[at],
            "sso_region" => region,
            "sso_account_id" => "111122223333",
            "sso_role_name" => "ReadOnly",
            "output" => "json",
            _ => "eu-central-1",
        };
        let line = |key: &str| {
            if key.is_empty() || key.starts_with('#') {
                key.to_owned()
            } else {
                format!("{indent}{key}{delimiter}{}", value(key))
            }
        };
        let body: Vec<String> = keys.into_iter().map(line).collect();
        (quoted, body)
    });
    let session = prop_oneof![
        2 => Just(String::new()),
        1 => Just("[sso-session acme]\nsso_start_url = https://acme.awsapps.com/start/\nsso_region = eu-west-1\n".to_owned()),
        1 => Just("[sso-session acme]\nsso_start_url = https://other.awsapps.com/start\nsso_region = eu-west-1\n".to_owned()),
    ];
    let foreign =
        generated::good_file().prop_filter("no sign-in of everybody's", |text| !text.contains('\r'));
    let pieces = prop::collection::vec((foreign, profile), 1..4);
    (
        pieces,
        session,
        prop_oneof![2 => Just("\n"), 1 => Just("\r\n")],
        any::<bool>(),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.3),
    )
        .prop_map(|(pieces, session, ending, closed, mark, foreign_first)| {
            let mut text = if foreign_first { session.clone() } else { String::new() };
            let mut names = Vec::new();
            for (number, (foreign, (quoted, body))) in pieces.into_iter().enumerate() {
                let name = if quoted { format!("p {number}") } else { format!("p{number}") };
                let shown = if quoted { format!("\"{name}\"") } else { name.clone() };
                // Each piece has its own sections, so that none begins twice.
                let foreign =
                    foreign.replace("[s", &format!("[s{number}")).replace("[a]b]", &format!("[a]b{number}]"));
                let foreign = foreign
                    .replace("[default]", &format!("[d{number}]"))
                    .replace("[ spaced ]", &format!("[ spaced{number} ]"));
                // A header ends whatever is open, so that no line of theirs continues one of a profile.
                text.push_str(&format!("[f{number}]\n{foreign}"));
                if !foreign.is_empty() && !foreign.ends_with('\n') {
                    text.push('\n');
                }
                text.push_str(&format!("[profile {shown}]\n{}\n", body.join("\n")));
                names.push(name);
            }
            if !foreign_first {
                text.push_str(&session);
            }
            if !closed {
                text.truncate(text.trim_end_matches('\n').len());
            }
            let text = text.replace('\n', ending);
            (if mark { format!("\u{feff}{text}") } else { text }, names)
        })
        .prop_filter("it can be converted", |(text, names)| plan(text.as_bytes(), names).is_ok())
}

fn lines_of(text: &str) -> Vec<&str> {
    text.split('\n').map(|line| line.trim_end_matches('\r')).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: generated::CASES / 2, rng_seed: RngSeed::Fixed(20_261_125), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn foreign_bytes_stay_and_undoing_gives_every_byte_back(
        ((text, _), chosen) in config_file().prop_flat_map(|(text, names)| {
            let many = names.len();
            ((Just(text), Just(names.clone())), subsequence(names, 1..=many))
        })
    ) {
        let (_home, path) = home(text.as_bytes());
        let plan = plan(text.as_bytes(), &chosen).unwrap();
        let made = convert(&path, &chosen).unwrap();
        let after = fs::read_to_string(&path).unwrap();
        prop_assert_eq!(&made.profiles, &chosen);

        // What was shown is what was done.
        let before = lines_of(&text);
        let mut built: Vec<String> = Vec::new();
        let mut next = 0;
        for DiffLine { kind, line, text } in &plan.diff {
            let upto = line.map_or(next, |line| line - 1);
            built.extend(before[next..upto].iter().map(|line| (*line).to_owned()));
            next = next.max(upto);
            match kind {
                DiffKind::Kept => { built.push(before[next].to_owned()); next += 1; }
                DiffKind::Removed => { prop_assert_eq!(text.as_deref().map(|it| it.trim_start_matches('\u{feff}')), Some(before[next].trim_start_matches('\u{feff}'))); next += 1; }
                DiffKind::Skipped => {}
                DiffKind::Added => {
                    let at_end = !plan.sessions.is_empty() && text.as_deref() == Some("");
                    if at_end {
                        let end = before.len() - usize::from(before.last() == Some(&"") && text_ends(&before));
                        if next < end { built.extend(before[next..end].iter().map(|line| (*line).to_owned())); next = end; }
                    }
                    built.push(text.clone().unwrap_or_default());
                }
            }
        }
        built.extend(before[next..].iter().map(|line| (*line).to_owned()));
        prop_assert_eq!(built.join("\n"), lines_of(&after).join("\n"));

        // Only sign-in lines of the chosen profiles went; only sessions came. In order, and with their endings.
        let gone = before.len() + added(&plan) - lines_of(&after).len();
        prop_assert_eq!(gone, 2 * chosen.len());
        let mut rest = after.split_inclusive('\n');
        for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            let sign_in = line.trim_start().starts_with("sso_start_url") || line.trim_start().starts_with("sso_region");
            prop_assert!(sign_in || rest.any(|it| it == line), "{line:?} is gone from {after:?}");
        }

        let undone = ConfigFile::at(&path).undo_conversion(&made).unwrap();
        prop_assert!(undone.whole);
        prop_assert_eq!(fs::read_to_string(&path).unwrap(), text.clone());

        // Another program adds a section meanwhile: that stays, and all else is as before.
        let made = convert(&path, &chosen).unwrap();
        let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let closed = |text: &str| if text.ends_with('\n') { text.to_owned() } else { format!("{text}{ending}") };
        fs::write(&path, closed(&fs::read_to_string(&path).unwrap()) + "[theirs]" + ending).unwrap();
        ConfigFile::at(&path).undo_conversion(&made).unwrap();
        prop_assert_eq!(fs::read_to_string(&path).unwrap(), closed(&text) + "[theirs]" + ending);
    }
}

fn text_ends(before: &[&str]) -> bool {
    before.len() > 1
}

fn added(plan: &crate::Conversion) -> usize {
    plan.diff.iter().filter(|line| line.kind == DiffKind::Added).count()
}
