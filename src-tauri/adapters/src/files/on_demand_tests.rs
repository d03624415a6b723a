#![allow(clippy::unwrap_used, reason = "tests")]
use super::{tests::*, *};

const OTHER: &str = "[default]\nregion = us-east-1\n";

fn ask(desk: &Desk, profile: &str, placed: bool, replace_foreign: bool) -> FileChange {
    std::fs::write(desk.dir.path().join("latch"), "").unwrap();
    let FileChange::Put { profile, grant, region, .. } = put(profile, None, false) else { panic!() };
    FileChange::Ask { profile, grant, region, last: None, placed, replace_foreign }
}

fn desk_with_latch() -> Desk {
    let desk = desk();
    let latch = desk.dir.path().join("latch");
    let Desk { dir, files } = desk;
    Desk { files: files.with_latch(latch), dir }
}

fn look(profile: &str, placed: bool) -> Delivered {
    let FileChange::Put { profile, grant, .. } = put(profile, None, false) else { panic!() };
    Delivered { profile, grant, delivery: Delivery::OnDemand, last: None, placed }
}

impl Desk {
    async fn apply(&self, change: FileChange) -> (FileOutcome, Option<PathBuf>) {
        let (outcomes, backup) = self.files.apply(FileSet::Own, vec![change]).await.unwrap();
        (outcomes.into_iter().next().unwrap(), backup)
    }
    fn config(&self) -> String {
        std::fs::read_to_string(self.dir.path().join(".aws/config")).unwrap()
    }
}

#[tokio::test]
async fn one_way_takes_the_place_of_the_other() {
    let desk = desk_with_latch();
    desk.write("config", OTHER);
    desk.write("credentials", "[mine]\nregion = eu-west-1\n");
    let (FileOutcome::Written(written), _) = desk.apply(put("pay", None, false)).await else { panic!() };
    let FileChange::Ask { profile, grant, region, .. } = ask(&desk, "pay", false, false) else { panic!() };
    let last = Some(written);
    let change = FileChange::Ask { profile, grant, region, last, placed: false, replace_foreign: false };
    let (outcome, backup) = desk.apply(change).await;
    assert_eq!(outcome, FileOutcome::Placed);
    assert_eq!(std::fs::read_to_string(backup.unwrap()).unwrap(), OTHER);
    assert!(!desk.read().contains("ASIA"), "no key is left: {}", desk.read());
    let line =
        format!("credential_process = {} credentials --profile pay", desk.dir.path().join("latch").display());
    assert!(
        desk.config().contains(&line) && desk.config().contains("region = eu-west-1"),
        "{}",
        desk.config()
    );
    assert_eq!(desk.files.check(FileSet::Own, &look("pay", true)).await, Ok(Found::Free));

    let (FileOutcome::Written(_), _) = desk.apply(put("pay", None, false)).await else { panic!() };
    assert_eq!(desk.config(), OTHER, "the section went with the choice");
    assert_eq!(desk.apply(ask(&desk, "pay", false, false)).await.0, FileOutcome::Placed);
    let remove = FileChange::Remove { profile: ProfileName::new("pay"), last: None };
    assert_eq!(desk.apply(remove).await.0, FileOutcome::Removed);
    assert_eq!(desk.config(), OTHER);
}

#[tokio::test]
async fn keys_that_would_hide_it_are_found_before_and_after() {
    let desk = desk_with_latch();
    let foreign = "[pay]\naws_access_key_id = AKIAFOREIGN\naws_secret_access_key = x\n";
    let change = ask(&desk, "pay", false, false);
    desk.write("credentials", foreign);
    assert_eq!(
        desk.files.check(FileSet::Own, &look("pay", false)).await,
        Ok(Found::Conflict(Conflict::KeysHide))
    );
    assert_eq!(desk.apply(change).await.0, FileOutcome::Conflict(Conflict::KeysHide));
    assert_eq!(desk.read(), foreign);
    let (outcome, backup) = desk.apply(ask(&desk, "pay", false, true)).await;
    assert_eq!(outcome, FileOutcome::Placed);
    assert_eq!(std::fs::read_to_string(backup.unwrap()).unwrap(), foreign, "moved to a backup");
    assert_eq!(desk.read(), "");
    desk.write("credentials", foreign);
    assert_eq!(
        desk.files.check(FileSet::Own, &look("pay", true)).await,
        Ok(Found::Conflict(Conflict::KeysHide))
    );
}

#[tokio::test]
async fn other_ways_of_the_config_file_are_conflicts() {
    let desk = desk_with_latch();
    for (section, conflict) in [
        ("sso_session = acme", Conflict::SsoSettings),
        ("credential_process = aws-vault export pay", Conflict::OtherProcess),
        ("role_arn = arn:aws:iam::1:role/x", Conflict::OtherSource),
    ] {
        let text = format!("[profile pay]\n{section}\n");
        desk.write("config", &text);
        let change = ask(&desk, "pay", false, false);
        assert_eq!(desk.files.check(FileSet::Own, &look("pay", false)).await, Ok(Found::Conflict(conflict)));
        assert_eq!(desk.apply(change).await.0, FileOutcome::Conflict(conflict));
        assert_eq!(desk.config(), text);
    }
    desk.write("config", "[profile pay]\ncredential_process = granted x\n");
    let in_file = Delivered { delivery: Delivery::CredentialsFile, ..look("pay", false) };
    assert_eq!(desk.files.check(FileSet::Own, &in_file).await, Ok(Found::Conflict(Conflict::OtherProcess)));
}

#[tokio::test]
async fn a_section_that_was_taken_out_is_not_put_back_unasked() {
    let desk = desk_with_latch();
    desk.apply(ask(&desk, "pay", false, false)).await;
    desk.write("config", OTHER);
    let gone = FileOutcome::Conflict(Conflict::ChangedByAnother);
    assert_eq!(desk.apply(ask(&desk, "pay", true, false)).await.0, gone);
    assert_eq!(desk.config(), OTHER);
    assert_eq!(desk.apply(ask(&desk, "pay", true, true)).await.0, FileOutcome::Placed);
}

#[tokio::test]
async fn without_latch_nothing_is_written_and_it_says_where_it_should_be() {
    let desk = desk();
    desk.write("config", OTHER);
    let missing = desk.files.check(FileSet::Own, &look("pay", false)).await.unwrap_err();
    assert!(matches!(&missing, Code::LatchMissing { path } if path.ends_with("latch")), "{missing:?}");
    let failed = desk.files.apply(FileSet::Own, vec![ask(&desk, "pay", false, false)]).await;
    assert_eq!(failed.unwrap_err(), missing);
    assert_eq!(desk.config(), OTHER);
}
