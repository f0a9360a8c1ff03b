//! What Wix says of instances.

use backlot_wix::InstanceId;

use super::Store;
use crate::StoreError;
use crate::instance_details::{Details, Outdated, TokenRefusal};
use crate::sql::{Row, Scope, Sql, bind};

const FIND: &str = "
    SELECT instance_id, answer, fetched_at_ms FROM instance_details WHERE instance_id = $1";

const FIND_INSTANCE_OF_SITE: Sql = Sql {
    sqlite: "
        SELECT instance_id FROM instance_details
        WHERE json_extract(answer, '$.site.siteId') = $1
        ORDER BY fetched_at_ms DESC LIMIT 1",
    postgres: "
        SELECT instance_id FROM instance_details
        WHERE ((answer::jsonb) #>> '{site,siteId}') = $1
        ORDER BY fetched_at_ms DESC LIMIT 1",
};

const LIST_ORIGINS: &str = "
    SELECT instance_id, site_origin FROM instance_details AS details
    WHERE site_origin IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM instance_refusals AS refused
                      WHERE refused.instance_id = details.instance_id)";

const LIST_OUTDATED: &str = "
    SELECT instances.instance_id
    FROM instances
    LEFT JOIN instance_details USING (instance_id)
    LEFT JOIN instance_refusals USING (instance_id)
    WHERE instances.last_seen_ms >= $1
      AND (coalesce(fetched_at_ms, -1) < $2 OR refused_at_ms IS NOT NULL)
      AND ($3 OR fetched_at_ms IS NOT NULL OR refused_at_ms IS NOT NULL)
      AND coalesce(refused_at_ms, -1) < $4
    ORDER BY coalesce(fetched_at_ms, -1), instances.instance_id
    LIMIT $5";

const UPSERT_REFUSAL: &str = "
    INSERT INTO instance_refusals (instance_id, status, reason, refused_at_ms)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (instance_id) DO UPDATE SET
        status        = excluded.status,
        reason        = excluded.reason,
        refused_at_ms = excluded.refused_at_ms";

const DELETE_REFUSAL: &str = "DELETE FROM instance_refusals WHERE instance_id = $1";

const FIND_REFUSAL: &str = "
    SELECT instance_id, status, reason, refused_at_ms FROM instance_refusals WHERE instance_id = $1";

repository! {
    /// Stores an answer of Wix's in place of an older one, and deletes the instance's refusal: the answer shows that
    /// Wix gives tokens for it.
    async fn upsert_details(&self, details: Details) -> Result<(), StoreError>;
}

impl Store {
    /// Finds the latest answer of Wix's for an instance.
    pub async fn find_details(
        &self,
        instance_id: InstanceId,
    ) -> Result<Option<Details>, StoreError> {
        self.query_one(Scope::Owner, FIND, &bind![instance_id], read)
            .await
    }

    /// Finds the instance on a site; of several, the one whose details were fetched last.
    pub async fn find_instance_of_site(
        &self,
        site_id: &str,
    ) -> Result<Option<InstanceId>, StoreError> {
        let read = |row: &Row<'_>| row.instance_id(0);
        self.query_one(Scope::Owner, FIND_INSTANCE_OF_SITE, &bind![site_id], read)
            .await
    }

    /// Lists the origins of the sites of all instances that Wix gives tokens for.
    pub async fn list_site_origins(&self) -> Result<Vec<(InstanceId, String)>, StoreError> {
        let read = |row: &Row<'_>| Ok((row.instance_id(0)?, row.get(1)?));
        self.query(Scope::Owner, LIST_ORIGINS, &[], read).await
    }

    /// Lists instances whose details are to be fetched again, those with the oldest details first.
    pub async fn list_outdated_instances(
        &self,
        outdated: Outdated,
        limit: u32,
    ) -> Result<Vec<InstanceId>, StoreError> {
        let values = bind![
            outdated.seen_since,
            outdated.fetched_before,
            outdated.missing_too,
            outdated.refused_since,
            limit,
        ];
        let read = |row: &Row<'_>| row.instance_id(0);
        self.query(Scope::Owner, LIST_OUTDATED, &values, read).await
    }

    /// Records that Wix gives no token for an instance.
    pub async fn upsert_refusal(&self, refusal: TokenRefusal) -> Result<(), StoreError> {
        let values = bind![
            refusal.instance_id,
            refusal.status,
            &refusal.reason,
            refusal.refused_at,
        ];
        self.execute(Scope::Owner, UPSERT_REFUSAL, &values)
            .await
            .map(drop)
    }

    /// Deletes the refusal of an instance.
    pub async fn delete_refusal(&self, instance_id: InstanceId) -> Result<(), StoreError> {
        self.execute(Scope::Owner, DELETE_REFUSAL, &bind![instance_id])
            .await
            .map(drop)
    }

    /// Finds the refusal of an instance.
    pub async fn find_refusal(
        &self,
        instance_id: InstanceId,
    ) -> Result<Option<TokenRefusal>, StoreError> {
        self.query_one(
            Scope::Owner,
            FIND_REFUSAL,
            &bind![instance_id],
            read_refusal,
        )
        .await
    }
}

fn read(row: &Row<'_>) -> Result<Details, StoreError> {
    let answer: String = row.get(1)?;
    Ok(Details {
        instance_id: row.instance_id(0)?,
        answer: serde_json::from_str(&answer)
            .map_err(StoreError::not_json("what Wix said of an instance"))?,
        fetched_at: row.timestamp(2)?,
    })
}

fn read_refusal(row: &Row<'_>) -> Result<TokenRefusal, StoreError> {
    Ok(TokenRefusal {
        instance_id: row.instance_id(0)?,
        status: u16::try_from(row.get::<i32>(1)?).unwrap_or_default(),
        reason: row.get(2)?,
        refused_at: row.timestamp(3)?,
    })
}
