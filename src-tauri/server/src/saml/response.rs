//! A signed response (SAML Core 2.0 §3.3.3, Profiles 2.0 §4.1.4.2). The library fills in its template, escapes
//! every value, and signs the assertion and the response; what is said, and the time, come from here.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::{SignedDuration, Timestamp};
use saml_rs::{
    SamlError,
    raw::{
        Binding, EntitySetting, LoginResponseOptions, ServiceProvider, User as Nobody,
        metadata::{Endpoint, SpMetadataConfig},
    },
    template::replace_tags_by_optional_value,
};

use super::{Target, mapping::Attributes, person::attributes_of, provider};
use crate::{
    domain::sign_in_session::SignInSession,
    instance::Instance,
    organisation::{NameIdFormat, User},
};

/// How the person signed in is not told, as AWS does not tell it.
const AUTHN_STATEMENT: &str = "<saml:AuthnStatement AuthnInstant=\"{AuthnInstant}\" SessionIndex=\"{AssertionID}\" \
     SessionNotOnOrAfter=\"{SessionNotOnOrAfter}\"><saml:AuthnContext><saml:AuthnContextClassRef>\
     urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext>\
     </saml:AuthnStatement>";
/// A response without an assertion (SAML Core 2.0 §3.2.2.2).
const NO_PASSIVE: &str = "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
     xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{ID}\" Version=\"2.0\" \
     IssueInstant=\"{IssueInstant}\" Destination=\"{Destination}\" InResponseTo=\"{InResponseTo}\">\
     <saml:Issuer>{Issuer}</saml:Issuer><samlp:Status><samlp:StatusCode \
     Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"><samlp:StatusCode \
     Value=\"urn:oasis:names:tc:SAML:2.0:status:NoPassive\"/></samlp:StatusCode></samlp:Status></samlp:Response>";
const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// A response on its way through the browser.
#[derive(Debug)]
pub struct Posted {
    /// The response in base64, as the form field `SAMLResponse` carries it.
    pub encoded: String,
    /// `RelayState`.
    pub relay_state: Option<String>,
}

/// What a response says, before it is signed.
#[derive(Debug)]
pub struct Said {
    id: String,
    statements: String,
    tags: Vec<(String, Option<String>)>,
    /// The name of the person.
    pub name_id: String,
    /// Names and values of attributes, those without values left out.
    pub attributes: Vec<(String, Vec<String>)>,
}

impl Said {
    /// The id, and the template filled in.
    pub fn fill(&self, template: &str) -> (String, String) {
        let whole = template.replacen("{AuthnStatement}", &self.statements, 1);
        // The library's template has a place of its own for attributes, which ours stand before.
        let whole = whole.replacen("{AttributeStatement}", "", 1);
        let tags: Vec<(&str, Option<String>)> =
            self.tags.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        (self.id.clone(), replace_tags_by_optional_value(&whole, &tags))
    }
}

/// Says all there is to say about a person, of whom this is `known`.
pub fn compose(
    instance: &Instance,
    target: Target<'_>,
    person: (&User, &SignInSession),
    known: &Attributes,
    in_response_to: Option<&str>,
) -> Said {
    let (user, session) = person;
    let [id, assertion_id] = [instance.chance.uuid(), instance.chance.uuid()].map(|uuid| format!("_{uuid}"));
    let now = instance.now();
    let (statement, values, attributes) = attribute_statement(target, known, &instance.chance.hex(16));
    let ends = now.checked_add(target.saml.assertion_lifetime).unwrap_or(now).min(session.ends);
    let (issued, expires) = (instant(now), instant(ends));
    let length = target.saml.session_duration;
    let session_ends = length.and_then(|length| now.checked_add(length).ok()).unwrap_or(session.ends);
    let name_id = name_id(instance, target, user, known);
    let said = [
        ("ID", Some(id.clone())),
        ("AssertionID", Some(assertion_id)),
        ("Destination", Some(target.saml.acs_url.clone())),
        ("SubjectRecipient", Some(target.saml.acs_url.clone())),
        ("Audience", Some(target.saml.audience.clone())),
        ("Issuer", Some(target.address(instance))),
        ("IssueInstant", Some(issued.clone())),
        ("StatusCode", Some(SUCCESS.to_owned())),
        ("ConditionsNotBefore", Some(issued)),
        ("ConditionsNotOnOrAfter", Some(expires.clone())),
        ("SubjectConfirmationDataNotOnOrAfter", Some(expires)),
        ("AuthnInstant", Some(instant(session.authenticated))),
        ("SessionNotOnOrAfter", Some(instant(session_ends.min(session.ends)))),
        ("NameIDFormat", Some(provider::format(target.saml.name_id_format).as_uri().to_owned())),
        // None leaves the attribute out.
        ("InResponseTo", in_response_to.map(str::to_owned)),
    ];
    let mut tags: Vec<(String, Option<String>)> =
        said.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    // Data comes last and in this order, into places that nobody can know beforehand, so that no part of it is taken
    // for a place to fill.
    tags.push(("NameID".to_owned(), Some(name_id.clone())));
    tags.extend(values.into_iter().map(|(name, value)| (name, Some(value))));
    Said { id, statements: format!("{AUTHN_STATEMENT}{statement}"), tags, name_id, attributes }
}

