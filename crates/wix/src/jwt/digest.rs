//! The `digest` header of other requests from Wix, such as those to payment providers: a JWT whose
//! claim is the SHA-256 of the raw body.
//!
//! Source: Wix documentation, "Verify requests received from Wix". Both spellings are in use: the
//! bare JWT, and `JWT=` before it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use serde::Deserialize;

use super::{JwtError, PublicKey, verify};

#[derive(Deserialize)]
struct Claims {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "SHA256")]
    sha256: String,
}

/// Verifies that `header` was signed over exactly these bytes.
///
/// # Errors
///
/// Fails if the header is not a valid token of the key, has expired, or belongs to another body.
pub fn verify_digest(
    header: &str,
    body: &[u8],
    key: &PublicKey,
    now: Timestamp,
) -> Result<(), JwtError> {
    let token = header.strip_prefix("JWT=").unwrap_or(header);
    let claims: Claims = verify(token, key, now)?;
    let expected = const_hex::encode(digest(&SHA256, body));
    verify_slices_are_equal(
        expected.as_bytes(),
        claims.data.sha256.to_ascii_lowercase().as_bytes(),
    )
    .map_err(|_| JwtError::WrongBody)
}
