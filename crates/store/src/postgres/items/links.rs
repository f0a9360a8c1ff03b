//! Links of multi-reference fields.

use std::collections::HashSet;

use backlot_wix::data::Direction;
use tokio_postgres::Row;

use super::link_changes::LinkChanges;
use super::look::check_current;
use crate::items::ItemsOf;
use crate::items::link::{Link, LinkOutcome, Wanted};
use crate::postgres::PostgresStore;
use crate::postgres::failure::Failure;
use crate::postgres::pipeline::{self, Step, values};
use crate::postgres::tenant::{Bound, Sees, query, transaction, uuid};

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

const IS_LINKED: &str = "
    SELECT 1 FROM item_links
    WHERE instance_id = $1 AND collection = $2 AND field = $3 AND item_id = $4
      AND referenced_id = $5";

macro_rules! read {
    ($direction:literal) => {
        concat!(
            "SELECT wanted.item_id, l.referenced_id
             FROM unnest($4::text[]) WITH ORDINALITY AS wanted(item_id, place)
             CROSS JOIN LATERAL (
                 SELECT referenced_id, sequence FROM item_links
                 WHERE instance_id = $1 AND collection = $2 AND field = $3
                   AND item_id = wanted.item_id
                 ORDER BY sequence ",
            $direction,
            " LIMIT $5) AS l ORDER BY wanted.place, l.sequence ",
            $direction,
            " OFFSET $6 LIMIT $7"
        )
    };
}

const READ: &str = read!("ASC");
const READ_BACKWARDS: &str = read!("DESC");

type Told = (String, String, String);

impl PostgresStore {
    pub(super) async fn link_once(
        &self,
        of: &ItemsOf,
        links: &[Link],
    ) -> Result<Vec<LinkOutcome>, Failure> {
        let lease = self.tenants().await?;
        let work = async {
            check_current(&lease, of).await?;
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
            Ok(client.query(&statement, &values).await?)
        };
        let rows = transaction(&lease, of.instance_id, Sees::Latest, work).await;
        let rows = lease.give_back(rows)?;
        let told = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        let mut added: HashSet<Told> = rows.iter().map(told).collect::<Result<_, Failure>>()?;
        let outcome = |link: &Link| {
            // Of two that are the same the first counts.
            let Link {
                field,
                item_id,
                referenced_id,
            } = link.clone();
            if added.remove(&(field, item_id, referenced_id)) {
                Ok(())
            } else {
                Err(link.exists())
            }
        };
        Ok(links.iter().map(outcome).collect())
    }

    pub(super) async fn unlink_once(
        &self,
        of: &ItemsOf,
        links: &[Link],
    ) -> Result<Vec<LinkOutcome>, Failure> {
        let lease = self.tenants().await?;
        let steps: Vec<Step> = links.iter().map(|link| remove_step(of, link)).collect();
        let work = async {
            check_current(&lease, of).await?;
            pipeline::run(&lease, &steps).await
        };
        let removed = transaction(&lease, of.instance_id, Sees::Latest, work).await;
        let removed = lease.give_back(removed)?;
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
        of: &ItemsOf,
        changes: &LinkChanges,
    ) -> Result<(), Failure> {
        let lease = self.tenants().await?;
        let work = async {
            check_current(&lease, of).await?;
            pipeline::run(&lease, &link_steps(of, changes))
                .await
                .map(drop)
        };
        let outcome = transaction(&lease, of.instance_id, Sees::Latest, work).await;
        lease.give_back(outcome)
    }

    pub(super) async fn is_linked_once(&self, of: &ItemsOf, link: &Link) -> Result<bool, Failure> {
        let tenant = uuid(of.instance_id);
        let values: [Bound<'_>; 5] = [
            &tenant,
            &of.collection.definition.id,
            &link.field,
            &link.item_id,
            &link.referenced_id,
        ];
        let rows = self.tell(of.instance_id, IS_LINKED, &values).await?;
        Ok(!rows.is_empty())
    }

    pub(super) async fn links_once(
        &self,
        of: &ItemsOf,
        wanted: &Wanted,
    ) -> Result<Vec<Link>, Failure> {
        let sql = match wanted.direction {
            Direction::Ascending => READ,
            Direction::Descending => READ_BACKWARDS,
        };
        let offset = i64::try_from(wanted.offset).unwrap_or(i64::MAX);
        let lease = self.tenants().await?;
        let rows = query(
            &lease,
            of.instance_id,
            sql,
            &[
                &uuid(of.instance_id),
                &of.collection.definition.id,
                &wanted.field,
                &wanted.item_ids,
                &i64::from(wanted.each),
                &offset,
                &i64::from(wanted.limit),
            ],
        )
        .await;
        let rows = lease.give_back(rows)?;
        let mut links = Vec::with_capacity(rows.len());
        for row in &rows {
            let link = Link {
                field: wanted.field.clone(),
                item_id: row.try_get(0)?,
                referenced_id: row.try_get(1)?,
            };
            link.keep_within(&of.budget)?;
            links.push(link);
        }
        Ok(links)
    }
}

/// Links, column by column.
struct Columns {
    fields: Vec<String>,
    items: Vec<String>,
    referenced: Vec<String>,
    collections: Vec<String>,
}

fn columns(of: &ItemsOf, links: &[Link]) -> Columns {
    let definition = &of.collection.definition;
    let referenced = |link: &Link| {
        definition
            .referenced(&link.field)
            .unwrap_or_default()
            .to_owned()
    };
    Columns {
        fields: links.iter().map(|link| link.field.clone()).collect(),
        items: links.iter().map(|link| link.item_id.clone()).collect(),
        referenced: links
            .iter()
            .map(|link| link.referenced_id.clone())
            .collect(),
        collections: links.iter().map(referenced).collect(),
    }
}

/// Changes of links as statements: what goes, before what comes.
pub(super) fn link_steps(of: &ItemsOf, changes: &LinkChanges) -> Vec<Step> {
    let (tenant, collection) = (uuid(of.instance_id), &of.collection.definition.id);
    let mut steps = Vec::new();
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

fn remove_step(of: &ItemsOf, link: &Link) -> Step {
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
