//! Request records, log lines and metrics.

pub(crate) mod event_metrics;
pub mod log;
pub(crate) mod metrics;
pub(crate) mod record;
pub(crate) mod route_group;
