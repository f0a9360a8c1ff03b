//! `auth = { bearer = … }`

use http::header::AUTHORIZATION;

use super::{
    AuthMethod, Credential, CredentialError, SecretSource, SecretSources, SecretString, text,
};

/// `Authorization: Bearer …`
#[derive(Debug, Clone)]
pub struct BearerAuth(pub SecretSource);

impl AuthMethod for BearerAuth {
    fn secrets(&self) -> SecretSources<'_> {
        [Some(&self.0), None]
    }

    fn credential(&self, secrets: &[SecretString]) -> Result<Credential, CredentialError> {
        Credential::bearer(text(secrets, 0))
    }
}

impl Credential {
    /// Builds `Authorization: Bearer …`.
    ///
    /// # Errors
    /// [`CredentialError::NotForAHeader`]
    pub fn bearer(token: &str) -> Result<Self, CredentialError> {
        Self::header(AUTHORIZATION, "Bearer ", token)
    }
}
