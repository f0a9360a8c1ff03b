//! The pieces that signatures of webhooks are checked with.
//!
//! Rules: signatures are compared in constant time; of several secrets, which there are while one is replaced, any one
//! suffices; times of signatures may lie on either side of this server's clock.

use aws_lc_rs::{constant_time, digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};

use backlot_outbound::third_party::SecretString;

/// The time window that providers document.
pub(super) const FIVE_MINUTES: SignedDuration = SignedDuration::from_mins(5);

/// Why a signature does not prove where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header or parameter is absent.
    #[error("{0} is missing")]
    Missing(Box<str>),
    /// A header or parameter cannot be read.
    #[error("{0} cannot be read")]
    Malformed(Box<str>),
    /// Another secret, another body, or another address.
    #[error("the signature does not belong to this request and these secrets")]
    Mismatch,
    /// It was made too long ago, or in the future.
    #[error("the signature's time is more than {0:#} away from this server's")]
    OutOfTime(SignedDuration),
    /// None of the secrets is written as the provider writes them.
    #[error("no secret is in the provider's format")]
    UnusableSecret,
}

/// Checks an HMAC over the parts, one after the other, by any of the secrets.
pub(super) fn check_hmac(
    algorithm: hmac::Algorithm,
    secrets: &[SecretString],
    parts: &[&[u8]],
    signature: &[u8],
) -> Result<(), SignatureError> {
    let keys = secrets.iter().map(|secret| secret.reveal().as_bytes());
    any_key(keys, algorithm, parts, &[signature])
}

/// Checks that one of the signatures is the HMAC by one of the keys.
pub(super) fn any_key<'key>(
    keys: impl Iterator<Item = &'key [u8]>,
    algorithm: hmac::Algorithm,
    parts: &[&[u8]],
    signatures: &[&[u8]],
) -> Result<(), SignatureError> {
    let mut is_proven = false;
    for key in keys {
        let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
        for part in parts {
            context.update(part);
        }
        let tag = context.sign();
        for signature in signatures {
            is_proven |= is_equal(tag.as_ref(), signature);
        }
    }
    if is_proven {
        Ok(())
    } else {
        Err(SignatureError::Mismatch)
    }
}

/// Checks that a text is one of the secrets.
pub(super) fn check_secret(secrets: &[SecretString], text: &str) -> Result<(), SignatureError> {
    let mut is_proven = false;
    for secret in secrets {
        // Of hashes, because the length of a secret is a secret, too.
        let hash = |text: &str| digest::digest(&digest::SHA256, text.as_bytes());
        is_proven |= is_equal(hash(secret.reveal()).as_ref(), hash(text).as_ref());
    }
    if is_proven {
        Ok(())
    } else {
        Err(SignatureError::Mismatch)
    }
}

/// Compares in constant time.
pub(super) fn is_equal(one: &[u8], other: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

/// Decodes hexadecimal digits.
pub(super) fn hex(text: &str, name: &str) -> Result<Vec<u8>, SignatureError> {
    const_hex::decode(text).map_err(|_| SignatureError::Malformed(name.into()))
}

/// Decodes base64.
pub(super) fn base64(text: &str, name: &str) -> Result<Vec<u8>, SignatureError> {
    let decoded = STANDARD.decode(text);
    decoded.map_err(|_| SignatureError::Malformed(name.into()))
}

/// Reads a number of seconds.
pub(super) fn seconds(text: &str, name: &str) -> Result<Timestamp, SignatureError> {
    let number = text.parse().ok();
    let time = number.and_then(|number| Timestamp::from_second(number).ok());
    time.ok_or_else(|| SignatureError::Malformed(name.into()))
}

/// Checks that a signature was made within a time window around now.
pub(super) fn check_time(
    made_at: Timestamp,
    now: Timestamp,
    tolerance: SignedDuration,
) -> Result<(), SignatureError> {
    if now.duration_since(made_at).abs() > tolerance {
        return Err(SignatureError::OutOfTime(tolerance));
    }
    Ok(())
}
