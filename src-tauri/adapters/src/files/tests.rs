#![allow(clippy::unwrap_used, reason = "tests")]
use super::{condition::reads, *};
use crate::clock::SystemClock;
use engine::model::{
    Timestamp,
    ids::{AccountId, OrgId, RoleName},
    secret::RoleCredentials,
};
use engine::ports::Reads;
use std::time::{Duration, UNIX_EPOCH};

pub(super) struct Desk {
    pub(super) dir: tempfile::TempDir,
    pub(super) files: DiskFiles,
}

pub(super) fn desk() -> Desk {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().to_owned();
    let env = move |name: &str| match name {
        "HOME" => Some(root.clone().into_os_string()),
        "LATCHKEY_HOME" => Some(root.join("lk").into_os_string()),
        _ => None,
    };
    let home = Home::resolve(&env).unwrap();
    std::fs::create_dir(dir.path().join(".aws")).unwrap();
    Desk { files: DiskFiles::new(&env, &home, Arc::new(SystemClock)), dir }
}

impl Desk {
    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(".aws").join(name), text).unwrap();
    }
    pub(super) fn read(&self) -> String {
        std::fs::read_to_string(self.dir.path().join(".aws/credentials")).unwrap()
    }
}

pub(super) fn put(profile: &str, last: Option<Written>, replace_foreign: bool) -> FileChange {
    FileChange::Put {
        profile: ProfileName::new(profile),
        grant: Grant {
            org: OrgId::new("o1"),
            account: AccountId::new("111122223333"),
            role: RoleName::new("ReadOnly"),
        },
        credentials: RoleCredentials {
            access_key_id: "ASIAEXAMPLEWXYZ".into(),
            secret_access_key: "sssss".into(),
            session_token: "ttttt".into(),
            issued: Timestamp::UNIX_EPOCH,
            expires: Timestamp::from_second(4_000_000_000).unwrap(),
        },
        region: Some("eu-west-1".into()),
        last,
        replace_foreign,
    }
}

fn in_file(profile: &ProfileName, last: Option<&Written>) -> Delivered {
    let FileChange::Put { profile, grant, .. } = put(profile.as_str(), None, false) else { panic!() };
    Delivered { profile, grant, delivery: Delivery::CredentialsFile, last: last.cloned(), placed: false }
}

#[tokio::test]
async fn each_change_has_its_outcome_in_order() {
    let desk = desk();
    desk.write("config", "[profile viasso]\nsso_session = acme\n[sso-session acme]\n");
    desk.write("credentials", "[mine]\naws_access_key_id = AKIAFOREIGN\naws_secret_access_key = x\n");
    let changes = vec![put("mine", None, false), put("viasso", None, false), put("pay", None, false)];
    let (outcomes, _) = desk.files.apply(FileSet::Own, changes).await.unwrap();
    assert_eq!(outcomes[0], FileOutcome::Conflict(Conflict::ForeignLongLivedKey));
    assert_eq!(outcomes[1], FileOutcome::Conflict(Conflict::SsoSettings));
    let FileOutcome::Written(written) = &outcomes[2] else { panic!("{outcomes:?}") };
    assert_eq!(written.key_tail, "WXYZ");
    assert!(desk.read().contains("[pay]"));
    assert!(desk.read().contains("AKIAFOREIGN"));

    let pay = ProfileName::new("pay");
    assert_eq!(desk.files.check(FileSet::Own, &in_file(&pay, Some(written))).await, Ok(Found::Free));
    let edited = desk.read().replace("ASIAEXAMPLEWXYZ", "ASIASOMEBODYELSE");
    desk.write("credentials", &edited);
    let changed = desk.files.check(FileSet::Own, &in_file(&pay, Some(written))).await;
    assert_eq!(changed, Ok(Found::Conflict(Conflict::ChangedByAnother)));
    let condition = desk.files.condition(FileSet::Own).await;
    assert_eq!(condition.foreign, ["mine"]);
    let [key] = condition.long_lived.as_slice() else { panic!("{:?}", condition.long_lived) };
    assert_eq!((key.profile.as_str(), key.since), ("mine", None));
    assert!(!key.mark.is_empty() && !key.mark.contains("FOREIGN"), "{}", key.mark);
    assert!(condition.changed.is_some() && !condition.config_read_only);
    assert_eq!(condition.problem, None);
}

