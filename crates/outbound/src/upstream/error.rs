//! Why an upstream gave no reply.

use hyper_util::client::legacy;

use crate::body::BodyFault;

/// Why an upstream gave no reply.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// Nothing answers there.
    #[error("cannot connect: {0}")]
    Unreachable(String),
    /// No reply within the time that it has.
    #[error("no reply in time")]
    TooSlow,
    /// It closed the connection or spoke no HTTP.
    #[error("the connection broke before the reply: {0}")]
    Broken(String),
    /// It was the client's body that ended early.
    #[error(transparent)]
    Body(#[from] BodyFault),
    /// The path cannot be written for this upstream.
    #[error("the path cannot be handed on")]
    BadPath,
}

impl From<legacy::Error> for UpstreamError {
    fn from(error: legacy::Error) -> Self {
        if let Some(fault) = BodyFault::find_in(&error) {
            return Self::Body(fault);
        }
        let chain = chain(&error);
        if error.is_connect() {
            Self::Unreachable(chain)
        } else {
            Self::Broken(chain)
        }
    }
}

/// The sentence of an error and of all that caused it, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

/// True when the connection was closed under the request before a byte of the reply came: what
/// happens when an idle connection is closed by the other side in the very moment it is used.
pub(super) fn was_a_closed_connection(error: &legacy::Error) -> bool {
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<hyper::Error>()
            && (error.is_incomplete_message() || error.is_closed() || error.is_canceled())
        {
            return true;
        }
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return matches!(
                error.kind(),
                std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe
            );
        }
        next = error.source();
    }
    false
}
