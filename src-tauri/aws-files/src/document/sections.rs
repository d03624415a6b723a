//! Edits of whole sections, with the comments in them.

use super::{Document, Edit, EditError, LineEdit, Text};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

impl Document {
    /// Adds sections at the end of the file, each with its lines, in one edit: a file may get thousands.
    ///
    /// # Errors
    /// [`EditError::WouldDamage`].
    pub(crate) fn append_sections(&mut self, new: &[(String, Vec<String>)]) -> Result<(), EditError> {
        if new.is_empty() {
            return Ok(());
        }
        let mut edit = Edit::default();
        for (number, (section, lines)) in new.iter().enumerate() {
            if number > 0 || !self.layout().lines.is_empty() {
                edit.at_end.push(Text::default());
            }
            edit.at_end.push(Zeroizing::new(format!("[{section}]").into_bytes()));
            edit.at_end.extend(lines.iter().map(|line| Zeroizing::new(line.clone().into_bytes())));
        }
        let edited = Self::of(self.edited(&edit)).map_err(|_| EditError::WouldDamage)?;
        let (before, after) = (&self.layout().sections, &edited.layout().sections);
        let same = after.len() == before.len() + new.len()
            && before.iter().zip(after).all(|(mine, theirs)| {
                self.name(mine) == edited.name(theirs) && self.same(mine, &edited, theirs, &[])
            })
            && after[before.len()..]
                .iter()
                .zip(new)
                .all(|(it, (name, _))| edited.name(it) == name.as_bytes());
        if !same {
            return Err(EditError::WouldDamage);
        }
        *self = edited;
        Ok(())
    }

    /// Takes whole sections away in one edit: for each its header and these lines, and one blank line before
    /// it.
    ///
    /// # Errors
    /// [`EditError`], also when a header keeps the lines behind it apart from what stands before.
    pub(crate) fn cut_sections(&mut self, sections: &[(String, Vec<usize>)]) -> Result<(), EditError> {
        let mut dropped = BTreeSet::new();
        for (section, lines) in sections {
            let header = self.header_line(section).ok_or(EditError::NoSection)?;
            dropped.insert(header);
            dropped.extend(lines);
            let blank = header.checked_sub(1).filter(|before| {
                let line = self.line(*before);
                line.start == line.end
            });
            dropped.extend(blank);
        }
        let mut edit = Edit::default();
        edit.drop(dropped.iter().copied());
        let edited = Self::of(self.edited(&edit)).map_err(|_| EditError::WouldDamage)?;
        let gone: BTreeSet<&[u8]> = sections.iter().map(|(section, _)| section.as_bytes()).collect();
        let left: Vec<_> = self.layout().sections.iter().filter(|it| !gone.contains(self.name(it))).collect();
        let after = &edited.layout().sections;
        let same = left.len() == after.len()
            && left.iter().zip(after).all(|(mine, theirs)| {
                self.name(mine) == edited.name(theirs) && self.same(mine, &edited, theirs, &[])
            });
        if !same {
            return Err(EditError::WouldDamage);
        }
        *self = edited;
        Ok(())
    }

    /// Puts a line behind a section's header, or in the place of a line that is no key's.
    ///
    /// # Errors
    /// [`EditError`].
    pub(crate) fn put_comment(
        &mut self,
        section: &str,
        old: Option<usize>,
        text: &str,
    ) -> Result<(), EditError> {
        let header = self.header_line(section).ok_or(EditError::NoSection)?;
        let mut edit = Edit::default();
        let added = vec![Zeroizing::new(text.as_bytes().to_vec())];
        edit.lines.insert(old.unwrap_or(header), LineEdit { dropped: old.is_some(), added });
        self.replace(&edit, section, &[])
    }

    /// Takes lines out of a section, which hold `keys`.
    ///
    /// # Errors
    /// [`EditError`].
    pub(crate) fn cut(
        &mut self,
        section: &str,
        lines: impl IntoIterator<Item = usize>,
        keys: &[&str],
    ) -> Result<(), EditError> {
        self.drop_lines(&lines.into_iter().collect(), section, keys)
    }
}
