//! What of a person's access a page shows: what was searched for, so much at a time.

/// Rows on a page.
pub const PER_PAGE: usize = 50;
/// Up to so many accounts are shown unfolded.
pub const UNFOLDED: usize = 12;
/// Longer queries find nothing that a shorter one does not.
const LONGEST_QUERY: usize = 100;

/// Words that must all be found.
#[derive(Debug)]
pub struct Query {
    /// As it was typed, trimmed.
    pub text: String,
    words: Vec<String>,
}

impl Query {
    /// Reads what was typed.
    pub fn of(typed: Option<&str>) -> Self {
        let text: String = typed.unwrap_or_default().trim().chars().take(LONGEST_QUERY).collect();
        let words = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
        Self { text, words }
    }

    /// Whether nothing is searched for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether all words are somewhere in these texts.
    pub fn finds(&self, texts: &[&str]) -> bool {
        let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        self.words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
    }
}

/// One page of many rows.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Rows on all pages.
    pub total: usize,
    /// Its number, from 1.
    pub number: usize,
    /// How many there are, at least 1.
    pub last: usize,
}

impl<T> Page<T> {
    /// The page asked for; the nearest there is for a number that has none.
    pub fn of(rows: Vec<T>, asked: Option<&str>) -> Self {
        let total = rows.len();
        let last = total.div_ceil(PER_PAGE).max(1);
        let number = asked.and_then(|text| text.parse().ok()).unwrap_or(1).clamp(1, last);
        let rows = rows.into_iter().skip((number - 1) * PER_PAGE).take(PER_PAGE).collect();
        Self { rows, total, number, last }
    }
}

/// An account number in the groups that people read.
pub fn groups(id: &str) -> Vec<String> {
    id.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_must_be_found_in_any_case() {
        let texts = ["payments-prod", "111122223333", "1111-2222-3333", "Workloads/Production"];
        for found in ["", " ", "pay", "PAY prod", "3333 work", "2222-3333", "11112222"] {
            assert!(Query::of(Some(found)).finds(&texts), "{found}");
        }
        for not_found in ["dev", "pay dev", "4444"] {
            assert!(!Query::of(Some(not_found)).finds(&texts), "{not_found}");
        }
        assert!(Query::of(None).is_empty());
        assert_eq!(Query::of(Some(&"é".repeat(500))).text.chars().count(), LONGEST_QUERY);
    }

    #[test]
    fn pages_hold_all_rows_and_nothing_else() {
        let page = |count: usize, asked| Page::of((0..count).collect(), asked);
        assert_eq!(page(0, None), Page { rows: vec![], total: 0, number: 1, last: 1 });
        assert_eq!(page(50, Some("1")).last, 1);
        assert_eq!(page(101, Some("3")), Page { rows: vec![100], total: 101, number: 3, last: 3 });
        for (asked, number) in [("0", 1), ("-1", 1), ("9999999999999999999999", 1), ("9", 3), ("x", 1)] {
            assert_eq!(page(101, Some(asked)).number, number, "{asked}");
        }
        assert_eq!(groups("111122223333"), ["1111", "2222", "3333"]);
    }
}
