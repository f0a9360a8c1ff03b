//! Links of multi-reference fields.

use backlot_wix::data::{Direction, Fault};
use rusqlite::{Connection, params, params_from_iter};

use super::writing::check_current;
use crate::StoreError;
use crate::items::ItemsOf;
use crate::items::link::{Link, LinkOutcome, Wanted};

pub(super) fn link(
    connection: &Connection,
    of: &ItemsOf,
    links: &[Link],
) -> Result<Vec<LinkOutcome>, StoreError> {
    each(connection, of, links, add, Link::exists)
}

pub(super) fn unlink(
    connection: &Connection,
    of: &ItemsOf,
    links: &[Link],
) -> Result<Vec<LinkOutcome>, StoreError> {
    each(connection, of, links, remove, Link::missing)
}

/// Changes each link, and says where there was nothing to change.
fn each(
    connection: &Connection,
    of: &ItemsOf,
    links: &[Link],
    change: fn(&Connection, &ItemsOf, &str, &str, &str) -> Result<bool, StoreError>,
    refused: fn(&Link) -> Fault,
) -> Result<Vec<LinkOutcome>, StoreError> {
    check_current(connection, of)?;
    let one = |link: &Link| {
        let changed = change(
            connection,
            of,
            &link.field,
            &link.item_id,
            &link.referenced_id,
        )?;
        Ok(if changed { Ok(()) } else { Err(refused(link)) })
    };
    links.iter().map(one).collect()
}

/// False when they are linked already.
pub(super) fn add(
    connection: &Connection,
    of: &ItemsOf,
    field: &str,
    item_id: &str,
    referenced_id: &str,
) -> Result<bool, StoreError> {
    let definition = &of.collection.definition;
    let referenced_collection = definition.referenced(field).unwrap_or_default();
    let added = connection
        .prepare_cached(
            "INSERT INTO item_links (instance_id, collection, field, item_id, referenced_id,
                                     referenced_collection, sequence)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1 + coalesce((
                 SELECT max(sequence) FROM item_links
                 WHERE instance_id = ?1 AND collection = ?2 AND field = ?3 AND item_id = ?4), 0))
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            of.instance_id.as_bytes(),
            definition.id,
            field,
            item_id,
            referenced_id,
            referenced_collection
        ])?;
    Ok(added == 1)
}

/// False when they are not linked.
pub(super) fn remove(
    connection: &Connection,
    of: &ItemsOf,
    field: &str,
    item_id: &str,
    referenced_id: &str,
) -> Result<bool, StoreError> {
    let removed = connection
        .prepare_cached(
            "DELETE FROM item_links
             WHERE instance_id = ?1 AND collection = ?2 AND field = ?3 AND item_id = ?4
               AND referenced_id = ?5",
        )?
        .execute(params![
            of.instance_id.as_bytes(),
            of.collection.definition.id,
            field,
            item_id,
            referenced_id
        ])?;
    Ok(removed == 1)
}

pub(super) fn replace(
    connection: &Connection,
    of: &ItemsOf,
    field: &str,
    item_id: &str,
    referenced: &[String],
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "DELETE FROM item_links
             WHERE instance_id = ?1 AND collection = ?2 AND field = ?3 AND item_id = ?4",
        )?
        .execute(params![
            of.instance_id.as_bytes(),
            of.collection.definition.id,
            field,
            item_id
        ])?;
    for referenced_id in referenced {
        add(connection, of, field, item_id, referenced_id)?;
    }
    Ok(())
}

/// Removes what links from an item, and what links to it.
pub(super) fn forget_item(
    connection: &Connection,
    of: &ItemsOf,
    item_id: &str,
) -> Result<(), StoreError> {
    let definition = &of.collection.definition;
    let tenant = of.instance_id.as_bytes();
    for field in definition.multi_references() {
        replace(connection, of, &field.key, item_id, &[])?;
    }
    connection
        .prepare_cached(
            "DELETE FROM item_links
             WHERE instance_id = ?1 AND referenced_collection = ?2 AND referenced_id = ?3",
        )?
        .execute(params![tenant, definition.id, item_id])?;
    Ok(())
}

pub(super) fn is_linked(
    connection: &Connection,
    of: &ItemsOf,
    link: &Link,
) -> Result<bool, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT 1 FROM item_links
             WHERE instance_id = ?1 AND collection = ?2 AND field = ?3 AND item_id = ?4
               AND referenced_id = ?5",
        )?
        .exists(params![
            of.instance_id.as_bytes(),
            of.collection.definition.id,
            link.field,
            link.item_id,
            link.referenced_id
        ])?;
    Ok(found)
}

pub(super) fn read(
    connection: &Connection,
    of: &ItemsOf,
    wanted: &Wanted,
) -> Result<Vec<Link>, StoreError> {
    let direction = match wanted.direction {
        Direction::Ascending => "ASC",
        Direction::Descending => "DESC",
    };
    let sql = format!(
        "SELECT referenced_id FROM item_links
         WHERE instance_id = ?1 AND collection = ?2 AND field = ?3 AND item_id = ?4
         ORDER BY sequence {direction} LIMIT ?5"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let (mut skip, mut links) = (wanted.offset, Vec::new());
    for item_id in &wanted.item_ids {
        let parameters: [rusqlite::types::Value; 5] = [
            of.instance_id.as_bytes().to_vec().into(),
            of.collection.definition.id.clone().into(),
            wanted.field.clone().into(),
            item_id.clone().into(),
            i64::from(wanted.each).into(),
        ];
        let rows =
            statement.query_map(params_from_iter(parameters), |row| row.get::<_, String>(0))?;
        for referenced_id in rows {
            let referenced_id = referenced_id?;
            if skip > 0 {
                skip -= 1;
                continue;
            }
            if links.len() >= wanted.limit as usize {
                return Ok(links);
            }
            let link = Link {
                field: wanted.field.clone(),
                item_id: item_id.clone(),
                referenced_id,
            };
            link.keep_within(&of.budget)?;
            links.push(link);
        }
    }
    Ok(links)
}
