//! Signs webhooks as Wix does: RS256, with a key id in the header.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::world::public_pem;

/// The bytes of the key's digest in the key id, which has eight characters as Wix's have.
const KEY_ID_BYTES: usize = 6;

/// Signs webhooks with an RSA key. There is no `Debug` on purpose.
pub struct EventSigner {
    pair: KeyPair,
    public_key: String,
    key_id: String,
}

impl EventSigner {
    /// Reads the world's private key (`world.app.private_key`). Returns `None` if it is not an RSA key in PKCS #8.
    pub fn new(private_key: &str) -> Option<Self> {
        let body: String = private_key
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .flat_map(str::split_whitespace)
            .collect();
        let der = STANDARD.decode(body).ok()?;
        Self::from_pair(KeyPair::from_pkcs8(&der).ok()?)
    }

    /// Returns a signer with another key and the same key id, as an attacker would sign. Returns `None` if no key can be
    /// made.
    pub fn with_wrong_key(&self) -> Option<Self> {
        let other = Self::from_pair(KeyPair::generate(KeySize::Rsa2048).ok()?)?;
        Some(Self {
            key_id: self.key_id.clone(),
            ..other
        })
    }

    fn from_pair(pair: KeyPair) -> Option<Self> {
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().ok()?;
        let fingerprint = digest(&SHA256, der.as_ref());
        let key_id = URL_SAFE_NO_PAD.encode(fingerprint.as_ref().get(..KEY_ID_BYTES)?);
        Some(Self {
            public_key: public_pem(der.as_ref()),
            key_id,
            pair,
        })
    }

    /// The public key that these webhooks are verified with, as PEM.
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// The `kid` of the header.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Returns the JWT of these claims, or `None` if the library cannot sign.
    pub(super) fn sign(&self, claims: &[u8]) -> Option<String> {
        let header = json!({ "alg": "RS256", "kid": self.key_id }).to_string();
        let (header, claims) = (
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims),
        );
        let message = format!("{header}.{claims}");
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = SystemRandom::new();
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &random,
                message.as_bytes(),
                &mut signature,
            )
            .ok()?;
        Some(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
