//! Counters and gauges of events and their deliveries.

use backlot_store::events::DeliveryTotals;
use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::error::ErrorKind;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct EventLabels {
    source: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RefusalLabels {
    source: String,
    code: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SubscriptionLabels {
    subscription: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct AttemptLabels {
    subscription: String,
    outcome: &'static str,
}

/// The metrics of events.
#[derive(Default)]
pub(crate) struct EventMetrics {
    received: Family<EventLabels, Counter>,
    refused: Family<RefusalLabels, Counter>,
    attempts: Family<AttemptLabels, Counter>,
    waiting: Family<SubscriptionLabels, Gauge>,
    dead: Family<SubscriptionLabels, Gauge>,
    oldest_waiting_seconds: Family<SubscriptionLabels, Gauge>,
}

impl EventMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "events_received",
            "Events that were received and verified, by source and outcome",
            metrics.received.clone(),
        );
        registry.register(
            "webhooks_refused",
            "Webhooks that were not accepted, by source and code",
            metrics.refused.clone(),
        );
        registry.register(
            "delivery_attempts",
            "Attempts of deliveries, by subscription and outcome",
            metrics.attempts.clone(),
        );
        registry.register(
            "deliveries_waiting",
            "Deliveries that wait, by subscription",
            metrics.waiting.clone(),
        );
        registry.register(
            "deliveries_dead",
            "Deliveries that are dead, by subscription",
            metrics.dead.clone(),
        );
        registry.register(
            "deliveries_oldest_waiting_seconds",
            "The age of the oldest delivery that waits, by subscription",
            metrics.oldest_waiting_seconds.clone(),
        );
        metrics
    }

    /// Counts an event. One that was stored before is not new.
    pub(crate) fn received(&self, source: &str, is_new: bool) {
        let labels = EventLabels {
            source: source.to_owned(),
            outcome: if is_new { "stored" } else { "repeated" },
        };
        self.received.get_or_create(&labels).inc();
    }

    /// Counts a webhook that was not accepted.
    pub(crate) fn refused(&self, source: &str, code: ErrorKind) {
        let labels = RefusalLabels {
            source: source.to_owned(),
            code: code.name(),
        };
        self.refused.get_or_create(&labels).inc();
    }

    /// Counts an attempt.
    pub(crate) fn attempt(&self, subscription: &str, outcome: &'static str) {
        let labels = AttemptLabels {
            subscription: subscription.to_owned(),
            outcome,
        };
        self.attempts.get_or_create(&labels).inc();
    }

    /// Takes the numbers of a subscription's deliveries as they are in the database.
    pub(crate) fn totals(&self, totals: &DeliveryTotals, now: Timestamp) {
        let labels = SubscriptionLabels {
            subscription: totals.subscription.clone(),
        };
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let age = |since| now.duration_since(since).as_secs().max(0);
        let set = |family: &Family<SubscriptionLabels, Gauge>, value| {
            family.get_or_create(&labels).set(value);
        };
        set(&self.waiting, number(totals.waiting));
        set(&self.dead, number(totals.dead));
        let oldest = totals.oldest_waiting.map_or(0, age);
        set(&self.oldest_waiting_seconds, oldest);
    }
}
