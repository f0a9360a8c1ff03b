//! The P-256 keys: made here, kept by the store.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use backlot_store::signing_keys::SigningKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};

/// A key that cannot be made or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing key cannot be made or read; the database may be damaged")]
pub struct KeyError;

/// A key pair ready for use. It cannot be printed.
pub struct SigningKeyPair {
    pub(super) key_id: String,
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
    x: String,
    y: String,
}

impl fmt::Debug for SigningKeyPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKeyPair({})", self.key_id)
    }
}

/// Makes a new key. Its id is the beginning of its public half's SHA-256.
pub fn new_signing_key(now: Timestamp) -> Result<SigningKey, KeyError> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| KeyError)?;
    let fingerprint = digest(&SHA256, pair.public_key().as_ref());
    Ok(SigningKey {
        key_id: URL_SAFE_NO_PAD.encode(&fingerprint.as_ref()[..12]),
        private_key: pair.to_pkcs8v1().map_err(|_| KeyError)?.as_ref().to_vec(),
        created_at: now,
    })
}

impl SigningKeyPair {
    /// Reads a kept key.
    pub fn read(key: &SigningKey) -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key.private_key)
            .map_err(|_| KeyError)?;
        // An uncompressed point: one byte of form, 32 of x, 32 of y.
        let point = pair.public_key().as_ref();
        let (Some(x), Some(y)) = (point.get(1..33), point.get(33..65)) else {
            return Err(KeyError);
        };
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        Ok(Self {
            key_id: key.key_id.clone(),
            encoding: EncodingKey::from_ec_der(&key.private_key),
            decoding: DecodingKey::from_ec_components(&x, &y).map_err(|_| KeyError)?,
            x,
            y,
        })
    }

    /// The public half as a JSON Web Key (RFC 7517).
    pub(super) fn to_jwk(&self) -> Value {
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
            "kid": self.key_id, "x": self.x, "y": self.y,
        })
    }
}
