//! A secret that is open: it cannot be printed, and leaves memory when it is dropped.

use std::fmt;

use zeroize::Zeroizing;

/// The text of a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// The most bytes of a secret.
    pub const MOST_BYTES: usize = 64 * 1024;

    /// Takes a text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for the few places that hand it on.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretText(…)")
    }
}
