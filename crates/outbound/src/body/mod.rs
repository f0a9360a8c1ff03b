//! Bodies of requests and responses, which are streamed and not collected.
//!
//! A request's body has a size limit ([`RequestBody`]). Both directions have an idle timeout, and a request's body a
//! slowest pace ([`Pace`]). Their timer runs only while nothing arrives, so a body that is complete costs none.
//! [`LimitedBody`] limits a response that does not come from the developer's own server.

mod call_body;
mod content_length;
mod drain;
mod idle_timeout;
mod limited;
mod pace;
mod request;
mod response_body_error;
mod response_timeout;

pub use call_body::CallBody;
pub use content_length::content_length;
pub(crate) use idle_timeout::IdleTimeout;
pub use limited::LimitedBody;
pub use pace::{Pace, PaceLimits, PaceTimer};
pub use request::{BodyError, BodyLimits, Progress, RequestBody};
pub use response_body_error::ResponseBodyError;
pub use response_timeout::in_response_time;
