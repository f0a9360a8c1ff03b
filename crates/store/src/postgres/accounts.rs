//! Accounts at third parties in PostgreSQL.

use backlot_wix::InstanceId;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::instances::instance_id;
use super::tenant::{Bound, Sees, transaction, uuid};
use crate::StoreError;
use crate::accounts::{Account, PendingAuthorization, TakenAuthorization};
use crate::rows::instant;

const INSERT: &str = "
    INSERT INTO accounts (instance_id, connection, key_id, sealed, version, scopes, connected_by,
                          connected_at_ms, expires_at_ms, broken)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (instance_id, connection) DO NOTHING RETURNING version";

const REPLACE: &str = "
    UPDATE accounts
    SET key_id = $3, sealed = $4, version = $5, scopes = $6, connected_by = $7, connected_at_ms = $8,
        expires_at_ms = $9, broken = $10, claimed_until_ms = NULL
    WHERE instance_id = $1 AND connection = $2 AND version = $11 RETURNING version";

const RESEAL: &str = "
    UPDATE accounts SET key_id = $3, sealed = $4
    WHERE instance_id = $1 AND connection = $2 AND version = $5 AND connected_at_ms = $6 AND key_id = $7
    RETURNING version";

const ONE: &str = "
    SELECT instance_id, connection, key_id, sealed, version, scopes, connected_by, connected_at_ms,
           expires_at_ms, broken
    FROM accounts WHERE instance_id = $1 AND connection = $2";

const ALL: &str = "
    SELECT instance_id, connection, key_id, sealed, version, scopes, connected_by, connected_at_ms,
           expires_at_ms, broken
    FROM accounts WHERE instance_id = $1 ORDER BY connection";

const UPDATE: &str = "
    UPDATE accounts
    SET key_id = $5, sealed = $6, version = version + 1, scopes = $7, expires_at_ms = $8, broken = $9,
        claimed_until_ms = NULL
    WHERE instance_id = $1 AND connection = $2 AND version = $3 AND connected_at_ms = $4
    RETURNING version";

// Of two at once the second waits for the first, and then looks at the row again.
const CLAIM: &str = "
    UPDATE accounts SET claimed_until_ms = $5
    WHERE instance_id = $1 AND connection = $2 AND version = $3
      AND (claimed_until_ms IS NULL OR claimed_until_ms <= $4)
    RETURNING version";

const RELEASE: &str = "
    UPDATE accounts SET claimed_until_ms = NULL
    WHERE instance_id = $1 AND connection = $2 AND version = $3 AND claimed_until_ms = $4";

const REMOVE: &str = "
    DELETE FROM accounts WHERE instance_id = $1 AND connection = $2
    RETURNING instance_id, connection, key_id, sealed, version, scopes, connected_by,
              connected_at_ms, expires_at_ms, broken";

/// One at a time for each instance, so that the count holds: 5 is for this lock.
const LOCK: &str = "SELECT pg_advisory_xact_lock(5, hashtext($1::uuid::text))";

const FORGET_ENDED: &str = "
    DELETE FROM pending_authorizations WHERE instance_id = $1 AND expires_at_ms <= $2";

const KEEP_PENDING: &str = "
    INSERT INTO pending_authorizations (state_hash, instance_id, connection, key_id, sealed, expires_at_ms)
    SELECT $1, $2, $3, $4, $5, $6
    WHERE (SELECT count(*) FROM pending_authorizations WHERE instance_id = $2 AND length(sealed) > 0) < $7
    ON CONFLICT (state_hash) DO NOTHING";

// A callback from a provider names no instance. One without sealed bytes has been taken; of two at once the
// second waits for the first, and then looks at the row again.
const TAKE: &str = "
    WITH kept AS (
        SELECT instance_id, connection, key_id, sealed, expires_at_ms FROM pending_authorizations
        WHERE state_hash = $1 AND length(sealed) > 0 FOR UPDATE
    ), taken AS (
        UPDATE pending_authorizations SET key_id = '', sealed = ''
        WHERE state_hash = $1 AND EXISTS (SELECT 1 FROM kept)
    )
    SELECT instance_id, connection, key_id, sealed, expires_at_ms FROM kept";

const TAKEN: &str = "
    SELECT instance_id, connection FROM pending_authorizations
    WHERE state_hash = $1 AND length(sealed) = 0 AND expires_at_ms > $2";

const FORGET: &str = "DELETE FROM pending_authorizations WHERE expires_at_ms < $1";

impl PostgresStore {
    pub(crate) async fn keep_account(
        &self,
        account: Account,
        replaces: Option<i64>,
    ) -> Result<bool, StoreError> {
        Ok(!attempt!(writing: self.keep_one(&account, replaces))?.is_empty())
    }

    pub(crate) async fn reseal_account(
        &self,
        account: Account,
        instead_of: &str,
    ) -> Result<bool, StoreError> {
        let changed = attempt!(writing: self.tell(account.instance_id, RESEAL, &[
            &uuid(account.instance_id),
            &account.connection,
            &account.key_id,
            &account.sealed,
            &account.version,
            &account.connected_at.as_millisecond(),
            &instead_of,
        ]))?;
        Ok(!changed.is_empty())
    }

    pub(crate) async fn account(
        &self,
        instance_id: InstanceId,
        connection: &str,
    ) -> Result<Option<Account>, StoreError> {
        if connection.contains('\0') {
            return Ok(None);
        }
        let rows =
            attempt!(reading: self.tell(instance_id, ONE, &[&uuid(instance_id), &connection]))?;
        Ok(rows.first().map(read).transpose()?)
    }

