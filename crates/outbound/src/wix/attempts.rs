//! The way of one call: a proof, a turn, an attempt, and what follows from what came back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{Request, StatusCode};
use tokio::time::{Instant, sleep, timeout_at};

use super::client::Inner;
use super::credential::Credential;
use super::places::TakenPlace;
use super::safe::is_safe;
use super::states::State;
use super::{Call, Priority, Subject, WixError, WixReply};
use crate::body::{CallBody, RequestBody};
use crate::repeat::{MAX_ATTEMPTS, is_passing_trouble, retry_after};
use crate::upstream::UpstreamError;

/// When to come back where too many calls of one subject are under way.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);

/// What is remembered from one attempt to the next.
struct Attempts<'state> {
    state: &'state State,
    deadline: Instant,
    number: u32,
    repeat: Repeat,
    has_new_token: bool,
    /// Wix was asked at all.
    sent: Arc<AtomicBool>,
}

/// What of a call may be sent again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Repeat {
    /// Nothing: its body is gone once it is sent.
    Nothing,
    /// What Wix has surely not done.
    Undone,
    /// All: doing it twice is the same as doing it once.
    All,
}

impl Repeat {
    fn of(call: &Call) -> Self {
        match &call.body {
            CallBody::Ready(_) if is_safe(&call.method, call.target.path()) => Self::All,
            CallBody::Ready(_) => Self::Undone,
            CallBody::Streaming(_) | CallBody::Spent => Self::Nothing,
        }
    }
}

impl Attempts<'_> {
    fn was_sent(&self) -> bool {
        self.sent.load(Ordering::Relaxed)
    }

    const fn are_over(&self) -> bool {
        self.number >= MAX_ATTEMPTS
    }
}

impl Inner {
    /// Makes a call, as often as it takes and is allowed; `sent` tells when Wix has been asked.
    pub(super) async fn run(
        &self,
        mut call: Call,
        deadline: Instant,
        sent: Arc<AtomicBool>,
    ) -> Result<WixReply, WixError> {
        let state = self.states.of(&call.subject);
        let mut attempts = Attempts {
            state: &state,
            deadline,
            number: 0,
            repeat: Repeat::of(&call),
            has_new_token: false,
            sent,
        };
        let enter = state.breaker.enter();
        let leave = enter.map_err(|retry_after| WixError::Resting { retry_after })?;
        let outcome = self.until_it_counts(&mut call, &mut attempts).await;
        match &outcome {
            Ok(reply) if is_passing_trouble(reply.status()) => leave.failed(),
            Ok(_) => leave.succeeded(),
            Err(WixError::Unavailable { .. }) if attempts.was_sent() => leave.failed(),
            // Nothing that speaks of Wix's state.
            Err(_) => drop(leave),
        }
        outcome
    }

    /// Attempts, until one brings what is to be handed back.
    async fn until_it_counts(
        &self,
        call: &mut Call,
        attempts: &mut Attempts<'_>,
    ) -> Result<WixReply, WixError> {
        loop {
            attempts.number += 1;
            let credential = self.credential(&call.subject).await?;
            let place = self.take_turn(call.priority, attempts).await?;
            attempts.sent.store(true, Ordering::Relaxed);
            match self.attempt(call, &credential, attempts.deadline).await {
                Err(error) => self.after_failure(error, attempts).await?,
                Ok(reply) => {
                    let next = self.after_reply(reply, credential, call, attempts);
                    if let Some(reply) = next.await {
                        return Ok(reply.map(|body| body.holding(place)));
                    }
                }
            }
        }
    }

    /// A place among the instance's calls, and a call out of its minute.
    async fn take_turn(
        &self,
        priority: Priority,
        attempts: &Attempts<'_>,
    ) -> Result<TakenPlace, WixError> {
        let turn_by = self.turn_by(priority, attempts.deadline);
        let place = attempts.state.places.take(priority);
        let Ok(Ok(place)) = timeout_at(turn_by, place).await else {
            return Err(WixError::Exhausted {
                retry_after: DEFAULT_RETRY_AFTER,
            });
        };
        let turn = attempts.state.budget.take(priority, turn_by).await;
        turn.map_err(|retry_after| WixError::Exhausted { retry_after })?;
        Ok(place)
    }

