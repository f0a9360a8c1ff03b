//! One attempt of a delivery.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use backlot_outbound::body::RequestBody;
use backlot_outbound::nats::{NatsError, NatsPublisher};
use backlot_outbound::redact::{Redactor, SecretPatterns};
use backlot_outbound::third_party::SecretString;
use backlot_outbound::upstream::{self, Address, HopByHop, UpstreamError, UpstreamTimeouts};
use backlot_store::events::{Attempt, ClaimedDelivery, UNASSIGNED};
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use jiff::Timestamp;

use super::handler::Event;
use super::means::DeliveryMeans;
use super::settings::{EventDestination, SubscriptionSettings};
use super::{body, retry_after, secrets, signature};
use crate::auth::elevated_token::ELEVATED_TOKEN;
use crate::error::Chain;

/// The most bytes of a response that are recorded.
const MAX_RECORDED_BYTES: usize = 4 * 1024;
/// The most bytes of a response that are read: a credential in it may begin before the end of what is recorded.
const MAX_READ_BYTES: usize = 16 * 1024;
/// The longest that a response's body is read after its head. The status has said all that counts.
const BODY_TIMEOUT: Duration = Duration::from_secs(1);
/// The most bytes of a text about an error.
const MAX_ERROR_BYTES: usize = 1024;

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The destination has taken the event.
    Accepted,
    /// The destination does not want the event any more (410).
    Gone,
    /// The destination answers, but does not take the event.
    Refused(Option<Duration>),
    /// The destination does not answer in time, or fails as a whole.
    Failing(Option<Duration>),
    /// No connection to the destination came about.
    Unreachable,
    /// It could not be made, for a reason of this server.
    NotMade,
}

impl Verdict {
    /// The name in metrics.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Gone => "gone",
            Self::Refused(_) => "refused",
            Self::Failing(_) => "failed",
            Self::Unreachable => "unreachable",
            Self::NotMade => "not_made",
        }
    }
}

/// An attempt that has ended.
pub(super) struct EndedAttempt {
    pub(super) claimed: ClaimedDelivery,
    pub(super) record: Attempt,
    pub(super) verdict: Verdict,
}

/// What is known of a response.
struct Reply {
    status: Option<u16>,
    error: Option<String>,
    response: Option<String>,
    verdict: Verdict,
}

impl Reply {
    /// What has no status, and took the event.
    const fn accepted() -> Self {
        Self {
            status: None,
            error: None,
            response: None,
            verdict: Verdict::Accepted,
        }
    }

    fn without_response(error: String, verdict: Verdict) -> Self {
        Self {
            status: None,
            error: Some(cut(error, MAX_ERROR_BYTES)),
            response: None,
            verdict,
        }
    }
}

/// Makes an attempt. It ends within the subscription's timeout.
pub(super) async fn make(
    means: &DeliveryMeans,
    settings: &SubscriptionSettings,
    claimed: ClaimedDelivery,
) -> EndedAttempt {
    let (started_at, started) = (means.clock.now(), Instant::now());
    let attempt = AssertUnwindSafe(make_within_timeout(means, settings, &claimed, started_at));
    let reply = attempt.catch_unwind().await.unwrap_or_else(|_| {
        Reply::without_response("the handler panicked".to_owned(), Verdict::Refused(None))
    });
    EndedAttempt {
        record: Attempt {
            number: claimed.attempt,
            started_at,
            duration_ms: u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX),
            status: reply.status,
            error: reply.error,
            response: reply.response,
        },
        claimed,
        verdict: reply.verdict,
    }
}

async fn make_within_timeout(
    means: &DeliveryMeans,
    settings: &SubscriptionSettings,
    claimed: &ClaimedDelivery,
    now: Timestamp,
) -> Reply {
    let event = &claimed.event;
    let site_id = means.site_of(event).await;
    let too_slow = || {
        let error = format!("no response within {:?}", settings.timeout);
        Reply::without_response(error, Verdict::Failing(None))
    };
    match &settings.destination {
        EventDestination::Handler(handler) => {
            let event = Event::new(event, site_id, claimed.attempt);
            let outcome = tokio::time::timeout(settings.timeout, handler.call(event)).await;
            match outcome {
                Ok(Ok(())) => Reply::accepted(),
                Ok(Err(error)) => Reply::without_response(error, Verdict::Refused(None)),
                Err(_) => Reply {
                    verdict: Verdict::Refused(None),
                    ..too_slow()
                },
            }
        }
        EventDestination::Upstream { address, target } => {
            let token = (event.instance_id != UNASSIGNED)
                .then(|| means.elevated.token_for(event.instance_id, now))
                .flatten();
            let message = message(means, settings, claimed, site_id.as_deref(), token).await;
            let request = message.and_then(|message| {
                let request = message.to_request(now).map_err(|error| error.to_string())?;
                Ok((message, request))
            });
            let (message, request) = match request {
                Ok(made) => made,
                Err(error) => return Reply::without_response(error, Verdict::NotMade),
            };
            let exchange = exchange(means, address, target, settings.timeout, request, &message);
            let reply = tokio::time::timeout(settings.timeout, exchange).await;
            reply.unwrap_or_else(|_| too_slow())
        }
        EventDestination::Nats(publisher) => {
            // A stream keeps what it gets, so it gets no credential.
            let message = message(means, settings, claimed, site_id.as_deref(), None).await;
            let message = match message {
                Ok(message) => message,
                Err(error) => return Reply::without_response(error, Verdict::NotMade),
            };
            let reply = tokio::time::timeout(
                settings.timeout,
                publish(publisher, &event.event_type, &message, now),
            );
            reply.await.unwrap_or_else(|_| too_slow())
        }
    }
}

