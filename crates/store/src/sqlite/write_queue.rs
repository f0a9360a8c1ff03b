//! What waits for the writer: in turn over instances, and first come, first served within one.
//!
//! One instance takes at most a quarter of the room, so that another one always finds some.

use std::collections::{HashMap, VecDeque};

use backlot_wix::InstanceId;
use parking_lot::{Condvar, Mutex};

/// The most work that waits.
const MAX_WAITING: usize = 4096;
/// The most work of one instance that waits.
const MAX_WAITING_OF_ONE: usize = MAX_WAITING / 4;

/// Whose work it is; `None` for the program's own.
pub(super) type Owner = Option<InstanceId>;

/// Work that waits.
pub(super) struct WriteQueue<W> {
    waiting: Mutex<Waiting<W>>,
    arrived: Condvar,
}

struct Waiting<W> {
    by_owner: HashMap<Owner, VecDeque<W>>,
    /// Owners with work, the next one first.
    turns: VecDeque<Owner>,
    count: usize,
    is_closed: bool,
}

impl<W> Default for WriteQueue<W> {
    fn default() -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                by_owner: HashMap::new(),
                turns: VecDeque::new(),
                count: 0,
                is_closed: false,
            }),
            arrived: Condvar::new(),
        }
    }
}

impl<W> WriteQueue<W> {
    /// Adds work. Gives it back when there is no room for it.
    pub(super) fn push(&self, owner: Owner, work: W) -> Result<(), W> {
        let mut waiting = self.waiting.lock();
        let waiting = &mut *waiting;
        let own = waiting.by_owner.entry(owner).or_default();
        let is_full =
            waiting.count >= MAX_WAITING || (owner.is_some() && own.len() >= MAX_WAITING_OF_ONE);
        if is_full || waiting.is_closed {
            return Err(work);
        }
        if own.is_empty() {
            waiting.turns.push_back(owner);
        }
        own.push_back(work);
        waiting.count += 1;
        self.arrived.notify_one();
        Ok(())
    }

    /// The next work; waits for it. `None` when the queue is closed and empty.
    pub(super) fn pop(&self) -> Option<W> {
        let mut waiting = self.waiting.lock();
        loop {
            if let Some(work) = waiting.next() {
                return Some(work);
            }
            if waiting.is_closed {
                return None;
            }
            self.arrived.wait(&mut waiting);
        }
    }

    /// The next work, if there is any.
    pub(super) fn try_pop(&self) -> Option<W> {
        self.waiting.lock().next()
    }

    /// Takes no more work; what waits is done.
    pub(super) fn close(&self) {
        self.waiting.lock().is_closed = true;
        self.arrived.notify_all();
    }
}

impl<W> Waiting<W> {
    fn next(&mut self) -> Option<W> {
        let owner = self.turns.pop_front()?;
        let own = self.by_owner.get_mut(&owner)?;
        let work = own.pop_front();
        if own.is_empty() {
            self.by_owner.remove(&owner);
        } else {
            self.turns.push_back(owner);
        }
        self.count -= usize::from(work.is_some());
        work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn instance(number: u8) -> InstanceId {
        InstanceId::from_bytes([number; 16])
    }

    #[test]
    fn instances_take_turns() {
        let queue = WriteQueue::default();
        for work in 0..5 {
            queue.push(Some(instance(1)), (1, work)).unwrap();
        }
        queue.push(Some(instance(2)), (2, 0)).unwrap();
        queue.push(None, (0, 0)).unwrap();
        let order: Vec<_> = std::iter::from_fn(|| queue.try_pop()).collect();
        assert_eq!(
            order,
            [(1, 0), (2, 0), (0, 0), (1, 1), (1, 2), (1, 3), (1, 4)]
        );
    }

    #[test]
    fn one_instance_leaves_room_for_others() {
        let queue = WriteQueue::default();
        let taken =
            (0..MAX_WAITING).take_while(|work| queue.push(Some(instance(1)), *work).is_ok());
        assert_eq!(taken.count(), MAX_WAITING_OF_ONE);
        queue.push(Some(instance(2)), 0).unwrap();
        queue.close();
        assert_eq!(queue.push(Some(instance(3)), 7), Err(7));
        assert_eq!(
            std::iter::from_fn(|| queue.pop()).count(),
            MAX_WAITING_OF_ONE + 1
        );
    }

    /// With 500 instances of equal load, none waits longer than for one work of each other.
    #[test]
    fn none_of_many_instances_gets_less_than_half_its_share() {
        let queue = WriteQueue::default();
        for turn in 0..8_u16 {
            for number in 0..500_u16 {
                let mut id = [0; 16];
                id[..2].copy_from_slice(&number.to_be_bytes());
                // The first one asks for ten times as much.
                for _ in 0..if number == 0 { 10 } else { 1 } {
                    let _ = queue.push(Some(InstanceId::from_bytes(id)), (number, turn));
                }
            }
        }
        let mut done = vec![0; 500];
        for _ in 0..2000 {
            let (number, _) = queue.pop().unwrap();
            done[usize::from(number)] += 1;
        }
        assert!(done.iter().all(|count| (2..=8).contains(count)), "{done:?}");
    }
}
