//! Several statements in one round trip.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use tokio_postgres::types::ToSql;

use super::failure::Failure;
use super::lease::Lease;

/// A constant statement with its values, and how many rows it must change.
pub(super) struct Step {
    pub(super) sql: &'static str,
    pub(super) values: Vec<Box<dyn ToSql + Sync + Send>>,
    pub(super) expected: Option<usize>,
}

/// Sends all of them, one after the other, and then waits for the answers. Within a transaction the first
/// failure makes the later ones fail as well, so the first one is reported.
/// Says how many rows each has changed.
pub(super) async fn run(lease: &Lease, steps: &[Step]) -> Result<Vec<u64>, Failure> {
    let client = lease.client()?;
    let mut statements = Vec::with_capacity(steps.len());
    for step in steps {
        statements.push(client.prepare_cached(step.sql).await?);
    }
    let execute = |(step, statement)| {
        let step: &Step = step;
        let values = step
            .values
            .iter()
            .map(|value| &**value as &(dyn ToSql + Sync));
        let values: Vec<&(dyn ToSql + Sync)> = values.collect();
        async move { client.execute(statement, &values).await }
    };
    let changed = in_order(steps.iter().zip(&statements).map(execute)).await;
    let changed: Vec<u64> = changed.into_iter().collect::<Result<_, _>>()?;
    let differs = |(step, changed): (&Step, &u64)| {
        step.expected
            .is_some_and(|expected| expected as u64 != *changed)
    };
    if steps.iter().zip(&changed).any(differs) {
        return Err(Failure::Again(
            "others changed the same items at the same time",
        ));
    }
    Ok(changed)
}

/// Polls all futures once, in their order, so that what they send is sent in this order; and then waits for one
/// after the other, since that is how they are answered.
async fn in_order<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<Pin<Box<F>>> = futures.map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                *output = Some(value);
            }
        }
        Poll::Ready(())
    })
    .await;
    let mut all = Vec::with_capacity(futures.len());
    for (future, output) in futures.into_iter().zip(outputs) {
        all.push(match output {
            Some(output) => output,
            None => future.await,
        });
    }
    all
}

/// Puts values into boxes: `values![a, b]`.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        vec![$(Box::new($value) as Box<dyn tokio_postgres::types::ToSql + Sync + Send>),*]
    };
}
pub(super) use values;
