//! Connected accounts and pending authorizations.

use backlot_wix::InstanceId;
use jiff::Timestamp;

use super::Store;
use crate::StoreError;
use crate::accounts::{Account, PendingAuthorization, TakenAuthorization};
use crate::sql::{Row, Scope, Value, bind};

const INSERT: &str = "
    INSERT INTO accounts (key_id, sealed, version, scopes, connected_by, connected_at_ms, expires_at_ms, broken,
                          external_id, instance_id, connection)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (instance_id, connection) DO NOTHING";

const REPLACE: &str = "
    UPDATE accounts
    SET key_id = $1, sealed = $2, version = $3, scopes = $4, connected_by = $5, connected_at_ms = $6,
        expires_at_ms = $7, broken = $8, external_id = $9, claimed_until_ms = NULL
    WHERE instance_id = $10 AND connection = $11 AND version = $12";

const RESEAL: &str = "
    UPDATE accounts SET key_id = $1, sealed = $2
    WHERE instance_id = $3 AND connection = $4 AND version = $5 AND connected_at_ms = $6 AND key_id = $7";

const FIND: &str = "
    SELECT instance_id, connection, key_id, sealed, version, scopes, connected_by, connected_at_ms,
           expires_at_ms, broken, external_id
    FROM accounts WHERE instance_id = $1 AND connection = $2";

const LIST: &str = "
    SELECT instance_id, connection, key_id, sealed, version, scopes, connected_by, connected_at_ms,
           expires_at_ms, broken, external_id
    FROM accounts WHERE instance_id = $1 ORDER BY connection";

const UPDATE: &str = "
    UPDATE accounts
    SET key_id = $1, sealed = $2, version = version + 1, scopes = $3, expires_at_ms = $4, broken = $5,
        claimed_until_ms = NULL
    WHERE instance_id = $6 AND connection = $7 AND version = $8 AND connected_at_ms = $9";

// Of two nodes at the same time the second waits for the first, and then looks at the row again.
const CLAIM: &str = "
    UPDATE accounts SET claimed_until_ms = $1
    WHERE instance_id = $2 AND connection = $3 AND version = $4
      AND (claimed_until_ms IS NULL OR claimed_until_ms <= $5)";

const RELEASE: &str = "
    UPDATE accounts SET claimed_until_ms = NULL
    WHERE instance_id = $1 AND connection = $2 AND version = $3 AND claimed_until_ms = $4";

const DELETE: &str = "
    DELETE FROM accounts WHERE instance_id = $1 AND connection = $2
    RETURNING instance_id, connection, key_id, sealed, version, scopes, connected_by,
              connected_at_ms, expires_at_ms, broken, external_id";

// The connection and the account, as a webhook names them.
const LIST_INSTANCES: &str = "
    SELECT instance_id FROM accounts
    WHERE connection = $1 AND external_id = $2 ORDER BY instance_id LIMIT $3";

// One without sealed bytes has been taken.
const FIND_TAKEN: &str = "
    SELECT instance_id, connection FROM pending_authorizations
    WHERE state_hash = $1 AND length(sealed) = 0 AND expires_at_ms > $2";

const DELETE_EXPIRED: &str = "DELETE FROM pending_authorizations WHERE expires_at_ms < $1";

