//! The client: what is shared by all calls, and the way of one call.

use std::sync::Arc;
use std::time::Duration;

use backlot_wix::{ApiKey, ApiKeyScope};
use http::header::{AUTHORIZATION, CONTENT_LENGTH};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use super::attempt::Wire;
use super::breaker::Leave;
use super::call::{Call, CallBody, Priority, Subject};
use super::coalesce::Coalescer;
use super::question::ask;
use super::retry::{self, Jitter, MOST_ATTEMPTS};
use super::states::{State, States};
use super::tokens::{AppTokens, Asker, Kept};
use super::{TokenAnswer, WixError, WixReply, WixSettings};
use crate::body::RequestBody;
use crate::upstream::{Client, ClientSettings, UpstreamError};

/// Questions about tokens that are under way at a time.
const MOST_QUESTIONS: usize = 64;
/// Wix's own edge keeps idle connections for longer than this.
const IDLE_TIMEOUT: Duration = Duration::from_secs(25);

/// Calls Wix. Cloning shares it.
#[derive(Clone)]
pub struct WixClient(Arc<Inner>);

struct Inner {
    wire: Arc<Wire>,
    jitter: Arc<Jitter>,
    tokens: AppTokens,
    states: States,
    coalescer: Coalescer,
    questions: Semaphore,
    api_key: Option<ApiKey>,
    queue_time: Duration,
    timeout: Duration,
    token_timeout: Duration,
}

/// What a call proves itself with.
enum Credential {
    Token(Arc<Kept>),
    ApiKey {
        key: HeaderValue,
        scope: (HeaderName, HeaderValue),
    },
}

