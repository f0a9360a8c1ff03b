//! The error of the library.

use backlot_server::StartupError;

use crate::config::ConfigError;
use crate::user_error::UserError;

/// The error for a server that cannot be bound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration has mistakes.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The operator must change something other than the configuration. The message says what.
    #[error("{0}")]
    Setup(String),
    /// The server cannot start: an address is in use, or a key or certificate cannot be read.
    #[error(transparent)]
    Startup(#[from] StartupError),
    /// Another error, such as of the database or the file system.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Finds the kind of an error of the commands, which keep their errors open.
    pub(crate) fn from_anyhow(error: anyhow::Error) -> Self {
        if error.is::<UserError>() {
            return Self::Setup(format!("{error:#}"));
        }
        let error = match error.downcast() {
            Ok(error) => return Self::Config(error),
            Err(error) => error,
        };
        match error.downcast() {
            Ok(error) => Self::Startup(error),
            Err(error) => Self::Other(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use anyhow::Context as _;

    use super::*;
    use crate::user_error::user_error;

    #[test]
    fn kinds_are_found_and_sources_are_kept() {
        let setup = Error::from_anyhow(user_error("IN_USE: stop it"));
        assert!(matches!(&setup, Error::Setup(text) if text == "IN_USE: stop it"));
        let config = Error::from_anyhow(ConfigError::default().into());
        assert!(matches!(config, Error::Config(_)));
        let cause = std::io::Error::other("the disk is gone");
        let other: anyhow::Result<()> = Err(cause).context("cannot read the key");
        let other = Error::from_anyhow(other.unwrap_err());
        assert_eq!(other.to_string(), "cannot read the key");
        assert_eq!(other.source().unwrap().to_string(), "the disk is gone");
    }
}
