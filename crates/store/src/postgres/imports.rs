//! An import takes an instance's place, and everything goes: whole changes, in one transaction each.

use std::sync::LazyLock;

use backlot_wix::Role;

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::tenant::{Bound, owners_transaction, uuid};
use crate::StoreError;
use crate::imports::Import;
use crate::instance_details::UPSERT;
use crate::instances::request_columns;
use crate::markers::IMPORT;
use crate::tables::LEFT_BEHIND;

/// Writes that are based on an earlier definition become outdated.
const OUTDATE: &str = "
    UPDATE collections AS staged SET
        revision   = staged.revision + present.revision + 1,
        definition = jsonb_set(staged.definition::jsonb, '{revision}',
                               to_jsonb(staged.revision + present.revision + 1))::text
    FROM collections AS present
    WHERE staged.instance_id = $1 AND present.instance_id = $2 AND present.id = staged.id";

static SIGHTING: LazyLock<String> = LazyLock::new(|| {
    let columns = request_columns(str::to_owned);
    let values = (4..).take(Role::COUNT).map(|number| format!("${number}"));
    let values = values.collect::<Vec<_>>().join(", ");
    let updates = request_columns(|it| format!("{it} = excluded.{it}"));
    format!(
        "INSERT INTO instances (instance_id, first_seen_ms, last_seen_ms, {columns})
         VALUES ($1, $2, $3, {values})
         ON CONFLICT (instance_id) DO UPDATE SET
             first_seen_ms = excluded.first_seen_ms,
             last_seen_ms  = excluded.last_seen_ms,
             {updates}"
    )
});

impl PostgresStore {
    pub(crate) async fn take_over_import(&self, import: Import) -> Result<(), StoreError> {
        let outcome = attempt!(writing: self.take_over_once(&import));
        self.definition_cache.forget_all();
        outcome
    }

    async fn take_over_once(&self, import: &Import) -> Result<(), Failure> {
        let lease = self.owner().await?;
        let work = async {
            super::items::keys::extend_timeouts(&lease).await?;
            let client = lease.client()?;
            let (staged, present) = (uuid(import.staged), uuid(import.instance_id));
            client.execute(OUTDATE, &[&staged, &present]).await?;
            if import.replaces {
                let jobs = "DELETE FROM jobs WHERE instance_id = $1";
                client.execute(jobs, &[&present]).await?;
            }
            for table in import.tables() {
                // What is left of the keys of earlier collections is in no items' place.
                if import.replaces || LEFT_BEHIND.contains(&table) {
                    let sql = format!("DELETE FROM {table} WHERE instance_id = $1");
                    client.execute(&sql, &[&present]).await?;
                }
                let sql = format!("UPDATE {table} SET instance_id = $2 WHERE instance_id = $1");
                client.execute(&sql, &[&staged, &present]).await?;
            }
            if let Some(sighting) = &import.sighting {
                let requests = sighting.requests.map(u64::cast_signed);
                let (first, last) = (
                    sighting.first_seen.as_millisecond(),
                    sighting.last_seen.as_millisecond(),
                );
                let mut values: Vec<Bound<'_>> = vec![&present, &first, &last];
                values.extend(requests.iter().map(|count| count as Bound<'_>));
                client.execute(SIGHTING.as_str(), &values).await?;
            }
            if let Some(details) = &import.details {
                let answer = details.to_json()?;
                let origin = details.answer.site.origin();
                let fetched_at = details.fetched_at.as_millisecond();
                client
                    .execute(UPSERT, &[&present, &origin, &answer, &fetched_at])
                    .await?;
            }
            let marker = format!("{IMPORT}{}", import.staged);
            let sql = "DELETE FROM markers WHERE name = $1";
            client.execute(sql, &[&marker]).await?;
            Ok(())
        };
        let outcome = owners_transaction(&lease, work).await;
        lease.release(outcome)
    }

    pub(crate) async fn wipe(&self) -> Result<(), StoreError> {
        let outcome = attempt!(writing: self.wipe_once());
        self.definition_cache.forget_all();
        outcome
    }

    async fn wipe_once(&self) -> Result<(), Failure> {
        let lease = self.owner().await?;
        let work = async {
            super::items::keys::extend_timeouts(&lease).await?;
            super::backup::empty_all(&lease).await
        };
        let outcome = owners_transaction(&lease, work).await;
        lease.release(outcome)
    }

    pub(crate) fn forget_remembered(&self) {
        self.definition_cache.forget_all();
    }
}
