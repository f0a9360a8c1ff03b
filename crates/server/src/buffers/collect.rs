//! Reading a body whole, as far as there is memory for it.

use std::sync::Arc;

use backlot_outbound::body::{BodyError, RequestBody};
use backlot_wix::InstanceId;
use bytes::Bytes;
use http_body::Body as _;
use http_body_util::BodyExt as _;

use super::{BufferBudget, BufferError, BufferReservation, SMALL_BODY};
use crate::error::ApiError;

/// The smallest buffer that a body is gathered in.
const SMALLEST_BUFFER: usize = 4 * 1024;
/// A larger body is gathered in parts of this size.
const LARGEST_PART: usize = 1024 * 1024;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CollectError {
    /// It ended early.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// There is no memory for it.
    #[error(transparent)]
    Buffer(#[from] BufferError),
}

impl From<CollectError> for ApiError {
    fn from(error: CollectError) -> Self {
        match error {
            CollectError::Body(fault) => fault.into(),
            CollectError::Buffer(error) => error.into(),
        }
    }
}

/// Bytes with the reservation that they count against, alone or with others.
struct Held<B, R = BufferReservation> {
    bytes: B,
    _reservation: R,
}

impl<B: AsRef<[u8]>, R> AsRef<[u8]> for Held<B, R> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_ref()
    }
}

impl BufferReservation {
    /// The same bytes, which count against this until the last of them is dropped.
    pub(crate) fn hold(self, parts: Vec<Bytes>) -> Vec<Bytes> {
        let reservation = Arc::new(self);
        let held = |bytes: Bytes| {
            Bytes::from_owner(Held {
                bytes,
                _reservation: Arc::clone(&reservation),
            })
        };
        parts.into_iter().map(held).collect()
    }
}

impl BufferBudget {
    /// Reads all of an instance's body, as large as its own limit lets it be. The memory is given back
    /// when the last clone of the bytes is dropped.
    ///
    /// # Errors
    /// When the body ends early, or there is no memory for it.
    pub(crate) async fn collect(
        &self,
        instance_id: InstanceId,
        body: &mut RequestBody,
    ) -> Result<Bytes, CollectError> {
        let Some(first) = next_piece(body).await? else {
            return Ok(Bytes::new());
        };
        if body.is_end_stream() && first.len() <= SMALL_BODY {
            return Ok(first);
        }
        let mut reservation = self.reserve(instance_id);
        if body.is_end_stream() {
            reservation.grow(first.len())?;
            return Ok(Bytes::from_owner(Held {
                bytes: first,
                _reservation: reservation,
            }));
        }
        let mut whole = Gathered {
            full: Vec::new(),
            bytes: Vec::new(),
            reservation,
        };
        // Copied, since a piece may be a small part of a large buffer.
        whole.push(&first, body)?;
        drop(first);
        while let Some(piece) = next_piece(body).await? {
            whole.push(&piece, body)?;
        }
        whole.join().await
    }
}

/// The next piece that has bytes in it.
async fn next_piece(body: &mut RequestBody) -> Result<Option<Bytes>, BodyError> {
    while let Some(frame) = body.frame().await {
        if let Ok(piece) = frame?.into_data()
            && !piece.is_empty()
        {
            return Ok(Some(piece));
        }
    }
    Ok(None)
}

/// A body as far as it has come.
struct Gathered {
    /// The parts of a large body that have no room left.
    full: Vec<Vec<u8>>,
    bytes: Vec<u8>,
    reservation: BufferReservation,
}

