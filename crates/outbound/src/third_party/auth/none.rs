//! `auth = "none"`

use super::{AuthMethod, Credential, CredentialError, SecretString};

/// No credential.
#[derive(Debug, Clone)]
pub struct NoAuth;

impl AuthMethod for NoAuth {
    fn credential(&self, _: &[SecretString]) -> Result<Credential, CredentialError> {
        Ok(Credential::none())
    }

    fn is_none(&self) -> bool {
        true
    }

    fn noun(&self) -> &'static str {
        "nothing"
    }

    fn remedy(&self) -> Option<&'static str> {
        Some("write auth = { … } in the connection")
    }
}
