//! One piece of a build, in one transaction. Items are locked while their keys are made, so that they stay what they
//! are; the collection's definition stays, too.

use std::collections::HashMap;

use backlot_wix::InstanceId;
use tokio_postgres::Row;

use super::Build;
use crate::collections::{Collection, Prepared};
use crate::index_builds::{
    BuildProgress, IndexFailure, IndexState, ItemKeys, MAX_PIECE_BYTES, MAX_PIECE_ITEMS,
    MAX_PIECE_KEYS, PieceRoom,
};
use crate::items::Item;
use crate::items::effect::not_unique;
use crate::postgres::PostgresStore;
use crate::postgres::collections::definition;
use crate::postgres::failure::Failure;
use crate::postgres::items::{keys, read_item};
use crate::postgres::lease::Lease;
use crate::postgres::tenant::{Bound, Isolation, transaction, uuid};

const CANDIDATES: &str = "
    SELECT collection, index_id FROM index_builds
    WHERE instance_id = $1 AND state IN ('CLEARING', 'BUILDING')
    ORDER BY collection, index_id LIMIT 20";

const DECLARED: &str = "SELECT definition FROM declared_collections WHERE id = $1 FOR KEY SHARE";

const OWN: &str = "
    SELECT definition FROM collections WHERE instance_id = $1 AND id = $2 FOR KEY SHARE";

// What another node works on is left to it.
const TAKE: &str = "
    SELECT state, position FROM index_builds
    WHERE instance_id = $1 AND collection = $2 AND index_id = $3
      AND state IN ('CLEARING', 'BUILDING')
    FOR UPDATE SKIP LOCKED";

const NEXT: &str = "
    SELECT sequence, item_id, pg_column_size(data) FROM items
    WHERE instance_id = $1 AND collection COLLATE \"POSIX\" = $2 AND sequence > $3
    ORDER BY sequence LIMIT $4";

// In the order in which writers lock items.
const LOCK: &str = "
    SELECT i.sequence, i.item_id, i.owner, i.data, i.field_order
    FROM (SELECT DISTINCT id FROM unnest($3::text[]) AS wanted(id) ORDER BY id) AS wanted
    CROSS JOIN LATERAL (
        SELECT sequence, item_id, owner, data, field_order FROM items
        WHERE instance_id = $1 AND collection = $2 AND item_id = wanted.id LIMIT 1 FOR SHARE
    ) AS i";

const ADVANCE: &str = "
    UPDATE index_builds SET position = $4
    WHERE instance_id = $1 AND collection = $2 AND index_id = $3";

const FAIL: &str = "
    UPDATE index_builds SET state = 'FAILED', failure = $4
    WHERE instance_id = $1 AND collection = $2 AND index_id = $3";

/// From this size on, in bytes, an item may be kept compressed.
const COMPRESSED_FROM: i64 = 2_000;
/// By how much, as a rule.
const COMPRESSED_BY: i64 = 4;

/// What a transaction made of a build.
enum Taken {
    Nothing,
    /// No key of an earlier time is left.
    IsClear(Build),
    Progress {
        build: Build,
        is_declared: bool,
        progress: BuildProgress,
    },
}

impl PostgresStore {
    pub(super) async fn build_piece_once(
        &self,
        instance_id: InstanceId,
    ) -> Result<BuildProgress, Failure> {
        let lease = self.tenants().await?;
        let work = take(&lease, instance_id);
        let outcome = transaction(&lease, instance_id, Isolation::ReadCommitted, work).await;
        let (build, is_declared, progress) = match lease.release(outcome)? {
            Taken::Nothing => return Ok(BuildProgress::Idle),
            Taken::IsClear(build) => {
                let progress = self.end_clearing(&build).await?;
                self.definition_cache.forget(instance_id, &build.collection);
                (build, true, progress)
            }
            Taken::Progress {
                build,
                is_declared,
                progress,
            } => (build, is_declared, progress),
        };
        if progress != BuildProgress::Advanced {
            self.definition_cache.forget(instance_id, &build.collection);
            self.inexact.invalidate(&(instance_id, build.index_id));
        }
        if is_declared && progress == BuildProgress::Ended {
            self.lower_flag(&build.collection).await?;
        }
        Ok(progress)
    }
}

/// Takes one of an instance's builds that no other node has, and does its next piece.
async fn take(lease: &Lease, instance_id: InstanceId) -> Result<Taken, Failure> {
    let client = lease.client()?;
    let tenant = uuid(instance_id);
    for row in client.query(CANDIDATES, &[&tenant]).await? {
        let build = Build {
            instance_id,
            collection: row.try_get(0)?,
            index_id: row.try_get(1)?,
        };
        let collection = find(lease, &build).await?;
        let values = &[&tenant as _, &build.collection as _, &build.index_id as _];
        let taken = client.query(TAKE, values).await?;
        let Some(row) = taken.first() else {
            continue;
        };
        let (state, position): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
        let state = IndexState::from_row(&state, None)?;
        let index = |it: &Collection| {
            let index = it.indexes.iter().find(|it| it.id == build.index_id);
            index.map(|index| (it.declared, index.clone()))
        };
        return match collection.as_ref().and_then(index) {
            Some((is_declared, index)) if state == IndexState::Building => {
                let progress = make_keys(lease, &build, &index, position).await?;
                Ok(Taken::Progress {
                    build,
                    is_declared,
                    progress,
                })
            }
            _ => clear(lease, build).await,
        };
    }
    Ok(Taken::Nothing)
}

