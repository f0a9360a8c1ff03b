//! The way of one call: a proof, a turn, an attempt, and what follows from what came back.

use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{Request, StatusCode};
use tokio::time::{Instant, sleep};

use super::breaker::Leave;
use super::client::Inner;
use super::credential::Credential;
use super::retry::{self, MOST_ATTEMPTS};
use super::states::State;
use super::{Call, CallBody, Priority, Subject, WixError, WixReply};
use crate::body::RequestBody;
use crate::upstream::UpstreamError;

/// What is remembered from one attempt to the next.
struct Attempts<'state> {
    state: &'state State,
    deadline: Instant,
    number: u32,
    /// The body can be sent again.
    may_repeat: bool,
    /// And doing it twice is the same as doing it once.
    is_safe: bool,
    has_new_token: bool,
}

impl Attempts<'_> {
    const fn are_over(&self) -> bool {
        self.number >= MOST_ATTEMPTS
    }
}

impl Inner {
    /// Makes a call, as often as it takes and is allowed.
    pub(super) async fn run(
        &self,
        mut call: Call,
        deadline: Instant,
    ) -> Result<WixReply, WixError> {
        let state = self.states.of(&call.subject);
        let may_repeat = matches!(call.body, CallBody::Ready(_));
        let mut attempts = Attempts {
            state: &state,
            deadline,
            number: 0,
            may_repeat,
            is_safe: may_repeat && retry::is_safe(&call.method, call.target.path()),
            has_new_token: false,
        };
        loop {
            attempts.number += 1;
            let enter = state.breaker.enter();
            let leave = enter.map_err(|retry_after| WixError::Resting { retry_after })?;
            let (credential, leave) = self.prove(&call.subject, leave).await?;
            let turn_by = self.turn_by(call.priority, deadline);
            let turn = state.budget.take(call.priority, turn_by).await;
            turn.map_err(|retry_after| WixError::Exhausted { retry_after })?;
            match self.attempt(&mut call, &credential, deadline).await {
                Err(error) => self.after_failure(error, leave, &attempts).await?,
                Ok(reply) => {
                    let next = self.after_reply(reply, leave, credential, &call, &mut attempts);
                    if let Some(reply) = next.await {
                        return Ok(reply);
                    }
                }
            }
        }
    }

    /// The proof. That none could be had for now counts as a failure of the instance's calls.
    async fn prove(
        &self,
        subject: &Subject,
        leave: Leave,
    ) -> Result<(Credential, Leave), WixError> {
        match self.credential(subject).await {
            Ok(credential) => Ok((credential, leave)),
            Err(error) => {
                if matches!(error, WixError::Unavailable { .. }) {
                    leave.failed();
                }
                Err(error)
            }
        }
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
        leave: Leave,
        attempts: &Attempts<'_>,
    ) -> Result<(), WixError> {
        if matches!(error, UpstreamError::Body(_) | UpstreamError::BadPath) {
            return Err(error.into());
        }
        leave.failed();
        let was_not_sent = matches!(error, UpstreamError::Unreachable(_));
        let may_try_again = attempts.is_safe || (attempts.may_repeat && was_not_sent);
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
        leave: Leave,
        credential: Credential,
        call: &Call,
        attempts: &mut Attempts<'_>,
    ) -> Option<WixReply> {
        let status = reply.status();
        let wanted = retry::retry_after(reply.headers());
        if retry::is_passing_trouble(status) {
            leave.failed();
            let again = attempts.is_safe && self.pause(wanted, attempts).await;
            return (!again).then_some(reply);
        }
        leave.succeeded();
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
                may_help && attempts.may_repeat
            }
            (StatusCode::TOO_MANY_REQUESTS, ..) => {
                let growing = || self.jitter.wait_after(attempts.number) * 10;
                let wait = wanted.unwrap_or_else(growing);
                attempts.state.budget.hold(wait);
                let turn_by = self.turn_by(call.priority, attempts.deadline);
                attempts.may_repeat && !attempts.are_over() && Instant::now() + wait <= turn_by
            }
            _ => false,
        };
        (!again).then_some(reply)
    }

    /// Until when a call waits for its turn.
    fn turn_by(&self, priority: Priority, deadline: Instant) -> Instant {
        match priority {
            Priority::Interactive => deadline.min(Instant::now() + self.queue_time),
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
