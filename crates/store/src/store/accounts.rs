//! Connected accounts and pending authorizations.

use crate::StoreError;
use crate::accounts::{Account, PendingAuthorization, TakenAuthorization};
use backlot_wix::InstanceId;
use jiff::Timestamp;

repository! {
    /// Keeps an account as it is: a new one, or in the place of the one of the version that it `replaces`. Any claim
    /// ends. False when there is one already, or none of that version; then nothing was changed.
    async fn keep_account(
        &self,
        account: Account,
        replaces: Option<i64>,
    ) -> Result<bool, StoreError>;

    /// Puts an account's key and sealed bytes in the place of those that are sealed with the key `instead_of`;
    /// version and claim stay. False when it is another account or version by now, or sealed with another key.
    async fn reseal_account(&self, account: Account, instead_of: &str) -> Result<bool, StoreError>;

    /// One account.
    async fn account(
        &self,
        instance_id: InstanceId,
        connection: &str,
    ) -> Result<Option<Account>, StoreError>;

    /// The accounts of an instance, by connection.
    async fn accounts(&self, instance_id: InstanceId) -> Result<Vec<Account>, StoreError>;

    /// Keeps an account's new tokens, scopes, end and state: only if it is still the one that was connected at
    /// `account.connected_at`, in this version. It gets the next version, to which its sealed bytes are bound, and any
    /// claim ends. False otherwise, and then nothing was changed.
    async fn update_account(&self, account: Account) -> Result<bool, StoreError>;

    /// Claims the renewal of an account in this version until then. True for the one who may renew; whoever
    /// has claimed it before has had their turn when theirs ended at `now` or earlier.
    async fn claim_renewal(
        &self,
        instance_id: InstanceId,
        connection: &str,
        version: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Gives up the claim that lasts `until` then, so that others need not wait for its end. Any other claim stays: of
    /// one version each ends later than the one before, so its end tells whose it is.
    async fn release_renewal(
        &self,
        instance_id: InstanceId,
        connection: &str,
        version: i64,
        until: Timestamp,
    ) -> Result<(), StoreError>;

    /// Removes an account. Returns what it was.
    async fn remove_account(
        &self,
        instance_id: InstanceId,
        connection: &str,
    ) -> Result<Option<Account>, StoreError>;

    /// Keeps an authorization that is under way, and forgets the instance's that have ended. False when the
    /// instance has `most` that have not ended at `now`, or the state is known already.
    async fn keep_authorization(
        &self,
        pending: PendingAuthorization,
        most: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Takes the authorization with this state: of all who come with it, one gets it. What was sealed of it is gone
    /// then; that it was taken is known until its end. None when it has ended.
    async fn take_authorization(
        &self,
        state_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<PendingAuthorization>, StoreError>;

    /// Finds an authorization that was taken and has not ended at `now`.
    async fn find_taken_authorization(
        &self,
        state_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<TakenAuthorization>, StoreError>;

    /// Forgets the authorizations of any instance that ended before.
    async fn forget_authorizations(&self, before: Timestamp) -> Result<(), StoreError>;
}
