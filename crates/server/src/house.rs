//! Everything that a request can reach, made once at the start.

use std::sync::atomic::AtomicBool;

use backlot_outbound::upstream::Client;
use ipnet::IpNet;

use crate::caller::Checker;
use crate::clock::Clock;
use crate::cors;
use crate::elevated::ElevatedTokens;
use crate::log::RequestLog;
use crate::metrics::Metrics;
use crate::registry::Registry;
use crate::routes::Routes;
use crate::tunnels::Tunnels;

pub(crate) struct House {
    pub(crate) clock: Clock,
    pub(crate) log: RequestLog,
    pub(crate) metrics: Metrics,
    pub(crate) cors: cors::Policy,
    pub(crate) cors_answer: cors::Answer,
    pub(crate) routes: Routes,
    pub(crate) checker: Checker,
    pub(crate) elevated: ElevatedTokens,
    pub(crate) registry: Registry,
    pub(crate) upstreams: Client,
    pub(crate) tunnels: Tunnels,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) head_limit_bytes: usize,
    /// True from the signal to stop on: replies close their connection.
    pub(crate) draining: AtomicBool,
}
