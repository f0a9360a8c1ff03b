//! Secrets, and where they come from.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// The text of a secret. It cannot be printed. Clones share it, and it is wiped from memory with the last clone.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretString(Arc<Zeroizing<String>>);

impl SecretString {
    /// The most bytes of a secret.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Takes a text.
    pub fn new(text: String) -> Self {
        Self(Arc::new(Zeroizing::new(text)))
    }

    /// Returns the text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretString(…)")
    }
}

/// Where a text of the configuration comes from when a call is made.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// The configuration itself: the text is not secret.
    Plain(Box<str>),
    /// A file, the environment or a command, read at the start.
    Text(SecretString),
    /// A secret of this name in the vault, which all instances share.
    Shared(Box<str>),
    /// The instance's own secret of this name, which its owner typed in.
    OfInstance(Box<str>),
}

impl SecretSource {
    /// Returns whether each instance has its own.
    pub const fn is_per_instance(&self) -> bool {
        matches!(self, Self::OfInstance(_))
    }

    /// Returns whether the vault holds it.
    pub const fn is_in_vault(&self) -> bool {
        matches!(self, Self::Shared(_) | Self::OfInstance(_))
    }

    /// Returns whether the text is not secret.
    pub const fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// Returns the name of an instance's own secret.
    pub fn instance_name(&self) -> Option<&str> {
        match self {
            Self::OfInstance(name) => Some(name),
            Self::Plain(_) | Self::Text(_) | Self::Shared(_) => None,
        }
    }

    /// Returns the name of a secret in the vault that all instances share.
    pub fn shared_name(&self) -> Option<&str> {
        match self {
            Self::Shared(name) => Some(name),
            Self::Plain(_) | Self::Text(_) | Self::OfInstance(_) => None,
        }
    }
}
