//! What connections keep, behind the traits.

use backlot_wix::InstanceId;
use jiff::Timestamp;

use super::Store;
use crate::StoreError;
use crate::accounts::{Account, Accounts, PendingAuthorization, TakenAuthorization};
use crate::connection_usage::{ConnectionUsage, ConnectionUsages};
use crate::secrets::{SealedSecret, SecretPlace, Secrets, WrappedKey};

impl Secrets for Store {
    async fn wrapped_keys_or(&self, candidate: WrappedKey) -> Result<Vec<WrappedKey>, StoreError> {
        each!(self, store => store.wrapped_keys_or(candidate).await)
    }

    async fn wrapped_keys(&self) -> Result<Vec<WrappedKey>, StoreError> {
        each!(self, store => store.wrapped_keys().await)
    }

    async fn keep_wrapped_key(&self, key: WrappedKey) -> Result<bool, StoreError> {
        each!(self, store => store.keep_wrapped_key(key).await)
    }

    async fn delete_unused_wrapped_key(&self, key_id: &str) -> Result<bool, StoreError> {
        each!(self, store => store.delete_unused_wrapped_key(key_id).await)
    }

    async fn rewrap_keys(
        &self,
        keys: Vec<WrappedKey>,
        expected: Vec<WrappedKey>,
    ) -> Result<bool, StoreError> {
        each!(self, store => store.rewrap_keys(keys, expected).await)
    }

    async fn keep_secret(
        &self,
        secret: SealedSecret,
        replaces: Option<i64>,
    ) -> Result<bool, StoreError> {
        each!(self, store => store.keep_secret(secret, replaces).await)
    }

    async fn reseal_secret(
        &self,
        secret: SealedSecret,
        instead_of: &str,
    ) -> Result<bool, StoreError> {
        each!(self, store => store.reseal_secret(secret, instead_of).await)
    }

    async fn secret(
        &self,
        instance_id: Option<InstanceId>,
        name: &str,
    ) -> Result<Option<SealedSecret>, StoreError> {
        each!(self, store => store.secret(instance_id, name).await)
    }

    async fn secrets(
        &self,
        instance_id: Option<InstanceId>,
    ) -> Result<Vec<SealedSecret>, StoreError> {
        each!(self, store => store.secrets(instance_id).await)
    }

    async fn all_secrets(
        &self,
        after: Option<SecretPlace>,
        limit: u32,
    ) -> Result<Vec<SealedSecret>, StoreError> {
        each!(self, store => store.all_secrets(after, limit).await)
    }

    async fn remove_secret(
        &self,
        instance_id: Option<InstanceId>,
        name: &str,
    ) -> Result<bool, StoreError> {
        each!(self, store => store.remove_secret(instance_id, name).await)
    }
}

impl Accounts for Store {
    async fn keep_account(
        &self,
        account: Account,
        replaces: Option<i64>,
    ) -> Result<bool, StoreError> {
        each!(self, store => store.keep_account(account, replaces).await)
    }

    async fn reseal_account(&self, account: Account, instead_of: &str) -> Result<bool, StoreError> {
        each!(self, store => store.reseal_account(account, instead_of).await)
    }

    async fn account(
        &self,
        instance_id: InstanceId,
        connection: &str,
    ) -> Result<Option<Account>, StoreError> {
        each!(self, store => store.account(instance_id, connection).await)
    }

    async fn accounts(&self, instance_id: InstanceId) -> Result<Vec<Account>, StoreError> {
        each!(self, store => store.accounts(instance_id).await)
    }

    async fn update_account(&self, account: Account) -> Result<bool, StoreError> {
        each!(self, store => store.update_account(account).await)
    }

    async fn claim_renewal(
        &self,
        instance_id: InstanceId,
        connection: &str,
        version: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        each!(self, store => store.claim_renewal(instance_id, connection, version, now, until).await)
    }

    async fn release_renewal(
        &self,
        instance_id: InstanceId,
        connection: &str,
        version: i64,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        each!(self, store => store.release_renewal(instance_id, connection, version, until).await)
    }

    async fn remove_account(
        &self,
        instance_id: InstanceId,
        connection: &str,
    ) -> Result<Option<Account>, StoreError> {
        each!(self, store => store.remove_account(instance_id, connection).await)
    }

    async fn keep_authorization(
        &self,
        pending: PendingAuthorization,
        most: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        each!(self, store => store.keep_authorization(pending, most, now).await)
    }

    async fn take_authorization(
        &self,
        state_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<PendingAuthorization>, StoreError> {
        each!(self, store => store.take_authorization(state_hash, now).await)
    }

    async fn find_taken_authorization(
        &self,
        state_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<TakenAuthorization>, StoreError> {
        each!(self, store => store.find_taken_authorization(state_hash, now).await)
    }

    async fn forget_authorizations(&self, before: Timestamp) -> Result<(), StoreError> {
        each!(self, store => store.forget_authorizations(before).await)
    }
}

impl ConnectionUsages for Store {
    async fn add_connection_usage(&self, batch: Vec<ConnectionUsage>) -> Result<(), StoreError> {
        each!(self, store => store.add_connection_usage(batch).await)
    }

    async fn connection_usage(
        &self,
        instance_id: InstanceId,
        month: Option<i32>,
    ) -> Result<Vec<ConnectionUsage>, StoreError> {
        each!(self, store => store.connection_usage(instance_id, month).await)
    }

    async fn connection_calls(
        &self,
        instance_id: InstanceId,
        connection: &str,
        month: i32,
    ) -> Result<u64, StoreError> {
        each!(self, store => store.connection_calls(instance_id, connection, month).await)
    }

    async fn connection_totals(
        &self,
        month: i32,
        limit: u32,
    ) -> Result<Vec<ConnectionUsage>, StoreError> {
        each!(self, store => store.connection_totals(month, limit).await)
    }
}
