//! Links of our own scheme, `latchkey://portal?search=pay`: anybody may have put one anywhere, so they open a view or
//! fill in a field, and never do anything that the person has not pressed a button for.

use crate::ui_state::{UiShow, UiTarget, UiView};
use url::Url;

/// What links of ours begin with; the packages register it.
pub const SCHEME: &str = "latchkey";

/// At most so many characters are filled in.
const LONGEST: usize = 200;

/// What every address of an access portal may be as long as.
const LONGEST_URL: usize = 2_000;

/// The sections of the settings, as the window calls them.
const SECTIONS: [&str; 9] = [
    "general",
    "organisations",
    "credentials",
    "notifications",
    "safety",
    "tray",
    "appearance",
    "network",
    "advanced",
];

/// Where a link leads: `portal` (`?search=`), `apps`, `credentials` (`?profile=`), `keys`, `activity`,
/// `settings` (`/safety`), `add` (`?start_url=`). `None` where it leads nowhere that this version knows.
#[must_use]
pub fn read(link: &str) -> Option<UiShow> {
    let url = Url::parse(link).ok().filter(|url| url.scheme() == SCHEME)?;
    let of = |name: &str, longest: usize| {
        let (_, value) = url.query_pairs().find(|(key, _)| key == name)?;
        let value: String = value.chars().filter(|c| !c.is_control()).take(longest).collect();
        (!value.trim().is_empty()).then_some(value)
    };
    let path = url.path().trim_matches('/');
    let (view, target) = match (url.host_str()?, path) {
        ("portal", "") => (UiView::Portal, of("search", LONGEST).map(|query| UiTarget::Search { query })),
        ("apps", "") => (UiView::Portal, Some(UiTarget::Apps)),
        ("credentials", "") => {
            (UiView::Credentials, of("profile", LONGEST).map(|name| UiTarget::Profile { name }))
        }
        ("keys", "") => (UiView::Keys, None),
        ("activity", "") => (UiView::Activity, None),
        ("settings", "") => (UiView::Settings, None),
        ("settings", section) if SECTIONS.contains(&section) => {
            (UiView::Settings, Some(UiTarget::Section { section: section.to_owned() }))
        }
        ("add", "") => {
            let start_url = of("start_url", LONGEST_URL).unwrap_or_default();
            (UiView::Portal, Some(UiTarget::AddOrganisation { start_url }))
        }
        _ => return None,
    };
    Some(UiShow { view, target })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "written in place by whoever checks")]
    fn check(link: &str, expect: Option<(UiView, Option<UiTarget>)>) {
        assert_eq!(read(link).map(|show| (show.view, show.target)), expect, "{link}");
    }

    #[test]
    fn a_link_opens_a_view_or_fills_a_field_in() {
        let search = |query: &str| Some(UiTarget::Search { query: query.to_owned() });
        check("latchkey://portal", Some((UiView::Portal, None)));
        check("latchkey://portal/", Some((UiView::Portal, None)));
        check("latchkey://portal?search=pay%20prod", Some((UiView::Portal, search("pay prod"))));
        check("latchkey://portal?search=%0a", Some((UiView::Portal, None)));
        check("latchkey://portal?other=1&search=a%07b", Some((UiView::Portal, search("ab"))));
        let profile = Some(UiTarget::Profile { name: "pay-dev".to_owned() });
        check("latchkey://credentials?profile=pay-dev", Some((UiView::Credentials, profile)));
        check("latchkey://keys", Some((UiView::Keys, None)));
        let section = Some(UiTarget::Section { section: "safety".to_owned() });
        check("latchkey://settings/safety", Some((UiView::Settings, section)));
        let start_url = "https://acme.awsapps.com/start".to_owned();
        let add = Some(UiTarget::AddOrganisation { start_url });
        check("latchkey://add?start_url=https%3A%2F%2Facme.awsapps.com%2Fstart", Some((UiView::Portal, add)));
    }

    #[test]
    fn what_leads_nowhere_is_said_to_and_long_text_is_cut() {
        for link in [
            "latchkey://console?account=1",
            "latchkey://settings/other",
            "latchkey://portal/x",
            "latchkey:portal",
            "https://portal",
            "latchkey",
            "",
        ] {
            check(link, None);
        }
        let long = format!("latchkey://portal?search={}", "é".repeat(500));
        let Some(UiShow { target: Some(UiTarget::Search { query }), .. }) = read(&long) else {
            panic!("no search");
        };
        assert_eq!(query.chars().count(), LONGEST);
    }
}
