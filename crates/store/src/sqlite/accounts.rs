//! Accounts at third parties in SQLite.

use backlot_wix::InstanceId;
use backlot_wix::data::Budget;
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, ToSql, params};

use super::SqliteStore;
use crate::StoreError;
use crate::accounts::{Account, PendingAuthorization, TakenAuthorization};
use crate::rows::instant;

const INSERT: &str = "
    INSERT INTO accounts (instance_id, connection, key_id, sealed, version, scopes, connected_by,
                          connected_at_ms, expires_at_ms, broken)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
    ON CONFLICT (instance_id, connection) DO NOTHING";

const REPLACE: &str = "
    UPDATE accounts
    SET key_id = ?3, sealed = ?4, version = ?5, scopes = ?6, connected_by = ?7, connected_at_ms = ?8,
        expires_at_ms = ?9, broken = ?10, claimed_until_ms = NULL
    WHERE instance_id = ?1 AND connection = ?2 AND version = ?11";

const RESEAL: &str = "
    UPDATE accounts SET key_id = ?3, sealed = ?4
    WHERE instance_id = ?1 AND connection = ?2 AND version = ?5 AND connected_at_ms = ?6 AND key_id = ?7";

const READ: &str = "
    SELECT instance_id, connection, key_id, sealed, version, scopes, connected_by, connected_at_ms,
           expires_at_ms, broken
    FROM accounts";

const UPDATE: &str = "
    UPDATE accounts
    SET key_id = ?5, sealed = ?6, version = version + 1, scopes = ?7, expires_at_ms = ?8, broken = ?9,
        claimed_until_ms = NULL
    WHERE instance_id = ?1 AND connection = ?2 AND version = ?3 AND connected_at_ms = ?4";

const CLAIM: &str = "
    UPDATE accounts SET claimed_until_ms = ?5
    WHERE instance_id = ?1 AND connection = ?2 AND version = ?3
      AND (claimed_until_ms IS NULL OR claimed_until_ms <= ?4)";

const RELEASE: &str = "
    UPDATE accounts SET claimed_until_ms = NULL
    WHERE instance_id = ?1 AND connection = ?2 AND version = ?3 AND claimed_until_ms = ?4";

const REMOVE: &str = "
    DELETE FROM accounts WHERE instance_id = ?1 AND connection = ?2
    RETURNING instance_id, connection, key_id, sealed, version, scopes, connected_by,
              connected_at_ms, expires_at_ms, broken";

const FORGET_ENDED: &str = "
    DELETE FROM pending_authorizations WHERE instance_id = ?1 AND expires_at_ms <= ?2";

const KEEP_PENDING: &str = "
    INSERT INTO pending_authorizations (state_hash, instance_id, connection, key_id, sealed, expires_at_ms)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6
    WHERE (SELECT count(*) FROM pending_authorizations WHERE instance_id = ?2 AND length(sealed) > 0) < ?7
    ON CONFLICT (state_hash) DO NOTHING";

const PENDING: &str = "
    SELECT instance_id, connection, key_id, sealed, expires_at_ms
    FROM pending_authorizations WHERE state_hash = ?1 AND length(sealed) > 0";

// One without sealed bytes has been taken.
const TAKE: &str =
    "UPDATE pending_authorizations SET key_id = '', sealed = x'' WHERE state_hash = ?1";

const TAKEN: &str = "
    SELECT instance_id, connection FROM pending_authorizations
    WHERE state_hash = ?1 AND length(sealed) = 0 AND expires_at_ms > ?2";

