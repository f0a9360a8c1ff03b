//! Sends webhooks: one after the other, each attempt with Wix's deadline, and later attempts by Wix's schedule.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use super::delivery::{Attempt, Destination, State};
use super::event::EventContext;
use super::payload::EventError;
use super::request::{SignedEvent, WebhookRequest};
use super::schedule::ATTEMPT_TIMEOUT;
use crate::Stage;
use crate::world::Site;

/// A request to the app: `POST`, `Content-Type: text/plain`.
#[derive(Debug, Clone)]
pub struct WebhookPost {
    pub url: Arc<str>,
    pub body: Bytes,
}

/// Sends a request, and returns the status of the response, or the reason why there is none. The program provides it.
pub type PostWebhook = Arc<
    dyn Fn(WebhookPost) -> Pin<Box<dyn Future<Output = Result<u16, String>> + Send>> + Send + Sync,
>;

/// The error for webhooks that cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error(transparent)]
    Event(#[from] EventError),
    #[error("This simulator has no key to sign with, or no client to send with.")]
    NotPossible,
}

/// Makes the webhooks, sends each once, and returns them with their first attempts. The later attempts follow in the
/// background.
pub(crate) async fn send(stage: Stage, request: WebhookRequest) -> Result<Vec<Value>, SendError> {
    let url = request.to.clone().unwrap_or_else(|| stage.webhook_url());
    let destination = Destination {
        url: url.into(),
        speed: request.speed,
        is_wrong_key: request.wrong_key,
    };
    let post = stage.post_webhook.clone().ok_or(SendError::NotPossible)?;
    let signing = {
        let stage = stage.clone();
        // A signature takes about a millisecond.
        tokio::task::spawn_blocking(move || sign(&stage, &request))
    };
    let signed = signing.await.map_err(|_| SendError::NotPossible)??;
    // A client that goes away does not stop the webhooks that it has asked for.
    let sending =
        tokio::spawn(async move { first_attempts(&stage, &post, signed, &destination).await });
    sending.await.map_err(|_| SendError::NotPossible)
}

/// Makes the first attempt of each webhook, in this order, and starts the later ones.
async fn first_attempts(
    stage: &Stage,
    post: &PostWebhook,
    signed: Vec<SignedEvent>,
    destination: &Destination,
) -> Vec<Value> {
    let ids = enter(stage, signed, destination);
    let mut sent = Vec::with_capacity(ids.len());
    for id in ids {
        let delay = attempt(stage, post, id).await;
        sent.extend(stage.memory.outbox.lock().summary(id));
        if let Some(delay) = delay {
            tokio::spawn(retry(stage.clone(), Arc::clone(post), id, delay));
        }
    }
    sent
}

fn sign(stage: &Stage, request: &WebhookRequest) -> Result<Vec<SignedEvent>, SendError> {
    let signer = stage.event_signer.as_ref().ok_or(SendError::NotPossible)?;
    let wrong = if request.wrong_key {
        Some(signer.with_wrong_key().ok_or(SendError::NotPossible)?)
    } else {
        None
    };
    let instance_id = request.instance_id;
    let site = stage.sites().find(instance_id).map(|it| it.site);
    let site = site.unwrap_or_else(|| Site::unknown(instance_id));
    let context = EventContext {
        app_id: stage.world.app.id,
        site: &site,
        now: (stage.now)(),
        guid: &*stage.guid,
    };
    Ok(request.sign(wrong.as_ref().unwrap_or(signer), context)?)
}

fn enter(stage: &Stage, signed: Vec<SignedEvent>, destination: &Destination) -> Vec<u64> {
    let mut outbox = stage.memory.outbox.lock();
    signed
        .into_iter()
        .map(|it| outbox.add(it, destination.clone()))
        .collect()
}

/// Makes an attempt. Returns the delay before the next one, unless there is none.
async fn attempt(stage: &Stage, post: &PostWebhook, id: u64) -> Option<Duration> {
    let request = {
        let mut outbox = stage.memory.outbox.lock();
        let webhook = outbox.find(id)?;
        webhook.state = State::Sending;
        webhook.next_attempt_at = None;
        WebhookPost {
            url: Arc::clone(&webhook.destination.url),
            body: Bytes::copy_from_slice(webhook.body.as_bytes()),
        }
    };
    let at = format!("{:.3}", (stage.now)());
    let start = Instant::now();
    let response = timeout(ATTEMPT_TIMEOUT, post(request)).await;
    let duration = start.elapsed();
    let response = response.unwrap_or_else(|_| {
        let limit = ATTEMPT_TIMEOUT.as_millis();
        Err(format!("no response in {limit} ms"))
    });
    let (status, error) = match response {
        Ok(status) => (Some(status), None),
        Err(error) => (None, Some(error)),
    };
    let attempt = Attempt {
        at,
        status,
        error,
        duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
    };
    let now = (stage.now)();
    stage.memory.outbox.lock().find(id)?.record(attempt, now)
}

/// Makes the later attempts, until one succeeds or the webhook is dropped.
async fn retry(stage: Stage, post: PostWebhook, id: u64, mut delay: Duration) {
    loop {
        sleep(delay).await;
        let Some(next) = attempt(&stage, &post, id).await else {
            return;
        };
        delay = next;
    }
}

/// Sends a webhook again, byte for byte the same. Returns `None` if it is not known.
pub(crate) async fn send_again(stage: Stage, id: u64) -> Option<Value> {
    let (signed, destination) = {
        let mut outbox = stage.memory.outbox.lock();
        let webhook = outbox.find(id)?;
        let signed = SignedEvent {
            event: Arc::clone(&webhook.event),
            body: Arc::clone(&webhook.body),
            is_repeat: true,
        };
        (signed, webhook.destination.clone())
    };
    let post = stage.post_webhook.clone()?;
    let sending =
        tokio::spawn(
            async move { first_attempts(&stage, &post, vec![signed], &destination).await },
        );
    sending.await.ok()?.pop()
}
