//! Reading all of a collection: items are looked at as they come, and never all in memory.

use std::ops::ControlFlow;

use backlot_wix::data::Filter;
use futures_util::TryStreamExt as _;

use super::query::inexact;
use super::read_item;
use super::statement::Statement;
use crate::StoreError;
use crate::items::plan;
use crate::items::{Find, ItemsOf, Visit};
use crate::postgres::PostgresStore;
use crate::postgres::failure::Failure;
use crate::postgres::tenant::under_name;

impl PostgresStore {
    pub(super) async fn scan_once(
        &self,
        of: &ItemsOf,
        filter: &Filter,
        visit: &mut Visit<'_>,
    ) -> Result<(), Failure> {
        let lease = self.tenants().await?;
        let find = Find::all(filter.clone(), u32::MAX);
        let inexact = inexact(&lease, of).await?;
        let plan = plan::choose(&of.collection, &find, &inexact);
        let statement = Statement::find(of, &find, plan.as_ref());
        let mut visited = false;
        let work = async {
            let mut rows = Box::pin(statement.stream(&lease).await?);
            while let Some(row) = rows.try_next().await? {
                visited = true;
                if visit(read_item(&row)?)
                    .map_err(StoreError::from)?
                    .is_break()
                {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        };
        let outcome = under_name(&lease, of.instance_id, work).await;
        match outcome {
            Ok(ControlFlow::Continue(())) => lease.give_back(Ok::<_, Failure>(())),
            // More rows are under way; the connection is closed with them.
            Ok(ControlFlow::Break(())) => Ok(()),
            // What was looked at must not be looked at again.
            Err(failure) if visited => Err(Failure::Final(failure.into())),
            Err(failure) => Err(failure),
        }
    }
}
