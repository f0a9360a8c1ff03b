//! The record of one request: what its log line and the metrics are made of.
//!
//! It never holds a query string, a header or a body, so no credential can get into the log.

use std::time::{Duration, Instant};

use backlot_wix::{InstanceId, Role};
use http::{Method, StatusCode};
use jiff::Timestamp;

use super::route_group::RouteGroup;
use crate::error::ErrorKind;
use crate::http::request_id::RequestId;

/// What is known of a request so far.
#[derive(Debug, Clone)]
pub(crate) struct RequestRecord {
    pub(crate) id: RequestId,
    pub(crate) arrived_at: Timestamp,
    pub(crate) started: Instant,
    pub(crate) method: Method,
    pub(crate) route_group: RouteGroup,
    pub(crate) status: StatusCode,
    pub(crate) code: Option<ErrorKind>,
    pub(crate) cause: Option<String>,
    /// The fields, parameters or headers that the response names: never what they hold.
    pub(crate) about: Option<String>,
    pub(crate) caller: Option<(InstanceId, Role)>,
    pub(crate) old_secret: bool,
    pub(crate) response_bytes: u64,
    pub(crate) ending: Completion,
}

/// How a response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Completion {
    /// Not yet; at the end: the client went away.
    Open,
    /// All of it was sent.
    Complete,
    /// The sender broke off.
    BrokenOff,
}

impl RequestRecord {
    /// `warn` for what an operator should look at.
    pub(crate) fn level(&self) -> &'static str {
        if self.status.is_server_error() || self.ending == Completion::BrokenOff {
            "warn"
        } else {
            "info"
        }
    }
}

/// 499, as in nginx: the status in the log if the client disconnected before the response.
pub(crate) fn client_closed_request() -> StatusCode {
    StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST)
}

/// Microseconds, as far as they fit.
pub(crate) fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
