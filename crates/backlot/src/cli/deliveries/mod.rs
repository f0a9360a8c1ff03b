//! `backlot deliveries`

mod change;
mod list;
mod show;

use backlot_store::events::DeliveryFilter;
use jiff::Timestamp;

use super::arguments::{Deliveries, DeliverySelection};

pub(super) fn run(command: &Deliveries) -> anyhow::Result<()> {
    match command {
        Deliveries::List(arguments) => list::run(arguments),
        Deliveries::Show(arguments) => show::run(arguments),
        Deliveries::Retry(arguments) => change::retry(arguments),
        Deliveries::Skip(arguments) => change::skip(arguments),
    }
}

impl DeliverySelection {
    fn filter(&self, now: Timestamp) -> DeliveryFilter {
        DeliveryFilter {
            subscription: self.subscription.clone(),
            instance_id: self.instance,
            state: self.state,
            event_type: self.event_type.clone(),
            event_sequence: self.event,
            event_id: self.event_id.clone(),
            since: self.since.map(|it| it.seen_from(now)),
            until: self.until.map(|it| it.seen_from(now)),
            after: None,
            before: None,
        }
    }
}
