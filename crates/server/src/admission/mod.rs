//! Whether a verified caller may come in: role, plan, rate.

mod rate_limit;
mod rules;

pub use rate_limit::RateLimit;
pub(crate) use rate_limit::{Limiter, RateKey};
pub use rules::{Access, Roles, Rules};
