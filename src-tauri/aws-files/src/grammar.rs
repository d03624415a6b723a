//! The INI grammar of AWS's files as botocore reads it: Python's `RawConfigParser` (3.11 `_read`) and
//! botocore's nested blocks (`configloader._parse_nested`), over bytes, keeping where everything stands.

use std::{borrow::Cow, collections::HashMap, ops::Range};

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

/// Where every line starts.
pub(crate) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The line of a number, which must be there.
    pub(crate) fn line(&self, number: usize, bytes: &[u8]) -> Line {
        let start = self.starts[number];
        let next = self.starts.get(number + 1).copied().unwrap_or(bytes.len());
        let end = match &bytes[start..next] {
            [.., b'\r', b'\n'] => next - 2,
            [.., b'\r' | b'\n'] => next - 1,
            _ => next,
        };
        Line { start, end, next }
    }
}

/// One `key = value` with its continuation lines.
pub(crate) struct Entry {
    key: Range<usize>,
    /// The line of the key.
    pub first: usize,
    /// What stands behind the delimiter, trimmed.
    pub value: Range<usize>,
    /// What few entries have; files have many thousand.
    rare: Option<Box<Rare>>,
}

#[derive(Default)]
struct Rare {
    /// The key in lower case, when it does not stand so in the file.
    lowered: Option<Vec<u8>>,
    /// The continuation lines.
    more: Vec<Continuation>,
}

/// One more line of a value. A blank line is an empty piece; comments between are no pieces.
pub(crate) struct Continuation {
    pub piece: Range<usize>,
    pub line: usize,
}

impl Entry {
    /// In lower case, as botocore compares it.
    pub(crate) fn key<'a>(&'a self, bytes: &'a [u8]) -> &'a [u8] {
        let lowered = self.rare.as_ref().and_then(|rare| rare.lowered.as_deref());
        lowered.unwrap_or_else(|| &bytes[self.key.clone()])
    }

    /// Where the key stands.
    pub(crate) fn key_range(&self) -> Range<usize> {
        self.key.clone()
    }

    /// The continuation lines.
    pub(crate) fn more(&self) -> &[Continuation] {
        self.rare.as_ref().map_or(&[], |rare| &rare.more)
    }

    /// The pieces of the value, to be joined with `\n`.
    pub(crate) fn pieces<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        std::iter::once(&self.value)
            .chain(self.more().iter().map(|it| &it.piece))
            .map(|piece| &bytes[piece.clone()])
    }

    /// The lines of the pieces.
    pub(crate) fn lines(&self) -> impl DoubleEndedIterator<Item = usize> {
        std::iter::once(self.first).chain(self.more().iter().map(|it| it.line))
    }
}

/// One `[section]`.
pub(crate) struct Section {
    /// What stands between the brackets.
    pub name: Range<usize>,
    /// The line of the brackets.
    pub header: usize,
    /// In the file's order.
    pub entries: Vec<Entry>,
}

