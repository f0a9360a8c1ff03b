//! Links of multi-reference fields.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use backlot_wix::data::{Direction, limits};
use rusqlite::{Connection, params, params_from_iter};

use super::writing::check_current;
use crate::StoreError;
use crate::items::CollectionRef;
use crate::items::link::{Link, LinkOutcome, PlacedLink, ReferenceQuery};

pub(super) fn link(
    connection: &Connection,
    of: &CollectionRef,
    links: &[Link],
) -> Result<Vec<LinkOutcome>, StoreError> {
    check_current(connection, of)?;
    let mut held: HashMap<(&str, &str), usize> = HashMap::new();
    let mut outcomes = Vec::with_capacity(links.len());
    for it in links {
        let Link {
            field,
            item_id,
            referenced_id,
        } = it;
        let held = match held.entry((field.as_str(), item_id.as_str())) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(place) => place.insert(count(connection, of, field, item_id)?),
        };
        outcomes.push(if *held >= limits::LINKS_OF_FIELD {
            Err(it.no_room())
        } else if add(connection, of, field, item_id, referenced_id)? {
            *held += 1;
            Ok(())
        } else {
            Err(it.exists())
        });
    }
    Ok(outcomes)
}

/// How many links a field of an item holds, or [`limits::LINKS_OF_FIELD`] if there are more.
pub(super) fn count(
    connection: &Connection,
    of: &CollectionRef,
    field: &str,
    item_id: &str,
) -> Result<usize, StoreError> {
    let (tenant, collection) = (of.instance_id.as_bytes(), &of.collection.definition.id);
    // There are no more of them than the number of the last one says.
    let last: Option<i64> = connection
        .prepare_cached(
            "SELECT max(sequence) FROM item_links
             WHERE instance_id = ?1 AND collection = ?2 AND field = ?3 AND item_id = ?4",
        )?
        .query_row(params![tenant, collection, field, item_id], |row| {
            row.get(0)
        })?;
    let most = number(limits::LINKS_OF_FIELD);
    let last = last.unwrap_or_default();
    if last < most / 2 {
        return Ok(usize::try_from(last).unwrap_or_default());
    }
    let counted: i64 = connection
        .prepare_cached(
            "SELECT count(*) FROM (
                 SELECT 1 FROM item_links
                 WHERE instance_id = ?1 AND collection = ?2 AND field = ?3 AND item_id = ?4
                 LIMIT ?5)",
        )?
        .query_row(params![tenant, collection, field, item_id, most], |row| {
            row.get(0)
        })?;
    Ok(usize::try_from(counted).unwrap_or_default())
}

/// A number as SQLite has it.
fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(super) fn unlink(
    connection: &Connection,
    of: &CollectionRef,
    links: &[Link],
) -> Result<Vec<LinkOutcome>, StoreError> {
    check_current(connection, of)?;
    let one = |link: &Link| {
        let removed = remove(
            connection,
            of,
            &link.field,
            &link.item_id,
            &link.referenced_id,
        )?;
        Ok(if removed { Ok(()) } else { Err(link.missing()) })
    };
    links.iter().map(one).collect()
}

/// False when they are linked already.
pub(super) fn add(
    connection: &Connection,
    of: &CollectionRef,
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
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1 + max((
                 SELECT coalesce(max(sequence), 0) FROM item_links
                 WHERE instance_id = ?1 AND collection = ?2 AND field = ?3 AND item_id = ?4
             ), (SELECT place FROM last_places WHERE kind = 'item_links')))
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
    of: &CollectionRef,
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

/// Says how many links were taken away or made.
pub(super) fn replace(
    connection: &Connection,
    of: &CollectionRef,
    field: &str,
    item_id: &str,
    referenced: &[String],
) -> Result<usize, StoreError> {
    let cleared = connection
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
    Ok(cleared + referenced.len())
}

