//! The webhooks that were sent, newest last.

use std::collections::VecDeque;

use serde_json::Value;

use super::delivery::{Destination, Webhook};
use super::request::{MAX_COUNT, SignedEvent};

/// All events of one request fit. Of older webhooks, the attempts that remain are not made.
const MAX_WEBHOOKS: usize = MAX_COUNT as usize;

/// The webhooks. Those that are dropped are not sent again.
#[derive(Default)]
pub(crate) struct Outbox {
    total: u64,
    webhooks: VecDeque<Webhook>,
}

impl Outbox {
    /// Adds a webhook, and returns its id.
    pub(super) fn add(&mut self, signed: SignedEvent, destination: Destination) -> u64 {
        self.total += 1;
        if self.webhooks.len() >= MAX_WEBHOOKS {
            self.webhooks.pop_front();
        }
        let webhook = Webhook::new(self.total, signed, destination);
        self.webhooks.push_back(webhook);
        self.total
    }

    /// Finds a webhook. Ids count up, so that a dropped webhook is never mistaken for a later one.
    pub(super) fn find(&mut self, id: u64) -> Option<&mut Webhook> {
        let index = self.webhooks.binary_search_by_key(&id, |it| it.id).ok()?;
        self.webhooks.get_mut(index)
    }

    /// How many there were, and the last of those that are still known, newest last.
    pub(crate) fn last(&self, count: usize) -> (u64, Vec<Value>) {
        let skipped = self.webhooks.len().saturating_sub(count);
        let last = self.webhooks.iter().skip(skipped);
        (self.total, last.map(Webhook::summary).collect())
    }

    /// Returns a webhook without its body.
    pub(super) fn summary(&mut self, id: u64) -> Option<Value> {
        self.find(id).map(|it| it.summary())
    }

    /// Returns a webhook with its body.
    pub(crate) fn details(&mut self, id: u64) -> Option<Value> {
        self.find(id).map(|it| it.details())
    }

    /// Removes all webhooks. No further attempts are made.
    pub(crate) fn clear(&mut self) {
        self.webhooks.clear();
    }
}
