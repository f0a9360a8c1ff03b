//! Attempts at one call: what may be sent again, and when.

use std::time::Duration;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::credential::Unsigned;
use super::redirect::{self, Hop, Redirects};
use super::third_party::Inner;
use super::{Call, CallError, Credential, RedirectPolicy};
use crate::body::{CallBody, RequestBody};
use crate::repeat::{is_passing_trouble, retry_after};
use crate::upstream::ResponseStream;
use crate::upstream::{HopByHop, Patience, UpstreamError, forward};

/// What is remembered from one attempt to the next.
pub(super) struct Attempts<'call> {
    /// How long all of them may take together.
    pub(super) timeout: Duration,
    pub(super) deadline: Instant,
    pub(super) most: u32,
    pub(super) number: u32,
    pub(super) repeat: Repeat,
    pub(super) now: Timestamp,
    pub(super) policy: &'call dyn RedirectPolicy,
    pub(super) may_follow: bool,
}

impl Attempts<'_> {
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

/// What is sent at a hop, and the path and query that it is sent to: with the credential where it is for.
fn made(
    hop: &Hop<'_>,
    call: &Call,
    credential: &Credential,
    attempts: &Attempts<'_>,
    body: RequestBody,
) -> Result<(PathAndQuery, Request<RequestBody>), CallError> {
    let mut request = Request::new(body);
    hop.method.clone_into(request.method_mut());
    let headers = request.headers_mut();
    if !hop.has_credential {
        redirect::harmless(&call.headers, headers, attempts.policy.secrets());
        return Ok((hop.target.clone(), request));
    }
    headers.clone_from(&call.headers);
    let seen_as = hop.address.path(hop.target.clone());
    let unsigned = Unsigned {
        method: hop.method,
        target: hop.target,
        seen_as: &seen_as.ok_or(CallError::BadPath)?,
        host: hop.address.host().to_str().unwrap_or_default(),
        body: call.body.ready(),
        now: attempts.now,
    };
    let target = credential.put_on(&unsigned, headers)?;
    Ok((target, request))
}

impl Inner {
    /// Attempts, until one brings what is to be handed back.
    pub(super) async fn until_it_counts(
        &self,
        call: &mut Call,
        credential: &Credential,
        mut attempts: Attempts<'_>,
    ) -> Result<Response<ResponseStream>, CallError> {
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
        attempts: &Attempts<'_>,
    ) -> Result<Response<ResponseStream>, CallError> {
        let body = call.body.take().unwrap_or_else(RequestBody::empty);
        let home = Hop::home(call);
        let (target, request) = made(&home, call, credential, attempts, body)?;
        // The first begins now: the clock was asked a moment ago.
        let time_left = if attempts.number == 1 {
            attempts.timeout
        } else {
            attempts.time_left()
        };
        let patience = self.patience(time_left)?;
        let base = home.address;
        let sent = forward(
            &self.client,
            base,
            patience,
            target,
            HopByHop::default(),
            request,
        )
        .await?;
        if !attempts.may_follow || !redirect::is_redirect(sent.response.status()) {
            return Ok(sent.response);
        }
        // On the heap: most replies are none of these.
        Box::pin(self.follow(sent.response, call, credential, attempts)).await
    }

    /// Goes where replies send a call, as often as it may.
    async fn follow(
        &self,
        mut reply: Response<ResponseStream>,
        call: &Call,
        credential: &Credential,
        attempts: &Attempts<'_>,
    ) -> Result<Response<ResponseStream>, CallError> {
        let mut redirects = Redirects::new(&self.settings, attempts.policy, call);
        while redirects.follow(&reply).await? {
            drop(reply);
            let hop = redirects.hop();
            let nothing = RequestBody::empty();
            let (target, mut request) = made(&hop, call, credential, attempts, nothing)?;
            for of_a_body in [CONTENT_LENGTH, CONTENT_TYPE, CONTENT_ENCODING] {
                request.headers_mut().remove(of_a_body);
            }
            let patience = self.patience(attempts.time_left())?;
            let is_home = hop.is_home;
            let client = if is_home {
                &self.client
            } else {
                &self.elsewhere
            };
            let sent = forward(
                client,
                hop.address,
                patience,
                target,
                HopByHop::default(),
                request,
            );
            let sent = sent.await.map_err(CallError::from);
            let sent = sent.map_err(|error| if is_home { error } else { error.elsewhere() });
            reply = sent?.response;
            reply.extensions_mut().insert(redirects.followed());
        }
        Ok(reply)
    }

    fn patience(&self, time_left: Duration) -> Result<Patience, CallError> {
        if time_left.is_zero() {
            return Err(UpstreamError::TooSlow.into());
        }
        Ok(Patience {
            head: time_left,
            silence: self.settings.silence,
        })
    }

    /// How long to wait before the next attempt; `None` when the reply is to be handed back.
    fn wait_after_reply(
        &self,
        reply: &Response<ResponseStream>,
        attempts: &Attempts<'_>,
    ) -> Option<Duration> {
        let status = reply.status();
        let may_help = status == StatusCode::TOO_MANY_REQUESTS || is_passing_trouble(status);
        if !may_help || attempts.repeat < Repeat::All {
            return None;
        }
        let wanted = retry_after(reply.headers(), Some(attempts.now.into()));
        self.wait(wanted, attempts)
    }

    fn wait_after_failure(&self, error: &CallError, attempts: &Attempts<'_>) -> Option<Duration> {
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

    fn wait(&self, wanted: Option<Duration>, attempts: &Attempts<'_>) -> Option<Duration> {
        let wait = wanted.unwrap_or_else(|| self.jitter.wait_after(attempts.number));
        let fits = attempts.number < attempts.most && Instant::now() + wait < attempts.deadline;
        fits.then_some(wait)
    }
}
