//! Memory for bodies that are read whole before they are used.
//!
//! All of them together take at most what [`BufferLimits`] says, and those of one instance at most a
//! quarter of it. Bytes are taken as they arrive, never as they are announced, and are given back when
//! the last handle to the body is dropped: when the request is over, or the client has gone.
//!
//! Small bodies find room when large ones do not: an eighth of everything is kept for them.
//!
//! A body that is complete in one small piece is not counted: it lies in the buffer that its connection
//! has read it into, and most bodies are such.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use backlot_outbound::body::{BodyFault, RequestBody};
use backlot_wix::InstanceId;
use bytes::Bytes;
use http_body::Body as _;
use http_body_util::BodyExt as _;
use parking_lot::Mutex;

use crate::error::{Code, Refusal};
use crate::instance_hash::InstanceHash;

/// How much all bodies together may take.
#[derive(Debug, Clone, Copy)]
pub struct BufferLimits {
    /// Of all instances, in bytes. One instance may have a quarter.
    pub bytes: usize,
}

impl BufferLimits {
    /// The most bytes of one instance.
    pub const fn share(self) -> usize {
        self.bytes / 4
    }

    /// What of the share bodies that are not small may have.
    pub const fn share_of_large(self) -> usize {
        without_an_eighth(self.share())
    }
}

const fn without_an_eighth(bytes: usize) -> usize {
    bytes - bytes / 8
}

/// Bodies up to this size are small; they are not counted if they come in one piece.
const SMALL_BODY: usize = 16 * 1024;
/// The smallest buffer that a body is gathered in.
const SMALLEST_BUFFER: usize = 4 * 1024;
/// When to come back: bodies are there for a moment.
const RETRY_AFTER_SECONDS: u64 = 1;

/// The memory for all bodies. Cloning shares it.
#[derive(Debug, Clone)]
pub(crate) struct BufferBudget {
    limits: BufferLimits,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    bytes: usize,
    by_instance: HashMap<InstanceId, usize, InstanceHash>,
}

/// There is no memory for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BufferError {
    /// All together have all of it.
    #[error("bodies under way take all of server.max_buffered_bytes")]
    Exhausted,
    /// This instance has its share.
    #[error("bodies of the instance take its share of server.max_buffered_bytes")]
    ShareExhausted,
}

impl From<BufferError> for Refusal {
    fn from(error: BufferError) -> Self {
        let code = match error {
            BufferError::Exhausted => Code::BuffersExhausted,
            BufferError::ShareExhausted => Code::BufferShareExhausted,
        };
        Self::from(code)
            .retry_after(RETRY_AFTER_SECONDS)
            .because(error)
    }
}

impl BufferBudget {
    pub(crate) fn new(limits: BufferLimits) -> Self {
        Self {
            limits,
            taken: Arc::default(),
        }
    }

    /// A reservation of nothing yet.
    pub(crate) fn reserve(&self, instance_id: InstanceId) -> BufferReservation {
        BufferReservation {
            budget: self.clone(),
            instance_id,
            bytes: 0,
        }
    }

    /// Takes `bytes` for a body that is `is_small` with them.
    fn take(
        &self,
        instance_id: InstanceId,
        bytes: usize,
        is_small: bool,
    ) -> Result<(), BufferError> {
        let (mut most, mut share) = (self.limits.bytes, self.limits.share());
        if !is_small {
            (most, share) = (without_an_eighth(most), without_an_eighth(share));
        }
        let mut taken = self.taken.lock();
        let all = taken.bytes.saturating_add(bytes);
        let own = taken.by_instance.get(&instance_id).copied();
        let own = own.unwrap_or_default().saturating_add(bytes);
        if own > share {
            return Err(BufferError::ShareExhausted);
        }
        if all > most {
            return Err(BufferError::Exhausted);
        }
        taken.bytes = all;
        taken.by_instance.insert(instance_id, own);
        Ok(())
    }

    fn give_back(&self, instance_id: InstanceId, bytes: usize) {
        let mut taken = self.taken.lock();
        taken.bytes = taken.bytes.saturating_sub(bytes);
        if let Entry::Occupied(mut own) = taken.by_instance.entry(instance_id) {
            *own.get_mut() = own.get().saturating_sub(bytes);
            if *own.get() == 0 {
                own.remove();
            }
        }
    }
}

/// Bytes of the budget that one body has, until this is dropped.
#[derive(Debug)]
pub(crate) struct BufferReservation {
    budget: BufferBudget,
    instance_id: InstanceId,
    bytes: usize,
}

impl BufferReservation {
    /// Takes so many more.
    ///
    /// # Errors
    /// When the instance's share, or all there is, is taken; what was reserved stays so.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), BufferError> {
        let all = self.bytes.saturating_add(bytes);
        self.budget
            .take(self.instance_id, bytes, all <= SMALL_BODY)?;
        self.bytes = all;
        Ok(())
    }

    /// Gives so many of them back.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        if bytes > 0 {
            self.budget.give_back(self.instance_id, bytes);
        }
    }
}

