//! What comes out goes in again and is the same, from and into both databases.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use super::*;
use crate::{
    rig::Rig,
    secret::{Digest, InstanceKey},
    store::{Verdict, testing::is_postgres},
};

fn exported(key: &InstanceKey, store: &Store) -> String {
    let mut out = Vec::new();
    store.export(key, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn sqlite() -> Store {
    Store::prepare(rusqlite::Connection::open_in_memory().unwrap()).unwrap()
}

#[tokio::test]
async fn an_instance_moves_and_its_trail_is_whole() {
    let rig = Rig::new();
    let client = rig.register().await;
    let store = &rig.instance.store;
    assert!(store.client(&client.id).unwrap().is_some());
    store.look_up_audit(&crate::store::Lookup::default(), 1).unwrap();
    let key = &rig.instance.key;
    let Verdict::Whole(before) = store.verify_audit(key, None).unwrap() else { panic!("broken before") };
    let text = exported(key, store);
    // Into the other kind, and from there back into this one.
    let mut ways = vec![sqlite()];
    if is_postgres() {
        ways.push(Store::on_postgres());
        ways.push(sqlite());
    }
    let mut next = text.clone();
    for target in ways {
        target.import(key, &mut next.as_bytes()).unwrap().unwrap();
        let Verdict::Whole(after) = target.verify_audit(key, None).unwrap() else { panic!("broken after") };
        assert_eq!(after, before);
        assert_eq!(target.counts().unwrap(), store.counts().unwrap());
        assert_eq!(
            target.client(&client.id).unwrap().unwrap().name,
            store.client(&client.id).unwrap().unwrap().name
        );
        let found = |store: &Store| store.find_users("sam", "", 10).unwrap();
        assert_eq!(found(&target), found(store), "what is derived is derived again");
        // It goes on from there.
        next = exported(key, &target);
        target
            .append_audit(&[crate::store::AuditEntry {
                key: key.clone(),
                ..crate::store::AuditEntry::empty(rig.instance.now())
            }])
            .unwrap();
        target
            .send_password_link(
                &crate::store::MailedLink {
                    user_id: "u",
                    to: "u@acme.test",
                    token: Digest::of("t"),
                    ends: rig.instance.now(),
                    letter: b"l",
                },
                rig.instance.now(),
                &crate::store::AuditEntry {
                    key: key.clone(),
                    ..crate::store::AuditEntry::empty(rig.instance.now())
                },
            )
            .unwrap();
        let Verdict::Whole(later) = target.verify_audit(key, None).unwrap() else { panic!("broken later") };
        assert_eq!(later.events, before.events + 2);
    }
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(lines(&next), lines(&text));
}

#[test]
fn what_is_no_whole_export_leaves_nothing() {
    let rig = Rig::new();
    let key = &rig.instance.key;
    let text = exported(key, &rig.instance.store);
    let target = sqlite();
    let import = |text: &str| target.import(key, &mut text.as_bytes()).unwrap();
    let cut: String = text.lines().take(30).map(|line| format!("{line}\n")).collect();
    assert!(matches!(import(&cut), Err(ImportError::CutOff)));
    assert!(matches!(import("{}"), Err(ImportError::Line(1))));
    let foreign = text.replacen("\"table\":\"account\"", "\"table\":\"account; DROP TABLE user\"", 1);
    assert!(matches!(import(&foreign), Err(ImportError::Line(_))));
    let other = text.replacen(&format!("\"schema\":{}", MIGRATIONS.len()), "\"schema\":3", 1);
    assert!(matches!(import(&other), Err(ImportError::Schema(3, _))));
    // Whoever may write where it lies is not to give somebody a name, a password or a right.
    let renamed = text.replacen("\"sam\"", "\"max\"", 1);
    assert!(renamed != text && matches!(import(&renamed), Err(ImportError::Seal)));
    let foreign = InstanceKey::new([9; 32]);
    assert!(matches!(target.import(&foreign, &mut text.as_bytes()).unwrap(), Err(ImportError::Seal)));
    assert!(target.settings().unwrap().is_none() && target.counts().unwrap().users == 0);
    import(&text).unwrap();
    assert!(matches!(import(&text), Err(ImportError::NotEmpty)));
}
