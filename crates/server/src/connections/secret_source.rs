//! Reading the secrets of a connection.

use backlot_outbound::third_party::{SecretSource, SecretString};
use backlot_wix::InstanceId;

use super::remedies::OF_A_SECRET;
use crate::error::{ApiError, ErrorCode};
use crate::secrets::{Vault, VaultError};

/// Returns the text of a source, for an instance if it has its own.
pub(crate) async fn read(
    source: &SecretSource,
    vault: Option<&Vault>,
    instance_id: Option<InstanceId>,
) -> Result<SecretString, ApiError> {
    let (owner, name, missing) = match source {
        SecretSource::Plain(text) => return Ok(SecretString::new(text.to_string())),
        SecretSource::Text(text) => return Ok(text.clone()),
        SecretSource::Shared(name) => (None, name, ErrorCode::SecretMissing),
        SecretSource::OfInstance(name) => (instance_id, name, ErrorCode::ConnectionNotConnected),
    };
    let missing = || ApiError::from(missing).with_source(format!("{OF_A_SECRET}{name}"));
    if owner.is_none() && source.is_per_instance() {
        return Err(missing());
    }
    let vault = vault.ok_or_else(missing)?;
    vault.secret(owner, name).await?.ok_or_else(missing)
}

impl From<VaultError> for ApiError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Store(error) => error.into(),
            other => Self::from(ErrorCode::SecretUnreadable).with_source(other),
        }
    }
}
