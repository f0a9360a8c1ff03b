//! A rare event of a connection, beside its frequent ones.
//!
//! Whatever wakes a task, all futures that it waits for are polled. Here the rare one is not, unless it is what woke
//! the task: polling those that a connection has takes locks that all connections share.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::Mutex;

/// A future that is polled only when it was woken itself.
pub(crate) struct Interrupt<F> {
    future: F,
    own: Arc<OwnWaker>,
    own_waker: Waker,
    /// The task's waker, as `own` has it: a look at it here needs no lock.
    task: Option<Waker>,
}

struct OwnWaker {
    is_woken: AtomicBool,
    /// It stays when it has woken the task, which may have to be woken again.
    task: Mutex<Option<Waker>>,
}

impl Wake for OwnWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        if let Some(task) = &*self.task.lock() {
            task.wake_by_ref();
        }
    }
}

impl<F: Future + Unpin> Interrupt<F> {
    pub(crate) fn new(future: F) -> Self {
        let own = Arc::new(OwnWaker {
            // It has never been polled.
            is_woken: AtomicBool::new(true),
            task: Mutex::new(None),
        });
        Self {
            future,
            own_waker: Waker::from(Arc::clone(&own)),
            own,
            task: None,
        }
    }
}

impl<F: Future + Unpin> Future for Interrupt<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let task = context.waker();
        if !this.task.as_ref().is_some_and(|it| it.will_wake(task)) {
            *this.own.task.lock() = Some(task.clone());
            this.task = Some(task.clone());
        }
        // Looked at after the task's waker is there, so that no waking falls between the two.
        if !this.own.is_woken.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        this.own.is_woken.swap(false, Ordering::AcqRel);
        let context = &mut Context::from_waker(&this.own_waker);
        Pin::new(&mut this.future).poll(context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use futures_util::FutureExt as _;
    use futures_util::task::noop_waker;
    use tokio::sync::oneshot;

    use super::*;

    #[test]
    fn it_is_polled_when_it_was_woken_and_only_then() {
        let polls = AtomicUsize::new(0);
        let (sender, mut receiver) = oneshot::channel();
        let counted = std::future::poll_fn(|context| {
            polls.fetch_add(1, Ordering::Relaxed);
            receiver.poll_unpin(context)
        });
        let mut interrupt = Interrupt::new(counted);
        let waker = noop_waker();
        let context = &mut Context::from_waker(&waker);
        for _ in 0..3 {
            assert!(interrupt.poll_unpin(context).is_pending());
        }
        assert_eq!(polls.load(Ordering::Relaxed), 1);
        sender.send(7).unwrap();
        assert_eq!(interrupt.poll_unpin(context), Poll::Ready(Ok(7)));
    }

    #[tokio::test]
    async fn it_wakes_its_task() {
        let (sender, receiver) = oneshot::channel();
        let waiting = tokio::spawn(Interrupt::new(receiver));
        tokio::task::yield_now().await;
        sender.send(()).unwrap();
        waiting.await.unwrap().unwrap();
    }

    /// A connection was told that the server goes on for a moment, and never that it closes.
    #[tokio::test]
    async fn it_wakes_its_task_a_second_time() {
        let (sender, mut receiver) = tokio::sync::watch::channel(0);
        let second = Box::pin(async move { receiver.wait_for(|it| *it == 2).await.map(|it| *it) });
        let waiting = tokio::spawn(Interrupt::new(second));
        for value in 1..=2 {
            tokio::task::yield_now().await;
            sender.send(value).unwrap();
        }
        let in_time = tokio::time::timeout(std::time::Duration::from_secs(5), waiting).await;
        assert_eq!(in_time.unwrap().unwrap().unwrap(), 2);
    }
}
