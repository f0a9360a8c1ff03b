//! `auth = { client_credentials = { … } }`

use super::{AuthMethod, Credential, CredentialError, SecretString, text};
use crate::third_party::oauth::OAuthClient;

/// OAuth 2 client credentials: a token of the app, which all instances share.
#[derive(Debug, Clone)]
pub struct ClientCredentialsAuth(pub OAuthClient);

impl AuthMethod for ClientCredentialsAuth {
    fn credential(&self, secrets: &[SecretString]) -> Result<Credential, CredentialError> {
        Credential::bearer(text(secrets, 0))
    }

    fn oauth_client(&self) -> Option<&OAuthClient> {
        Some(&self.0)
    }

    fn noun(&self) -> &'static str {
        "the app's token"
    }

    fn remedy(&self) -> Option<&'static str> {
        Some("the provider gives it, so check `scopes` and `parameters`")
    }
}
