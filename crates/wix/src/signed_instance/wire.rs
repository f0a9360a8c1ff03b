//! Step 1: the shape of a signed instance. Nothing is verified here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::credential::MAX_CREDENTIAL_BYTES;

/// A signed instance taken apart: 32 bytes of signature and the segment they were made over.
#[derive(Clone, Copy)]
pub struct Wire<'value> {
    pub(super) signature: [u8; 32],
    pub(super) message: &'value str,
}

/// What is wrong with the shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// Longer than any real instance.
    #[error("it is longer than {MAX_CREDENTIAL_BYTES} bytes")]
    TooLong,
    /// Not `signature.payload`.
    #[error("it does not consist of two parts with one dot between them")]
    NotTwoParts,
    /// The part before the dot is no HMAC-SHA256.
    #[error("the part before the dot is not 32 bytes in base64url (43 characters)")]
    NotASignature,
    /// Nothing after the dot.
    #[error("there is nothing after the dot")]
    EmptyPayload,
}

impl<'value> Wire<'value> {
    /// Takes `value` apart. The signature must be base64url; one `=` behind it is ignored.
    ///
    /// # Errors
    ///
    /// Fails if the value does not have the form `signature.payload`.
    pub fn parse(value: &'value str) -> Result<Self, ShapeError> {
        if value.len() > MAX_CREDENTIAL_BYTES {
            return Err(ShapeError::TooLong);
        }
        let (signature, message) = value.split_once('.').ok_or(ShapeError::NotTwoParts)?;
        if message.contains('.') {
            return Err(ShapeError::NotTwoParts);
        }
        let text = signature.strip_suffix('=').unwrap_or(signature);
        let mut signature = [0; 32];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut signature) {
            Ok(32) => {}
            _ => return Err(ShapeError::NotASignature),
        }
        if message.is_empty() {
            return Err(ShapeError::EmptyPayload);
        }
        Ok(Self { signature, message })
    }
}
