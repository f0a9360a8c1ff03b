//! The RS256 JSON Web Tokens that Wix sends: webhooks, service plugins and `digest` headers.
//!
//! The algorithm is pinned to RS256, whatever the token's header says. Expiry is checked against a
//! time that the caller gives; Wix's own client allows no leeway, and neither does this.
//!
//! Caveat: webhooks carry an `exp` weeks in the future. It is no protection against replay; the
//! event's id is.

mod digest;
mod public_key;
mod service_plugin;
mod webhook;

use jiff::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use digest::verify_digest;
pub use public_key::{PublicKey, PublicKeyError};
pub use service_plugin::{PluginCall, verify_service_plugin};
pub use webhook::{Webhook, verify_webhook};

/// Why a token is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JwtError {
    /// Not three base64url parts with a JOSE header.
    #[error("not a JSON Web Token")]
    NotAToken,
    /// Signed with another algorithm than RS256 (`none` and HS256 are known attacks).
    #[error("not signed with RS256")]
    WrongAlgorithm,
    /// Signed with another key.
    #[error("the signature was not made with the app's key")]
    WrongSignature,
    /// Past its `exp`.
    #[error("expired")]
    Expired,
    /// Before its `nbf`, or issued in the future.
    #[error("not valid yet")]
    NotYetValid,
    /// `iss` or `aud` name another party.
    #[error("issued by or for another party ({0})")]
    WrongParty(&'static str),
    /// The claims are not those of this kind of token.
    #[error("its content is not what this kind of token carries: {0}")]
    WrongContent(String),
    /// The hash in a `digest` header is not that of the body.
    #[error("the body is not the one that was signed")]
    WrongBody,
}

/// How far `iat` may lie in the future: clocks differ. Wix's own client does not compare it.
const MAX_CLOCK_SKEW_SECONDS: i64 = 300;

/// The times of a token, in Unix seconds.
#[derive(Deserialize)]
struct Times {
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
}

/// Checks signature and expiry and reads the claims.
fn verify<C: DeserializeOwned>(
    token: &str,
    key: &PublicKey,
    now: Timestamp,
) -> Result<C, JwtError> {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims =
        jsonwebtoken::decode::<serde_json::Value>(token.trim(), key.decoding(), &validation)
            .map_err(|error| match error.kind() {
                ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => {
                    JwtError::WrongAlgorithm
                }
                ErrorKind::InvalidSignature => JwtError::WrongSignature,
                _ if names_no_known_algorithm(token) => JwtError::WrongAlgorithm,
                _ => JwtError::NotAToken,
            })?
            .claims;
    let times = Times::deserialize(&claims).map_err(wrong_content)?;
    if times.exp <= now.as_second() {
        return Err(JwtError::Expired);
    }
    let is_early = times.nbf.is_some_and(|nbf| nbf > now.as_second());
    let latest_issue = now.as_second().saturating_add(MAX_CLOCK_SKEW_SECONDS);
    if is_early || times.iat.is_some_and(|iat| iat > latest_issue) {
        return Err(JwtError::NotYetValid);
    }
    C::deserialize(claims).map_err(wrong_content)
}

/// `alg: none` does not parse as a header at all; say what is wrong with it all the same.
fn names_no_known_algorithm(token: &str) -> bool {
    use base64::Engine as _;
    #[derive(Deserialize)]
    struct Header {
        alg: String,
    }
    token
        .split('.')
        .next()
        .and_then(|header| {
            base64::engine::general_purpose::URL_SAFE_NO_PAD
                .decode(header)
                .ok()
        })
        .and_then(|json| serde_json::from_slice::<Header>(&json).ok())
        .is_some_and(|header| header.alg != "RS256")
}

fn wrong_content(error: impl std::fmt::Display) -> JwtError {
    JwtError::WrongContent(error.to_string())
}
