//! `auth = { basic = { user = …, password = … } }`

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use zeroize::Zeroizing;

use super::{
    AuthMethod, Credential, CredentialError, SecretSource, SecretSources, SecretString, text,
};
use crate::redact::SecretPatterns;

/// `Authorization: Basic …`
#[derive(Debug, Clone)]
pub struct BasicAuth {
    /// The user name. Some APIs take their key as the user name, without a password.
    pub user: SecretSource,
    /// The password.
    pub password: SecretSource,
}

impl AuthMethod for BasicAuth {
    fn secrets(&self) -> SecretSources<'_> {
        [Some(&self.user), Some(&self.password)]
    }

    fn credential(&self, secrets: &[SecretString]) -> Result<Credential, CredentialError> {
        Credential::basic(text(secrets, 0), text(secrets, 1))
    }

    fn noun(&self) -> &'static str {
        "user and password"
    }
}

impl Credential {
    /// Builds `Authorization: Basic …`.
    ///
    /// # Errors
    /// [`CredentialError::NotForAHeader`]
    pub fn basic(user: &str, password: &str) -> Result<Self, CredentialError> {
        let pair = Zeroizing::new(format!("{user}:{password}"));
        let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        let mut credential = Self::header(AUTHORIZATION, "Basic ", &encoded)?;
        credential.secret_patterns = SecretPatterns::for_basic_auth(user, password);
        if password.is_empty() {
            // The key is the user name, as with Stripe.
            let key = SecretPatterns::new(user.as_bytes());
            credential.secret_patterns = credential.secret_patterns.union(&key);
        }
        Ok(credential)
    }
}
