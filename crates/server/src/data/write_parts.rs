//! Changes in parts, so that a bulk call holds no more than a part of its items in memory.

use backlot_store::items::MutationResult;
use backlot_wix::data::DataError;
use backlot_wix::data::memory::Weigh as _;

use super::write::{MutationRequest, MutationRequests, most_bytes_of};

/// Bytes of the items of one part, as they are and as they are to be.
pub(super) const PART_MEMORY: u64 = 8 << 20;
/// The most changes of one part.
const MAX_PART: usize = 200;
/// Changes of the first part where the items come back: how large they are is not known yet.
const FIRST_PART: usize = 16;
/// Bytes that are sent for one part, unless one change is more.
const PART_BYTES: usize = 1 << 20;
/// Bytes of items that come back from one part.
const PART_TOLD_BYTES: usize = 4 << 20;

/// Divides changes into parts.
pub(super) struct Parts {
    most: usize,
    tells_items: bool,
}

impl Parts {
    pub(super) fn new(changes: &MutationRequests<'_>) -> Self {
        let is_known = |change: &MutationRequest| matches!(change, MutationRequest::Insert(_));
        let all_known = changes.each.iter().flatten().all(is_known);
        let tells_items = changes.tells_items && !all_known;
        Self {
            most: if tells_items { FIRST_PART } else { MAX_PART },
            tells_items,
        }
    }

    /// The next part. `None` when there is nothing left.
    pub(super) fn next<'change>(
        &self,
        rest: &'change [Result<MutationRequest, DataError>],
    ) -> Option<&'change [Result<MutationRequest, DataError>]> {
        let mut bytes = 0;
        let has_room = |change: &&Result<MutationRequest, DataError>| {
            bytes += change.as_ref().map_or(0, bytes_of);
            bytes <= PART_BYTES
        };
        let count = rest.iter().take(self.most).take_while(has_room).count();
        (!rest.is_empty()).then(|| &rest[..count.max(1)])
    }

    /// Makes the next parts as large as the last items allow.
    pub(super) fn learn(&mut self, outcomes: &[Result<MutationResult, DataError>]) {
        if !self.tells_items {
            return;
        }
        let bytes: usize = outcomes
            .iter()
            .flatten()
            .map(|it| it.item().json.len())
            .sum();
        let each = bytes / outcomes.len().max(1);
        self.most = (PART_TOLD_BYTES / each.max(1)).clamp(1, MAX_PART);
    }

    /// Makes the next parts smaller than this one, whose items had no room.
    pub(super) fn halve(&mut self, count: usize) {
        self.tells_items = false;
        self.most = (count / 2).max(1);
    }
}

/// Roughly the bytes that a change brings.
fn bytes_of(change: &MutationRequest) -> usize {
    match change {
        MutationRequest::Insert(item)
        | MutationRequest::Update(item)
        | MutationRequest::Save(item) => item.data.weight(),
        MutationRequest::Patch(_, modifications) => most_bytes_of(modifications),
        MutationRequest::Remove(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use backlot_store::items::Item;
    use backlot_wix::data::Object;

    use super::super::WireItem;
    use super::*;

    fn changes(each: Vec<MutationRequest>, tells_items: bool) -> MutationRequests<'static> {
        MutationRequests {
            collection: "c",
            each: each.into_iter().map(Ok).collect(),
            condition: None,
            save_references: false,
            tells_items,
        }
    }

    fn inserted(letters: usize) -> MutationRequest {
        let text = "x".repeat(letters);
        MutationRequest::Insert(WireItem::new(Object::from_iter([(
            "t".to_owned(),
            text.into(),
        )])))
    }

    #[test]
    fn a_part_has_so_many_changes_and_so_many_bytes() {
        let small = changes((0..450).map(|_| inserted(10)).collect(), true);
        let parts = Parts::new(&small);
        assert_eq!(parts.next(&small.each).unwrap().len(), MAX_PART);
        assert!(parts.next(&[]).is_none());
        let large = changes((0..4).map(|_| inserted(400_000)).collect(), true);
        assert_eq!(Parts::new(&large).next(&large.each).unwrap().len(), 2);
        let largest = changes(vec![inserted(PART_BYTES)], false);
        assert_eq!(Parts::new(&largest).next(&largest.each).unwrap().len(), 1);
    }

    #[test]
    fn parts_become_as_large_as_the_items_that_come_back_allow() {
        let removed = (0..900).map(|number: u32| MutationRequest::Remove(number.to_string()));
        let removed = changes(removed.collect(), true);
        let mut parts = Parts::new(&removed);
        assert_eq!(parts.next(&removed.each).unwrap().len(), FIRST_PART);
        let item = |letters| {
            Ok(MutationResult::Removed(Item {
                sequence: 0,
                id: String::new(),
                owner: None,
                json: "x".repeat(letters),
            }))
        };
        parts.learn(&[item(400_000), item(400_000)]);
        assert_eq!(parts.next(&removed.each).unwrap().len(), 10);
        parts.learn(&[item(10)]);
        assert_eq!(parts.next(&removed.each).unwrap().len(), MAX_PART);
        parts.halve(MAX_PART);
        assert_eq!(parts.next(&removed.each).unwrap().len(), MAX_PART / 2);
    }
}
