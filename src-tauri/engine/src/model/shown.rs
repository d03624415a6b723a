//! What a text from elsewhere may do to the place that shows it.

/// Whether a character steers a terminal, turns the direction of what stands around it, or is there without
/// being seen (Unicode 17: bidirectional controls, zero-width and filling characters, line separators, tags).
#[must_use]
pub fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{2800}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a text could pass for more than one: something in it steers, or a gap looks like the end of a line.
#[must_use]
pub fn pretends(text: &str) -> bool {
    let gap = |(one, next): (char, char)| one.is_whitespace() && next.is_whitespace();
    text.chars().any(steers) || text.chars().zip(text.chars().skip(1)).any(gap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pretends_to_be_more_is_known() {
        for good in ["Acme", "Acme (Zürich) \"live\"", "株式会社\u{3000}例", "עברית", ""] {
            assert!(!pretends(good), "{good}");
        }
        for c in [
            '\u{1b}', '\n', '\u{200b}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2060}', '\u{2066}',
            '\u{2069}', '\u{feff}',
        ] {
            assert!(pretends(&format!("a{c}b")), "{c:?}");
        }
        assert!(pretends("Acme  as before") && pretends("Acme \u{a0}as before"));
    }
}
