//! `/wix/<path>` is a call to Wix's REST APIs as the app, on the caller's instance.
//!
//! That is elevation: the app may do more than its callers. So nothing is allowed that the
//! configuration does not name, call by call, with the roles that may make it. The caller's own
//! credential goes no further, and neither does any header that could say on whose behalf the call is.
//!
//! The steps of a request: `allow_list` (which call, and who may make it) → `http::wix_headers` (what goes
//! along) → `call` (to Wix, with its response unchanged).

mod allow_list;
mod call;

pub(crate) use allow_list::WixCalls;
pub use allow_list::{AllowedCall, OnBehalfOf};
pub(crate) use call::handle;

use std::time::Duration;

/// The settings of these handlers.
#[derive(Debug, Clone)]
pub struct WixCallSettings {
    /// The calls that may be made.
    pub calls: Vec<AllowedCall>,
    /// The most bytes of a request's body.
    pub body_bytes: u64,
    /// How long either side may be silent in the middle of a body.
    pub idle_timeout: Duration,
}
