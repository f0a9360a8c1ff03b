//! Queries: a plan, and the SQL that follows it.

use std::ops::ControlFlow;

use backlot_wix::data::Filter;
use backlot_wix::data::collection::IndexId;
use tokio_postgres::types::Type;
use tokio_postgres::{Row, Statement as PreparedStatement};

use super::read_item;
use super::scan::is_asked;
use super::select_builder::{COLLECTION, ITEM, SelectBuilder, TENANT};
use crate::items::plan::{self, Order, Plan, Range};
use crate::items::{CollectionRef, Item, ItemQuery};
use crate::postgres::PostgresStore;
use crate::postgres::failure::Failure;
use crate::postgres::lease::Lease;
use crate::postgres::tenant::{uuid, with_tenant};

// The revision that counts comes first. Each is at most one row.
const TRUST: &str = "
    SELECT (SELECT revision FROM declared_collections WHERE id = $2),
           (SELECT revision FROM collections WHERE instance_id = $1 AND id = $2),
           ARRAY(SELECT index_id FROM inexact_indexes
                 WHERE instance_id = $1 AND index_id = ANY ($3))";

impl PostgresStore {
    pub(super) async fn find_once(
        &self,
        of: &CollectionRef,
        find: &ItemQuery,
    ) -> Result<Vec<Item>, Failure> {
        if !is_asked(of, &find.filter) {
            return self.find_here(of, find).await;
        }
        let lease = self.tenants().await?;
        let build = |plan: Option<&Plan<'_>>| SelectBuilder::find(of, find, plan);
        let rows = self.planned(&lease, of, find, &build).await;
        lease.release(rows)?.iter().map(read_item).collect()
    }

    /// Asks for all items in their order, and looks here at which of them are wanted.
    async fn find_here(&self, of: &CollectionRef, find: &ItemQuery) -> Result<Vec<Item>, Failure> {
        let (mut skip, mut found) = (find.offset, Vec::new());
        let all = ItemQuery {
            offset: 0,
            limit: u32::MAX,
            ..find.clone()
        };
        self.scan_once(of, &all, &mut |item| {
            if skip > 0 {
                skip -= 1;
                return Ok(ControlFlow::Continue(()));
            }
            if found.len() < find.limit as usize {
                of.budget.keep(size_of::<Item>() + item.json.len())?;
                found.push(item);
            }
            Ok(if found.len() < find.limit as usize {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            })
        })
        .await?;
        Ok(found)
    }

    async fn count_here(&self, of: &CollectionRef, filter: &Filter) -> Result<u64, Failure> {
        let mut count = 0;
        let all = ItemQuery::all(filter.clone(), u32::MAX);
        self.scan_once(of, &all, &mut |_| {
            count += 1;
            Ok(ControlFlow::Continue(()))
        })
        .await?;
        Ok(count)
    }

    pub(super) async fn count_once(
        &self,
        of: &CollectionRef,
        filter: &Filter,
    ) -> Result<u64, Failure> {
        if !is_asked(of, filter) {
            return self.count_here(of, filter).await;
        }
        let lease = self.tenants().await?;
        let all = ItemQuery::all(filter.clone(), 0);
        let build = |plan: Option<&Plan<'_>>| {
            let mut statement = SelectBuilder::new(of, "count(*)");
            statement.come_from(plan);
            statement.filter(filter);
            statement
        };
        let rows = self.planned(&lease, of, &all, &build).await;
        let count = lease
            .release(rows)?
            .first()
            .map(|row| row.try_get::<_, i64>(0))
            .transpose()?;
        Ok(count.unwrap_or_default().cast_unsigned())
    }

    /// Asks by the best plan. Whether the plan's index may be trusted is asked along with the query, so
    /// that there is one round trip as long as it may.
    async fn planned<'of>(
        &self,
        lease: &Lease,
        of: &'of CollectionRef,
        find: &ItemQuery,
        build: &(dyn Fn(Option<&Plan<'_>>) -> SelectBuilder<'of> + Sync),
    ) -> Result<Vec<Row>, Failure> {
        let mut inexact = self.believed_inexact(of);
        let mut plan = plan::choose(&of.collection, find, &inexact);
        while let Some(planned) = plan {
            let statement = build(Some(&planned));
            let ids = [planned.index.id];
            let trust = trust_statement(lease).await?;
            let work = async {
                let (rows, trust) = tokio::join!(
                    biased;
                    statement.rows(lease),
                    Trust::ask(lease, of, &trust, &ids),
                );
                Ok((rows?, trust?))
            };
            let (rows, trust) = with_tenant(lease, of.instance_id, work).await?;
            if !trust.is_current {
                self.definition_cache
                    .forget(of.instance_id, &of.collection.definition.id);
                break;
            }
            let [id] = ids;
            if trust.inexact.is_empty() || inexact.contains(&id) {
                return Ok(rows);
            }
            self.inexact.insert((of.instance_id, id), ());
            inexact.push(id);
            plan = plan::choose(&of.collection, find, &inexact);
        }
        let statement = build(None);
        with_tenant(lease, of.instance_id, statement.rows(lease)).await
    }

    fn believed_inexact(&self, of: &CollectionRef) -> Vec<IndexId> {
        let ids = of.collection.indexes.iter().map(|index| index.id);
        ids.filter(|id| self.inexact.contains_key(&(of.instance_id, *id)))
            .collect()
    }
}

