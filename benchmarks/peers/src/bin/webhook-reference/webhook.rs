//! A webhook of Wix: a token signed with RS256, with text in text in text.

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use backlot_benchmark_peers::{Failure, unix_seconds};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;

/// What is stored.
pub(crate) struct Event {
    pub(crate) instance_id: String,
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) data: String,
}

#[derive(Deserialize)]
struct Claims {
    data: String,
    exp: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    data: String,
    instance_id: String,
    event_type: String,
}

#[derive(Deserialize)]
struct Content {
    id: String,
}

/// The app's public key.
pub(crate) struct Verifier(ParsedPublicKey);

impl Verifier {
    pub(crate) fn new(pem: &str) -> Result<Self, Failure> {
        let lines = pem.lines().filter(|line| !line.starts_with("-----"));
        let der = STANDARD.decode(lines.collect::<String>())?;
        Ok(Self(ParsedPublicKey::new(
            &RSA_PKCS1_2048_8192_SHA256,
            &der,
        )?))
    }

    /// Returns the event of a body. `None` if it is not signed with the key, has expired, or is no event.
    pub(crate) fn verify(&self, body: &[u8]) -> Option<Event> {
        let text = str::from_utf8(body).ok()?;
        let (signed, signature) = text.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.0.verify_sig(signed.as_bytes(), &signature).ok()?;
        let (_, claims) = signed.split_once('.')?;
        let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
        let claims: Claims = serde_json::from_slice(&claims).ok()?;
        if claims.exp <= unix_seconds().ok()? {
            return None;
        }
        let envelope: Envelope = serde_json::from_str(&claims.data).ok()?;
        let content: Content = serde_json::from_str(&envelope.data).ok()?;
        Some(Event {
            instance_id: envelope.instance_id,
            id: content.id,
            kind: envelope.event_type,
            data: envelope.data,
        })
    }
}
