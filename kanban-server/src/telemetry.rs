//! Numbers about the server itself for Prometheus and all that read OpenMetrics, named as OpenTelemetry's semantic
//! conventions name them.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use kanban_core::Connections;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// The media type of the OpenMetrics text format.
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of how long answers take, in seconds: the convention's.
const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// What an answer is counted under. Its values are the server's own, so no caller can make more of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    http_request_method: &'static str,
    http_route: String,
    http_response_status_code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InState {
    state: &'static str,
}

/// What one server has counted.
pub(crate) struct Telemetry {
    registry: Registry,
    seconds: Family<Answered, Histogram>,
    active: Gauge,
    connections: Family<InState, Gauge>,
    most: Gauge,
    pending: Gauge,
}

impl Telemetry {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::default();
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("kanban_server", "Which server this is", version);
        let histogram: fn() -> Histogram = || Histogram::new(SECONDS);
        let seconds = Family::new_with_constructor(histogram);
        let what = "How long requests took until their answers began";
        registry.register_with_unit("http_server_request_duration", what, Unit::Seconds, seconds.clone());
        let mut gauge = |name: &str, what: &str| {
            let gauge = Gauge::default();
            registry.register(name, what, gauge.clone());
            gauge
        };
        let active = gauge("http_server_active_requests", "Requests whose answers have not begun");
        let most = gauge("db_client_connection_max", "The most connections to the database");
        let pending = gauge("db_client_connection_pending_requests", "Who waits for a connection to the database");
        let connections = Family::default();
        registry.register("db_client_connection_count", "Connections to the database", connections.clone());
        Self { registry, seconds, active, connections, most, pending }
    }

    /// Counts a request from here until what is answered is dropped.
    pub(crate) fn begin(&self) -> Active<'_> {
        self.active.inc();
        Active(self)
    }

    /// Counts an answer. The route is as the table has it, with its parameters; empty where there is none.
    pub(crate) fn answered(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let known = ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS", "PUT"];
        let answered = Answered {
            http_request_method: known.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER"),
            http_route: route.to_owned(),
            http_response_status_code: status.as_u16(),
        };
        self.seconds.get_or_create(&answered).observe(took.as_secs_f64());
    }

    /// All numbers in the OpenMetrics text format.
    pub(crate) fn text(&self, now: &Connections) -> String {
        let set = |gauge: &Gauge, number: usize| gauge.set(i64::try_from(number).unwrap_or(i64::MAX));
        for (state, number) in [("idle", now.idle), ("used", now.used)] {
            set(&self.connections.get_or_create(&InState { state }), number);
        }
        set(&self.most, now.most);
        set(&self.pending, now.pending);
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a String takes all text");
        text
    }
}

/// A request whose answer has not begun.
pub(crate) struct Active<'a>(&'a Telemetry);

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.0.active.dec();
    }
}
