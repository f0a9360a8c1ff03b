//! Rate limits, and limits by plan.

use std::collections::BTreeMap;

use backlot_server::policy::RateLimit;
use backlot_server::policy::quota::Quotas;

use crate::config::sections::RateLimit as RateLimitValue;

pub(super) fn rate_limit(limit: RateLimitValue) -> RateLimit {
    RateLimit {
        requests: limit.requests,
        per: limit.per.std(),
    }
}

/// Converts limits by plan. `*` is any other plan, including the free one.
pub(super) fn quotas<T>(plans: &BTreeMap<String, T>, number: impl Fn(&T) -> u64) -> Quotas {
    let named = plans.iter().filter(|(plan, _)| *plan != "*");
    Quotas {
        plans: named
            .map(|(plan, limit)| (plan.clone(), number(limit)))
            .collect(),
        others: plans.get("*").map(&number),
    }
}
