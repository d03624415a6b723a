//! The icon's pictures, in the program itself: eight states, for light and dark panels, with and
//! without the sandbox's dotted square.

use tauri::image::Image;
use view::icon::{IconShape, IconState};

macro_rules! pictures {
    ($($shape:ident => $name:literal),+ $(,)?) => {
        /// The picture's bytes, PNG.
        fn png(icon: IconState, dark_panel: bool) -> &'static [u8] {
            match (icon.shape, dark_panel, icon.sandbox) {
                $(
                    (IconShape::$shape, false, false) => picture!($name, "-light"),
                    (IconShape::$shape, false, true) => picture!($name, "-light-sandbox"),
                    (IconShape::$shape, true, false) => picture!($name, "-dark"),
                    (IconShape::$shape, true, true) => picture!($name, "-dark-sandbox"),
                )+
            }
        }
    };
}

macro_rules! picture {
    ($name:literal, $variant:literal) => {
        include_bytes!(concat!("../../../icons/tray/", $name, $variant, ".png"))
    };
}

pictures! {
    Touch => "touch",
    NeedsYou => "needs-you",
    Expiring => "expiring",
    Paused => "paused",
    Offline => "offline",
    SignedOut => "signed-out",
    Refreshing => "refreshing",
    AllWell => "all-well",
}

/// The picture of a state.
///
/// # Errors
/// A picture that is no PNG, which the test excludes.
pub fn image(icon: IconState, dark_panel: bool) -> tauri::Result<Image<'static>> {
    Image::from_bytes(png(icon, dark_panel))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]
    use super::*;

    #[test]
    fn every_state_has_a_picture_of_its_own() {
        let mut seen = std::collections::HashSet::new();
        for shape in IconShape::ALL {
            for (dark, sandbox) in [(false, false), (false, true), (true, false), (true, true)] {
                let icon = IconState { shape, sandbox };
                assert!(image(icon, dark).unwrap().width() >= 22, "{icon:?}");
                assert!(seen.insert(png(icon, dark)), "{icon:?} is drawn as another");
            }
        }
    }
}
