//! Calling Wix: the one client that every handler uses.
//!
//! It handles for all callers: the app's token for each instance ([`tokens`]), the
//! budget of calls a minute (`budget`), waiting after 429, repeating what may be repeated (`retry`),
//! one call for equal ones (`coalesce`), and rest for an instance whose calls fail ([`crate::breaker`]).
//!
//! Rules: what one instance does never slows or stops another; every answer that is read whole has a
//! cap and a deadline; a reply of Wix's is handed back as it is, refusals included.
//!
//! Caveat: budgets and tokens are this process's own. Several nodes share Wix's limit, so each is
//! given its part of it (`wix.requests_per_minute`).
//!
//! Source: Wix's REST documentation, "Rate limits" and "Errors"; `AppStrategy.js` of `@wix/sdk`.

mod attempts;
mod budget;
mod call;
mod client;
mod coalesce;
mod collect;
mod credential;
mod error;
mod places;
mod question;
mod reply;
mod safe;
mod settings;
mod states;
mod tokens;
mod wire;
mod writes;

pub use crate::body::CallBody;
pub use call::{Call, Priority, Subject};
pub use client::WixClient;
pub use error::WixError;
pub use question::TokenAnswer;
pub use reply::{WixBody, WixReply};
pub use settings::WixSettings;
pub use tokens::{TokenEvents, TokenRefused};