    async fn attempt(
        &self,
        call: &mut Call,
        credential: &Credential,
        deadline: Instant,
    ) -> Result<WixReply, UpstreamError> {
        let is_ready = matches!(call.body, CallBody::Ready(_));
        let body = call.body.take().unwrap_or_else(RequestBody::empty);
        let mut request = Request::new(body);
        request.method_mut().clone_from(&call.method);
        let headers = request.headers_mut();
        headers.clone_from(&call.headers);
        if is_ready {
            headers.remove(CONTENT_LENGTH);
        }
        credential.put_on(headers);
        self.wire.send(call.target.clone(), request, deadline).await
    }

    /// No reply: `Ok` when another attempt is to be made.
    async fn after_failure(
        &self,
        error: UpstreamError,
        attempts: &Attempts<'_>,
    ) -> Result<(), WixError> {
        if error.is_for_good() {
            return Err(error.into());
        }
        let was_not_sent = matches!(error, UpstreamError::Unreachable(_));
        let needed = if was_not_sent {
            Repeat::Undone
        } else {
            Repeat::All
        };
        let may_try_again = attempts.repeat >= needed;
        if may_try_again && self.pause(None, attempts).await {
            Ok(())
        } else {
            Err(error.into())
        }
    }

    /// A reply: `None` when another attempt is to be made instead of handing it back.
    async fn after_reply(
        &self,
        reply: WixReply,
        credential: Credential,
        call: &Call,
        attempts: &mut Attempts<'_>,
    ) -> Option<WixReply> {
        let status = reply.status();
        let wanted = retry_after(reply.headers(), None);
        if is_passing_trouble(status) {
            let again = attempts.repeat == Repeat::All && self.pause(wanted, attempts).await;
            return (!again).then_some(reply);
        }
        let again = match (status, &call.subject, credential) {
            (StatusCode::UNAUTHORIZED, Subject::App(id), Credential::Token(used)) => {
                let may_help = !attempts.has_new_token && attempts.state.new_token_may_help();
                if may_help {
                    self.tokens.forget(*id, &used);
                } else if attempts.has_new_token {
                    attempts.state.new_token_did_not_help();
                }
                attempts.has_new_token = true;
                // That attempt was the token's fault, not the call's.
                attempts.number = attempts.number.saturating_sub(1);
                may_help && attempts.repeat >= Repeat::Undone
            }
            (StatusCode::TOO_MANY_REQUESTS, ..) => {
                let growing = || self.jitter.wait_after(attempts.number) * 10;
                let wait = wanted.unwrap_or_else(growing);
                attempts.state.budget.hold(wait);
                let turn_by = self.turn_by(call.priority, attempts.deadline);
                attempts.repeat >= Repeat::Undone
                    && !attempts.are_over()
                    && Instant::now() + wait <= turn_by
            }
            _ => false,
        };
        (!again).then_some(reply)
    }

    /// Until when a call waits for its turn.
    fn turn_by(&self, priority: Priority, deadline: Instant) -> Instant {
        match priority {
            Priority::Interactive | Priority::Public => {
                deadline.min(Instant::now() + self.queue_time)
            }
            Priority::Background => deadline,
        }
    }

    /// Waits before the next attempt; false when there is none, or no time for it.
    async fn pause(&self, wanted: Option<Duration>, attempts: &Attempts<'_>) -> bool {
        let wait = wanted.unwrap_or_else(|| self.jitter.wait_after(attempts.number));
        if attempts.are_over() || Instant::now() + wait >= attempts.deadline {
            return false;
        }
        sleep(wait).await;
        true
    }
}