    pub(crate) async fn accounts(
        &self,
        instance_id: InstanceId,
    ) -> Result<Vec<Account>, StoreError> {
        let rows = attempt!(reading: self.tell(instance_id, ALL, &[&uuid(instance_id)]))?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    pub(crate) async fn update_account(&self, account: Account) -> Result<bool, StoreError> {
        let changed = attempt!(writing: self.tell(account.instance_id, UPDATE, &[
            &uuid(account.instance_id),
            &account.connection,
            &account.version,
            &account.connected_at.as_millisecond(),
            &account.key_id,
            &account.sealed,
            &account.scopes,
            &account.expires_at.map(Timestamp::as_millisecond),
            &account.broken,
        ]))?;
        Ok(!changed.is_empty())
    }

    pub(crate) async fn claim_renewal(
        &self,
        instance_id: InstanceId,
        connection: &str,
        version: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let claimed = attempt!(writing: self.tell(instance_id, CLAIM, &[
            &uuid(instance_id),
            &connection,
            &version,
            &now.as_millisecond(),
            &until.as_millisecond(),
        ]))?;
        Ok(!claimed.is_empty())
    }

    pub(crate) async fn release_renewal(
        &self,
        instance_id: InstanceId,
        connection: &str,
        version: i64,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let (id, until) = (uuid(instance_id), until.as_millisecond());
        let values: [Bound<'_>; 4] = [&id, &connection, &version, &until];
        attempt!(writing: self.tell(instance_id, RELEASE, &values)).map(drop)
    }

    pub(crate) async fn remove_account(
        &self,
        instance_id: InstanceId,
        connection: &str,
    ) -> Result<Option<Account>, StoreError> {
        if connection.contains('\0') {
            return Ok(None);
        }
        let rows =
            attempt!(writing: self.tell(instance_id, REMOVE, &[&uuid(instance_id), &connection]))?;
        Ok(rows.first().map(read).transpose()?)
    }

    pub(crate) async fn keep_authorization(
        &self,
        pending: PendingAuthorization,
        most: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        attempt!(writing: self.keep_pending(&pending, most, now))
    }

    pub(crate) async fn take_authorization(
        &self,
        state_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<PendingAuthorization>, StoreError> {
        let rows = attempt!(writing: self.ask(TAKE, &[&&state_hash[..]]))?;
        let taken = rows.first().map(|row| read_pending(row, state_hash));
        Ok(taken.transpose()?.filter(|taken| taken.expires_at > now))
    }

    pub(crate) async fn find_taken_authorization(
        &self,
        state_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<TakenAuthorization>, StoreError> {
        let values: [Bound<'_>; 2] = [&&state_hash[..], &now.as_millisecond()];
        let rows = attempt!(reading: self.ask(TAKEN, &values))?;
        let taken = rows.first().map(read_taken).transpose();
        Ok(taken?)
    }

    pub(crate) async fn forget_authorizations(&self, before: Timestamp) -> Result<(), StoreError> {
        attempt!(writing: self.change(FORGET, &[&before.as_millisecond()])).map(drop)
    }
}

impl PostgresStore {
    /// A row if it was kept.
    async fn keep_one(
        &self,
        account: &Account,
        replaces: Option<i64>,
    ) -> Result<Vec<Row>, Failure> {
        let id = uuid(account.instance_id);
        let connected_at = account.connected_at.as_millisecond();
        let expires_at = account.expires_at.map(Timestamp::as_millisecond);
        let mut values: Vec<Bound<'_>> = vec![
            &id,
            &account.connection,
            &account.key_id,
            &account.sealed,
            &account.version,
            &account.scopes,
            &account.connected_by,
            &connected_at,
            &expires_at,
            &account.broken,
        ];
        values.extend(replaces.as_ref().map(|version| version as Bound<'_>));
        let sql = if replaces.is_some() { REPLACE } else { INSERT };
        self.tell(account.instance_id, sql, &values).await
    }

    async fn keep_pending(
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
            client.execute(FORGET_ENDED, &[&id, &now]).await?;
            let kept = client
                .execute(
                    KEEP_PENDING,
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
            Ok(kept > 0)
        };
        let outcome = transaction(&lease, pending.instance_id, Sees::Latest, work).await;
        lease.give_back(outcome)
    }
}

fn read(row: &Row) -> Result<Account, Failure> {
    let expires_at: Option<i64> = row.try_get(8)?;
    Ok(Account {
        instance_id: instance_id(row, 0)?,
        connection: row.try_get(1)?,
        key_id: row.try_get(2)?,
        sealed: row.try_get(3)?,
        version: row.try_get(4)?,
        scopes: row.try_get(5)?,
        connected_by: row.try_get(6)?,
        connected_at: instant(row.try_get(7)?)?,
        expires_at: expires_at.map(instant).transpose()?,
        broken: row.try_get(9)?,
    })
}

fn read_pending(row: &Row, state_hash: [u8; 32]) -> Result<PendingAuthorization, Failure> {
    Ok(PendingAuthorization {
        state_hash,
        instance_id: instance_id(row, 0)?,
        connection: row.try_get(1)?,
        key_id: row.try_get(2)?,
        sealed: row.try_get(3)?,
        expires_at: instant(row.try_get(4)?)?,
    })
}

fn read_taken(row: &Row) -> Result<TakenAuthorization, Failure> {
    Ok(TakenAuthorization {
        instance_id: instance_id(row, 0)?,
        connection: row.try_get(1)?,
    })
}
