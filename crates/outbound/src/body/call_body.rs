//! What a call sends along: once, or as often as it takes.

use bytes::Bytes;

use super::RequestBody;

/// What is sent along.
pub enum CallBody {
    /// Bytes that are here, and can be sent again.
    Ready(Bytes),
    /// A body that is still coming, and can be sent once.
    Streaming(RequestBody),
    /// Nothing: it has been sent.
    Spent,
}

impl CallBody {
    /// The body for one attempt. `None` when it was sent already and cannot be again.
    pub(crate) fn take(&mut self) -> Option<RequestBody> {
        match self {
            Self::Ready(bytes) => Some(RequestBody::ready(bytes.clone())),
            Self::Streaming(_) => match std::mem::replace(self, Self::Spent) {
                Self::Streaming(body) => Some(body),
                Self::Ready(_) | Self::Spent => None,
            },
            Self::Spent => None,
        }
    }

    /// The bytes, if they are here.
    pub(crate) const fn ready(&self) -> Option<&Bytes> {
        match self {
            Self::Ready(bytes) => Some(bytes),
            Self::Streaming(_) | Self::Spent => None,
        }
    }

    /// How many bytes are here.
    pub fn bytes_ready(&self) -> u64 {
        self.ready().map_or(0, |bytes| bytes.len() as u64)
    }
}
