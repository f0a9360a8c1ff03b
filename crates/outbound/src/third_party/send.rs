//! The attempts at one request, with the redirects that are followed.

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use tokio::time::sleep;

use super::auth::UnsignedRequest;
use super::client::Inner;
use super::redirect::{self, Hop, Redirects};
use super::{CallError, Credential, RedirectPolicy, ThirdPartyRequest};
use crate::body::RequestBody;
use crate::resilience::{RetryState, is_transient};
use crate::upstream::{ResponseStream, UpstreamError, UpstreamTimeouts};

/// The attempts at one request.
pub(super) struct Attempts<'call> {
    pub(super) retry: RetryState<'call>,
    pub(super) credential: &'call Credential,
    pub(super) now: Timestamp,
    pub(super) policy: &'call dyn RedirectPolicy,
    pub(super) may_follow: bool,
}

impl Attempts<'_> {
    /// Returns the request at a hop, and its path and query: with the credential if it may be sent there.
    fn request(
        &self,
        hop: &Hop<'_>,
        call: &ThirdPartyRequest,
        body: RequestBody,
    ) -> Result<(PathAndQuery, Request<RequestBody>), CallError> {
        let mut request = Request::new(body);
        hop.method.clone_into(request.method_mut());
        let headers = request.headers_mut();
        if !hop.has_credential {
            redirect::copy_harmless(&call.headers, headers, self.policy.secrets());
            return Ok((hop.target.clone(), request));
        }
        headers.clone_from(&call.headers);
        let full_target = hop.address.path(hop.target.clone());
        let unsigned = UnsignedRequest {
            method: hop.method,
            target: hop.target,
            full_target: &full_target.ok_or(CallError::BadPath)?,
            host: hop.address.host().to_str().unwrap_or_default(),
            body: call.body.ready(),
            now: self.now,
        };
        let target = self.credential.apply(&unsigned, headers)?;
        Ok((target, request))
    }
}

impl Inner {
    pub(super) async fn send_with_retries(
        &self,
        call: &mut ThirdPartyRequest,
        attempts: &mut Attempts<'_>,
    ) -> Result<Response<ResponseStream>, CallError> {
        loop {
            attempts.retry.begin_attempt();
            let wait = match self.send_once(call, attempts).await {
                Ok(response) => {
                    let status = response.status();
                    let now = Some(attempts.now.into());
                    let may_help = status == StatusCode::TOO_MANY_REQUESTS || is_transient(status);
                    let wait = || attempts.retry.wait_after_response(&response, now);
                    match may_help.then(wait).flatten() {
                        Some(wait) => wait,
                        None => return Ok(response),
                    }
                }
                Err(CallError::NoResponse(error)) => {
                    let wait = attempts.retry.wait_after_error(&error);
                    wait.ok_or(CallError::NoResponse(error))?
                }
                Err(error) => return Err(error),
            };
            sleep(wait).await;
        }
    }

    async fn send_once(
        &self,
        call: &mut ThirdPartyRequest,
        attempts: &Attempts<'_>,
    ) -> Result<Response<ResponseStream>, CallError> {
        let body = call.body.take().unwrap_or_else(RequestBody::empty);
        let home = Hop::home(call);
        let (target, request) = attempts.request(&home, call, body)?;
        let timeouts = self.timeouts(attempts)?;
        let sent = self.client.send(home.address, timeouts, target, request);
        let response = sent.await?.response;
        if !attempts.may_follow || !redirect::is_redirect(response.status()) {
            return Ok(response);
        }
        // On the heap: most responses are no redirects.
        Box::pin(self.follow(response, call, attempts)).await
    }

    async fn follow(
        &self,
        mut response: Response<ResponseStream>,
        call: &ThirdPartyRequest,
        attempts: &Attempts<'_>,
    ) -> Result<Response<ResponseStream>, CallError> {
        let mut redirects = Redirects::new(&self.settings, attempts.policy, call);
        while redirects.follow(&response).await? {
            drop(response);
            let hop = redirects.hop();
            let (target, mut request) = attempts.request(&hop, call, RequestBody::empty())?;
            for name in [CONTENT_LENGTH, CONTENT_TYPE, CONTENT_ENCODING] {
                request.headers_mut().remove(name);
            }
            let timeouts = self.timeouts(attempts)?;
            let client = if hop.is_home {
                &self.client
            } else {
                &self.elsewhere
            };
            let sent = client.send(hop.address, timeouts, target, request);
            let sent = sent.await.map_err(|error| match CallError::from(error) {
                CallError::NoResponse(error) if !hop.is_home => {
                    CallError::NoResponseElsewhere(error)
                }
                other => other,
            });
            response = sent?.response;
            response.extensions_mut().insert(redirects.followed());
        }
        Ok(response)
    }

    fn timeouts(&self, attempts: &Attempts<'_>) -> Result<UpstreamTimeouts, CallError> {
        let time_left = attempts.retry.time_left();
        if time_left.is_zero() {
            return Err(UpstreamError::TooSlow.into());
        }
        Ok(UpstreamTimeouts {
            head: time_left,
            idle: self.settings.idle_timeout,
        })
    }
}
