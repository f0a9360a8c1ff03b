//! Links of multi-reference fields.

use std::collections::{HashMap, HashSet};

use backlot_wix::InstanceId;
use backlot_wix::data::{Direction, limits};
use tokio_postgres::Row;

use super::link_changes::LinkChanges;
use super::read_set::check_current;
use crate::StoreError;
use crate::items::CollectionRef;
use crate::items::link::{Link, LinkOutcome, PlacedLink, ReferenceQuery, too_many};
use crate::postgres::PostgresStore;
use crate::postgres::failure::Failure;
use crate::postgres::lease::Lease;
use crate::postgres::pipeline::{self, Step, values};
use crate::postgres::tenant::{Bound, Isolation, transaction, uuid, with_tenant};

// The order of insertion is that of the list: numbers are given out after the sort.
macro_rules! add {
    ($rest:literal) => {
        concat!(
            "INSERT INTO item_links (instance_id, collection, field, item_id, referenced_id,
                                     referenced_collection)
             SELECT $1, $2, new.field, new.item_id, new.referenced_id, new.referenced_collection
             FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) WITH ORDINALITY
                 AS new(field, item_id, referenced_id, referenced_collection, place)
             ORDER BY new.place
             ON CONFLICT (instance_id, collection, field, item_id, referenced_id) DO NOTHING ",
            $rest
        )
    };
}
const ADD: &str = add!("");
const ADD_TOLD: &str = add!("RETURNING field, item_id, referenced_id");

// Links of an instance are changed by one transaction at a time, because their order is arbitrary. This lock comes last.
pub(in crate::postgres) const LOCK: &str =
    "SELECT pg_advisory_xact_lock(5292, hashtext($1::uuid::text))";

const REMOVE: &str = "
    DELETE FROM item_links
    WHERE instance_id = $1 AND collection = $2 AND field = $3 AND item_id = $4
      AND referenced_id = $5";

const CLEAR: &str = "
    DELETE FROM item_links
    WHERE instance_id = $1 AND collection = $2 AND field = $3 AND item_id = $4";

const FORGET: &str = "
    DELETE FROM item_links
    WHERE instance_id = $1 AND referenced_collection = $2 AND referenced_id = $3";

// Of fields that hold more than they may it is enough to know that.
const COUNTS: &str = "
    SELECT wanted.field, wanted.item_id, held.count
    FROM unnest($3::text[], $4::text[]) AS wanted(field, item_id)
    CROSS JOIN LATERAL (
        SELECT count(*) AS count FROM (
            SELECT 1 FROM item_links
            WHERE instance_id = $1 AND collection = $2 AND field = wanted.field
              AND item_id = wanted.item_id
            LIMIT $5
        ) AS links
    ) AS held";

const IS_LINKED: &str = "
    SELECT 1 FROM item_links
    WHERE instance_id = $1 AND collection = $2 AND field = $3 AND item_id = $4
      AND referenced_id = $5";

