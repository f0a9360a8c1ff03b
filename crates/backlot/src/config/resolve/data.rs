//! `[data]`

use backlot_server::handlers::data::{DataApiSettings, DataRates, RequestLimits, StorageQuotas};
use backlot_server::policy::quota::Quotas;

use super::allowance::{quotas, rate_limit};
use crate::config::sections::{ByPlan, Data};

pub(super) fn resolve(data: &Data) -> DataApiSettings {
    let rates = DataRates {
        instance: data.rate_limit.map(rate_limit),
        caller: data.caller_rate_limit.map(rate_limit),
        visitor: Some(rate_limit(data.visitor_rate_limit)),
        app: data.app_rate_limit.map(rate_limit),
    };
    DataApiSettings {
        body_bytes: data.body_limit.bytes(),
        idle_timeout: data.idle_timeout.std(),
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