repository! {
    /// Inserts a pending authorization, and deletes the instance's that have expired. Returns false if the instance has
    /// `most` that have not expired at `now`, or the state exists already.
    async fn insert_authorization(
        &self,
        pending: PendingAuthorization,
        most: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Takes the authorization with this state: of several requests with it, one gets it. Its sealed bytes are deleted;
    /// that it was taken is known until it expires. Returns `None` if it has expired.
    async fn take_authorization(
        &self,
        state_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<PendingAuthorization>, StoreError>;
}

impl Store {
    /// Inserts an account, or replaces the one with the version that it `replaces`. A claim on it ends. Returns false if
    /// there is one already, or none of that version; then nothing was changed.
    pub async fn upsert_account(
        &self,
        account: Account,
        replaces: Option<i64>,
    ) -> Result<bool, StoreError> {
        let mut values = bind![
            &account.key_id,
            &account.sealed,
            account.version,
            &account.scopes,
            account.connected_by.as_deref(),
            account.connected_at,
            account.expires_at,
            account.broken,
            account.external_id.as_deref(),
            account.instance_id,
            &account.connection,
        ]
        .to_vec();
        values.extend(replaces.map(Value::from));
        let sql = if replaces.is_some() { REPLACE } else { INSERT };
        let scope = Scope::Tenant(account.instance_id);
        Ok(self.execute(scope, sql, &values).await? > 0)
    }

    /// Replaces the data key and the sealed bytes of an account that is sealed with the key `instead_of`; version and
    /// claim stay. Returns false if it is another account or version by now, or sealed with another key.
    pub async fn reseal_account(
        &self,
        account: Account,
        instead_of: &str,
    ) -> Result<bool, StoreError> {
        let values = bind![
            &account.key_id,
            &account.sealed,
            account.instance_id,
            &account.connection,
            account.version,
            account.connected_at,
            instead_of,
        ];
        let scope = Scope::Tenant(account.instance_id);
        Ok(self.execute(scope, RESEAL, &values).await? > 0)
    }

    /// Finds an account.
    pub async fn find_account(
        &self,
        instance_id: InstanceId,
        connection: &str,
    ) -> Result<Option<Account>, StoreError> {
        let values = bind![instance_id, connection];
        self.query_one_short(Scope::Tenant(instance_id), FIND, &values, read)
            .await
    }

    /// Lists the accounts of an instance, by connection.
    pub async fn list_accounts(&self, instance_id: InstanceId) -> Result<Vec<Account>, StoreError> {
        self.query(Scope::Tenant(instance_id), LIST, &bind![instance_id], read)
            .await
    }

    /// Lists the instances whose owners have connected the account with this id at the provider, up to a limit.
    pub async fn list_instances_by_account(
        &self,
        connection: &str,
        external_id: &str,
        limit: u32,
    ) -> Result<Vec<InstanceId>, StoreError> {
        let values = bind![connection, external_id, limit];
        let read = |row: &Row<'_>| row.instance_id(0);
        self.query(Scope::Owner, LIST_INSTANCES, &values, read)
            .await
    }

    /// Updates the tokens, scopes, expiry and state of an account, if it still is the one that was connected at
    /// `account.connected_at`, in this version. It gets the next version, to which its sealed bytes are bound, and any
    /// claim ends. Returns false otherwise, and then nothing was changed.
    pub async fn update_account(&self, account: Account) -> Result<bool, StoreError> {
        let values = bind![
            &account.key_id,
            &account.sealed,
            &account.scopes,
            account.expires_at,
            account.broken,
            account.instance_id,
            &account.connection,
            account.version,
            account.connected_at,
        ];
        let scope = Scope::Tenant(account.instance_id);
        Ok(self.execute(scope, UPDATE, &values).await? > 0)
    }

    /// Claims the renewal of an account in this version until then. Returns whether the caller may renew. A claim is
    /// taken over once it has expired at `now`.
    pub async fn claim_renewal(
        &self,
        instance_id: InstanceId,
        connection: &str,
        version: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let values = bind![until, instance_id, connection, version, now];
        let claimed = self.execute(Scope::Tenant(instance_id), CLAIM, &values);
        Ok(claimed.await? > 0)
    }

    /// Releases the claim that expires at `until`, so that others need not wait for its end. Any other claim stays: of
    /// one version each ends later than the one before, so its end identifies it.
    pub async fn release_renewal(
        &self,
        instance_id: InstanceId,
        connection: &str,
        version: i64,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let values = bind![instance_id, connection, version, until];
        self.execute(Scope::Tenant(instance_id), RELEASE, &values)
            .await
            .map(drop)
    }

    /// Deletes an account, and returns it.
    pub async fn delete_account(
        &self,
        instance_id: InstanceId,
        connection: &str,
    ) -> Result<Option<Account>, StoreError> {
        let values = bind![instance_id, connection];
        let scope = Scope::Tenant(instance_id);
        let deleted = self.execute_returning(scope, DELETE, &values, read).await?;
        Ok(deleted.into_iter().next())
    }

    /// Finds an authorization that was taken and has not expired at `now`.
    pub async fn find_taken_authorization(
        &self,
        state_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<TakenAuthorization>, StoreError> {
        let read = |row: &Row<'_>| {
            Ok(TakenAuthorization {
                instance_id: row.instance_id(0)?,
                connection: row.get(1)?,
            })
        };
        let values = bind![&state_hash[..], now];
        self.query_one(Scope::Owner, FIND_TAKEN, &values, read)
            .await
    }

    /// Deletes the authorizations of any instance that expired before a time.
    pub async fn delete_expired_authorizations(&self, before: Timestamp) -> Result<(), StoreError> {
        self.execute(Scope::Owner, DELETE_EXPIRED, &bind![before])
            .await
            .map(drop)
    }
}

fn read(row: &Row<'_>) -> Result<Account, StoreError> {
    Ok(Account {
        instance_id: row.instance_id(0)?,
        connection: row.get(1)?,
        key_id: row.get(2)?,
        sealed: row.get(3)?,
        version: row.get(4)?,
        scopes: row.get(5)?,
        connected_by: row.get(6)?,
        connected_at: row.timestamp(7)?,
        expires_at: row.optional_timestamp(8)?,
        broken: row.get(9)?,
        external_id: row.get(10)?,
    })
}
