//! Who has a key sign: what stands as `origin` in the client data, and which sites it may ask keys for.

use std::fmt;

use url::Url;

use crate::Error;

/// How a program of ours names itself to a server: this scheme, then the origin of the server that it speaks with
/// (the server's `NATIVE.md`, "Origin and RP ID"). No page can have such an origin.
const APP: &str = "latchkey-app:";

/// Who has a key sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The server that was spoken with, over a connection whose certificate was checked.
    server: Url,
    app: bool,
}

impl Origin {
    /// A page of that server, as a browser names it.
    pub fn of_site(server: &Url) -> Self {
        Self { server: server.clone(), app: false }
    }

    /// A program of ours that speaks with that server itself.
    pub fn of_app(server: &Url) -> Self {
        Self { server: server.clone(), app: true }
    }

    /// As it is written in client data; `None` where that is no origin.
    pub fn parse(text: &str) -> Option<Self> {
        let (server, app) = text.strip_prefix(APP).map_or((text, false), |server| (server, true));
        let server = Url::parse(server).ok()?;
        let origin = Self { server, app };
        (origin.to_string() == text).then_some(origin)
    }

    /// Whether keys may be asked for a site's id (WebAuthn, 5.1.3 steps 7 and 8), over TLS or on this computer
    /// alone. A page may ask for its own host or a parent of it, but for no top-level domain, as far as that can
    /// be told without a list of public suffixes. For a program there is no need to guess: our servers use their
    /// host's name and nothing else, and so does it.
    pub(crate) fn may_ask_for(&self, rp_id: &str) -> Result<(), Error> {
        let foreign = || Error::ForeignOrigin { origin: self.to_string(), rp_id: rp_id.to_owned() };
        let host = self.server.domain().ok_or_else(foreign)?;
        let scheme = self.server.scheme();
        let safe = scheme == "https" || (scheme == "http" && host == "localhost");
        let parent =
            || host.strip_suffix(rp_id).is_some_and(|rest| rest.ends_with('.')) && rp_id.contains('.');
        let own = host == rp_id || (!self.app && parent());
        if safe && !rp_id.is_empty() && own { Ok(()) } else { Err(foreign()) }
    }
}

impl From<&Url> for Origin {
    fn from(site: &Url) -> Self {
        Self::of_site(site)
    }
}

impl From<&Self> for Origin {
    fn from(origin: &Self) -> Self {
        origin.clone()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.app { APP } else { "" };
        write!(f, "{scheme}{}", self.server.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(server: &str, rp_id: &str, page: bool, program: bool) {
        let server = Url::parse(server).expect("an URL");
        for (origin, may) in [(Origin::of_site(&server), page), (Origin::of_app(&server), program)] {
            assert_eq!(origin.may_ask_for(rp_id).is_ok(), may, "{origin} {rp_id}");
        }
    }

    #[test]
    fn a_site_belongs_to_its_own_hosts_and_a_server_to_its_programs() {
        check("https://login.acme.test", "login.acme.test", true, true);
        check("https://login.acme.test:8443/x", "login.acme.test", true, true);
        check("https://login.acme.test:8443/x", "acme.test", true, false);
        check("http://localhost:8080", "localhost", true, true);
        check("http://login.acme.test", "login.acme.test", false, false);
        check("http://login.acme.test", "acme.test", false, false);
        check("https://login.acme.test", "other.test", false, false);
        check("https://evilacme.test", "acme.test", false, false);
        check("https://acme.test", "login.acme.test", false, false);
        check("https://login.acme.test", "test", false, false);
        check("https://login.acme.test", "", false, false);
        check("https://192.0.2.1", "192.0.2.1", false, false);
        check("http://127.0.0.1:4711", "localhost", false, false);
    }

    #[test]
    fn an_origin_is_read_as_it_is_written_or_not_at_all() {
        for text in ["https://login.acme.test", "latchkey-app:http://localhost:4711", "https://a.test:8443"] {
            assert_eq!(Origin::parse(text).map(|origin| origin.to_string()).as_deref(), Some(text));
        }
        for text in
            ["", "latchkey-app:", "https://a.test/path", "latchkey-app:latchkey-app:https://a.test", "null"]
        {
            assert_eq!(Origin::parse(text), None, "{text}");
        }
    }
}
