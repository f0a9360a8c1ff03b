//! Events that the app's own writes have caused.
//!
//! Whether a batch has any is asked along with its insertion, in the same round trip: most batches have none. Marks are
//! taken by new events only, in the transaction that stores them.

use std::collections::HashSet;

use jiff::Timestamp;
use uuid::Uuid;

use crate::echo_marks::EchoKey;
use crate::events::NewEvent;
use crate::postgres::failure::Failure;
use crate::postgres::session::Session;
use crate::postgres::tenant::{Bound, uuid};

// One search of the index for each entity: the number of marks that statistics expect says little about now.
const FIND_MARKED: &str = "
    SELECT position FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[])
         WITH ORDINALITY AS asked(instance_id, kind, entity_id, at_ms, position)
    WHERE EXISTS (
        SELECT 1 FROM echo_marks AS marks
        WHERE marks.instance_id = asked.instance_id AND marks.kind = asked.kind
          AND marks.entity_id = asked.entity_id AND marks.expires_at_ms > asked.at_ms OFFSET 0)";

// Of several marks of an entity, the first to expire. Another transaction that takes it is waited for.
const TAKE_MARK: &str = "
    DELETE FROM echo_marks WHERE instance_id = $1 AND mark_id = (
        SELECT mark_id FROM echo_marks
        WHERE instance_id = $1 AND kind = $2 AND entity_id = $3 AND expires_at_ms > $4
        ORDER BY expires_at_ms LIMIT 1 FOR UPDATE)";

const SET_ECHOES: &str = "UPDATE events SET is_echo = true WHERE sequence = ANY($1)";

/// The positions of events in a batch.
pub(super) type Positions = HashSet<usize>;

/// Returns the events of whose entities there are marks.
pub(super) async fn find_marked(
    client: Session<'_>,
    events: &[&NewEvent],
) -> Result<Positions, Failure> {
    let keyed: Vec<(usize, &NewEvent, &EchoKey)> = events
        .iter()
        .enumerate()
        .filter_map(|(position, event)| Some((position, *event, &event.echo.as_ref()?.key)))
        .collect();
    if keyed.is_empty() {
        return Ok(Positions::new());
    }
    let ids: Vec<Uuid> = keyed
        .iter()
        .map(|(_, it, _)| uuid(it.instance_id))
        .collect();
    let kinds: Vec<&str> = keyed.iter().map(|(_, _, key)| key.kind()).collect();
    let entities: Vec<&str> = keyed.iter().map(|(_, _, key)| key.entity_id()).collect();
    let times: Vec<i64> = keyed.iter().map(|(_, it, _)| milliseconds(it)).collect();
    let values: [Bound<'_>; 4] = [&ids, &kinds, &entities, &times];
    let statement = client.prepare_cached(FIND_MARKED).await?;
    let rows = client.query(&statement, &values).await?;
    let mut marked = Positions::new();
    for row in &rows {
        let position: i64 = row.try_get(0)?;
        let index = usize::try_from(position - 1).ok();
        marked.extend(index.and_then(|index| keyed.get(index)).map(|(it, ..)| *it));
    }
    Ok(marked)
}

/// Takes the marks of new events, each with its position in the batch and its sequence. Returns the positions of echoes.
pub(super) async fn take_marks(
    client: Session<'_>,
    events: &[&NewEvent],
    mut new: Vec<(usize, i64)>,
) -> Result<Positions, Failure> {
    let mut echoes = Positions::new();
    if new.is_empty() {
        return Ok(echoes);
    }
    // Transactions at the same time lock marks in one order, and events of one entity keep theirs.
    new.sort_by_key(|(position, _)| {
        let event = events[*position];
        let key = event.echo.as_ref().map(|echo| &echo.key);
        let entity = key.map(|key| (key.kind(), key.entity_id()));
        (event.instance_id, entity, *position)
    });
    let statement = client.prepare_cached(TAKE_MARK).await?;
    let mut sequences = Vec::with_capacity(new.len());
    for (position, sequence) in new {
        let event = events[position];
        let Some(candidate) = &event.echo else {
            continue;
        };
        let (id, at) = (uuid(event.instance_id), milliseconds(event));
        let (kind, entity_id) = (candidate.key.kind(), candidate.key.entity_id());
        let values: [Bound<'_>; 4] = [&id, &kind, &entity_id, &at];
        if client.execute(&statement, &values).await? > 0 {
            echoes.insert(position);
            sequences.push(sequence);
        }
    }
    if !sequences.is_empty() {
        let statement = client.prepare_cached(SET_ECHOES).await?;
        client.execute(&statement, &[&sequences]).await?;
    }
    Ok(echoes)
}

fn milliseconds(event: &NewEvent) -> i64 {
    Timestamp::as_millisecond(event.received_at)
}
