//! Reading all of a collection: a thread reads, and hands over what it has by and by.

use std::ops::ControlFlow;

use backlot_wix::data::Filter;
use rusqlite::params_from_iter;
use tokio::sync::mpsc;

use super::query::{self, Statement};
use super::read_item;
use crate::StoreError;
use crate::items::{Find, Item, ItemsOf, Visit};
use crate::sqlite::readers::{Reader, Readers};

/// Items that are handed over at once.
const TOGETHER: usize = 64;

pub(super) async fn scan(
    readers: &Readers,
    of: &ItemsOf,
    filter: &Filter,
    visit: &mut Visit<'_>,
) -> Result<(), StoreError> {
    let (sender, mut receiver) = mpsc::channel(4);
    let (of, find) = (of.clone(), Find::all(filter.clone(), u32::MAX));
    let budget = of.budget.clone();
    let reading = readers.read_long(budget, move |reader| read(reader, &of, &find, &sender));
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

fn read(
    reader: &Reader,
    of: &ItemsOf,
    find: &Find,
    sender: &mpsc::Sender<Vec<Item>>,
) -> Result<(), StoreError> {
    reader.in_snapshot(|connection| {
        let plan = query::choose(connection, of, find)?;
        let statement = Statement::find(of, &reader.operands, find, plan.as_ref());
        let mut prepared = connection.prepare_cached(&statement.sql)?;
        let mut rows = prepared.query(params_from_iter(&statement.values))?;
        let mut items = Vec::with_capacity(TOGETHER);
        while let Some(row) = rows.next()? {
            items.push(read_item(row)?);
            if items.len() == TOGETHER && sender.blocking_send(std::mem::take(&mut items)).is_err()
            {
                return Ok(());
            }
        }
        // Whoever visits may have stopped.
        let _ = sender.blocking_send(items);
        Ok(())
    })
}
