//! `auth = { header = { name = …, value = … } }`

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::credential::{ApplyCredential, UnsignedRequest};
use super::{
    AuthMethod, Credential, CredentialError, SecretSource, SecretSources, SecretString, text,
};

/// A header with a prefix before the secret, which may be empty.
#[derive(Debug, Clone)]
pub struct HeaderAuth {
    /// The header's name.
    pub name: HeaderName,
    /// The text before the secret.
    pub prefix: String,
    /// The secret.
    pub value: SecretSource,
}

impl AuthMethod for HeaderAuth {
    fn secrets(&self) -> SecretSources<'_> {
        [Some(&self.value), None]
    }

    fn credential(&self, secrets: &[SecretString]) -> Result<Credential, CredentialError> {
        Credential::header(self.name.clone(), &self.prefix, text(secrets, 0))
    }
}

impl Credential {
    /// Builds a header with `prefix` before the secret.
    ///
    /// # Errors
    /// [`CredentialError::NotForAHeader`]
    pub fn header(name: HeaderName, prefix: &str, secret: &str) -> Result<Self, CredentialError> {
        let text = Zeroizing::new(format!("{prefix}{secret}"));
        let value = HeaderValue::from_str(&text);
        let mut value = value.map_err(|_| CredentialError::NotForAHeader)?;
        value.set_sensitive(true);
        Ok(Self::new(HeaderCredential(name, value), secret))
    }
}

struct HeaderCredential(HeaderName, HeaderValue);

impl ApplyCredential for HeaderCredential {
    fn apply(
        &self,
        request: &UnsignedRequest<'_>,
        headers: &mut HeaderMap,
    ) -> Result<PathAndQuery, CredentialError> {
        headers.insert(self.0.clone(), self.1.clone());
        Ok(request.target.clone())
    }
}
