//! Kinds of files, links and rights.

use super::{FOREIGN, file, keep, memory, modified, names, now, section, stop, text};
use crate::{FileError, NotPlain, repair};
use jiff::ToSpan;
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

fn check_not_plain(path: &Path, expected: &NotPlain) {
    for result in [file(path).update(&[keep("dev", 1)], now()).map(|_| ()), file(path).read().map(|_| ())] {
        match result.unwrap_err() {
            FileError::NotPlain { what, .. } => assert_eq!(&what, expected),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn only_plain_files_are_touched() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    fs::create_dir(at("folder")).unwrap();
    check_not_plain(&at("folder"), &NotPlain::Folder);
    symlink("nowhere", at("dangling")).unwrap();
    check_not_plain(&at("dangling"), &NotPlain::DanglingLink);
    fs::write(at("one"), FOREIGN).unwrap();
    fs::hard_link(at("one"), at("two")).unwrap();
    check_not_plain(&at("one"), &NotPlain::HardLinked);
    rustix::fs::mknodat(
        rustix::fs::CWD,
        at("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    check_not_plain(&at("pipe"), &NotPlain::Special);
    check_not_plain(Path::new("/dev/null"), &NotPlain::Special);
    assert!(matches!(file(Path::new("/")).read(), Err(FileError::NoFile { .. })));
}

#[test]
fn a_links_target_is_replaced_and_the_link_stays() {
    let home = tempfile::tempdir().unwrap();
    let dotfiles = home.path().join("dotfiles");
    let aws = home.path().join(".aws");
    fs::create_dir(&dotfiles).unwrap();
    fs::create_dir(&aws).unwrap();
    fs::write(dotfiles.join("creds"), FOREIGN).unwrap();
    let path = aws.join("credentials");
    symlink("../dotfiles/creds", &path).unwrap();
    let it = file(&path);
    it.update(&[keep("dev", 1)], now()).unwrap();
    assert_eq!(fs::read_link(&path).unwrap(), Path::new("../dotfiles/creds"));
    assert_eq!(text(&dotfiles.join("creds")), format!("{FOREIGN}\n{}", section("dev", 1)));
    assert_eq!(names(&aws), ["credentials", "credentials.latchkey-20261124-003100.bak"]);
    assert_eq!(names(&dotfiles), [".creds.latchkey-lock", "creds"]);
    let target = it.condition().unwrap().target.unwrap();
    assert_eq!(target, fs::canonicalize(dotfiles.join("creds")).unwrap());
    let backup = it.newest_backup().unwrap().unwrap();
    it.undo(&backup, now()).unwrap();
    assert_eq!(text(&dotfiles.join("creds")), FOREIGN);
}

#[test]
fn a_file_open_to_others_is_reported_kept_and_closed_on_request() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    let it = file(&path);
    let condition = it.condition().unwrap();
    assert_eq!((condition.exists, condition.open_to_others), (false, None));
    fs::write(&path, FOREIGN).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    fs::set_permissions(home.path(), PermissionsExt::from_mode(0o777)).unwrap();
    it.update(&[keep("dev", 1)], now()).unwrap();
    let condition = it.condition().unwrap();
    assert_eq!(condition.open_to_others, Some(0o644));
    assert!(condition.folder_open_to_others);
    it.make_private().unwrap();
    assert_eq!(it.condition().unwrap().open_to_others, None);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

/// Its owner made it so that nobody writes it by accident, in place; ours takes its place, and is as closed.
#[test]
fn a_file_that_its_owner_made_read_only_is_replaced_and_keeps_its_mode() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    fs::write(&path, FOREIGN).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o400)).unwrap();
    file(&path).update(&[keep("dev", 1)], now()).unwrap();
    assert_eq!(text(&path), format!("{FOREIGN}\n{}", section("dev", 1)));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o400);
}

/// A mode beside an access list means something else than the mode alone: without the list the file's
/// group could read what only one more user was meant to.
#[test]
fn an_access_list_is_kept() {
    const NAME: &str = "system.posix_acl_access";
    // Version 2; owner rw, user 65534 r, group none, mask r, others none (linux/posix_acl_xattr.h).
    let mut list = 2u32.to_le_bytes().to_vec();
    for (tag, rights, id) in
        [(1u16, 6u16, u32::MAX), (2, 4, 65534), (4, 0, u32::MAX), (0x10, 4, u32::MAX), (0x20, 0, u32::MAX)]
    {
        list.extend([&tag.to_le_bytes()[..], &rights.to_le_bytes(), &id.to_le_bytes()].concat());
    }
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    fs::write(&path, FOREIGN).unwrap();
    rustix::fs::setxattr(&path, NAME, &list, rustix::fs::XattrFlags::empty()).unwrap();
    file(&path).update(&[keep("dev", 1)], now()).unwrap();
    let mut after = Vec::with_capacity(256);
    rustix::fs::getxattr(&path, NAME, rustix::buffer::spare_capacity(&mut after)).unwrap();
    assert_eq!(after, list);
}

