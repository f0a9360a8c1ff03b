//! The credential of a call: the app's token for an instance, or the account's key.

use std::sync::Arc;

use backlot_wix::ApiKeyScope;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::client::Inner;
use super::tokens::CachedToken;
use super::{Subject, WixError};

/// A credential. It cannot be printed.
pub(super) enum Credential {
    Token(Arc<CachedToken>),
    ApiKey {
        key: HeaderValue,
        scope: (HeaderName, HeaderValue),
    },
}

impl Credential {
    /// Sets the headers. Wix takes both credentials without a scheme.
    pub(super) fn apply_to(&self, headers: &mut HeaderMap) {
        headers.remove("wix-site-id");
        headers.remove("wix-account-id");
        match self {
            Self::Token(token) => {
                headers.insert(AUTHORIZATION, token.header().clone());
            }
            Self::ApiKey { key, scope } => {
                headers.insert(AUTHORIZATION, key.clone());
                headers.insert(scope.0.clone(), scope.1.clone());
            }
        }
    }
}

impl Inner {
    /// Returns the credential for a call.
    pub(super) async fn credential(&self, subject: &Subject) -> Result<Credential, WixError> {
        let scope = match subject {
            Subject::App(instance_id) => {
                return self.tokens.get(*instance_id).await.map(Credential::Token);
            }
            Subject::Site(id) => ApiKeyScope::Site(id),
            Subject::Account(id) => ApiKeyScope::Account(id),
        };
        let key = self.api_key.as_ref().ok_or(WixError::NoApiKey)?;
        let mut key = HeaderValue::from_str(key.reveal()).map_err(|_| WixError::NoApiKey)?;
        key.set_sensitive(true);
        let (name, id) = scope.header();
        let id = HeaderValue::from_str(id).map_err(|_| WixError::BadPath)?;
        let scope = (HeaderName::from_static(name), id);
        Ok(Credential::ApiKey { key, scope })
    }
}
