//! The app's public key, in each of the spellings that people paste.

use std::fmt;

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use jsonwebtoken::DecodingKey;

/// An RSA public key, parsed once and kept.
#[derive(Clone)]
pub struct PublicKey {
    decoding: DecodingKey,
    pem: String,
}

/// The text is no RSA public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// It is something else.
    #[error(
        "not an RSA public key; paste it from the app's dashboard as PEM (-----BEGIN PUBLIC KEY-----), \
     or as the base64 text that WIX_CLIENT_PUBLIC_KEY holds"
    )]
    NotOne,
    /// The text is a private key.
    #[error(
        "this is a private key, and no server needs one here; paste the public key from the app's dashboard \
         (-----BEGIN PUBLIC KEY-----), and treat this private key as known to others if the file has left your hands"
    )]
    Private,
}

impl PublicKey {
    /// Reads a PEM, a PEM with `\n` written out, base64 of a PEM, or base64 of the DER inside.
    ///
    /// # Errors
    ///
    /// Fails if the text is not an RSA public key.
    pub fn parse(text: &str) -> Result<Self, PublicKeyError> {
        let pem = to_pem(text).ok_or(PublicKeyError::NotOne)?;
        if is_private(&pem) {
            return Err(PublicKeyError::Private);
        }
        let der = der_in(&pem).ok_or(PublicKeyError::NotOne)?;
        // `DecodingKey` accepts any bytes, so the bytes are checked by the library that uses them.
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &der)
            .map_err(|_| PublicKeyError::NotOne)?;
        let decoding = DecodingKey::from_rsa_der(&der);
        Ok(Self { decoding, pem })
    }

    /// The key as PEM, the form that Wix's dashboard shows.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub(super) const fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PublicKey(RSA)")
    }
}

fn to_pem(text: &str) -> Option<String> {
    const BEGIN: &str = "-----BEGIN";
    let text = with_line_breaks(text.trim().trim_matches('"'));
    if text.contains(BEGIN) {
        return Some(text);
    }
    let bytes = decode(&text)?;
    match String::from_utf8(bytes) {
        Ok(inner) if inner.contains(BEGIN) => Some(with_line_breaks(&inner)),
        Ok(inner) => Some(wrap_der(inner.as_bytes())),
        Err(not_text) => Some(wrap_der(not_text.as_bytes())),
    }
}

/// Replaces line breaks that are written out.
fn with_line_breaks(text: &str) -> String {
    text.replace("\\r", "").replace("\\n", "\n")
}

/// Decodes base64, with padding or without.
fn decode(text: &str) -> Option<Vec<u8>> {
    let compact: String = text.split_whitespace().collect();
    STANDARD_NO_PAD.decode(compact.trim_end_matches('=')).ok()
}

/// The bytes of the first public key in a PEM, in either of the forms that RSA keys have.
fn der_in(pem: &str) -> Option<Vec<u8>> {
    ["PUBLIC KEY", "RSA PUBLIC KEY"].iter().find_map(|label| {
        let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
        let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
        decode(body)
    })
}

/// Whether it is the private half, by its label or, whatever the label says, by its content: both forms of a private
/// key (PKCS #1 and #8) begin with a version number.
fn is_private(pem: &str) -> bool {
    if pem.contains("PRIVATE KEY") {
        return true;
    }
    let body: String = pem.lines().filter(|line| !line.contains("-----")).collect();
    let der = decode(&body).unwrap_or_default();
    let inner = match der.as_slice() {
        [0x30, length, inner @ ..] if *length < 0x80 => inner,
        [0x30, 0x81, _, inner @ ..] | [0x30, 0x82, _, _, inner @ ..] => inner,
        _ => return false,
    };
    inner.starts_with(&[0x02, 0x01])
}

/// Writes DER as a PEM of 64 characters a line.
fn wrap_der(der: &[u8]) -> String {
    let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
    let encoded = STANDARD.encode(der);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END PUBLIC KEY-----\n");
    pem
}
