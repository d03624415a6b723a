//! A monogram of our own for each entry, and for each application that comes from none: no mark of anybody else's.

use std::fmt::Write as _;

use axum::{
    extract::Path,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::entry;
use crate::organisation::Application;

/// Where icons are, as images of their own.
const PATH: &str = "/assets/icons/";
/// Before what says how an icon looks that no entry has.
const OWN: &str = "own-";
/// Tiles of applications that come from no entry.
const COLOURS: [&str; 8] =
    ["#45608a", "#75508f", "#8f4a66", "#2f6f6a", "#5f6b2f", "#85562f", "#4f5fa8", "#665a52"];

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
    /// That of an application: its entry's, else one by its name.
    pub fn of(application: &Application) -> Self {
        let known = from_entry(application).map(|(_, icon)| icon.clone());
        known.unwrap_or_else(|| Self::by_name(&application.name))
    }

    /// The letters that the first two words begin with, on a tile whose colour goes with the name.
    fn by_name(name: &str) -> Self {
        let words = name.split(|c: char| !c.is_alphanumeric()).filter_map(|word| word.chars().next());
        let letters: String = words.take(2).flat_map(char::to_uppercase).take(2).collect();
        let letters = if letters.is_empty() { "A".to_owned() } else { letters };
        let sum =
            name.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        Self { letters, colour: COLOURS[sum % COLOURS.len()].to_owned() }
    }

    /// The path of an application's icon, for programs.
    pub fn path_of(application: &Application) -> String {
        if let Some((id, _)) = from_entry(application) {
            return format!("{PATH}{id}.svg");
        }
        let icon = Self::by_name(&application.name);
        let colour = COLOURS.iter().position(|colour| *colour == icon.colour).unwrap_or_default();
        let letters = utf8_percent_encode(&icon.letters, NON_ALPHANUMERIC);
        format!("{PATH}{OWN}{letters}-{colour}.svg")
    }

    /// As [`Self::path_of`] names it.
    fn named(file: &str) -> Option<Self> {
        let name = file.strip_suffix(".svg")?;
        if let Some(known) = entry(name) {
            return Some(known.icon.clone());
        }
        let (letters, colour) = name.strip_prefix(OWN)?.split_once('-')?;
        let is_short =
            (1..=2).contains(&letters.chars().count()) && letters.chars().all(char::is_alphanumeric);
        let colour = COLOURS.get(colour.parse::<usize>().ok()?)?;
        is_short.then(|| Self { letters: letters.to_owned(), colour: (*colour).to_owned() })
    }

    /// The icon as SVG, which says nothing to screen readers: the name stands beside it.
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

fn from_entry(application: &Application) -> Option<(&'static str, &'static Icon)> {
    let choice = application.saml.as_ref()?.catalogue.as_ref()?;
    entry(&choice.id).map(|entry| (entry.id.as_str(), &entry.icon))
}

/// The route of icons, which anybody may see: they say no more than their address does.
pub const ROUTE: &str = "/assets/icons/{file}";

/// GET `/assets/icons/…`.
pub async fn show(Path(file): Path<String>) -> Response {
    let Some(icon) = Icon::named(&file) else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
        // Portals of other programs show them.
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    (headers, icon.svg()).into_response()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn names_have_monograms() {
        for (name, letters) in [
            ("Grafana", "G"),
            ("Expense reports", "ER"),
            ("  (the) big wiki", "TB"),
            ("über uns", "ÜU"),
            ("経費 精算", "経精"),
            ("straße", "S"),
            ("ßa", "SS"),
            ("--", "A"),
        ] {
            assert_eq!(Icon::by_name(name).letters, letters, "{name}");
        }
        assert_eq!(Icon::by_name("Grafana"), Icon::by_name("Grafana"));
        for colour in COLOURS {
            assert!(Icon { letters: "A".to_owned(), colour: colour.to_owned() }.is_good(), "{colour}");
        }
    }

    #[test]
    fn nothing_but_icons_is_drawn() {
        assert!(Icon::named("salesforce.svg").is_some() && Icon::named("own-ÜU-7.svg").is_some());
        for file in [
            "",
            "salesforce",
            "none.svg",
            "own-ABC-1.svg",
            "own-<b-1.svg",
            "own-A-8.svg",
            "own-.svg",
            "own--1.svg",
        ] {
            assert_eq!(Icon::named(file), None, "{file}");
        }
        let drawn = Icon::named("own-A-1.svg").unwrap().svg();
        assert!(drawn.contains(">A</text>"), "{drawn}");
    }
}
