//! The simulated app: what Wix's app dashboard shows of a real one.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use backlot_wix::AppId;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::WorldError;

/// Id, secret and keys, never those of a real app. There is no `Debug` on purpose.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct App {
    /// The app id.
    pub id: AppId,
    /// The app secret, a GUID as Wix's are.
    pub secret: String,
    /// The public key that webhooks are checked with (PEM).
    pub public_key: String,
    /// Its private half (PEM), which with a real app only Wix has.
    pub private_key: String,
}

impl App {
    pub(super) fn make(guid: &mut dyn FnMut() -> Uuid) -> Result<Self, WorldError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| WorldError::NoKey)?;
        let private: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| WorldError::NoKey)?;
        let public: PublicKeyX509Der<'_> =
            pair.public_key().as_der().map_err(|_| WorldError::NoKey)?;
        Ok(Self {
            id: AppId::new(guid()),
            secret: guid().hyphenated().to_string(),
            public_key: public_pem(public.as_ref()),
            private_key: pem("PRIVATE KEY", private.as_ref()),
        })
    }
}

/// Writes a public key as PEM, as Wix's app dashboard shows it.
pub(crate) fn public_pem(der: &[u8]) -> String {
    pem("PUBLIC KEY", der)
}

fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text + &format!("-----END {label}-----\n")
}
