//! The provider's endpoints.

use backlot_outbound::third_party::oauth::{
    ClientIdentity, IssuedTokens, OAuthClient, TokenRequestError,
};

use super::Inner;
use crate::connections::{Connection, secret_source};
use crate::error::ApiError;

impl Inner {
    /// Reads a client's id and secret.
    pub(crate) async fn identity(&self, client: &OAuthClient) -> Result<ClientIdentity, ApiError> {
        let vault = self.vault.as_ref();
        let secret = match &client.secret {
            Some(source) => Some(secret_source::read(source, vault, None).await?),
            None => None,
        };
        Ok(ClientIdentity {
            id: secret_source::read(&client.id, vault, None).await?,
            secret,
        })
    }

    /// Requests tokens from the token endpoint.
    pub(crate) async fn request_token(
        &self,
        connection: &Connection,
        client: &OAuthClient,
        identity: &ClientIdentity,
        form: &[(&str, &str)],
    ) -> Result<IssuedTokens, TokenRequestError> {
        let http = connection.third_party.client();
        let now = self.clock.now();
        client.request_token(http, identity, form, now).await
    }
}
