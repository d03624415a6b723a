//! What is counted, in Prometheus's (OpenMetrics') text. Labels are routes as they stand in the code, so that no path
//! of a request, and nothing in it, gets here.

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

use super::background::{Background, Figures};
use crate::{instance::Shared, store::Store};

/// Upper bounds in seconds: from a read in memory to a password that waits its turn.
const BUCKETS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// The route of what no route is for.
const NO_ROUTE: &str = "none";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

/// The registry and what is written to while serving.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    background: Background,
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    connections: Gauge,
    draining: Gauge,
    resident: Gauge,
    descriptors: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("latchkey");
        let durations: Family<Route, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(BUCKETS));
        let metrics = Self {
            background: Background::default(),
            requests: Family::default(),
            durations,
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            draining: Gauge::default(),
            resident: Gauge::default(),
            descriptors: Gauge::default(),
            registry: Registry::default(),
        };
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program", version);
        registry.register("http_requests", "Requests that were answered", metrics.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "How long answers took, from the request's head on",
            Unit::Seconds,
            metrics.durations.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests that wait for their answer",
            metrics.in_flight.clone(),
        );
        registry.register("connections", "Open connections", metrics.connections.clone());
        registry.register("draining", "1 after it was told to stop", metrics.draining.clone());
        registry.register_with_unit(
            "resident_memory",
            "Memory of the process that is not swapped out (Linux)",
            Unit::Bytes,
            metrics.resident.clone(),
        );
        registry.register("open_file_descriptors", "Of the process (Linux)", metrics.descriptors.clone());
        metrics.background.register(&mut registry);
        Self { registry, ..metrics }
    }
}

impl Metrics {
    /// All of it as text. Without figures the database does not answer.
    pub fn text(
        &self,
        is_draining: bool,
        store: &Store,
        figures: Option<Figures>,
    ) -> Result<String, std::fmt::Error> {
        let _told = self.background.set(store, figures);
        self.draining.set(i64::from(is_draining));
        if let Some(bytes) = resident() {
            self.resident.set(bytes);
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            self.descriptors.set(i64::try_from(open.count()).unwrap_or(i64::MAX));
        }
        let mut said = String::new();
        text::encode(&mut said, &self.registry)?;
        Ok(said)
    }

    /// Counts a connection until the value is dropped.
    pub fn connection(&self) -> Connection {
        Connection::of(&self.connections)
    }

    fn answered(&self, method: &Method, route: &str, status: u16, took: Duration) {
        let labels = Answered { method: name_of(method), route: route.to_owned(), status: status.into() };
        self.requests.get_or_create(&labels).inc();
        self.durations.get_or_create(&Route { route: route.to_owned() }).observe(took.as_secs_f64());
    }
}

/// What is open, until it is dropped.
#[derive(Debug)]
pub struct Connection(Gauge);

impl Connection {
    fn of(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Of the methods that anybody may make up, those that are answered.
fn name_of(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

fn resident() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Measures an answer, and ends its connection if the server is about to stop.
pub async fn measure(State(instance): State<Shared>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = || route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let instance = Arc::clone(&instance);
    let operations = &instance.operations;
    let under_way = Connection::of(&operations.metrics.in_flight);
    let mut response = next.run(request).await;
    drop(under_way);
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    operations.metrics.answered(&method, route(), status, took);
    tracing::debug!(
        target: "server::requests",
        method = %method,
        route = route(),
        status,
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        "answered"
    );
    if operations.is_draining() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
