//! Places for work, in turn over instances.
//!
//! An instance that holds more than its share keeps it until its work looks at the [`WorkSlot`] the next time, about a
//! millisecond later: then it waits for its turn again if another instance waits, or asked for something a moment ago
//! ([`asking`]). An instance that holds no place need not wait for that: up to twice as many places are handed out for
//! such instances.

mod asking;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use backlot_wix::InstanceId;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::usage::Usage;
use crate::id_hasher::InstanceHash;
use asking::Asking;

/// Work that is begun and waits for its next turn, for each place.
const MAX_BEGUN_FOR_EACH: usize = 2;

/// How many places there are, and how much work may be begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    places: usize,
    begun: usize,
}

impl Size {
    /// So many places, as many as the database's connections allow: what is begun may hold one each, and what needs no
    /// place has some left.
    pub(crate) fn new(places: usize, connections: Option<usize>) -> Self {
        let most = |share: usize| connections.map_or(usize::MAX, |all| (all * share / 4).max(1));
        Self {
            places: places.min(most(2)),
            begun: (MAX_BEGUN_FOR_EACH * places).min(most(3)),
        }
    }
}
/// How long an instance within its share works before another one has its turn.
const TIME_SLICE: Duration = Duration::from_millis(10);

/// Hands out places. Cloning shares it.
#[derive(Clone)]
pub(crate) struct WorkSlots(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// An approximate number of slots in use.
    held: AtomicUsize,
}

/// Too many requests of this instance wait already.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooManyWaiting;

struct State {
    /// How many places there are.
    count: usize,
    /// How much work may be begun.
    max_begun: usize,
    held: HashMap<InstanceId, usize, InstanceHash>,
    held_in_all: usize,
    /// Threads that wait for their next turn in the middle of their work.
    parked: usize,
    waiting: HashMap<InstanceId, VecDeque<Turn>, InstanceHash>,
    usage: Arc<Usage>,
    /// Instances that wait, the next one first.
    turns: VecDeque<InstanceId>,
    asking: Asking,
}

/// One that waits for its turn: a task, or a thread in the middle of its work.
enum Turn {
    Task(oneshot::Sender<WorkSlot>),
    Thread(mpsc::SyncSender<WorkSlot>),
}

impl Turn {
    fn is_given_up(&self) -> bool {
        matches!(self, Self::Task(turn) if turn.is_closed())
    }

    /// Hands it over. A waiter that has gone away returns the slot by dropping it.
    fn serve(self, place: WorkSlot) {
        match self {
            Self::Task(turn) => drop(turn.send(place)),
            Self::Thread(turn) => drop(turn.send(place)),
        }
    }
}

/// A place in which one request works; given back when it is dropped.
pub(crate) struct WorkSlot {
    places: WorkSlots,
    instance_id: InstanceId,
    is_held: AtomicBool,
    since: Mutex<Instant>,
}

impl WorkSlots {
    pub(crate) fn new(size: Size, usage: Arc<Usage>) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::new(State {
                count: size.places,
                max_begun: size.begun,
                held: HashMap::default(),
                held_in_all: 0,
                parked: 0,
                waiting: HashMap::default(),
                usage,
                turns: VecDeque::new(),
                asking: Asking::default(),
            }),
            held: AtomicUsize::new(0),
        }))
    }

    /// Notes that an instance asks for something, be it so short that it needs no place: the work of others keeps to
    /// its share for a moment. Costs nothing while no work runs.
    pub(crate) fn note(&self, instance_id: InstanceId) {
        if self.0.held.load(Ordering::Relaxed) > 0 {
            self.0.state.lock().asking.note(instance_id, Instant::now());
        }
    }

    /// Waits for a slot. A waiter that goes away gives up its turn. `most` is how many may wait.
    pub(crate) async fn take(
        &self,
        instance_id: InstanceId,
        most: usize,
    ) -> Result<WorkSlot, TooManyWaiting> {
        let (turn, served) = oneshot::channel();
        self.0.state.lock().join_line(instance_id, turn, most)?;
        self.hand_out();
        // The sender is kept until it is served.
        served.await.map_err(|_| TooManyWaiting)
    }

    /// Gives places to those whose turn it is.
    fn hand_out(&self) {
        loop {
            let mut state = self.0.state.lock();
            let next = state.next();
            self.0.held.store(state.held_in_all, Ordering::Relaxed);
            drop(state);
            let Some((turn, instance_id)) = next else {
                return;
            };
            let place = WorkSlot {
                places: self.clone(),
                instance_id,
                is_held: AtomicBool::new(true),
                since: Mutex::new(Instant::now()),
            };
            turn.serve(place);
        }
    }

    fn give_back(&self, instance_id: InstanceId) {
        self.0.state.lock().release(instance_id);
        self.hand_out();
    }
}

impl State {
    fn join_line(
        &mut self,
        instance_id: InstanceId,
        turn: oneshot::Sender<WorkSlot>,
        most: usize,
    ) -> Result<(), TooManyWaiting> {
        let line = self.line(instance_id);
        if line.len() >= most {
            line.retain(|turn| !turn.is_given_up());
        }
        if line.len() >= most {
            return Err(TooManyWaiting);
        }
        line.push_back(Turn::Task(turn));
        Ok(())
    }