/// Makes what is sent. The error says why it cannot be made.
async fn message(
    means: &DeliveryMeans,
    settings: &SubscriptionSettings,
    claimed: &ClaimedDelivery,
    site_id: Option<&str>,
    token: Option<HeaderValue>,
) -> Result<Message, String> {
    let event = &claimed.event;
    Ok(Message {
        secrets: secrets::read(settings, &means.vault).await?,
        id: signature::message_id(event, claimed.lease.delivery_id),
        body: body::delivered(event, site_id, claimed.attempt),
        token,
    })
}

/// Publishes a message to a stream.
async fn publish(
    publisher: &NatsPublisher,
    event_type: &str,
    message: &Message,
    now: Timestamp,
) -> Reply {
    let mut headers = HeaderMap::new();
    let signed = signature::put_on(
        &mut headers,
        &message.secrets,
        &message.id,
        now,
        &message.body,
    );
    if let Err(error) = signed {
        return Reply::without_response(error.to_string(), Verdict::NotMade);
    }
    let body = Bytes::from(message.body.clone());
    match publisher
        .publish(event_type, &message.id, &headers, body)
        .await
    {
        Ok(()) => Reply::accepted(),
        Err(error) => {
            let verdict = match &error {
                NatsError::Unreachable(_) => Verdict::Unreachable,
                NatsError::TooLarge => Verdict::Refused(None),
                _ => Verdict::Failing(None),
            };
            Reply::without_response(error.to_string(), verdict)
        }
    }
}

/// What is sent.
struct Message {
    id: String,
    body: String,
    token: Option<HeaderValue>,
    secrets: Vec<SecretString>,
}

impl Message {
    fn to_request(&self, now: Timestamp) -> Result<Request<RequestBody>, signature::SigningError> {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");
        let body = RequestBody::ready(Bytes::from(self.body.clone()));
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(USER_AGENT, HeaderValue::from_static("backlot"));
        signature::put_on(headers, &self.secrets, &self.id, now, &self.body)?;
        if let Some(token) = &self.token {
            headers.insert(&ELEVATED_TOKEN, token.clone());
        }
        Ok(request)
    }

    /// Overwrites what must not be recorded.
    fn redact(&self, text: Bytes) -> Bytes {
        let token = self.token.iter().map(HeaderValue::as_bytes);
        let secrets = self.secrets.iter().map(SecretString::reveal);
        let keys = secrets.map(|it| it.strip_prefix("whsec_").unwrap_or(it).as_bytes());
        // A text that is shorter than a credential has none, and most are.
        let contained = token.chain(keys).filter(|it| it.len() <= text.len());
        let contained: Vec<&[u8]> = contained.collect();
        contained.into_iter().fold(text, |text, secret| {
            Redactor::new(SecretPatterns::new(secret)).push_last(text)
        })
    }
}

async fn exchange(
    means: &DeliveryMeans,
    address: &Address,
    target: &PathAndQuery,
    timeout: Duration,
    request: Request<RequestBody>,
    message: &Message,
) -> Reply {
    // The whole attempt has a timeout, which ends it before these.
    let longer = timeout.saturating_mul(2);
    let timeouts = UpstreamTimeouts {
        head: longer,
        idle: longer,
    };
    let hop = HopByHop::default();
    let sent = upstream::forward(
        &means.client,
        address,
        timeouts,
        target.clone(),
        hop,
        request,
    );
    let response = match sent.await {
        Ok(response) => response.response,
        Err(error) => {
            let text = Chain(&error).to_string();
            let verdict = match error {
                UpstreamError::Unreachable(_) => Verdict::Unreachable,
                _ => Verdict::Failing(None),
            };
            return Reply::without_response(text, verdict);
        }
    };
    let (head, mut body) = response.into_parts();
    let mut read = Vec::new();
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            if let Ok(piece) = frame.into_data() {
                let room = MAX_READ_BYTES.saturating_sub(read.len());
                read.extend_from_slice(&piece[..piece.len().min(room)]);
                if room <= piece.len() {
                    break;
                }
            }
        }
    };
    let _ = tokio::time::timeout(BODY_TIMEOUT, reading).await;
    let verdict = verdict(head.status, &head.headers, means.clock.now());
    Reply {
        status: Some(head.status.as_u16()),
        error: (verdict != Verdict::Accepted).then(|| format!("status {}", head.status.as_u16())),
        response: (!read.is_empty()).then(|| {
            let text = message.redact(Bytes::from(read));
            // Databases do not take a zero in text.
            let text = String::from_utf8_lossy(&text).replace('\0', "\u{fffd}");
            cut(text, MAX_RECORDED_BYTES)
        }),
        verdict,
    }
}

fn verdict(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Verdict {
    if status.is_success() {
        return Verdict::Accepted;
    }
    if status == StatusCode::GONE {
        return Verdict::Gone;
    }
    let wait = retry_after::parse(headers, now);
    if status.is_server_error() {
        Verdict::Failing(wait)
    } else {
        Verdict::Refused(wait)
    }
}

/// Cuts a text at a character's border.
fn cut(mut text: String, bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text
}
