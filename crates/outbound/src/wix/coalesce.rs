//! Equal `GET`s for one subject that are under way at the same time become one call.
//!
//! A single caller, which is the usual case, gets the response as a stream. Only where others have
//! come meanwhile is a reply of up to a megabyte read whole and given to all; a larger one, or a stream
//! of events, goes to the first, and the others make separate calls. When all waiters have gone
//! before it was sent, it is not made.
//!
//! A call that starts after a write of the same subject has ended does not wait for calls that began before: its reply may be from
//! before the write, too.

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

use super::collect::{Collected, collect};
use super::safe::is_safe;
use super::writes::Writes;
use super::{Call, CallBody, Priority, Subject, WixBody, WixError, WixReply};

/// The most that is read whole to be given to several.
const MAX_SHARED: usize = 1024 * 1024;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    /// How many writes had ended.
    writes: (u64, u64),
    subject: Subject,
    /// Where others than the owner have no place left, the owner waits behind none of them.
    crowded: Option<Priority>,
    target: PathAndQuery,
    headers: Vec<u8>,
}

/// What one of those who wait gets. `None`: nothing that could be shared; make the call yourself.
type Share = Option<Result<WixReply, WixError>>;

type Waiting = HashMap<Key, Flight>;

/// One call that is under way.
#[derive(Default)]
struct Flight {
    waiting: Vec<oneshot::Sender<Share>>,
    /// Notified when a waiter goes away.
    left: Arc<Notify>,
}

/// The calls that are under way.
#[derive(Clone, Default)]
pub(super) struct Coalescer(Arc<Inner>);

#[derive(Default)]
struct Inner {
    flights: Mutex<Waiting>,
    writes: Writes,
}

impl Coalescer {
    /// Makes the call by `make`, which says when it has been sent, or waits for an equal one. A call that
    /// cannot be shared is made right away. A write counts as ended when it is, when it fails, and when its caller
    /// for it goes away.
    pub(super) async fn send<F>(
        &self,
        call: Call,
        is_crowded: bool,
        deadline: Instant,
        make: impl Fn(Call, Arc<AtomicBool>) -> F,
    ) -> Result<WixReply, WixError>
    where
        F: Future<Output = Result<WixReply, WixError>> + Send + 'static,
    {
        let Some(key) = key(&call, is_crowded, &self.0.writes) else {
            let _write = Write::of(self, &call);
            return make(call, unsent()).await;
        };
        let again = Call {
            headers: call.headers.clone(),
            ..Call::get(call.subject.clone(), call.target.clone(), call.priority)
        };
        let (sender, receiver) = oneshot::channel();
        let (is_first, left) = self.join(&key, sender);
        if is_first {
            let mut landing = Landing {
                coalescer: self.clone(),
                key: Some(key),
            };
            let (sent, left) = (unsent(), Arc::clone(&left));
            let work = make(call, Arc::clone(&sent));
            tokio::spawn(async move {
                tokio::select! {
                    outcome = work => share(outcome, landing.land(), deadline).await,
                    () = landing.all_gone(&left, &sent) => {}
                }
            });
        }
        let _leaving = Leaving(left);
        match receiver.await {
            // The caller that started it may use less of the minute than this one may.
            Ok(Some(Err(WixError::Exhausted { .. }))) if !is_first => make(again, unsent()).await,
            Ok(Some(outcome)) => outcome,
            Ok(None) => make(again, unsent()).await,
            Err(_) => Err(WixError::unavailable("the call failed here")),
        }
    }

    /// Returns whether this caller is the leader and must make the call, and a notifier for waiters that go away.
    fn join(&self, key: &Key, sender: oneshot::Sender<Share>) -> (bool, Arc<Notify>) {
        let mut flights = self.0.flights.lock();
        let flight = flights.entry(key.clone()).or_default();
        flight.waiting.push(sender);
        (flight.waiting.len() == 1, Arc::clone(&flight.left))
    }
}

/// A write that is under way.
struct Write(Option<(Coalescer, Subject)>);

