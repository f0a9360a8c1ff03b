//! `auth = { query = { name = …, value = … } }`

use http::HeaderMap;
use http::uri::PathAndQuery;
use zeroize::Zeroizing;

use super::credential::{ApplyCredential, UnsignedRequest};
use super::{
    AuthMethod, Credential, CredentialError, SecretSource, SecretSources, SecretString, text,
};
use crate::third_party::form::pairs;

/// A query parameter.
#[derive(Debug, Clone)]
pub struct QueryAuth {
    /// The parameter's name.
    pub name: String,
    /// The secret.
    pub value: SecretSource,
}

impl AuthMethod for QueryAuth {
    fn secrets(&self) -> SecretSources<'_> {
        [Some(&self.value), None]
    }

    fn credential(&self, secrets: &[SecretString]) -> Result<Credential, CredentialError> {
        Ok(Credential::query(&self.name, text(secrets, 0)))
    }

    fn query_parameter(&self) -> Option<&str> {
        Some(&self.name)
    }
}

impl Credential {
    /// Builds a query parameter.
    pub fn query(name: &str, secret: &str) -> Self {
        let credential = QueryCredential(name.to_owned(), Zeroizing::new(secret.to_owned()));
        Self::new(credential, secret)
    }
}

struct QueryCredential(String, Zeroizing<String>);

impl ApplyCredential for QueryCredential {
    fn apply(
        &self,
        request: &UnsignedRequest<'_>,
        _: &mut HeaderMap,
    ) -> Result<PathAndQuery, CredentialError> {
        let Self(name, secret) = self;
        let target = request.target;
        // A redirect may repeat the parameter.
        let is_it = |part: &&str| {
            let mut read = url::form_urlencoded::parse(part.as_bytes());
            read.next().is_some_and(|(known, _)| known == **name)
        };
        let parts = target.query().unwrap_or_default().split('&');
        let parts = parts.filter(|part| !part.is_empty() && !is_it(part));
        let mut whole = Zeroizing::new(format!("{}?", target.path()));
        for part in parts {
            whole.push_str(part);
            whole.push('&');
        }
        whole.push_str(&Zeroizing::new(pairs([(&**name, &***secret)])));
        whole.parse().map_err(|_| CredentialError::NotForAQuery)
    }
}
