//! From an instance to answers: all routes behind the doors, on all listeners, until told to stop.

use std::{io, time::Duration};

use axum::{Router, http::StatusCode, response::IntoResponse, routing::get};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    doors, federation,
    instance::{Instance, Shared},
    oidc, portal,
    signin::{self, see_other},
    sts,
};

/// How long open requests may take after the stop.
const FAREWELL: Duration = Duration::from_secs(2);
/// How often what nobody can use is forgotten.
const SWEEP: Duration = Duration::from_secs(60 * 60);

/// All routes of an instance.
pub fn routes(instance: &Shared) -> Router {
    // The issuer URL is an address people may open (aws-cli's `sso/resolve.py`).
    let issuer = format!("/{}", instance.addresses.instance_id());
    let routes = Router::new()
        .merge(oidc::routes())
        .merge(portal::routes())
        .merge(federation::routes())
        .merge(sts::routes())
        .merge(signin::routes())
        .route(&issuer, get(async || see_other("/start")))
        .fallback(async || (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response())
        .with_state(Shared::clone(instance));
    doors::guard(routes, instance)
}

/// Serves until `stop`; open requests get two seconds more.
///
/// # Errors
/// The system's error if accepting fails for good.
pub async fn serve(instance: Shared, sockets: Vec<TcpListener>, stop: CancellationToken) -> io::Result<()> {
    let routes = routes(&instance);
    let mut servers = tokio::task::JoinSet::new();
    for socket in sockets {
        let (routes, stopped) = (routes.clone(), stop.clone());
        servers.spawn(async move {
            axum::serve(socket, routes).with_graceful_shutdown(stopped.cancelled_owned()).await
        });
    }
    let sweeper = tokio::spawn(sweep(instance));
    stop.cancelled().await;
    let ended = async {
        while let Some(outcome) = servers.join_next().await {
            outcome.map_err(io::Error::other)??;
        }
        Ok(())
    };
    let outcome = tokio::time::timeout(FAREWELL, ended).await.unwrap_or(Ok(()));
    sweeper.abort();
    outcome
}

async fn sweep(instance: Shared) {
    let mut ticks = tokio::time::interval(SWEEP);
    loop {
        ticks.tick().await;
        let swept =
            Shared::clone(&instance).run(|instance: &Instance| instance.store.sweep(instance.now())).await;
        if let Err(error) = swept {
            tracing::error!(%error, "could not sweep");
        }
    }
}
