//! One piece of a build: found by a reader, with all that is to be worked out, and done by the writer.

use backlot_wix::InstanceId;
use backlot_wix::data::Object;
use backlot_wix::data::collection::IndexId;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{begin, end};
use crate::StoreError;
use crate::collections::{Collection, Prepared};
use crate::index_builds::{
    BuildProgress, IndexFailure, IndexState, ItemKeys, MAX_PIECE_KEYS, PieceRoom,
};
use crate::items::effect::not_unique;
use crate::sqlite::definitions::{current_revision, find_current, keep_current};
use crate::sqlite::items::keys;

/// A build, and how far it had come when it was looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Build {
    instance_id: InstanceId,
    pub(super) collection: String,
    index_id: IndexId,
    state: IndexState,
    position: i64,
}

/// What is to be done next.
pub(super) enum NextPiece {
    /// Keys of an earlier time go.
    Clear(Build),
    /// Keys of items are made.
    MakeKeys(Box<KeyPiece>),
}

/// The next items of a build, with their keys.
pub(super) struct KeyPiece {
    build: Build,
    /// The collection that the keys are made for.
    collection: Collection,
    index: Prepared,
    items: Vec<PieceItem>,
    /// Whether no item follows.
    is_last: bool,
}

/// An item as it was found, and its keys.
struct PieceItem {
    sequence: i64,
    item_id: String,
    json: String,
    keys: Result<ItemKeys, IndexFailure>,
}

/// What the writer did.
pub(super) struct PieceDone {
    pub(super) progress: BuildProgress,
    /// Whether the index stands differently now.
    pub(super) changes_state: bool,
}

impl PieceDone {
    const ADVANCED: Self = Self {
        progress: BuildProgress::Advanced,
        changes_state: false,
    };

    const fn changed(progress: BuildProgress) -> Self {
        Self {
            progress,
            changes_state: true,
        }
    }
}

impl NextPiece {
    /// Looks for a build of an instance, and works out its next piece.
    pub(super) fn find(
        snapshot: &Connection,
        instance_id: InstanceId,
    ) -> Result<Option<Self>, StoreError> {
        let Some(build) = Build::next(snapshot, instance_id)? else {
            return Ok(None);
        };
        if build.state == IndexState::Clearing {
            return Ok(Some(Self::Clear(build)));
        }
        let Some((collection, index)) = build.target(snapshot)? else {
            return Ok(Some(Self::Clear(build)));
        };
        let piece = KeyPiece::read(snapshot, build, collection, index)?;
        Ok(Some(Self::MakeKeys(Box::new(piece))))
    }

    pub(super) const fn build(&self) -> &Build {
        match self {
            Self::Clear(build) => build,
            Self::MakeKeys(piece) => &piece.build,
        }
    }

    /// Does it, unless something has changed since: then the next piece is looked up again.
    pub(super) fn write(self, connection: &Connection) -> Result<PieceDone, StoreError> {
        if !self.build().is_current(connection)? {
            return Ok(PieceDone::ADVANCED);
        }
        match self {
            Self::Clear(build) => build.clear(connection),
            Self::MakeKeys(piece) => piece.write(connection),
        }
    }
}

impl Build {
    fn next(connection: &Connection, instance_id: InstanceId) -> Result<Option<Self>, StoreError> {
        let row = connection
            .prepare_cached(
                "SELECT collection, index_id, state, position FROM index_builds
                 WHERE instance_id = ?1 AND state IN ('CLEARING', 'BUILDING')
                 ORDER BY collection, index_id LIMIT 1",
            )?
            .query_row([instance_id.as_bytes()], |row| {
                let state: String = row.get(2)?;
                Ok((row.get(0)?, row.get(1)?, state, row.get(3)?))
            })
            .optional()?;
        let Some((collection, index_id, state, position)) = row else {
            return Ok(None);
        };
        Ok(Some(Self {
            instance_id,
            collection,
            index_id,
            state: IndexState::from_row(&state, None)?,
            position,
        }))
    }

