//! Rate limits: so many requests in so much time, for each instance on its own.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use aws_lc_rs::digest;
use backlot_wix::InstanceId;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::error::{ApiError, ErrorCode};

/// So many requests in so much time. Unused ones add up to that many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// How many.
    pub requests: NonZeroU32,
    /// In how much time.
    pub per: Duration,
}

impl RateLimit {
    /// Whether this lets no more through than the other, at once and over time.
    pub(crate) fn is_at_most(self, other: Self) -> bool {
        let scaled = |limit: Self, per: Duration| per.as_nanos() * u128::from(limit.requests.get());
        self.requests <= other.requests && scaled(self, other.per) <= scaled(other, self.per)
    }
}

/// Whose requests are counted: an instance, or where callers are not verified, a client's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RateKey([u8; 16]);

impl RateKey {
    /// What is counted for all together.
    pub(crate) const EVERYBODY: Self = Self([0; 16]);

    /// One user of an instance.
    pub(crate) fn of_user(self, user_id: Option<&str>) -> Self {
        self.with(user_id.unwrap_or_default().as_bytes())
    }

    /// One client address of an instance's visitors.
    pub(crate) fn of_client(self, address: IpAddr) -> Self {
        self.with(&Self::from(address).0)
    }

    fn with(self, more: &[u8]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&self.0);
        context.update(more);
        let mut key = [0; 16];
        key.copy_from_slice(&context.finish().as_ref()[..16]);
        Self(key)
    }
}

impl From<InstanceId> for RateKey {
    fn from(id: InstanceId) -> Self {
        Self(*id.as_bytes())
    }
}

impl From<IpAddr> for RateKey {
    /// One customer of a provider has a whole /64 of IPv6.
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.to_ipv6_mapped().octets()),
            IpAddr::V6(address) => {
                let mut octets = address.octets();
                octets[8..].fill(0);
                Self(octets)
            }
        }
    }
}

/// No rate is counted over a longer time.
const MAX_PERIOD: Duration = Duration::from_hours(24 * 31);

/// Counts.
pub(crate) struct Limiter(DefaultKeyedRateLimiter<RateKey>);

impl Limiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        // The library counts in nanoseconds, and has no room for ages.
        let one = limit.per.min(MAX_PERIOD) / limit.requests.get();
        let quota = Quota::with_period(one.max(Duration::from_nanos(1)))
            .unwrap_or_else(|| Quota::per_second(limit.requests))
            .allow_burst(limit.requests);
        Self(RateLimiter::keyed(quota))
    }

    /// Counts a request, or refuses it.
    pub(crate) fn check(&self, key: RateKey) -> Result<(), ApiError> {
        self.take(key)
            .map_err(|wait| ApiError::from(ErrorCode::RateLimited).retry_after_time(wait))
    }

    /// Counts one, or says how long to wait for the next.
    pub(crate) fn take(&self, key: RateKey) -> Result<(), Duration> {
        self.0
            .check_key(&key)
            .map_err(|until| until.wait_time_from(DefaultClock::default().now()))
    }

    /// Forgets keys whose allowance is full again, so that memory follows the callers of late.
    pub(crate) fn forget_idle(&self) {
        self.0.retain_recent();
        self.0.shrink_to_fit();
    }
}
