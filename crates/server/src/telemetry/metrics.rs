//! Counters and histograms, made once; a request only adds to them.
//!
//! No label grows with the number of instances, paths or callers.

use std::sync::atomic::AtomicI64;
use std::time::Duration;

use http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::event_metrics::EventMetrics;
use super::route_group::RouteGroup;
use crate::error::ErrorKind;

const CLASSES: [&str; 6] = ["other", "1xx", "2xx", "3xx", "4xx", "5xx"];
/// Seconds.
const BUCKETS: [f64; 12] = [
    0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0, 30.0,
];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    route_group: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CodeLabels {
    code: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteGroupLabels {
    route_group: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

/// What came of a question about an access token.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TokenCheck {
    Admitted,
    Refused,
    NoAnswer,
}

/// What came of asking for the app's own token.
#[derive(Debug, Clone, Copy)]
pub(crate) enum AppToken {
    Granted,
    Refused,
}

/// All that is counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: [[Counter; CLASSES.len()]; RouteGroup::ALL.len()],
    durations: [Histogram; RouteGroup::ALL.len()],
    refusals: Family<CodeLabels, Counter>,
    token_checks: Family<OutcomeLabels, Counter>,
    app_tokens: Family<OutcomeLabels, Counter>,
    pub(crate) events: EventMetrics,
    pub(crate) open_connections: Gauge<i64, AtomicI64>,
    pub(crate) old_secret_uses: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("backlot");
        let by_class = Family::<RequestLabels, Counter>::default();
        let by_route_group =
            Family::<RouteGroupLabels, Histogram>::new_with_constructor(|| Histogram::new(BUCKETS));
        let refusals = Family::<CodeLabels, Counter>::default();
        let open_connections = Gauge::default();
        let old_secret_uses = Counter::default();
        registry.register(
            "requests",
            "Requests by group of routes and class of status",
            by_class.clone(),
        );
        registry.register(
            "request_duration_seconds",
            "From the head of the request to the end of the reply",
            by_route_group.clone(),
        );
        registry.register("refusals", "Refusals by code", refusals.clone());
        let token_checks = Family::<OutcomeLabels, Counter>::default();
        let app_tokens = Family::<OutcomeLabels, Counter>::default();
        registry.register(
            "token_checks",
            "Access tokens that Wix was asked about, by outcome; those that were known are not counted",
            token_checks.clone(),
        );
        registry.register(
            "app_tokens",
            "Tokens that Wix was asked for as the app, by outcome",
            app_tokens.clone(),
        );
        registry.register(
            "open_connections",
            "Connections to the public listener",
            open_connections.clone(),
        );
        registry.register(
            "old_secret_uses",
            "Instances signed with a secret that is being rotated out",
            old_secret_uses.clone(),
        );
        let events = EventMetrics::register(&mut registry);
        let requests = RouteGroup::ALL.map(|route_group| {
            CLASSES.map(|status| {
                let route_group = route_group.as_str();
                by_class
                    .get_or_create(&RequestLabels {
                        route_group,
                        status,
                    })
                    .clone()
            })
        });
        let durations = RouteGroup::ALL.map(|route_group| {
            by_route_group
                .get_or_create(&RouteGroupLabels {
                    route_group: route_group.as_str(),
                })
                .clone()
        });
        Self {
            registry,
            requests,
            durations,
            refusals,
            token_checks,
            app_tokens,
            events,
            open_connections,
            old_secret_uses,
        }
    }

    pub(crate) fn request(&self, route_group: RouteGroup, status: StatusCode, duration: Duration) {
        let class = usize::from(status.as_u16() / 100);
        let class = if class < CLASSES.len() { class } else { 0 };
        self.requests[route_group as usize][class].inc();
        self.durations[route_group as usize].observe(duration.as_secs_f64());
    }

    pub(crate) fn refusal(&self, code: ErrorKind) {
        let labels = CodeLabels { code: code.name() };
        self.refusals.get_or_create(&labels).inc();
    }

    pub(crate) fn token_check(&self, outcome: TokenCheck) {
        let outcome = match outcome {
            TokenCheck::Admitted => "admitted",
            TokenCheck::Refused => "refused",
            TokenCheck::NoAnswer => "no_answer",
        };
        self.token_checks
            .get_or_create(&OutcomeLabels { outcome })
            .inc();
    }

    pub(crate) fn app_token(&self, outcome: AppToken) {
        let outcome = match outcome {
            AppToken::Granted => "granted",
            AppToken::Refused => "refused",
        };
        self.app_tokens
            .get_or_create(&OutcomeLabels { outcome })
            .inc();
    }

    /// Everything, in the text format that monitoring reads.
    pub(crate) fn encode(&self) -> String {
        let mut text = String::new();
        let _ = encode(&mut text, &self.registry);
        text
    }
}
