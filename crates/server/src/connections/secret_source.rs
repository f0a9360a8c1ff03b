//! Where a text of the configuration comes from when a call is made.

use backlot_wix::InstanceId;

use super::remedies::OF_A_SECRET;
use crate::error::{ApiError, ErrorCode};
use crate::secrets::{SecretString, Vault, VaultError};

/// Where a text comes from.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// It is no secret.
    Plain(Box<str>),
    /// It is known since the start: from a file, the environment or a command.
    Text(SecretString),
    /// A secret that all instances share, by its name.
    Shared(Box<str>),
    /// The instance's own secret of this name: its owner typed it in.
    OfInstance(Box<str>),
}

impl SecretSource {
    /// Whether each instance has its own.
    pub const fn is_own(&self) -> bool {
        matches!(self, Self::OfInstance(_))
    }

    /// Whether the vault keeps it.
    pub(crate) const fn is_kept(&self) -> bool {
        matches!(self, Self::Shared(_) | Self::OfInstance(_))
    }

    /// The text, open.
    pub(crate) async fn read(
        &self,
        vault: Option<&Vault>,
        instance_id: Option<InstanceId>,
    ) -> Result<SecretString, ApiError> {
        let (whose, name, missing) = match self {
            Self::Plain(text) => return Ok(SecretString::new(text.to_string())),
            Self::Text(text) => return Ok(text.clone()),
            Self::Shared(name) => (None, name, ErrorCode::SecretMissing),
            Self::OfInstance(name) => (instance_id, name, ErrorCode::ConnectionNotConnected),
        };
        let missing = || ApiError::from(missing).with_source(format!("{OF_A_SECRET}{name}"));
        if whose.is_none() && matches!(self, Self::OfInstance(_)) {
            return Err(missing());
        }
        let vault = vault.ok_or_else(missing)?;
        vault.secret(whose, name).await?.ok_or_else(missing)
    }
}

impl From<VaultError> for ApiError {
    fn from(fault: VaultError) -> Self {
        match fault {
            VaultError::Store(error) => error.into(),
            other => Self::from(ErrorCode::SecretUnreadable).with_source(other),
        }
    }
}
