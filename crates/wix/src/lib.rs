//! The vocabulary and the wire formats of Wix, as a self-hosted backend meets them.
//!
//! Pure functions: no I/O, no clock, no async. What needs the time takes it as an argument. Nothing
//! here knows of Backlot's server, so the crate can be used alone.
//!
//! - [`credential`]: which kind of credential an `Authorization` value is
//! - [`signed_instance`]: the `signature.payload` string that Wix puts in a page's `?instance=`
//! - [`jwt`]: the RS256 envelopes of webhooks, service plugins and `digest` headers
//! - [`caller`]: who sent a request, once a credential is verified
//! - [`error_body`]: the JSON shape of every error that Wix's clients understand

pub mod app_secret;
pub mod caller;
pub mod credential;
pub mod error_body;
pub mod ids;
pub mod jwt;
pub mod role;
pub mod signed_instance;

pub use app_secret::{AppSecret, AppSecrets};
pub use caller::Caller;
pub use credential::Credential;
pub use ids::{AppId, InstanceId};
pub use role::Role;
