//! Attempts at one call: what may be sent again, and when.

use std::time::Duration;

use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::credential::Unsigned;
use super::redirect::{self, Hop, Redirects};
use super::third_party::Inner;
use super::{Call, CallError, Credential};
use crate::body::{CallBody, ReplyStream, RequestBody};
use crate::repeat::{is_passing_trouble, retry_after};
use crate::upstream::{Patience, UpstreamError, forward};

/// What is remembered from one attempt to the next.
pub(super) struct Attempts {
    /// How long all of them may take together.
    pub(super) timeout: Duration,
    pub(super) deadline: Instant,
    pub(super) most: u32,
    pub(super) number: u32,
    pub(super) repeat: Repeat,
    pub(super) now: Timestamp,
}

impl Attempts {
    fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// What of a call may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Repeat {
    /// Nothing: its body is gone once it is sent.
    Nothing,
    /// What was not sent at all.
    Undone,
    /// All: doing it twice is the same as doing it once.
    All,
}

impl Repeat {
    pub(super) fn of(call: &Call, has_key: bool) -> Self {
        match &call.body {
            CallBody::Ready(_) if has_key || call.method.is_safe() => Self::All,
            CallBody::Ready(_) => Self::Undone,
            CallBody::Streaming(_) | CallBody::Spent => Self::Nothing,
        }
    }
}

impl Inner {
    /// Attempts, until one brings what is to be handed back.
    pub(super) async fn until_it_counts(
        &self,
        call: &mut Call,
        credential: &Credential,
        mut attempts: Attempts,
    ) -> Result<Response<ReplyStream>, CallError> {
        loop {
            attempts.number += 1;
            match self.attempt(call, credential, &attempts).await {
                Ok(reply) => {
                    let Some(wait) = self.wait_after_reply(&reply, &attempts) else {
                        return Ok(reply);
                    };
                    drop(reply);
                    sleep(wait).await;
                }
                Err(error) => {
                    let wait = self.wait_after_failure(&error, &attempts);
                    sleep(wait.ok_or(error)?).await;
                }
            }
        }
    }

    /// One attempt, with the redirects that are followed.
    async fn attempt(
        &self,
        call: &mut Call,
        credential: &Credential,
        attempts: &Attempts,
    ) -> Result<Response<ReplyStream>, CallError> {
        let mut redirects = Redirects::new(&self.settings, call);
        // The first begins now: the clock was asked a moment ago.
        let is_first = attempts.number == 1;
        let mut head = if is_first {
            attempts.timeout
        } else {
            attempts.time_left()
        };
        let mut body = call.body.take().unwrap_or_else(RequestBody::empty);
        loop {
            let Hop {
                address,
                target,
                method,
                is_home,
            } = redirects.hop();
            let mut request = Request::new(body);
            method.clone_into(request.method_mut());
            let headers = request.headers_mut();
            if is_home {
                headers.clone_from(&call.headers);
            } else {
                redirect::harmless(&call.headers, headers);
            }
            let mut target = target.clone();
            if is_home {
                let seen_as = address.path(target.clone()).ok_or(CallError::BadPath)?;
                let unsigned = Unsigned {
                    method: &call.method,
                    target: &target,
                    seen_as: &seen_as,
                    host: address.host().to_str().unwrap_or_default(),
                    body: call.body.ready(),
                    now: attempts.now,
                };
                target = credential.put_on(&unsigned, headers)?;
            }
            let patience = Patience {
                head,
                silence: self.settings.silence,
            };
            if patience.head.is_zero() {
                return Err(UpstreamError::TooSlow.into());
            }
            let sent = forward(&self.client, address, patience, target, None, request).await?;
            if !redirects.follow(&sent.response)? {
                return Ok(sent.response);
            }
            body = RequestBody::empty();
            head = attempts.time_left();
        }
    }

    /// How long to wait before the next attempt; `None` when the reply is to be handed back.
    fn wait_after_reply(
        &self,
        reply: &Response<ReplyStream>,
        attempts: &Attempts,
    ) -> Option<Duration> {
        let status = reply.status();
        let may_help = status == StatusCode::TOO_MANY_REQUESTS || is_passing_trouble(status);
        if !may_help || attempts.repeat < Repeat::All {
            return None;
        }
        let wanted = retry_after(reply.headers(), Some(attempts.now.into()));
        self.wait(wanted, attempts)
    }

    fn wait_after_failure(&self, error: &CallError, attempts: &Attempts) -> Option<Duration> {
        let CallError::NoReply(error) = error else {
            return None;
        };
        let needed = match error {
            UpstreamError::Unreachable(_) => Repeat::Undone,
            UpstreamError::Broken(_) => Repeat::All,
            // It has had all the time there is, or asking again changes nothing.
            _ => return None,
        };
        (attempts.repeat >= needed)
            .then(|| self.wait(None, attempts))
            .flatten()
    }

    fn wait(&self, wanted: Option<Duration>, attempts: &Attempts) -> Option<Duration> {
        let wait = wanted.unwrap_or_else(|| self.jitter.wait_after(attempts.number));
        let fits = attempts.number < attempts.most && Instant::now() + wait < attempts.deadline;
        fits.then_some(wait)
    }
}
