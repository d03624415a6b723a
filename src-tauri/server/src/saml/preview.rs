//! What an application would be told of a person, for the administrator who sets it up. It is not signed: whoever
//! sees it could otherwise sign in as that person.

use super::{Target, mapping::Attributes, person::attributes_of, response};
use crate::{domain::sign_in_session::SignInSession, instance::Instance, organisation::User};

/// An assertion, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The whole response as XML, without its signatures and not encrypted.
    pub xml: String,
    /// The name of the person.
    pub name_id: String,
    /// The format of the name.
    pub name_id_format: String,
    /// Names and values.
    pub attributes: Vec<(String, Vec<String>)>,
    /// Where it would be sent.
    pub acs_url: String,
    /// What would be sent along.
    pub relay_state: Option<String>,
}

/// Makes one, without telling anybody.
pub fn preview(instance: &Instance, target: Target<'_>, user: &User) -> Preview {
    let length = instance.session_length();
    let session = SignInSession::begin("preview".to_owned(), &user.username, length, instance.now());
    let known = attributes_of(instance, user).unwrap_or_else(|error| {
        tracing::error!(%error, "a person's groups are not known");
        Attributes::default()
    });
    let said = response::compose(instance, target, (user, &session), &known, None);
    Preview {
        xml: said.fill(saml_rs::template::LOGIN_RESPONSE_TEMPLATE).1,
        name_id: said.name_id.clone(),
        name_id_format: super::provider::format(target.saml.name_id_format).as_uri().to_owned(),
        attributes: said.attributes.clone(),
        acs_url: target.saml.acs_url.clone(),
        relay_state: target.saml.relay_state.clone(),
    }
}
