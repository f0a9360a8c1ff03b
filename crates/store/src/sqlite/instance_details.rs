//! What Wix says of instances, in SQLite.

use backlot_wix::InstanceId;
use rusqlite::{OptionalExtension as _, params};

use super::SqliteStore;
use super::instances::instance_id;
use crate::StoreError;
use crate::instance_details::{Details, Outdated, TokenRefusal};
use crate::rows::instant;

const KEEP: &str = "
    INSERT INTO instance_details (instance_id, site_origin, answer, fetched_at_ms)
    VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (instance_id) DO UPDATE SET
        site_origin   = excluded.site_origin,
        answer        = excluded.answer,
        fetched_at_ms = excluded.fetched_at_ms";

const FORGET_REFUSAL: &str = "DELETE FROM instance_refusals WHERE instance_id = ?1";

const KEEP_REFUSAL: &str = "
    INSERT INTO instance_refusals (instance_id, status, reason, refused_at_ms)
    VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (instance_id) DO UPDATE SET
        status        = excluded.status,
        reason        = excluded.reason,
        refused_at_ms = excluded.refused_at_ms";

const OUTDATED: &str = "
    SELECT instances.instance_id
    FROM instances
    LEFT JOIN instance_details USING (instance_id)
    LEFT JOIN instance_refusals USING (instance_id)
    WHERE instances.last_seen_ms >= ?2
      AND (coalesce(fetched_at_ms, -1) < ?1 OR refused_at_ms IS NOT NULL)
      AND (?5 OR fetched_at_ms IS NOT NULL OR refused_at_ms IS NOT NULL)
      AND coalesce(refused_at_ms, -1) < ?3
    ORDER BY coalesce(fetched_at_ms, -1), instances.instance_id
    LIMIT ?4";

impl SqliteStore {
    pub(crate) async fn keep_details(&self, mut details: Details) -> Result<(), StoreError> {
        details.answer.site.forget_owner();
        let answer = serde_json::to_string(&details.answer)
            .map_err(|error| StoreError::Refused(error.to_string()))?;
        self.write_with(move |connection| {
            let id = details.instance_id.to_string();
            connection.prepare_cached(KEEP)?.execute(params![
                id,
                details.answer.site.origin(),
                answer,
                details.fetched_at.as_millisecond(),
            ])?;
            connection.prepare_cached(FORGET_REFUSAL)?.execute([id])?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn details(
        &self,
        instance_id: InstanceId,
    ) -> Result<Option<Details>, StoreError> {
        self.read_with(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT answer, fetched_at_ms FROM instance_details WHERE instance_id = ?1",
            )?;
            let row: Option<(String, i64)> = statement
                .query_row([instance_id.to_string()], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            let Some((answer, fetched_at)) = row else {
                return Ok(None);
            };
            Ok(Some(Details {
                instance_id,
                answer: serde_json::from_str(&answer)
                    .map_err(|error| StoreError::Refused(error.to_string()))?,
                fetched_at: instant(fetched_at)?,
            }))
        })
        .await
    }

    pub(crate) async fn instance_of_site(
        &self,
        site_id: &str,
    ) -> Result<Option<InstanceId>, StoreError> {
        let site_id = site_id.to_owned();
        self.read_with(move |connection| {
            let id: Option<String> = connection
                .prepare_cached(
                    "SELECT instance_id FROM instance_details
                     WHERE json_extract(answer, '$.site.siteId') = ?1
                     ORDER BY fetched_at_ms DESC LIMIT 1",
                )?
                .query_row([site_id], |row| row.get(0))
                .optional()?;
            id.map(|id| instance_id(&id)).transpose()
        })
        .await
    }

    pub(crate) async fn site_origins(&self) -> Result<Vec<(InstanceId, String)>, StoreError> {
        self.read_with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT instance_id, site_origin FROM instance_details
                 WHERE site_origin IS NOT NULL
                   AND instance_id NOT IN (SELECT instance_id FROM instance_refusals)",
            )?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.map(|row| {
                let (id, origin): (String, String) = row?;
                Ok((instance_id(&id)?, origin))
            })
            .collect()
        })
        .await
    }

    pub(crate) async fn outdated_instances(
        &self,
        outdated: Outdated,
        limit: u32,
    ) -> Result<Vec<InstanceId>, StoreError> {
        self.read_with(move |connection| {
            let mut statement = connection.prepare_cached(OUTDATED)?;
            let parameters = params![
                outdated.fetched_before.as_millisecond(),
                outdated.seen_since.as_millisecond(),
                outdated.refused_since.as_millisecond(),
                limit,
                outdated.missing_too,
            ];
            let rows = statement.query_map(parameters, |row| row.get::<_, String>(0))?;
            rows.map(|row| instance_id(&row?)).collect()
        })
        .await
    }

    pub(crate) async fn keep_refusal(&self, refusal: TokenRefusal) -> Result<(), StoreError> {
        self.write_with(move |connection| {
            let mut statement = connection.prepare_cached(KEEP_REFUSAL)?;
            statement.execute(params![
                refusal.instance_id.to_string(),
                refusal.status,
                refusal.reason,
                refusal.refused_at.as_millisecond(),
            ])?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn forget_refusal(&self, instance_id: InstanceId) -> Result<(), StoreError> {
        self.write_with(move |connection| {
            let mut statement = connection.prepare_cached(FORGET_REFUSAL)?;
            statement.execute([instance_id.to_string()])?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn refusal(
        &self,
        instance_id: InstanceId,
    ) -> Result<Option<TokenRefusal>, StoreError> {
        self.read_with(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT status, reason, refused_at_ms FROM instance_refusals
                 WHERE instance_id = ?1",
            )?;
            let row = statement
                .query_row([instance_id.to_string()], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()?;
            let Some((status, reason, refused_at)) = row else {
                return Ok(None);
            };
            Ok(Some(TokenRefusal {
                instance_id,
                status,
                reason,
                refused_at: instant(refused_at)?,
            }))
        })
        .await
    }
}
