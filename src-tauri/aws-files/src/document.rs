//! A file as lines that know what they are; edits change only the lines they name.

use crate::grammar::{self, DEFAULT_SECTION, Entry, Layout, ParseError, Section};
use std::{collections::HashSet, fmt};
use zeroize::Zeroizing;

/// A credentials or config file: every byte of it, and what botocore reads in it.
pub struct Document {
    bytes: Zeroizing<Vec<u8>>,
    layout: Layout,
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
        f.debug_struct("Document")
            .field("bytes", &self.bytes.len())
            .field("sections", &self.layout.sections.len())
            .finish_non_exhaustive()
    }
}

/// A line of an edited document.
enum Piece {
    Kept(usize),
    New(Zeroizing<Vec<u8>>),
}

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    /// The first line that botocore would reject the whole file for.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::own(Zeroizing::new(bytes.to_vec()))
    }

    fn own(bytes: Zeroizing<Vec<u8>>) -> Result<Self, ParseError> {
        let layout = grammar::layout(&bytes)?;
        Ok(Self { bytes, layout })
    }

    /// The file's bytes; the very ones that were parsed when nothing was edited.
    #[must_use]
    pub fn to_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The names of the sections as they stand between the brackets, in the file's order; bytes that are
    /// not UTF-8 are replaced.
    pub fn sections(&self) -> impl Iterator<Item = String> {
        self.layout.sections.iter().map(|section| String::from_utf8_lossy(&section.name).into_owned())
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
            .map(|entry| String::from_utf8_lossy(&entry.key).into_owned())
    }

    /// The value of a key of the section itself, continuation lines joined with `\n`.
    #[must_use]
    pub fn get(&self, section: &str, key: &str) -> Option<Zeroizing<String>> {
        self.section(section).and_then(|section| entry(section, key)).map(|entry| self.text(entry))
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
        self.layout
            .sections
            .iter()
            .filter(|section| section.name == DEFAULT_SECTION)
            .find_map(|section| entry(section, key))
            .map(|entry| self.text(entry))
    }

    /// The keys that `[DEFAULT]` puts into every section.
    #[cfg(test)]
    pub(crate) fn all_default_keys(&self) -> Vec<String> {
        self.layout
            .sections
            .iter()
            .filter(|section| section.name == DEFAULT_SECTION)
            .flat_map(|section| &section.entries)
            .map(|entry| String::from_utf8_lossy(&entry.key).into_owned())
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
        let mut pieces: Vec<Piece> = (0..self.layout.lines.len()).map(Piece::Kept).collect();
        let new_line = |indent: &[u8], key: &str, value: &str| {
            Piece::New(Zeroizing::new([indent, key.as_bytes(), b" = ", value.as_bytes()].concat()))
        };
        let Some(index) = self.index(section) else {
            if !pieces.is_empty() {
                pieces.push(Piece::New(Zeroizing::default()));
            }
            pieces.push(Piece::New(Zeroizing::new(format!("[{section}]").into_bytes())));
            pieces.extend(keys.iter().map(|(key, value)| new_line(b"", key, value)));
            return self.replace(&pieces, section, &keys.iter().map(|(key, _)| *key).collect::<Vec<_>>());
        };
        let found = &self.layout.sections[index];
        let mut dropped = HashSet::new();
        let mut added = Vec::new();
        for (key, value) in keys {
            match entry(found, key) {
                Some(entry) => {
                    let line = self.layout.lines[entry.first];
                    // An empty value's range lies right behind the delimiter.
                    let before = &self.bytes[line.start..entry.pieces[0].start];
                    let space: &[u8] = if entry.pieces[0].is_empty() { b" " } else { b"" };
                    let text = [before, space, value.as_bytes()].concat();
                    pieces[entry.first] = Piece::New(Zeroizing::new(text));
                    dropped.extend(entry.lines[1..].iter().copied());
                }
                None => added.push(new_line(self.indent_for_new_key(index), key, value)),
            }
        }
        let after = found
            .entries
            .iter()
            .map(|entry| entry.lines.iter().rfind(|line| !dropped.contains(line)).copied())
            .next_back()
            .flatten()
            .unwrap_or(found.header);
        let mut edited = Vec::with_capacity(pieces.len() + added.len());
        for (number, piece) in pieces.into_iter().enumerate() {
            if !dropped.contains(&number) {
                edited.push(piece);
            }
            if number == after {
                edited.append(&mut added);
            }
        }
        self.replace(&edited, section, &keys.iter().map(|(key, _)| *key).collect::<Vec<_>>())
    }

    /// Takes keys out of a section, with their continuation lines. Keys that are not there are no error.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn remove_keys(&mut self, section: &str, keys: &[&str]) -> Result<(), EditError> {
        let found = self.section(section).ok_or(EditError::NoSection)?;
        let dropped: HashSet<usize> =
            keys.iter().filter_map(|key| entry(found, key)).flat_map(|entry| entry.lines.clone()).collect();
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
        let mut dropped = HashSet::from([found.header]);
        if let Some(before) = found.header.checked_sub(1) {
            let line = self.layout.lines[before];
            if line.start == line.end {
                dropped.insert(before);
            }
        }
        self.drop_lines(&dropped, section, &[])
    }

    /// Whether a line that is neither blank nor part of the given sections is in the file.
    pub(crate) fn has_text_outside(&self, is_ours: impl Fn(&str) -> bool) -> bool {
        let mut ours = false;
        let mut section = self.layout.sections.iter().peekable();
        self.layout.lines.iter().enumerate().any(|(number, line)| {
            if section.peek().is_some_and(|section| section.header == number) {
                ours = section.next().is_some_and(|it| is_ours(&String::from_utf8_lossy(&it.name)));
            }
            let text = grammar::trim(&self.bytes, line.start..line.end).range;
            !ours && !text.is_empty()
        })
    }

    fn index(&self, section: &str) -> Option<usize> {
        self.layout.sections.iter().position(|it| it.name == section.as_bytes())
    }

    fn section(&self, section: &str) -> Option<&Section> {
        self.index(section).map(|index| &self.layout.sections[index])
    }

    fn joined(&self, entry: &Entry) -> Zeroizing<Vec<u8>> {
        let pieces: Vec<&[u8]> = entry.pieces.iter().map(|piece| &self.bytes[piece.clone()]).collect();
        Zeroizing::new(pieces.join(&b'\n'))
    }

    fn text(&self, entry: &Entry) -> Zeroizing<String> {
        Zeroizing::new(String::from_utf8_lossy(&self.joined(entry)).into_owned())
    }

    /// The white space for a line after the section's last key: as that key's, so that neither it nor
    /// what follows turns into a continuation line. In an empty section the next header decides.
    fn indent_for_new_key(&self, section: usize) -> &[u8] {
        let found = &self.layout.sections[section];
        let model = match found.entries.last() {
            Some(entry) => Some(entry.first),
            None => self.layout.sections.get(section + 1).map(|next| next.header),
        };
        model.map_or(b"", |number| {
            let line = self.layout.lines[number];
            &self.bytes[line.start..grammar::trim(&self.bytes, line.start..line.end).range.start]
        })
    }

    fn line_ending(&self) -> &[u8] {
        match self.layout.lines.first() {
            Some(line) if line.next > line.end => &self.bytes[line.end..line.next],
            _ => b"\n",
        }
    }

    fn drop_lines(
        &mut self,
        dropped: &HashSet<usize>,
        section: &str,
        keys: &[&str],
    ) -> Result<(), EditError> {
        if dropped.is_empty() {
            return Ok(());
        }
        let pieces: Vec<Piece> = (0..self.layout.lines.len())
            .filter(|number| !dropped.contains(number))
            .map(Piece::Kept)
            .collect();
        self.replace(&pieces, section, keys)
    }

    /// Puts the pieces together. Line endings separate lines: a file without one at its end stays so.
    fn replace(&mut self, pieces: &[Piece], section: &str, keys: &[&str]) -> Result<(), EditError> {
        let ends_open = self.layout.lines.last().is_some_and(|line| line.end == line.next);
        let ending = self.line_ending();
        let mut parts: Vec<&[u8]> = Vec::with_capacity(pieces.len() * 2);
        for (index, piece) in pieces.iter().enumerate() {
            let (text, own_ending): (&[u8], &[u8]) = match piece {
                Piece::Kept(number) => {
                    let line = self.layout.lines[*number];
                    (&self.bytes[line.start..line.end], &self.bytes[line.end..line.next])
                }
                Piece::New(text) => (text, ending),
            };
            parts.push(text);
            if index + 1 < pieces.len() || !ends_open {
                parts.push(if own_ending.is_empty() { ending } else { own_ending });
            }
        }
        let edited = Self::own(Zeroizing::new(parts.concat())).map_err(|_| EditError::WouldDamage)?;
        if !self.same_elsewhere(&edited, section.as_bytes(), keys) {
            return Err(EditError::WouldDamage);
        }
        *self = edited;
        Ok(())
    }

    /// Whether both read the same but for the given keys of the section.
    fn same_elsewhere(&self, edited: &Self, section: &[u8], keys: &[&str]) -> bool {
        let others = |document: &Self| -> Vec<usize> {
            (0..document.layout.sections.len())
                .filter(|index| document.layout.sections[*index].name != section)
                .collect()
        };
        let (mine, theirs) = (others(self), others(edited));
        let equal = |a: &Section, b: &Section, skip: &[&str]| {
            let kept = |section: &Section| -> Vec<usize> {
                (0..section.entries.len())
                    .filter(|index| {
                        !skip.iter().any(|key| key.as_bytes() == section.entries[*index].key.as_slice())
                    })
                    .collect()
            };
            let (left, right) = (kept(a), kept(b));
            left.len() == right.len()
                && left.iter().zip(&right).all(|(i, j)| {
                    let (left, right) = (&a.entries[*i], &b.entries[*j]);
                    left.key == right.key && self.joined(left) == edited.joined(right)
                })
        };
        let patched = |document: &Self| document.layout.sections.iter().position(|it| it.name == section);
        let same_patched = match (patched(self), patched(edited)) {
            (Some(before), Some(after)) => {
                equal(&self.layout.sections[before], &edited.layout.sections[after], keys)
            }
            (Some(before), None) => self.layout.sections[before].entries.is_empty(),
            _ => true,
        };
        same_patched
            && mine.len() == theirs.len()
            && mine.iter().zip(&theirs).all(|(i, j)| {
                let (left, right) = (&self.layout.sections[*i], &edited.layout.sections[*j]);
                left.name == right.name && equal(left, right, &[])
            })
    }
}

fn entry<'a>(section: &'a Section, key: &str) -> Option<&'a Entry> {
    section.entries.iter().find(|entry| entry.key == key.as_bytes())
}
