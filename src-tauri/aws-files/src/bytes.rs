//! The bytes of a file, in memory once: an edited file is what stays of the old one, and what is new.

use std::{
    ops::{Deref, Range},
    sync::{Arc, OnceLock},
};
use zeroize::Zeroizing;

/// The bytes of a file as it is to be. To be read as one slice, for which they are joined when that is asked
/// for first.
pub(crate) struct Bytes {
    /// What was read.
    old: Arc<Zeroizing<Vec<u8>>>,
    /// What of it is gone, and
    gone: Range<usize>,
    /// what stands there.
    new: Zeroizing<Vec<u8>>,
    joined: OnceLock<Arc<Zeroizing<Vec<u8>>>>,
}

/// A part of an edited file.
pub(crate) enum Part<'a> {
    /// Of the file before.
    Old(Range<usize>),
    New(&'a [u8]),
}

impl Bytes {
    /// As they were read.
    pub(crate) fn read(bytes: Arc<Zeroizing<Vec<u8>>>) -> Self {
        Self { old: bytes, gone: 0..0, new: Zeroizing::default(), joined: OnceLock::new() }
    }

    /// The parts one after another. What stays at the beginning and at the end is not copied.
    pub(crate) fn edited(&self, parts: &[Part<'_>]) -> Self {
        let old = Arc::clone(self.joined());
        let (mut from, mut to) = (0, old.len());
        let mut rest = parts;
        while let [Part::Old(range), behind @ ..] = rest
            && range.start == from
        {
            (from, rest) = (range.end, behind);
        }
        while let [before @ .., Part::Old(range)] = rest
            && range.end == to
        {
            (to, rest) = (range.start, before);
        }
        let bytes: Vec<&[u8]> = rest
            .iter()
            .map(|part| match part {
                Part::Old(range) => &old[range.clone()],
                Part::New(bytes) => bytes,
            })
            .collect();
        let new = Zeroizing::new(bytes.concat());
        Self { old, gone: from..to, new, joined: OnceLock::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.old.len() - self.gone.len() + self.new.len()
    }

    /// From the first byte to the last.
    pub(crate) fn pieces(&self) -> [&[u8]; 3] {
        [&self.old[..self.gone.start], &self.new, &self.old[self.gone.end..]]
    }

    /// A copy of some; `None` when they are not there.
    pub(crate) fn part(&self, range: Range<usize>) -> Option<Zeroizing<Vec<u8>>> {
        if range.start > range.end || range.end > self.len() {
            return None;
        }
        let mut part = Zeroizing::new(Vec::with_capacity(range.len()));
        let mut start = 0;
        for piece in self.pieces() {
            let within = |at: usize| at.clamp(start, start + piece.len()) - start;
            part.extend_from_slice(&piece[within(range.start)..within(range.end)]);
            start += piece.len();
        }
        Some(part)
    }

    /// Whether these are the same bytes.
    pub(crate) fn same(&self, before: &Self) -> bool {
        if Arc::ptr_eq(&self.old, before.joined()) {
            return self.old[self.gone.clone()] == **self.new;
        }
        self.len() == before.len() && **self == **before
    }

    fn joined(&self) -> &Arc<Zeroizing<Vec<u8>>> {
        if self.gone.is_empty() && self.new.is_empty() {
            return &self.old;
        }
        self.joined.get_or_init(|| Arc::new(Zeroizing::new(self.pieces().concat())))
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.joined()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Bytes {
        Bytes::read(Arc::new(Zeroizing::new(text.as_bytes().to_vec())))
    }

    #[test]
    fn what_stays_is_not_copied() {
        let edited = read("one two three").edited(&[
            Part::Old(0..4),
            Part::Old(4..5),
            Part::New(b"wo"),
            Part::Old(2..3),
            Part::Old(7..13),
        ]);
        assert_eq!(edited.pieces(), [&b"one t"[..], b"woe", b" three"]);
        assert_eq!((&*edited, edited.len()), (&b"one twoe three"[..], 14));
        assert_eq!(edited.part(3..9).as_deref().map(Vec::as_slice), Some(&b" twoe "[..]));
        assert!(edited.part(3..15).is_none());
    }

    #[test]
    fn the_same_is_told_from_another() {
        let before = read("one two three");
        let same = before.edited(&[Part::Old(0..3), Part::New(b" two"), Part::Old(7..13)]);
        assert!(same.same(&before) && same.same(&read("one two three")));
        let other = same.edited(&[Part::Old(0..3), Part::Old(7..13)]);
        assert!(!other.same(&before) && !other.same(&same));
        assert_eq!(&*other, b"one three");
    }
}
