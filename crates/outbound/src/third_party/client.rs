//! The client of one third party.

use std::sync::Arc;
use std::time::Duration;

use backlot_wix::InstanceId;
use http::header::{CONTENT_LENGTH, HeaderName};
use http::{HeaderValue, Response};
use jiff::Timestamp;
use tokio::time::Instant;

use super::send::Attempts;
use super::states::InstanceStates;
use super::{CallError, Credential, RedirectPolicy, ThirdPartyRequest};
use crate::body::CallBody;
use crate::resilience::{Jitter, RetryState, Retryability, is_transient};
use crate::upstream::{Client, ResponseStream};

/// How one third party is called.
#[derive(Debug, Clone)]
pub struct ThirdPartySettings {
    /// The time until the head of the response, retries included.
    pub timeout: Duration,
    /// The longest time between two pieces of the response.
    pub idle_timeout: Duration,
    /// The most retries.
    pub retries: u32,
    /// The header of idempotency keys.
    pub idempotency_header: Option<HeaderName>,
    /// The most redirects that are followed.
    pub redirects: u32,
    /// The seed of random waiting times.
    pub seed: u64,
}

/// The client of one third party. Clones share it.
#[derive(Clone)]
pub struct ThirdPartyClient(Arc<Inner>);

pub(super) struct Inner {
    pub(super) client: Client,
    /// For redirects to another origin.
    pub(super) elsewhere: Client,
    pub(super) settings: ThirdPartySettings,
    pub(super) jitter: Jitter,
    /// One state for each instance, so that its failures stop no other.
    states: InstanceStates,
}

impl ThirdPartyClient {
    /// Creates the client without connecting. The guards of both clients keep it out of private networks. `elsewhere` is
    /// for redirects to other origins than the API's.
    pub fn new(client: Client, elsewhere: Client, settings: ThirdPartySettings) -> Self {
        Self(Arc::new(Inner {
            client,
            elsewhere,
            jitter: Jitter::new(settings.seed),
            states: InstanceStates::default(),
            settings,
        }))
    }

    /// Returns the client of its connections, for its provider's endpoints too.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// Sends a request of an instance and returns the response, whatever its status. A streamed body is spent. `policy`
    /// says which redirects are followed, as far as the settings allow any.
    pub async fn send(
        &self,
        call: &mut ThirdPartyRequest,
        credential: &Credential,
        instance_id: InstanceId,
        now: Timestamp,
        policy: &dyn RedirectPolicy,
    ) -> Result<Response<ResponseStream>, CallError> {
        let inner = &*self.0;
        let state = inner.states.find_or_create(instance_id);
        let permit = state.concurrency.try_acquire(!call.is_public);
        let _permit = permit.ok_or(CallError::TooManyCalls)?;
        let is_open = |retry_after| CallError::CircuitOpen { retry_after };
        let base = Arc::clone(&call.base);
        let permit_of_all = base.health.acquire().map_err(is_open)?;
        let permit = state.breaker.acquire().map_err(is_open)?;
        if matches!(call.body, CallBody::Ready(_)) {
            // Set from the bytes when they are sent.
            call.headers.remove(CONTENT_LENGTH);
        }
        let is_streamed = matches!(call.body, CallBody::Streaming(_));
        let settings = &inner.settings;
        let is_idempotent = inner.set_idempotency_key(call)? || call.method.is_safe();
        let mut attempts = Attempts {
            retry: RetryState::new(
                &inner.jitter,
                Instant::now() + settings.timeout,
                settings.retries + 1,
                Retryability::new(&call.body, is_idempotent),
            ),
            credential,
            now,
            policy,
            may_follow: settings.may_follow(call),
        };
        let outcome = inner.send_with_retries(call, &mut attempts).await;
        match &outcome {
            Ok(response) if is_transient(response.status()) => {
                permit.failed();
                base.health.failed(permit_of_all, instance_id, false);
            }
            Ok(_) => {
                permit.succeeded();
                base.health.succeeded(permit_of_all);
            }
            // While a body is streamed, a slow client looks like a slow third party.
            Err(error) if error.is_server_failure() && !is_streamed => {
                permit.failed();
                let is_certain = error.is_unreachable();
                base.health.failed(permit_of_all, instance_id, is_certain);
            }
            Err(_) => {}
        }
        outcome
    }
}

impl Inner {
    /// Sets the idempotency key of a write, unless the caller has set one. Returns whether the request has one.
    fn set_idempotency_key(&self, call: &mut ThirdPartyRequest) -> Result<bool, CallError> {
        let Some(header) = &self.settings.idempotency_header else {
            return Ok(false);
        };
        if call.method.is_safe() {
            return Ok(false);
        }
        let given = call.headers.get(header);
        if given.is_none_or(HeaderValue::is_empty) {
            let mut random = [0; 16];
            let filled = aws_lc_rs::rand::fill(&mut random);
            filled.map_err(|_| CallError::BadPath)?;
            let id = uuid::Builder::from_random_bytes(random).into_uuid();
            let value = HeaderValue::from_str(&id.to_string());
            let value = value.map_err(|_| CallError::BadPath)?;
            call.headers.insert(header.clone(), value);
        }
        Ok(true)
    }
}