    /// Whether it has come no further since.
    fn is_current(&self, connection: &Connection) -> Result<bool, StoreError> {
        let now: Option<(String, i64)> = connection
            .prepare_cached(
                "SELECT state, position FROM index_builds
                 WHERE instance_id = ?1 AND collection = ?2 AND index_id = ?3",
            )?
            .query_row(
                params![self.instance_id.as_bytes(), self.collection, self.index_id],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let Some((state, position)) = now.filter(|(state, _)| state != "FAILED") else {
            return Ok(false);
        };
        Ok(IndexState::from_row(&state, None)? == self.state && position == self.position)
    }

    /// The collection that counts, and the index in it, if it has the index.
    fn target(
        &self,
        connection: &Connection,
    ) -> Result<Option<(Collection, Prepared)>, StoreError> {
        let Some(collection) = find_current(connection, self.instance_id, &self.collection)? else {
            return Ok(None);
        };
        let index = collection.indexes.iter().find(|it| it.id == self.index_id);
        let index = index.cloned();
        Ok(index.map(|index| (collection, index)))
    }

    /// Removes keys. Once none is left, an index that the collection has is built.
    fn clear(self, connection: &Connection) -> Result<PieceDone, StoreError> {
        let is_building = self.state == IndexState::Building;
        if is_building && self.target(connection)?.is_some() {
            return Ok(PieceDone::ADVANCED);
        }
        let mut removals = MAX_PIECE_KEYS;
        if !keys::remove_some(connection, self.instance_id, self.index_id, &mut removals)? {
            return Ok(PieceDone::ADVANCED);
        }
        let (instance_id, id) = (self.instance_id, &self.collection);
        let Some((mut collection, _)) = self.target(connection)? else {
            end(connection, instance_id, id, self.index_id)?;
            return Ok(PieceDone::changed(BuildProgress::Ended));
        };
        // From here on, every write keeps the keys: one that was built on the revision before would not.
        collection.definition.revision += 1;
        keep_current(connection, instance_id, &collection)?;
        begin(connection, instance_id, id, self.index_id, "BUILDING")?;
        Ok(PieceDone::changed(BuildProgress::Advanced))
    }

    fn advance(&self, connection: &Connection, position: i64) -> Result<(), StoreError> {
        connection
            .prepare_cached(
                "UPDATE index_builds SET position = ?4
                 WHERE instance_id = ?1 AND collection = ?2 AND index_id = ?3",
            )?
            .execute(params![
                self.instance_id.as_bytes(),
                self.collection,
                self.index_id,
                position
            ])?;
        Ok(())
    }
}

impl KeyPiece {
    /// Reads the next items, as far as there is room for them, and works out their keys.
    fn read(
        snapshot: &Connection,
        build: Build,
        collection: Collection,
        index: Prepared,
    ) -> Result<Self, StoreError> {
        let mut statement = snapshot.prepare_cached(
            "SELECT sequence, item_id, data FROM items
             WHERE instance_id = ?1 AND collection = ?2 AND sequence > ?3 ORDER BY sequence",
        )?;
        let tenant = build.instance_id.as_bytes();
        let mut rows = statement.query(params![tenant, build.collection, build.position])?;
        let (mut room, mut items, mut is_last) = (PieceRoom::default(), Vec::new(), true);
        while let Some(row) = rows.next()? {
            let (sequence, item_id): (i64, String) = (row.get(0)?, row.get(1)?);
            let json: String = row.get(2)?;
            let keys = work_out(&index, sequence, &item_id, &json)?;
            let count = keys.as_ref().map_or(0, |it| it.keys.len());
            if !room.take_or_first(json.len(), count) {
                is_last = false;
                break;
            }
            items.push(PieceItem {
                sequence,
                item_id,
                json,
                keys,
            });
        }
        Ok(Self {
            build,
            collection,
            index,
            items,
            is_last,
        })
    }

    fn write(self, connection: &Connection) -> Result<PieceDone, StoreError> {
        let Self {
            build,
            collection,
            index,
            items,
            is_last,
        } = self;
        let instance_id = build.instance_id;
        let current = current_revision(connection, instance_id, &collection)?;
        if current != Some(collection.definition.revision) {
            return Ok(PieceDone::ADVANCED);
        }
        let mut position = build.position;
        for item in items {
            let keys = match Present::look(connection, &item)? {
                Present::Same => item.keys,
                Present::Gone => {
                    position = item.sequence;
                    continue;
                }
                // The first one is worked out here, so that an item that changes all the time holds up nothing.
                Present::Changed(json) if position == build.position => {
                    work_out(&index, item.sequence, &item.item_id, &json)?
                }
                Present::Changed(_) => {
                    build.advance(connection, position)?;
                    return Ok(PieceDone::ADVANCED);
                }
            };
            let made = match keys {
                Ok(item_keys) if keys::make(connection, instance_id, &index, &item_keys)? => Ok(()),
                Ok(item_keys) => Err(IndexFailure::duplicate(
                    &not_unique(&index.index),
                    &item_keys.item_id,
                )),
                Err(failure) => Err(failure),
            };
            if let Err(failure) = made {
                return fail(connection, &build, &index, failure);
            }
            position = item.sequence;
        }
        if is_last {
            end(connection, instance_id, &build.collection, build.index_id)?;
            return Ok(PieceDone::changed(BuildProgress::Ended));
        }
        build.advance(connection, position)?;
        Ok(PieceDone::ADVANCED)
    }
}

/// What an item of a piece is now.
enum Present {
    Same,
    Changed(String),
    Gone,
}

impl Present {
    fn look(connection: &Connection, item: &PieceItem) -> Result<Self, StoreError> {
        let mut statement =
            connection.prepare_cached("SELECT data FROM items WHERE sequence = ?1")?;
        let mut rows = statement.query([item.sequence])?;
        let Some(row) = rows.next()? else {
            return Ok(Self::Gone);
        };
        if row.get_ref(0)? == ValueRef::Text(item.json.as_bytes()) {
            return Ok(Self::Same);
        }
        Ok(Self::Changed(row.get(0)?))
    }
}

fn work_out(
    index: &Prepared,
    sequence: i64,
    item_id: &str,
    json: &str,
) -> Result<Result<ItemKeys, IndexFailure>, StoreError> {
    let object: Object = serde_json::from_str(json).map_err(StoreError::not_json("an item"))?;
    Ok(ItemKeys::new(index, sequence, item_id, &object))
}

fn fail(
    connection: &Connection,
    build: &Build,
    index: &Prepared,
    failure: IndexFailure,
) -> Result<PieceDone, StoreError> {
    connection
        .prepare_cached(
            "UPDATE index_builds SET state = 'FAILED', failure = ?4
             WHERE instance_id = ?1 AND collection = ?2 AND index_id = ?3",
        )?
        .execute(params![
            build.instance_id.as_bytes(),
            build.collection,
            build.index_id,
            failure.to_row()?
        ])?;
    Ok(PieceDone::changed(BuildProgress::Failed {
        collection: build.collection.clone(),
        index: index.index.name.clone(),
        failure,
    }))
}
