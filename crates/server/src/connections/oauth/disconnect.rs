//! Disconnecting an account.

use backlot_store::accounts::Account;
use backlot_wix::InstanceId;

use super::{Accounts, Inner};
use crate::connections::Connection;
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

    /// Removes an account, then revokes its tokens at the provider. Returns whether there was one.
    pub(crate) async fn disconnect(
        &self,
        connection: &Connection,
        instance_id: InstanceId,
    ) -> Result<bool, ApiError> {
        let inner = &*self.0;
        let name = &connection.settings.name;
        let removed = inner.store.delete_account(instance_id, name).await?;
        self.forget_token(connection, instance_id);
        let Some(account) = removed else {
            return Ok(false);
        };
        inner.revoke(connection, &account).await?;
        Ok(true)
    }
}

impl Inner {
    /// Revokes an account's tokens at the provider, if it has an endpoint for that. A failure is logged.
    pub(crate) async fn revoke(
        &self,
        connection: &Connection,
        account: &Account,
    ) -> Result<(), ApiError> {
        let settings = connection.account()?;
        let Some(endpoint) = &settings.revoke else {
            return Ok(());
        };
        let tokens = self.tokens_of(account)?;
        // Revoking the refresh token ends the access token, too.
        let token = tokens.refresh.as_ref().unwrap_or(&tokens.access);
        let identity = self.identity(&settings.client).await?;
        let http = connection.third_party.client();
        let revoked = settings.client.revoke(http, endpoint, &identity, token);
        if let Err(error) = revoked.await {
            let (name, instance_id) = (&connection.settings.name, account.instance_id);
            tracing::warn!(connection = %name, %instance_id, %error, "the provider failed to revoke a token");
        }
        Ok(())
    }
}
