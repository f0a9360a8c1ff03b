//! Scans of a collection: items are streamed, never all in memory.
//!
//! The cheap conditions of a filter run on the server. The others are evaluated here for each item, so that
//! their work is counted.

use std::ops::ControlFlow;

use backlot_wix::data::Filter;
use backlot_wix::data::filter::Test;

use super::query::choose;
use super::read_item;
use super::select_builder::SelectBuilder;
use crate::StoreError;
use crate::items::plan;
use crate::items::{CollectionRef, ItemQuery, Visit};
use crate::postgres::PostgresStore;
use crate::postgres::failure::Failure;
use crate::postgres::tenant::{reading, with_tenant};

impl PostgresStore {
    pub(super) async fn scan_once(
        &self,
        of: &CollectionRef,
        find: &ItemQuery,
        visit: &mut Visit<'_>,
    ) -> Result<(), Failure> {
        let lease = self.tenants().await?;
        let (asked, rest) = split(of, &find.filter);
        let find = ItemQuery {
            filter: asked,
            ..find.clone()
        };
        let mut visited = false;
        // Whether an index may serve is asked at the moment at which items are read.
        let may_plan = plan::choose(&of.collection, &find, &[]).is_some();
        let work = async {
            let plan = if may_plan {
                choose(&lease, of, &find).await?
            } else {
                None
            };
            let statement = SelectBuilder::find(of, &find, plan.as_ref());
            let mut rows = Box::pin(statement.stream(&lease).await?);
            let client = lease.client()?;
            while let Some(row) = client.next(&mut rows).await? {
                visited = true;
                let work = row.raw_size_bytes() as u64 * PARSED_BYTE;
                of.budget.work(work).map_err(StoreError::from)?;
                let item = read_item(&row)?;
                if !rest.is_all() {
                    let object = item.object()?;
                    let matches = rest.matches_within(&object, &of.budget);
                    if !matches.map_err(StoreError::from)? {
                        continue;
                    }
                }
                if visit(item).map_err(StoreError::from)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        };
        let outcome = if may_plan {
            reading(&lease, of.instance_id, work).await
        } else {
            with_tenant(&lease, of.instance_id, work).await
        };
        match outcome {
            Ok(ControlFlow::Continue(())) => lease.release(Ok::<_, Failure>(())),
            // More rows are under way; the connection is closed with them.
            Ok(ControlFlow::Break(())) => Ok(()),
            // What was looked at must not be looked at again.
            Err(failure) if visited => Err(Failure::Final(failure.into())),
            Err(failure) => Err(failure),
        }
    }
}

/// Terms that the server is asked for one item; a text that is looked for in another counts as several.
const MAX_TERMS: usize = 24;
/// As how many terms it counts: the server folds the item's text for each of them.
const TEXT_TERMS: usize = 8;
/// Units of work for a byte of a row that is read.
const PARSED_BYTE: u64 = 4;

/// Whether the whole filter runs on the server.
pub(super) fn is_asked(of: &CollectionRef, filter: &Filter) -> bool {
    split(of, filter).1.is_all()
}

/// Splits a filter into the part that runs on the server and the part that runs here. What multi-references hold, only the
/// server knows.
fn split(of: &CollectionRef, filter: &Filter) -> (Filter, Filter) {
    if cost(filter) <= MAX_TERMS {
        return (filter.clone(), Filter::all());
    }
    let (mut asked, mut rest, mut terms) = (Vec::new(), Vec::new(), 0);
    for part in filter.conjuncts() {
        let cost = cost(part);
        if terms + cost <= MAX_TERMS || of.collection.definition.has_links_in(part) {
            terms += cost;
            asked.push(part.clone());
        } else {
            rest.push(part.clone());
        }
    }
    (Filter::And(asked), Filter::And(rest))
}

fn cost(filter: &Filter) -> usize {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().map(cost).sum(),
        Filter::Not(part) => cost(part),
        Filter::Field(_, Test::Text(..)) => TEXT_TERMS,
        Filter::Field(_, Test::AllOf(operands)) => operands.len(),
        Filter::Field(..) => 1,
    }
}
