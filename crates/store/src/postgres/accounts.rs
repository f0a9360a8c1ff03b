//! Pending authorizations in PostgreSQL.

use jiff::Timestamp;

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::tenant::{Isolation, transaction, uuid};
use crate::StoreError;
use crate::accounts::{PendingAuthorization, read_pending};
use crate::sql::{Scope, bind};

/// One transaction at a time for each instance, so that the count holds: 5 is for this lock.
const LOCK: &str = "SELECT pg_advisory_xact_lock(5, hashtext($1::uuid::text))";

const DELETE_EXPIRED: &str = "
    DELETE FROM pending_authorizations WHERE instance_id = $1 AND expires_at_ms <= $2";

const INSERT: &str = "
    INSERT INTO pending_authorizations (state_hash, instance_id, connection, key_id, sealed, expires_at_ms)
    SELECT $1, $2, $3, $4, $5, $6
    WHERE (SELECT count(*) FROM pending_authorizations WHERE instance_id = $2 AND length(sealed) > 0) < $7
    ON CONFLICT (state_hash) DO NOTHING";

// A request that comes back from a provider names no instance. A row without sealed bytes has been taken; of two
// requests at the same time the second waits for the first, and then looks at the row again.
const TAKE: &str = "
    WITH found AS (
        SELECT instance_id, connection, key_id, sealed, expires_at_ms FROM pending_authorizations
        WHERE state_hash = $1 AND length(sealed) > 0 FOR UPDATE
    ), taken AS (
        UPDATE pending_authorizations SET key_id = '', sealed = ''
        WHERE state_hash = $1 AND EXISTS (SELECT 1 FROM found)
    )
    SELECT instance_id, connection, key_id, sealed, expires_at_ms FROM found";

impl PostgresStore {
    pub(crate) async fn insert_authorization(
        &self,
        pending: PendingAuthorization,
        most: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        attempt!(writing: self.insert_pending(&pending, most, now))
    }

    pub(crate) async fn take_authorization(
        &self,
        state_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<PendingAuthorization>, StoreError> {
        let values = bind![&state_hash[..]];
        let taken = self.execute_returning(Scope::Owner, TAKE.into(), &values, read_pending);
        let taken = taken
            .await?
            .into_iter()
            .next()
            .map(|pending| PendingAuthorization {
                state_hash,
                ..pending
            });
        Ok(taken.filter(|taken| taken.expires_at > now))
    }

    async fn insert_pending(
        &self,
        pending: &PendingAuthorization,
        most: u32,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        let lease = self.tenants().await?;
        let work = async {
            let client = lease.client()?;
            let id = uuid(pending.instance_id);
            client.query(LOCK, &[&id]).await?;
            let now = now.as_millisecond();
            client.execute(DELETE_EXPIRED, &[&id, &now]).await?;
            let inserted = client
                .execute(
                    INSERT,
                    &[
                        &&pending.state_hash[..],
                        &id,
                        &pending.connection,
                        &pending.key_id,
                        &pending.sealed,
                        &pending.expires_at.as_millisecond(),
                        &i64::from(most),
                    ],
                )
                .await?;
            Ok(inserted > 0)
        };
        let outcome =
            transaction(&lease, pending.instance_id, Isolation::ReadCommitted, work).await;
        lease.release(outcome)
    }
}
