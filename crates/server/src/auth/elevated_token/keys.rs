//! The P-256 keys: made here, kept by the store.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// A key that cannot be made or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing key cannot be made or read; the database may be damaged")]
pub struct KeyError;

/// A key pair ready for use. It cannot be printed.
pub struct SigningKeyPair {
    pub(crate) key_id: String,
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
    x: String,
    y: String,
}

impl fmt::Debug for SigningKeyPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKeyPair({})", self.key_id)
    }
}

/// Makes a private key (PKCS #8, DER), and its id: the beginning of its public half's SHA-256.
pub(crate) fn generate() -> Result<(String, Zeroizing<Vec<u8>>), KeyError> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| KeyError)?;
    let private_key = pair.to_pkcs8v1().map_err(|_| KeyError)?.as_ref().to_vec();
    Ok((key_id(&pair), Zeroizing::new(private_key)))
}

fn key_id(pair: &EcdsaKeyPair) -> String {
    let fingerprint = digest(&SHA256, pair.public_key().as_ref());
    URL_SAFE_NO_PAD.encode(&fingerprint.as_ref()[..12])
}

impl SigningKeyPair {
    /// Reads a private key, which must be the one that this id belongs to.
    pub(crate) fn read(id: &str, private_key: &[u8]) -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private_key)
            .map_err(|_| KeyError)?;
        if key_id(&pair) != id {
            return Err(KeyError);
        }
        // An uncompressed point: one byte of form, 32 of x, 32 of y.
        let point = pair.public_key().as_ref();
        let (Some(x), Some(y)) = (point.get(1..33), point.get(33..65)) else {
            return Err(KeyError);
        };
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        Ok(Self {
            key_id: id.to_owned(),
            encoding: EncodingKey::from_ec_der(private_key),
            decoding: DecodingKey::from_ec_components(&x, &y).map_err(|_| KeyError)?,
            x,
            y,
        })
    }

    /// The public half as a JSON Web Key (RFC 7517).
    pub(crate) fn to_jwk(&self) -> Value {
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
            "kid": self.key_id, "x": self.x, "y": self.y,
        })
    }
}
