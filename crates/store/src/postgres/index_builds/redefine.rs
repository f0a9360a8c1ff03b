//! What a changed definition makes of the keys of an instance's items: what is little at once, and the rest in pieces.

use std::sync::Arc;

use backlot_wix::InstanceId;

use super::Build;
use crate::collections::{Collection, Prepared};
use crate::index_builds::AtOnce;
use crate::items::CollectionRef;
use crate::items::key_change::Rebuild;
use crate::postgres::failure::Failure;
use crate::postgres::items::keys;
use crate::postgres::lease::Lease;

/// Makes the keys of an instance's items what the new definition needs, or leaves it to pieces. `WDE0123` when it is
/// found at once that something is not unique; the caller then rolls the transaction back. The definition is locked, so
/// items are not written meanwhile.
pub(in crate::postgres) async fn reindex(
    lease: &Lease,
    instance_id: InstanceId,
    old: &Collection,
    new: &Collection,
    at_once: &mut AtOnce,
) -> Result<(), Failure> {
    let build = |index: &Prepared| Build {
        instance_id,
        collection: new.definition.id.clone(),
        index_id: index.id,
    };
    let Rebuild { dropped, added } = Rebuild::new(old, new);
    for index in dropped {
        clear(lease, &build(index), at_once).await?;
    }
    let mut cleared = Vec::new();
    for index in added {
        if clear(lease, &build(index), at_once).await? {
            cleared.push(index.clone());
        }
    }
    if cleared.is_empty() {
        return Ok(());
    }
    let added = new.with_indexes(cleared);
    let of = CollectionRef::new(instance_id, Arc::new(added));
    if !keys::make_few(lease, &of, &mut at_once.room).await? {
        for index in &of.collection.indexes {
            build(index).begin(lease, "BUILDING").await?;
        }
    }
    Ok(())
}

/// Removes the keys of an index at once, if they are few. The row is locked first, so that no piece makes keys meanwhile.
async fn clear(lease: &Lease, build: &Build, at_once: &mut AtOnce) -> Result<bool, Failure> {
    let has_row = build.lock(lease).await?.is_some();
    let is_clear = build.remove_some(lease, &mut at_once.removals).await?;
    if !is_clear {
        build.begin(lease, "CLEARING").await?;
    } else if has_row {
        build.end(lease).await?;
    }
    Ok(is_clear)
}
