//! The client: what is shared by all calls. The way of one call is in `attempts`.

use std::sync::Arc;
use std::time::Duration;

use backlot_wix::ApiKey;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::coalesce::Coalescer;
use super::question::ask;
use super::states::States;
use super::tokens::{AppTokens, Asker};
use super::wire::Wire;
use super::{Call, TokenAnswer, WixError, WixReply, WixSettings};
use crate::repeat::Jitter;
use crate::upstream::{Client, ClientSettings};

/// Questions about tokens that are under way at a time.
const MAX_QUESTIONS: usize = 64;
/// Questions about tokens are not held back for longer, whatever Wix wants.
const MAX_COOLDOWN: Duration = Duration::from_mins(1);
/// Wix's own edge keeps idle connections for longer than this.
const IDLE_TIMEOUT: Duration = Duration::from_secs(25);

/// Calls Wix. Cloning shares it.
#[derive(Clone)]
pub struct WixClient(Arc<Inner>);

pub(super) struct Inner {
    pub(super) wire: Arc<Wire>,
    pub(super) jitter: Arc<Jitter>,
    pub(super) tokens: AppTokens,
    pub(super) states: States,
    coalescer: Coalescer,
    questions: Semaphore,
    /// Until when Wix does not want to be asked about tokens.
    questions_held_until: Mutex<Option<Instant>>,
    pub(super) api_key: Option<ApiKey>,
    pub(super) queue_time: Duration,
    timeout: Duration,
    token_timeout: Duration,
}

impl WixClient {
    /// Makes the client; nothing is connected yet.
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
            silence: settings.silence,
        });
        let jitter = Arc::new(Jitter::new(settings.seed));
        let tokens = AppTokens::new(Asker {
            wire: Arc::clone(&wire),
            jitter: Arc::clone(&jitter),
            app_id: settings.app_id,
            secrets: settings.secrets,
            time: settings.token_timeout,
            events: settings.events,
        });
        Ok(Self(Arc::new(Inner {
            wire,
            jitter,
            tokens,
            states: States::new(settings.requests_per_minute),
            coalescer: Coalescer::default(),
            questions: Semaphore::new(MAX_QUESTIONS),
            questions_held_until: Mutex::default(),
            api_key: settings.api_key,
            queue_time: settings.queue_time,
            timeout: settings.timeout,
            token_timeout: settings.token_timeout,
        })))
    }

    /// Makes a call, and hands back whatever Wix replies.
    pub async fn send(&self, call: Call) -> Result<WixReply, WixError> {
        let inner = &self.0;
        let deadline = Instant::now() + inner.timeout;
        let make = |call, sent| {
            let inner = Arc::clone(inner);
            async move { inner.run(call, deadline, sent).await }
        };
        let is_crowded = inner.states.of(&call.subject).places.are_crowded();
        let coalescer = &inner.coalescer;
        coalescer.send(call, is_crowded, deadline, make).await
    }

    /// Asks Wix what it says of a token. How often the same one is asked about is the caller's
    /// concern; the number of concurrent verifications is limited here.
    pub async fn token_info(&self, token: &str) -> Result<TokenAnswer, WixError> {
        let inner = &self.0;
        inner.check_hold()?;
        let body = serde_json::to_vec(&serde_json::json!({ "token": token }))
            .map_err(|error| WixError::unavailable(error.to_string()))?;
        let turn = tokio::time::timeout(inner.token_timeout, inner.questions.acquire());
        let Ok(Ok(_turn)) = turn.await else {
            return Err(WixError::unavailable(
                "too many questions about tokens are under way",
            ));
        };
        let path = "/oauth2/token-info";
        let answer = ask(&inner.wire, &inner.jitter, path, body, inner.token_timeout).await;
        if let Err(error) = &answer
            && let Some(time) = error.retry_after()
        {
            let until = Instant::now() + time.min(MAX_COOLDOWN);
            *inner.questions_held_until.lock() = Some(until);
        }
        TokenAnswer::read(&answer?)
    }
}

impl Inner {
    fn check_hold(&self) -> Result<(), WixError> {
        let until = *self.questions_held_until.lock();
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        match left.filter(|left| !left.is_zero()) {
            None => Ok(()),
            Some(left) => Err(WixError::Unavailable {
                cause: "Wix does not want to be asked about tokens for a while".to_owned(),
                retry_after: Some(left),
            }),
        }
    }
}
