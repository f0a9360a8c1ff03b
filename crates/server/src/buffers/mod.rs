//! Memory for bodies that are read whole before they are used, and for large responses until they are sent.
//!
//! All of them together take at most what [`BufferLimits`] says, and those of one instance at most a
//! quarter of it. Bytes are taken as they arrive, never as they are announced, and are given back when
//! the last handle to the body is dropped: when the request is over, or the client has gone.
//!
//! Small bodies find room when large ones do not: an eighth of everything is kept for them.
//!
//! A body that is complete in one small piece is not counted: it lies in the buffer that its connection
//! has read it into, and most bodies are such.

mod collect;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use backlot_wix::InstanceId;
use parking_lot::Mutex;

use crate::error::{ApiError, ErrorCode};
use crate::id_hasher::InstanceHash;

pub(crate) use collect::CollectError;

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

impl From<BufferError> for ApiError {
    fn from(error: BufferError) -> Self {
        let code = match error {
            BufferError::Exhausted => ErrorCode::BuffersExhausted,
            BufferError::ShareExhausted => ErrorCode::BufferShareExhausted,
        };
        Self::from(code)
            .retry_after(RETRY_AFTER_SECONDS)
            .with_source(error)
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
}
