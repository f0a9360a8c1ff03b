//! NATS JetStream: a message is published, and acknowledged by the stream.
//!
//! The connection is made by the first message, and made again when it breaks; messages wait for it no longer than their
//! caller does. Caveat: a stream has to have the subject, since nothing else acknowledges a message.

mod target;

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::OnceCell;

pub use target::{NatsTarget, NatsTargetError};

/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The header by which a stream knows a message that it has already.
const MESSAGE_ID: &str = "Nats-Msg-Id";

/// A stream's subject on a server. Cloning shares the connection.
#[derive(Clone)]
pub struct NatsPublisher {
    target: NatsTarget,
    context: Arc<OnceCell<jetstream::Context>>,
}

/// Why a message was not acknowledged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NatsError {
    /// No connection to the server came about.
    #[error("no connection to NATS: {0}")]
    Unreachable(String),
    /// The server has no stream with the subject.
    #[error("no stream of JetStream has the subject {0}")]
    NoStream(String),
    /// The message is larger than the server takes.
    #[error("the message is larger than the NATS server takes (max_payload)")]
    TooLarge,
    /// The stream did not acknowledge the message.
    #[error("the stream did not acknowledge the message: {0}")]
    NotAcknowledged(String),
}

impl NatsPublisher {
    /// Returns a publisher, which is not connected yet.
    pub fn new(target: NatsTarget) -> Self {
        Self {
            target,
            context: Arc::default(),
        }
    }

    /// Publishes a message, and waits until the stream has stored it, or has it already under this id.
    ///
    /// # Errors
    ///
    /// Fails if there is no connection, no stream has the subject, or the stream does not acknowledge the message.
    pub async fn publish(
        &self,
        event_type: &str,
        id: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<(), NatsError> {
        let subject = self.target.subject(event_type);
        let mut all = async_nats::HeaderMap::new();
        all.insert(MESSAGE_ID, id);
        for (name, value) in headers {
            if let Ok(value) = value.to_str() {
                all.append(name.as_str(), value);
            }
        }
        let context = self.context.get_or_try_init(|| self.connect()).await?;
        let failed = |error: PublishError| failed(&subject, &error);
        let acknowledged = context
            .publish_with_headers(subject.clone(), all, body)
            .await
            .map_err(failed)?;
        acknowledged.await.map_err(failed)?;
        Ok(())
    }

    async fn connect(&self) -> Result<jetstream::Context, NatsError> {
        let options = async_nats::ConnectOptions::new()
            .name("backlot")
            .connection_timeout(CONNECT_TIMEOUT);
        let client = options.connect(self.target.server()).await;
        let client = client.map_err(|error| NatsError::Unreachable(error.to_string()))?;
        Ok(jetstream::new(client))
    }
}

fn failed(subject: &str, error: &PublishError) -> NatsError {
    match error.kind() {
        PublishErrorKind::StreamNotFound => NatsError::NoStream(subject.to_owned()),
        PublishErrorKind::MaxPayloadExceeded => NatsError::TooLarge,
        PublishErrorKind::BrokenPipe => NatsError::Unreachable(error.to_string()),
        PublishErrorKind::WrongLastMessageId
        | PublishErrorKind::WrongLastSequence
        | PublishErrorKind::TimedOut
        | PublishErrorKind::MaxAckPending
        | PublishErrorKind::Other => NatsError::NotAcknowledged(error.to_string()),
    }
}
