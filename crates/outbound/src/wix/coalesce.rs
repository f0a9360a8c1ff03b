//! Equal `GET`s of one subject that are in flight at the same time become one request.
//!
//! A single caller, the usual case, gets the response as a stream. If others have joined, a response of up to a megabyte
//! is collected and given to all. A larger one, or a stream of events, goes to the first, and the others send requests
//! themselves. If all callers leave before the request is sent, it is not sent.
//!
//! After a write of the same subject has ended, a caller does not join a request that began before: its response may be
//! from before the write.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::uri::PathAndQuery;
use http::{Method, Response};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

use super::response::Collected;
use super::safe::is_safe;
use super::writes::Writes;
use super::{CallBody, Priority, Subject, WixBody, WixError, WixRequest};

/// The most bytes of a response that is shared.
const MAX_SHARED_BYTES: usize = 1024 * 1024;

#[derive(Clone, PartialEq, Eq, Hash)]
struct CoalesceKey {
    /// The writes that had ended.
    writes: (u64, u64),
    subject: Subject,
    /// If others have no permits left, the owner waits behind none of them.
    crowded: Option<Priority>,
    target: PathAndQuery,
    headers: Vec<u8>,
}

/// What a waiting caller gets. `None` if the response cannot be shared.
type Shared = Option<Result<Response<WixBody>, WixError>>;

type Waiting = HashMap<CoalesceKey, InFlight>;

/// A request in flight.
#[derive(Default)]
struct InFlight {
    waiting: Vec<oneshot::Sender<Shared>>,
    /// Notified when a waiting caller leaves.
    left: Arc<Notify>,
}

/// The requests in flight. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Coalescer(Arc<Inner>);

#[derive(Default)]
struct Inner {
    in_flight: Mutex<Waiting>,
    writes: Writes,
}

impl Coalescer {
    /// Sends a call with `make`, which tells when it has been sent, or joins an equal one. A call that cannot be shared is
    /// sent at once. A write has ended when it succeeds, fails, or its caller leaves.
    pub(super) async fn send<F>(
        &self,
        call: WixRequest,
        is_crowded: bool,
        deadline: Instant,
        make: impl Fn(WixRequest, Arc<AtomicBool>) -> F,
    ) -> Result<Response<WixBody>, WixError>
    where
        F: Future<Output = Result<Response<WixBody>, WixError>> + Send + 'static,
    {
        let Some(key) = key(&call, is_crowded, &self.0.writes) else {
            let _write = Write::new(self, &call);
            return make(call, unsent()).await;
        };
        let again = WixRequest {
            headers: call.headers.clone(),
            ..WixRequest::get(call.subject.clone(), call.target.clone(), call.priority)
        };
        let (sender, receiver) = oneshot::channel();
        let (is_first, left) = self.join(&key, sender);
        if is_first {
            let mut guard = InFlightGuard {
                coalescer: self.clone(),
                key: Some(key),
            };
            let (sent, left) = (unsent(), Arc::clone(&left));
            let work = make(call, Arc::clone(&sent));
            let task = async move {
                tokio::select! {
                    outcome = work => share(outcome, guard.remove(), deadline).await,
                    () = guard.all_gone(&left, &sent) => {}
                }
            };
            tokio::spawn(task.in_current_span());
        }
        let _leaving = Leaving(left);
        match receiver.await {
            // The first caller may use less of the budget than this one.
            Ok(Some(Err(WixError::Exhausted { .. }))) if !is_first => make(again, unsent()).await,
            Ok(Some(outcome)) => outcome,
            Ok(None) => make(again, unsent()).await,
            Err(_) => Err(WixError::unavailable("the call failed here")),
        }
    }

    /// Returns whether this caller is the first and must send the request, and the notifier of leaving callers.
    fn join(&self, key: &CoalesceKey, sender: oneshot::Sender<Shared>) -> (bool, Arc<Notify>) {
        let mut in_flight = self.0.in_flight.lock();
        let call = in_flight.entry(key.clone()).or_default();
        call.waiting.push(sender);
        (call.waiting.len() == 1, Arc::clone(&call.left))
    }
}

