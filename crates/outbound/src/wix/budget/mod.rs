//! The requests of an instance in a minute, and their order when they are short.
//!
//! Wix grants each instance 200 a minute and does not say how it counts, so no span of a minute has more requests than
//! the limit, wherever it begins. Each priority has a queue. A call of a lower priority is sent only while none of a
//! higher one waits, and a part of the budget is reserved. After a 429 no request is sent until Wix wants one.

mod window;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Priority;
use window::Window;

/// How often calls of a lower priority check whether those of a higher one are sent.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The budget of one subject.
pub(super) struct Budget {
    window: Mutex<Window>,
    queues: [Queue; 3],
}

struct Queue {
    /// Held by its first.
    front: Semaphore,
    waiting: AtomicUsize,
}

impl Queue {
    const fn new() -> Self {
        Self {
            front: Semaphore::const_new(1),
            waiting: AtomicUsize::new(0),
        }
    }

    fn is_empty(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) == 0
    }
}

impl Budget {
    pub(super) fn new(requests_per_minute: usize) -> Self {
        Self {
            window: Mutex::new(Window::new(requests_per_minute)),
            queues: [Queue::new(), Queue::new(), Queue::new()],
        }
    }

    /// Takes one call out of the budget, waiting for it until `deadline`. The error is how long it
    /// would have to wait.
    pub(super) async fn take(&self, priority: Priority, deadline: Instant) -> Result<(), Duration> {
        let queue = &self.queues[priority as usize];
        if queue.is_empty() && self.try_take(priority).is_ok() {
            return Ok(());
        }
        let _waiting = Waiting::new(&queue.waiting);
        let Ok(Ok(_first)) = timeout_at(deadline, queue.front.acquire()).await else {
            return Err(self.wait(priority));
        };
        loop {
            let Err(at) = self.try_take(priority) else {
                return Ok(());
            };
            if at > deadline {
                return Err(at.saturating_duration_since(Instant::now()));
            }
            sleep_until(at).await;
        }
    }

    /// Sends no request for this time.
    pub(super) fn hold(&self, time: Duration) {
        self.window.lock().hold(Instant::now() + time);
    }

    /// Takes one, or says when to try again.
    fn try_take(&self, priority: Priority) -> Result<(), Instant> {
        let now = Instant::now();
        let before = &self.queues[..priority as usize];
        if !before.iter().all(Queue::is_empty) {
            return Err(now + POLL_INTERVAL);
        }
        self.window.lock().try_take(priority, now)
    }

    fn wait(&self, priority: Priority) -> Duration {
        let now = Instant::now();
        let free_at = self.window.lock().free_at(priority, now);
        free_at.saturating_duration_since(now).max(POLL_INTERVAL)
    }
}

/// Counted among those who wait, for as long as it lives.
struct Waiting<'budget>(&'budget AtomicUsize);

impl<'budget> Waiting<'budget> {
    fn new(count: &'budget AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(1)
    }

    fn later() -> Instant {
        Instant::now() + Duration::from_hours(1)
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_holds_more_than_the_limit() {
        let budget = Budget::new(200);
        let mut taken: Vec<Instant> = Vec::new();
        while taken.len() < 1000 {
            budget.take(Priority::Interactive, later()).await.unwrap();
            taken.push(Instant::now());
            tokio::time::advance(Duration::from_millis(37)).await;
        }
        for span in taken.windows(201) {
            assert!(span[200] - span[0] > Duration::from_mins(1));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_would_wait_too_long_is_told_how_long() {
        let budget = Budget::new(4);
        for _ in 0..4 {
            budget.take(Priority::Interactive, soon()).await.unwrap();
        }
        let wait = budget
            .take(Priority::Interactive, soon())
            .await
            .unwrap_err();
        assert!(
            wait > Duration::from_secs(59) && wait <= Duration::from_secs(61),
            "{wait:?}"
        );
        budget.hold(Duration::from_secs(90));
        let wait = budget
            .take(Priority::Interactive, soon())
            .await
            .unwrap_err();
        assert_eq!(wait.as_secs(), 90);
    }

    #[tokio::test(start_paused = true)]
    async fn the_foreground_goes_first_and_has_a_part_of_its_own() {
        let budget = Arc::new(Budget::new(8));
        for _ in 0..6 {
            budget.take(Priority::Background, soon()).await.unwrap();
        }
        assert!(budget.take(Priority::Background, soon()).await.is_err());
        for _ in 0..2 {
            budget.take(Priority::Interactive, soon()).await.unwrap();
        }
        let order = Arc::new(Mutex::new(Vec::new()));
        let go = |name, priority| {
            let (budget, order) = (Arc::clone(&budget), Arc::clone(&order));
            async move {
                budget.take(priority, later()).await.unwrap();
                order.lock().push(name);
            }
        };
        let background = tokio::spawn(go("background", Priority::Background));
        tokio::task::yield_now().await;
        let first = tokio::spawn(go("first", Priority::Interactive));
        tokio::task::yield_now().await;
        let second = tokio::spawn(go("second", Priority::Interactive));
        let _ = tokio::join!(background, first, second);
        assert_eq!(*order.lock(), ["first", "second", "background"]);
    }

    #[tokio::test(start_paused = true)]
    async fn no_visitor_can_shut_the_owner_out() {
        let budget = Budget::new(20);
        for _ in 0..18 {
            budget.take(Priority::Public, soon()).await.unwrap();
        }
        assert!(budget.take(Priority::Public, soon()).await.is_err());
        for _ in 0..2 {
            budget.take(Priority::Interactive, soon()).await.unwrap();
        }
        assert!(budget.take(Priority::Interactive, soon()).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_frees_the_queue() {
        let budget = Budget::new(1);
        budget.take(Priority::Interactive, soon()).await.unwrap();
        let waits = budget.take(Priority::Interactive, later());
        assert!(
            tokio::time::timeout(Duration::from_secs(1), waits)
                .await
                .is_err()
        );
        assert!(budget.queues.iter().all(Queue::is_empty));
        tokio::time::advance(Duration::from_secs(61)).await;
        budget.take(Priority::Interactive, soon()).await.unwrap();
    }
}
