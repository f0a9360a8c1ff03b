//! Credentials of connections: one file for each kind.
//!
//! [`AuthMethod`] is what a kind answers: which secrets it is built from, how it is put on a request, and what it needs
//! besides (the whole body, an account). Nothing outside matches on kinds. A kind is added here, in the configuration's
//! section and where that is resolved.

mod basic;
mod bearer;
mod client_credentials;
mod credential;
mod header;
mod hmac;
mod none;
mod oauth;
mod query;
mod received;
mod secret;

use std::fmt;

use backlot_wix::InstanceId;

pub use basic::BasicAuth;
pub use bearer::BearerAuth;
pub use client_credentials::ClientCredentialsAuth;
pub(super) use credential::UnsignedRequest;
pub use credential::{Credential, CredentialError};
pub use header::HeaderAuth;
pub use hmac::{HmacAuth, HmacHash, SignatureEncoding, SignatureTemplate, TemplateError};
pub use none::NoAuth;
pub use oauth::OAuthAccount;
pub use query::QueryAuth;
pub use received::{ReceivedRequest, ReceivedSignatureError};
pub use secret::{SecretSource, SecretString};

use super::oauth::OAuthClient;

/// The secrets that a credential is built from.
pub type SecretSources<'auth> = [Option<&'auth SecretSource>; 2];

/// How a connection proves to its API who calls.
pub trait AuthMethod: fmt::Debug + Send + Sync {
    /// Returns the secrets that [`Self::credential`] takes, in its order. Kinds with tokens have none: their secret is
    /// the token.
    fn secrets(&self) -> SecretSources<'_> {
        [None, None]
    }

    /// Builds the credential from its secrets.
    ///
    /// # Errors
    /// [`CredentialError`] if a header cannot hold it.
    fn credential(&self, secrets: &[SecretString]) -> Result<Credential, CredentialError>;

    /// Returns whether calls are made without a credential.
    fn is_none(&self) -> bool {
        false
    }

    /// Returns the query parameter that holds the credential.
    fn query_parameter(&self) -> Option<&str> {
        None
    }

    /// Returns whether a request needs its whole body before the credential can be put on it.
    fn needs_body(&self) -> bool {
        false
    }

    /// Returns the OAuth client that requests tokens, if the credential is a token.
    fn oauth_client(&self) -> Option<&OAuthClient> {
        None
    }

    /// Returns the settings of accounts, if each instance's owner connects an account.
    fn account(&self) -> Option<&OAuthAccount> {
        None
    }

    /// Returns a noun for the credential, for messages.
    fn noun(&self) -> &'static str {
        match self.instance_secret() {
            Some(_) => "the instance's key",
            None => "the key",
        }
    }

    /// Returns a remedy for an API that refuses the credential, if the kind has a special one.
    fn remedy(&self) -> Option<&'static str> {
        None
    }

    /// Returns the name of the secret that each instance's owner types in, if there is one.
    fn instance_secret(&self) -> Option<&str> {
        let mut secrets = self.secrets().into_iter().flatten();
        secrets.find_map(SecretSource::instance_name)
    }

    /// Returns whether each instance has its own credential.
    fn is_per_instance(&self) -> bool {
        self.account().is_some() || self.instance_secret().is_some()
    }

    /// Returns the owner of the token for a call, if the credential is a token.
    fn token_owner(&self, instance_id: InstanceId) -> Option<TokenOwner> {
        self.oauth_client()?;
        Some(match self.account() {
            Some(_) => TokenOwner::Instance(instance_id),
            None => TokenOwner::Shared,
        })
    }

    /// Returns whether the vault is needed, for secrets or for the tokens of accounts.
    fn needs_vault(&self) -> bool {
        let client = self.oauth_client().map(OAuthClient::secrets);
        let secrets = self
            .secrets()
            .into_iter()
            .chain(client.into_iter().flatten());
        self.account().is_some() || secrets.flatten().any(SecretSource::is_in_vault)
    }
}

/// The owner of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenOwner {
    /// All instances share the token.
    Shared,
    /// The token belongs to an instance's account.
    Instance(InstanceId),
}

/// Returns a secret's text. A missing one is empty.
fn text(secrets: &[SecretString], index: usize) -> &str {
    secrets.get(index).map_or("", SecretString::reveal)
}

#[cfg(test)]
mod tests;