/// A write in flight.
struct Write(Option<(Coalescer, Subject)>);

impl Write {
    fn new(coalescer: &Coalescer, call: &WixRequest) -> Self {
        let reads = is_safe(&call.method, call.target.path());
        Self((!reads).then(|| (coalescer.clone(), call.subject.clone())))
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        if let Some((coalescer, subject)) = &self.0 {
            coalescer.0.writes.has_ended(subject);
        }
    }
}

/// Notifies the request that a waiting caller has left.
struct Leaving(Arc<Notify>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

fn unsent() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(false))
}

/// Removes the request once, also if it panics. Then an equal one may be in flight.
struct InFlightGuard {
    coalescer: Coalescer,
    key: Option<CoalesceKey>,
}

impl InFlightGuard {
    /// Removes the request and returns its waiting callers.
    fn remove(&mut self) -> Vec<oneshot::Sender<Shared>> {
        let key = self.key.take();
        key.and_then(|key| self.coalescer.0.in_flight.lock().remove(&key))
            .map(|call| call.waiting)
            .unwrap_or_default()
    }

    /// Removes the request and returns when all callers have left before it was sent.
    async fn all_gone(&mut self, left: &Notify, sent: &AtomicBool) {
        loop {
            left.notified().await;
            if sent.load(Ordering::Relaxed) {
                continue;
            }
            let Some(key) = &self.key else { return };
            let mut in_flight = self.coalescer.0.in_flight.lock();
            let gone = in_flight
                .get(key)
                .is_none_or(|call| call.waiting.iter().all(oneshot::Sender::is_closed));
            if gone {
                in_flight.remove(key);
                self.key = None;
                return;
            }
        }
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Returns the key of a call that can be shared: a `GET` without a body. Background calls are not shared, so that no
/// foreground call waits behind them.
fn key(call: &WixRequest, is_crowded: bool, writes: &Writes) -> Option<CoalesceKey> {
    let has_no_body = matches!(&call.body, CallBody::Ready(bytes) if bytes.is_empty());
    let is_waited_for = call.priority != Priority::Background;
    let may_be_shared = call.method == Method::GET && has_no_body && is_waited_for;
    may_be_shared.then(|| {
        let mut headers: Vec<(&str, &[u8])> = call
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        headers.sort_unstable();
        let mut flat = Vec::new();
        for (name, value) in headers {
            flat.extend_from_slice(name.as_bytes());
            flat.push(b'\n');
            flat.extend_from_slice(value);
            flat.push(b'\n');
        }
        CoalesceKey {
            writes: writes.ended_of(&call.subject),
            subject: call.subject.clone(),
            crowded: is_crowded.then_some(call.priority),
            target: call.target.clone(),
            headers: flat,
        }
    })
}

async fn share(
    outcome: Result<Response<WixBody>, WixError>,
    mut waiting: Vec<oneshot::Sender<Shared>>,
    deadline: Instant,
) {
    waiting.retain(|waiter| !waiter.is_closed());
    let response = match outcome {
        Ok(response) => response,
        Err(error) => {
            for waiter in waiting {
                let _ = waiter.send(Some(Err(error.clone())));
            }
            return;
        }
    };
    if waiting.len() < 2 || is_stream_of_events(&response) {
        return give_to_first(response, waiting);
    }
    let (parts, body) = response.into_parts();
    let bytes: Bytes = match timeout_at(deadline, body.collect_up_to(MAX_SHARED_BYTES)).await {
        Ok(Ok(Collected::Whole(bytes))) => bytes,
        Ok(Ok(Collected::TooLarge(body))) => {
            return give_to_first(Response::from_parts(parts, body), waiting);
        }
        Ok(Err(error)) => {
            let error = WixError::unavailable(error.to_string());
            return Box::pin(share(Err(error), waiting, deadline)).await;
        }
        Err(_) => {
            let error = WixError::unavailable("Wix took too long to end its response");
            return Box::pin(share(Err(error), waiting, deadline)).await;
        }
    };
    for waiter in waiting {
        let response = Response::from_parts(parts.clone(), WixBody::ready(bytes.clone()));
        let _ = waiter.send(Some(Ok(response)));
    }
}

fn give_to_first(response: Response<WixBody>, waiting: Vec<oneshot::Sender<Shared>>) {
    let mut waiting = waiting.into_iter();
    if let Some(first) = waiting.next() {
        let _ = first.send(Some(Ok(response)));
    }
    for waiter in waiting {
        let _ = waiter.send(None);
    }
}

fn is_stream_of_events(response: &Response<WixBody>) -> bool {
    response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use backlot_wix::InstanceId;
    use tokio::task::yield_now;

    /// Tells of its end.
    struct Work(Arc<Notify>);

    impl Drop for Work {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }

    #[tokio::test]
    async fn when_all_who_wait_have_gone_so_has_the_call() {
        let (coalescer, ended) = (Coalescer::default(), Arc::new(Notify::new()));
        let begin = || {
            let (coalescer, ended) = (coalescer.clone(), Arc::clone(&ended));
            tokio::spawn(async move {
                let id = "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60".parse().unwrap();
                let target = PathAndQuery::from_static("/x");
                let call = WixRequest::get(Subject::App(id), target, Priority::Interactive);
                let make = |_, _| {
                    let work = Work(Arc::clone(&ended));
                    async move {
                        let _work = work;
                        std::future::pending().await
                    }
                };
                let deadline = Instant::now() + Duration::from_mins(1);
                coalescer.send(call, false, deadline, make).await.is_ok()
            })
        };
        let (first, second) = (begin(), begin());
        yield_now().await;
        first.abort();
        assert!(first.await.is_err());
        yield_now().await;
        assert_eq!(
            coalescer.0.in_flight.lock().len(),
            1,
            "the second one still waits"
        );
        second.abort();
        ended.notified().await;
        assert!(coalescer.0.in_flight.lock().is_empty());
    }

    /// Its response may be from before the write.
    #[tokio::test]
    async fn after_a_write_no_call_is_waited_for_that_began_before() {
        let coalescer = Coalescer::default();
        let reads_made = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let id = |last: u8| InstanceId::from_bytes([last; 16]);
        let call = |subject: Subject, method: &Method| {
            let (coalescer, count) = (coalescer.clone(), Arc::clone(&reads_made));
            let is_write = method == Method::PATCH;
            let target = PathAndQuery::from_static("/things/7");
            let mut call = WixRequest::get(subject, target, Priority::Interactive);
            call.method = method.clone();
            tokio::spawn(async move {
                let make = |_, _| {
                    if !is_write {
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                    async move {
                        if is_write {
                            return Err(WixError::unavailable("it may have been done"));
                        }
                        std::future::pending().await
                    }
                };
                let deadline = Instant::now() + Duration::from_mins(1);
                coalescer.send(call, false, deadline, make).await.is_ok()
            })
        };
        let count = async || {
            yield_now().await;
            reads_made.load(Ordering::SeqCst)
        };
        let own = || Subject::App(id(1));
        let mut reads = vec![call(own(), &Method::GET), call(own(), &Method::GET)];
        assert_eq!(count().await, 1, "equal ones become one");
        call(Subject::App(id(2)), &Method::PATCH).await.unwrap();
        reads.push(call(own(), &Method::GET));
        assert_eq!(count().await, 1, "another instance's write says nothing");
        call(own(), &Method::PATCH).await.unwrap();
        reads.push(call(own(), &Method::GET));
        reads.push(call(own(), &Method::GET));
        assert_eq!(count().await, 2);
        call(Subject::Site("s".into()), &Method::PATCH)
            .await
            .unwrap();
        reads.push(call(own(), &Method::GET));
        assert_eq!(
            count().await,
            3,
            "the account's key may have written what the instance reads"
        );
        for read in reads {
            read.abort();
        }
    }
}