    /// The line of an instance, which has its turns from now on.
    fn line(&mut self, instance_id: InstanceId) -> &mut VecDeque<Turn> {
        if !self.turns.contains(&instance_id) {
            self.turns.push_back(instance_id);
        }
        self.waiting.entry(instance_id).or_default()
    }

    /// One instance's share while others want places: a quarter, and half of that while it uses much.
    fn share(&self, instance_id: InstanceId) -> usize {
        let parts = if self.usage.is_light(instance_id) {
            4
        } else {
            8
        };
        (self.count / parts).max(1)
    }

    fn held_by(&self, instance_id: InstanceId) -> usize {
        self.held.get(&instance_id).copied().unwrap_or_default()
    }

    fn others_wait(&self, instance_id: InstanceId) -> bool {
        self.turns.iter().any(|other| *other != instance_id)
    }

    /// Whether an instance is to keep to its share.
    fn others_want(&self, instance_id: InstanceId) -> bool {
        self.others_wait(instance_id) || self.asking.others_ask(instance_id, Instant::now())
    }

    fn may_have_one(&self, instance_id: InstanceId) -> bool {
        let held = self.held_by(instance_id);
        if self.held_in_all < self.count {
            return held < self.share(instance_id) || !self.others_want(instance_id);
        }
        let mut all = self.held.iter();
        let mut somebody_has_more = || all.any(|(id, held)| *held > self.share(*id));
        held == 0 && self.held_in_all < 2 * self.count && somebody_has_more()
    }

    /// How much work of an instance is begun. What waits in the middle of its work stands before what is not begun.
    fn begun_by(&self, instance_id: InstanceId) -> usize {
        let parked = self.waiting.get(&instance_id).map_or(0, |line| {
            let is_begun = |turn: &&Turn| matches!(turn, Turn::Thread(_));
            line.iter().take_while(is_begun).count()
        });
        self.held_by(instance_id) + parked
    }

    /// Whether an instance may begin more. One alone leaves a quarter for others.
    fn may_begin(&self, instance_id: InstanceId) -> bool {
        let quarters = if self.others_want(instance_id) { 1 } else { 3 };
        let most = (self.max_begun * quarters / 4).max(1);
        self.held_in_all + self.parked < self.max_begun && self.begun_by(instance_id) < most
    }

    /// The next to be served, who then holds a place.
    fn next(&mut self) -> Option<(Turn, InstanceId)> {
        for _ in 0..self.turns.len() {
            let instance_id = self.turns.pop_front()?;
            let may = self.may_have_one(instance_id);
            let Some(line) = self.waiting.get_mut(&instance_id) else {
                continue;
            };
            line.retain(|turn| !turn.is_given_up());
            // What is begun is ended before more is begun: each thread holds memory, and a view of the database.
            let is_begun = matches!(line.front(), Some(Turn::Thread(_)));
            let may = may && (is_begun || self.may_begin(instance_id));
            let line = self.waiting.entry(instance_id).or_default();
            let turn = if may { line.pop_front() } else { None };
            if line.is_empty() {
                self.waiting.remove(&instance_id);
            } else {
                self.turns.push_back(instance_id);
            }
            if let Some(turn) = turn {
                self.parked -= usize::from(is_begun);
                *self.held.entry(instance_id).or_default() += 1;
                self.held_in_all += 1;
                return Some((turn, instance_id));
            }
        }
        None
    }

    fn release(&mut self, instance_id: InstanceId) {
        self.held_in_all = self.held_in_all.saturating_sub(1);
        if let Some(held) = self.held.get_mut(&instance_id) {
            *held -= 1;
            if *held == 0 {
                self.held.remove(&instance_id);
            }
        }
    }

    /// Whether the work in a place should let another instance have its turn.
    fn should_yield(&self, instance_id: InstanceId, since: Instant) -> bool {
        if self.held_by(instance_id) > self.share(instance_id) {
            return self.others_want(instance_id);
        }
        self.held_in_all >= self.count
            && self.others_wait(instance_id)
            && since.elapsed() > TIME_SLICE
    }
}

impl WorkSlot {
    /// Lets another instance have its turn if it waits for one, and waits for its next one. Blocks the
    /// thread: only for threads that work.
    pub(crate) fn take_turns(&self) {
        let mut state = self.places.0.state.lock();
        if !state.should_yield(self.instance_id, *self.since.lock()) {
            let may_be_handed_out = !state.turns.is_empty() && state.held_in_all < state.count;
            drop(state);
            if may_be_handed_out {
                self.places.hand_out();
            }
            return;
        }
        let (turn, served) = mpsc::sync_channel(1);
        // It was served before those who wait behind it.
        state.line(self.instance_id).push_front(Turn::Thread(turn));
        state.parked += 1;
        drop(state);
        self.is_held.store(false, Ordering::Relaxed);
        self.places.give_back(self.instance_id);
        if let Ok(place) = served.recv() {
            place.is_held.store(false, Ordering::Relaxed);
            self.is_held.store(true, Ordering::Relaxed);
            *self.since.lock() = Instant::now();
        }
    }
}

impl Drop for WorkSlot {
    fn drop(&mut self) {
        if self.is_held.load(Ordering::Relaxed) {
            self.places.give_back(self.instance_id);
        }
    }
}

#[cfg(test)]
mod tests;
