//! The way to one third party.

use std::sync::Arc;
use std::time::Duration;

use backlot_wix::InstanceId;
use http::header::{CONTENT_LENGTH, HeaderName};
use http::{HeaderValue, Response};
use jiff::Timestamp;
use tokio::time::Instant;

use super::attempts::{Attempts, Repeat};
use super::states::States;
use super::{Call, CallError, Credential, RedirectPolicy};
use crate::body::CallBody;
use crate::repeat::{Jitter, is_passing_trouble};
use crate::upstream::Client;
use crate::upstream::ResponseStream;

/// How one third party is called.
#[derive(Debug, Clone)]
pub struct ThirdPartySettings {
    /// How long it may take until its reply begins, repeating included.
    pub timeout: Duration,
    /// How long it may be silent in the middle of its reply.
    pub silence: Duration,
    /// How often a call is sent again, if it may be.
    pub retries: u32,
    /// The header by which it knows a write that is sent again.
    pub idempotency_header: Option<HeaderName>,
    /// How many redirects are followed.
    pub redirects: u32,
    /// For waiting times.
    pub seed: u64,
}

/// One third party. Cloning shares it.
#[derive(Clone)]
pub struct ThirdParty(Arc<Inner>);

pub(super) struct Inner {
    pub(super) client: Client,
    /// For redirects to another origin.
    pub(super) elsewhere: Client,
    pub(super) settings: ThirdPartySettings,
    pub(super) jitter: Jitter,
    /// Of each instance: what one does to the third party does not stop the others.
    states: States,
}

impl ThirdParty {
    /// Nothing is connected yet. The clients' guards are what keeps it from one's own networks: `elsewhere` is for
    /// redirects to other origins than the API's.
    pub fn new(client: Client, elsewhere: Client, settings: ThirdPartySettings) -> Self {
        Self(Arc::new(Inner {
            client,
            elsewhere,
            jitter: Jitter::new(settings.seed),
            states: States::default(),
            settings,
        }))
    }

    /// What makes its connections, for its provider's endpoints, too: held by the same guard.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// Makes a call of an instance's; its body is spent if it streams. What comes back is a reply, whatever its
    /// status. `policy` says which redirects are followed, as far as the settings allow any.
    pub async fn send(
        &self,
        call: &mut Call,
        credential: &Credential,
        instance_id: InstanceId,
        now: Timestamp,
        policy: &dyn RedirectPolicy,
    ) -> Result<Response<ResponseStream>, CallError> {
        let inner = &*self.0;
        let state = inner.states.of(instance_id);
        let place = state.take_place(call.is_public);
        let _place = place.ok_or(CallError::Crowded)?;
        let resting = |retry_after| CallError::Resting { retry_after };
        let base = Arc::clone(&call.base);
        let leave_of_all = base.health.enter().map_err(resting)?;
        let leave = state.breaker.enter().map_err(resting)?;
        if matches!(call.body, CallBody::Ready(_)) {
            // Said by the client, of the very bytes.
            call.headers.remove(CONTENT_LENGTH);
        }
        let streams = matches!(call.body, CallBody::Streaming(_));
        let has_key = inner.name_write(call)?;
        let attempts = Attempts {
            timeout: inner.settings.timeout,
            deadline: Instant::now() + inner.settings.timeout,
            most: inner.settings.retries + 1,
            number: 0,
            repeat: Repeat::of(call, has_key),
            now,
            policy,
            may_follow: inner.settings.may_follow(call),
        };
        let outcome = inner.until_it_counts(call, credential, attempts).await;
        match &outcome {
            Ok(reply) if is_passing_trouble(reply.status()) => {
                leave.failed();
                base.health.failed(leave_of_all, instance_id, false);
            }
            Ok(_) => {
                leave.succeeded();
                base.health.succeeded(leave_of_all);
            }
            // While a body streams, a silent client looks like a silent third party.
            Err(error) if error.is_its_fault() && !streams => {
                leave.failed();
                let is_certain = error.is_unreachable();
                base.health.failed(leave_of_all, instance_id, is_certain);
            }
            Err(_) => {}
        }
        outcome
    }
}

impl Inner {
    /// Gives a write the name by which it is known again, unless the caller has given one. True if it may
    /// be sent twice for that.
    fn name_write(&self, call: &mut Call) -> Result<bool, CallError> {
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
