//! Events and their deliveries.
//!
//! An event is stored once, by source and id. For each subscription that wants it there is a delivery, in a **lane**:
//! the deliveries of one lane are attempted one after the other, in the order of their positions. The lanes of an
//! instance take turns with those of other instances, so the backlog of one instance does not delay another's.
//!
//! A claim hands out a delivery with a lease: a number that grows with each claim of the delivery, and a time until which
//! no other node claims its lane. The outcome of an attempt counts only while the lease is the latest one.

use std::collections::HashMap;

use backlot_wix::InstanceId;
use jiff::Timestamp;

use crate::echo_marks::EchoKey;

/// The instance of events that belong to no known instance.
pub const UNASSIGNED: InstanceId = InstanceId::from_bytes([0; 16]);

/// An event that is to be stored, with its deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The tenant, or [`UNASSIGNED`].
    pub instance_id: InstanceId,
    /// `wix`, or the name of a webhook source.
    pub source: String,
    /// The id that the source gave it, or a fingerprint. Together with instance and source it is unique.
    pub event_id: String,
    /// Such as `wix.contacts.v4.contact_created` or `stripe/invoice.paid`.
    pub event_type: String,
    /// The entity that it is about.
    pub entity_id: Option<String>,
    /// The number of the event among those of its entity.
    pub entity_sequence: Option<i64>,
    /// When it happened, if the source says so.
    pub occurred_at: Option<Timestamp>,
    /// When this server received it.
    pub received_at: Timestamp,
    /// Who caused it, as JSON.
    pub identity: Option<String>,
    /// Its content, as JSON.
    pub data: String,
    /// What the source says beside the content, as a JSON object.
    pub details: String,
    /// Whether this server's own call caused it.
    pub is_echo: bool,
    /// The deliveries to make.
    pub deliveries: Vec<NewDelivery>,
    /// What makes it an echo. `None` if no write can have caused it.
    pub echo: Option<EchoCandidate>,
}

/// A new event that is an echo if a write has left a mark of its entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EchoCandidate {
    /// The entity, as marks name it.
    pub key: EchoKey,
    /// The deliveries to make of an echo. `None` if they are the same.
    pub deliveries: Option<Vec<NewDelivery>>,
}

impl NewEvent {
    /// The deliveries to make, as an echo or not.
    pub(crate) fn deliveries_as(&self, is_echo: bool) -> &[NewDelivery] {
        let of_echo = self.echo.as_ref().filter(|_| is_echo);
        of_echo
            .and_then(|echo| echo.deliveries.as_deref())
            .unwrap_or(&self.deliveries)
    }

    /// The time by which its deliveries have their order, in microseconds.
    pub(crate) fn time_us(&self) -> i64 {
        let at = self.occurred_at.unwrap_or(self.received_at);
        at.as_microsecond()
    }
}

/// A delivery of a new event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// The name of the subscription.
    pub subscription: String,
    /// Deliveries of one lane are made one after the other.
    pub lane: String,
    /// The event's number in the lane. Deliveries without one have their order by time, also towards those with one.
    pub sequence: Option<i64>,
}

/// A stored event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number in this database. Later events have greater ones.
    pub sequence: i64,
    /// The tenant, or [`UNASSIGNED`].
    pub instance_id: InstanceId,
    /// `wix`, or the name of a webhook source.
    pub source: String,
    /// The id that the source gave it, or a fingerprint.
    pub event_id: String,
    /// Its type.
    pub event_type: String,
    /// The entity that it is about.
    pub entity_id: Option<String>,
    /// The number of the event among those of its entity.
    pub entity_sequence: Option<i64>,
    /// When it happened, if the source says so.
    pub occurred_at: Option<Timestamp>,
    /// When this server received it.
    pub received_at: Timestamp,
    /// Who caused it, as JSON.
    pub identity: Option<String>,
    /// Its content, as JSON. Empty in lists.
    pub data: String,
    /// What the source says beside the content, as a JSON object.
    pub details: String,
    /// Whether this server's own call caused it.
    pub is_echo: bool,
    /// Bytes of its content.
    pub data_bytes: u64,
}

/// The state of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// To be attempted, or attempted again.
    Waiting,
    /// The destination has accepted it.
    Delivered,
    /// It has used its attempts, or the destination does not want it.
    Dead,
    /// An operator has ended it.
    Skipped,
}

impl DeliveryState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Delivered, Self::Dead, Self::Skipped];

    /// The name in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Delivered => "DELIVERED",
            Self::Dead => "DEAD",
            Self::Skipped => "SKIPPED",
        }
    }

    /// Returns the state of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its number in this database.
    pub delivery_id: i64,
    /// The name of the subscription.
    pub subscription: String,
    /// The tenant, or [`UNASSIGNED`].
    pub instance_id: InstanceId,
    /// Its lane.
    pub lane: String,
    /// The event that is delivered.
    pub event_sequence: i64,
    /// The event's id.
    pub event_id: String,
    /// The event's type.
    pub event_type: String,
    /// Its state.
    pub state: DeliveryState,
    /// Attempts so far, that under way included.
    pub attempts: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the lane is due next, if the delivery waits.
    pub run_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// The status of the last response.
    pub last_status: Option<u16>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// A claimed delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedDelivery {
    /// The lease under which its outcome counts.
    pub lease: DeliveryLease,
    /// The number of this attempt, from 1.
    pub attempt: u32,
    /// What is delivered.
    pub event: Event,
}

