//! Records into an instance that has none yet.

use std::collections::HashMap;
use std::sync::Arc;

use backlot_wix::data::collection::Definition;
use backlot_wix::data::{Budget, DataError, Date};
use backlot_wix::{AppInstance, InstanceId};
use jiff::{SignedDuration, Timestamp};

use super::tally::Tally;
use super::{Exported, Record};
use crate::Store;
use crate::StoreError;
use crate::collections::Collection;
use crate::entity_links::EntityLink;
use crate::imports::Import;
use crate::instance_details::Details;
use crate::instances::ActivityDelta;
use crate::items::CollectionRef;
use crate::items::mutation::{Author, Batch, Mutation};
use crate::markers::IMPORT;

/// Items that are written at once.
const BATCH_SIZE: usize = 500;

/// Reads the records of an export without doing anything with them: whether they are all there.
#[derive(Default)]
pub struct Check(Tally);

impl Check {
    /// Looks at a record.
    pub fn look(&mut self, record: &Record) -> Result<(), NotImported> {
        self.0.add(record)
    }

    /// Ends it; an export that was broken off has no end.
    pub fn finish(self) -> Result<(), NotImported> {
        self.0.finish().map(drop)
    }
}

/// How long an import may do nothing before it counts as one that was broken off.
const STALE_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// How often an import says that it goes on.
const BETWEEN_SIGNS: SignedDuration = SignedDuration::from_secs(5);

/// Removes what is left of imports that were broken off. How many there were.
pub async fn forget_unfinished(store: &Store, now: Timestamp) -> Result<u64, StoreError> {
    let mut count = 0;
    for (name, at) in store.list_markers(IMPORT).await? {
        let at = at
            .parse()
            .ok()
            .and_then(|it| Timestamp::from_millisecond(it).ok());
        let is_alive = at.is_some_and(|at| now.duration_since(at).abs() < STALE_AFTER);
        let Ok(staged) = name.trim_start_matches(IMPORT).parse::<InstanceId>() else {
            continue;
        };
        if !is_alive {
            store.delete_instance(staged).await?;
            store.set_marker(&name, None).await?;
            count += 1;
        }
    }
    Ok(count)
}

/// Takes the records of one instance, in their order.
///
/// In another instance than the one that they are of, what Wix said of the latter (site, owner, plan) is left out:
/// it names the other, and a request by its site would get this one's data. When the other was seen,
/// and how often, is left out as well: it is no history of this one.
///
/// Where the database is in use, records are staged under another id ([`Importer::staged`]), and take the
/// instance's place when all of them are there.
pub struct Importer<'store> {
    store: &'store Store,
    instance_id: InstanceId,
    /// The name under which the records are written.
    written_as: InstanceId,
    stage: Option<Stage>,
    collections: HashMap<String, Arc<Collection>>,
    waiting: Vec<Mutation>,
    waiting_for: String,
    waiting_links: Vec<EntityLink>,
    tally: Tally,
    /// The instance that the records are of, as their header says.
    exported_from: Option<InstanceId>,
}

/// What is put in place when all is there.
struct Stage {
    replaces: bool,
    sighting: Option<ActivityDelta>,
    details: Option<Details>,
    /// Whether the export is of a version that has links between entities. Otherwise those of the instance stay.
    has_entity_links: bool,
    /// When it was last said that this goes on.
    signed_at: Timestamp,
}

/// Why records cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum NotImported {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record does not fit.
    #[error("{0}")]
    DataError(#[from] DataError),
    /// An item does not fit.
    #[error("the item {item_id:?} of the collection {collection} cannot be imported: {fault}")]
    Item {
        /// Which item.
        item_id: String,
        /// Its collection.
        collection: String,
        /// What is wrong with it, or with what it refers to.
        fault: DataError,
    },
    /// The instance already has collections or items.
    #[error(
        "the instance {0} has data already; import with --replace, which puts the export in its place"
    )]
    NotEmpty(InstanceId),
    /// A collection that the configuration declared where the export was made is not declared here.
    #[error(
        "the collection {0} is declared in the configuration that the export was made with, and not here"
    )]
    NotDeclared(String),
    /// A later program made the export, or none.
    #[error("the export is of version {0}, and this program knows 1 to {most}", most = Record::VERSION)]
    Version(u32),
    /// The records are in no order that an export has.
    #[error("the records are not those of an export: {0}")]
    Disorder(&'static str),
    /// What arrived is not what was sent.
    #[error("the export is damaged: it says {said}, and holds {held}")]
    Damaged {
        /// Counts and checksum at its end.
        said: String,
        /// What was read.
        held: String,
    },
}

