//! A monogram of our own for each entry: no mark of anybody else's.

use std::fmt::Write as _;

use serde::Deserialize;

/// Letters on a coloured tile.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Icon {
    /// One to three letters or digits.
    pub letters: String,
    /// `#rrggbb`, dark enough for white letters.
    pub colour: String,
}

impl Icon {
    /// The icon as SVG, which says nothing to screen readers: the name stands beside it.
    #[allow(dead_code, reason = "the administration console shows it")]
    pub fn svg(&self) -> String {
        let size = if self.letters.chars().count() > 2 { 15 } else { 19 };
        let mut svg = String::new();
        // Writing to a string does not fail.
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 40 40\" aria-hidden=\"true\">\
             <rect width=\"40\" height=\"40\" rx=\"9\" fill=\"{}\"/>\
             <text x=\"20\" y=\"20\" dy=\".35em\" text-anchor=\"middle\" fill=\"#fff\" font-weight=\"600\" \
             font-family=\"system-ui, sans-serif\" font-size=\"{size}\">{}</text></svg>",
            self.colour, self.letters
        );
        svg
    }

    /// Whether it can be drawn and read: white on the colour has a contrast of 4.5 or more (WCAG 2.2, 1.4.3).
    #[cfg(test)]
    pub fn is_good(&self) -> bool {
        let letters = self.letters.chars().count();
        let plain = (1..=3).contains(&letters) && self.letters.chars().all(|c| c.is_ascii_alphanumeric());
        let Some(channels) = self.channels() else { return false };
        let light = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = channels.map(light);
        plain && 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 4.5
    }

    #[cfg(test)]
    fn channels(&self) -> Option<[u8; 3]> {
        let mut channels = [0; 3];
        hex::decode_to_slice(self.colour.strip_prefix('#')?, &mut channels).ok()?;
        Some(channels)
    }
}
