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

use super::{Target, provider};
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
const NAME_FORMAT: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified";
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
    let (user, session) = person;
    let ids = [instance.chance.uuid(), instance.chance.uuid()].map(|uuid| format!("_{uuid}"));
    let now = instance.now();
    let (attributes, mut tags) = attribute_statement(target, user);
    let statements = format!("{AUTHN_STATEMENT}{attributes}");
    let ends = now.checked_add(target.saml.assertion_lifetime).unwrap_or(now).min(session.ends);
    let (issued, expires) = (instant(now), instant(ends));
    let mut said = vec![
        ("ID", Some(ids[0].clone())),
        ("AssertionID", Some(ids[1].clone())),
        ("Destination", Some(target.saml.acs_url.clone())),
        ("SubjectRecipient", Some(target.saml.acs_url.clone())),
        ("Audience", Some(target.saml.audience.clone())),
        ("Issuer", Some(target.address(instance))),
        ("IssueInstant", Some(issued.clone())),
        ("StatusCode", Some(SUCCESS.to_owned())),
        ("ConditionsNotBefore", Some(issued)),
        ("ConditionsNotOnOrAfter", Some(expires.clone())),
        ("SubjectConfirmationDataNotOnOrAfter", Some(expires)),
        ("AuthnInstant", Some(instant(session.began))),
        ("SessionNotOnOrAfter", Some(instant(session.ends))),
        ("NameIDFormat", Some(provider::format(target.saml.name_id_format).as_uri().to_owned())),
        // None leaves the attribute out.
        ("InResponseTo", in_response_to.map(str::to_owned)),
    ];
    // Last, so that no part of a person's data is taken for a place to fill.
    tags.push(("NameID".to_owned(), name_id(instance, target, user)));
    said.extend(tags.iter().map(|(name, value)| (name.as_str(), Some(value.clone()))));
    let fill = |template: &str| {
        let whole = template.replacen("{AuthnStatement}", &statements, 1);
        (ids[0].clone(), replace_tags_by_optional_value(&whole, &said))
    };
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

/// Signs the response and, if there is one, the assertion in it.
fn sign(
    instance: &Instance,
    target: Target<'_>,
    has_assertion: bool,
    options: &LoginResponseOptions<'_>,
) -> Result<Posted, SamlError> {
    let sp = SpMetadataConfig {
        entity_id: target.saml.audience.clone(),
        want_assertions_signed: has_assertion,
        assertion_consumer_service: vec![Endpoint::new(Binding::Post, &*target.saml.acs_url)],
        ..SpMetadataConfig::default()
    };
    let mut sp = ServiceProvider::from_config(&sp, EntitySetting::default())?;
    sp.setting.want_message_signed = true;
    let idp = provider::identity_provider(instance, target)?;
    let made =
        idp.raw_identity_provider().create_login_response(&sp, Binding::Post, &Nobody::default(), options)?;
    Ok(Posted { encoded: made.context, relay_state: made.relay_state })
}

/// The statement with a place for every value, and the values.
fn attribute_statement(target: Target<'_>, user: &User) -> (String, Vec<(String, String)>) {
    let (mut places, mut values) = (String::new(), Vec::new());
    for (index, (name, value)) in target.saml.attributes.iter().enumerate() {
        let said = value.of(user);
        if said.is_empty() {
            continue;
        }
        places.push_str(&format!("<saml:Attribute Name=\"{{Name{index}}}\" NameFormat=\"{NAME_FORMAT}\">"));
        values.push((format!("Name{index}"), name.clone()));
        for (number, text) in said.into_iter().enumerate() {
            let place = format!("Value{index}n{number}");
            places.push_str(&format!(
                "<saml:AttributeValue xsi:type=\"xs:string\">{{{place}}}</saml:AttributeValue>"
            ));
            values.push((place, text));
        }
        places.push_str("</saml:Attribute>");
    }
    if places.is_empty() {
        return (places, values);
    }
    (format!("<saml:AttributeStatement>{places}</saml:AttributeStatement>"), values)
}

/// How the person is called there (SAML Core 2.0 §8.3).
fn name_id(instance: &Instance, target: Target<'_>, user: &User) -> String {
    match target.saml.name_id_format {
        NameIdFormat::Email => user.email.clone(),
        NameIdFormat::Unspecified => user.username.clone(),
        NameIdFormat::Transient => format!("_{}", BASE64_STANDARD.encode(instance.chance.key())),
        // Another one for each service provider, so that two of them cannot compare notes.
        NameIdFormat::Persistent => {
            instance.key.public_id("persistent name id", &[&target.saml.audience, &user.username], 64)
        }
    }
}

/// UTC without fractions (SAML Core 2.0 §1.3.3).
pub fn instant(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// How far another party's clock may be off.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(3);
