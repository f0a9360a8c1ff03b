//! Secrets and data keys in SQLite.

use backlot_wix::InstanceId;
use backlot_wix::data::Budget;
use rusqlite::{Connection, Params, ToSql, params};

use super::SqliteStore;
use crate::StoreError;
use crate::rows::instant;
use crate::secrets::{SealedSecret, SecretPlace, WrappedKey, other_keys, same_ids, same_keys};

const KEEP_KEY: &str = "
    INSERT INTO wrapped_keys (key_id, wrapped, created_at_ms) VALUES (?1, ?2, ?3)
    ON CONFLICT (key_id) DO NOTHING";

const DELETE_UNUSED_KEY: &str = "
    DELETE FROM wrapped_keys
    WHERE key_id = ?1
      AND NOT EXISTS (SELECT 1 FROM secrets WHERE key_id = ?1)
      AND NOT EXISTS (SELECT 1 FROM instance_secrets WHERE key_id = ?1)
      AND NOT EXISTS (SELECT 1 FROM accounts WHERE key_id = ?1)
      AND NOT EXISTS (SELECT 1 FROM pending_authorizations WHERE key_id = ?1)
      AND NOT EXISTS (SELECT 1 FROM signing_keys WHERE sealed_with = ?1)";

const INSERT: &str = "
    INSERT INTO secrets (name, key_id, sealed, version, created_at_ms, changed_at_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (name) DO NOTHING";

const INSERT_ONES: &str = "
    INSERT INTO instance_secrets (name, key_id, sealed, version, created_at_ms, changed_at_ms, instance_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (instance_id, name) DO NOTHING";

const REPLACE: &str = "
    UPDATE secrets SET key_id = ?2, sealed = ?3, version = ?4, changed_at_ms = ?6
    WHERE name = ?1 AND version = ?7 AND created_at_ms = ?5";

const REPLACE_ONES: &str = "
    UPDATE instance_secrets SET key_id = ?2, sealed = ?3, version = ?4, changed_at_ms = ?6
    WHERE name = ?1 AND version = ?7 AND created_at_ms = ?5 AND instance_id = ?8";

const RESEAL: &str = "
    UPDATE secrets SET key_id = ?2, sealed = ?3
    WHERE name = ?1 AND version = ?4 AND created_at_ms = ?5 AND key_id = ?6";

const RESEAL_ONES: &str = "
    UPDATE instance_secrets SET key_id = ?2, sealed = ?3
    WHERE name = ?1 AND version = ?4 AND created_at_ms = ?5 AND key_id = ?6 AND instance_id = ?7";

const EVERYBODYS: &str = "
    SELECT NULL, name, key_id, sealed, version, created_at_ms, changed_at_ms FROM secrets";

const ONES: &str = "
    SELECT instance_id, name, key_id, sealed, version, created_at_ms, changed_at_ms
    FROM instance_secrets";

impl SqliteStore {
    pub(crate) async fn wrapped_keys_or(
        &self,
        candidate: WrappedKey,
    ) -> Result<Vec<WrappedKey>, StoreError> {
        self.write_with(move |connection| {
            let keys = read_keys(connection)?;
            if !keys.is_empty() {
                return Ok(keys);
            }
            keep_key(connection, &candidate)?;
            read_keys(connection)
        })
        .await
    }

    pub(crate) async fn wrapped_keys(&self) -> Result<Vec<WrappedKey>, StoreError> {
        self.read_with(read_keys).await
    }

    pub(crate) async fn keep_wrapped_key(&self, key: WrappedKey) -> Result<bool, StoreError> {
        self.write_with(move |connection| keep_key(connection, &key))
            .await
    }

    pub(crate) async fn delete_unused_wrapped_key(&self, key_id: &str) -> Result<bool, StoreError> {
        let key_id = key_id.to_owned();
        self.write_with(move |connection| {
            let mut delete = connection.prepare_cached(DELETE_UNUSED_KEY)?;
            Ok(delete.execute([key_id])? > 0)
        })
        .await
    }

    pub(crate) async fn rewrap_keys(
        &self,
        keys: Vec<WrappedKey>,
        expected: Vec<WrappedKey>,
    ) -> Result<bool, StoreError> {
        if !same_ids(&keys, &expected) {
            return Err(other_keys());
        }
        self.write_with(move |connection| {
            if !same_keys(&read_keys(connection)?, &expected) {
                return Ok(false);
            }
            let mut rewrap = connection
                .prepare_cached("UPDATE wrapped_keys SET wrapped = ?2 WHERE key_id = ?1")?;
            for key in keys {
                rewrap.execute(params![key.key_id, key.wrapped])?;
            }
            Ok(true)
        })
        .await
    }

    pub(crate) async fn keep_secret(
        &self,
        secret: SealedSecret,
        replaces: Option<i64>,
    ) -> Result<bool, StoreError> {
        self.write_with(move |connection| {
            let instance_id = secret.instance_id.map(|id| id.as_bytes().to_vec());
            let (created_at, changed_at) = (
                secret.created_at.as_millisecond(),
                secret.changed_at.as_millisecond(),
            );
            let mut values: Vec<&dyn ToSql> = vec![
                &secret.name,
                &secret.key_id,
                &secret.sealed,
                &secret.version,
                &created_at,
                &changed_at,
            ];
            values.extend(replaces.as_ref().map(|version| version as &dyn ToSql));
            values.extend(instance_id.as_ref().map(|id| id as &dyn ToSql));
            let sql = match (&instance_id, replaces) {
                (None, None) => INSERT,
                (Some(_), None) => INSERT_ONES,
                (None, Some(_)) => REPLACE,
                (Some(_), Some(_)) => REPLACE_ONES,
            };
            let kept = connection.prepare_cached(sql)?.execute(&values[..])?;
            Ok(kept > 0)
        })
        .await
    }

    pub(crate) async fn reseal_secret(
        &self,
        secret: SealedSecret,
        instead_of: &str,
    ) -> Result<bool, StoreError> {
        let instead_of = instead_of.to_owned();
        self.write_with(move |connection| {
            let instance_id = secret.instance_id.map(|id| id.as_bytes().to_vec());
            let created_at = secret.created_at.as_millisecond();
            let mut values: Vec<&dyn ToSql> = vec![
                &secret.name,
                &secret.key_id,
                &secret.sealed,
                &secret.version,
                &created_at,
                &instead_of,
            ];
            values.extend(instance_id.as_ref().map(|id| id as &dyn ToSql));
            let sql = match instance_id {
                None => RESEAL,
                Some(_) => RESEAL_ONES,
            };
            let changed = connection.prepare_cached(sql)?.execute(&values[..])?;
            Ok(changed > 0)
        })
        .await
    }

    pub(crate) async fn secret(
        &self,
        instance_id: Option<InstanceId>,
        name: &str,
    ) -> Result<Option<SealedSecret>, StoreError> {
        self.readers.read(Budget::unlimited(), |reader| {
            let connection = &reader.connection;
            let found = match instance_id {
                None => read(connection, &format!("{EVERYBODYS} WHERE name = ?1"), [name]),
                Some(instance_id) => read(
                    connection,
                    &format!("{ONES} WHERE instance_id = ?1 AND name = ?2"),
                    params![instance_id.as_bytes(), name],
                ),
            };
            Ok(found?.pop())
        })
    }

    pub(crate) async fn secrets(
        &self,
        instance_id: Option<InstanceId>,
    ) -> Result<Vec<SealedSecret>, StoreError> {
        self.read_with(move |connection| match instance_id {
            None => read(connection, &format!("{EVERYBODYS} ORDER BY name"), []),
            Some(instance_id) => read(
                connection,
                &format!("{ONES} WHERE instance_id = ?1 ORDER BY name"),
                [instance_id.as_bytes()],
            ),
        })
        .await
    }

    pub(crate) async fn all_secrets(
        &self,
        after: Option<SecretPlace>,
        limit: u32,
    ) -> Result<Vec<SealedSecret>, StoreError> {
        self.read_with(move |connection| {
            let (instance_id, name) = after.unwrap_or_default();
            let mut found = Vec::new();
            if instance_id.is_none() {
                let sql = format!("{EVERYBODYS} WHERE name > ?1 ORDER BY name LIMIT ?2");
                found = read(connection, &sql, params![name, limit])?;
            }
            // No instance's id is shorter than 16 bytes, so all come after none.
            let after: &[u8] = instance_id.as_ref().map_or(&[], |id| id.as_bytes());
            let sql = format!(
                "{ONES} WHERE (instance_id, name) > (?1, ?2) ORDER BY instance_id, name LIMIT ?3"
            );
            let left = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(limit));
            found.extend(read(connection, &sql, params![after, name, left])?);
            Ok(found)
        })
        .await
    }

    pub(crate) async fn remove_secret(
        &self,
        instance_id: Option<InstanceId>,
        name: &str,
    ) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.write_with(move |connection| {
            let removed = match instance_id {
                None => connection
                    .prepare_cached("DELETE FROM secrets WHERE name = ?1")?
                    .execute([name])?,
                Some(instance_id) => connection
                    .prepare_cached(
                        "DELETE FROM instance_secrets WHERE instance_id = ?1 AND name = ?2",
                    )?
                    .execute(params![instance_id.as_bytes(), name])?,
            };
            Ok(removed > 0)
        })
        .await
    }
}

