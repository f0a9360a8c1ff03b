//! Statements with constant texts: under the name of an instance, or as the owner of the tables.

use backlot_wix::InstanceId;
use tokio_postgres::Row;

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::tenant::{Bound, query, with_tenant};
use crate::StoreError;
use crate::sql::{self, ReadRow, Scope, Sql, Value};

impl PostgresStore {
    /// Reads rows of a shared statement. A text with a NUL is in no row.
    pub(crate) async fn query<T>(
        &self,
        scope: Scope,
        sql: Sql,
        values: &[Value<'_>],
        read: ReadRow<T>,
    ) -> Result<Vec<T>, StoreError> {
        if values.iter().any(Value::has_nul) {
            return Ok(Vec::new());
        }
        let rows = attempt!(reading: self.rows(scope, sql, &bound(values)))?;
        rows.iter()
            .map(|row| read(&sql::Row::Postgres(row)))
            .collect()
    }

    /// Changes rows, and returns how many.
    pub(crate) async fn execute(
        &self,
        scope: Scope,
        sql: Sql,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let (sql, values) = (sql.postgres, bound(values));
        match scope {
            Scope::Tenant(id) => attempt!(writing: self.tenant_execute(id, sql, &values)),
            Scope::Owner => attempt!(writing: self.owner_execute(sql, &values)),
        }
    }

    /// Changes rows, and reads what the statement returns of them.
    pub(crate) async fn execute_returning<T>(
        &self,
        scope: Scope,
        sql: Sql,
        values: &[Value<'_>],
        read: ReadRow<T>,
    ) -> Result<Vec<T>, StoreError> {
        if values.iter().any(Value::has_nul) {
            return Ok(Vec::new());
        }
        let rows = attempt!(writing: self.rows(scope, sql, &bound(values)))?;
        rows.iter()
            .map(|row| read(&sql::Row::Postgres(row)))
            .collect()
    }

    async fn rows(
        &self,
        scope: Scope,
        sql: Sql,
        values: &[Bound<'_>],
    ) -> Result<Vec<Row>, Failure> {
        match scope {
            Scope::Tenant(id) => self.tenant_query(id, sql.postgres, values).await,
            Scope::Owner => self.owner_query(sql.postgres, values).await,
        }
    }

    /// Queries under the name of an instance.
    pub(super) async fn tenant_query(
        &self,
        instance_id: InstanceId,
        sql: &'static str,
        values: &[Bound<'_>],
    ) -> Result<Vec<Row>, Failure> {
        let lease = self.tenants().await?;
        let rows = query(&lease, instance_id, sql, values).await;
        lease.release(rows)
    }

    async fn tenant_execute(
        &self,
        instance_id: InstanceId,
        sql: &'static str,
        values: &[Bound<'_>],
    ) -> Result<u64, Failure> {
        let lease = self.tenants().await?;
        let client = lease.client()?;
        let statement = client.prepare_cached(sql).await?;
        let changed = with_tenant(&lease, instance_id, client.execute(&statement, values)).await;
        lease.release(changed)
    }

    /// Queries as the owner of the tables, who sees all instances.
    pub(super) async fn owner_query(
        &self,
        sql: &'static str,
        values: &[Bound<'_>],
    ) -> Result<Vec<Row>, Failure> {
        let lease = self.owner().await?;
        let client = lease.client()?;
        let statement = client.prepare_cached(sql).await?;
        let rows = client.query(&statement, values).await;
        lease.release(rows)
    }

    /// Changes rows as the owner of the tables, and returns how many.
    pub(super) async fn owner_execute(
        &self,
        sql: &'static str,
        values: &[Bound<'_>],
    ) -> Result<u64, Failure> {
        let lease = self.owner().await?;
        let client = lease.client()?;
        let statement = client.prepare_cached(sql).await?;
        let changed = client.execute(&statement, values).await;
        lease.release(changed)
    }
}

fn bound<'value>(values: &'value [Value<'_>]) -> Vec<Bound<'value>> {
    values.iter().map(|value| value as Bound<'value>).collect()
}
