//! A credential for requests.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method};
use jiff::Timestamp;

use crate::redact::SecretPatterns;

/// A credential, ready for requests. It cannot be printed. Clones share it.
#[derive(Clone)]
pub struct Credential {
    /// `None` for no credential.
    applied: Option<Arc<dyn ApplyCredential>>,
    pub(super) secret_patterns: SecretPatterns,
    generation: u64,
}

/// Puts a credential on a request.
pub(super) trait ApplyCredential: Send + Sync {
    /// Adds headers, and returns the path and query to request.
    fn apply(
        &self,
        request: &UnsignedRequest<'_>,
        headers: &mut HeaderMap,
    ) -> Result<PathAndQuery, CredentialError>;
}

/// Why a credential cannot be put on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// A header cannot hold it.
    #[error("the credential holds characters that no header can carry, such as a line break")]
    NotForAHeader,
    /// The query with it is not valid.
    #[error("the credential does not fit into the query")]
    NotForAQuery,
    /// It signs the body, which is streamed.
    #[error("the signature needs the whole body")]
    NeedsBody,
}

/// A request without its credential.
pub(in crate::third_party) struct UnsignedRequest<'call> {
    pub(in crate::third_party) method: &'call Method,
    pub(in crate::third_party) target: &'call PathAndQuery,
    /// The same with the path of the API's address in front, as the third party sees it.
    pub(in crate::third_party) full_target: &'call PathAndQuery,
    pub(in crate::third_party) host: &'call str,
    /// `None` if it is streamed.
    pub(in crate::third_party) body: Option<&'call Bytes>,
    pub(in crate::third_party) now: Timestamp,
}

impl Credential {
    /// No credential.
    pub fn none() -> Self {
        Self {
            applied: None,
            secret_patterns: SecretPatterns::default(),
            generation: 0,
        }
    }

    pub(super) fn new(applied: impl ApplyCredential + 'static, secret: &str) -> Self {
        static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self {
            applied: Some(Arc::new(applied)),
            secret_patterns: SecretPatterns::new(secret.as_bytes()),
            generation: SEED.hash_one(secret),
        }
    }

    /// Returns the patterns that responses are searched for.
    pub const fn secret_patterns(&self) -> &SecretPatterns {
        &self.secret_patterns
    }

    /// Returns a number that differs for another secret, as long as this program runs. It reveals nothing of the
    /// secret.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Puts the credential on a request: in its headers, or in the path and query that are returned.
    pub(in crate::third_party) fn apply(
        &self,
        request: &UnsignedRequest<'_>,
        headers: &mut HeaderMap,
    ) -> Result<PathAndQuery, CredentialError> {
        match &self.applied {
            Some(applied) => applied.apply(request, headers),
            None => Ok(request.target.clone()),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credential(…)")
    }
}
