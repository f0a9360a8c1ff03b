//! Work under the name of one instance.
//!
//! Every statement comes after one that names the instance, on the same connection and without waiting
//! in between: row-level security shows nothing else. The name is set each time, so no name of before
//! serves a request.

use std::ops::ControlFlow;

use backlot_wix::InstanceId;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::failure::Failure;
use super::lease::Lease;

const NAME: &str = "SELECT set_config('backlot.instance_id', $1, false)";
const NAME_IN_TRANSACTION: &str = "SELECT set_config('backlot.instance_id', $1, true)";

/// A value bound to a statement.
pub(super) type Bound<'value> = &'value (dyn ToSql + Sync);

/// The isolation level of a transaction.
#[derive(Debug, Clone, Copy)]
pub(super) enum Isolation {
    /// Each statement sees what was committed when it began.
    ReadCommitted,
    /// All statements see one snapshot.
    RepeatableRead,
}

/// An instance's id, as PostgreSQL has it.
pub(super) const fn uuid(instance_id: InstanceId) -> Uuid {
    Uuid::from_bytes(*instance_id.as_bytes())
}

/// An instance's id, as PostgreSQL returns it.
pub(super) const fn from_uuid(id: Uuid) -> InstanceId {
    InstanceId::from_bytes(id.into_bytes())
}

/// A constant statement, in one round trip.
pub(super) async fn query(
    lease: &Lease,
    instance_id: InstanceId,
    sql: &'static str,
    values: &[Bound<'_>],
) -> Result<Vec<Row>, Failure> {
    let client = lease.client()?;
    let statement = client.prepare_cached(sql).await?;
    with_tenant(lease, instance_id, client.query(&statement, values)).await
}

/// Sends the instance's name ahead of the work's first statement.
pub(super) async fn with_tenant<T>(
    lease: &Lease,
    instance_id: InstanceId,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let client = lease.client()?;
    let name = client.prepare_typed_cached(NAME, &[Type::TEXT]).await?;
    let id = instance_id.to_string();
    let values: [Bound<'_>; 1] = [&id];
    let (named, outcome) = tokio::join!(biased; client.query(&name, &values), work);
    named?;
    outcome
}

/// A transaction under an instance's name; it ends with the work, and undoes everything if the work fails.
pub(super) async fn transaction<T>(
    lease: &Lease,
    instance_id: InstanceId,
    isolation: Isolation,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    // In a box, so that what waits for it stays small.
    let outcome = Box::pin(begun(lease, instance_id, isolation, work)).await;
    end(lease, outcome).await
}

/// A transaction that only reads, all of it at one moment. If the work stops before it has read all that it asked for,
/// the connection is not given back with the rest of the rows, and so the transaction does not end here.
pub(super) async fn reading<T>(
    lease: &Lease,
    instance_id: InstanceId,
    work: impl Future<Output = Result<ControlFlow<T>, Failure>>,
) -> Result<ControlFlow<T>, Failure> {
    match Box::pin(begun(lease, instance_id, Isolation::RepeatableRead, work)).await {
        Ok(ControlFlow::Continue(())) => end(lease, Ok(ControlFlow::Continue(()))).await,
        outcome => outcome,
    }
}

async fn begun<T>(
    lease: &Lease,
    instance_id: InstanceId,
    isolation: Isolation,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let client = lease.client()?;
    let name = client
        .prepare_typed_cached(NAME_IN_TRANSACTION, &[Type::TEXT])
        .await?;
    let id = instance_id.to_string();
    let values: [Bound<'_>; 1] = [&id];
    let opening = match isolation {
        Isolation::ReadCommitted => "BEGIN",
        Isolation::RepeatableRead => "BEGIN ISOLATION LEVEL REPEATABLE READ",
    };
    lease.watch().begin();
    let (begun, named, outcome) = tokio::join!(
        biased;
        client.batch_execute(opening),
        client.query(&name, &values),
        work,
    );
    match begun.err().or(named.err()) {
        Some(failure) => Err(failure),
        None => outcome,
    }
}

/// A transaction of the owner's, who sees all instances.
pub(super) async fn owners_transaction<T>(
    lease: &Lease,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    transaction_of_owner(lease, "BEGIN", work).await
}

/// A transaction of the owner's on lanes. Other nodes wait for its locks, so a node that is frozen in it loses it soon. It
/// consists of short statements, and each follows the one before it at once.
pub(super) async fn lanes_transaction<T>(
    lease: &Lease,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let opening = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '5s'";
    transaction_of_owner(lease, opening, work).await
}

/// A transaction of the owner's that only reads, and sees all as it was when it began, however long it takes.
pub(super) async fn owners_snapshot<T>(
    lease: &Lease,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let opening =
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0";
    transaction_of_owner(lease, opening, work).await
}

async fn transaction_of_owner<T>(
    lease: &Lease,
    opening: &str,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    lease.watch().begin();
    lease.client()?.batch_execute(opening).await?;
    let outcome = work.await;
    end(lease, outcome).await
}

/// Ends a transaction. The first failure is reported: statements that followed it failed only because of that, and a commit
/// would undo everything without a word.
async fn end<T>(lease: &Lease, outcome: Result<T, Failure>) -> Result<T, Failure> {
    let client = lease.client()?;
    let outcome = match (outcome, lease.watch().first_failure()) {
        (Ok(_) | Err(Failure::Aborted), Some(first)) => Err(first),
        (outcome, _) => outcome,
    };
    if outcome.is_ok() {
        client.batch_execute("COMMIT").await?;
        lease.watch().end();
    } else if !lease.watch().is_silent() {
        client.batch_execute("ROLLBACK").await?;
        lease.watch().end();
    }
    outcome
}
