//! Marks of writes.

use backlot_wix::InstanceId;
use jiff::Timestamp;

use super::Store;
use crate::StoreError;
use crate::echo_marks::{EchoKey, EchoMark};
use crate::sql::{Scope, bind};

const INSERT: &str = "
    INSERT INTO echo_marks (instance_id, mark_id, kind, entity_id, expires_at_ms)
    SELECT $1, $2, $3, $4, $5
    WHERE (SELECT count(*) FROM echo_marks WHERE instance_id = $1 AND expires_at_ms > $6) < $7";

const NAME: &str = "
    UPDATE echo_marks SET entity_id = $1, expires_at_ms = $2 WHERE instance_id = $3 AND mark_id = $4";

const DELETE: &str = "DELETE FROM echo_marks WHERE instance_id = $1 AND mark_id = $2";

const DELETE_EXPIRED: &str = "DELETE FROM echo_marks WHERE expires_at_ms <= $1";

impl Store {
    /// Inserts a mark. Returns false if the instance has `most` that have not expired at `now`. Caveat: of inserts at the
    /// same moment, some may exceed that number.
    pub async fn insert_echo_mark(
        &self,
        mark: EchoMark,
        most: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let values = bind![
            mark.instance_id,
            &mark.mark_id[..],
            mark.key.kind(),
            mark.key.entity_id(),
            mark.expires_at,
            now,
            most,
        ];
        let scope = Scope::Tenant(mark.instance_id);
        Ok(self.execute(scope, INSERT, &values).await? > 0)
    }

    /// Gives a mark its entity, which was not known before, and its time. Returns false if the mark has expired.
    pub async fn name_echo_mark(
        &self,
        instance_id: InstanceId,
        mark_id: [u8; 16],
        key: &EchoKey,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let values = bind![key.entity_id(), expires_at, instance_id, &mark_id[..]];
        let scope = Scope::Tenant(instance_id);
        Ok(self.execute(scope, NAME, &values).await? > 0)
    }

    /// Deletes a mark. Returns false if an event has taken it.
    pub async fn delete_echo_mark(
        &self,
        instance_id: InstanceId,
        mark_id: [u8; 16],
    ) -> Result<bool, StoreError> {
        let values = bind![instance_id, &mark_id[..]];
        let scope = Scope::Tenant(instance_id);
        Ok(self.execute(scope, DELETE, &values).await? > 0)
    }

    /// Deletes the marks of any instance that have expired.
    pub async fn delete_expired_echo_marks(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.execute(Scope::Owner, DELETE_EXPIRED, &bind![now])
            .await
    }
}
