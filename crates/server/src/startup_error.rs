//! Why a server cannot start.

use std::net::SocketAddr;

use backlot_store::StoreError;

use crate::auth::elevated_token::SigningKeyError;

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartupError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys of elevated tokens.
    #[error(transparent)]
    Keys(#[from] SigningKeyError),
    /// The settings hold no vault, which opens those keys.
    #[error("the settings hold no vault, which opens the signing key of elevated tokens")]
    NoVault,
    /// The certificates that upstreams are checked against.
    #[error(
        "cannot read the system's certificates, which https upstreams are checked against: {0}"
    )]
    Certificates(std::io::Error),
}
