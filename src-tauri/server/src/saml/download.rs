//! What an application's administrator downloads: metadata and certificates. Neither is a secret.

use axum::{
    extract::{Path, RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{Target, certificates, metadata, target::answer_for};
use crate::{
    fields::Fields,
    instance::{Instance, Shared},
};

/// GET `/saml/metadata/{target}`.
pub async fn show_metadata(State(instance): State<Shared>, Path(target): Path<String>) -> Response {
    instance
        .run(move |instance| {
            answer_for(instance, &target, |target| match metadata(instance, target) {
                Ok(xml) => ([(header::CONTENT_TYPE, "application/samlmetadata+xml")], xml).into_response(),
                Err(error) => {
                    tracing::error!(%error, "metadata could not be made");
                    StatusCode::INTERNAL_SERVER_ERROR.into_response()
                }
            })
        })
        .await
}

/// GET `/saml/metadata/{target}/certificate.pem` and `.der`; `?id=` for another than the one that signs.
pub async fn show_certificate(
    State(instance): State<Shared>,
    Path((target, file)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    instance
        .run(move |instance| {
            let fields = Fields::parse(query.unwrap_or_default().as_bytes());
            let is_der = match &*file {
                "certificate.pem" => false,
                "certificate.der" => true,
                _ => return StatusCode::NOT_FOUND.into_response(),
            };
            answer_for(instance, &target, |target| certificate(instance, target, &fields, &file, is_der))
        })
        .await
}

fn certificate(
    instance: &Instance,
    target: Target<'_>,
    fields: &Fields,
    file: &str,
    is_der: bool,
) -> Response {
    let held = match certificates::told(instance, target) {
        Ok(held) => held,
        Err(error) => {
            tracing::error!(%error, "a certificate cannot be shown");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let wanted = fields.get("id");
    let found = held.into_iter().find(|held| wanted.map_or(held.active, |id| held.id == id));
    let Some(held) = found else { return StatusCode::NOT_FOUND.into_response() };
    let (kind, body) = if is_der {
        ("application/pkix-cert", held.certificate.der)
    } else {
        ("application/x-pem-file", format!("{}\n", held.key.certificate().trim()).into_bytes())
    };
    let name = format!("attachment; filename=\"{file}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], body).into_response()
}
