//! Sign-in that a sample application starts (SAML Profiles 2.0 §4.1.3.1): a request by HTTP-Redirect, or by
//! HTTP-POST with `?binding=post`.

use axum::{
    extract::{Path, RawQuery, State},
    http::header,
    response::Response,
};
use saml_rs::{
    SamlError,
    raw::{Binding, EntitySetting, IdentityProvider, LoginRequestOptions},
    template::replace_tags_by_optional_value,
};
use url::Url;

use super::{PATIENCE, REQUEST, identity_provider, oauth, played, target_of};
use crate::{
    fields::Fields,
    instance::{Instance, Shared},
    saml::{PassOn, Target, instant, service_provider},
    secret::Token,
    signin::{self, PageError, redirect},
};

/// GET `/sample-apps/{name}/sign-in`.
pub async fn sign_in(
    State(instance): State<Shared>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    instance
        .run(move |instance| {
            let fields = Fields::parse(query.unwrap_or_default().as_bytes());
            begin(instance, &name, &fields).unwrap_or_else(|error| error.render(instance, None))
        })
        .await
}

fn begin(instance: &Instance, name: &str, fields: &Fields) -> Result<Response, PageError> {
    if let Some(application) = oauth::Played::find(instance, name)? {
        return application.begin(instance);
    }
    let application = played(instance, name)?;
    let target = target_of(&application)?;
    let binding = if fields.get("binding") == Some("post") { Binding::Post } else { Binding::Redirect };
    // It comes back as the relay state, which the identity provider keeps as it is for a while.
    let secret = Token::new(instance.chance.hex(43));
    let force = fields.get("force").is_some();
    let made =
        request(instance, target, binding, &secret, force).map_err(|error| PageError::failed(&error))?;
    let mut response = if binding == Binding::Post {
        let pass_on = PassOn {
            title: format!("Signing in to {}", target.application.name),
            to: &made.entity_endpoint,
            name: made.request_type,
            message: made.context,
            relay_state: made.relay_state,
        };
        pass_on.render(instance)?
    } else {
        redirect(&Url::parse(&made.context).map_err(|error| PageError::failed(&error))?)
    };
    let kept =
        signin::set_cookie(instance, REQUEST, &format!("{}.{}", made.id, secret.expose()), Some(PATIENCE));
    if let Some(cookie) = kept {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The library's own request, with the instance's time.
fn request(
    instance: &Instance,
    target: Target<'_>,
    binding: Binding,
    secret: &Token,
    force: bool,
) -> Result<saml_rs::raw::BindingContext, SamlError> {
    let idp = identity_provider(instance, target)?;
    let idp = IdentityProvider::from_metadata(idp.metadata_xml(), EntitySetting::default())?;
    let sp = service_provider(target)?;
    let id = format!("_{}", instance.chance.uuid());
    let said = [
        ("ID", Some(id.clone())),
        ("IssueInstant", Some(instant(instance.now()))),
        ("Destination", Some(target.address(instance))),
        ("ForceAuthn", force.then(|| "true".to_owned())),
        ("ProtocolBinding", Some(Binding::Post.urn().to_owned())),
        ("AssertionConsumerServiceURL", Some(target.saml.acs_url.clone())),
        ("AssertionConsumerServiceIndex", None),
        ("Issuer", Some(target.saml.audience.clone())),
        ("NameIDFormat", None),
        ("AllowCreate", None),
    ];
    let fill = |template: &str| (id.clone(), replace_tags_by_optional_value(template, &said));
    let options = LoginRequestOptions {
        relay_state: Some(secret.expose()),
        custom: Some(&fill),
        ..LoginRequestOptions::default()
    };
    sp.raw_service_provider().create_login_request_with_options(&idp, binding, &options)
}
