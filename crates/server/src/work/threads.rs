//! Threads for work, of a lower priority than those that serve connections.
//!
//! A thread that serves a connection has the processor whenever it wants it, however many threads work. A thread is made when
//! none is idle, and ends when it has been idle for a while.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// How much lower the priority is, in the steps of `nice`: a tenth of the processor where there is not enough for all.
const NICE: i32 = 10;
/// How long a thread waits for more work.
const IDLE_TIME: Duration = Duration::from_secs(10);

type Work = Box<dyn FnOnce() + Send>;

/// Does work. Cloning shares it.
#[derive(Clone, Default)]
pub(super) struct Threads(Arc<Shared>);

#[derive(Default)]
struct Shared {
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
    pub(super) fn run(&self, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let mut waiting = self.0.waiting.lock();
        waiting.work.push_back(Box::new(work));
        if waiting.idle >= waiting.work.len() {
            self.0.arrived.notify_one();
            return Ok(());
        }
        drop(waiting);
        let shared = Arc::clone(&self.0);
        std::thread::Builder::new()
            .name("backlot-work".to_owned())
            .spawn(move || shared.work())
            .map(drop)
    }
}

impl Shared {
    fn work(&self) {
        backlot_store::worker::mark_thread();
        // Where the system refuses, the work is done all the same.
        let _ = rustix::process::nice(NICE);
        loop {
            let work = {
                let mut waiting = self.waiting.lock();
                loop {
                    if let Some(work) = waiting.work.pop_front() {
                        break work;
                    }
                    waiting.idle += 1;
                    let timed_out = self.arrived.wait_for(&mut waiting, IDLE_TIME).timed_out();
                    waiting.idle -= 1;
                    if timed_out && waiting.work.is_empty() {
                        return;
                    }
                }
            };
            // Whoever waits for what it made learns that it panicked by getting nothing.
            let _ = catch_unwind(AssertUnwindSafe(work));
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
        for _ in 0..4 {
            let (sender, all) = (sender.clone(), Arc::clone(&all));
            threads
                .run(move || {
                    // Comes back only if all four run at once.
                    all.wait();
                    sender.send(std::thread::current().id()).unwrap();
                })
                .unwrap();
        }
        let ids: std::collections::HashSet<_> = receiver.iter().take(4).collect();
        assert_eq!(ids.len(), 4);
        threads.run(|| panic!("for the test")).unwrap();
        threads
            .run(move || sender.send(std::thread::current().id()).unwrap())
            .unwrap();
        receiver.recv().unwrap();
    }
}
