//! Commands about events and deliveries.

use backlot_store::events::DeliveryState;
use backlot_wix::InstanceId;
use clap::{Args, Subcommand};

use super::{ConfigArgs, Instant};
use crate::cli::instant;

#[derive(Subcommand)]
pub(in crate::cli) enum Events {
    /// Lists events, the latest first.
    List(EventList),
    /// Shows an event with its content and its deliveries.
    Show(EventShow),
    /// Prints events as they arrive.
    Tail(EventTail),
    /// Delivers events again, to the subscriptions that want them now.
    Replay(EventReplay),
}

/// Which events. All conditions hold together.
#[derive(Args)]
pub(in crate::cli) struct EventSelection {
    /// Selects the events of an instance.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) instance: Option<InstanceId>,
    /// Selects events of a type, such as `wix.contacts.v4.contact_created`.
    #[arg(long = "type", value_name = "TYPE")]
    pub(in crate::cli) event_type: Option<String>,
    /// Selects events of a source: `wix`, or the name of a webhook source.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) source: Option<String>,
    /// Selects events with an id.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) id: Option<String>,
    /// Selects events that were received at or after a time, such as `-2h`.
    #[arg(long, value_name = "TIME", value_parser = instant::parse, allow_hyphen_values = true)]
    pub(in crate::cli) since: Option<Instant>,
    /// Selects events that were received before a time.
    #[arg(long, value_name = "TIME", value_parser = instant::parse, allow_hyphen_values = true)]
    pub(in crate::cli) until: Option<Instant>,
}

impl EventSelection {
    /// Returns whether there is no condition.
    pub(in crate::cli) const fn is_empty(&self) -> bool {
        self.instance.is_none()
            && self.event_type.is_none()
            && self.source.is_none()
            && self.id.is_none()
            && self.since.is_none()
            && self.until.is_none()
    }
}

#[derive(Args)]
pub(in crate::cli) struct EventList {
    #[command(flatten)]
    pub(in crate::cli) selection: EventSelection,
    /// The number of events.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(in crate::cli) limit: u32,
    /// Prints JSON, one object a line.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
}

#[derive(Args)]
pub(in crate::cli) struct EventShow {
    /// The event's number, or its id.
    #[arg(value_name = "EVENT")]
    pub(in crate::cli) event: String,
    /// Prints JSON, one object a line.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
}

#[derive(Args)]
pub(in crate::cli) struct EventTail {
    #[command(flatten)]
    pub(in crate::cli) selection: EventSelection,
    /// Prints JSON, one object a line.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
}

#[derive(Args)]
pub(in crate::cli) struct EventReplay {
    /// The numbers or ids of events. Without them, the conditions select events.
    #[arg(value_name = "EVENT")]
    pub(in crate::cli) events: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) selection: EventSelection,
    /// Delivers to this subscription only. Defaults to all subscriptions that want an event.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) subscription: Option<String>,
    /// Prints JSON: the numbers of events and of new deliveries.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
}

#[derive(Subcommand)]
pub(in crate::cli) enum Deliveries {
    /// Lists deliveries, the latest first.
    List(DeliveryList),
    /// Shows a delivery with its recorded attempts.
    Show(DeliveryShow),
    /// Makes deliveries due now. Their attempts count from zero.
    Retry(DeliveryChange),
    /// Ends deliveries that wait or are dead. Those behind them go on.
    Skip(DeliveryChange),
}

/// Which deliveries. All conditions hold together.
#[derive(Args)]
pub(in crate::cli) struct DeliverySelection {
    /// Selects the deliveries of a subscription.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) subscription: Option<String>,
    /// Selects the deliveries of an instance.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) instance: Option<InstanceId>,
    /// Selects deliveries in a state: `waiting`, `delivered`, `dead`, or `skipped`.
    #[arg(long, value_name = "STATE", value_parser = state)]
    pub(in crate::cli) state: Option<DeliveryState>,
    /// Selects deliveries of events of a type.
    #[arg(long = "type", value_name = "TYPE")]
    pub(in crate::cli) event_type: Option<String>,
    /// Selects deliveries of the event with a number.
    #[arg(long, value_name = "NUMBER")]
    pub(in crate::cli) event: Option<i64>,
    /// Selects deliveries of events with an id.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) event_id: Option<String>,
    /// Selects deliveries that were made at or after a time, such as `-2h`.
    #[arg(long, value_name = "TIME", value_parser = instant::parse, allow_hyphen_values = true)]
    pub(in crate::cli) since: Option<Instant>,
    /// Selects deliveries that were made before a time.
    #[arg(long, value_name = "TIME", value_parser = instant::parse, allow_hyphen_values = true)]
    pub(in crate::cli) until: Option<Instant>,
}

impl DeliverySelection {
    /// Returns whether there is no condition.
    pub(in crate::cli) const fn is_empty(&self) -> bool {
        self.subscription.is_none()
            && self.instance.is_none()
            && self.state.is_none()
            && self.event_type.is_none()
            && self.event.is_none()
            && self.event_id.is_none()
            && self.since.is_none()
            && self.until.is_none()
    }
}

fn state(name: &str) -> Result<DeliveryState, String> {
    let found = DeliveryState::from_name(&name.to_ascii_uppercase());
    found.ok_or_else(|| "there are waiting, delivered, dead, and skipped".to_owned())
}

#[derive(Args)]
pub(in crate::cli) struct DeliveryList {
    #[command(flatten)]
    pub(in crate::cli) selection: DeliverySelection,
    /// The number of deliveries.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(in crate::cli) limit: u32,
    /// Prints JSON, one object a line.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
}

#[derive(Args)]
pub(in crate::cli) struct DeliveryShow {
    /// The delivery's id.
    #[arg(value_name = "ID")]
    pub(in crate::cli) delivery: i64,
    /// Prints JSON, one object a line.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
}

#[derive(Args)]
pub(in crate::cli) struct DeliveryChange {
    /// The ids of deliveries. Without ids, the conditions select them.
    #[arg(value_name = "ID")]
    pub(in crate::cli) deliveries: Vec<i64>,
    #[command(flatten)]
    pub(in crate::cli) selection: DeliverySelection,
    /// Prints JSON: the number of changed deliveries.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Skips the confirmation. Required to skip deliveries by conditions if there is no terminal.
    #[arg(long)]
    pub(in crate::cli) yes: bool,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
}