/// Where everything stands.
pub(crate) struct Layout {
    pub lines: Lines,
    pub sections: Vec<Section>,
    /// Where each name begins first.
    pub by_name: HashMap<Box<[u8]>, usize>,
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
    let lines = lines(bytes);
    // A section with a role's keys has about eight lines.
    let expected = lines.len() / 8;
    let mut reader = Reader {
        bytes,
        sections: Vec::with_capacity(expected),
        by_name: HashMap::with_capacity(expected),
        set: HashMap::new(),
        set_by_default: HashMap::new(),
        blank: Vec::new(),
    };
    let mut indent_level = 0;
    let mut open = false;
    for number in 0..lines.len() {
        let line = lines.line(number, bytes);
        let fail = |kind| Err(ParseError { line: number + 1, kind });
        let text = trim(bytes, line.start..line.end);
        let value = &bytes[text.range.clone()];
        if value.is_empty() {
            if open {
                reader.blank.push(Continuation { piece: text.range, line: number });
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
            let name = text.range.start + name.start..text.range.start + name.end;
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
    Ok(Layout { lines, sections: reader.sections, by_name: reader.by_name })
}

/// Up to how many keys of a section are compared one by one.
const FEW: usize = 16;

struct Reader<'a> {
    bytes: &'a [u8],
    sections: Vec<Section>,
    by_name: HashMap<Box<[u8]>, usize>,
    /// Line of each key of the section that is read, if it has more than a few.
    set: HashMap<Vec<u8>, usize>,
    /// Line of each key of `[DEFAULT]`, wherever it began.
    set_by_default: HashMap<Vec<u8>, usize>,
    /// Blank lines since the last piece of a value: its own if more of it follows, else nobody's, since
    /// Python strips the joined value at its end.
    blank: Vec<Continuation>,
}

impl Reader<'_> {
    fn continuation(&mut self, at: Range<usize>, number: usize) -> Result<(), ParseErrorKind> {
        let nested_line_ok = splitlines(&self.bytes[at.clone()])
            .all(|piece| trim(piece, 0..piece.len()).range.is_empty() || piece.contains(&b'='));
        if let Some(entry) = self.sections.last_mut().and_then(|section| section.entries.last_mut()) {
            if entry.value.is_empty() && !nested_line_ok {
                return Err(ParseErrorKind::NestedWithoutEquals);
            }
            let more = &mut entry.rare.get_or_insert_default().more;
            more.append(&mut self.blank);
            more.push(Continuation { piece: at, line: number });
        }
        Ok(())
    }

    fn section(&mut self, at: Range<usize>, number: usize) -> Result<(), ParseErrorKind> {
        let name = &self.bytes[at.clone()];
        let first = *self.by_name.entry(name.into()).or_insert(self.sections.len());
        if name != DEFAULT_SECTION
            && let Some(first) = self.sections.get(first)
        {
            return Err(ParseErrorKind::DuplicateSection { first: first.header + 1 });
        }
        self.blank.clear();
        self.sections.push(Section { name: at, header: number, entries: Vec::new() });
        Ok(())
    }

    fn entry(&mut self, at: Range<usize>, number: usize) -> Result<(), ParseErrorKind> {
        let bytes = self.bytes;
        let text = &bytes[at.clone()];
        let delimiter =
            text.iter().position(|byte| matches!(byte, b'=' | b':')).ok_or(ParseErrorKind::NoDelimiter)?;
        let key = trim(bytes, at.start..at.start + delimiter).range;
        if key.is_empty() {
            return Err(ParseErrorKind::EmptyKey);
        }
        let lower = lower(&bytes[key.clone()]);
        let Some(section) = self.sections.last_mut() else {
            return Err(ParseErrorKind::TextBeforeSection);
        };
        let entries = &mut section.entries;
        let before = if &bytes[section.name.clone()] == DEFAULT_SECTION {
            self.set_by_default.insert(lower.to_vec(), number)
        } else if entries.len() < FEW {
            entries.iter().find(|entry| entry.key(bytes) == &*lower).map(|entry| entry.first)
        } else {
            if entries.len() == FEW {
                self.set = entries.iter().map(|entry| (entry.key(bytes).to_vec(), entry.first)).collect();
            }
            self.set.insert(lower.to_vec(), number)
        };
        if let Some(first) = before {
            return Err(ParseErrorKind::DuplicateKey { first: first + 1 });
        }
        let rare = match lower {
            Cow::Borrowed(_) => None,
            Cow::Owned(lower) => Some(Box::new(Rare { lowered: Some(lower), more: Vec::new() })),
        };
        self.blank.clear();
        let value = trim(bytes, at.start + delimiter + 1..at.end).range;
        entries.push(Entry { key, first: number, value, rare });
        Ok(())
    }
}

/// `[name]`: greedy up to the last `]`, whatever follows is ignored, at least one character.
fn header(value: &[u8]) -> Option<Range<usize>> {
    let rest = value.strip_prefix(b"[")?;
    let end = rest.iter().rposition(|byte| *byte == b']')?;
    (end > 0).then_some(1..end + 1)
}

/// Python's universal newlines: `\n`, `\r\n` and a lone `\r` end a line.
pub(crate) fn lines(bytes: &[u8]) -> Lines {
    let mut starts = Vec::with_capacity(bytes.len() / 64);
    let mut start = 0;
    while start < bytes.len() {
        starts.push(start);
        let end = line_end(bytes, start);
        start = match &bytes[end..] {
            [b'\r', b'\n', ..] => end + 2,
            [] => end,
            _ => end + 1,
        };
    }
    Lines { starts }
}

/// Where the first line ending from `start` on stands, or the end.
fn line_end(bytes: &[u8], start: usize) -> usize {
    let ends = |byte: &u8| matches!(byte, b'\n' | b'\r');
    // Without an early exit the compiler looks at many bytes at once.
    let without = |block: &&[u8]| !block.iter().fold(false, |found, byte| found | ends(byte));
    let skip = bytes[start..].chunks_exact(32).take_while(without).count() * 32;
    let rest = start + skip;
    bytes[rest..].iter().position(ends).map_or(bytes.len(), |at| rest + at)
}

/// Python's `str.isspace`.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// Python's `str.strip`; bytes that are not UTF-8 count as text.
pub(crate) fn trim(bytes: &[u8], within: Range<usize>) -> Trimmed {
    let text = &bytes[within.clone()];
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t'..=b'\r' | 0x1c..=0x1f);
    if let (Some(first), Some(last)) = (text.iter().position(is_text), text.iter().rposition(is_text))
        && text[first].is_ascii()
        && text[last].is_ascii()
    {
        return Trimmed { range: within.start + first..within.start + last + 1, indent: first };
    }
    trim_chars(bytes, within)
}

/// The same for every text; slower.
fn trim_chars(bytes: &[u8], within: Range<usize>) -> Trimmed {
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

fn lower(key: &[u8]) -> Cow<'_, [u8]> {
    if key.iter().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(key);
    }
    Cow::Owned(match std::str::from_utf8(key) {
        Ok(text) => text.to_lowercase().into_bytes(),
        Err(_) => key.to_ascii_lowercase(),
    })
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
