//! Reading all of a collection: where it is visited, if that thread may block, or on another one that hands over what it
//! has by and by.

use std::ops::ControlFlow;

use backlot_wix::data::Filter;
use rusqlite::params_from_iter;
use tokio::sync::mpsc;

use super::query::{self, Statement};
use super::read_item;
use crate::StoreError;
use crate::items::{CollectionRef, Item, ItemQuery, Visit};
use crate::sqlite::readers::{Reader, Readers};
use crate::worker;

/// Items that are handed over at once.
const SCAN_BATCH_SIZE: usize = 64;

pub(super) async fn scan(
    readers: &Readers,
    of: &CollectionRef,
    filter: &Filter,
    visit: &mut Visit<'_>,
) -> Result<(), StoreError> {
    let find = ItemQuery::all(filter.clone(), u32::MAX);
    if worker::is_current() {
        let budget = of.budget.clone();
        return readers.read(budget, |reader| {
            each(reader, of, &find, &mut |item| Ok(visit(item)?))
        });
    }
    let (sender, mut receiver) = mpsc::channel(4);
    let (of, budget) = (of.clone(), of.budget.clone());
    let reading = readers.read_long(budget, move |reader| hand_over(reader, &of, &find, &sender));
    // The receiver moves in: when the visitor stops, it is dropped, and the reader stops, too.
    let visiting = async move {
        while let Some(items) = receiver.recv().await {
            for item in items {
                if visit(item)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    };
    let (read, visited) = tokio::join!(reading, visiting);
    match visited? {
        ControlFlow::Break(()) => Ok(()),
        ControlFlow::Continue(()) => read,
    }
}

/// Sends items to a visitor on another thread.
fn hand_over(
    reader: &Reader,
    of: &CollectionRef,
    find: &ItemQuery,
    sender: &mpsc::Sender<Vec<Item>>,
) -> Result<(), StoreError> {
    let mut items = Vec::with_capacity(SCAN_BATCH_SIZE);
    each(reader, of, find, &mut |item| {
        items.push(item);
        if items.len() < SCAN_BATCH_SIZE {
            return Ok(ControlFlow::Continue(()));
        }
        // The visitor may have stopped.
        Ok(match sender.blocking_send(std::mem::take(&mut items)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        })
    })?;
    let _ = sender.blocking_send(items);
    Ok(())
}

/// Reads every item that matches, as of one moment.
fn each(
    reader: &Reader,
    of: &CollectionRef,
    find: &ItemQuery,
    visit: &mut dyn FnMut(Item) -> Result<ControlFlow<()>, StoreError>,
) -> Result<(), StoreError> {
    reader.in_snapshot(|connection| {
        let plan = query::choose(connection, of, find)?;
        let statement = Statement::find(of, &reader.operands, find, plan.as_ref());
        let mut prepared = connection.prepare_cached(&statement.sql)?;
        let mut rows = prepared.query(params_from_iter(&statement.values))?;
        while let Some(row) = rows.next()? {
            if visit(read_item(row)?)?.is_break() {
                break;
            }
        }
        Ok(())
    })
}
