//! The INI grammar of AWS's files as botocore reads it: Python's `RawConfigParser` (3.11 `_read`) and
//! botocore's nested blocks (`configloader._parse_nested`), over bytes, keeping where everything stands.

use std::{collections::HashMap, ops::Range};

/// Why botocore would reject the file. Holds no text of the file: a broken line may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct ParseError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub kind: ParseErrorKind,
}

/// What AWS tools cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseErrorKind {
    /// The file starts with a UTF-8 byte order mark.
    #[error("the file starts with a byte order mark, save it as UTF-8 without one")]
    ByteOrderMark,
    /// Text before the first `[section]`.
    #[error("this text stands before the first [section]")]
    TextBeforeSection,
    /// A line that is neither a section, nor `key = value`, nor a comment.
    #[error("a key needs `=` and a value")]
    NoDelimiter,
    /// `= value`.
    #[error("there is no key before the `=`")]
    EmptyKey,
    /// The section was begun before.
    #[error("this section begins a second time, it is on line {first} already")]
    DuplicateSection {
        /// Where it began first.
        first: usize,
    },
    /// The key was set before in the same section.
    #[error("this key is set a second time, it is on line {first} already")]
    DuplicateKey {
        /// Where it was set first.
        first: usize,
    },
    /// A line of an indented block below `key =` without `=`.
    #[error("a line of an indented block needs `key = value`")]
    NestedWithoutEquals,
}

/// One line: its bytes are `start..end`, its line ending `end..next`.
#[derive(Clone, Copy)]
pub(crate) struct Line {
    pub start: usize,
    pub end: usize,
    pub next: usize,
}

/// One `key = value` with its continuation lines.
pub(crate) struct Entry {
    /// Lower case, as botocore compares it.
    pub key: Vec<u8>,
    /// The line of the key.
    pub first: usize,
    /// The last line that belongs to the value.
    pub last: usize,
    /// The pieces of the value, trimmed; blank lines between are empty pieces.
    pub pieces: Vec<Range<usize>>,
    /// The lines of `pieces`; comments between are not among them.
    pub lines: Vec<usize>,
}

/// One `[section]`.
pub(crate) struct Section {
    /// The bytes between the brackets.
    pub name: Vec<u8>,
    /// The line of the brackets.
    pub header: usize,
    /// In the file's order.
    pub entries: Vec<Entry>,
}

/// Where everything stands.
pub(crate) struct Layout {
    pub lines: Vec<Line>,
    pub sections: Vec<Section>,
}

/// Python's `[DEFAULT]`: its values show in every section, and it may begin more than once.
pub(crate) const DEFAULT_SECTION: &[u8] = b"DEFAULT";

/// The text of a line without white space around it.
pub(crate) struct Trimmed {
    pub range: Range<usize>,
    /// How many characters of white space stand before.
    pub indent: usize,
}

/// Reads the file's layout.
///
/// # Errors
/// The first line that botocore would reject.
pub(crate) fn layout(bytes: &[u8]) -> Result<Layout, ParseError> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(ParseError { line: 1, kind: ParseErrorKind::ByteOrderMark });
    }
    let mut reader = Reader { bytes, sections: Vec::new(), began: HashMap::new(), set: HashMap::new() };
    let lines = lines(bytes);
    let mut indent_level = 0;
    let mut open = false;
    for (number, line) in lines.iter().enumerate() {
        let fail = |kind| Err(ParseError { line: number + 1, kind });
        let text = trim(bytes, line.start..line.end);
        let value = &bytes[text.range.clone()];
        if value.is_empty() {
            if open {
                reader.blank(text.range, number);
            }
            continue;
        }
        if matches!(value[0], b'#' | b';') {
            continue;
        }
        if open && text.indent > indent_level {
            if let Err(kind) = reader.continuation(text.range, number) {
                return fail(kind);
            }
            continue;
        }
        indent_level = text.indent;
        if let Some(name) = header(value) {
            if let Err(kind) = reader.section(name, number) {
                return fail(kind);
            }
            open = false;
        } else if reader.sections.is_empty() {
            return fail(ParseErrorKind::TextBeforeSection);
        } else {
            if let Err(kind) = reader.entry(text.range, number) {
                return fail(kind);
            }
            open = true;
        }
    }
    let mut sections = reader.sections;
    for entry in sections.iter_mut().flat_map(|section| &mut section.entries) {
        // Python strips the joined value at its end, so blank lines there belong to nobody.
        while entry.pieces.len() > 1 && entry.pieces.last().is_some_and(Range::is_empty) {
            entry.pieces.pop();
            entry.lines.pop();
        }
        entry.last = entry.lines.last().copied().unwrap_or(entry.first);
    }
    Ok(Layout { lines, sections })
}

struct Reader<'a> {
    bytes: &'a [u8],
    sections: Vec<Section>,
    /// Line of each section's header.
    began: HashMap<Vec<u8>, usize>,
    /// Line of each key, by section.
    set: HashMap<(Vec<u8>, Vec<u8>), usize>,
}

