//! Step 2: the signature, in constant time, against every accepted secret.

use aws_lc_rs::hmac;

use super::wire::Wire;
use crate::AppSecrets;

/// No accepted secret made this signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no accepted app secret made this signature")]
pub struct SignatureMismatch;

/// A payload segment whose signature is right.
#[derive(Clone, Copy)]
pub struct Verified<'value> {
    pub(super) message: &'value str,
    secret_index: usize,
}

impl<'value> Wire<'value> {
    /// Checks the signature over the received bytes, newest secret first.
    ///
    /// # Errors
    ///
    /// Fails if no secret matches the signature.
    pub fn verify(&self, secrets: &AppSecrets) -> Result<Verified<'value>, SignatureMismatch> {
        let message = self.message;
        secrets
            .iter()
            .position(|secret| {
                hmac::verify(secret.key(), message.as_bytes(), &self.signature).is_ok()
            })
            .map(|secret_index| Verified {
                message,
                secret_index,
            })
            .ok_or(SignatureMismatch)
    }
}

impl Verified<'_> {
    /// Which secret it was: 0 is the newest, anything else an old one still accepted.
    pub const fn secret_index(&self) -> usize {
        self.secret_index
    }
}
