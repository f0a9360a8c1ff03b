//! Accounts at third parties that owners of instances have connected, and authorizations under way.
//!
//! Tokens are sealed before they come here; nothing is opened. Of all nodes one at a time renews an account's
//! tokens: the one that holds the claim.

use std::fmt;

use backlot_wix::InstanceId;
use jiff::Timestamp;

use crate::StoreError;

/// An account that is connected. Its sealed bytes cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The tenant.
    pub instance_id: InstanceId,
    /// The name of the connection; an instance has one account for it.
    pub connection: String,
    /// The data key that seals the tokens.
    pub key_id: String,
    /// The tokens, encrypted.
    pub sealed: Vec<u8>,
    /// 1 for a new one, and one more with each change.
    pub version: i64,
    /// What the provider allows, in its words.
    pub scopes: String,
    /// The id of the person who connected it.
    pub connected_by: Option<String>,
    /// When it was connected. Together with the version it tells one account from the next.
    pub connected_at: Timestamp,
    /// When the token ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// The provider does not renew it any more.
    pub broken: bool,
}

/// An authorization that is pending at a provider. The sealed bytes and the state cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PendingAuthorization {
    /// SHA-256 of the state that the provider sends back.
    pub state_hash: [u8; 32],
    /// The tenant.
    pub instance_id: InstanceId,
    /// The name of the connection.
    pub connection: String,
    /// The data key.
    pub key_id: String,
    /// What is needed when they come back, encrypted.
    pub sealed: Vec<u8>,
    /// From when on the state serves no more.
    pub expires_at: Timestamp,
}

/// An authorization whose state has served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenAuthorization {
    /// The tenant.
    pub instance_id: InstanceId,
    /// The name of the connection.
    pub connection: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Account")
            .field("instance_id", &self.instance_id)
            .field("connection", &self.connection)
            .field("version", &self.version)
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PendingAuthorization {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PendingAuthorization")
            .field("instance_id", &self.instance_id)
            .field("connection", &self.connection)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The store of accounts.
pub trait Accounts {
    /// Keeps an account as it is: a new one, or in the place of the one of the version that it `replaces`. Any claim
    /// ends. False when there is one already, or none of that version; then nothing was changed.
    fn keep_account(
        &self,
        account: Account,
        replaces: Option<i64>,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Puts an account's key and sealed bytes in the place of those that are sealed with the key `instead_of`;
    /// version and claim stay. False when it is another account or version by now, or sealed with another key.
    fn reseal_account(
        &self,
        account: Account,
        instead_of: &str,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// One account.
    fn account(
        &self,
        instance_id: InstanceId,
        connection: &str,
    ) -> impl Future<Output = Result<Option<Account>, StoreError>> + Send;

    /// The accounts of an instance, by connection.
    fn accounts(
        &self,
        instance_id: InstanceId,
    ) -> impl Future<Output = Result<Vec<Account>, StoreError>> + Send;

    /// Keeps an account's new tokens, scopes, end and state: only if it is still the one that was connected at
    /// `account.connected_at`, in this version. It gets the next version, to which its sealed bytes are bound, and any
    /// claim ends. False otherwise, and then nothing was changed.
    fn update_account(
        &self,
        account: Account,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Claims the renewal of an account in this version until then. True for the one that may renew; a node that
    /// has claimed it before has had their turn when theirs ended at `now` or earlier.
    fn claim_renewal(
        &self,
        instance_id: InstanceId,
        connection: &str,
        version: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Gives up the claim that lasts `until` then, so that others need not wait for its end. Any other claim stays: of
    /// one version each ends later than the one before, so its end tells whose it is.
    fn release_renewal(
        &self,
        instance_id: InstanceId,
        connection: &str,
        version: i64,
        until: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes an account. Returns what it was.
    fn remove_account(
        &self,
        instance_id: InstanceId,
        connection: &str,
    ) -> impl Future<Output = Result<Option<Account>, StoreError>> + Send;

    /// Keeps an authorization that is under way, and forgets the instance's that have ended. False when the
    /// instance has `most` that have not ended at `now`, or the state is known already.
    fn keep_authorization(
        &self,
        pending: PendingAuthorization,
        most: u32,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Takes the authorization with this state: of all who come with it, one gets it. What was sealed of it is gone
    /// then; that it was taken is known until its end. None when it has ended.
    fn take_authorization(
        &self,
        state_hash: [u8; 32],
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<PendingAuthorization>, StoreError>> + Send;

    /// Finds an authorization that was taken and has not ended at `now`.
    fn find_taken_authorization(
        &self,
        state_hash: [u8; 32],
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<TakenAuthorization>, StoreError>> + Send;

    /// Forgets the authorizations of any instance that ended before.
    fn forget_authorizations(
        &self,
        before: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
