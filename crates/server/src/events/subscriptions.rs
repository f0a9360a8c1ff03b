//! All subscriptions, and the deliveries that they make of an event.

use std::sync::Arc;

use backlot_store::events::{NewDelivery, NewEvent};
use serde_json::Value;

use super::{LaneKey, SubscriptionSettings, body};

/// All subscriptions.
#[derive(Clone)]
pub(crate) struct Subscriptions(Arc<[Arc<SubscriptionSettings>]>);

impl Subscriptions {
    pub(crate) fn new(list: Vec<SubscriptionSettings>) -> Self {
        Self(list.into_iter().map(Arc::new).collect())
    }

    /// Returns each of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<SubscriptionSettings>> {
        self.0.iter()
    }

    /// Returns the deliveries of an event.
    pub(crate) fn deliveries(&self, event: &NewEvent, key: LaneKey<'_>) -> Vec<NewDelivery> {
        // Most subscriptions have no conditions, and then the content need not be parsed.
        let mut parsed: Option<Value> = None;
        let wanting = self.0.iter().filter(|subscription| {
            let mut patterns = subscription.patterns.iter();
            let is_wanted = patterns.any(|pattern| pattern.matches(&event.event_type))
                && (subscription.allow_echo || !event.is_echo);
            is_wanted
                && (subscription.filter.is_empty()
                    || subscription
                        .filter
                        .matches(parsed.get_or_insert_with(|| body::filtered(event))))
        });
        wanting
            .map(|subscription| NewDelivery {
                subscription: subscription.name.clone(),
                lane: subscription.order.lane(key, &event.source, &event.event_id),
            })
            .collect()
    }
}