impl Write {
    fn of(coalescer: &Coalescer, call: &Call) -> Self {
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

/// Tells the call that one of those who waited has gone.
struct Leaving(Arc<Notify>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

fn unsent() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(false))
}

/// Takes the call off the list, once: after that an equal one may be under way. Also when it panics.
struct Landing {
    coalescer: Coalescer,
    key: Option<Key>,
}

impl Landing {
    /// Those who wait.
    fn land(&mut self) -> Vec<oneshot::Sender<Share>> {
        let key = self.key.take();
        key.and_then(|key| self.coalescer.0.flights.lock().remove(&key))
            .map(|flight| flight.waiting)
            .unwrap_or_default()
    }

    /// Ready when no caller waits any more and it has not been sent; then the call is off the list.
    async fn all_gone(&mut self, left: &Notify, sent: &AtomicBool) {
        loop {
            left.notified().await;
            if sent.load(Ordering::Relaxed) {
                continue;
            }
            let Some(key) = &self.key else { return };
            let mut flights = self.coalescer.0.flights.lock();
            let gone = flights
                .get(key)
                .is_none_or(|flight| flight.waiting.iter().all(oneshot::Sender::is_closed));
            if gone {
                flights.remove(key);
                self.key = None;
                return;
            }
        }
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.land();
    }
}

/// `None` where nothing can be shared: another method, or a body. Those in the background make their
/// own, so that no foreground call waits behind them.
fn key(call: &Call, is_crowded: bool, writes: &Writes) -> Option<Key> {
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
        Key {
            writes: writes.ended_of(&call.subject),
            subject: call.subject.clone(),
            crowded: is_crowded.then_some(call.priority),
            target: call.target.clone(),
            headers: flat,
        }
    })
}

async fn share(
    outcome: Result<WixReply, WixError>,
    mut waiting: Vec<oneshot::Sender<Share>>,
    deadline: Instant,
) {
    waiting.retain(|waiter| !waiter.is_closed());
    let reply = match outcome {
        Ok(reply) => reply,
        Err(error) => {
            for waiter in waiting {
                let _ = waiter.send(Some(Err(error.clone())));
            }
            return;
        }
    };
    if waiting.len() < 2 || is_stream_of_events(&reply) {
        return give_to_first(reply, waiting);
    }
    let (parts, body) = reply.into_parts();
    let bytes: Bytes = match timeout_at(deadline, collect(body, MAX_SHARED)).await {
        Ok(Ok(Collected::Whole(bytes))) => bytes,
        Ok(Ok(Collected::TooLarge(body))) => {
            return give_to_first(Response::from_parts(parts, body), waiting);
        }
        Ok(Err(fault)) => {
            let error = WixError::unavailable(fault.to_string());
            return Box::pin(share(Err(error), waiting, deadline)).await;
        }
        Err(_) => {
            let error = WixError::unavailable("Wix took too long to end its reply");
            return Box::pin(share(Err(error), waiting, deadline)).await;
        }
    };
    for waiter in waiting {
        let reply = Response::from_parts(parts.clone(), WixBody::ready(bytes.clone()));
        let _ = waiter.send(Some(Ok(reply)));
    }
}

fn give_to_first(reply: WixReply, waiting: Vec<oneshot::Sender<Share>>) {
    let mut waiting = waiting.into_iter();
    if let Some(first) = waiting.next() {
        let _ = first.send(Some(Ok(reply)));
    }
    for waiter in waiting {
        let _ = waiter.send(None);
    }
}

fn is_stream_of_events(reply: &WixReply) -> bool {
    reply
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
                let call = Call::get(Subject::App(id), target, Priority::Interactive);
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
            coalescer.0.flights.lock().len(),
            1,
            "the second one still waits"
        );
        second.abort();
        ended.notified().await;
        assert!(coalescer.0.flights.lock().is_empty());
    }

    /// Its reply may be from before the write.
    #[tokio::test]
    async fn after_a_write_no_call_is_waited_for_that_began_before() {
        let coalescer = Coalescer::default();
        let reads_made = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let id = |last: u8| InstanceId::from_bytes([last; 16]);
        let call = |subject: Subject, method: &Method| {
            let (coalescer, count) = (coalescer.clone(), Arc::clone(&reads_made));
            let is_write = method == Method::PATCH;
            let target = PathAndQuery::from_static("/things/7");
            let mut call = Call::get(subject, target, Priority::Interactive);
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
