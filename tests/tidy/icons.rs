//! The tray's states are told apart by shape alone, at 16 px and in grey.

use std::fs::File;
use std::io::BufReader;

use super::{files, root};

/// In order of urgency.
const STATES: [&str; 8] =
    ["touch", "needs-you", "expiring", "paused", "offline", "signed-out", "refreshing", "all-well"];

/// The share of a glyph's covered pixels by which two states must differ at least.
const APART: f64 = 0.20;

/// How strongly each pixel of a picture stands out from its panel, from 0 to 1, without colour.
struct Grey(Vec<f64>);

impl Grey {
    /// An icon drawn on a light or a dark panel.
    fn load(name: &str, panel: f64) -> Self {
        let path = root().join(format!("icons/tray/16/{name}.png"));
        let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut decoder = png::Decoder::new(BufReader::new(file));
        decoder
            .set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
        let mut reader = decoder.read_info().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut pixels = vec![0; reader.output_buffer_size().expect("a 16 px icon fits in memory")];
        let frame =
            reader.next_frame(&mut pixels).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!((frame.width, frame.height), (16, 16), "{name}");
        assert_eq!(frame.color_type, png::ColorType::Rgba, "{name}");
        let strength = |pixel: &[u8]| {
            let [red, green, blue, alpha] = [0, 1, 2, 3].map(|at| f64::from(pixel[at]) / 255.0);
            let luma = 0.299 * red + 0.587 * green + 0.114 * blue;
            (luma - panel).abs() * alpha
        };
        Self(pixels.chunks_exact(4).map(strength).collect())
    }

    fn covered(&self) -> f64 {
        self.0.iter().sum()
    }

    /// How much differs, as a share of the glyph that covers more.
    fn differs(&self, other: &Self) -> f64 {
        let difference: f64 = self.0.iter().zip(&other.0).map(|(a, b)| (a - b).abs()).sum();
        difference / self.covered().max(other.covered())
    }
}

#[test]
fn any_two_states_differ_by_a_fifth_of_their_pixels() {
    for (panel, shade) in [("light", 0.96), ("dark", 0.12)] {
        let icons: Vec<(&str, Grey)> =
            STATES.iter().map(|state| (*state, Grey::load(&format!("{state}-{panel}"), shade))).collect();
        for (at, (one, glyph)) in icons.iter().enumerate() {
            assert!(glyph.covered() > 25.0, "{one} on a {panel} panel is too faint: {:.1}", glyph.covered());
            for (other, another) in &icons[at + 1..] {
                let apart = glyph.differs(another);
                assert!(
                    apart >= APART,
                    "{one} and {other} differ by {:.0} % on a {panel} panel",
                    apart * 100.0
                );
            }
        }
    }
}

/// The sandbox is told from the real thing in every state.
#[test]
fn the_sandbox_shows_in_every_state() {
    for state in STATES {
        let (real, sandbox) = (
            Grey::load(&format!("{state}-light"), 0.96),
            Grey::load(&format!("{state}-light-sandbox"), 0.96),
        );
        assert!(real.differs(&sandbox) >= APART, "{state}: the sandbox's frame does not show");
    }
}

#[test]
fn every_state_has_every_size() {
    let files = files();
    for state in STATES {
        for folder in ["", "16/", "22/", "24/", "32/"] {
            for panel in ["light", "dark"] {
                for sandbox in ["", "-sandbox"] {
                    let file = format!("icons/tray/{folder}{state}-{panel}{sandbox}.png");
                    assert!(files.contains(&file), "{file} is missing: run icons/draw.py");
                }
            }
        }
    }
}
