//! The provider's endpoints, and who asks there.

use std::time::Duration;

use backlot_outbound::connection::grant::{ClientIdentity, Endpoint, Grant, GrantError};
use backlot_outbound::upstream::Address;
use http::uri::PathAndQuery;
use jiff::Timestamp;

use super::Inner;
use crate::connections::{Connection, OAuthClient};
use crate::error::ApiError;

/// How long a provider may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// A client's id and secret, open.
pub(crate) struct Identity {
    id: String,
    secret: Option<crate::secrets::SecretString>,
}

impl Inner {
    pub(crate) async fn identity(&self, client: &OAuthClient) -> Result<Identity, ApiError> {
        let secret = match &client.secret {
            Some(source) => Some(source.read(self.vault.as_ref(), None).await?),
            None => None,
        };
        Ok(Identity {
            id: self.text(&client.id).await?,
            secret,
        })
    }
}

/// Asks the token endpoint.
pub(crate) async fn ask(
    connection: &Connection,
    client: &OAuthClient,
    identity: &Identity,
    form: &[(&str, &str)],
    now: Timestamp,
) -> Result<Grant, GrantError> {
    let mut form = form.to_vec();
    let more = client.parameters.iter();
    form.extend(more.map(|(name, value)| (&**name, &**value)));
    let endpoint = endpoint(connection, &client.token_address, &client.token_target);
    endpoint.ask(&proof(client, identity), &form, now).await
}

/// Takes a token back.
pub(crate) async fn revoke(
    connection: &Connection,
    client: &OAuthClient,
    (address, target): &(Address, PathAndQuery),
    identity: &Identity,
    token: &str,
) -> Result<(), GrantError> {
    let endpoint = endpoint(connection, address, target);
    endpoint.revoke(&proof(client, identity), token).await
}

fn endpoint(connection: &Connection, address: &Address, target: &PathAndQuery) -> Endpoint {
    Endpoint {
        client: connection.third_party.client().clone(),
        address: address.clone(),
        target: target.clone(),
        timeout: TIMEOUT,
    }
}

fn proof<'identity>(
    client: &OAuthClient,
    identity: &'identity Identity,
) -> ClientIdentity<'identity> {
    ClientIdentity {
        id: &identity.id,
        secret: identity
            .secret
            .as_ref()
            .map(crate::secrets::SecretString::reveal),
        proof: client.proof,
    }
}
