//! A file as lines that know what they are; edits change only the lines they name.

mod sections;

use crate::{
    bytes::{Bytes, Part},
    grammar::{self, DEFAULT_SECTION, Entry, Layout, Line, ParseError, Section},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Range,
    sync::{Arc, OnceLock},
};
use zeroize::Zeroizing;

/// A credentials or config file: every byte of it, and what botocore reads in it. A clone costs nothing.
#[derive(Clone)]
pub struct Document {
    bytes: Arc<Bytes>,
    /// Read again when it is asked for after an edit.
    layout: Arc<OnceLock<Layout>>,
}

/// Why an edit was not made. The document is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The document has no such section.
    #[error("the file has no such section")]
    NoSection,
    /// The edited text would read differently in a place that the edit does not name.
    #[error("the change would alter how other lines of the file are read")]
    WouldDamage,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// A line to be written, without its ending.
type Text = Zeroizing<Vec<u8>>;

/// What becomes of the lines of a document; those that are not named stay.
#[derive(Default)]
struct Edit {
    lines: BTreeMap<usize, LineEdit>,
    /// Behind the last line.
    at_end: Vec<Text>,
}

#[derive(Default)]
struct LineEdit {
    dropped: bool,
    /// What comes in the line's place, or behind it.
    added: Vec<Text>,
}

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    /// The first line that botocore would reject the whole file for.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::own(Arc::new(Zeroizing::new(bytes.to_vec())))
    }

    /// As [`Self::parse`], without a copy.
    pub(crate) fn own(bytes: Arc<Zeroizing<Vec<u8>>>) -> Result<Self, ParseError> {
        Self::of(Bytes::read(bytes))
    }

    fn of(bytes: Bytes) -> Result<Self, ParseError> {
        let layout = OnceLock::from(grammar::layout(&bytes)?);
        Ok(Self { bytes: Arc::new(bytes), layout: Arc::new(layout) })
    }

    /// As they are to be written, without joining them.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// An edit is made only when the whole can be read.
    fn layout(&self) -> &Layout {
        self.layout.get_or_init(|| grammar::layout(&self.bytes).expect("a document that was read before"))
    }

    /// The file's bytes; the very ones that were parsed when nothing was edited.
    #[must_use]
    pub fn to_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The names of the sections as they stand between the brackets, in the file's order; bytes that are
    /// not UTF-8 are replaced.
    pub fn sections(&self) -> impl Iterator<Item = String> {
        self.layout().sections.iter().map(|section| String::from_utf8_lossy(self.name(section)).into_owned())
    }

    /// Whether the section is there.
    #[must_use]
    pub fn has_section(&self, section: &str) -> bool {
        self.section(section).is_some()
    }

    /// The keys of the section in lower case, without what `[DEFAULT]` adds. Empty when it is not there.
    pub fn keys(&self, section: &str) -> impl Iterator<Item = String> {
        self.section(section)
            .into_iter()
            .flat_map(|section| &section.entries)
            .map(|entry| String::from_utf8_lossy(entry.key(&self.bytes)).into_owned())
    }

    /// The value of a key of the section itself, continuation lines joined with `\n`.
    #[must_use]
    pub fn get(&self, section: &str, key: &str) -> Option<Zeroizing<String>> {
        self.section(section).and_then(|section| self.entry(section, key)).map(|entry| self.text(entry))
    }

    /// The value as tools see it: the section's own, else that of `[DEFAULT]`.
    #[must_use]
    pub fn effective(&self, section: &str, key: &str) -> Option<Zeroizing<String>> {
        self.section(section)?;
        self.get(section, key).or_else(|| self.default_value(key))
    }

    /// The value that `[DEFAULT]` puts into every section.
    #[must_use]
    pub fn default_value(&self, key: &str) -> Option<Zeroizing<String>> {
        self.layout()
            .sections
            .iter()
            .filter(|section| self.name(section) == DEFAULT_SECTION)
            .find_map(|section| self.entry(section, key))
            .map(|entry| self.text(entry))
    }

    /// The keys that `[DEFAULT]` puts into every section.
    pub(crate) fn all_default_keys(&self) -> Vec<String> {
        self.layout()
            .sections
            .iter()
            .filter(|section| self.name(section) == DEFAULT_SECTION)
            .flat_map(|section| &section.entries)
            .map(|entry| String::from_utf8_lossy(entry.key(&self.bytes)).into_owned())
            .collect()
    }

    /// Sets keys of a section; the section is added at the end of the file when it is not there. A key
    /// that is there keeps its place and its spelling, a new one comes after the section's last key.
    ///
    /// Names and values must be plain text of one line (see [`crate::ProfileName`]).
    ///
    /// # Errors
    /// [`EditError::WouldDamage`].
    pub fn set_keys(&mut self, section: &str, keys: &[(&str, &str)]) -> Result<(), EditError> {
        let mut edit = Edit::default();
        let names: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
        let new_line = |indent: &[u8], key: &str, value: &str| {
            Zeroizing::new([indent, key.as_bytes(), b" = ", value.as_bytes()].concat())
        };
        let Some(index) = self.index(section) else {
            if !self.layout().lines.is_empty() {
                edit.at_end.push(Text::default());
            }
            edit.at_end.push(Zeroizing::new(format!("[{section}]").into_bytes()));
            edit.at_end.extend(keys.iter().map(|(key, value)| new_line(b"", key, value)));
            return self.replace(&edit, section, &names);
        };
        let found = &self.layout().sections[index];
        let mut added = Vec::new();
        for (key, value) in keys {
            match self.entry(found, key) {
                Some(entry) => {
                    let line = self.line(entry.first);
                    // An empty value's range lies right behind the delimiter.
                    let before = &self.bytes[line.start..entry.value.start];
                    let space: &[u8] = if entry.value.is_empty() { b" " } else { b"" };
                    let text = Zeroizing::new([before, space, value.as_bytes()].concat());
                    edit.lines.insert(entry.first, LineEdit { dropped: true, added: vec![text] });
                    edit.drop(entry.more().iter().map(|it| it.line));
                }
                None => added.push(new_line(self.indent_for_new_key(index), key, value)),
            }
        }
        let after = found.entries.last().map_or(found.header, |entry| {
            entry.lines().rfind(|line| !edit.drops(*line)).unwrap_or(entry.first)
        });
        edit.lines.entry(after).or_default().added.append(&mut added);
        self.replace(&edit, section, &names)
    }

    /// Puts `new = value` in the line of the key `old`, with that line's indentation and spacing; any
    /// continuation lines of `old` go.
    ///
    /// # Errors
    /// [`EditError`]; [`EditError::NoSection`] also when `old` is not there.
    pub(crate) fn exchange_key(
        &mut self,
        section: &str,
        old: &str,
        new: &str,
        value: &str,
    ) -> Result<(), EditError> {
        let found = self.section(section).ok_or(EditError::NoSection)?;
        let entry = self.entry(found, old).ok_or(EditError::NoSection)?;
        let mut edit = Edit::default();
        let text = Zeroizing::new(self.exchanged(entry, new, value).into_bytes());
        edit.lines.insert(entry.first, LineEdit { dropped: true, added: vec![text] });
        edit.drop(entry.more().iter().map(|it| it.line));
        self.replace(&edit, section, &[old, new])
    }

    /// The line of an entry with another key and value. Where `=` was aligned by spaces it stays so.
    pub(crate) fn exchanged(&self, entry: &Entry, key: &str, value: &str) -> String {
        let line = self.line(entry.first);
        let key_range = entry.key_range();
        let indent = String::from_utf8_lossy(&self.bytes[line.start..key_range.start]);
        let delimiter = String::from_utf8_lossy(&self.bytes[key_range.end..entry.value.start]);
        let aligned = delimiter.len() - delimiter.trim_start_matches(' ').len() > 1;
        let pad = if aligned { key_range.len().saturating_sub(key.len()) } else { 0 };
        format!("{indent}{key}{:pad$}{delimiter}{value}", "")
    }

    /// The line of a section's header.
    pub(crate) fn header_line(&self, section: &str) -> Option<usize> {
        self.section(section).map(|found| found.header)
    }

    /// The lines of a key with its continuation lines.
    pub(crate) fn lines_of(&self, section: &str, key: &str) -> Vec<usize> {
        let entry = self.section(section).and_then(|section| self.entry(section, key));
        entry.map(|entry| entry.lines().collect()).unwrap_or_default()
    }

    /// As [`Self::exchanged`], by the names of section and key.
    pub(crate) fn exchanged_line(&self, section: &str, old: &str, new: &str, value: &str) -> Option<String> {
        let entry = self.entry(self.section(section)?, old)?;
        Some(self.exchanged(entry, new, value))
    }

    /// How many lines there are.
    pub(crate) fn line_count(&self) -> usize {
        self.layout().lines.len()
    }

    /// The text of a line, without its ending.
    pub(crate) fn line_text(&self, number: usize) -> &[u8] {
        let line = self.line(number);
        &self.bytes[line.start..line.end]
    }

    /// The texts of lines, as far as there are such.
    pub(crate) fn texts(&self, lines: Range<usize>) -> impl Iterator<Item = &[u8]> {
        (lines.start..lines.end.min(self.line_count())).map(|number| self.line_text(number))
    }

    /// Puts lines of another document, `theirs`, in the place of `mine`. Both begin with the section's
    /// header and hold all of its keys.
    ///
    /// # Errors
    /// [`EditError::WouldDamage`] when anything else would read differently.
    pub(crate) fn take_lines(
        &mut self,
        section: &str,
        mine: Range<usize>,
        from: &Self,
        theirs: Range<usize>,
    ) -> Result<(), EditError> {
        let keys: Vec<String> = self.keys(section).chain(from.keys(section)).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let mut edit = Edit::default();
        edit.drop(mine.clone());
        let added = from.texts(theirs).map(|text| Zeroizing::new(text.to_vec())).collect();
        edit.lines.insert(mine.start, LineEdit { dropped: true, added });
        self.replace(&edit, section, &keys)
    }

    /// Takes keys out of a section, with their continuation lines. Keys that are not there are no error.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn remove_keys(&mut self, section: &str, keys: &[&str]) -> Result<(), EditError> {
        let found = self.section(section).ok_or(EditError::NoSection)?;
        let dropped: BTreeSet<usize> =
            keys.iter().filter_map(|key| self.entry(found, key)).flat_map(Entry::lines).collect();
        self.drop_lines(&dropped, section, keys)
    }

    /// Takes a section without keys away, and one blank line before it (which [`Self::set_keys`] put
    /// there). Comments stay.
    ///
    /// # Errors
    /// [`EditError::WouldDamage`] also when the section has keys.
    pub fn remove_empty_section(&mut self, section: &str) -> Result<(), EditError> {
        let found = self.section(section).ok_or(EditError::NoSection)?;
        if !found.entries.is_empty() {
            return Err(EditError::WouldDamage);
        }
        let mut dropped = BTreeSet::from([found.header]);
        if let Some(before) = found.header.checked_sub(1) {
            let line = self.line(before);
            if line.start == line.end {
                dropped.insert(before);
            }
        }
        self.drop_lines(&dropped, section, &[])
    }

    /// Whether a line that is neither blank nor part of the given sections is in the file.
    pub(crate) fn has_text_outside(&self, is_ours: impl Fn(&str) -> bool) -> bool {
        let mut ours = false;
        let mut section = self.layout().sections.iter().peekable();
        (0..self.layout().lines.len()).any(|number| {
            let line = self.line(number);
            if section.peek().is_some_and(|section| section.header == number) {
                ours = section.next().is_some_and(|it| is_ours(&String::from_utf8_lossy(self.name(it))));
            }
            let text = grammar::trim(&self.bytes, line.start..line.end).range;
            !ours && !text.is_empty()
        })
    }

    fn index(&self, section: &str) -> Option<usize> {
        self.layout().by_name.get(section.as_bytes()).copied()
    }

    fn section(&self, section: &str) -> Option<&Section> {
        self.index(section).map(|index| &self.layout().sections[index])
    }

    fn name(&self, section: &Section) -> &[u8] {
        &self.bytes[section.name.clone()]
    }

    fn line(&self, number: usize) -> Line {
        self.layout().lines.line(number, &self.bytes)
    }

    fn entry<'a>(&self, section: &'a Section, key: &str) -> Option<&'a Entry> {
        section.entries.iter().find(|entry| entry.key(&self.bytes) == key.as_bytes())
    }

    fn text(&self, entry: &Entry) -> Zeroizing<String> {
        let pieces: Vec<&[u8]> = entry.pieces(&self.bytes).collect();
        let joined = Zeroizing::new(pieces.join(&b'\n'));
        Zeroizing::new(String::from_utf8_lossy(&joined).into_owned())
    }

    /// The white space for a line after the section's last key: as that key's, so that neither it nor
    /// what follows turns into a continuation line. In an empty section the next header decides.
    fn indent_for_new_key(&self, section: usize) -> &[u8] {
        let found = &self.layout().sections[section];
        let model = match found.entries.last() {
            Some(entry) => Some(entry.first),
            None => self.layout().sections.get(section + 1).map(|next| next.header),
        };
        model.map_or(b"", |number| {
            let line = self.line(number);
            &self.bytes[line.start..grammar::trim(&self.bytes, line.start..line.end).range.start]
        })
    }

    fn line_ending(&self) -> &[u8] {
        let first = (!self.layout().lines.is_empty()).then(|| self.line(0));
        match first {
            Some(line) if line.next > line.end => &self.bytes[line.end..line.next],
            _ => b"\n",
        }
    }

    fn drop_lines(
        &mut self,
        dropped: &BTreeSet<usize>,
        section: &str,
        keys: &[&str],
    ) -> Result<(), EditError> {
        if dropped.is_empty() {
            return Ok(());
        }
        let mut edit = Edit::default();
        edit.drop(dropped.iter().copied());
        self.replace(&edit, section, keys)
    }

    fn replace(&mut self, edit: &Edit, section: &str, keys: &[&str]) -> Result<(), EditError> {
        let bytes = self.edited(edit);
        if self.same_beside(edit, &bytes, section.as_bytes(), keys) {
            debug_assert!(
                Self::parse(&bytes).is_ok_and(|edited| self.same_elsewhere(
                    &edited,
                    section.as_bytes(),
                    keys
                )),
                "the lines beside the edit tell of all"
            );
            *self = Self { bytes: Arc::new(bytes), layout: Arc::default() };
            return Ok(());
        }
        let edited = Self::of(bytes).map_err(|_| EditError::WouldDamage)?;
        if !self.same_elsewhere(&edited, section.as_bytes(), keys) {
            return Err(EditError::WouldDamage);
        }
        *self = edited;
        Ok(())
    }

    /// Whether the lines from the header before an edit to the one behind it settle that everything else
    /// reads the same. A header leaves nothing open: the grammar reads what follows by the header's
    /// indentation and its section alone. So when both headers are read as such and what is between is as
    /// it was but for the keys, the lines before and behind are read as they were. `false` is no answer.
    fn same_beside(&self, edit: &Edit, edited: &Bytes, section: &[u8], keys: &[&str]) -> bool {
        let Layout { sections, by_name, .. } = self.layout();
        let patched = by_name.get(section).copied();
        let Some(index) = patched.or_else(|| sections.len().checked_sub(1)) else { return false };
        let (found, next) = (&sections[index], sections.get(index + 1));
        let behind = next.map_or(usize::MAX, |next| next.header);
        let within = edit.lines.iter().all(|(number, line)| {
            (found.header..behind).contains(number) && !(line.dropped && *number == found.header)
        });
        let at_end_only = edit.lines.is_empty() && !edit.at_end.is_empty();
        // [DEFAULT] is read together with every other one.
        if section == DEFAULT_SECTION || !within || patched.is_some() == at_end_only {
            return false;
        }
        let from = self.line(found.header).start;
        let rest = next.map_or(0, |next| self.bytes.len() - self.line(next.header).next);
        let Some(part) = edited.len().checked_sub(rest).and_then(|to| edited.part(from..to)) else {
            return false;
        };
        let Ok(part) = Self::own(Arc::new(part)) else { return false };
        let expected_next = match next {
            Some(next) => Some(self.name(next)),
            None => patched.is_none().then_some(section),
        };
        let skip = if patched.is_some() { keys } else { &[] };
        match (part.layout().sections.as_slice(), expected_next) {
            ([only], None) => part.name(only) == section && self.same(found, &part, only, skip),
            ([first, second], Some(name)) => {
                part.name(first) == self.name(found)
                    && self.same(found, &part, first, skip)
                    && part.name(second) == name
                    && (next.is_none() || second.entries.is_empty())
            }
            _ => false,
        }
    }

    /// The bytes after an edit. Line endings separate lines: a file without one at its end stays so.
    fn edited(&self, edit: &Edit) -> Bytes {
        let ending = self.line_ending();
        let ends_open = !matches!(self.bytes.last(), None | Some(b'\n' | b'\r'));
        // A run of lines that stay, each with its own ending; only the last may have none.
        let kept = |from: usize, to: usize| {
            (from < to).then(|| {
                let (first, last) = (self.line(from), self.line(to - 1));
                let own = last.end..last.next;
                [
                    Part::Old(first.start..last.end),
                    if own.is_empty() { Part::New(ending) } else { Part::Old(own) },
                ]
            })
        };
        let added = |text| [Part::New(text), Part::New(ending)];
        let mut parts: Vec<Part<'_>> = Vec::new();
        let mut next = 0;
        for (number, line) in &edit.lines {
            parts.extend(kept(next, number + usize::from(!line.dropped)).into_iter().flatten());
            // What takes a line's place has that line's ending, in a file of several kinds too.
            let own = Some(self.line(*number)).filter(|it| line.dropped && it.next > it.end);
            for (at, text) in line.added.iter().enumerate() {
                let last = own.filter(|_| at + 1 == line.added.len());
                let ending = last.map_or(Part::New(ending), |it| Part::Old(it.end..it.next));
                parts.extend([Part::New(text.as_slice()), ending]);
            }
            next = number + 1;
        }
        parts.extend(kept(next, self.layout().lines.len()).into_iter().flatten());
        parts.extend(edit.at_end.iter().flat_map(|text| added(text)));
        if ends_open {
            parts.pop();
        }
        self.bytes.edited(&parts)
    }

    /// Whether both read the same but for the given keys of the section.
    fn same_elsewhere(&self, edited: &Self, section: &[u8], keys: &[&str]) -> bool {
        let (mut mine, mut theirs) = (self.others(section), edited.others(section));
        let same_others = loop {
            match (mine.next(), theirs.next()) {
                (None, None) => break true,
                (Some(left), Some(right))
                    if self.name(left) == edited.name(right) && self.same(left, edited, right, &[]) => {}
                _ => break false,
            }
        };
        let patched = |document: &Self| document.layout().by_name.get(section).copied();
        same_others
            && match (patched(self), patched(edited)) {
                (Some(before), Some(after)) => {
                    self.same(&self.layout().sections[before], edited, &edited.layout().sections[after], keys)
                }
                (Some(before), None) => self.layout().sections[before].entries.is_empty(),
                _ => true,
            }
    }

    fn others(&self, section: &[u8]) -> impl Iterator<Item = &Section> {
        self.layout().sections.iter().filter(move |it| self.name(it) != section)
    }

    /// Whether two sections have the same keys and values in the same order, but for those to skip.
    fn same(&self, mine: &Section, edited: &Self, theirs: &Section, skip: &[&str]) -> bool {
        let mut left = self.entries_without(mine, skip);
        let mut right = edited.entries_without(theirs, skip);
        loop {
            match (left.next(), right.next()) {
                (None, None) => return true,
                (Some(left), Some(right))
                    if left.key(&self.bytes) == right.key(&edited.bytes)
                        && left.pieces(&self.bytes).eq(right.pieces(&edited.bytes)) => {}
                _ => return false,
            }
        }
    }

    fn entries_without<'a>(
        &'a self,
        section: &'a Section,
        skip: &'a [&str],
    ) -> impl Iterator<Item = &'a Entry> {
        section.entries.iter().filter(|entry| {
            let key = entry.key(&self.bytes);
            !skip.iter().any(|skipped| skipped.as_bytes() == key)
        })
    }
}

impl Edit {
    fn drop(&mut self, lines: impl Iterator<Item = usize>) {
        self.lines.extend(lines.map(|line| (line, LineEdit { dropped: true, added: Vec::new() })));
    }

    fn drops(&self, line: usize) -> bool {
        self.lines.get(&line).is_some_and(|it| it.dropped && it.added.is_empty())
    }
}