impl Reader<'_> {
    fn open_entry(&mut self) -> Option<&mut Entry> {
        self.sections.last_mut().and_then(|section| section.entries.last_mut())
    }

    fn blank(&mut self, at: Range<usize>, number: usize) {
        if let Some(entry) = self.open_entry() {
            entry.pieces.push(at);
            entry.lines.push(number);
        }
    }

    fn continuation(&mut self, at: Range<usize>, number: usize) -> Result<(), ParseErrorKind> {
        let nested_line_ok = splitlines(&self.bytes[at.clone()])
            .all(|piece| trim(piece, 0..piece.len()).range.is_empty() || piece.contains(&b'='));
        if let Some(entry) = self.open_entry() {
            if entry.pieces[0].is_empty() && !nested_line_ok {
                return Err(ParseErrorKind::NestedWithoutEquals);
            }
            entry.pieces.push(at);
            entry.lines.push(number);
        }
        Ok(())
    }

    fn section(&mut self, name: &[u8], number: usize) -> Result<(), ParseErrorKind> {
        if name != DEFAULT_SECTION
            && let Some(first) = self.began.insert(name.to_vec(), number)
        {
            return Err(ParseErrorKind::DuplicateSection { first: first + 1 });
        }
        self.sections.push(Section { name: name.to_vec(), header: number, entries: Vec::new() });
        Ok(())
    }

    fn entry(&mut self, at: Range<usize>, number: usize) -> Result<(), ParseErrorKind> {
        let text = &self.bytes[at.clone()];
        let delimiter =
            text.iter().position(|byte| matches!(byte, b'=' | b':')).ok_or(ParseErrorKind::NoDelimiter)?;
        let key = trim(text, 0..delimiter).range;
        if key.is_empty() {
            return Err(ParseErrorKind::EmptyKey);
        }
        let key = lower(&text[key]);
        let Some(section) = self.sections.last_mut() else {
            return Err(ParseErrorKind::TextBeforeSection);
        };
        if let Some(first) = self.set.insert((section.name.clone(), key.clone()), number) {
            return Err(ParseErrorKind::DuplicateKey { first: first + 1 });
        }
        let value = trim(self.bytes, at.start + delimiter + 1..at.end).range;
        section.entries.push(Entry {
            key,
            first: number,
            last: number,
            pieces: vec![value],
            lines: vec![number],
        });
        Ok(())
    }
}

/// `[name]`: greedy up to the last `]`, whatever follows is ignored, at least one character.
fn header(value: &[u8]) -> Option<&[u8]> {
    let rest = value.strip_prefix(b"[")?;
    let end = rest.iter().rposition(|byte| *byte == b']')?;
    (end > 0).then(|| &rest[..end])
}

/// Python's universal newlines: `\n`, `\r\n` and a lone `\r` end a line.
pub(crate) fn lines(bytes: &[u8]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let end = bytes[start..]
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
            .map_or(bytes.len(), |at| start + at);
        let next = match &bytes[end..] {
            [b'\r', b'\n', ..] => end + 2,
            [] => end,
            _ => end + 1,
        };
        lines.push(Line { start, end, next });
        start = next;
    }
    lines
}

/// Python's `str.isspace`.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// Python's `str.strip`; bytes that are not UTF-8 count as text.
pub(crate) fn trim(bytes: &[u8], within: Range<usize>) -> Trimmed {
    let mut first = None;
    let mut end = within.start;
    let mut at = within.start;
    let mut indent = 0;
    for chunk in bytes[within.clone()].utf8_chunks() {
        for c in chunk.valid().chars() {
            let next = at + c.len_utf8();
            if !is_space(c) {
                first.get_or_insert(at);
                end = next;
            } else if first.is_none() {
                indent += 1;
            }
            at = next;
        }
        if !chunk.invalid().is_empty() {
            first.get_or_insert(at);
            at += chunk.invalid().len();
            end = at;
        }
    }
    match first {
        Some(start) => Trimmed { range: start..end, indent },
        None => Trimmed { range: within.end..within.end, indent },
    }
}

fn lower(key: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(key) {
        Ok(text) => text.to_lowercase().into_bytes(),
        Err(_) => key.to_ascii_lowercase(),
    }
}

/// Python's `str.splitlines` within one line of the file.
fn splitlines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut cuts = Vec::new();
    let mut at = 0;
    for chunk in text.utf8_chunks() {
        for (offset, c) in chunk.valid().char_indices() {
            let ends_line = matches!(
                c,
                '\u{b}' | '\u{c}' | '\u{1c}' | '\u{1d}' | '\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
            );
            if ends_line {
                cuts.push(at + offset..at + offset + c.len_utf8());
            }
        }
        at += chunk.valid().len() + chunk.invalid().len();
    }
    let mut start = 0;
    cuts.push(text.len()..text.len());
    cuts.into_iter().map(move |cut| {
        let piece = &text[start..cut.start];
        start = cut.end;
        piece
    })
}
