//! Bodies on their way through: they stream, they are never collected.
//!
//! A request's body has a cap ([`RequestBody`]); both directions have a limit to how long the
//! sender may be silent, and a request's body one to how slowly it may come ([`Pace`]). The timer for that is only armed while nothing arrives, so a body that is
//! already here costs none. Where it is not the developer's own server that replies, [`LimitedBody`] caps what
//! a reply brings in all.

mod announced;
mod call_body;
mod limited;
mod pace;
mod read_away;
mod reply_time;
mod request;
mod response_body_error;
mod silence;

pub use announced::announced_bytes;
pub use call_body::CallBody;
pub use limited::{LimitedBody, ReplyLimits};
pub use pace::{Pace, PaceLimits, PaceTimer};
pub use reply_time::in_reply_time;
pub use request::{BodyError, BodyLimits, Progress, RequestBody};
pub use response_body_error::ResponseBodyError;
pub(crate) use silence::Silence;
