//! Applications of the portal (`ListApplications`, undocumented): what is listed, and the portal's own
//! links to them.

use super::{Timestamp, ids::AppId};
use serde::{Deserialize, Serialize};
use url::Url;

/// One application instance that the person may open. Accounts, which the portal counts among its
/// applications, are none here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// `id`.
    pub id: AppId,
    /// `name`.
    pub name: String,
    /// `description`, if there is one.
    pub description: Option<String>,
    /// `icon`, where the organisation's own server has it: no other is asked for pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<Icon>,
}

/// The picture of an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Icon {
    /// Where it is.
    pub address: Url,
    /// Itself, once it was fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
}

/// A small image as a `data:` address. Whoever makes one has looked at what kind it is and how large; it is shown
/// as an image, which runs nothing and loads nothing, and never as markup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Picture(String);

impl Picture {
    /// From such an address.
    #[must_use]
    pub fn from_address(address: String) -> Option<Self> {
        address.starts_with("data:image/").then_some(Self(address))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Application {
    /// The portal's own link. It holds no token: the browser's session with the portal answers it, and
    /// where there is none, the portal signs the person in and goes on to the application.
    #[must_use]
    pub fn link(&self, start_url: &Url) -> Url {
        let mut link = start_url.clone();
        if let Ok(mut path) = link.path_segments_mut() {
            path.pop_if_empty().push("");
        }
        link.set_query(None);
        let (name, id) = (encoded(&self.name), encoded(self.id.as_str()));
        link.set_fragment(Some(&format!("/saml/default/{name}/{id}")));
        link
    }
}

/// What the portal says of its applications.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Applications {
    /// It has not been asked, or has not answered yet.
    #[default]
    Unknown,
    /// These, by name.
    Listed(Vec<Application>),
    /// It does not list them to programs like this one.
    NotListed,
}

impl Applications {
    /// Those that are listed.
    #[must_use]
    pub fn listed(&self) -> &[Application] {
        match self {
            Self::Listed(all) => all,
            Self::Unknown | Self::NotListed => &[],
        }
    }

    /// Takes over the pictures that `known` has of the same addresses.
    #[must_use]
    pub fn pictured_as(mut self, known: &Self) -> Self {
        let Self::Listed(all) = &mut self else { return self };
        for icon in all.iter_mut().filter_map(|app| app.icon.as_mut()).filter(|icon| icon.picture.is_none()) {
            let same = known.listed().iter().filter_map(|app| app.icon.as_ref());
            icon.picture = same.filter(|other| other.address == icon.address).find_map(|i| i.picture.clone());
        }
        self
    }

    /// One of them.
    #[must_use]
    pub fn find(&self, id: &AppId) -> Option<&Application> {
        self.listed().iter().find(|app| app.id == *id)
    }
}

/// An application that appeared or went away between two syncs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppChange {
    /// True for gained, false for lost.
    pub gained: bool,
    /// Which.
    pub app: AppId,
    /// Its name when it was seen.
    pub name: String,
    /// When it was noticed.
    pub noticed: Timestamp,
}

/// What `new` has and `old` has not, and the other way round. Where one of them is no list, nothing is
/// known to have changed.
#[must_use]
pub fn changes(old: &Applications, new: &Applications, noticed: Timestamp) -> Vec<AppChange> {
    let (Applications::Listed(before), Applications::Listed(after)) = (old, new) else { return Vec::new() };
    let missing = |from: &[Application], other: &[Application], gained| -> Vec<AppChange> {
        let of =
            |app: &Application| AppChange { gained, app: app.id.clone(), name: app.name.clone(), noticed };
        from.iter().filter(|app| other.iter().all(|o| o.id != app.id)).map(of).collect()
    };
    let mut found = missing(after, before, true);
    found.extend(missing(before, after, false));
    found
}

/// As the portal's links have it: everything but letters, digits and `-_.~` in percent, brackets too.
fn encoded(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn app(id: &str, name: &str) -> Application {
        Application { id: AppId::new(id), name: name.into(), description: None, icon: None }
    }

    #[test]
    fn the_link_is_the_portals_own() {
        let link = |start: &str, name: &str| app("ins-1", name).link(&start.parse().unwrap()).to_string();
        assert_eq!(
            link("https://acme.awsapps.com/start", "Grafana"),
            "https://acme.awsapps.com/start/#/saml/default/Grafana/ins-1"
        );
        let strange = "https://acme.awsapps.com/start/#/saml/default/R%26D%20%28EU%29%2F%23%3F%C3%A4/ins-1";
        assert_eq!(link("https://acme.awsapps.com/start/?x=y#z", "R&D (EU)/#?ä"), strange);
        assert_eq!(
            link("https://ssoins-1.portal.eu-west-1.app.aws", "Wiki"),
            "https://ssoins-1.portal.eu-west-1.app.aws/#/saml/default/Wiki/ins-1"
        );
        assert!(
            app("../x", "a").link(&"https://a.test/start".parse().unwrap()).as_str().ends_with("/..%2Fx")
        );
    }

    #[test]
    fn a_picture_is_known_by_its_address() {
        let icon = |id: &str, picture: Option<&str>| Application {
            icon: Some(Icon {
                address: format!("https://a.test/{id}.svg").parse().unwrap(),
                picture: picture.map(|data| Picture::from_address(format!("data:image/png,{data}")).unwrap()),
            }),
            ..app(id, id)
        };
        let known = Applications::Listed(vec![icon("a", Some("old")), icon("b", None)]);
        let listed = Applications::Listed(vec![icon("a", None), icon("b", None), app("c", "c")]);
        let expected = Applications::Listed(vec![icon("a", Some("old")), icon("b", None), app("c", "c")]);
        assert_eq!(listed.pictured_as(&known), expected);
        assert_eq!(Picture::from_address("https://a.test/a.png".to_owned()), None);
    }

    #[test]
    fn only_two_lists_can_be_compared() {
        let list = |ids: &[&str]| Applications::Listed(ids.iter().map(|id| app(id, id)).collect());
        let check = |old: &Applications, new: &Applications, expect: &[(bool, &str)]| {
            let found = changes(old, new, Timestamp::UNIX_EPOCH);
            assert_eq!(found.iter().map(|c| (c.gained, c.app.as_str())).collect::<Vec<_>>(), expect);
        };
        check(&list(&["a", "b"]), &list(&["b", "c"]), &[(true, "c"), (false, "a")]);
        check(&Applications::Unknown, &list(&["a"]), &[]);
        check(&list(&["a"]), &Applications::NotListed, &[]);
    }
}
