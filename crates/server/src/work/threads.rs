//! Threads for work. Those that work for an instance that uses much have a lower priority than all others.
//!
//! What serves connections, and what works for an instance that uses little, has the processor whenever it wants it,
//! however many threads work for the others. A thread is made when none is idle, and ends when it has been idle for a
//! while. Linux lets a thread lower its own priority, and never raise it, so a thread that was lowered stays so.

use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// How much lower the priority of heavy work is, in the steps of `nice`: a tenth of the processor where there is not
/// enough for all.
const HEAVY_NICE: i32 = 10;
/// How long a thread waits for more work.
const IDLE_TIME: Duration = Duration::from_secs(10);

thread_local! {
    static CURRENT: Cell<Option<Current>> = const { Cell::new(None) };
}

/// What a thread of these does.
#[derive(Clone, Copy)]
struct Current {
    priority: Priority,
    /// The thread's processor time when its present work began.
    began: Duration,
}

/// Which work a thread does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Priority {
    /// That of an instance that uses little.
    Light,
    /// That of an instance that uses much.
    Heavy,
}

type Work = Box<dyn FnOnce() + Send>;

/// Does work. Cloning shares it.
#[derive(Clone, Default)]
pub(super) struct Threads(Arc<Shared>);

#[derive(Default)]
struct Shared {
    light: Queue,
    heavy: Queue,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    work: VecDeque<Work>,
    idle: usize,
}

impl Threads {
    /// Does the work on a thread that is idle, or on a new one.
    pub(super) fn run(
        &self,
        priority: Priority,
        work: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<()> {
        let queue = self.0.queue(priority);
        let mut waiting = queue.waiting.lock();
        waiting.work.push_back(Box::new(work));
        if waiting.idle >= waiting.work.len() {
            queue.arrived.notify_one();
            return Ok(());
        }
        drop(waiting);
        let shared = Arc::clone(&self.0);
        std::thread::Builder::new()
            .name("backlot-work".to_owned())
            .spawn(move || shared.work(priority))
            .map(drop)
    }
}

/// The processor time that the present work of this thread has taken.
pub(super) fn time_used() -> Duration {
    let began = CURRENT.get().map(|current| current.began);
    began.map_or(Duration::ZERO, |began| thread_time().saturating_sub(began))
}

/// Makes this thread one of the heavy ones, if what it does has taken so long. Does nothing on any other thread.
pub(super) fn lower_after(longest: Duration) {
    if let Some(current) = CURRENT.get()
        && current.priority == Priority::Light
        && time_used() > longest
    {
        lower();
        CURRENT.set(Some(Current {
            priority: Priority::Heavy,
            ..current
        }));
    }
}

fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.try_into().unwrap_or_default()
}

/// Lowers the priority of this thread. Where the system refuses, the work is done all the same.
fn lower() {
    // Elsewhere it is the priority of the whole process.
    if cfg!(target_os = "linux") {
        let _ = rustix::process::nice(HEAVY_NICE);
    }
}

impl Shared {
    fn queue(&self, priority: Priority) -> &Queue {
        match priority {
            Priority::Light => &self.light,
            Priority::Heavy => &self.heavy,
        }
    }

    fn work(&self, priority: Priority) {
        backlot_store::worker::mark_thread();
        if priority == Priority::Heavy {
            lower();
        }
        let mut priority = priority;
        while let Some(work) = self.queue(priority).next() {
            let began = thread_time();
            CURRENT.set(Some(Current { priority, began }));
            // The waiter learns of a panic by getting nothing.
            let _ = catch_unwind(AssertUnwindSafe(work));
            priority = CURRENT.get().map_or(priority, |current| current.priority);
        }
    }
}

impl Queue {
    /// The next work, or nothing after a while without any.
    fn next(&self) -> Option<Work> {
        let mut waiting = self.waiting.lock();
        loop {
            if let Some(work) = waiting.work.pop_front() {
                return Some(work);
            }
            waiting.idle += 1;
            let timed_out = self.arrived.wait_for(&mut waiting, IDLE_TIME).timed_out();
            waiting.idle -= 1;
            if timed_out && waiting.work.is_empty() {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn each_work_has_a_thread_and_a_panic_ends_none() {
        let threads = Threads::default();
        let (sender, receiver) = mpsc::channel();
        let all = Arc::new(std::sync::Barrier::new(4));
        for priority in [Priority::Light, Priority::Heavy].repeat(2) {
            let (sender, all) = (sender.clone(), Arc::clone(&all));
            threads
                .run(priority, move || {
                    // Comes back only if all four run at once.
                    all.wait();
                    sender.send(std::thread::current().id()).unwrap();
                })
                .unwrap();
        }
        let ids: std::collections::HashSet<_> = receiver.iter().take(4).collect();
        assert_eq!(ids.len(), 4);
        let panic = || panic!("for the test");
        threads.run(Priority::Heavy, panic).unwrap();
        threads
            .run(Priority::Heavy, move || {
                sender.send(std::thread::current().id()).unwrap();
            })
            .unwrap();
        receiver.recv().unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_thread_that_was_lowered_does_heavy_work_from_then_on() {
        let threads = Threads::default();
        let (sender, receiver) = mpsc::channel();
        let niceness = |priority, lowers: bool| {
            let sender = sender.clone();
            let work = move || {
                let before = rustix::process::nice(0).unwrap();
                if lowers {
                    lower_after(Duration::MAX);
                    assert_eq!(rustix::process::nice(0), Ok(before));
                    while time_used().is_zero() {}
                    lower_after(Duration::ZERO);
                    lower_after(Duration::ZERO);
                }
                let after = rustix::process::nice(0).unwrap();
                let id = std::thread::current().id();
                sender.send((id, before, after)).unwrap();
            };
            threads.run(priority, work).unwrap();
            receiver.recv().unwrap()
        };
        let (lowered, before, after) = niceness(Priority::Light, true);
        assert_eq!(after - before, HEAVY_NICE);
        let (other, unlowered, _) = niceness(Priority::Light, false);
        assert_eq!(unlowered, before);
        assert_ne!(other, lowered);
        assert_eq!(niceness(Priority::Heavy, false).1, after);
    }
}
