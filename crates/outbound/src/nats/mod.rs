//! NATS JetStream: a message is published, and acknowledged by the stream.
//!
//! The connection is made by the first message, and made again when it breaks; messages wait for it no longer than their
//! caller does. Caveat: a stream has to have the subject, since nothing else acknowledges a message.
//!
//! - [`target`]: the server and the subject, as a URL
//! - [`access`]: the credential, and the certificates that the server is verified with

mod access;
mod target;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::{ConnectOptions, Event};
use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::{OnceCell, watch};

use crate::upstream::trusting;
pub use access::{NatsAccess, NatsAuthorities, NatsAuthoritiesError, NatsCredential};
pub use target::{NatsTarget, NatsTargetError};

/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The header by which a stream knows a message that it has already.
const MESSAGE_ID: &str = "Nats-Msg-Id";

/// A stream's subject on a server. Cloning shares the connection.
#[derive(Clone)]
pub struct NatsPublisher {
    target: NatsTarget,
    access: NatsAccess,
    connection: Arc<OnceCell<Connection>>,
}

struct Connection {
    context: jetstream::Context,
    /// Whether there is a connection now; when it breaks, it is made again in the background.
    is_up: watch::Receiver<bool>,
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
    /// Returns a publisher without a credential, which is not connected yet.
    pub fn new(target: NatsTarget) -> Self {
        Self {
            target,
            access: NatsAccess::default(),
            connection: Arc::default(),
        }
    }

    /// Takes a credential, and certificates to trust.
    #[must_use]
    pub fn with_access(mut self, access: NatsAccess) -> Self {
        self.access = access;
        self
    }

    /// Returns the credential, and certificates to trust.
    pub const fn access(&self) -> &NatsAccess {
        &self.access
    }

    /// Returns whether the connection is encrypted whatever the server asks for.
    pub fn is_tls(&self) -> bool {
        self.target.is_tls()
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
        let connection = self.connection.get_or_try_init(|| self.connect());
        let Connection { context, is_up } = connection.await?;
        // The client would keep the message, and publish it whenever there is a connection again.
        let mut is_up = is_up.clone();
        if !*is_up.borrow() {
            return Err(broken());
        }
        let failed = |error: PublishError| failed(&subject, &error);
        let publishing = async {
            let published = context.publish_with_headers(subject.clone(), all, body);
            let acknowledged = published.await.map_err(failed)?;
            acknowledged.await.map_err(failed)
        };
        tokio::select! {
            acknowledged = publishing => acknowledged.map(drop),
            _ = is_up.wait_for(|is_up| !is_up) => Err(broken()),
        }
    }

    async fn connect(&self) -> Result<Connection, NatsError> {
        let unreachable = |error: &dyn std::fmt::Display| NatsError::Unreachable(error.to_string());
        let (up, is_up) = watch::channel(true);
        let options = self.options(up).map_err(|error| unreachable(&error))?;
        let client = options.connect(self.target.server()).await;
        let client = client.map_err(|error| unreachable(&error))?;
        Ok(Connection {
            context: jetstream::new(client),
            is_up,
        })
    }

    fn options(&self, up: watch::Sender<bool>) -> io::Result<ConnectOptions> {
        let up = Arc::new(up);
        let mut options = ConnectOptions::new()
            .name("backlot")
            .connection_timeout(CONNECT_TIMEOUT)
            .event_callback(move |event| {
                let up = Arc::clone(&up);
                async move {
                    match event {
                        Event::Connected => drop(up.send_replace(true)),
                        Event::Disconnected | Event::Closed => drop(up.send_replace(false)),
                        _ => log(&event),
                    }
                }
            });
        options = match &self.access.credential {
            NatsCredential::None => options,
            NatsCredential::Password { user, password } => {
                options.user_and_password(user.clone(), password.reveal().to_owned())
            }
            NatsCredential::Token(token) => options.token(token.reveal().to_owned()),
        };
        if self.is_tls() {
            let tls = trusting(&self.access.authorities.0)?;
            options = options.require_tls(true).tls_client_config(tls);
        }
        Ok(options)
    }
}

/// Logs what the server reports beside its answers, such as a subject that the user may not publish to.
fn log(event: &Event) {
    if let Event::ServerError(error) = event {
        tracing::warn!(%error, "the NATS server reports an error");
    }
}

fn broken() -> NatsError {
    NatsError::Unreachable("the connection broke, and is made again".to_owned())
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
