//! Secrets and data keys in PostgreSQL. Keys and shared secrets belong to no tenant: the owner of the
//! tables asks for them.

use backlot_wix::InstanceId;
use tokio_postgres::Row;
use uuid::Uuid;

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::tenant::{Bound, owners_transaction, uuid};
use crate::StoreError;
use crate::rows::instant;
use crate::secrets::{SealedSecret, SecretPlace, WrappedKey, other_keys, same_ids, same_keys};

const KEYS: &str = "
    SELECT key_id, wrapped, created_at_ms FROM wrapped_keys ORDER BY created_at_ms DESC, key_id";

const KEEP_KEY: &str = "
    INSERT INTO wrapped_keys (key_id, wrapped, created_at_ms) VALUES ($1, $2, $3)
    ON CONFLICT (key_id) DO NOTHING";

const REWRAP: &str = "UPDATE wrapped_keys SET wrapped = $2 WHERE key_id = $1";

const DELETE_UNUSED_KEY: &str = "
    DELETE FROM wrapped_keys
    WHERE key_id = $1
      AND NOT EXISTS (SELECT 1 FROM secrets WHERE key_id = $1)
      AND NOT EXISTS (SELECT 1 FROM instance_secrets WHERE key_id = $1)
      AND NOT EXISTS (SELECT 1 FROM accounts WHERE key_id = $1)
      AND NOT EXISTS (SELECT 1 FROM pending_authorizations WHERE key_id = $1)
      AND NOT EXISTS (SELECT 1 FROM signing_keys WHERE sealed_with = $1)";

