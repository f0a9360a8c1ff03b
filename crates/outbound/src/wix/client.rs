//! The client: what all calls share. One call is in `send`.

use std::sync::Arc;
use std::time::Duration;

use backlot_wix::ApiKey;
use http::Response;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::coalesce::Coalescer;
use super::metadata_request::metadata_request;
use super::states::SubjectStates;
use super::tokens::{AppTokens, TokenFetcher};
use super::wire::Wire;
use super::{TokenInfoResponse, WixBody, WixError, WixRequest, WixSettings};
use crate::resilience::{Cooldown, Jitter};
use crate::upstream::{Client, ClientSettings};

/// The most requests about tokens in flight.
const MAX_TOKEN_REQUESTS: usize = 64;
/// The longest time without requests about tokens, whatever Wix wants.
const MAX_COOLDOWN: Duration = Duration::from_mins(1);
/// Wix's edge keeps idle connections longer.
const IDLE_TIMEOUT: Duration = Duration::from_secs(25);

/// Calls Wix. Cloning shares it.
#[derive(Clone)]
pub struct WixClient(Arc<Inner>);

pub(super) struct Inner {
    pub(super) wire: Arc<Wire>,
    pub(super) jitter: Arc<Jitter>,
    pub(super) tokens: AppTokens,
    pub(super) states: SubjectStates,
    coalescer: Coalescer,
    token_requests: Semaphore,
    /// Runs while Wix does not want requests about tokens.
    token_cooldown: Cooldown,
    pub(super) api_key: Option<ApiKey>,
    pub(super) queue_time: Duration,
    timeout: Duration,
    token_timeout: Duration,
}

impl WixClient {
    /// Creates the client without connecting.
    pub fn new(settings: WixSettings) -> std::io::Result<Self> {
        let client = Client::new(ClientSettings {
            connect_timeout: settings.connect_timeout,
            idle_timeout: IDLE_TIMEOUT,
            most_idle: 256,
            tls: false,
            // Instances must not hold each other up.
            http2_over_tls: false,
            guard: None,
            extra_roots: Vec::new(),
        })?;
        let wire = Arc::new(Wire {
            client,
            base: settings.base,
            idle_timeout: settings.idle_timeout,
        });
        let jitter = Arc::new(Jitter::new(settings.seed));
        let tokens = AppTokens::new(TokenFetcher {
            wire: Arc::clone(&wire),
            jitter: Arc::clone(&jitter),
            app_id: settings.app_id,
            secrets: settings.secrets,
            timeout: settings.token_timeout,
            events: settings.events,
        });
        Ok(Self(Arc::new(Inner {
            wire,
            jitter,
            tokens,
            states: SubjectStates::new(settings.requests_per_minute),
            coalescer: Coalescer::default(),
            token_requests: Semaphore::new(MAX_TOKEN_REQUESTS),
            token_cooldown: Cooldown::default(),
            api_key: settings.api_key,
            queue_time: settings.queue_time,
            timeout: settings.timeout,
            token_timeout: settings.token_timeout,
        })))
    }

    /// Sends a call and returns the response, whatever its status.
    pub async fn send(&self, call: WixRequest) -> Result<Response<WixBody>, WixError> {
        let inner = &self.0;
        let deadline = Instant::now() + inner.timeout;
        let make = |call, sent| {
            let inner = Arc::clone(inner);
            async move { inner.run(call, deadline, sent).await }
        };
        let is_crowded = inner.states.find_or_create(&call.subject);
        let is_crowded = is_crowded.concurrency.is_crowded();
        let coalescer = &inner.coalescer;
        coalescer.send(call, is_crowded, deadline, make).await
    }

    /// Asks Wix what it says of a token. The number of requests in flight is limited here, the number for one token by
    /// the caller.
    pub async fn token_info(&self, token: &str) -> Result<TokenInfoResponse, WixError> {
        let inner = &self.0;
        if let Some(left) = inner.token_cooldown.remaining() {
            return Err(WixError::Unavailable {
                cause: "Wix does not want to be asked about tokens for a while".to_owned(),
                retry_after: Some(left),
            });
        }
        let body = serde_json::to_vec(&serde_json::json!({ "token": token }))
            .map_err(|error| WixError::unavailable(error.to_string()))?;
        let timeout = inner.token_timeout;
        let permit = tokio::time::timeout(timeout, inner.token_requests.acquire());
        let Ok(Ok(_permit)) = permit.await else {
            return Err(WixError::unavailable(
                "too many requests about tokens are in flight",
            ));
        };
        let path = "/oauth2/token-info";
        let response = metadata_request(&inner.wire, &inner.jitter, path, body, timeout).await;
        if let Err(error) = &response
            && let Some(time) = error.retry_after()
        {
            inner.token_cooldown.start(time.min(MAX_COOLDOWN));
        }
        TokenInfoResponse::read(&response?)
    }
}
