//! The client of Wix's REST APIs.
//!
//! It takes care of the app's token for each instance ([`tokens`]), the budget of requests a minute (`budget`), the wait
//! after 429 and retries (`send`), one request for equal ones (`coalesce`), and a circuit breaker for each instance.
//!
//! Rules: one instance never slows or stops another. Every response that is collected has a size limit and a deadline. A
//! response of Wix is returned as it is, errors included.
//!
//! Caveat: budgets and tokens are this process's own. Several nodes share Wix's limit, so each is
//! given its part of it (`wix.requests_per_minute`).
//!
//! Source: Wix's REST documentation, "Rate limits" and "Errors"; `AppStrategy.js` of `@wix/sdk`.

mod budget;
mod client;
mod coalesce;
mod credential;
mod error;
mod metadata_request;
mod request;
mod response;
mod safe;
mod send;
mod settings;
mod states;
mod tokens;
mod wire;
mod writes;

pub use crate::body::CallBody;
pub use client::WixClient;
pub use error::WixError;
pub use metadata_request::TokenInfoResponse;
pub use request::{Priority, Subject, WixRequest};
pub use response::WixBody;
pub use settings::WixSettings;
pub use tokens::{TokenEvents, TokenRefused};