#[tokio::test]
async fn replacing_needs_the_persons_word_and_can_be_undone() {
    let desk = desk();
    let before = "[mine]\naws_access_key_id = AKIAFOREIGN\naws_secret_access_key = x\n";
    desk.write("credentials", before);
    let (outcomes, backup) = desk.files.apply(FileSet::Own, vec![put("mine", None, true)]).await.unwrap();
    assert!(matches!(outcomes[0], FileOutcome::Written(_)), "{outcomes:?}");
    assert!(backup.is_some() && !desk.read().contains("AKIAFOREIGN"));
    desk.files.undo(FileSet::Own).await.unwrap();
    assert_eq!(desk.read(), before);
}

#[tokio::test]
async fn a_file_nobody_can_read_is_left_alone_with_its_line() {
    let desk = desk();
    desk.write("credentials", "[a]\nkey = 1\n[a]\n");
    let failed = desk.files.apply(FileSet::Own, vec![put("pay", None, false)]).await;
    assert!(matches!(failed, Err(Code::FileUnparseable { line: 3, .. })), "{failed:?}");
    assert_eq!(desk.read(), "[a]\nkey = 1\n[a]\n");
    let condition = desk.files.condition(FileSet::Own).await;
    assert!(matches!(condition.problem, Some(Code::FileUnparseable { line: 3, .. })));
}

#[tokio::test]
async fn one_that_cannot_be_written_does_not_keep_the_others_from_it() {
    let desk = desk();
    let mut bad_value = put("odd", None, false);
    if let FileChange::Put { region, .. } = &mut bad_value {
        *region = Some("eu\nwest".into());
    }
    let changes = vec![put("a]b", None, false), bad_value, put("pay", None, false)];
    let (outcomes, _) = desk.files.apply(FileSet::Own, changes).await.unwrap();
    assert_eq!(outcomes[0], FileOutcome::Failed(Code::BadProfileName { profile: "a]b".into() }));
    assert!(matches!(outcomes[1], FileOutcome::Failed(_)), "{outcomes:?}");
    assert!(matches!(outcomes[2], FileOutcome::Written(_)), "{outcomes:?}");
    assert!(desk.read().contains("[pay]") && !desk.read().contains("odd"));
}

#[tokio::test]
async fn a_config_file_that_cannot_be_read_does_not_stop_the_writing() {
    let desk = desk();
    desk.write("config", "no section\n");
    let (outcomes, _) = desk.files.apply(FileSet::Own, vec![put("pay", None, false)]).await.unwrap();
    assert!(matches!(outcomes[0], FileOutcome::Written(_)), "{outcomes:?}");
    assert_eq!(
        desk.files.check(FileSet::Own, &in_file(&ProfileName::new("new"), None)).await,
        Ok(Found::Free)
    );
}

#[tokio::test]
async fn what_we_wrote_and_is_gone_was_taken_out_by_somebody() {
    let desk = desk();
    let (outcomes, _) = desk.files.apply(FileSet::Own, vec![put("pay", None, false)]).await.unwrap();
    let FileOutcome::Written(written) = &outcomes[0] else { panic!("{outcomes:?}") };
    desk.write("credentials", "");
    let pay = ProfileName::new("pay");
    let check = async || desk.files.check(FileSet::Own, &in_file(&pay, Some(written))).await;
    // Right after us it was a program that had read the file before.
    assert_eq!(check().await, Ok(Found::Undone));
    let later = UNIX_EPOCH + Duration::from_secs(u64::try_from(written.at.as_second()).unwrap() + 20);
    let file = std::fs::File::options().write(true).open(desk.dir.path().join(".aws/credentials")).unwrap();
    file.set_modified(later).unwrap();
    assert_eq!(check().await, Ok(Found::Conflict(Conflict::ChangedByAnother)));
    assert_eq!(desk.files.check(FileSet::Own, &in_file(&pay, None)).await, Ok(Found::Free));
}

