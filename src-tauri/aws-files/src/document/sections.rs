//! Edits of whole sections, with the comments in them.

use super::{Document, Edit, EditError, LineEdit, Text};
use zeroize::Zeroizing;

impl Document {
    /// Adds a section at the end of the file, with these lines, which hold `keys`.
    ///
    /// # Errors
    /// [`EditError::WouldDamage`].
    pub(crate) fn append_section(
        &mut self,
        section: &str,
        lines: &[String],
        keys: &[&str],
    ) -> Result<(), EditError> {
        let mut edit = Edit::default();
        if !self.layout().lines.is_empty() {
            edit.at_end.push(Text::default());
        }
        edit.at_end.push(Zeroizing::new(format!("[{section}]").into_bytes()));
        edit.at_end.extend(lines.iter().map(|line| Zeroizing::new(line.clone().into_bytes())));
        self.replace(&edit, section, keys)
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