const INSERT: &str = "
    INSERT INTO secrets (name, key_id, sealed, version, created_at_ms, changed_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (name) DO NOTHING RETURNING version";

const INSERT_ONES: &str = "
    INSERT INTO instance_secrets (name, key_id, sealed, version, created_at_ms, changed_at_ms, instance_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (instance_id, name) DO NOTHING RETURNING version";

const REPLACE: &str = "
    UPDATE secrets SET key_id = $2, sealed = $3, version = $4, changed_at_ms = $6
    WHERE name = $1 AND version = $7 AND created_at_ms = $5 RETURNING version";

const REPLACE_ONES: &str = "
    UPDATE instance_secrets SET key_id = $2, sealed = $3, version = $4, changed_at_ms = $6
    WHERE name = $1 AND version = $7 AND created_at_ms = $5 AND instance_id = $8 RETURNING version";

const RESEAL: &str = "
    UPDATE secrets SET key_id = $2, sealed = $3
    WHERE name = $1 AND version = $4 AND created_at_ms = $5 AND key_id = $6 RETURNING version";

const RESEAL_ONES: &str = "
    UPDATE instance_secrets SET key_id = $2, sealed = $3
    WHERE name = $1 AND version = $4 AND created_at_ms = $5 AND key_id = $6 AND instance_id = $7
    RETURNING version";

const EVERYBODYS: &str = "
    SELECT NULL::uuid, name, key_id, sealed, version, created_at_ms, changed_at_ms
    FROM secrets WHERE name = $1";

const ONES: &str = "
    SELECT instance_id, name, key_id, sealed, version, created_at_ms, changed_at_ms
    FROM instance_secrets WHERE instance_id = $1 AND name = $2";

const ALL_EVERYBODYS: &str = "
    SELECT NULL::uuid, name, key_id, sealed, version, created_at_ms, changed_at_ms
    FROM secrets ORDER BY name";

const ALL_ONES: &str = "
    SELECT instance_id, name, key_id, sealed, version, created_at_ms, changed_at_ms
    FROM instance_secrets WHERE instance_id = $1 ORDER BY name";

const EVERYBODYS_AFTER: &str = "
    SELECT NULL::uuid, name, key_id, sealed, version, created_at_ms, changed_at_ms
    FROM secrets WHERE name > $1 ORDER BY name LIMIT $2";

const ONES_FROM_THE_FIRST: &str = "
    SELECT instance_id, name, key_id, sealed, version, created_at_ms, changed_at_ms
    FROM instance_secrets ORDER BY instance_id, name LIMIT $1";

const ONES_AFTER: &str = "
    SELECT instance_id, name, key_id, sealed, version, created_at_ms, changed_at_ms
    FROM instance_secrets WHERE (instance_id, name) > ($1, $2) ORDER BY instance_id, name LIMIT $3";

const REMOVE: &str = "DELETE FROM secrets WHERE name = $1 RETURNING name";

const REMOVE_ONES: &str = "
    DELETE FROM instance_secrets WHERE instance_id = $1 AND name = $2 RETURNING name";

impl PostgresStore {
    pub(crate) async fn wrapped_keys_or(
        &self,
        candidate: WrappedKey,
    ) -> Result<Vec<WrappedKey>, StoreError> {
        attempt!(reading: self.data_keys_or(&candidate))
    }

    pub(crate) async fn wrapped_keys(&self) -> Result<Vec<WrappedKey>, StoreError> {
        let rows = attempt!(reading: self.ask(KEYS, &[]))?;
        Ok(read_keys(&rows)?)
    }

    pub(crate) async fn keep_wrapped_key(&self, key: WrappedKey) -> Result<bool, StoreError> {
        let created_at = key.created_at.as_millisecond();
        let kept =
            attempt!(writing: self.change(KEEP_KEY, &[&key.key_id, &key.wrapped, &created_at]))?;
        Ok(kept > 0)
    }

    pub(crate) async fn delete_unused_wrapped_key(&self, key_id: &str) -> Result<bool, StoreError> {
        let deleted = attempt!(writing: self.change(DELETE_UNUSED_KEY, &[&key_id]))?;
        Ok(deleted > 0)
    }

    pub(crate) async fn rewrap_keys(
        &self,
        keys: Vec<WrappedKey>,
        expected: Vec<WrappedKey>,
    ) -> Result<bool, StoreError> {
        if !same_ids(&keys, &expected) {
            return Err(other_keys());
        }
        attempt!(writing: self.rewrap(&keys, &expected))
    }

    pub(crate) async fn keep_secret(
        &self,
        secret: SealedSecret,
        replaces: Option<i64>,
    ) -> Result<bool, StoreError> {
        Ok(!attempt!(writing: self.keep(&secret, replaces))?.is_empty())
    }

    pub(crate) async fn reseal_secret(
        &self,
        secret: SealedSecret,
        instead_of: &str,
    ) -> Result<bool, StoreError> {
        Ok(!attempt!(writing: self.reseal(&secret, instead_of))?.is_empty())
    }

    pub(crate) async fn secret(
        &self,
        instance_id: Option<InstanceId>,
        name: &str,
    ) -> Result<Option<SealedSecret>, StoreError> {
        if name.contains('\0') {
            return Ok(None);
        }
        let rows = match instance_id {
            None => attempt!(reading: self.ask(EVERYBODYS, &[&name]))?,
            Some(id) => attempt!(reading: self.tell(id, ONES, &[&uuid(id), &name]))?,
        };
        Ok(rows.first().map(read).transpose()?)
    }

    pub(crate) async fn secrets(
        &self,
        instance_id: Option<InstanceId>,
    ) -> Result<Vec<SealedSecret>, StoreError> {
        let rows = match instance_id {
            None => attempt!(reading: self.ask(ALL_EVERYBODYS, &[]))?,
            Some(id) => attempt!(reading: self.tell(id, ALL_ONES, &[&uuid(id)]))?,
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    pub(crate) async fn all_secrets(
        &self,
        after: Option<SecretPlace>,
        limit: u32,
    ) -> Result<Vec<SealedSecret>, StoreError> {
        let (instance_id, name) = after.unwrap_or_default();
        let mut left = i64::from(limit);
        if let Some(id) = instance_id {
            let rows = attempt!(reading: self.ask(ONES_AFTER, &[&uuid(id), &name, &left]))?;
            return Ok(rows.iter().map(read).collect::<Result<_, _>>()?);
        }
        let mut rows = attempt!(reading: self.ask(EVERYBODYS_AFTER, &[&name, &left]))?;
        left -= i64::try_from(rows.len()).unwrap_or(left);
        if left > 0 {
            rows.extend(attempt!(reading: self.ask(ONES_FROM_THE_FIRST, &[&left]))?);
        }
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    pub(crate) async fn remove_secret(
        &self,
        instance_id: Option<InstanceId>,
        name: &str,
    ) -> Result<bool, StoreError> {
        if name.contains('\0') {
            return Ok(false);
        }
        let removed = match instance_id {
            None => attempt!(writing: self.ask(REMOVE, &[&name]))?,
            Some(id) => attempt!(writing: self.tell(id, REMOVE_ONES, &[&uuid(id), &name]))?,
        };
        Ok(!removed.is_empty())
    }
}

impl PostgresStore {
    async fn data_keys_or(&self, candidate: &WrappedKey) -> Result<Vec<WrappedKey>, Failure> {
        let lease = self.owner().await?;
        let client = lease.client()?;
        let work = async {
            // Excludes other reads and inserts until this is done.
            client
                .batch_execute("LOCK TABLE wrapped_keys IN EXCLUSIVE MODE")
                .await?;
            let rows = client.query(KEYS, &[]).await?;
            if !rows.is_empty() {
                return read_keys(&rows);
            }
            let created_at = candidate.created_at.as_millisecond();
            client
                .execute(
                    KEEP_KEY,
                    &[&candidate.key_id, &candidate.wrapped, &created_at],
                )
                .await?;
            read_keys(&client.query(KEYS, &[]).await?)
        };
        let outcome = owners_transaction(&lease, work).await;
        lease.give_back(outcome)
    }

    async fn rewrap(&self, keys: &[WrappedKey], expected: &[WrappedKey]) -> Result<bool, Failure> {
        let lease = self.owner().await?;
        let client = lease.client()?;
        let work = async {
            client
                .batch_execute("LOCK TABLE wrapped_keys IN EXCLUSIVE MODE")
                .await?;
            if !same_keys(&read_keys(&client.query(KEYS, &[]).await?)?, expected) {
                return Ok(false);
            }
            for key in keys {
                client.execute(REWRAP, &[&key.key_id, &key.wrapped]).await?;
            }
            Ok(true)
        };
        let outcome = owners_transaction(&lease, work).await;
        lease.give_back(outcome)
    }

    /// A row if it was kept.
    async fn keep(
        &self,
        secret: &SealedSecret,
        replaces: Option<i64>,
    ) -> Result<Vec<Row>, Failure> {
        let created_at = secret.created_at.as_millisecond();
        let changed_at = secret.changed_at.as_millisecond();
        let instance = secret.instance_id.map(uuid);
        let mut values: Vec<Bound<'_>> = vec![
            &secret.name,
            &secret.key_id,
            &secret.sealed,
            &secret.version,
            &created_at,
            &changed_at,
        ];
        values.extend(replaces.as_ref().map(|version| version as Bound<'_>));
        values.extend(instance.as_ref().map(|id| id as Bound<'_>));
        match (secret.instance_id, replaces) {
            (None, None) => self.ask(INSERT, &values).await,
            (None, Some(_)) => self.ask(REPLACE, &values).await,
            (Some(id), None) => self.tell(id, INSERT_ONES, &values).await,
            (Some(id), Some(_)) => self.tell(id, REPLACE_ONES, &values).await,
        }
    }

    /// A row if it was changed.
    async fn reseal(&self, secret: &SealedSecret, instead_of: &str) -> Result<Vec<Row>, Failure> {
        let created_at = secret.created_at.as_millisecond();
        let instance = secret.instance_id.map(uuid);
        let mut values: Vec<Bound<'_>> = vec![
            &secret.name,
            &secret.key_id,
            &secret.sealed,
            &secret.version,
            &created_at,
            &instead_of,
        ];
        values.extend(instance.as_ref().map(|id| id as Bound<'_>));
        match secret.instance_id {
            None => self.ask(RESEAL, &values).await,
            Some(id) => self.tell(id, RESEAL_ONES, &values).await,
        }
    }
}

fn read_keys(rows: &[Row]) -> Result<Vec<WrappedKey>, Failure> {
    let read = |row: &Row| {
        Ok(WrappedKey {
            key_id: row.try_get(0)?,
            wrapped: row.try_get(1)?,
            created_at: instant(row.try_get(2)?)?,
        })
    };
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<SealedSecret, Failure> {
    let instance_id: Option<Uuid> = row.try_get(0)?;
    Ok(SealedSecret {
        instance_id: instance_id.map(|id| InstanceId::from_bytes(id.into_bytes())),
        name: row.try_get(1)?,
        key_id: row.try_get(2)?,
        sealed: row.try_get(3)?,
        version: row.try_get(4)?,
        created_at: instant(row.try_get(5)?)?,
        changed_at: instant(row.try_get(6)?)?,
    })
}
