//! Elevated tokens: what the developer's own server is handed so that it may act as the app on the
//! one instance whose request it is answering.
//!
//! A JWT signed with ES256 by a key that never leaves this server; anybody can check it with the
//! public half at `/.well-known/jwks.json`. Claims: `iss` (`backlot`), `aud` (the app id), `sub`
//! (the instance id), `iat`, `exp`. It carries no user: it speaks for the app.
//!
//! A token is made once per instance and handed out again while more than half of its life is left,
//! so making them costs the request's path nothing most of the time. The cache is bounded.

mod keys;
mod tokens;

pub use keys::{KeyError, SigningKeyPair, new_signing_key};
pub use tokens::{ElevatedTokens, TokenFault};
