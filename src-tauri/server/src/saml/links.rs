//! The portal's own links to applications, as the start page's script hands them over: `#/saml/default/{name}/
//! {instance}` for applications, `#/saml/custom/{name}/{base64}` for profiles (undocumented;
//! WTFender/aws-sso-extender). Names are for people; what counts comes after.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, Uri},
    response::Response,
};
use url::Url;

use super::{application_named, no_such_application, way_to};
use crate::{
    fields::Fields,
    instance::{Instance, Shared},
    organisation::Application,
    signin::{self, PageError, Visit, redirect, see_other},
    store::StoreError,
};

/// GET `/start/saml/{kind}/{name}/{target}`.
pub async fn follow(
    State(instance): State<Shared>,
    headers: HeaderMap,
    uri: Uri,
    Path((kind, _, target)): Path<(String, String, String)>,
) -> Response {
    let show = move |instance: &Instance, visit: &Visit, _: &Fields| {
        let Some(person) = &visit.person else {
            // By the fragment again: the answer to the form of signing in cannot lead to another site (CSP
            // `form-action`).
            let fragment = uri.path().strip_prefix("/start").unwrap_or_default();
            return Err(PageError::SignIn { back: format!("/start/#{fragment}") });
        };
        let application = meant(instance, &kind, &target)?.ok_or_else(|| no_such_application(instance))?;
        if !instance.store.is_for(&application, &person.user.id)? {
            return Err(no_such_application(instance));
        }
        let way = way_to(instance, &application);
        Ok(match Url::parse(&way) {
            Ok(elsewhere) => redirect(&elsewhere),
            Err(_) => see_other(&way),
        })
    };
    signin::page(instance, headers, String::new(), show).await
}

fn meant(instance: &Instance, kind: &str, target: &str) -> Result<Option<Application>, StoreError> {
    match kind {
        "default" => instance.store.application_by_instance(target),
        "custom" => application_named(instance, target),
        _ => Ok(None),
    }
}
