//! The vocabulary and the wire formats of Wix, as a self-managed backend meets them.
//!
//! Pure functions: no I/O, no clock, no async. What needs the time takes it as an argument. Nothing
//! here knows of Backlot's server, so the crate can be used alone.
//!
//! - [`credential`]: which kind of credential an `Authorization` value is
//! - [`signed_instance`]: the `signature.payload` string that Wix puts in a page's `?instance=`
//! - [`jwt`]: the RS256 envelopes of webhooks, service plugins and `digest` headers
//! - [`event`]: the content of a webhook, with its nested JSON opened
//! - [`access_token`], [`token_info`]: the tokens that `fetchWithAuth` sends, and what Wix says of them
//! - [`oauth`], [`api_key`]: what a backend proves itself with when it calls Wix
//! - [`app_instance`]: what Wix knows of one installation and its site
//! - [`caller`]: who sent a request, once a credential is verified
//! - [`page_origin`]: whose page an origin is
//! - [`data`]: Wix Data: items, filters, collections
//! - [`error_body`]: the JSON shape of every error that Wix's clients understand

#![warn(missing_docs, clippy::missing_errors_doc)]

pub mod access_token;
pub mod api_key;
pub mod app_instance;
pub mod app_secret;
pub mod caller;
pub mod credential;
pub mod data;
pub mod error_body;
pub mod event;
pub mod ids;
mod json_object;
pub mod jwt;
mod lenient;
pub mod oauth;
pub mod page_origin;
pub mod role;
pub mod signed_instance;
pub mod token_info;

pub use api_key::{ApiKey, ApiKeyScope};
pub use app_instance::AppInstance;
pub use app_secret::{AppSecret, AppSecrets};
pub use caller::Caller;
pub use credential::Credential;
pub use ids::{AppId, InstanceId};
pub use page_origin::PageOrigin;
pub use role::Role;