/// How far indexes may be trusted.
pub(super) struct Trust {
    /// Whether the collection still has the revision that it had when it was looked up. An index that is ready stays so
    /// until then, and so it was ready when a query was asked before this.
    is_current: bool,
    /// Those that find items, but in no order.
    inexact: Vec<IndexId>,
}

async fn trust_statement(lease: &Lease) -> Result<PreparedStatement, Failure> {
    lease.client()?.prepare_cached(TRUST).await
}

impl Trust {
    async fn ask(
        lease: &Lease,
        of: &CollectionRef,
        statement: &PreparedStatement,
        indexes: &[IndexId],
    ) -> Result<Self, Failure> {
        let client = lease.client()?;
        let (tenant, definition) = (uuid(of.instance_id), &of.collection.definition);
        let values = &[&tenant as _, &definition.id as _, &indexes as _];
        let row = client.query_one(statement, values).await?;
        let (declared, own): (Option<i64>, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
        let current = declared.or(own).map(i64::cast_unsigned);
        Ok(Self {
            is_current: current == Some(definition.revision)
                && declared.is_some() == of.collection.declared,
            inexact: row.try_get(2)?,
        })
    }
}

/// The best plan, by what is known of the indexes at the moment of a transaction.
pub(super) async fn choose<'of>(
    lease: &Lease,
    of: &'of CollectionRef,
    find: &ItemQuery,
) -> Result<Option<Plan<'of>>, Failure> {
    let ids: Vec<IndexId> = of.collection.ready_indexes().map(|it| it.id).collect();
    let statement = trust_statement(lease).await?;
    let trust = Trust::ask(lease, of, &statement, &ids).await?;
    if !trust.is_current {
        return Ok(None);
    }
    Ok(plan::choose(&of.collection, find, &trust.inexact))
}

impl<'of> SelectBuilder<'of> {
    pub(super) fn find(of: &'of CollectionRef, find: &ItemQuery, plan: Option<&Plan<'_>>) -> Self {
        let mut statement = Self::new(of, ITEM);
        let by_key = plan.is_some_and(|plan| matches!(plan.order, Order::AsWanted(_)));
        let sorts = find.effective_sorts();
        statement.come_from(plan);
        if find.after.is_some() || (!by_key && find.random.is_none()) {
            statement.sort_values(&find.sorts);
        }
        statement.filter(&find.filter);
        statement.after(find, &sorts);
        statement.order(find, &sorts, by_key);
        statement.page(find);
        statement.is_common = find.filter.is_all() && sorts.is_empty();
        statement
    }

    /// Where items come from: the tree of an index, or all of the collection.
    pub(super) fn come_from(&mut self, plan: Option<&Plan<'_>>) {
        // The other name of "C" names the index in the order of insertion: see the migration.
        let own =
            format!("i.instance_id = {TENANT} AND i.collection COLLATE \"POSIX\" = {COLLECTION}");
        let Some(plan) = plan else {
            self.from.push_str("items AS i");
            self.conditions.push(own);
            return;
        };
        let table = if plan.index.index.unique {
            "item_unique_keys"
        } else {
            "item_keys"
        };
        let index = self.bind(plan.index.id, Type::INT8);
        let ranges: Vec<String> = plan.ranges.iter().map(|range| self.range(range)).collect();
        let keys = format!("k.instance_id = {TENANT} AND k.index_id = {index}");
        let from = if matches!(plan.order, Order::AsWanted(_))
            || (ranges.len() == 1 && plan.order == Order::Insertion)
        {
            self.conditions.push(keys);
            self.conditions.push(format!("({})", ranges.join(" OR ")));
            format!("{table} AS k")
        } else {
            let part =
                |range| format!("SELECT k.sequence FROM {table} AS k WHERE {keys} AND {range}");
            let parts: Vec<String> = ranges.iter().map(part).collect();
            // UNION leaves out what is found twice.
            let parts = match &parts[..] {
                [one] => one.replacen("SELECT", "SELECT DISTINCT", 1),
                several => several.join(" UNION "),
            };
            format!("({parts}) AS k")
        };
        // The limit makes the server go from keys to items, and not the other way.
        self.from = format!(
            "{from} CROSS JOIN LATERAL (
                SELECT * FROM items AS i WHERE {own} AND i.sequence = k.sequence LIMIT 1
             ) AS i"
        );
    }

    fn range(&mut self, range: &Range) -> String {
        let from = self.bind(range.from.clone(), Type::BYTEA);
        match &range.to {
            Some(to) => {
                let to = self.bind(to.clone(), Type::BYTEA);
                format!("k.key >= {from} AND k.key < {to}")
            }
            None => format!("k.key >= {from}"),
        }
    }
}
