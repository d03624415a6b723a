//! `/healthz`, `/readyz` and `/metrics`.

use std::{net::IpAddr, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};

use super::background::Figures;
use crate::instance::{Instance, Shared};

/// A database that takes longer than this does not answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// OpenMetrics 1.0, content type.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What balancers ask where everybody asks; under any name, as they do not know ours.
pub fn public(instance: &Shared) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .layer(middleware::from_fn(plain))
        .with_state(Shared::clone(instance))
}

/// The same and `/metrics`, for an address of their own. `for_others` is whether more than this machine may ask.
pub fn routes(instance: &Shared, for_others: bool) -> Router {
    let metrics = Router::new().route("/metrics", get(metrics)).with_state(Shared::clone(instance));
    let all = public(instance).merge(metrics).layer(middleware::from_fn(plain));
    if for_others { all } else { all.layer(middleware::from_fn(no_rebinding)) }
}

/// The process answers.
async fn healthz() -> &'static str {
    "ok\n"
}

/// It may get requests: the database answers with an organisation in this version's schema (it is brought to it
/// before anything listens), and nobody has told the server to stop.
async fn readyz(State(instance): State<Shared>) -> Response {
    let no = |why: &'static str| (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    if instance.operations.is_draining() {
        return no("draining\n");
    }
    let asked = Shared::clone(&instance).run(|instance: &Instance| instance.store.settings());
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(Some(_))) => "ok\n".into_response(),
        Ok(Ok(None)) => no("no organisation\n"),
        Ok(Err(error)) => {
            tracing::error!(%error, "not ready");
            no("the database fails\n")
        }
        Err(_) => {
            tracing::error!("not ready: the database did not answer within {PATIENCE:?}");
            no("the database does not answer\n")
        }
    }
}

async fn metrics(State(instance): State<Shared>) -> Response {
    let operations = &instance.operations;
    let read = Shared::clone(&instance).run(Figures::read);
    let figures = match tokio::time::timeout(PATIENCE, read).await {
        Ok(Ok(figures)) => Some(figures),
        Ok(Err(error)) => {
            tracing::warn!(%error, "metrics are told without what stands in the database");
            None
        }
        Err(_) => None,
    };
    match operations.metrics.text(operations.is_draining(), &instance.store, figures) {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// It is nobody's to keep, and no page.
async fn plain(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in [(header::CACHE_CONTROL, "no-store"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")] {
        response.headers_mut().insert(name, axum::http::HeaderValue::from_static(value));
    }
    response
}

/// A page that has its own name point at this machine (DNS rebinding) gets nothing.
async fn no_rebinding(request: Request, next: Next) -> Response {
    if is_this_machine(request.headers()) {
        next.run(request).await
    } else {
        let text = "Ask under 127.0.0.1, [::1] or localhost.\n";
        (StatusCode::MISDIRECTED_REQUEST, text).into_response()
    }
}

fn is_this_machine(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next().and_then(|host| host.to_str().ok()), hosts.next()) else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}