macro_rules! read {
    ($direction:literal, $beyond:literal) => {
        concat!(
            "SELECT wanted.item_id, l.referenced_id, l.sequence
             FROM unnest($4::text[]) WITH ORDINALITY AS wanted(item_id, place)
             CROSS JOIN LATERAL (
                 SELECT referenced_id, sequence FROM item_links
                 WHERE instance_id = $1 AND collection = $2 AND field = $3
                   AND item_id = wanted.item_id
                   AND (wanted.place > 1 OR sequence ",
            $beyond,
            " $8) ORDER BY sequence ",
            $direction,
            " LIMIT $5) AS l ORDER BY wanted.place, l.sequence ",
            $direction,
            " OFFSET $6 LIMIT $7"
        )
    };
}

const READ: &str = read!("ASC", ">");
const READ_BACKWARDS: &str = read!("DESC", "<");

type Told = (String, String, String);

/// How many links fields of items hold, or [`limits::LINKS_OF_FIELD`] where there are more.
async fn counts(
    lease: &Lease,
    of: &CollectionRef,
    wanted: HashSet<(&str, &str)>,
) -> Result<HashMap<(String, String), usize>, Failure> {
    let (fields, items): (Vec<&str>, Vec<&str>) = wanted.into_iter().unzip();
    let client = lease.client()?;
    let statement = client.prepare_cached(COUNTS).await?;
    let most = i64::try_from(limits::LINKS_OF_FIELD).unwrap_or(i64::MAX);
    let (tenant, collection) = (uuid(of.instance_id), &of.collection.definition.id);
    let values: [Bound<'_>; 5] = [&tenant, collection, &fields, &items, &most];
    let rows = client.query(&statement, &values).await?;
    let count = |row: &Row| {
        let count: i64 = row.try_get(2)?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        Ok(((row.try_get(0)?, row.try_get(1)?), count))
    };
    rows.iter().map(count).collect()
}

/// `WDE0080` if a field would hold more links than it may.
pub(super) async fn check_room(
    lease: &Lease,
    of: &CollectionRef,
    changes: &LinkChanges,
) -> Result<(), Failure> {
    let mut more: HashMap<(&str, &str), usize> = HashMap::new();
    for link in &changes.added {
        *more
            .entry((link.field.as_str(), link.item_id.as_str()))
            .or_default() += 1;
    }
    let cleared = changes.cleared.iter();
    let cleared: HashSet<(&str, &str)> = cleared.map(|(field, id)| (&**field, &**id)).collect();
    let wanted = more.keys().filter(|key| !cleared.contains(*key)).copied();
    let wanted: HashSet<_> = wanted.collect();
    let held = if wanted.is_empty() {
        HashMap::new()
    } else {
        counts(lease, of, wanted).await?
    };
    for ((field, item_id), more) in more {
        let key = (field.to_owned(), item_id.to_owned());
        let held = held.get(&key).copied().unwrap_or_default();
        if held + more > limits::LINKS_OF_FIELD {
            return Err(StoreError::Rejected(too_many(item_id, field)).into());
        }
    }
    Ok(())
}

impl PostgresStore {
    pub(super) async fn link_once(
        &self,
        of: &CollectionRef,
        links: &[Link],
    ) -> Result<Vec<LinkOutcome>, Failure> {
        let lease = self.tenants().await?;
        let work = async {
            check_current(&lease, of).await?;
            pipeline::run(&lease, &[lock_links(of.instance_id)]).await?;
            let wanted = links.iter().map(|link| (&*link.field, &*link.item_id));
            let mut held = counts(&lease, of, wanted.collect()).await?;
            let mut has_room = |link: &&Link| {
                let key = (link.field.clone(), link.item_id.clone());
                let held = held.entry(key).or_default();
                *held += 1;
                *held <= limits::LINKS_OF_FIELD
            };
            let (links, refused): (Vec<&Link>, Vec<&Link>) = links.iter().partition(&mut has_room);
            let refused: HashSet<Told> = refused.into_iter().map(told).collect();
            let client = lease.client()?;
            let statement = client.prepare_cached(ADD_TOLD).await?;
            let (tenant, columns) = (uuid(of.instance_id), columns(of, links));
            let values: [Bound<'_>; 6] = [
                &tenant,
                &of.collection.definition.id,
                &columns.fields,
                &columns.items,
                &columns.referenced,
                &columns.collections,
            ];
            Ok((client.query(&statement, &values).await?, refused))
        };
        let outcome = transaction(&lease, of.instance_id, Isolation::ReadCommitted, work).await;
        let (rows, refused) = lease.release(outcome)?;
        let read = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        let mut added: HashSet<Told> = rows.iter().map(read).collect::<Result<_, Failure>>()?;
        let outcome = |link: &Link| {
            let told = told(link);
            // Of two that are the same the first counts.
            if added.remove(&told) {
                Ok(())
            } else if refused.contains(&told) {
                Err(link.no_room())
            } else {
                Err(link.exists())
            }
        };
        Ok(links.iter().map(outcome).collect())
    }

    pub(super) async fn unlink_once(
        &self,
        of: &CollectionRef,
        links: &[Link],
    ) -> Result<Vec<LinkOutcome>, Failure> {
        let lease = self.tenants().await?;
        let mut steps = vec![lock_links(of.instance_id)];
        steps.extend(links.iter().map(|link| remove_step(of, link)));
        let work = async {
            check_current(&lease, of).await?;
            let mut changed = pipeline::run(&lease, &steps).await?;
            Ok(changed.split_off(1))
        };
        let removed = transaction(&lease, of.instance_id, Isolation::ReadCommitted, work).await;
        let removed = lease.release(removed)?;
        let outcome = |(link, removed): (&Link, u64)| {
            if removed == 1 {
                Ok(())
            } else {
                Err(link.missing())
            }
        };
        Ok(links.iter().zip(removed).map(outcome).collect())
    }

    pub(super) async fn replace_once(
        &self,
        of: &CollectionRef,
        changes: &LinkChanges,
    ) -> Result<(), Failure> {
        let lease = self.tenants().await?;
        let work = async {
            check_current(&lease, of).await?;
            pipeline::run(&lease, &link_steps(of, changes))
                .await
                .map(drop)
        };
        let outcome = transaction(&lease, of.instance_id, Isolation::ReadCommitted, work).await;
        lease.release(outcome)
    }

    pub(super) async fn is_linked_once(
        &self,
        of: &CollectionRef,
        link: &Link,
    ) -> Result<bool, Failure> {
        let tenant = uuid(of.instance_id);
        let values: [Bound<'_>; 5] = [
            &tenant,
            &of.collection.definition.id,
            &link.field,
            &link.item_id,
            &link.referenced_id,
        ];
        let rows = self
            .tenant_query(of.instance_id, IS_LINKED, &values)
            .await?;
        Ok(!rows.is_empty())
    }

    pub(super) async fn links_once(
        &self,
        of: &CollectionRef,
        wanted: &ReferenceQuery,
    ) -> Result<Vec<PlacedLink>, Failure> {
        let sql = match wanted.direction {
            Direction::Ascending => READ,
            Direction::Descending => READ_BACKWARDS,
        };
        let offset = i64::try_from(wanted.offset).unwrap_or(i64::MAX);
        let lease = self.tenants().await?;
        let client = lease.client()?;
        let statement = client.prepare_cached(sql).await?;
        let (tenant, each, limit, beyond) = (
            uuid(of.instance_id),
            i64::from(wanted.each),
            i64::from(wanted.limit),
            wanted.beyond(0),
        );
        let values: [Bound<'_>; 8] = [
            &tenant,
            &of.collection.definition.id,
            &wanted.field,
            &wanted.item_ids,
            &each,
            &offset,
            &limit,
            &beyond,
        ];
        let work = async {
            let mut rows = Box::pin(client.query_raw(&statement, values).await?);
            let mut links = Vec::new();
            while let Some(row) = client.next(&mut rows).await? {
                let link = Link {
                    field: wanted.field.clone(),
                    item_id: row.try_get(0)?,
                    referenced_id: row.try_get(1)?,
                };
                link.keep_within(&of.budget)?;
                links.push(PlacedLink {
                    link,
                    sequence: row.try_get(2)?,
                });
            }
            Ok(links)
        };
        let links = with_tenant(&lease, of.instance_id, work).await;
        lease.release(links)
    }
}

fn told(link: &Link) -> Told {
    let Link {
        field,
        item_id,
        referenced_id,
    } = link.clone();
    (field, item_id, referenced_id)
}

/// Links, column by column.
struct Columns {
    fields: Vec<String>,
    items: Vec<String>,
    referenced: Vec<String>,
    collections: Vec<String>,
}

fn columns<'link>(of: &CollectionRef, links: impl IntoIterator<Item = &'link Link>) -> Columns {
    let definition = &of.collection.definition;
    let mut columns = Columns {
        fields: Vec::new(),
        items: Vec::new(),
        referenced: Vec::new(),
        collections: Vec::new(),
    };
    for link in links {
        let referenced = definition.referenced(&link.field).unwrap_or_default();
        columns.fields.push(link.field.clone());
        columns.items.push(link.item_id.clone());
        columns.referenced.push(link.referenced_id.clone());
        columns.collections.push(referenced.to_owned());
    }
    columns
}

/// Changes of links as statements: what goes, before what comes.
pub(super) fn link_steps(of: &CollectionRef, changes: &LinkChanges) -> Vec<Step> {
    let (tenant, collection) = (uuid(of.instance_id), &of.collection.definition.id);
    let mut steps = vec![lock_links(of.instance_id)];
    let mut step = |sql, values| {
        steps.push(Step {
            sql,
            values,
            expected: None,
        });
    };
    for (field, item_id) in changes.cleared.iter().cloned() {
        step(CLEAR, values![tenant, collection.clone(), field, item_id]);
    }
    for id in changes.forgotten.iter().cloned() {
        step(FORGET, values![tenant, collection.clone(), id]);
    }
    steps.extend(changes.removed.iter().map(|link| remove_step(of, link)));
    if !changes.added.is_empty() {
        let new = columns(of, &changes.added);
        steps.push(Step {
            sql: ADD,
            expected: None,
            values: values![
                tenant,
                collection.clone(),
                new.fields,
                new.items,
                new.referenced,
                new.collections
            ],
        });
    }
    steps
}

/// Waits for others who change links of this instance.
pub(super) fn lock_links(instance_id: InstanceId) -> Step {
    Step {
        sql: LOCK,
        expected: None,
        values: values![uuid(instance_id)],
    }
}

fn remove_step(of: &CollectionRef, link: &Link) -> Step {
    Step {
        sql: REMOVE,
        expected: None,
        values: values![
            uuid(of.instance_id),
            of.collection.definition.id.clone(),
            link.field.clone(),
            link.item_id.clone(),
            link.referenced_id.clone()
        ],
    }
}