impl<'store> Importer<'store> {
    /// Starts with an instance that has neither collections nor items.
    pub async fn begin(store: &'store Store, instance_id: InstanceId) -> Result<Self, NotImported> {
        check_empty(store, instance_id).await?;
        Ok(Self::new(store, instance_id, instance_id, None))
    }

    /// Starts under a unique id. The data of the instance stays until all records have arrived, and must be empty
    /// unless the import `replaces` it. The caller calls [`Self::goes_on`] periodically.
    pub async fn staged(
        store: &'store Store,
        instance_id: InstanceId,
        staged: InstanceId,
        replaces: bool,
        now: Timestamp,
    ) -> Result<Self, NotImported> {
        if !replaces {
            check_empty(store, instance_id).await?;
        }
        let stage = Stage {
            replaces,
            sighting: None,
            details: None,
            has_entity_links: false,
            signed_at: now,
        };
        let importer = Self::new(store, instance_id, staged, Some(stage));
        importer.sign(now).await?;
        Ok(importer)
    }

    fn new(
        store: &'store Store,
        instance_id: InstanceId,
        written_as: InstanceId,
        stage: Option<Stage>,
    ) -> Self {
        Self {
            store,
            instance_id,
            written_as,
            stage,
            collections: HashMap::new(),
            waiting: Vec::new(),
            waiting_for: String::new(),
            waiting_links: Vec::new(),
            tally: Tally::default(),
            exported_from: None,
        }
    }

    /// Says that the import goes on, if that was not said a moment ago.
    pub async fn goes_on(&mut self, now: Timestamp) -> Result<(), NotImported> {
        if let Some(stage) = &mut self.stage
            && now.duration_since(stage.signed_at) >= BETWEEN_SIGNS
        {
            stage.signed_at = now;
            self.sign(now).await?;
        }
        Ok(())
    }

    async fn sign(&self, now: Timestamp) -> Result<(), StoreError> {
        let value = now.as_millisecond().to_string();
        self.store.set_marker(&self.marker(), Some(value)).await
    }

    fn marker(&self) -> String {
        format!("{IMPORT}{}", self.written_as)
    }

    /// Removes what was taken so far; what the instance has is as it was.
    pub async fn abandon(self) -> Result<(), StoreError> {
        self.store.delete_instance(self.written_as).await?;
        self.store.set_marker(&self.marker(), None).await
    }

    /// How much has been taken.
    pub const fn imported(&self) -> Exported {
        self.tally.held()
    }

    /// Takes a record.
    pub async fn take(&mut self, record: Record) -> Result<(), NotImported> {
        if !matches!(record, Record::Item { .. }) {
            self.write_waiting().await?;
        }
        self.tally.add(&record)?;
        match record {
            Record::Header {
                version,
                instance_id,
                ..
            } => {
                self.exported_from = Some(instance_id);
                if version >= Record::FIRST_WITH_ENTITY_LINKS {
                    self.expect_entity_links().await?;
                }
                Ok(())
            }
            Record::Instance {
                first_seen,
                last_seen,
                requests,
            } => {
                if !self.is_own() {
                    return Ok(());
                }
                let sighting = ActivityDelta {
                    instance_id: self.instance_id,
                    first_seen,
                    last_seen,
                    requests,
                    plan: None,
                    site_id: None,
                };
                match &mut self.stage {
                    Some(stage) => stage.sighting = Some(sighting),
                    None => self.store.record_activity(vec![sighting]).await?,
                }
                Ok(())
            }
            Record::Details { answer, fetched_at } => {
                if !self.are_own(&answer) {
                    return Ok(());
                }
                let details = Details {
                    instance_id: self.instance_id,
                    answer: *answer,
                    fetched_at,
                };
                match &mut self.stage {
                    Some(stage) => stage.details = Some(details),
                    None => self.store.upsert_details(details).await?,
                }
                Ok(())
            }
            Record::Collection {
                declared,
                definition,
            } => self.take_collection(declared, *definition).await,
            Record::Item {
                collection,
                data,
                links,
            } => {
                if collection != self.waiting_for || self.waiting.len() >= BATCH_SIZE {
                    self.write_waiting().await?;
                    self.waiting_for = collection;
                }
                self.waiting.push(Mutation::Restore { item: data, links });
                Ok(())
            }
            Record::EntityLink {
                collection,
                external,
                internal,
                hash,
                updated_at,
            } => {
                if self.waiting_links.len() >= BATCH_SIZE {
                    self.write_waiting_links().await?;
                }
                self.waiting_links.push(EntityLink {
                    instance_id: self.written_as,
                    collection,
                    external,
                    internal,
                    hash,
                    updated_at,
                });
                Ok(())
            }
            Record::End { .. } => self.write_waiting_links().await,
        }
    }