impl Drop for BufferReservation {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CollectError {
    /// It ended early.
    #[error(transparent)]
    Body(#[from] BodyFault),
    /// There is no memory for it.
    #[error(transparent)]
    Buffer(#[from] BufferError),
}

impl From<CollectError> for Refusal {
    fn from(error: CollectError) -> Self {
        match error {
            CollectError::Body(fault) => fault.into(),
            CollectError::Buffer(error) => error.into(),
        }
    }
}

/// Bytes with the reservation that they count against.
struct Held<B> {
    bytes: B,
    _reservation: BufferReservation,
}

impl<B: AsRef<[u8]>> AsRef<[u8]> for Held<B> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_ref()
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
        mut body: RequestBody,
    ) -> Result<Bytes, CollectError> {
        let Some(first) = next_piece(&mut body).await? else {
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
            bytes: Vec::new(),
            reservation,
        };
        // Copied, since a piece may be a small part of a large buffer.
        whole.push(&first, &body)?;
        drop(first);
        while let Some(piece) = next_piece(&mut body).await? {
            whole.push(&piece, &body)?;
        }
        Ok(Bytes::from_owner(Held {
            bytes: whole.bytes,
            _reservation: whole.reservation,
        }))
    }
}

/// The next piece that has bytes in it.
async fn next_piece(body: &mut RequestBody) -> Result<Option<Bytes>, BodyFault> {
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
    bytes: Vec<u8>,
    reservation: BufferReservation,
}

impl Gathered {
    fn push(&mut self, piece: &[u8], rest: &RequestBody) -> Result<(), BufferError> {
        let needed = self.bytes.len().saturating_add(piece.len());
        let old = self.bytes.capacity();
        if needed > old {
            // Doubled, but not past the length that the body has, or may have.
            let left = rest.size_hint().upper().unwrap_or(u64::MAX);
            let left = usize::try_from(left.min(rest.bytes_left())).unwrap_or(usize::MAX);
            let most = needed.saturating_add(left);
            let doubled = old.saturating_mul(2).max(SMALLEST_BUFFER).min(most);
            let new = needed.max(doubled);
            // Both are there while the bytes move.
            self.reservation.grow(new)?;
            self.bytes.reserve_exact(new - self.bytes.len());
            self.reservation.shrink(old);
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: BufferLimits = BufferLimits { bytes: 400 };

    fn instance(number: u8) -> InstanceId {
        InstanceId::from_bytes([number; 16])
    }

    #[test]
    fn one_instance_has_a_quarter_and_all_together_have_all() {
        let budget = BufferBudget::new(LIMITS);
        let mut own = budget.reserve(instance(1));
        let mut second = budget.reserve(instance(1));
        own.grow(60).unwrap();
        assert_eq!(second.grow(41), Err(BufferError::ShareExhausted));
        second.grow(40).unwrap();
        assert_eq!(own.grow(1), Err(BufferError::ShareExhausted));
        let mut others: Vec<_> = (2..=4).map(|it| budget.reserve(instance(it))).collect();
        for other in &mut others {
            other.grow(100).unwrap();
        }
        let mut late = budget.reserve(instance(5));
        assert_eq!(late.grow(1), Err(BufferError::Exhausted));
        second.shrink(10);
        late.grow(10).unwrap();
    }

    #[test]
    fn small_bodies_find_room_when_large_ones_do_not() {
        let budget = BufferBudget::new(BufferLimits { bytes: 4_000_000 });
        for (number, refused) in [
            (1, BufferError::ShareExhausted),
            (2, BufferError::ShareExhausted),
            (3, BufferError::ShareExhausted),
            (4, BufferError::ShareExhausted),
            (5, BufferError::Exhausted),
        ] {
            let mut large = budget.reserve(instance(number));
            while large.grow(50_000).is_ok() {}
            assert_eq!(large.grow(100_000), Err(refused));
            budget.reserve(instance(number)).grow(10_000).unwrap();
            std::mem::forget(large);
        }
    }

    #[test]
    fn what_is_dropped_is_given_back_and_no_instance_is_remembered() {
        let budget = BufferBudget::new(LIMITS);
        for round in 0..100 {
            let mut one = budget.reserve(instance(round));
            one.grow(70).unwrap();
            assert!(one.grow(40).is_err());
            one.grow(30).unwrap();
        }
        let taken = budget.taken.lock();
        assert!(taken.bytes == 0 && taken.by_instance.is_empty());
    }

    #[test]
    fn numbers_that_no_memory_has_are_refused() {
        let budget = BufferBudget::new(BufferLimits { bytes: usize::MAX });
        let mut reservation = budget.reserve(instance(1));
        reservation.grow(usize::MAX / 8).unwrap();
        assert!(reservation.grow(usize::MAX).is_err());
        assert!(budget.reserve(instance(2)).grow(usize::MAX).is_err());
    }

    #[tokio::test]
    async fn a_body_that_is_here_is_handed_on_as_it_is() {
        let budget = BufferBudget::new(LIMITS);
        let bytes = Bytes::from_static(b"small");
        let body = RequestBody::ready(bytes.clone());
        let collected = budget.collect(instance(1), body).await.unwrap();
        assert_eq!(collected.as_ptr(), bytes.as_ptr());
        let nothing = budget.collect(instance(1), RequestBody::empty());
        assert!(nothing.await.unwrap().is_empty());
        let large = RequestBody::ready(vec![1; 17_000].into());
        let refused = budget.collect(instance(1), large).await.unwrap_err();
        assert_eq!(refused, CollectError::Buffer(BufferError::ShareExhausted));
    }

    #[tokio::test]
    async fn memory_is_given_back_with_the_last_clone() {
        let budget = BufferBudget::new(BufferLimits { bytes: 100_000 });
        let large = RequestBody::ready(vec![1; 17_000].into());
        let bytes = budget.collect(instance(1), large).await.unwrap();
        let part = bytes.slice(..1);
        drop(bytes);
        assert_eq!(budget.taken.lock().bytes, 17_000);
        drop(part);
        assert_eq!(budget.taken.lock().bytes, 0);
    }
}