impl WixClient {
    /// Makes the client; nothing is connected yet.
    pub fn new(settings: WixSettings) -> std::io::Result<Self> {
        let client = Client::new(ClientSettings {
            connect_timeout: settings.connect_timeout,
            idle_timeout: IDLE_TIMEOUT,
            most_idle: 256,
            tls: false,
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
            questions: Semaphore::new(MOST_QUESTIONS),
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
        let make = |call| {
            let inner = Arc::clone(inner);
            async move { inner.run(call, deadline).await }
        };
        inner.coalescer.send(call, deadline, make).await
    }

    /// Asks Wix what it says of a token. How often the same one is asked about is the caller's
    /// concern; how many questions are under way at once is seen to here.
    pub async fn token_info(&self, token: &str) -> Result<TokenAnswer, WixError> {
        let inner = &self.0;
        let body = serde_json::to_vec(&serde_json::json!({ "token": token }))
            .map_err(|error| WixError::unavailable(error.to_string()))?;
        let turn = tokio::time::timeout(inner.token_timeout, inner.questions.acquire());
        let Ok(Ok(_turn)) = turn.await else {
            return Err(WixError::unavailable(
                "too many questions about tokens are under way",
            ));
        };
        let path = "/oauth2/token-info";
        let answer = ask(&inner.wire, &inner.jitter, path, body, inner.token_timeout).await?;
        TokenAnswer::read(&answer)
    }
}

impl Inner {
    /// The attempts at one call.
    async fn run(&self, mut call: Call, deadline: Instant) -> Result<WixReply, WixError> {
        let state = self.states.of(&call.subject);
        let may_repeat = matches!(call.body, CallBody::Ready(_));
        let is_safe = may_repeat && retry::is_safe(&call.method, call.target.path());
        let mut has_new_token = false;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let is_last = attempt >= MOST_ATTEMPTS;
            let enter = state.breaker.enter();
            let leave = enter.map_err(|retry_after| WixError::Resting { retry_after })?;
            let (credential, leave) = self.credential(&call.subject, leave).await?;
            self.take_turn(&state, call.priority, deadline).await?;

            let reply = match self.attempt(&mut call, &credential, deadline).await {
                Ok(reply) => reply,
                Err(error @ (UpstreamError::Body(_) | UpstreamError::BadPath)) => {
                    return Err(error.into());
                }
                Err(error) => {
                    leave.failed();
                    let was_not_sent = matches!(error, UpstreamError::Unreachable(_));
                    let may_try_again = is_safe || (may_repeat && was_not_sent);
                    if is_last || !may_try_again || !self.pause(None, attempt, deadline).await {
                        return Err(error.into());
                    }
                    continue;
                }
            };

            let status = reply.status();
            if retry::is_passing_trouble(status) {
                leave.failed();
                let wanted = retry::retry_after(reply.headers());
                if is_last || !is_safe || !self.pause(wanted, attempt, deadline).await {
                    return Ok(reply);
                }
                continue;
            }
            leave.succeeded();
            match (status, &call.subject, credential) {
                (StatusCode::UNAUTHORIZED, Subject::App(instance_id), Credential::Token(used)) => {
                    if has_new_token {
                        state.new_token_did_not_help();
                        return Ok(reply);
                    }
                    if !state.new_token_may_help() {
                        return Ok(reply);
                    }
                    self.tokens.forget(*instance_id, &used);
                    if !may_repeat {
                        return Ok(reply);
                    }
                    has_new_token = true;
                    // This attempt was the token's fault, not the call's.
                    attempt -= 1;
                }
                (StatusCode::TOO_MANY_REQUESTS, ..) => {
                    let wait = retry::retry_after(reply.headers())
                        .unwrap_or_else(|| self.jitter.wait_after(attempt) * 10);
                    state.budget.hold(wait);
                    let turn_by = self.turn_by(call.priority, deadline);
                    if is_last || !may_repeat || Instant::now() + wait > turn_by {
                        return Ok(reply);
                    }
                }
                _ => return Ok(reply),
            }
        }
    }

    /// The proof for a call. That none could be had in time counts as a failure.
    async fn credential(
        &self,
        subject: &Subject,
        leave: Leave,
    ) -> Result<(Credential, Leave), WixError> {
        let scope = match subject {
            Subject::App(instance_id) => {
                return match self.tokens.get(*instance_id).await {
                    Ok(token) => Ok((Credential::Token(token), leave)),
                    Err(error) => {
                        if matches!(error, WixError::Unavailable { .. }) {
                            leave.failed();
                        }
                        Err(error)
                    }
                };
            }
            Subject::Site(id) => ApiKeyScope::Site(id),
            Subject::Account(id) => ApiKeyScope::Account(id),
        };
        let key = self.api_key.as_ref().ok_or(WixError::NoApiKey)?;
        let mut key = HeaderValue::from_str(key.reveal()).map_err(|_| WixError::NoApiKey)?;
        key.set_sensitive(true);
        let (name, id) = scope.header();
        let id = HeaderValue::from_str(id).map_err(|_| WixError::BadPath)?;
        let scope = (HeaderName::from_static(name), id);
        Ok((Credential::ApiKey { key, scope }, leave))
    }

    async fn take_turn(
        &self,
        state: &State,
        priority: Priority,
        deadline: Instant,
    ) -> Result<(), WixError> {
        let turn_by = self.turn_by(priority, deadline);
        let turn = state.budget.take(priority, turn_by).await;
        turn.map_err(|retry_after| WixError::Exhausted { retry_after })
    }

    /// Until when a call waits for its turn.
    fn turn_by(&self, priority: Priority, deadline: Instant) -> Instant {
        match priority {
            Priority::Interactive => deadline.min(Instant::now() + self.queue_time),
            Priority::Background => deadline,
        }
    }

    /// Waits before the next attempt; false when there is no time for it.
    async fn pause(&self, wanted: Option<Duration>, attempt: u32, deadline: Instant) -> bool {
        let wait = wanted.unwrap_or_else(|| self.jitter.wait_after(attempt));
        if Instant::now() + wait >= deadline {
            return false;
        }
        sleep(wait).await;
        true
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
        match credential {
            Credential::Token(token) => {
                headers.insert(AUTHORIZATION, token.header().clone());
            }
            Credential::ApiKey { key, scope } => {
                headers.insert(AUTHORIZATION, key.clone());
                headers.insert(scope.0.clone(), scope.1.clone());
            }
        }
        self.wire.send(call.target.clone(), request, deadline).await
    }
}
