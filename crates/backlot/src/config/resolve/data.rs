//! `[data]`

use backlot_server::handlers::data::{DataApiSettings, DataRates, RequestLimits, StorageQuotas};
use backlot_server::policy::quota::Quotas;

use super::allowance::{quotas, rate_limit};
use super::report::Report;
use crate::config::sections::{ByPlan, Data, RateLimit as RateLimitValue};

pub(super) fn resolve(data: &Data, report: &mut Report<'_>) -> DataApiSettings {
    let mut rate = |key: &str, limit: Option<RateLimitValue>| {
        limit.and_then(|limit| rate_limit(format!("data.{key}"), limit, report))
    };
    let rates = DataRates {
        instance: rate("rate_limit", data.rate_limit),
        caller: rate("caller_rate_limit", data.caller_rate_limit),
        visitor: rate("visitor_rate_limit", Some(data.visitor_rate_limit)),
        app: rate("app_rate_limit", data.app_rate_limit),
    };
    DataApiSettings {
        body_bytes: data.body_limit.bytes(),
        silence: data.idle_timeout.std(),
        storage: StorageQuotas {
            items: by_plan(&data.max_items, |items| *items),
            bytes: by_plan(&data.max_bytes, |bytes| bytes.bytes()),
        },
        rates,
        limits: RequestLimits::default(),
    }
}

fn by_plan<T>(figures: &ByPlan<T>, number: impl Fn(&T) -> u64) -> Quotas {
    match figures {
        ByPlan::All(all) => Quotas {
            plans: Vec::new(),
            others: Some(number(all)),
        },
        ByPlan::Plans(plans) => quotas(plans, number),
    }
}
