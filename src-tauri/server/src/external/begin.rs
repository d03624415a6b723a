//! The way to the identity provider: a page that goes there, and the signed request that it goes with.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use jiff::SignedDuration;
use saml_rs::{ForceAuthn, RelayStateParam, StartSso};
use url::{Url, form_urlencoded};

use super::{
    is_source,
    parties::{self, Signed},
};
use crate::{
    fields::Fields,
    instance::Instance,
    limits::What,
    signin::{Frame, PageError, Visit, html_with_scripts, redirect, see_other, sign_in::safe_path},
    store::{ExternalProvider, ExternalSignIn},
};

/// How long a person may take there.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

#[derive(Template)]
#[template(path = "external_sign_in.html")]
struct ExternalPage {
    frame: Frame,
    there: String,
    way: String,
    goes: bool,
    is_out: bool,
}

/// Instead of the page that asks for a password. It is a page and no redirect: browsers do not let the forms of a
/// page end at another site.
///
/// # Errors
/// [`PageError`] if the provider is not known.
pub fn page(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    let back = safe_path(instance, fields.get("continue"));
    let again = fields.get("again").is_some();
    if visit.person.is_some() && !again {
        return Ok(see_other(&back));
    }
    let provider = provider(instance)?;
    let host = Url::parse(&provider.sign_in_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("continue", &back);
    if again {
        query.append_pair("again", "1");
    }
    let is_out = fields.get("out").is_some();
    let page = ExternalPage {
        frame: Frame::of(instance, visit),
        there: host.unwrap_or(provider.entity_id),
        way: format!("/sign-in/external?{}", query.finish()),
        goes: !is_out,
        is_out,
    };
    Ok(html_with_scripts(StatusCode::OK, &page))
}

/// GET `/sign-in/external`: to the provider, with a request.
///
/// # Errors
/// [`PageError`] if there is no provider, no request can be made, or too many came from the same place.
pub fn begin(instance: &Instance, visit: &Visit, fields: &Fields) -> Result<Response, PageError> {
    if !is_source(instance)? {
        return Ok(see_other("/sign-in"));
    }
    let back = safe_path(instance, fields.get("continue"));
    let again = fields.get("again").is_some();
    if visit.person.is_some() && !again {
        return Ok(see_other(&back));
    }
    let provider = provider(instance)?;
    // Each costs a signature and a row, and anybody may ask.
    instance.count(What::ExternalSignIns)?.keep();
    let relay = instance.chance.token();
    let now = instance.now();
    let made = || {
        let sp = parties::service_provider(instance, Signed::Assertion)?;
        let idp = parties::identity_provider(&provider)?;
        let mut start =
            StartSso::redirect().relay_state(RelayStateParam::try_from_option(Some(relay.expose()))?);
        if again {
            start = start.force_authn(ForceAuthn::Required);
        }
        sp.start_sso(&idp, start)
    };
    let started = made().map_err(|error| PageError::failed(&error))?;
    let url = started.outbound.redirect_url().map_err(|error| PageError::failed(&error))?;
    let url = Url::parse(url).map_err(|error| PageError::failed(&error))?;
    let begun = ExternalSignIn {
        request_id: started.pending.request_id().as_str().to_owned(),
        owner: visit.owner(),
        back,
        ends: now.checked_add(PATIENCE).unwrap_or(now),
        anew: again.then_some(now),
        proved: None,
    };
    instance.store.begin_external_sign_in(relay.digest(), &begun)?;
    Ok(redirect(&url))
}

fn provider(instance: &Instance) -> Result<ExternalProvider, PageError> {
    instance.store.external_provider()?.ok_or_else(|| {
        let text = "The identity provider is not set up. Tell your administrator.";
        PageError::new(StatusCode::SERVICE_UNAVAILABLE, "Nobody can sign in", text)
    })
}
