//! What is sealed of an account, and of an authorization under way.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The tokens of an account.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct Tokens {
    #[serde(rename = "a")]
    pub(super) access: String,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(super) refresh: Option<String>,
    /// The seconds that the access token had when it was given.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(super) lifetime: Option<u64>,
}

/// What must be known again when the owner comes back from the provider.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct Pending {
    /// PKCE's `code_verifier`.
    #[serde(rename = "v")]
    pub(super) verifier: String,
    /// Who began it.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub(super) user_id: Option<String>,
    /// Where the owner goes on to.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(super) return_to: Option<String>,
    /// The page that waits to be told, by its origin.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<String>,
}
