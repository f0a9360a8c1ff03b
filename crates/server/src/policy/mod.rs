//! Whether a verified caller may come in: role, plan, rate; which calls may go out; and which headers may go along.

mod access;
mod call_pattern;
mod deciders;
mod fold;
pub(crate) mod forged;
mod precedence;
pub mod quota;
mod rate_limit;

pub use access::{AccessRule, AuthPolicy, Roles};
pub use call_pattern::{CallPattern, CallPatternError, Overlap, PlainPath};
pub(crate) use deciders::{Deciders, RuledLine};
pub(crate) use fold::{compatible, fold, folded};
pub(crate) use precedence::Precedence;
pub use rate_limit::RateLimit;
pub(crate) use rate_limit::{Limiter, RateKey};
