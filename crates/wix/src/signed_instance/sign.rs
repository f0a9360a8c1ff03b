//! Signing, as Wix does it: for the simulator, for scripts and for tests.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::AppSecret;

/// Signs the bytes of a JSON object: `signature.payload`, base64url without padding.
pub fn sign(secret: &AppSecret, json: &[u8]) -> String {
    let payload = URL_SAFE_NO_PAD.encode(json);
    let signature = hmac::sign(secret.key(), payload.as_bytes());
    let mut instance = URL_SAFE_NO_PAD.encode(signature);
    instance.push('.');
    instance.push_str(&payload);
    instance
}
