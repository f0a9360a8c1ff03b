//! The entity of an event, as a write names it in `Backlot-Echo`.

use backlot_store::echo_marks::EchoKey;
use backlot_store::events::NewEvent;

use super::LaneKey;

/// Returns the entity of an event: the last part of its kind, and its id. `None` if it is about no entity.
pub(super) fn of_event(event: &NewEvent, key: LaneKey<'_>) -> Option<EchoKey> {
    let LaneKey::Entity { kind, id } = key else {
        return None;
    };
    // Third parties send no kind beside the type, and their lanes are by source.
    let kind = if kind == event.source {
        kind_of_type(&event.event_type, &event.source)
    } else {
        kind
    };
    EchoKey::new(kind, id)
}

/// Returns the kind in a third party's type, without the verb: `contact` of `hubspot/contact.propertyChange`, `orders` of
/// `shopify/orders/create`.
fn kind_of_type<'event>(event_type: &'event str, source: &str) -> &'event str {
    let own = event_type.strip_prefix(source);
    let own = own.and_then(|rest| rest.strip_prefix('/'));
    let own = own.unwrap_or(event_type);
    own.rsplit_once(['.', '/']).map_or(own, |(kind, _)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_what_the_type_names_before_the_verb() {
        for (event_type, source, kind) in [
            ("hubspot/contact.propertyChange", "hubspot", "contact"),
            ("shopify/orders/create", "shopify", "orders"),
            (
                "stripe/customer.subscription.updated",
                "stripe",
                "customer.subscription",
            ),
            ("crm/contact", "crm", "contact"),
            ("push", "github", "push"),
        ] {
            assert_eq!(kind_of_type(event_type, source), kind, "{event_type}");
        }
    }
}
