//! Pending authorizations in SQLite.

use jiff::Timestamp;

use super::SqliteStore;
use super::statement::{execute, query};
use crate::StoreError;
use crate::accounts::{PendingAuthorization, read_pending};
use crate::sql::bind;

const DELETE_EXPIRED: &str = "
    DELETE FROM pending_authorizations WHERE instance_id = ?1 AND expires_at_ms <= ?2";

const INSERT: &str = "
    INSERT INTO pending_authorizations (state_hash, instance_id, connection, key_id, sealed, expires_at_ms)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6
    WHERE (SELECT count(*) FROM pending_authorizations WHERE instance_id = ?2 AND length(sealed) > 0) < ?7
    ON CONFLICT (state_hash) DO NOTHING";

const FIND: &str = "
    SELECT instance_id, connection, key_id, sealed, expires_at_ms
    FROM pending_authorizations WHERE state_hash = ?1 AND length(sealed) > 0";

// One without sealed bytes has been taken.
const TAKE: &str =
    "UPDATE pending_authorizations SET key_id = '', sealed = x'' WHERE state_hash = ?1";

impl SqliteStore {
    pub(crate) async fn insert_authorization(
        &self,
        pending: PendingAuthorization,
        most: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write_with(move |connection| {
            execute(connection, DELETE_EXPIRED, &bind![pending.instance_id, now])?;
            let values = bind![
                &pending.state_hash[..],
                pending.instance_id,
                &pending.connection,
                &pending.key_id,
                &pending.sealed,
                pending.expires_at,
                most,
            ];
            Ok(execute(connection, INSERT, &values)? > 0)
        })
        .await
    }

    pub(crate) async fn take_authorization(
        &self,
        state_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<PendingAuthorization>, StoreError> {
        let taken = self.write_with(move |connection| {
            let values = bind![&state_hash[..]];
            let pending = query(connection, FIND, &values, read_pending)?;
            execute(connection, TAKE, &values)?;
            Ok(pending.into_iter().next())
        });
        let taken = taken.await?.map(|pending| PendingAuthorization {
            state_hash,
            ..pending
        });
        Ok(taken.filter(|taken| taken.expires_at > now))
    }
}
