//! What Wix says of instances, in PostgreSQL.

use super::PostgresStore;
use super::failure::attempt;
use super::tenant::uuid;
use crate::StoreError;
use crate::instance_details::Details;

const UPSERT: &str = "
    WITH refusal AS (DELETE FROM instance_refusals WHERE instance_id = $1)
    INSERT INTO instance_details (instance_id, site_origin, answer, fetched_at_ms)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (instance_id) DO UPDATE SET
        site_origin   = excluded.site_origin,
        answer        = excluded.answer,
        fetched_at_ms = excluded.fetched_at_ms";

impl PostgresStore {
    pub(crate) async fn upsert_details(&self, details: Details) -> Result<(), StoreError> {
        let answer = details.to_json()?;
        attempt!(writing: self.owner_execute(UPSERT, &[
            &uuid(details.instance_id),
            &details.answer.site.origin(),
            &answer,
            &details.fetched_at.as_millisecond(),
        ]))
        .map(drop)
    }
}