impl Gathered {
    fn push(&mut self, piece: &[u8], rest: &RequestBody) -> Result<(), BufferError> {
        if self.bytes.capacity() >= LARGEST_PART
            && self.bytes.capacity() - self.bytes.len() < piece.len()
        {
            self.full.push(std::mem::take(&mut self.bytes));
        }
        let needed = self.bytes.len().saturating_add(piece.len());
        let old = self.bytes.capacity();
        if needed > old {
            // Doubled up to the size of a part, but not past the length that the body has, or may have.
            let left = rest.size_hint().upper().unwrap_or(u64::MAX);
            let left = usize::try_from(left.min(rest.bytes_left())).unwrap_or(usize::MAX);
            let most = needed.saturating_add(left);
            let least = if self.full.is_empty() {
                SMALLEST_BUFFER
            } else {
                LARGEST_PART
            };
            let doubled = old.saturating_mul(2).max(least).min(LARGEST_PART).min(most);
            let new = needed.max(doubled);
            // Both are there while the bytes move.
            self.reservation.grow(new)?;
            self.bytes.reserve_exact(new - self.bytes.len());
            self.reservation.shrink(old);
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }

    /// All of it in one piece.
    async fn join(mut self) -> Result<Bytes, CollectError> {
        if !self.full.is_empty() {
            let parts: usize = self.full.iter().map(Vec::capacity).sum();
            let parts = parts + self.bytes.capacity();
            let length = self.full.iter().map(Vec::len).sum::<usize>() + self.bytes.len();
            // Both are there while the bytes move.
            self.reservation.grow(length)?;
            // Copying megabytes takes milliseconds, in which no other connection of the thread is served.
            let copy = move || {
                self.full.push(std::mem::take(&mut self.bytes));
                self.bytes = self.full.concat();
                self.full = Vec::new();
                self.reservation.shrink(parts);
                self
            };
            self = tokio::task::spawn_blocking(copy)
                .await
                .map_err(|_| BodyError::CutOff)?;
        }
        Ok(Bytes::from_owner(Held {
            bytes: self.bytes,
            _reservation: self.reservation,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::BufferLimits;
    use super::*;

    const LIMITS: BufferLimits = BufferLimits { bytes: 400 };

    fn instance(number: u8) -> InstanceId {
        InstanceId::from_bytes([number; 16])
    }

    #[tokio::test]
    async fn a_body_that_is_here_is_handed_on_as_it_is() {
        let budget = BufferBudget::new(LIMITS);
        let bytes = Bytes::from_static(b"small");
        let mut body = RequestBody::ready(bytes.clone());
        let collected = budget.collect(instance(1), &mut body).await.unwrap();
        assert_eq!(collected.as_ptr(), bytes.as_ptr());
        let mut nothing = RequestBody::empty();
        let nothing = budget.collect(instance(1), &mut nothing);
        assert!(nothing.await.unwrap().is_empty());
        let mut large = RequestBody::ready(vec![1; 17_000].into());
        let refused = budget.collect(instance(1), &mut large).await.unwrap_err();
        assert_eq!(refused, CollectError::Buffer(BufferError::ShareExhausted));
    }

    #[tokio::test]
    async fn memory_is_given_back_with_the_last_clone() {
        let budget = BufferBudget::new(BufferLimits { bytes: 100_000 });
        let mut large = RequestBody::ready(vec![1; 17_000].into());
        let bytes = budget.collect(instance(1), &mut large).await.unwrap();
        let part = bytes.slice(..1);
        drop(bytes);
        assert_eq!(budget.taken.lock().bytes, 17_000);
        drop(part);
        assert_eq!(budget.taken.lock().bytes, 0);
    }

    #[tokio::test]
    async fn a_large_body_is_gathered_in_parts_and_joined() {
        let budget = BufferBudget::new(BufferLimits { bytes: 1 << 30 });
        let mut whole = Gathered {
            full: Vec::new(),
            bytes: Vec::new(),
            reservation: budget.reserve(instance(1)),
        };
        let pieces = (0..100_u8).map(|number| vec![number; 30_000 + usize::from(number)]);
        let pieces: Vec<_> = pieces.chain([vec![9; 3 * LARGEST_PART]]).collect();
        let rest = RequestBody::empty();
        for piece in &pieces {
            whole.push(piece, &rest).unwrap();
            let capacities = whole.full.iter().chain([&whole.bytes]).map(Vec::capacity);
            assert_eq!(budget.taken.lock().bytes, capacities.sum::<usize>());
        }
        assert!(!whole.full.is_empty());
        let joined = whole.join().await.unwrap();
        assert!(joined == pieces.concat());
        assert_eq!(budget.taken.lock().bytes, joined.len());
    }
}
