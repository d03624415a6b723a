//! Properties over generated files.

use super::{credentials, put};
use crate::{Change, Consent, Document, ProfileOutcome, Put};
use proptest::{prelude::*, test_runner::RngSeed};

/// The same files on every run; raise this, or change the seed, to look further.
pub(super) const CASES: u32 = 600;

/// Lines such as people and tools write, and some that nobody should.
fn line() -> impl Strategy<Value = String> {
    let indent = prop_oneof![6 => Just(""), 1 => Just(" "), 1 => Just("    "), 1 => Just("\t")];
    let body = prop_oneof![
        3 => (0..6u8).prop_map(|n| format!("[s{n}]")),
        1 => Just("[default]".to_owned()),
        1 => Just("[DEFAULT]".to_owned()),
        1 => Just("[ spaced ] ; and more".to_owned()),
        1 => Just("[a]b]".to_owned()),
        2 => Just(String::new()),
        1 => Just("# comment = 1".to_owned()),
        1 => Just("; [comment]".to_owned()),
        8 => ("[a-eA-E]{1,2}", "[ ]?[=:][ ]?", "[a-z#;=:% é\u{a0}]{0,8}").prop_map(|(k, d, v)| format!("{k}{d}{v}")),
        1 => Just("s3 =".to_owned()),
        1 => Just("aws_access_key_id = AKIAX".to_owned()),
        1 => Just("aws_security_token: t".to_owned()),
        1 => Just("region = eu-west-1".to_owned()),
        1 => Just("x_latchkey = someone:0123".to_owned()),
        1 => "[ -~é]{0,12}",
    ];
    (indent, body).prop_map(|(indent, body)| format!("{indent}{body}"))
}

/// A file, of whatever quality.
pub(crate) fn any_file() -> impl Strategy<Value = String> {
    let ending = prop_oneof![4 => Just("\n"), 2 => Just("\r\n"), 1 => Just("\r")];
    (prop::collection::vec(line(), 0..14), ending, any::<bool>()).prop_map(|(lines, ending, closed)| {
        let mut text = lines.join(ending);
        if closed && !text.is_empty() {
            text.push_str(ending);
        }
        text
    })
}

/// A file that botocore reads: what it would not is taken out line by line.
pub(super) fn good_file() -> impl Strategy<Value = String> {
    any_file().prop_map(|mut text| {
        while let Err(error) = Document::parse(text.as_bytes()) {
            let line = crate::grammar::lines(text.as_bytes()).line(error.line - 1, text.as_bytes());
            text.replace_range(line.start..line.next, "");
        }
        text
    })
}

fn agreed(profile: &str, n: u32) -> Change {
    Change::Put(Put { consent: Consent::ReplaceWithBackup, ..put(profile, n) })
}

/// The lines of a text with their endings.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    let all = crate::grammar::lines(bytes);
    let line = |number| all.line(number, bytes);
    (0..all.len()).map(|number| &bytes[line(number).start..line(number).next]).collect()
}

/// The bytes of a section, from its header to before the next one's.
fn place(document: &Document, section: &str) -> std::ops::Range<usize> {
    let bytes = document.to_bytes();
    let begins = |line| crate::grammar::lines(bytes).line(line, bytes).start;
    let header = document.header_line(section).unwrap();
    let headers = document.sections().filter_map(|name| document.header_line(&name));
    let next = headers.filter(|line| *line > header).min();
    begins(header)..next.map_or(bytes.len(), begins)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, rng_seed: RngSeed::Fixed(20_261_124), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_parses_is_given_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(document) = Document::parse(&bytes) {
            prop_assert_eq!(document.to_bytes(), &bytes[..]);
        }
    }

    #[test]
    fn a_profile_comes_and_goes_without_a_trace(text in good_file(), n in 0..1000u32) {
        let mut document = Document::parse(text.as_bytes()).unwrap();
        for n in [n, n + 1] {
            agreed("latchkey", n).apply(&mut document).unwrap();
            let bytes = document.to_bytes();
            prop_assert!(bytes.starts_with(text.as_bytes()), "{:?}", String::from_utf8_lossy(bytes));
            let id = document.get("latchkey", "aws_access_key_id").unwrap().to_string();
            prop_assert_eq!(id, format!("ASIA{n:016}"));
        }
        prop_assert_eq!(super::stop("latchkey").apply(&mut document).unwrap(), ProfileOutcome::Removed);
        prop_assert_eq!(String::from_utf8_lossy(document.to_bytes()), text);
    }

    /// The person agreed to replace a section: every byte before and after it stays, and within it every line but
    /// those of the keys that are ours, in their order.
    #[test]
    fn replacing_a_section_leaves_every_other_line(text in good_file(), which in 0..6usize, n in 0..1000u32) {
        let text = format!("[s9]\n{text}");
        let mut document = Document::parse(text.as_bytes()).unwrap();
        let plain: Vec<String> = document.sections().filter(|name| name.len() == 2).collect();
        let profile = plain[which % plain.len()].clone();
        let old = place(&document, &profile);
        agreed(&profile, n).apply(&mut document).unwrap();
        for (key, value) in [
            ("aws_access_key_id", format!("ASIA{n:016}")),
            ("aws_secret_access_key", format!("secret/{n:08}")),
            ("aws_session_token", format!("token+{n:08}==")),
        ] {
            prop_assert_eq!(document.get(&profile, key).unwrap().to_string(), value);
        }
        let after = document.to_bytes();
        let new = place(&document, &profile);
        let all = String::from_utf8_lossy(after).into_owned();
        prop_assert_eq!(&after[..new.start], &text.as_bytes()[..old.start]);
        prop_assert_eq!(&after[new.end..], &text.as_bytes()[old.end..]);
        let ours = |line: &[u8]| {
            let line = String::from_utf8_lossy(line).trim().to_lowercase();
            ["aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token", "x_"]
                .iter()
                .any(|key| line.starts_with(key))
        };
        let after = lines(&after[new]);
        let mut rest = after.iter();
        let mut replaced = false;
        for line in lines(&text.as_bytes()[old]) {
            let said = String::from_utf8_lossy(line);
            // What continues a replaced value goes with it, with what stands between.
            let continues = said.trim().is_empty() || said.starts_with([' ', '\t', ';', '#']);
            replaced = ours(line) || (replaced && continues);
            // The last line of a file may get an ending.
            let stays = |it: &&[u8]| *it == line || (!said.ends_with(['\n', '\r']) && it.starts_with(line));
            prop_assert!(replaced || rest.any(stays), "{said:?} is gone from {all:?}");
        }
        prop_assert_eq!(
            document.standing(&profile, None),
            crate::Standing::Ours {
                owner: crate::Owner::new("org.account.role").unwrap(),
                expires: Some(credentials(n).expires),
                fingerprint: credentials(n).fingerprint(),
            }
        );
    }
}