/// Makes the response about a person; `in_response_to` is the request's id, absent where sign-in starts here.
///
/// # Errors
/// [`SamlError`] if the library cannot make or sign it.
pub fn issue(
    instance: &Instance,
    target: Target<'_>,
    person: (&User, &SignInSession),
    in_response_to: Option<&str>,
    relay_state: Option<&str>,
) -> Result<Posted, SamlError> {
    let known = attributes_of(instance, person.0).map_err(|error| {
        tracing::error!(%error, "a person's groups are not known");
        SamlError::Invalid("the person's groups cannot be looked up".to_owned())
    })?;
    let said = compose(instance, target, person, &known, in_response_to);
    let fill = |template: &str| said.fill(template);
    let options = LoginResponseOptions { relay_state, custom: Some(&fill), ..Default::default() };
    sign(instance, target, true, &options)
}

/// Says that the person would have to be asked, which the request forbids.
///
/// # Errors
/// [`SamlError`] if the library cannot make or sign it.
pub fn no_passive(
    instance: &Instance,
    target: Target<'_>,
    in_response_to: &str,
    relay_state: Option<&str>,
) -> Result<Posted, SamlError> {
    let id = format!("_{}", instance.chance.uuid());
    let said = [
        ("ID", Some(id.clone())),
        ("IssueInstant", Some(instant(instance.now()))),
        ("Destination", Some(target.saml.acs_url.clone())),
        ("Issuer", Some(target.address(instance))),
        ("InResponseTo", Some(in_response_to.to_owned())),
    ];
    let fill = |_: &str| (id.clone(), replace_tags_by_optional_value(NO_PASSIVE, &said));
    sign(
        instance,
        target,
        false,
        &LoginResponseOptions { relay_state, custom: Some(&fill), ..Default::default() },
    )
}

/// Signs the assertion, if there is one, encrypts it where that is wanted, and signs the response.
fn sign(
    instance: &Instance,
    target: Target<'_>,
    has_assertion: bool,
    options: &LoginResponseOptions<'_>,
) -> Result<Posted, SamlError> {
    let encrypted = target.saml.encryption_certificate.iter().filter(|_| has_assertion).cloned();
    let sp = SpMetadataConfig {
        entity_id: target.saml.audience.clone(),
        want_assertions_signed: has_assertion,
        encrypt_certs: encrypted.collect(),
        assertion_consumer_service: vec![Endpoint::new(Binding::Post, &*target.saml.acs_url)],
        ..SpMetadataConfig::default()
    };
    let is_encrypted = !sp.encrypt_certs.is_empty();
    let mut sp = ServiceProvider::from_config(&sp, EntitySetting::default())?;
    sp.setting.want_message_signed = true;
    let idp = provider::identity_provider_that(instance, target, is_encrypted)?;
    let made =
        idp.raw_identity_provider().create_login_response(&sp, Binding::Post, &Nobody::default(), options)?;
    Ok(Posted { encoded: made.context, relay_state: made.relay_state })
}

type Values = Vec<(String, String)>;
type Named = Vec<(String, Vec<String>)>;

/// The statement with a place for every value, the values by place, and the same by attribute.
fn attribute_statement(target: Target<'_>, known: &Attributes, secret: &str) -> (String, Values, Named) {
    let (mut places, mut values, mut named) = (String::new(), Vec::new(), Vec::new());
    for (index, mapping) in target.saml.attributes.iter().enumerate() {
        let said: Vec<String> = mapping.values.iter().flat_map(|value| value.values(known)).collect();
        if said.is_empty() {
            continue;
        }
        let format = mapping.format.urn();
        places
            .push_str(&format!("<saml:Attribute Name=\"{{Name{index}-{secret}}}\" NameFormat=\"{format}\">"));
        for (number, text) in said.iter().enumerate() {
            let place = format!("Value{index}-{number}-{secret}");
            places.push_str(&format!(
                "<saml:AttributeValue xsi:type=\"xs:string\">{{{place}}}</saml:AttributeValue>"
            ));
            values.push((place, text.clone()));
        }
        values.push((format!("Name{index}-{secret}"), mapping.name.clone()));
        places.push_str("</saml:Attribute>");
        named.push((mapping.name.clone(), said));
    }
    if !places.is_empty() {
        places = format!("<saml:AttributeStatement>{places}</saml:AttributeStatement>");
    }
    (places, values, named)
}

/// How the person is called there (SAML Core 2.0 §8.3).
fn name_id(instance: &Instance, target: Target<'_>, user: &User, known: &Attributes) -> String {
    let given = target.saml.name_id.as_ref().and_then(|template| template.values(known).into_iter().next());
    if let Some(given) = given {
        return given;
    }
    match target.saml.name_id_format {
        NameIdFormat::Email => user.email.clone(),
        NameIdFormat::Unspecified => user.username.clone(),
        NameIdFormat::Transient => format!("_{}", BASE64_STANDARD.encode(instance.chance.key())),
        // Another one for each service provider, so that two of them cannot compare notes; and never again for
        // somebody who gets a user name that was another's (SAML Core 2.0 §8.3.7).
        NameIdFormat::Persistent => {
            instance.key.public_id("persistent name id", &[&target.saml.audience, &user.id], 64)
        }
    }
}

/// UTC without fractions (SAML Core 2.0 §1.3.3).
pub fn instant(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// How far another party's clock may be off.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(3);
