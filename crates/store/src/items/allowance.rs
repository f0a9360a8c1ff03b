//! How much more an instance may keep, while a batch is written.
//!
//! Each write that would need more than there is left is refused by itself. What goes makes room for what comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use backlot_wix::data::DataError;

use super::effect::{Effect, LinkChange};

/// Bytes that a link takes up beside its two ids.
pub const LINK_BYTES: usize = 100;

/// Bytes that a link of these ids takes up.
pub const fn link_bytes(item_id: &str, referenced_id: &str) -> usize {
    LINK_BYTES + item_id.len() + referenced_id.len()
}

/// What is left. Cloning shares it.
#[derive(Debug, Clone)]
pub struct StorageAllowance(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    left: AtomicI64,
    fault: DataError,
}

impl StorageAllowance {
    /// Room for so many bytes, and the fault of what does not fit.
    pub fn new(bytes: u64, fault: DataError) -> Self {
        let left = AtomicI64::new(i64::try_from(bytes).unwrap_or(i64::MAX));
        Self(Arc::new(Shared { left, fault }))
    }

    /// Bytes that are left.
    pub fn left(&self) -> i64 {
        self.0.left.load(Ordering::Relaxed)
    }

    /// Fails if the stored bytes cannot grow by this number.
    pub fn check(&self, bytes: i64) -> Result<(), DataError> {
        if bytes <= 0 || bytes <= self.left() {
            return Ok(());
        }
        Err(self.0.fault.clone())
    }

    /// The stored bytes have grown by this number, or shrunk.
    pub(crate) fn grow(&self, bytes: i64) {
        self.0.left.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// The same room, for what may be worked out several times.
    pub(crate) fn fork(&self) -> Self {
        Self(Arc::new(Shared {
            left: AtomicI64::new(self.left()),
            fault: self.0.fault.clone(),
        }))
    }
}

impl Effect {
    /// The bytes by which the stored data grows, given its previous size. Links that go are not counted.
    pub(crate) fn growth(&self, before: usize) -> i64 {
        let Some(new) = &self.new else {
            return -signed(before);
        };
        let bytes = |change: &LinkChange| match change {
            LinkChange::Replace(_, ids) => ids.iter().map(|id| link_bytes(&new.id, id)).sum(),
            LinkChange::Add(_, id) => link_bytes(&new.id, id),
            LinkChange::Remove(..) => 0,
        };
        let links: usize = self.links.iter().map(bytes).sum();
        signed(new.json.len() + links) - signed(before)
    }
}

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_makes_room_for_what_comes() {
        let room = StorageAllowance::new(10, DataError::invalid("full"));
        room.check(10).unwrap();
        room.grow(8);
        assert!(room.check(3).is_err());
        room.check(-100).unwrap();
        room.grow(-1);
        room.check(3).unwrap();
        let fork = room.fork();
        fork.grow(3);
        assert_eq!((room.left(), fork.left()), (3, 0));
    }
}