/// The collection that counts. It stays as it is until the transaction is over.
async fn find(lease: &Lease, build: &Build) -> Result<Option<Collection>, Failure> {
    let client = lease.client()?;
    let declared = client.query(DECLARED, &[&build.collection]).await?;
    if let Some(row) = declared.first() {
        return Ok(Some(Collection::new(definition(row)?, true)));
    }
    let own = client
        .query(OWN, &[&uuid(build.instance_id), &build.collection])
        .await?;
    let own = own.first().map(definition).transpose()?;
    Ok(own.map(|it| Collection::new(it, false)))
}

async fn clear(lease: &Lease, build: Build) -> Result<Taken, Failure> {
    let mut removals = MAX_PIECE_KEYS;
    if build.remove_some(lease, &mut removals).await? {
        return Ok(Taken::IsClear(build));
    }
    Ok(Taken::Progress {
        build,
        is_declared: false,
        progress: BuildProgress::Advanced,
    })
}

async fn make_keys(
    lease: &Lease,
    build: &Build,
    index: &Prepared,
    position: i64,
) -> Result<BuildProgress, Failure> {
    let next = NextItems::read(lease, build, position).await?;
    let (mut room, mut all) = (PieceRoom::default(), Vec::new());
    let (mut reached, mut is_last) = (position, next.is_last);
    for (sequence, id) in &next.places {
        // What is gone meanwhile is passed over.
        if let Some(item) = next.items.get(id) {
            let keys = match ItemKeys::new(index, item.sequence, id, &item.object()?) {
                Ok(keys) => keys,
                Err(failure) => return fail(lease, build, index, failure).await,
            };
            if !room.take_or_first(item.json.len(), keys.keys.len()) {
                is_last = false;
                break;
            }
            all.push(keys);
        }
        reached = *sequence;
    }
    if let Some(item_id) = keys::make(lease, build.instance_id, index, all).await? {
        let failure = IndexFailure::duplicate(&not_unique(&index.index), &item_id);
        return fail(lease, build, index, failure).await;
    }
    if is_last {
        build.end(lease).await?;
        return Ok(BuildProgress::Ended);
    }
    change(lease, build, ADVANCE, &reached).await?;
    Ok(BuildProgress::Advanced)
}

/// The next items of a build, locked.
struct NextItems {
    /// Places and ids, in the order of insertion.
    places: Vec<(i64, String)>,
    /// The items that are still there, by their ids.
    items: HashMap<String, Item>,
    /// Whether no item follows.
    is_last: bool,
}

impl NextItems {
    async fn read(lease: &Lease, build: &Build, position: i64) -> Result<Self, Failure> {
        let client = lease.client()?;
        let (tenant, id) = (uuid(build.instance_id), &build.collection);
        let most = i64::try_from(MAX_PIECE_ITEMS).unwrap_or(i64::MAX);
        let values: [Bound<'_>; 4] = [&tenant, id, &position, &most];
        let rows = client.query(NEXT, &values).await?;
        let (mut places, mut left) = (Vec::new(), MAX_PIECE_BYTES);
        for row in &rows {
            let bytes = item_bytes(row, 2)?;
            if bytes > left && !places.is_empty() {
                break;
            }
            left = left.saturating_sub(bytes);
            places.push((row.try_get(0)?, row.try_get::<_, String>(1)?));
        }
        let ids: Vec<&str> = places.iter().map(|(_, id)| id.as_str()).collect();
        let locked = client.query(LOCK, &[&tenant, id, &ids]).await?;
        let item = |row: &Row| read_item(row).map(|item| (item.id.clone(), item));
        Ok(Self {
            is_last: rows.len() < MAX_PIECE_ITEMS && places.len() == rows.len(),
            items: locked.iter().map(item).collect::<Result<_, _>>()?,
            places,
        })
    }
}

/// About how large an item is, by the size in which it is kept.
fn item_bytes(row: &Row, column: usize) -> Result<usize, Failure> {
    let kept = i64::from(row.try_get::<_, i32>(column)?);
    let bytes = if kept < COMPRESSED_FROM {
        kept
    } else {
        kept * COMPRESSED_BY
    };
    Ok(usize::try_from(bytes).unwrap_or(usize::MAX))
}

async fn fail(
    lease: &Lease,
    build: &Build,
    index: &Prepared,
    failure: IndexFailure,
) -> Result<BuildProgress, Failure> {
    change(lease, build, FAIL, &failure.to_row()?).await?;
    Ok(BuildProgress::Failed {
        collection: build.collection.clone(),
        index: index.index.name.clone(),
        failure,
    })
}

async fn change(
    lease: &Lease,
    build: &Build,
    sql: &'static str,
    value: Bound<'_>,
) -> Result<(), Failure> {
    let client = lease.client()?;
    let tenant = uuid(build.instance_id);
    let values: [Bound<'_>; 4] = [&tenant, &build.collection, &build.index_id, value];
    client.execute(sql, &values).await.map(drop)
}
