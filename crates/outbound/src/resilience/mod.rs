//! What keeps a failing or slow server from stopping this one: retries, circuit breakers, limits.

mod circuit_breaker;
mod concurrency;
mod cooldown;
mod retry;
mod single_flight;
mod striped_counters;

pub(crate) use circuit_breaker::{CircuitBreaker, Permit};
pub(crate) use concurrency::{ConcurrencyLimit, ConcurrencyPermit};
pub(crate) use cooldown::Cooldown;
pub(crate) use retry::{Jitter, MAX_ATTEMPTS, RetryState, Retryability, is_transient, retry_after};
pub use single_flight::SingleFlight;
pub(crate) use striped_counters::StripedCounters;
