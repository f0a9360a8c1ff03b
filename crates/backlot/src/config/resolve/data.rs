//! `[data]`

use backlot_server::admission::RateLimit;
use backlot_server::connections::Quotas;
use backlot_server::rooms::data::{DataRates, DataRoomSettings, RequestLimits, StorageQuotas};

use super::report::Report;
use crate::config::sections::{ByPlan, Data, RateLimit as RateLimitValue};

pub(super) fn resolve(data: &Data, report: &mut Report<'_>) -> DataRoomSettings {
    let visitor = Some(data.visitor_rate_limit);
    let rates = DataRates {
        instance: rate("data.rate_limit", data.rate_limit, report),
        caller: rate("data.caller_rate_limit", data.caller_rate_limit, report),
        visitor: rate("data.visitor_rate_limit", visitor, report),
        app: rate("data.app_rate_limit", data.app_rate_limit, report),
    };
    DataRoomSettings {
        body_bytes: data.body_limit.bytes(),
        silence: data.silence_timeout.std(),
        storage: StorageQuotas {
            items: quotas(&data.max_items, |items| *items),
            bytes: quotas(&data.max_bytes, |bytes| bytes.bytes()),
        },
        rates,
        limits: RequestLimits::default(),
    }
}

fn rate(key: &str, limit: Option<RateLimitValue>, report: &mut Report<'_>) -> Option<RateLimit> {
    let limit = limit?;
    if limit.per.std().is_zero() {
        let remedy = "write for example { requests = 600, per = \"1m\" }";
        report.problem(key, "`per` is zero", remedy);
        return None;
    }
    Some(RateLimit {
        requests: limit.requests,
        per: limit.per.std(),
    })
}

fn quotas<T>(by_plan: &ByPlan<T>, number: impl Fn(&T) -> u64) -> Quotas {
    match by_plan {
        ByPlan::All(all) => Quotas {
            plans: Vec::new(),
            others: Some(number(all)),
        },
        ByPlan::Plans(plans) => Quotas {
            plans: plans
                .iter()
                .filter(|(plan, _)| *plan != "*")
                .map(|(plan, most)| (plan.clone(), number(most)))
                .collect(),
            others: plans.get("*").map(number),
        },
    }
}
