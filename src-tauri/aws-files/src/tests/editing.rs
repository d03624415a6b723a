//! What an edit does to the bytes of a document.

use crate::{Document, EditError, ParseErrorKind};

fn check_set(before: &str, section: &str, keys: &[(&str, &str)], after: &str) {
    let mut document = Document::parse(before.as_bytes()).unwrap();
    document.set_keys(section, keys).unwrap();
    assert_eq!(String::from_utf8_lossy(document.to_bytes()), after, "from {before:?}");
}

#[test]
fn a_new_section_comes_last_after_a_blank_line() {
    check_set("", "p", &[("k", "v")], "[p]\nk = v\n");
    check_set("[a]\nx = 1\n", "p", &[("k", "v")], "[a]\nx = 1\n\n[p]\nk = v\n");
    check_set("[a]\r\nx = 1\r\n", "p", &[("k", "v")], "[a]\r\nx = 1\r\n\r\n[p]\r\nk = v\r\n");
    check_set("[a]\nx = 1", "p", &[("k", "v")], "[a]\nx = 1\n\n[p]\nk = v");
}

#[test]
fn a_key_keeps_its_place_spelling_and_delimiter() {
    check_set("[p]\nA_Key:old\nb=2\n", "p", &[("a_key", "new")], "[p]\nA_Key:new\nb=2\n");
    check_set("[p]\nk =\nb=2\n", "p", &[("k", "v")], "[p]\nk = v\nb=2\n");
    check_set("[p]\nk = a\n  b\n  # c\n  d\nz=1\n", "p", &[("k", "v")], "[p]\nk = v\n  # c\nz=1\n");
}

#[test]
fn a_new_key_cannot_swallow_what_follows_nor_be_swallowed() {
    check_set(
        "[p]\n  a = 1\n  b = 2\n\n[q]\n",
        "p",
        &[("k", "v")],
        "[p]\n  a = 1\n  b = 2\n  k = v\n\n[q]\n",
    );
    check_set("[p]\n  [q]\n  a = 1\n", "p", &[("k", "v")], "[p]\n  k = v\n  [q]\n  a = 1\n");
    check_set(
        "[p]\na =\n  n = 1\n\n# c\n[q]\n",
        "p",
        &[("k", "v")],
        "[p]\na =\n  n = 1\nk = v\n\n# c\n[q]\n",
    );
    check_set("[p] ; why\n# c\n", "p", &[("k", "v")], "[p] ; why\nk = v\n# c\n");
}

#[test]
fn names_are_compared_as_they_stand() {
    check_set("[ p ]\na = 1\n", "p", &[("k", "v")], "[ p ]\na = 1\n\n[p]\nk = v\n");
    check_set("[P]\n", "p", &[("k", "v")], "[P]\n\n[p]\nk = v\n");
}

#[test]
fn bytes_that_are_not_text_stay() {
    let before = b"[a]\nx = \xff\xfe\n# \xe4\n";
    let mut document = Document::parse(before).unwrap();
    document.set_keys("p", &[("k", "v")]).unwrap();
    assert_eq!(document.to_bytes(), [before.as_slice(), b"\n[p]\nk = v\n"].concat());
}

#[test]
fn removing_takes_continuation_lines_along_and_leaves_comments() {
    let mut document = Document::parse(b"[p]\na = 1\nk = v\n w\n# c\nb = 2").unwrap();
    document.remove_keys("p", &["k", "absent"]).unwrap();
    assert_eq!(document.to_bytes(), b"[p]\na = 1\n# c\nb = 2");
    document.remove_keys("p", &["b"]).unwrap();
    assert_eq!(document.to_bytes(), b"[p]\na = 1\n# c");
}

#[test]
fn a_header_stays_when_lines_after_it_would_join_the_section_before() {
    let mut document = Document::parse(b"[a]\nx = 1\n[p]\n  [b]\n  y = 2\n").unwrap();
    assert_eq!(document.remove_empty_section("p"), Err(EditError::WouldDamage));
    assert_eq!(document.to_bytes(), b"[a]\nx = 1\n[p]\n  [b]\n  y = 2\n");
}

#[test]
fn a_value_that_would_begin_a_section_is_noticed() {
    let mut document = Document::parse(b"[a]\nx = 1\n").unwrap();
    assert_eq!(document.set_keys("p", &[("k", "v\n[b]")]), Err(EditError::WouldDamage));
    assert_eq!(document.to_bytes(), b"[a]\nx = 1\n");
}

#[test]
fn what_botocore_rejects_is_named_by_its_line() {
    use ParseErrorKind::{
        ByteOrderMark, DuplicateKey, DuplicateSection, EmptyKey, NestedWithoutEquals, NoDelimiter,
        TextBeforeSection,
    };
    for (input, line, kind) in [
        ("\u{feff}[a]\n", 1, ByteOrderMark),
        ("# c\nx = 1\n[a]\n", 2, TextBeforeSection),
        ("[a]\n\nsecret\n", 3, NoDelimiter),
        ("[a]\n= 1\n", 2, EmptyKey),
        ("[a]\n[b]\n[a]\n", 3, DuplicateSection { first: 1 }),
        ("[a]\nk = 1\r\nK: 2\n", 3, DuplicateKey { first: 2 }),
        ("[a]\ns3 =\n  a = 1\n  b\n", 4, NestedWithoutEquals),
    ] {
        let error = Document::parse(input.as_bytes()).unwrap_err();
        assert_eq!((error.line, error.kind), (line, kind), "{input:?}");
        assert!(!error.to_string().contains("secret"));
    }
}