#[tokio::test]
async fn what_another_program_had_read_and_puts_back_is_no_change_of_its_own() {
    let desk = desk();
    let at = |second| Timestamp::from_second(second).unwrap();
    let write = async |id: &str, ends: i64, role: &str, last: Option<&Written>| {
        let mut change = put("pay", last.cloned(), false);
        let FileChange::Put { grant, credentials, .. } = &mut change else { panic!() };
        grant.role = RoleName::new(role);
        credentials.access_key_id = id.into();
        credentials.expires = at(ends);
        let (outcomes, _) = desk.files.apply(FileSet::Own, vec![change]).await.unwrap();
        let FileOutcome::Written(written) = outcomes[0].clone() else { panic!("{outcomes:?}") };
        (written, desk.read())
    };
    let pay = ProfileName::new("pay");
    let (first, old) = write("ASIAEXAMPLEAAAA", 4_000_000_000, "ReadOnly", None).await;
    let (second, new) = write("ASIAEXAMPLEBBBB", 4_000_003_600, "ReadOnly", Some(&first)).await;
    let check = async |text: &str, last: &Written| {
        desk.write("credentials", text);
        desk.files.check(FileSet::Own, &in_file(&pay, Some(last))).await
    };
    assert_eq!(check(&new, &second).await, Ok(Found::Free));
    assert_eq!(check(&old, &second).await, Ok(Found::Undone));
    // What another Latchkey of the same person wrote since works for longer.
    assert_eq!(check(&new, &first).await, Ok(Found::Free));
    // The keys of the role that fed it before are none of it, however long they work.
    let (_, other) = write("ASIAEXAMPLECCCC", 4_000_009_000, "Administrator", Some(&second)).await;
    assert_eq!(check(&other, &second).await, Ok(Found::Undone));
}

#[tokio::test]
#[cfg(unix)]
async fn a_link_stays_a_link_and_the_environment_says_where_the_files_are() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().to_owned();
    std::fs::create_dir(root.join("dotfiles")).unwrap();
    std::fs::write(root.join("dotfiles/creds"), "# mine\n").unwrap();
    std::os::unix::fs::symlink("dotfiles/creds", root.join("link")).unwrap();
    std::fs::write(root.join("conf"), "[profile viasso]\nsso_session = acme\n").unwrap();
    let env = move |name: &str| match name {
        "HOME" => Some(root.clone().into_os_string()),
        "LATCHKEY_HOME" => Some(root.join("lk").into_os_string()),
        "AWS_SHARED_CREDENTIALS_FILE" => Some(root.join("link").into_os_string()),
        "AWS_CONFIG_FILE" => Some(root.join("conf").into_os_string()),
        _ => None,
    };
    let home = Home::resolve(&env).unwrap();
    let files = DiskFiles::new(&env, &home, Arc::new(SystemClock));
    let changes = vec![put("pay", None, false), put("viasso", None, false)];
    let (outcomes, _) = files.apply(FileSet::Own, changes).await.unwrap();
    assert!(matches!(outcomes[0], FileOutcome::Written(_)), "{outcomes:?}");
    assert_eq!(outcomes[1], FileOutcome::Conflict(Conflict::SsoSettings));
    assert!(dir.path().join("link").is_symlink());
    let text = std::fs::read_to_string(dir.path().join("dotfiles/creds")).unwrap();
    assert!(text.starts_with("# mine\n") && text.contains("[pay]"), "{text}");
    assert!(!dir.path().join(".aws").exists(), "nothing in the usual place");
}

