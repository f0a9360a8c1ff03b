//! Secrets and data keys. Data keys and shared secrets belong to no tenant: the owner of the tables asks for them.

use backlot_wix::InstanceId;

use super::Store;
use crate::StoreError;
use crate::secrets::{INSERT_KEY, LIST_KEYS, SealedSecret, SecretPosition, WrappedKey, read_key};
use crate::sql::{Row, Scope, Value, bind};

const DELETE_UNUSED_KEY: &str = "
    DELETE FROM wrapped_keys
    WHERE key_id = $1
      AND NOT EXISTS (SELECT 1 FROM secrets WHERE key_id = $1)
      AND NOT EXISTS (SELECT 1 FROM instance_secrets WHERE key_id = $1)
      AND NOT EXISTS (SELECT 1 FROM accounts WHERE key_id = $1)
      AND NOT EXISTS (SELECT 1 FROM pending_authorizations WHERE key_id = $1)
      AND NOT EXISTS (SELECT 1 FROM signing_keys WHERE sealed_with = $1)";

/// The same statement for shared secrets and for those of an instance, whose id comes last.
struct ByOwner {
    shared: &'static str,
    own: &'static str,
}

const INSERT: ByOwner = ByOwner {
    shared: "
        INSERT INTO secrets (name, key_id, sealed, version, created_at_ms, changed_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (name) DO NOTHING",
    own: "
        INSERT INTO instance_secrets (name, key_id, sealed, version, created_at_ms, changed_at_ms, instance_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (instance_id, name) DO NOTHING",
};

const UPDATE: ByOwner = ByOwner {
    shared: "
        UPDATE secrets SET key_id = $1, sealed = $2, version = $3, changed_at_ms = $4
        WHERE name = $5 AND version = $6 AND created_at_ms = $7",
    own: "
        UPDATE instance_secrets SET key_id = $1, sealed = $2, version = $3, changed_at_ms = $4
        WHERE name = $5 AND version = $6 AND created_at_ms = $7 AND instance_id = $8",
};

const RESEAL: ByOwner = ByOwner {
    shared: "
        UPDATE secrets SET key_id = $1, sealed = $2
        WHERE name = $3 AND version = $4 AND created_at_ms = $5 AND key_id = $6",
    own: "
        UPDATE instance_secrets SET key_id = $1, sealed = $2
        WHERE name = $3 AND version = $4 AND created_at_ms = $5 AND key_id = $6 AND instance_id = $7",
};

const FIND: ByOwner = ByOwner {
    shared: "
        SELECT CAST(NULL AS uuid), name, key_id, sealed, version, created_at_ms, changed_at_ms
        FROM secrets WHERE name = $1",
    own: "
        SELECT instance_id, name, key_id, sealed, version, created_at_ms, changed_at_ms
        FROM instance_secrets WHERE name = $1 AND instance_id = $2",
};

const LIST: ByOwner = ByOwner {
    shared: "
        SELECT CAST(NULL AS uuid), name, key_id, sealed, version, created_at_ms, changed_at_ms
        FROM secrets ORDER BY name",
    own: "
        SELECT instance_id, name, key_id, sealed, version, created_at_ms, changed_at_ms
        FROM instance_secrets WHERE instance_id = $1 ORDER BY name",
};

const DELETE: ByOwner = ByOwner {
    shared: "DELETE FROM secrets WHERE name = $1",
    own: "DELETE FROM instance_secrets WHERE name = $1 AND instance_id = $2",
};

const LIST_SHARED_AFTER: &str = "
    SELECT CAST(NULL AS uuid), name, key_id, sealed, version, created_at_ms, changed_at_ms
    FROM secrets WHERE name > $1 ORDER BY name LIMIT $2";

const LIST_OWN_FROM_FIRST: &str = "
    SELECT instance_id, name, key_id, sealed, version, created_at_ms, changed_at_ms
    FROM instance_secrets ORDER BY instance_id, name LIMIT $1";

const LIST_OWN_AFTER: &str = "
    SELECT instance_id, name, key_id, sealed, version, created_at_ms, changed_at_ms
    FROM instance_secrets WHERE (instance_id, name) > ($1, $2) ORDER BY instance_id, name LIMIT $3";

impl ByOwner {
    /// The statement for an owner and its scope.
    const fn for_owner(&self, instance_id: Option<InstanceId>) -> (Scope, &'static str) {
        match instance_id {
            None => (Scope::Owner, self.shared),
            Some(id) => (Scope::Tenant(id), self.own),
        }
    }
}

/// The values of a statement, and the instance id if there is one.
fn with_owner<'value>(
    values: &[Value<'value>],
    instance_id: Option<InstanceId>,
) -> Vec<Value<'value>> {
    let id = instance_id.map(Value::Id);
    values.iter().copied().chain(id).collect()
}

repository! {
    /// Lists all data keys, newest first, after inserting `candidate` if there is none. Two nodes that start at the
    /// same time get the same keys.
    async fn list_wrapped_keys_or_insert(&self, candidate: WrappedKey) -> Result<Vec<WrappedKey>, StoreError>;

    /// Replaces the bytes of all data keys, if the present ones are those `expected`, ids and bytes. Returns false
    /// otherwise, and then nothing was changed. Fails if the two lists do not name the same keys, because a key would
    /// be lost.
    async fn update_wrapped_keys(
        &self,
        keys: Vec<WrappedKey>,
        expected: Vec<WrappedKey>,
    ) -> Result<bool, StoreError>;
}

impl Store {
    /// Lists all data keys, newest first.
    pub async fn list_wrapped_keys(&self) -> Result<Vec<WrappedKey>, StoreError> {
        self.query(Scope::Owner, LIST_KEYS, &[], read_key).await
    }

    /// Inserts a data key. Returns false if there is one with this id, which stays.
    pub async fn insert_wrapped_key(&self, key: WrappedKey) -> Result<bool, StoreError> {
        let values = bind![&key.key_id, &key.wrapped, key.created_at];
        let inserted = self.execute(Scope::Owner, INSERT_KEY, &values).await?;
        Ok(inserted > 0)
    }

    /// Deletes a data key that seals nothing. Returns false, and deletes nothing, if it seals something or there is no
    /// such key.
    pub async fn delete_unused_wrapped_key(&self, key_id: &str) -> Result<bool, StoreError> {
        let values = bind![key_id];
        let deleted = self.execute(Scope::Owner, DELETE_UNUSED_KEY, &values);
        Ok(deleted.await? > 0)
    }

    /// Inserts a secret, or updates the one with the version that it `replaces`, whose time of creation stays. Returns
    /// false if there is one already, or none of that version; then nothing was changed. The sealed bytes are bound to
    /// the version, so the caller has to know it before.
    pub async fn upsert_secret(
        &self,
        secret: SealedSecret,
        replaces: Option<i64>,
    ) -> Result<bool, StoreError> {
        let statement = if replaces.is_some() { UPDATE } else { INSERT };
        let (scope, sql) = statement.for_owner(secret.instance_id);
        let values: &[Value<'_>] = match replaces {
            None => &bind![
                &secret.name,
                &secret.key_id,
                &secret.sealed,
                secret.version,
                secret.created_at,
                secret.changed_at,
            ],
            Some(version) => &bind![
                &secret.key_id,
                &secret.sealed,
                secret.version,
                secret.changed_at,
                &secret.name,
                version,
                secret.created_at,
            ],
        };
        let values = with_owner(values, secret.instance_id);
        Ok(self.execute(scope, sql, &values).await? > 0)
    }

    /// Replaces the data key and the sealed bytes of a secret that is sealed with the key `instead_of`; the version
    /// stays. Returns false if it has another version by now, or is sealed with another key.
    pub async fn reseal_secret(
        &self,
        secret: SealedSecret,
        instead_of: &str,
    ) -> Result<bool, StoreError> {
        let (scope, sql) = RESEAL.for_owner(secret.instance_id);
        let values = bind![
            &secret.key_id,
            &secret.sealed,
            &secret.name,
            secret.version,
            secret.created_at,
            instead_of,
        ];
        let values = with_owner(&values, secret.instance_id);
        Ok(self.execute(scope, sql, &values).await? > 0)
    }

    /// Finds a secret of an instance, or a shared one if there is no instance. Neither stands in for the other.
    pub async fn find_secret(
        &self,
        instance_id: Option<InstanceId>,
        name: &str,
    ) -> Result<Option<SealedSecret>, StoreError> {
        let (scope, sql) = FIND.for_owner(instance_id);
        let values: &[Value<'_>] = match instance_id {
            None => &bind![name],
            Some(id) => &bind![name, id],
        };
        self.query_one_short(scope, sql, values, read).await
    }

    /// Lists the secrets of an instance, or the shared ones, by name.
    pub async fn list_secrets(
        &self,
        instance_id: Option<InstanceId>,
    ) -> Result<Vec<SealedSecret>, StoreError> {
        let (scope, sql) = LIST.for_owner(instance_id);
        self.query(scope, sql, &with_owner(&[], instance_id), read)
            .await
    }

    /// Lists shared secrets and those of all instances, after a position.
    pub async fn list_all_secrets(
        &self,
        after: Option<SecretPosition>,
        limit: u32,
    ) -> Result<Vec<SealedSecret>, StoreError> {
        let (instance_id, name) = after.unwrap_or_default();
        if let Some(id) = instance_id {
            let values = bind![id, &name, limit];
            return self
                .query(Scope::Owner, LIST_OWN_AFTER, &values, read)
                .await;
        }
        let values = bind![&name, limit];
        let mut found = self
            .query(Scope::Owner, LIST_SHARED_AFTER, &values, read)
            .await?;
        let left = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(limit));
        if left > 0 {
            let values = bind![left];
            let own = self.query(Scope::Owner, LIST_OWN_FROM_FIRST, &values, read);
            found.extend(own.await?);
        }
        Ok(found)
    }

    /// Deletes a secret. Returns whether there was one.
    pub async fn delete_secret(
        &self,
        instance_id: Option<InstanceId>,
        name: &str,
    ) -> Result<bool, StoreError> {
        if name.contains('\0') {
            return Ok(false);
        }
        let (scope, sql) = DELETE.for_owner(instance_id);
        let values = with_owner(&bind![name], instance_id);
        Ok(self.execute(scope, sql, &values).await? > 0)
    }
}

fn read(row: &Row<'_>) -> Result<SealedSecret, StoreError> {
    Ok(SealedSecret {
        instance_id: row.optional_instance_id(0)?,
        name: row.get(1)?,
        key_id: row.get(2)?,
        sealed: row.get(3)?,
        version: row.get(4)?,
        created_at: row.timestamp(5)?,
        changed_at: row.timestamp(6)?,
    })
}
