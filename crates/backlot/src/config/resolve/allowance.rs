//! Rates, and figures by plan, wherever a section has them.

use std::collections::BTreeMap;

use backlot_server::policy::RateLimit;
use backlot_server::policy::quota::Quotas;

use super::report::Report;
use crate::config::sections::RateLimit as RateLimitValue;

/// A rate, unless it is counted over no time at all.
pub(super) fn rate_limit(
    key: impl Into<String>,
    limit: RateLimitValue,
    report: &mut Report<'_>,
) -> Option<RateLimit> {
    let per = limit.per.std();
    if per.is_zero() {
        let remedy = "write for example { requests = 600, per = \"1m\" }";
        report.problem(key.into(), "`per` is zero", remedy);
        return None;
    }
    Some(RateLimit {
        requests: limit.requests,
        per,
    })
}

/// A figure for each plan; `*` is any other plan, and none.
pub(super) fn quotas<T>(plans: &BTreeMap<String, T>, number: impl Fn(&T) -> u64) -> Quotas {
    let named = plans.iter().filter(|(plan, _)| *plan != "*");
    Quotas {
        plans: named
            .map(|(plan, figure)| (plan.clone(), number(figure)))
            .collect(),
        others: plans.get("*").map(&number),
    }
}
