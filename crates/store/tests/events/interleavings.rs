//! Leases against a model: claims, outcomes, extensions and time, in any order, by three nodes.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use backlot_store::events::{AfterAttempt, ClaimedDelivery};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::{LEASE, Queue, at, event, outcome, place::Place};

/// What one node does.
#[derive(Debug, Clone)]
enum Action {
    /// An event of an instance's entity arrives.
    Arrive(u8, u8),
    /// A node claims so many.
    Claim(u8, u32),
    /// A node settles the oldest attempt that it has under way.
    Settle(u8, Outcome),
    /// A node extends all of its leases.
    Extend(u8),
    /// So many seconds pass.
    Wait(i64),
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Delivered,
    Retry,
    Dead,
    Released,
}

fn action() -> impl Strategy<Value = Action> {
    let outcome = prop_oneof![
        4 => Just(Outcome::Delivered),
        2 => Just(Outcome::Retry),
        1 => Just(Outcome::Dead),
        1 => Just(Outcome::Released),
    ];
    prop_oneof![
        4 => (1..4_u8, 0..3_u8).prop_map(|(instance, entity)| Action::Arrive(instance, entity)),
        4 => (0..3_u8, 1..5_u32).prop_map(|(node, most)| Action::Claim(node, most)),
        4 => (0..3_u8, outcome).prop_map(|(node, outcome)| Action::Settle(node, outcome)),
        1 => (0..3_u8).prop_map(Action::Extend),
        2 => (1..25_i64).prop_map(Action::Wait),
    ]
}

/// What is known of a lane: its events in order, and the lease of the first.
#[derive(Default)]
struct Lane {
    waiting: Vec<String>,
    due: i64,
    lease: Option<(i64, i64)>,
}

#[derive(Default)]
struct Model {
    lanes: BTreeMap<(String, String), Lane>,
    held: HashMap<u8, Vec<ClaimedDelivery>>,
    now: i64,
    events: usize,
}

impl Model {
    async fn apply(&mut self, queue: &Queue, action: &Action) {
        match *action {
            Action::Wait(seconds) => self.now += seconds,
            Action::Arrive(instance, entity) => self.arrive(queue, instance, entity).await,
            Action::Claim(node, most) => self.claim(queue, node, most).await,
            Action::Settle(node, outcome) => self.settle(queue, node, outcome).await,
            Action::Extend(node) => self.extend(queue, node).await,
        }
    }

    async fn arrive(&mut self, queue: &Queue, instance: u8, entity: u8) {
        self.events += 1;
        let id = format!("e{}", self.events);
        let entity = format!("entity{entity}");
        let new = event(instance, &id, &entity, self.now);
        let lane = self
            .lanes
            .entry((new.instance_id.to_string(), entity))
            .or_default();
        if lane.waiting.is_empty() {
            *lane = Lane {
                due: self.now,
                ..Lane::default()
            };
        }
        lane.waiting.push(id);
        assert_eq!(queue.insert(vec![new]).await, [true]);
    }

    /// Lanes that may be claimed now.
    fn due(&self) -> usize {
        let is_due = |lane: &&Lane| !lane.waiting.is_empty() && lane.due <= self.now;
        self.lanes.values().filter(is_due).count()
    }

    async fn claim(&mut self, queue: &Queue, node: u8, most: u32) {
        let expected = self.due().min(most as usize);
        let claimed = queue.claim(most, self.now).await;
        assert_eq!(claimed.len(), expected, "as many as are due");
        for claimed in claimed {
            let lane = self.lane(&claimed);
            assert_eq!(
                lane.waiting[0], claimed.event.event_id,
                "the first of its lane"
            );
            if let Some((_, fence)) = lane.lease {
                assert!(claimed.lease.fence > fence, "a fence grows");
            }
            let lease = (claimed.lease.delivery_id, claimed.lease.fence);
            let end = self.now + i64::try_from(LEASE.as_secs()).unwrap();
            let lane = self.lane(&claimed);
            assert!(lane.due <= end);
            (lane.due, lane.lease) = (end, Some(lease));
            self.held.entry(node).or_default().push(claimed);
        }
    }

