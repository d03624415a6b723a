//! From an instance to answers: all routes behind the doors, on all listeners, until told to stop.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    http::{Request, StatusCode},
    middleware,
    response::IntoResponse,
    routing::get,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use rustls::ServerConfig;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::Service;

use crate::{
    administration,
    audit::{delivery, keeping},
    aws,
    doors::{self, BodyIn},
    external, federation,
    instance::{Instance, Shared},
    ldap,
    listeners::Listeners,
    mail::{self, Mailing},
    native, oidc, operations, portal, provisioning,
    proxies::Peer,
    saml, sample_apps, scim,
    signin::{self, see_other},
    store::{Job, StoreError},
    sts,
};

/// How long a connection may take to say what it wants, and as long again for the body of it, or stay open without
/// wanting anything.
const HEADERS_IN: Duration = Duration::from_secs(30);
/// The pause after the system refused a connection.
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);
/// How often events are delivered as files (CloudTrail User Guide: about every five minutes).
const DELIVER: Duration = Duration::from_secs(5 * 60);
/// How often it is noted how far the audit trail reaches.
const NOTE: Duration = Duration::from_secs(60);
/// How often what nobody can use is forgotten.
const SWEEP: Duration = Duration::from_secs(60 * 60);

/// All routes of an instance.
pub fn routes(instance: &Shared) -> Router {
    // The issuer URL is an address people may open (aws-cli's `sso/resolve.py`).
    let issuer = format!("/{}", instance.addresses.instance_id());
    let samples = if instance.sample_apps { sample_apps::routes() } else { Router::new() };
    let outbox =
        if matches!(instance.mailing, Mailing::Outbox) { mail::outbox_routes() } else { Router::new() };
    let for_aws = if instance.aws.is_some() { aws::routes() } else { Router::new() };
    let routes = Router::new()
        .merge(outbox)
        .merge(for_aws)
        .merge(oidc::routes(instance))
        .merge(portal::routes())
        .merge(federation::routes())
        .merge(saml::routes())
        .merge(scim::routes())
        .merge(external::routes())
        .merge(samples)
        .merge(sts::routes())
        .merge(administration::routes())
        .merge(native::routes())
        .merge(signin::routes())
        .route(&issuer, get(async || see_other("/start")))
        .fallback(async || (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response())
        .with_state(Shared::clone(instance));
    let measure = middleware::from_fn_with_state(Shared::clone(instance), operations::measure);
    doors::guard(routes, instance).layer(measure).merge(operations::public(instance))
}

/// An address for those who run the server.
#[derive(Debug)]
pub struct OwnAddress {
    /// Where.
    pub listeners: Listeners,
    /// Whether more than this machine may ask there.
    pub for_others: bool,
}

/// Serves until `stop`, then for the time of draining, and until what is under way has its answer, which has a limit.
///
/// # Errors
/// The system's error if an answer under way ends in a panic.
pub async fn serve(
    instance: Shared,
    sockets: Vec<TcpListener>,
    own: Option<OwnAddress>,
    tls: Option<Arc<ServerConfig>>,
    stop: CancellationToken,
) -> io::Result<()> {
    let (closing, ended) = (CancellationToken::new(), CancellationToken::new());
    if let Some(own) = own {
        let port = own.listeners.port;
        tracing::info!(port, "health, readiness and metrics");
        let routes = operations::routes(&instance, own.for_others);
        for socket in own.listeners.sockets {
            // Nobody waits for them: they answer until the rest has ended.
            tokio::spawn(accept(socket, None, routes.clone(), None, HEADERS_IN, ended.clone()));
        }
    }
    tokio::spawn(drain(Shared::clone(&instance), stop, closing.clone()));
    let sweeper = tokio::spawn(sweep(Shared::clone(&instance)));
    let noter = tokio::spawn(note(Shared::clone(&instance)));
    let deliverer = tokio::spawn(deliver(Shared::clone(&instance)));
    let provisioner = tokio::spawn(provisioning::provision(Shared::clone(&instance)));
    let syncer = tokio::spawn(ldap::sync::run(Shared::clone(&instance)));
    let at_aws = instance.aws.clone().map(|aws| tokio::spawn(aws::work(Shared::clone(&instance), aws)));
    let patience = Patience { headers_in: HEADERS_IN, finish: instance.operations.finish };
    let outcome = answer(&instance, sockets, tls, patience, closing).await;
    ended.cancel();
    if let Some(at_aws) = at_aws {
        at_aws.abort();
    }
    sweeper.abort();
    noter.abort();
    deliverer.abort();
    provisioner.abort();
    syncer.abort();
    outcome
}

/// Says that it is not ready any more, and lets the balancers before it see that.
async fn drain(instance: Shared, stop: CancellationToken, closing: CancellationToken) {
    stop.cancelled().await;
    let operations = &instance.operations;
    operations.begin_draining();
    tracing::info!(seconds = operations.drain.as_secs(), "told to stop: not ready any more");
    tokio::time::sleep(operations.drain).await;
    tracing::info!("closing; what is under way is finished");
    closing.cancel();
}

/// How long is waited.
#[derive(Debug, Clone, Copy)]
struct Patience {
    headers_in: Duration,
    finish: Duration,
}

async fn answer(
    instance: &Shared,
    sockets: Vec<TcpListener>,
    tls: Option<Arc<ServerConfig>>,
    patience: Patience,
    stop: CancellationToken,
) -> io::Result<()> {
    let routes = routes(instance);
    let tls = tls.map(TlsAcceptor::from);
    let mut servers = JoinSet::new();
    for socket in sockets {
        let (instance, headers_in) = (Some(Shared::clone(instance)), patience.headers_in);
        servers.spawn(accept(socket, tls.clone(), routes.clone(), instance, headers_in, stop.clone()));
    }
    stop.cancelled().await;
    let ended = async {
        while let Some(outcome) = servers.join_next().await {
            outcome.map_err(io::Error::other)?;
        }
        Ok(())
    };
    tokio::time::timeout(patience.finish, ended).await.unwrap_or_else(|_| {
        tracing::warn!("requests under way took longer than `operations.finish_seconds`");
        Ok(())
    })
}

/// Answers who connects to one socket. `axum::serve` would do, but waits for a request's headers for ever.
async fn accept(
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    routes: Router,
    counted: Option<Shared>,
    headers_in: Duration,
    stop: CancellationToken,
) {
    let mut server = Builder::new(TokioExecutor::new()).http1_only();
    server.http1().timer(TokioTimer::new()).header_read_timeout(headers_in);
    let under_way = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: what is under way will give some back.
                tracing::error!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        let peer = Peer { address, is_tls: tls.is_some() };
        let service =
            TowerToHyperService::new(WithPeer { routes: routes.clone(), peer, body_in: BodyIn(headers_in) });
        let (server, watcher, tls) = (server.clone(), under_way.watcher(), tls.clone());
        let connection = counted.as_ref().map(|instance| instance.operations.metrics.connection());
        tokio::spawn(async move {
            let _open = connection;
            // Visitors come and go as they like.
            let ended = match tls {
                None => {
                    watcher.watch(server.serve_connection(TokioIo::new(stream), service).into_owned()).await
                }
                Some(tls) => match tokio::time::timeout(headers_in, tls.accept(stream)).await {
                    Ok(Ok(stream)) => {
                        let stream = TokioIo::new(stream);
                        watcher.watch(server.serve_connection(stream, service).into_owned()).await
                    }
                    Ok(Err(error)) => Err(error.into()),
                    Err(slow) => Err(slow.into()),
                },
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    // From here on nobody gets in, not even to wait.
    drop(socket);
    under_way.shutdown().await;
}

/// All routes, for one connection.
#[derive(Clone)]
struct WithPeer {
    routes: Router,
    peer: Peer,
    body_in: BodyIn,
}

impl<B> Service<Request<B>> for WithPeer
where
    Router: Service<Request<B>>,
{
    type Response = <Router as Service<Request<B>>>::Response;
    type Error = <Router as Service<Request<B>>>::Error;
    type Future = <Router as Service<Request<B>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request<B>>::poll_ready(&mut self.routes, context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        request.extensions_mut().insert(self.body_in);
        self.routes.call(request)
    }
}

async fn deliver(instance: Shared) {
    if instance.keeping.delivery.is_none() {
        return;
    }
    let mut ticks = tokio::time::interval(DELIVER);
    loop {
        ticks.tick().await;
        let delivered = Shared::clone(&instance)
            .run(|instance: &Instance| {
                let Some(_lead) = instance.store.lead(Job::Deliver)? else { return Ok(()) };
                let to = instance.keeping.delivery.as_ref();
                to.map_or(Ok(()), |to| delivery::deliver(instance, to))
            })
            .await;
        if let Err(error) = delivered {
            tracing::error!(%error, "could not deliver the audit trail; it is tried again");
        }
    }
}

async fn note(instance: Shared) {
    let mut ticks = tokio::time::interval(NOTE);
    loop {
        ticks.tick().await;
        Shared::clone(&instance).run(keeping::note).await;
    }
}

async fn sweep(instance: Shared) {
    let mut ticks = tokio::time::interval(SWEEP);
    loop {
        ticks.tick().await;
        let swept = Shared::clone(&instance)
            .run(|instance: &Instance| {
                let Some(_lead) = instance.store.lead(Job::Sweep)? else { return Ok(()) };
                keeping::keep(instance)?;
                instance.store.sweep(instance.now())?;
                saml::tend_certificates(instance);
                Ok::<_, StoreError>(())
            })
            .await;
        if let Err(error) = swept {
            tracing::error!(%error, "could not sweep");
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;
    use crate::{listeners, rig::Rig};

    /// Sends these bytes and reads until the server has had enough.
    async fn exchange(port: u16, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer);
        tokio::time::timeout(Duration::from_secs(20), read).await.expect("the connection was ended").unwrap();
        answer
    }

    #[tokio::test]
    async fn a_connection_that_says_nothing_is_ended_and_others_are_answered() {
        let rig = Rig::new();
        let listeners = listeners::preferably([]).await.unwrap();
        let (port, stop) = (listeners.port, CancellationToken::new());
        let patience = Patience { headers_in: Duration::from_millis(50), finish: Duration::from_secs(2) };
        let (instance, until) = (Shared::clone(&rig.instance), stop.clone());
        let server =
            tokio::spawn(async move { answer(&instance, listeners.sockets, None, patience, until).await });
        let whole = "GET /sign-in HTTP/1.1\r\nHost: localhost:4711\r\n\r\n";
        let begun = "POST /sign-in HTTP/1.1\r\nHost: localhost:4711\r\nContent-Length: 10\r\n\r\nabc";
        for slow in ["", "GET", &whole[..whole.len() - 2], begun] {
            let answer = exchange(port, slow.as_bytes()).await;
            assert!(!answer.contains("200"), "{slow:?}: {answer}");
        }
        // The connection is kept open for another request, and then not for ever.
        let answer = exchange(port, whole.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        stop.cancel();
        server.await.unwrap().unwrap();
        assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err(), "nobody listens any more");
    }
}
