//! Events in PostgreSQL: what waits goes in one statement, and the next one is sent once it is committed.

use backlot_benchmark_peers::Failure;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_postgres::{Client, NoTls, Statement};

use crate::webhook::Event;
use crate::{MAX_GROUP_SIZE, Waiting};

const SETUP: &str = "
    CREATE TABLE events (
        sequence    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id    text COLLATE \"C\" NOT NULL UNIQUE,
        instance_id text COLLATE \"C\" NOT NULL,
        event_type  text COLLATE \"C\" NOT NULL,
        data        text NOT NULL
    )";

const INSERT: &str = "
    INSERT INTO events (event_id, instance_id, event_type, data)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
    ON CONFLICT (event_id) DO NOTHING";

pub(crate) async fn start(
    url: &str,
    mut waiting: UnboundedReceiver<Waiting>,
) -> Result<(), Failure> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    client.batch_execute(SETUP).await?;
    let insert = client.prepare(INSERT).await?;
    tokio::spawn(async move {
        let mut group = Vec::new();
        while waiting.recv_many(&mut group, MAX_GROUP_SIZE).await > 0 {
            let is_stored = store(&client, &insert, &group).await.is_ok();
            for Waiting { answer, .. } in group.drain(..) {
                // The caller may have gone.
                let _ = answer.send(is_stored);
            }
        }
    });
    Ok(())
}

async fn store(
    client: &Client,
    insert: &Statement,
    group: &[Waiting],
) -> Result<(), tokio_postgres::Error> {
    let column = |of: fn(&Event) -> &String| group.iter().map(|it| of(&it.event)).collect();
    let columns: [Vec<&String>; 4] = [
        column(|event| &event.id),
        column(|event| &event.instance_id),
        column(|event| &event.kind),
        column(|event| &event.data),
    ];
    let [ids, instances, types, data] = &columns;
    client
        .execute(insert, &[ids, instances, types, data])
        .await?;
    Ok(())
}