/// The right to make one attempt of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryLease {
    /// The delivery.
    pub delivery_id: i64,
    /// The name of the subscription.
    pub subscription: String,
    /// The tenant, or [`UNASSIGNED`].
    pub instance_id: InstanceId,
    /// Its lane.
    pub lane: String,
    /// Grows with each claim of the delivery.
    pub fence: i64,
}

/// The outcome of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptOutcome {
    /// The lease of the attempt.
    pub lease: DeliveryLease,
    /// What is recorded.
    pub attempt: Attempt,
    /// What becomes of the delivery.
    pub next: AfterAttempt,
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterAttempt {
    /// It is delivered.
    Delivered,
    /// It is attempted again at this time; its lane waits for it.
    RetryAt(Timestamp),
    /// It is not attempted again.
    Dead,
    /// The attempt was not made: it does not count, and another node may claim the delivery now.
    Released,
}

/// A recorded attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// Milliseconds until the response, or the failure.
    pub duration_ms: u32,
    /// The status of the response.
    pub status: Option<u16>,
    /// Why it failed.
    pub error: Option<String>,
    /// The beginning of the response's body.
    pub response: Option<String>,
}

/// How many deliveries a claim may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimLimits {
    total: u32,
    per_instance: u32,
    /// What is left for the instances that have another limit, or were claimed from.
    left: HashMap<InstanceId, u32>,
}

impl ClaimLimits {
    /// So many, of any instance.
    pub fn new(total: u32) -> Self {
        Self {
            total,
            per_instance: total,
            left: HashMap::new(),
        }
    }

    /// Nothing: outcomes are recorded only.
    pub fn none() -> Self {
        Self::new(0)
    }

    /// At most so many of each instance.
    #[must_use]
    pub fn per_instance(mut self, most: u32) -> Self {
        self.per_instance = most;
        self
    }

    /// At most so many of this one, whatever the others have.
    pub fn set(&mut self, instance_id: InstanceId, most: u32) {
        self.left.insert(instance_id, most);
    }

    /// What may be claimed in all.
    pub const fn total(&self) -> u32 {
        self.total
    }

    /// What may be claimed of an instance.
    pub fn of_instance(&self, instance_id: InstanceId) -> u32 {
        let left = self.left.get(&instance_id).copied();
        left.unwrap_or(self.per_instance).min(self.total)
    }

    /// Notes a claim.
    pub(crate) fn take(&mut self, instance_id: InstanceId) {
        let left = self.of_instance(instance_id).saturating_sub(1);
        self.left.insert(instance_id, left);
        self.total = self.total.saturating_sub(1);
    }

    /// The instances of which nothing may be claimed.
    pub(crate) fn exhausted(&self) -> impl Iterator<Item = InstanceId> {
        let exhausted = self.left.iter().filter(|(_, left)| **left == 0);
        exhausted.map(|(instance_id, _)| *instance_id)
    }
}

/// What is left to do for a subscription, and what was claimed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// The claimed deliveries.
    pub claimed: Vec<ClaimedDelivery>,
    /// When the next lane is due that was not claimed. Lanes of instances at their limit do not count.
    pub next_due: Option<Timestamp>,
    /// The leases whose outcome did not count, because a later claim has replaced them.
    pub lost: Vec<i64>,
}

/// Which events are listed. All conditions hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of this instance.
    pub instance_id: Option<InstanceId>,
    /// Of this type.
    pub event_type: Option<String>,
    /// Of this source.
    pub source: Option<String>,
    /// With this id.
    pub event_id: Option<String>,
    /// Received at or after.
    pub since: Option<Timestamp>,
    /// Received before.
    pub until: Option<Timestamp>,
    /// With a sequence above.
    pub after: Option<i64>,
    /// With a sequence below.
    pub before: Option<i64>,
}

/// Which deliveries are listed. All conditions hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// To this subscription.
    pub subscription: Option<String>,
    /// Of this instance.
    pub instance_id: Option<InstanceId>,
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Of events of this type.
    pub event_type: Option<String>,
    /// Of the event with this sequence.
    pub event_sequence: Option<i64>,
    /// Of events with this id.
    pub event_id: Option<String>,
    /// Made at or after.
    pub since: Option<Timestamp>,
    /// Made before.
    pub until: Option<Timestamp>,
    /// With an id above.
    pub after: Option<i64>,
    /// With an id below.
    pub before: Option<i64>,
}

/// A stored event, as far as its deletion depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventAge {
    /// Its number in this database.
    pub sequence: i64,
    /// When this server received it.
    pub received_at: Timestamp,
    /// A delivery that waits, and its subscription. An event with several of them is listed several times.
    pub waiting: Option<(i64, String)>,
}

/// How many deliveries of a subscription wait or are dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryTotals {
    /// The name of the subscription.
    pub subscription: String,
    /// Deliveries that wait.
    pub waiting: u64,
    /// Deliveries that are dead.
    pub dead: u64,
    /// When the oldest that waits was made.
    pub oldest_waiting: Option<Timestamp>,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ListOrder {
    /// The latest first.
    #[default]
    Latest,
    /// The oldest first.
    Oldest,
}
