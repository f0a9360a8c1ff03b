//! Elevated tokens: what the developer's own server is handed so that it may act as the app on the
//! one instance whose request it is answering.
//!
//! A JWT signed with ES256 by a key that never leaves this server; it can be verified with the
//! public half at `/.well-known/jwks.json`. Claims: `iss` (`backlot`), `aud` (the app id), `sub`
//! (the instance id), `iat`, `exp`. It carries no user: it speaks for the app. One that lasts longer
//! than tokens of this server do is refused, even with a valid signature.
//!
//! A token is made once per instance and handed out again while more than half of its life is left,
//! so making them costs the request's path nothing most of the time. The cache is bounded.
//!
//! - [`keys`]: a key pair; [`key_set`]: those that are in use at a moment
//! - [`key_store`]: the keys in the database, sealed by the vault, and their rotation
//! - [`reload`]: how a running server learns of new ones

mod key_set;
mod key_store;
mod keys;
mod reload;
mod tokens;

pub use key_set::{KeySet, KeyState};
pub use key_store::{
    KeyListing, PUBLISH_DELAY, SigningKeyError, SigningKeyStore, UPGRADE_DELAY, list_signing_keys,
};
pub use keys::{KeyError, SigningKeyPair};
pub(crate) use reload::{KeyReloader, RELOAD_SECONDS};
pub(crate) use tokens::ELEVATED_TOKEN;
pub use tokens::{ElevatedTokens, TokenFault, TokenLimits};
