//! `auth = { oauth = { … } }`

use http::uri::PathAndQuery;

use super::{AuthMethod, Credential, CredentialError, SecretString, text};
use crate::third_party::oauth::OAuthClient;
use crate::upstream::Address;

/// OAuth 2 authorization code: each instance's owner connects an account.
#[derive(Debug, Clone)]
pub struct OAuthAccount {
    /// The client.
    pub client: OAuthClient,
    /// The authorization endpoint, without the query that is added for each authorization.
    pub authorize_url: String,
    /// Additional query parameters of the authorization endpoint.
    pub authorize_parameters: Vec<(String, String)>,
    /// Whether the exchange is bound by PKCE (RFC 7636). Some providers refuse its parameters.
    pub pkce: bool,
    /// Whether the provider posts the callback as a form (`response_mode=form_post`).
    pub posts_callback: bool,
    /// The revocation endpoint (RFC 7009), if the provider has one.
    pub revoke: Option<(Address, PathAndQuery)>,
    /// The address the provider sends the owner back to. Defaults to this connection's `callback`.
    pub redirect_url: Option<String>,
    /// A JSON pointer to the account's id, in the token response or that of `account_endpoint`. The webhooks of an
    /// account name it.
    pub account_id: Option<String>,
    /// The endpoint that says whose account an access token is for, if the token response does not.
    pub account_endpoint: Option<(Address, PathAndQuery)>,
}

impl AuthMethod for OAuthAccount {
    fn credential(&self, secrets: &[SecretString]) -> Result<Credential, CredentialError> {
        Credential::bearer(text(secrets, 0))
    }

    fn oauth_client(&self) -> Option<&OAuthClient> {
        Some(&self.client)
    }

    fn account(&self) -> Option<&OAuthAccount> {
        Some(self)
    }

    fn noun(&self) -> &'static str {
        "the account's token"
    }
}
