//! The attempts at one call: a credential, a turn, a request, and what follows from its response.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{Request, Response, StatusCode};
use tokio::time::{Instant, sleep, timeout_at};

use super::client::Inner;
use super::credential::Credential;
use super::safe::is_safe;
use super::states::SubjectState;
use super::{Priority, Subject, WixBody, WixError, WixRequest};
use crate::body::{CallBody, RequestBody};
use crate::resilience::{
    ConcurrencyPermit, MAX_ATTEMPTS, RetryState, Retryability, is_transient, retry_after,
};
use crate::upstream::UpstreamError;

/// When to come back if too many calls of a subject are in flight.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);

/// How long a 401 is returned as it is after a new token did not help.
const REFUSAL_COOLDOWN: Duration = Duration::from_mins(1);

/// The attempts at one call.
struct Attempts<'state> {
    state: &'state SubjectState,
    retry: RetryState<'state>,
    has_new_token: bool,
    /// Set once a request has been sent.
    sent: Arc<AtomicBool>,
}

impl Inner {
    /// Sends a call, again if it may help. `sent` is set once a request has been sent.
    pub(super) async fn run(
        &self,
        mut call: WixRequest,
        deadline: Instant,
        sent: Arc<AtomicBool>,
    ) -> Result<Response<WixBody>, WixError> {
        let state = self.states.find_or_create(&call.subject);
        let is_idempotent = is_safe(&call.method, call.target.path());
        let retryability = Retryability::new(&call.body, is_idempotent);
        let mut attempts = Attempts {
            state: &state,
            retry: RetryState::new(&self.jitter, deadline, MAX_ATTEMPTS, retryability),
            has_new_token: false,
            sent,
        };
        let permit = state.breaker.acquire();
        let permit = permit.map_err(|retry_after| WixError::CircuitOpen { retry_after })?;
        let outcome = self.send_with_retries(&mut call, &mut attempts).await;
        match &outcome {
            Ok(response) if is_transient(response.status()) => permit.failed(),
            Ok(_) => permit.succeeded(),
            Err(WixError::Unavailable { .. }) if attempts.sent.load(Ordering::Relaxed) => {
                permit.failed();
            }
            // It says nothing of Wix's state.
            Err(_) => drop(permit),
        }
        outcome
    }

    async fn send_with_retries(
        &self,
        call: &mut WixRequest,
        attempts: &mut Attempts<'_>,
    ) -> Result<Response<WixBody>, WixError> {
        loop {
            attempts.retry.begin_attempt();
            let credential = self.credential(&call.subject).await?;
            let permit = self.take_turn(call.priority, attempts).await?;
            attempts.sent.store(true, Ordering::Relaxed);
            let sent = self.send_once(call, &credential, attempts.retry.deadline());
            match sent.await {
                Err(error) => match attempts.retry.wait_after_error(&error) {
                    Some(wait) => sleep(wait).await,
                    None => return Err(error.into()),
                },
                Ok(response) => {
                    let again = self.is_retried(&response, credential, call, attempts);
                    if !again.await {
                        return Ok(response.map(|body| body.holding(permit)));
                    }
                }
            }
        }
    }

    /// Waits for one of the subject's permits, and for a request of its minute.
    async fn take_turn(
        &self,
        priority: Priority,
        attempts: &Attempts<'_>,
    ) -> Result<ConcurrencyPermit, WixError> {
        let turn_by = self.turn_by(priority, attempts.retry.deadline());
        let is_owner = priority == Priority::Interactive;
        let permit = attempts.state.concurrency.acquire(is_owner);
        let Ok(Ok(permit)) = timeout_at(turn_by, permit).await else {
            return Err(WixError::Exhausted {
                retry_after: DEFAULT_RETRY_AFTER,
            });
        };
        let turn = attempts.state.budget.take(priority, turn_by).await;
        turn.map_err(|retry_after| WixError::Exhausted { retry_after })?;
        Ok(permit)
    }

    async fn send_once(
        &self,
        call: &mut WixRequest,
        credential: &Credential,
        deadline: Instant,
    ) -> Result<Response<WixBody>, UpstreamError> {
        let is_ready = matches!(call.body, CallBody::Ready(_));
        let body = call.body.take().unwrap_or_else(RequestBody::empty);
        let mut request = Request::new(body);
        request.method_mut().clone_from(&call.method);
        let headers = request.headers_mut();
        headers.clone_from(&call.headers);
        if is_ready {
            headers.remove(CONTENT_LENGTH);
        }
        credential.apply_to(headers);
        self.wire.send(call.target.clone(), request, deadline).await
    }

    /// Returns whether the call is to be sent again instead of returning the response, and waits for that.
    async fn is_retried(
        &self,
        response: &Response<WixBody>,
        credential: Credential,
        call: &WixRequest,
        attempts: &mut Attempts<'_>,
    ) -> bool {
        let status = response.status();
        if is_transient(status) {
            let wait = attempts.retry.wait_after_response(response, None);
            if let Some(wait) = wait {
                sleep(wait).await;
            }
            return wait.is_some();
        }
        match (status, &call.subject, credential) {
            (StatusCode::UNAUTHORIZED, Subject::App(id), Credential::Token(used)) => {
                let new_tokens = &attempts.state.new_tokens_do_not_help;
                let may_help = !attempts.has_new_token && new_tokens.remaining().is_none();
                if may_help {
                    self.tokens.invalidate(*id, &used);
                } else if attempts.has_new_token {
                    new_tokens.start(REFUSAL_COOLDOWN);
                }
                attempts.has_new_token = true;
                // The attempt failed because of the token, not because of the call.
                attempts.retry.forget_attempt();
                may_help && attempts.retry.may_retry(Retryability::IfUnprocessed)
            }
            (StatusCode::TOO_MANY_REQUESTS, ..) => {
                let wait = retry_after(response.headers(), None);
                let wait = wait.unwrap_or_else(|| attempts.retry.backoff() * 10);
                attempts.state.budget.hold(wait);
                let turn_by = self.turn_by(call.priority, attempts.retry.deadline());
                attempts.retry.may_retry(Retryability::IfUnprocessed)
                    && Instant::now() + wait <= turn_by
            }
            _ => false,
        }
    }

    /// Returns until when a call waits for its turn.
    fn turn_by(&self, priority: Priority, deadline: Instant) -> Instant {
        match priority {
            Priority::Interactive | Priority::Public => {
                deadline.min(Instant::now() + self.queue_time)
            }
            Priority::Background => deadline,
        }
    }
}