/// Removes what links from an item, and what links to it; at most so many. Says how many were removed: fewer when none are
/// left.
pub(super) fn forget_some(
    connection: &Connection,
    of: &CollectionRef,
    item_id: &str,
    most: usize,
) -> Result<usize, StoreError> {
    let definition = &of.collection.definition;
    let (tenant, id) = (of.instance_id.as_bytes(), &definition.id);
    let mut removed = 0;
    for field in definition.multi_references() {
        let mut from = connection.prepare_cached(
            "SELECT referenced_id FROM item_links
             WHERE instance_id = ?1 AND collection = ?2 AND field = ?3 AND item_id = ?4 LIMIT ?5",
        )?;
        let parameters = params![tenant, id, field.key, item_id, number(most - removed)];
        let found = from.query_map(parameters, |row| row.get::<_, String>(0))?;
        for referenced_id in found.collect::<Result<Vec<_>, _>>()? {
            remove(connection, of, &field.key, item_id, &referenced_id)?;
            removed += 1;
        }
    }
    let mut to = connection.prepare_cached(
        "SELECT collection, field, item_id FROM item_links
         WHERE instance_id = ?1 AND referenced_collection = ?2 AND referenced_id = ?3 LIMIT ?4",
    )?;
    let mut gone = connection.prepare_cached(
        "DELETE FROM item_links
         WHERE instance_id = ?1 AND collection = ?2 AND field = ?3 AND item_id = ?4
           AND referenced_id = ?5",
    )?;
    let found = to.query_map(
        params![tenant, id, item_id, number(most - removed)],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    for (collection, field, from) in found.collect::<Result<Vec<(String, String, String)>, _>>()? {
        removed += gone.execute(params![tenant, collection, field, from, item_id])?;
    }
    Ok(removed)
}

/// Removes links of a whole collection, and links to it; at most so many. Says how many were removed.
pub(super) fn forget_some_of_all(
    connection: &Connection,
    of: &CollectionRef,
    most: usize,
) -> Result<usize, StoreError> {
    let (tenant, id) = (of.instance_id.as_bytes(), &of.collection.definition.id);
    let mut gone = connection.prepare_cached(
        "DELETE FROM item_links
         WHERE instance_id = ?1 AND collection = ?2 AND field = ?3 AND item_id = ?4
           AND referenced_id = ?5",
    )?;
    let mut removed = 0;
    for sql in [
        "SELECT collection, field, item_id, referenced_id FROM item_links
         WHERE instance_id = ?1 AND collection = ?2 LIMIT ?3",
        "SELECT collection, field, item_id, referenced_id FROM item_links
         WHERE instance_id = ?1 AND referenced_collection = ?2 LIMIT ?3",
    ] {
        let mut some = connection.prepare_cached(sql)?;
        let found = some.query_map(params![tenant, id, number(most - removed)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
        let found: Vec<(String, String, String, String)> = found.collect::<Result<_, _>>()?;
        for (collection, field, from, to) in found {
            removed += gone.execute(params![tenant, collection, field, from, to])?;
        }
    }
    Ok(removed)
}

pub(super) fn is_linked(
    connection: &Connection,
    of: &CollectionRef,
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
    of: &CollectionRef,
    wanted: &ReferenceQuery,
) -> Result<Vec<PlacedLink>, StoreError> {
    let (direction, beyond) = match wanted.direction {
        Direction::Ascending => ("ASC", '>'),
        Direction::Descending => ("DESC", '<'),
    };
    let sql = format!(
        "SELECT referenced_id, sequence FROM item_links
         WHERE instance_id = ?1 AND collection = ?2 AND field = ?3 AND item_id = ?4
           AND sequence {beyond} ?6
         ORDER BY sequence {direction} LIMIT ?5"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let (mut skip, mut links) = (wanted.offset, Vec::new());
    for (number, item_id) in wanted.item_ids.iter().enumerate() {
        let parameters: [rusqlite::types::Value; 6] = [
            of.instance_id.as_bytes().to_vec().into(),
            of.collection.definition.id.clone().into(),
            wanted.field.clone().into(),
            item_id.clone().into(),
            i64::from(wanted.each).into(),
            wanted.beyond(number).into(),
        ];
        let rows = statement.query_map(params_from_iter(parameters), |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?))
        })?;
        for row in rows {
            let (referenced_id, sequence) = row?;
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
            links.push(PlacedLink { link, sequence });
        }
    }
    Ok(links)
}
