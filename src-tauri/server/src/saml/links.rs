//! The portal's own links to applications, as the start page's script hands them over: `#/saml/default/{name}/
//! {instance}` for applications, `#/saml/custom/{name}/{base64}` for profiles (undocumented;
//! WTFender/aws-sso-extender). Names are for people; what counts comes after.

use axum::{
    extract::{Path, State},
    response::Response,
};
use url::Url;

use super::{application_named, no_such_application, way_to};
use crate::{
    instance::{Instance, Shared},
    organisation::Application,
    signin::{PageError, redirect, see_other},
    store::StoreError,
};

/// GET `/start/saml/{kind}/{name}/{target}`.
pub async fn follow(
    State(instance): State<Shared>,
    Path((kind, _, target)): Path<(String, String, String)>,
) -> Response {
    instance
        .run(move |instance| {
            let application = match meant(instance, &kind, &target) {
                Ok(Some(application)) => application,
                Ok(None) => return no_such_application(instance).render(instance, None),
                Err(error) => return PageError::from(error).render(instance, None),
            };
            let way = way_to(instance, &application);
            match Url::parse(&way) {
                Ok(elsewhere) => redirect(&elsewhere),
                Err(_) => see_other(&way),
            }
        })
        .await
}

fn meant(instance: &Instance, kind: &str, target: &str) -> Result<Option<Application>, StoreError> {
    match kind {
        "default" => instance.store.application_by_instance(target),
        "custom" => application_named(instance, target),
        _ => Ok(None),
    }
}