    fn lane(&mut self, claimed: &ClaimedDelivery) -> &mut Lane {
        let key = (
            claimed.lease.instance_id.to_string(),
            claimed.lease.lane.clone(),
        );
        self.lanes.get_mut(&key).unwrap()
    }

    async fn settle(&mut self, queue: &Queue, node: u8, kind: Outcome) {
        let held = self.held.entry(node).or_default();
        if held.is_empty() {
            return;
        }
        let claimed = held.remove(0);
        let (now, lease) = (self.now, (claimed.lease.delivery_id, claimed.lease.fence));
        let next = match kind {
            Outcome::Delivered => AfterAttempt::Delivered,
            Outcome::Dead => AfterAttempt::Dead,
            Outcome::Retry => AfterAttempt::RetryAt(at(now + 40)),
            Outcome::Released => AfterAttempt::Released,
        };
        let claims = queue
            .advance(vec![outcome(&claimed, next, now)], 0, now)
            .await;
        let lane = self.lane(&claimed);
        let is_latest = lane.lease == Some(lease);
        assert_eq!(
            claims.lost.is_empty(),
            is_latest,
            "only the latest lease counts"
        );
        if !is_latest {
            return;
        }
        match kind {
            Outcome::Delivered | Outcome::Dead => {
                lane.waiting.remove(0);
                (lane.due, lane.lease) = (now, None);
            }
            Outcome::Retry => lane.due = now + 40,
            Outcome::Released => lane.due = now,
        }
    }

    async fn extend(&mut self, queue: &Queue, node: u8) {
        let held = self.held.entry(node).or_default();
        let leases: Vec<_> = held.iter().map(|it| it.lease.clone()).collect();
        let held = held.clone();
        let extended = queue
            .store
            .extend_leases(leases, LEASE, at(self.now))
            .await
            .unwrap();
        for (claimed, is_extended) in held.iter().zip(extended) {
            let (now, lease) = (self.now, (claimed.lease.delivery_id, claimed.lease.fence));
            let lane = self.lane(claimed);
            let is_latest = lane.lease == Some(lease);
            assert_eq!(is_extended, is_latest, "only the latest lease is extended");
            if is_latest {
                lane.due = now + i64::try_from(LEASE.as_secs()).unwrap();
            }
        }
    }

    /// Everything that waits is delivered in the end, in order.
    async fn finish(&mut self, queue: &Queue) {
        self.now += 1000;
        while self.due() > 0 {
            self.claim(queue, 9, 7).await;
            while !self.held[&9].is_empty() {
                self.settle(queue, 9, Outcome::Delivered).await;
            }
        }
        assert!(self.lanes.values().all(|lane| lane.waiting.is_empty()));
        assert_eq!(queue.advance(Vec::new(), 1, self.now).await.next_due, None);
    }
}

async fn check(queue: Queue, actions: Vec<Action>) {
    let mut model = Model::default();
    for action in &actions {
        model.apply(&queue, action).await;
    }
    model.finish(&queue).await;
}

fn run(cases: u32, open: impl AsyncFn() -> Place) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Config {
        cases,
        ..Config::default()
    });
    let actions = proptest::collection::vec(action(), 1..60);
    let tried = runner.run(&actions, |actions| {
        runtime.block_on(async {
            let queue = Queue::new(&open().await.into()).await;
            let checked = tokio::time::timeout(Duration::from_mins(2), check(queue, actions));
            checked.await.unwrap();
        });
        Ok(())
    });
    tried.unwrap();
}

#[test]
fn leases_hold_on_sqlite() {
    run(60, async || Place::folder());
}

#[test]
fn leases_hold_on_postgres() {
    run(24, Place::database);
}
