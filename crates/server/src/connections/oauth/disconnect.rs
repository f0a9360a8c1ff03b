//! Taking an account back, and telling of it.

use backlot_store::accounts::{Account, Accounts as _};
use backlot_wix::InstanceId;

use super::endpoint::revoke;
use super::{Accounts, Inner};
use crate::connections::{AccountSettings, Connection};
use crate::error::ApiError;

impl Accounts {
    /// The account of an instance; its tokens stay sealed.
    pub(crate) async fn account(
        &self,
        connection: &Connection,
        instance_id: InstanceId,
    ) -> Result<Option<Account>, ApiError> {
        self.0.account_of(instance_id, connection).await
    }

    /// Removes an account here, then takes its tokens back at the provider, as far as that can be done. False
    /// when there was none.
    pub(crate) async fn disconnect(
        &self,
        connection: &Connection,
        settings: &AccountSettings,
        instance_id: InstanceId,
    ) -> Result<bool, ApiError> {
        let inner = &*self.0;
        let name = &connection.settings.name;
        let removed = inner.store.remove_account(instance_id, name).await?;
        self.forget_token(connection, instance_id);
        let Some(account) = removed else {
            return Ok(false);
        };
        inner.give_back(connection, settings, &account).await?;
        Ok(true)
    }
}

impl Inner {
    /// Takes an account's tokens back at the provider, as far as that can be done.
    pub(crate) async fn give_back(
        &self,
        connection: &Connection,
        settings: &AccountSettings,
        account: &Account,
    ) -> Result<(), ApiError> {
        let Some(endpoint) = &settings.revoke else {
            return Ok(());
        };
        let tokens = self.tokens_of(account)?;
        // The refresh token ends the access token, too; where there is none, the other has to do.
        let token = tokens.refresh.as_ref().unwrap_or(&tokens.access);
        let identity = self.identity(&settings.client).await?;
        let revoked = revoke(connection, &settings.client, endpoint, &identity, token);
        if let Err(error) = revoked.await {
            let (name, instance_id) = (&connection.settings.name, account.instance_id);
            tracing::warn!(connection = %name, %instance_id, %error, "the provider failed to revoke a token");
        }
        Ok(())
    }
}