fn keep_key(connection: &Connection, key: &WrappedKey) -> Result<bool, StoreError> {
    let kept = connection.prepare_cached(KEEP_KEY)?.execute(params![
        key.key_id,
        key.wrapped,
        key.created_at.as_millisecond()
    ])?;
    Ok(kept > 0)
}

fn read_keys(connection: &Connection) -> Result<Vec<WrappedKey>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT key_id, wrapped, created_at_ms FROM wrapped_keys
         ORDER BY created_at_ms DESC, key_id",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.map(|row| {
        let (key_id, wrapped, created_at) = row?;
        Ok(WrappedKey {
            key_id,
            wrapped,
            created_at: instant(created_at)?,
        })
    })
    .collect()
}

fn read(
    connection: &Connection,
    sql: &str,
    values: impl Params,
) -> Result<Vec<SealedSecret>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(values, |row| {
        let instance_id: Option<[u8; 16]> = row.get(0)?;
        let (name, key_id, sealed) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let times: [i64; 2] = [row.get(5)?, row.get(6)?];
        let version = row.get(4)?;
        Ok(instant(times[0]).and_then(|created_at| {
            Ok(SealedSecret {
                instance_id: instance_id.map(InstanceId::from_bytes),
                name,
                key_id,
                sealed,
                version,
                created_at,
                changed_at: instant(times[1])?,
            })
        }))
    })?;
    rows.map(|row| row?).collect()
}