    async fn take_collection(
        &mut self,
        declared: bool,
        definition: Definition,
    ) -> Result<(), NotImported> {
        let id = definition.id.clone();
        let found = self.store.find_collection(self.written_as, &id).await?;
        if declared && !found.is_some_and(|found| found.declared) {
            return Err(NotImported::NotDeclared(id));
        }
        if !declared {
            self.store
                .insert_collection(self.written_as, definition)
                .await?;
        }
        let made = self.store.find_collection(self.written_as, &id).await?;
        let made = made.ok_or_else(|| DataError::collection_missing(&id))?;
        self.collections.insert(id, made);
        Ok(())
    }

    /// Prepares for links between entities, which an instance must not have unless they are replaced.
    async fn expect_entity_links(&mut self) -> Result<(), NotImported> {
        let replaces = self.stage.as_ref().is_some_and(|stage| stage.replaces);
        if !replaces {
            let any = self
                .store
                .list_entity_links_of_instance(self.instance_id, None, 1);
            if !any.await?.is_empty() {
                return Err(NotImported::NotEmpty(self.instance_id));
            }
        }
        if let Some(stage) = &mut self.stage {
            stage.has_entity_links = true;
        }
        Ok(())
    }

    async fn write_waiting_links(&mut self) -> Result<(), NotImported> {
        let links = std::mem::take(&mut self.waiting_links);
        Ok(self.store.insert_entity_links(links).await?)
    }

    /// Whether the records are of the instance that they are imported into.
    fn is_own(&self) -> bool {
        self.exported_from == Some(self.instance_id)
    }

    /// Whether details are of the instance that they would be kept for.
    fn are_own(&self, answer: &AppInstance) -> bool {
        let named = answer.instance.instance_id.as_deref();
        let names_another = named.is_some_and(|id| id.parse() != Ok(self.instance_id));
        self.is_own() && !names_another
    }

    /// Ends it, and puts it in place; an export that was broken off has no end.
    pub async fn finish(&mut self) -> Result<Exported, NotImported> {
        let imported = self.tally.finish()?;
        if let Some(stage) = &self.stage {
            let import = Import {
                instance_id: self.instance_id,
                staged: self.written_as,
                replaces: stage.replaces,
                sighting: stage.sighting.clone(),
                details: stage.details.clone(),
                has_entity_links: stage.has_entity_links,
            };
            self.store.take_over_import(import).await?;
        }
        Ok(imported)
    }

    async fn write_waiting(&mut self) -> Result<(), NotImported> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let collection = self.collections.get(&self.waiting_for);
        let collection =
            collection.ok_or_else(|| DataError::collection_missing(&self.waiting_for))?;
        let of = CollectionRef::new(self.written_as, Arc::clone(collection));
        let ids: Vec<String> = self
            .waiting
            .iter()
            .map(|write| write.item_id().to_owned())
            .collect();
        let batch = Batch {
            writes: std::mem::take(&mut self.waiting),
            condition: None,
            author: Author::app(None),
            now: Date::from(jiff::Timestamp::UNIX_EPOCH),
            stops_at_failure: false,
            budget: Budget::unlimited(),
            room: None,
            tells_items: false,
        };
        let outcomes = self.store.commit(&of, batch).await?;
        for (item_id, outcome) in ids.into_iter().zip(outcomes) {
            outcome.map_err(|fault| NotImported::Item {
                item_id,
                collection: self.waiting_for.clone(),
                fault,
            })?;
        }
        Ok(())
    }
}

async fn check_empty(store: &Store, instance_id: InstanceId) -> Result<(), NotImported> {
    for collection in store.list_collections(instance_id).await? {
        let declared = collection.declared;
        let of = CollectionRef::new(instance_id, collection);
        let all = backlot_wix::data::Filter::all();
        if !declared || store.count_items(&of, &all).await? > 0 {
            return Err(NotImported::NotEmpty(instance_id));
        }
    }
    Ok(())
}
