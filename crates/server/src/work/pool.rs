//! Runs a request's work on a separate thread, in a slot, within a budget.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use backlot_store::worker::database_time;
use backlot_wix::InstanceId;
use backlot_wix::data::Budget;
use backlot_wix::data::budget::Limits;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tracing::Span;

use super::slots::{Size, WorkSlot, WorkSlots};
use super::threads::{Priority, Threads, time_used};
use super::usage::Usage;
use super::watch::RequestWatch;
use crate::error::{ApiError, ErrorCode};

/// Places for each core: work waits for the database, too.
pub const PLACES_PER_CORE: usize = 4;
/// The fewest places, so that an eighth is one.
pub const MIN_PLACES: usize = 8;

/// The most requests of one instance that wait for a place.
pub const MAX_WAITING_OF_ONE: usize = 64;

/// What one request may cost.
#[derive(Debug, Clone, Copy)]
pub struct RequestLimits {
    /// Work and memory.
    pub budget: Limits,
    /// The longest that it may take, once it has its place.
    pub timeout: Duration,
}

impl Default for RequestLimits {
    /// The limits of `backlot_wix::data::limits`.
    fn default() -> Self {
        use backlot_wix::data::limits;
        Self {
            budget: Limits {
                work: limits::REQUEST_WORK,
                memory: limits::REQUEST_BYTES,
            },
            timeout: Duration::from_secs(limits::REQUEST_SECONDS),
        }
    }
}

/// Runs work. Cloning shares it.
#[derive(Clone)]
pub(crate) struct WorkPool {
    places: WorkSlots,
    threads: Threads,
    usage: Arc<Usage>,
    limits: RequestLimits,
}

impl WorkPool {
    /// `connections` is how many the database has, where there is a limit.
    pub(crate) fn new(limits: RequestLimits, connections: Option<usize>) -> Self {
        let cores = available_parallelism().map_or(1, std::num::NonZero::get);
        let size = Size::new((PLACES_PER_CORE * cores).max(MIN_PLACES), connections);
        let usage = Arc::<Usage>::default();
        Self {
            places: WorkSlots::new(size, Arc::clone(&usage)),
            threads: Threads::default(),
            usage,
            limits,
        }
    }

    /// Notes that an instance asks for something; see [`WorkSlots::note`].
    pub(crate) fn note(&self, instance_id: InstanceId) {
        self.places.note(instance_id);
    }

    /// Runs what `work` makes, when it is the instance's turn. It ends early when this is no longer waited for. Refused
    /// when `most` of the instance's wait already ([`MAX_WAITING_OF_ONE`] for requests).
    pub(crate) async fn run<T, F>(
        &self,
        instance_id: InstanceId,
        most: usize,
        work: impl FnOnce(Budget) -> F + Send + 'static,
    ) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: Future<Output = T>,
    {
        let too_many = |_| ApiError::from(ErrorCode::InstanceBusy).retry_after(1);
        let place = self
            .places
            .take(instance_id, most)
            .await
            .map_err(too_many)?;
        let (client, gone) = Client::new();
        let budget = self.budget(place, &client);
        let runtime = Handle::current();
        let (done, outcome) = oneshot::channel();
        let usage = Arc::clone(&self.usage);
        let priority = if usage.is_light(instance_id) {
            Priority::Light
        } else {
            Priority::Heavy
        };
        let span = Span::current();
        let running = self.threads.run(priority, move || {
            let _in_request = span.enter();
            let before = database_time();
            let outcome = runtime.block_on(async {
                tokio::select! {
                    biased;
                    outcome = work(budget) => Some(outcome),
                    _ = gone => None,
                }
            });
            usage.add(
                instance_id,
                time_used(),
                database_time().saturating_sub(before),
            );
            if let Some(outcome) = outcome {
                // The client may have gone in this moment.
                let _ = done.send(outcome);
            }
        });
        running.map_err(|error| ApiError::from(ErrorCode::Internal).with_source(error))?;
        let outcome = outcome.await;
        drop(client);
        outcome.map_err(|_| ApiError::from(ErrorCode::Internal).with_source("the work panicked"))
    }

    /// The budget of one request. The place is held for as long as the budget is.
    fn budget(&self, place: WorkSlot, client: &Client) -> Budget {
        let watch = RequestWatch {
            place: Arc::new(place),
            client_has_gone: Arc::clone(&client.has_gone),
            started: Instant::now(),
            timeout: self.limits.timeout,
        };
        Budget::watched(self.limits.budget, watch)
    }
}

/// The waiter; when it is dropped, the work ends.
struct Client {
    has_gone: Arc<AtomicBool>,
    _waits: oneshot::Sender<()>,
}

impl Client {
    fn new() -> (Self, oneshot::Receiver<()>) {
        let (waits, gone) = oneshot::channel();
        let client = Self {
            has_gone: Arc::default(),
            _waits: waits,
        };
        (client, gone)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.has_gone.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use backlot_wix::data::DataCode;

    use super::*;

    const ID: InstanceId = InstanceId::from_bytes([1; 16]);

    #[tokio::test]
    async fn work_ends_and_its_place_is_given_up_when_the_client_has_gone() {
        let mut pool = WorkPool::new(RequestLimits::default(), None);
        pool.places = WorkSlots::new(Size::new(1, None), Arc::default());
        let (ended, end) = oneshot::channel();
        let (begun, started) = oneshot::channel();
        let endless = pool.run(ID, 9, move |budget| async move {
            let _ = begun.send(());
            loop {
                // As the matching of one large item does.
                if let Err(fault) = budget.work(0).and_then(|()| budget.look()) {
                    let _ = ended.send(fault);
                    return;
                }
            }
        });
        tokio::select! {
            _ = endless => panic!("it has no end"),
            _ = started => {}
        }
        assert_eq!(end.await.unwrap().data()["limit"], "client");
        // With one place, this waits until it is free.
        assert_eq!(pool.run(ID, 9, |_| async { 7 }).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn work_ends_when_its_time_is_over() {
        let limits = RequestLimits {
            timeout: Duration::ZERO,
            ..RequestLimits::default()
        };
        let pool = WorkPool::new(limits, None);
        let outcome = pool.run(ID, 9, |budget| async move { budget.look() }).await;
        let fault = outcome.unwrap().unwrap_err();
        assert_eq!(
            (fault.code(), &fault.data()["limit"]),
            (DataCode::TooCostly, &"time".into())
        );
    }
}
