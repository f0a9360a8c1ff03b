//! Delivering stored events again.

use backlot_store::events::{Event, NewDelivery, NewEvent};

use super::{LaneKey, SubscriptionSettings, Subscriptions};
use crate::lossy_json;

/// The source of Wix's events.
pub(crate) const WIX_SOURCE: &str = "wix";

/// Returns the deliveries that subscriptions make of a stored event: of the one with this name, or of all of them. They
/// are in the same lanes as the first ones.
pub(crate) fn deliveries_again(
    subscriptions: &Subscriptions,
    event: &Event,
    only: Option<&str>,
) -> Vec<NewDelivery> {
    let mut deliveries = as_candidate(subscriptions, event).deliveries;
    deliveries.retain(|it| only.is_none_or(|name| it.subscription == name));
    deliveries
}

/// Returns a stored event as it would be stored now: with its deliveries, and those that it has as an echo.
pub(super) fn as_candidate(subscriptions: &Subscriptions, event: &Event) -> NewEvent {
    let data = lossy_json::parse(&event.data).unwrap_or_default();
    let kind = data["entityFqdn"].as_str();
    let kind = match kind {
        Some(kind) => kind,
        None if event.source == WIX_SOURCE => kind_of_type(&event.event_type),
        None => &event.source,
    };
    let key = match &event.entity_id {
        Some(id) => LaneKey::Entity { kind, id },
        None if data["id"].is_null() && event.source == WIX_SOURCE => LaneKey::Instance,
        None => LaneKey::Nothing,
    };
    let mut new = as_new(event);
    subscriptions.add_deliveries(&mut new, key);
    new
}

/// Returns the same for subscriptions that are not in force here, but in a configuration.
pub fn deliveries_of(
    subscriptions: &[SubscriptionSettings],
    event: &Event,
    only: Option<&str>,
) -> Vec<NewDelivery> {
    deliveries_again(&Subscriptions::new(subscriptions.to_vec()), event, only)
}

fn as_new(event: &Event) -> NewEvent {
    NewEvent {
        instance_id: event.instance_id,
        source: event.source.clone(),
        event_id: event.event_id.clone(),
        event_type: event.event_type.clone(),
        entity_id: event.entity_id.clone(),
        entity_sequence: event.entity_sequence,
        occurred_at: event.occurred_at,
        received_at: event.received_at,
        identity: event.identity.clone(),
        data: event.data.clone(),
        details: event.details.clone(),
        is_echo: event.is_echo,
        echo: None,
        deliveries: Vec::new(),
    }
}

/// Returns the part of a type that names the entity: `wix.contacts.v4.contact` of `wix.contacts.v4.contact_created`.
pub(crate) fn kind_of_type(event_type: &str) -> &str {
    event_type
        .rsplit_once('_')
        .map_or(event_type, |(kind, _)| kind)
}
