//! What Wix says of instances, in PostgreSQL.

use backlot_wix::InstanceId;

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::instances::instance_id;
use super::tenant::uuid;
use crate::StoreError;
use crate::instance_details::{Details, Outdated, TokenRefusal};
use crate::rows::instant;

const KEEP: &str = "
    WITH forgotten AS (DELETE FROM instance_refusals WHERE instance_id = $1)
    INSERT INTO instance_details (instance_id, site_origin, answer, fetched_at_ms)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (instance_id) DO UPDATE SET
        site_origin   = excluded.site_origin,
        answer        = excluded.answer,
        fetched_at_ms = excluded.fetched_at_ms";

const DETAILS: &str = "
    SELECT answer, fetched_at_ms FROM instance_details WHERE instance_id = $1";

const OF_SITE: &str = "
    SELECT instance_id FROM instance_details
    WHERE ((answer::jsonb) #>> '{site,siteId}') = $1
    ORDER BY fetched_at_ms DESC LIMIT 1";

const ORIGINS: &str = "
    SELECT instance_id, site_origin FROM instance_details AS details
    WHERE site_origin IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM instance_refusals AS refused
                      WHERE refused.instance_id = details.instance_id)";

const FORGET_REFUSAL: &str = "DELETE FROM instance_refusals WHERE instance_id = $1";

const KEEP_REFUSAL: &str = "
    INSERT INTO instance_refusals (instance_id, status, reason, refused_at_ms)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (instance_id) DO UPDATE SET
        status        = excluded.status,
        reason        = excluded.reason,
        refused_at_ms = excluded.refused_at_ms";

const REFUSAL: &str = "
    SELECT status, reason, refused_at_ms FROM instance_refusals WHERE instance_id = $1";

const OUTDATED: &str = "
    SELECT instances.instance_id
    FROM instances
    LEFT JOIN instance_details USING (instance_id)
    LEFT JOIN instance_refusals USING (instance_id)
    WHERE instances.last_seen_ms >= $2
      AND (coalesce(fetched_at_ms, -1) < $1 OR refused_at_ms IS NOT NULL)
      AND ($5 OR fetched_at_ms IS NOT NULL OR refused_at_ms IS NOT NULL)
      AND coalesce(refused_at_ms, -1) < $3
    ORDER BY coalesce(fetched_at_ms, -1), instances.instance_id
    LIMIT $4";

impl PostgresStore {
    pub(crate) async fn keep_details(&self, mut details: Details) -> Result<(), StoreError> {
        details.answer.site.forget_owner();
        let answer = serde_json::to_string(&details.answer)
            .map_err(|error| StoreError::Refused(error.to_string()))?;
        attempt!(writing: self.change(KEEP, &[
            &uuid(details.instance_id),
            &details.answer.site.origin(),
            &answer,
            &details.fetched_at.as_millisecond(),
        ]))
        .map(drop)
    }

    pub(crate) async fn details(
        &self,
        instance_id: InstanceId,
    ) -> Result<Option<Details>, StoreError> {
        let rows = attempt!(reading: self.ask(DETAILS, &[&uuid(instance_id)]))?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let answer: String = row.try_get(0).map_err(Failure::from)?;
        Ok(Some(Details {
            instance_id,
            answer: serde_json::from_str(&answer)
                .map_err(|error| StoreError::Refused(error.to_string()))?,
            fetched_at: instant(row.try_get(1).map_err(Failure::from)?)?,
        }))
    }

    pub(crate) async fn instance_of_site(
        &self,
        site_id: &str,
    ) -> Result<Option<InstanceId>, StoreError> {
        if site_id.contains('\0') {
            return Ok(None);
        }
        let rows = attempt!(reading: self.ask(OF_SITE, &[&site_id]))?;
        let found = rows.first().map(|row| instance_id(row, 0)).transpose();
        Ok(found?)
    }

    pub(crate) async fn site_origins(&self) -> Result<Vec<(InstanceId, String)>, StoreError> {
        let rows = attempt!(reading: self.ask(ORIGINS, &[]))?;
        let read = |row| Ok::<_, Failure>((instance_id(row, 0)?, row.try_get(1)?));
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    pub(crate) async fn outdated_instances(
        &self,
        outdated: Outdated,
        limit: u32,
    ) -> Result<Vec<InstanceId>, StoreError> {
        let rows = attempt!(reading: self.ask(OUTDATED, &[
            &outdated.fetched_before.as_millisecond(),
            &outdated.seen_since.as_millisecond(),
            &outdated.refused_since.as_millisecond(),
            &i64::from(limit),
            &outdated.missing_too,
        ]))?;
        let ids = rows.iter().map(|row| instance_id(row, 0));
        Ok(ids.collect::<Result<_, _>>()?)
    }

    pub(crate) async fn keep_refusal(&self, refusal: TokenRefusal) -> Result<(), StoreError> {
        attempt!(writing: self.change(KEEP_REFUSAL, &[
            &uuid(refusal.instance_id),
            &i32::from(refusal.status),
            &refusal.reason,
            &refusal.refused_at.as_millisecond(),
        ]))
        .map(drop)
    }

    pub(crate) async fn forget_refusal(&self, instance_id: InstanceId) -> Result<(), StoreError> {
        attempt!(writing: self.change(FORGET_REFUSAL, &[&uuid(instance_id)])).map(drop)
    }

    pub(crate) async fn refusal(
        &self,
        instance_id: InstanceId,
    ) -> Result<Option<TokenRefusal>, StoreError> {
        let rows = attempt!(reading: self.ask(REFUSAL, &[&uuid(instance_id)]))?;
        let read = |row: &tokio_postgres::Row| {
            let status: i32 = row.try_get(0)?;
            Ok::<_, Failure>(TokenRefusal {
                instance_id,
                status: u16::try_from(status).unwrap_or_default(),
                reason: row.try_get(1)?,
                refused_at: instant(row.try_get(2)?)?,
            })
        };
        Ok(rows.first().map(read).transpose()?)
    }
}
