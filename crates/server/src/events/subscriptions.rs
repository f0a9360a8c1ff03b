//! All subscriptions, and the deliveries that they make of an event.

use std::sync::Arc;

use backlot_store::events::{EchoCandidate, NewDelivery, NewEvent, UNASSIGNED};
use serde_json::Value;

use super::{LaneKey, SubscriptionSettings, body, echo_key};

/// All subscriptions.
#[derive(Clone)]
pub(crate) struct Subscriptions {
    list: Arc<[Arc<SubscriptionSettings>]>,
    /// Whether a subscription wants an event or not depending on whether it is an echo.
    depend_on_echo: bool,
}

impl Subscriptions {
    pub(crate) fn new(list: Vec<SubscriptionSettings>) -> Self {
        let depends_on_echo =
            |it: &SubscriptionSettings| !it.allow_echo || it.filter.depends_on_echo();
        Self {
            depend_on_echo: list.iter().any(depends_on_echo),
            list: list.into_iter().map(Arc::new).collect(),
        }
    }

    /// Returns each of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<SubscriptionSettings>> {
        self.list.iter()
    }

    /// Finds the subscription of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<SubscriptionSettings>> {
        self.list
            .iter()
            .find(|subscription| subscription.name == name)
    }

    /// Adds the deliveries to an event, and those that it has if a write of this server has caused it.
    pub(crate) fn add_deliveries(&self, event: &mut NewEvent, key: LaneKey<'_>) {
        event.deliveries = self.deliveries(event, key, event.is_echo);
        event.echo = None;
        if event.instance_id == UNASSIGNED || event.is_echo {
            return;
        }
        if let Some(echo_key) = echo_key::of_event(event, key) {
            let of_echo = || self.deliveries(event, key, true);
            let of_echo = self.depend_on_echo.then(of_echo);
            event.echo = Some(EchoCandidate {
                key: echo_key,
                deliveries: of_echo.filter(|it| *it != event.deliveries),
            });
        }
    }

    fn deliveries(&self, event: &NewEvent, key: LaneKey<'_>, is_echo: bool) -> Vec<NewDelivery> {
        // Most subscriptions have no conditions, and then the content need not be parsed.
        let mut parsed: Option<Value> = None;
        let wanting = self.list.iter().filter(|subscription| {
            let mut patterns = subscription.patterns.iter();
            let is_wanted = patterns.any(|pattern| pattern.matches(&event.event_type))
                && (subscription.allow_echo || !is_echo);
            is_wanted
                && (subscription.filter.is_empty()
                    || subscription
                        .filter
                        .matches(parsed.get_or_insert_with(|| body::filtered(event, is_echo))))
        });
        wanting
            .map(|subscription| NewDelivery {
                subscription: subscription.name.clone(),
                lane: subscription.order.lane(key, &event.source, &event.event_id),
                sequence: event
                    .entity_sequence
                    .filter(|_| subscription.order.is_by_sequence(key)),
            })
            .collect()
    }
}
