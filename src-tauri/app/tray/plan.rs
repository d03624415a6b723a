//! What has to be done to a menu level to make it another one: rows that stay are changed in place,
//! and only the stretch that differs is taken out and put in.

/// What makes a row the same row: its kind and its id. A separator's id is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Item, check item, submenu or separator.
    pub kind: Kind,
    /// The row's stable id.
    pub id: String,
}

/// The kind of a row; a row of another kind is another row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A line between rows.
    Separator,
    /// A row to click.
    Item,
    /// A row with a check mark.
    Check,
    /// A row with more rows.
    Submenu,
}

/// Keep `prefix` rows at the beginning and `suffix` rows at the end; take the `removed` rows between
/// them out and put the new level's rows between them in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Rows kept at the beginning.
    pub prefix: usize,
    /// Rows taken out after them.
    pub removed: usize,
    /// Rows put in there.
    pub inserted: usize,
}

impl Plan {
    /// Nothing comes or goes on this level.
    #[must_use]
    pub fn is_in_place(self) -> bool {
        self.removed == 0 && self.inserted == 0
    }
}

/// The plan from one level to another.
#[must_use]
pub fn plan(old: &[Key], new: &[Key]) -> Plan {
    let prefix = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - prefix;
    let suffix =
        old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(old, new)| old == new).count();
    Plan { prefix, removed: old.len() - prefix - suffix, inserted: new.len() - prefix - suffix }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(ids: &str) -> Vec<Key> {
        ids.chars()
            .map(|c| match c {
                '-' => Key { kind: Kind::Separator, id: String::new() },
                c => Key { kind: Kind::Item, id: c.to_string() },
            })
            .collect()
    }

    fn check(old: &str, new: &str, expected: (usize, usize, usize)) {
        let (old, new) = (keys(old), keys(new));
        let plan = plan(&old, &new);
        assert_eq!((plan.prefix, plan.removed, plan.inserted), expected);
        // Carried out, the plan gives the new level.
        let mut level = old;
        level.splice(
            plan.prefix..plan.prefix + plan.removed,
            new[plan.prefix..plan.prefix + plan.inserted].iter().cloned(),
        );
        assert_eq!(level, new);
    }

    #[test]
    fn the_same_rows_stay() {
        check("ab-c", "ab-c", (4, 0, 0));
        assert!(plan(&keys("ab"), &keys("ab")).is_in_place());
    }

    #[test]
    fn only_the_stretch_that_differs_moves() {
        check("s-q", "s-fg-q", (2, 0, 3));
        check("s-fg-q", "s-q", (2, 3, 0));
        check("abc", "axc", (1, 1, 1));
        check("aaa", "aa", (2, 1, 0));
        check("", "ab", (0, 0, 2));
        check("ab", "", (0, 2, 0));
        check("ab", "ba", (0, 2, 2));
    }
}