#[tokio::test]
async fn the_sandbox_has_files_of_its_own() {
    let desk = desk();
    desk.files.apply(FileSet::Sandbox, vec![put("pay", None, false)]).await.unwrap();
    assert!(!desk.dir.path().join(".aws/credentials").exists());
    let path = desk.files.path(FileSet::Sandbox);
    assert_eq!(path, desk.dir.path().join("lk/sandbox/aws/credentials"));
    assert!(path.exists());
}

#[tokio::test]
async fn the_config_file_is_read_past_a_line_that_cannot_be() {
    let desk = desk();
    assert_eq!(desk.files.config().await.unwrap().profiles, []);
    desk.write(
        "config",
        "[sso-session acme]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = eu-west-1\nwhat\n\
         [profile pay-dev]\nsso_session = acme\nsso_account_id = 111122223333\nsso_role_name = ReadOnly\n\
         [profile v]\ncredential_process = aws-vault export v\n",
    );
    let found = desk.files.config().await.unwrap();
    assert!(found.path.ends_with(".aws/config"));
    assert_eq!(found.profiles[0].start_url.as_deref(), Some("https://acme.awsapps.com/start"));
    assert_eq!((found.managed[0].0.as_str(), found.managed[0].1), ("v", "aws-vault"));
    assert_eq!((found.unread[0].line, found.unread[0].text.as_deref()), (4, Some("what")));
    assert!(!desk.dir.path().join(".aws/credentials").exists());
}

/// What the file system tells differs; that it reaches the engine does not.
#[tokio::test]
#[cfg(unix)]
async fn a_read_by_another_program_is_passed_on() {
    let desk = desk();
    desk.files.apply(FileSet::Own, vec![put("pay", None, false)]).await.unwrap();
    let path = desk.files.path(FileSet::Own).to_owned();
    let found = || CredentialsFile::at(&path, PATIENCE).condition().unwrap().reads;
    let before = desk.files.condition(FileSet::Own).await.reads;
    assert_eq!(before, reads(found()));
    assert!(!matches!(before, Reads::At(_)), "only we read it: {before:?}");
    assert!(std::process::Command::new("cat").arg(&path).output().unwrap().status.success());
    let after = desk.files.condition(FileSet::Own).await.reads;
    assert_eq!(after, reads(found()));
    assert_ne!(after, Reads::NotYet);
}

#[tokio::test]
async fn a_profile_of_the_old_form_is_converted_as_shown_and_back() {
    let desk = desk();
    let config = "[profile old]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = eu-west-1\n";
    desk.write("config", config);
    assert!(desk.files.config().await.unwrap().profiles[0].convertible);
    let old = || vec!["old".to_owned()];
    let plan = desk.files.plan_conversion(old()).await.unwrap();
    assert_eq!((plan.profiles, plan.added), (vec![("old".into(), "acme".into())], vec!["acme".to_owned()]));
    let other = desk.files.convert(old(), "another".into()).await;
    assert!(matches!(other, Err(Code::FileChanged { .. })), "{other:?}");
    let made = desk.files.convert(old(), plan.seen).await.unwrap();
    let now = desk.files.config().await.unwrap();
    assert_eq!(now.profiles[0].session.as_deref(), Some("acme"));
    assert_eq!(now.profiles[0].start_url.as_deref(), Some("https://acme.awsapps.com/start"));
    let undone = desk.files.undo_conversion(made).await.unwrap();
    assert!(undone.whole);
    let path = desk.dir.path().join(".aws/config");
    assert_eq!(std::fs::read_to_string(path).unwrap(), config);
    let gone = desk.files.plan_conversion(vec!["nobody".into()]).await;
    assert!(matches!(gone, Err(Code::NotConvertible { .. })), "{gone:?}");
}
