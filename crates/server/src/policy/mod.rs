//! Whether a verified caller may come in: role, plan, rate; which calls may go out; and which headers may go along.

mod access;
mod allow_list;
mod authorize;
mod call_pattern;
mod data_rates;
mod deciders;
mod fold;
pub(crate) mod forged;
mod precedence;
pub mod quota;
mod rate_limit;

pub use access::{AccessRule, AuthPolicy, Roles};
pub(crate) use allow_list::{AllowList, RuledLine};
pub(crate) use authorize::{AnyCaller, Authorize, Managers, OwnServer};
pub use call_pattern::{CallPattern, CallPatternError, Overlap, PlainPath};
pub(crate) use data_rates::DataLimiters;
pub use data_rates::DataRates;
pub(crate) use deciders::Deciders;
pub(crate) use fold::{compatible, fold, folded};
pub(crate) use precedence::Precedence;
pub use rate_limit::RateLimit;
pub(crate) use rate_limit::{Limiter, RateKey};