impl SqliteStore {
    pub(crate) async fn keep_account(
        &self,
        account: Account,
        replaces: Option<i64>,
    ) -> Result<bool, StoreError> {
        self.write_with(move |connection| {
            let connected_at = account.connected_at.as_millisecond();
            let expires_at = account.expires_at.map(Timestamp::as_millisecond);
            let mut values: Vec<&dyn ToSql> = vec![
                account.instance_id.as_bytes(),
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
            values.extend(replaces.as_ref().map(|version| version as &dyn ToSql));
            let sql = if replaces.is_some() { REPLACE } else { INSERT };
            let kept = connection.prepare_cached(sql)?.execute(&values[..])?;
            Ok(kept > 0)
        })
        .await
    }

    pub(crate) async fn reseal_account(
        &self,
        account: Account,
        instead_of: &str,
    ) -> Result<bool, StoreError> {
        let instead_of = instead_of.to_owned();
        self.write_with(move |connection| {
            let changed = connection.prepare_cached(RESEAL)?.execute(params![
                account.instance_id.as_bytes(),
                account.connection,
                account.key_id,
                account.sealed,
                account.version,
                account.connected_at.as_millisecond(),
                instead_of
            ])?;
            Ok(changed > 0)
        })
        .await
    }

    pub(crate) async fn account(
        &self,
        instance_id: InstanceId,
        connection: &str,
    ) -> Result<Option<Account>, StoreError> {
        self.readers.read(Budget::unlimited(), |reader| {
            reader
                .connection
                .prepare_cached(&format!(
                    "{READ} WHERE instance_id = ?1 AND connection = ?2"
                ))?
                .query_row(params![instance_id.as_bytes(), connection], read)
                .optional()?
                .transpose()
        })
    }

    pub(crate) async fn accounts(
        &self,
        instance_id: InstanceId,
    ) -> Result<Vec<Account>, StoreError> {
        self.read_with(move |connection| {
            let sql = format!("{READ} WHERE instance_id = ?1 ORDER BY connection");
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map([instance_id.as_bytes()], read)?;
            rows.map(|row| row?).collect()
        })
        .await
    }

    pub(crate) async fn update_account(&self, account: Account) -> Result<bool, StoreError> {
        self.write_with(move |connection| {
            let changed = connection.prepare_cached(UPDATE)?.execute(params![
                account.instance_id.as_bytes(),
                account.connection,
                account.version,
                account.connected_at.as_millisecond(),
                account.key_id,
                account.sealed,
                account.scopes,
                account.expires_at.map(Timestamp::as_millisecond),
                account.broken
            ])?;
            Ok(changed > 0)
        })
        .await
    }

    pub(crate) async fn claim_renewal(
        &self,
        instance_id: InstanceId,
        connection: &str,
        version: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let name = connection.to_owned();
        self.write_with(move |connection| {
            let claimed = connection.prepare_cached(CLAIM)?.execute(params![
                instance_id.as_bytes(),
                name,
                version,
                now.as_millisecond(),
                until.as_millisecond()
            ])?;
            Ok(claimed > 0)
        })
        .await
    }

    pub(crate) async fn release_renewal(
        &self,
        instance_id: InstanceId,
        connection: &str,
        version: i64,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let name = connection.to_owned();
        self.write_with(move |connection| {
            connection.prepare_cached(RELEASE)?.execute(params![
                instance_id.as_bytes(),
                name,
                version,
                until.as_millisecond()
            ])?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn remove_account(
        &self,
        instance_id: InstanceId,
        connection: &str,
    ) -> Result<Option<Account>, StoreError> {
        let name = connection.to_owned();
        self.write_with(move |connection| {
            connection
                .prepare_cached(REMOVE)?
                .query_row(params![instance_id.as_bytes(), name], read)
                .optional()?
                .transpose()
        })
        .await
    }

    pub(crate) async fn keep_authorization(
        &self,
        pending: PendingAuthorization,
        most: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write_with(move |connection| {
            connection.prepare_cached(FORGET_ENDED)?.execute(params![
                pending.instance_id.as_bytes(),
                now.as_millisecond()
            ])?;
            let kept = connection.prepare_cached(KEEP_PENDING)?.execute(params![
                pending.state_hash,
                pending.instance_id.as_bytes(),
                pending.connection,
                pending.key_id,
                pending.sealed,
                pending.expires_at.as_millisecond(),
                most
            ])?;
            Ok(kept > 0)
        })
        .await
    }

    pub(crate) async fn take_authorization(
        &self,
        state_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<PendingAuthorization>, StoreError> {
        let taken = self
            .write_with(move |connection| {
                let pending = connection
                    .prepare_cached(PENDING)?
                    .query_row([state_hash], |row| Ok(read_pending(row, state_hash)))
                    .optional()?
                    .transpose()?;
                if pending.is_some() {
                    connection.prepare_cached(TAKE)?.execute([state_hash])?;
                }
                Ok(pending)
            })
            .await?;
        Ok(taken.filter(|taken| taken.expires_at > now))
    }

    pub(crate) async fn find_taken_authorization(
        &self,
        state_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<TakenAuthorization>, StoreError> {
        self.read_with(move |connection| {
            let taken = connection
                .prepare_cached(TAKEN)?
                .query_row(params![state_hash, now.as_millisecond()], |row| {
                    Ok(TakenAuthorization {
                        instance_id: InstanceId::from_bytes(row.get(0)?),
                        connection: row.get(1)?,
                    })
                })
                .optional()?;
            Ok(taken)
        })
        .await
    }

    pub(crate) async fn forget_authorizations(&self, before: Timestamp) -> Result<(), StoreError> {
        self.write_with(move |connection| {
            connection
                .prepare_cached("DELETE FROM pending_authorizations WHERE expires_at_ms < ?1")?
                .execute([before.as_millisecond()])?;
            Ok(())
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Result<Account, StoreError>> {
    let (instance_id, connected_at): ([u8; 16], i64) = (row.get(0)?, row.get(7)?);
    let expires_at: Option<i64> = row.get(8)?;
    let (connection, key_id, sealed) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let (version, scopes, connected_by) = (row.get(4)?, row.get(5)?, row.get(6)?);
    let broken = row.get(9)?;
    Ok(instant(connected_at).and_then(|connected_at| {
        Ok(Account {
            instance_id: InstanceId::from_bytes(instance_id),
            connection,
            key_id,
            sealed,
            version,
            scopes,
            connected_by,
            connected_at,
            expires_at: expires_at.map(instant).transpose()?,
            broken,
        })
    }))
}

fn read_pending(row: &Row<'_>, state_hash: [u8; 32]) -> Result<PendingAuthorization, StoreError> {
    Ok(PendingAuthorization {
        state_hash,
        instance_id: InstanceId::from_bytes(row.get(0)?),
        connection: row.get(1)?,
        key_id: row.get(2)?,
        sealed: row.get(3)?,
        expires_at: instant(row.get(4)?)?,
    })
}
