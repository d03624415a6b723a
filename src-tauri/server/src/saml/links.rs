//! The portal's own links to applications, as the start page's script hands them over: `#/saml/default/{name}/
//! {instance}` for applications, `#/saml/custom/{name}/{base64}` for profiles (undocumented;
//! WTFender/aws-sso-extender). Names are for people; what counts comes after.

use axum::{
    extract::{Path, State},
    response::Response,
};
use url::Url;

use super::{Target, instance_of, no_such_application, way_to};
use crate::{
    instance::{Instance, Shared},
    organisation::Application,
    signin::{redirect, see_other},
};

/// GET `/start/saml/{kind}/{name}/{target}`.
pub async fn follow(
    State(instance): State<Shared>,
    Path((kind, _, target)): Path<(String, String, String)>,
) -> Response {
    instance
        .run(move |instance| {
            let Some(application) = meant(instance, &kind, &target) else {
                return no_such_application(instance).render(instance, None);
            };
            let way = way_to(instance, application);
            match Url::parse(&way) {
                Ok(elsewhere) => redirect(&elsewhere),
                Err(_) => see_other(&way),
            }
        })
        .await
}

fn meant<'i>(instance: &'i Instance, kind: &str, target: &str) -> Option<&'i Application> {
    match kind {
        "default" => {
            let mut all = instance.organisation.applications.values();
            all.find(|application| instance_of(instance, application) == target)
        }
        "custom" => Target::named(instance, target).map(|target| target.application),
        _ => None,
    }
}