#[test]
fn a_held_lock_is_an_error_that_says_so() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    file(&path).update(&[keep("dev", 1)], now()).unwrap();
    let lock = fs::File::open(home.path().join(".credentials.latchkey-lock")).unwrap();
    lock.lock().unwrap();
    let hasty = crate::CredentialsFile::at(&path, std::time::Duration::ZERO);
    assert!(matches!(hasty.update(&[keep("dev", 2)], now()), Err(FileError::Locked { .. })));
    assert_eq!(text(&path), section("dev", 1));
}

#[test]
fn what_is_being_written_is_not_deleted_as_a_leftover() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    file(&path).update(&[keep("dev", 1)], now()).unwrap();
    let lock = fs::File::open(home.path().join(".credentials.latchkey-lock")).unwrap();
    for name in [".credentials.latchkey-tmp", ".credentials.latchkey-bak-tmp"] {
        let temp = home.path().join(name);
        fs::write(&temp, "half").unwrap();
        assert_eq!(repair::unfinished(&temp).as_ref(), Some(&path));
        lock.lock().unwrap();
        assert!(matches!(repair::remove_unfinished(&temp), Err(FileError::Locked { .. })));
        assert!(temp.exists(), "{name}");
        lock.unlock().unwrap();
        repair::remove_unfinished(&temp).unwrap();
        assert!(!temp.exists(), "{name}");
    }
    assert!(repair::remove_unfinished(&path).is_err() && path.exists());
}

#[test]
fn nothing_that_is_printed_holds_a_secret() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    let it = file(&path);
    it.update(&[keep("dev", 1)], now()).unwrap();
    let shown = format!("{it:?} {:?} {:?}", it.read().unwrap(), keep("dev", 1));
    for secret in ["secret/", "token+", "ASIA"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn line_endings_and_an_open_end_stay_and_a_byte_order_mark_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("credentials");
    let crlf = FOREIGN.replace('\n', "\r\n");
    for (before, ending) in [(crlf.as_str(), "\r\n"), (FOREIGN.trim_end(), "\n"), (crlf.trim_end(), "\r\n")] {
        fs::write(&path, before).unwrap();
        let it = file(&path);
        it.update(&[keep("dev", 1)], modified(&path) + 3.seconds()).unwrap();
        let ours = section("dev", 1).replace('\n', ending);
        let open = !before.ends_with('\n');
        let expected = if open {
            format!("{before}{ending}{ending}{}", ours.trim_end())
        } else {
            format!("{before}{ending}{ours}")
        };
        assert_eq!(text(&path), expected);
        it.update(&[stop("dev")], modified(&path) + 3.seconds()).unwrap();
        assert_eq!(text(&path), before);
    }
    let marked = format!("\u{feff}{FOREIGN}");
    fs::write(&path, &marked).unwrap();
    let error = file(&path).update(&[keep("dev", 1)], modified(&path) + 3.seconds()).unwrap_err();
    assert!(error.to_string().contains("byte order mark"), "{error}");
    assert_eq!(text(&path), marked);
}

#[test]
fn one_section_of_five_thousand_changes() {
    let home = memory();
    let path = home.path().join("credentials");
    let sections = |range: std::ops::Range<u32>| -> String {
        range.map(|n| format!("# no. {n}\n[p{n}]\nAws_Access_Key_Id: AKIA{n}\ns3 =\n  a = 1\n\n")).collect()
    };
    let (head, tail) = (sections(0..2500), sections(2500..5000));
    fs::write(&path, format!("{head}\n{}{tail}", section("dev", 1))).unwrap();
    let it = file(&path);
    it.update(&[keep("dev", 2)], now()).unwrap();
    assert!(text(&path) == format!("{head}\n{}{tail}", section("dev", 2)), "other bytes changed");
    it.update(&[stop("dev")], now()).unwrap();
    assert!(text(&path) == format!("{head}{tail}"), "other bytes changed");
}
