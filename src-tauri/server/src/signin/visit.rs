//! Who is looking at a page, and whether a form came from a page that this visitor was shown.

use axum::http::{HeaderMap, HeaderValue};
use url::form_urlencoded;

use super::{
    cookies::{self, CONTEXT, HALF, KNOWN_BROWSER, PASSWORD_SET, SESSION, VISITOR},
    frame::PageError,
};
use crate::{
    domain::sign_in_session::SignInSession,
    fields::Fields,
    instance::Instance,
    organisation::User,
    secret::{Digest, Token},
    store::StoreError,
};

/// One request of a browser.
pub struct Visit {
    /// The person, if signed in.
    pub person: Option<SignedIn>,
    /// What the browser brought to be known by, unchecked.
    pub known_browser: Option<Token>,
    /// The sign-in that waits for a second factor, unchecked.
    pub half: Option<Token>,
    /// The browser as second factors were proved in it before, unchecked.
    pub context: Option<Token>,
    /// Whether they set a password just now.
    pub password_set: bool,
    /// The cookie that binds forms: the session's, else the visitor's.
    binding: Token,
    is_new: bool,
}

/// A person with a live session.
pub struct SignedIn {
    /// The session.
    pub session: SignInSession,
    /// The person.
    pub user: User,
}

impl Visit {
    /// Reads the cookies.
    pub fn of(instance: &Instance, headers: &HeaderMap) -> Result<Self, StoreError> {
        let owned = |kind| cookies::cookie(instance, headers, kind).map(|value| Token::new(value.to_owned()));
        let known_browser = owned(KNOWN_BROWSER);
        let (half, context) = (owned(HALF), owned(CONTEXT));
        let password_set = owned(PASSWORD_SET).is_some();
        if let Some(value) = owned(SESSION) {
            let session = instance.store.session_by_cookie(value.digest())?;
            let live = session.filter(|session| session.is_live(instance.now()));
            let user = live.as_ref().map(|session| instance.user(&session.user_id)).transpose()?.flatten();
            let person = live.zip(user).map(|(session, user)| SignedIn { session, user });
            if person.is_some() {
                let (binding, is_new) = (value, false);
                return Ok(Self { person, known_browser, half, context, password_set, binding, is_new });
            }
        }
        let (binding, is_new) = match owned(VISITOR) {
            Some(value) => (value, false),
            None => (instance.chance.token(), true),
        };
        Ok(Self { person: None, known_browser, half, context, password_set, binding, is_new })
    }

    /// The same visitor with another session, to whose cookie what they see next is bound.
    pub fn renewed(&self, session: SignInSession, cookie: Token) -> Self {
        let person = self.person.as_ref().map(|person| SignedIn { session, user: person.user.clone() });
        Self {
            person,
            known_browser: self.known_browser.clone(),
            half: self.half.clone(),
            context: self.context.clone(),
            password_set: self.password_set,
            binding: cookie,
            is_new: false,
        }
    }

    /// The token that this visitor's forms carry.
    pub fn form_token(&self, instance: &Instance) -> String {
        hex::encode(instance.key.derive("form", &[self.binding.expose()]).as_slice())
    }

    /// The digest of the cookie that binds forms; the session's, if there is one.
    pub fn binding(&self) -> Digest {
        self.binding.digest()
    }

    /// What this visitor's sealed fields are bound to.
    pub fn owner(&self) -> String {
        hex::encode(self.binding.digest().as_bytes())
    }

    /// Whether a submitted form token is this visitor's.
    pub fn owns_form(&self, instance: &Instance, submitted: Option<&str>) -> bool {
        let Some(claimed) = submitted.and_then(|token| hex::decode(token).ok()) else { return false };
        !self.is_new && instance.key.verify("form", &[self.binding.expose()], &claimed)
    }

    /// The visitor cookie to set, on a first visit.
    pub fn first_cookie(&self, instance: &Instance) -> Option<HeaderValue> {
        if !self.is_new {
            return None;
        }
        cookies::set_cookie(instance, VISITOR, self.binding.expose(), None)
    }

    /// The person, or a way to the sign-in page that comes back to `path` with these parameters.
    pub fn signed_in_or(&self, path: &str, fields: &Fields, keep: &[&str]) -> Result<&SignedIn, PageError> {
        self.person.as_ref().ok_or_else(|| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            for name in keep {
                if let Some(value) = fields.get(name) {
                    query.append_pair(name, value);
                }
            }
            let query = query.finish();
            let back = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
            PageError::SignIn { back }
        })
    }
}
