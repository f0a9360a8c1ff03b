//! `[data]`

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RateLimit;
use crate::config::values::{Size, Timeout};

/// Wix Data on your own server: collections and items for every instance, for the npm client `@wix/data`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// The folder of the collections that every instance has, with one TOML file for each (see `docs/data.md`). It is
    /// relative to the configuration's folder, and need not exist.
    pub collections: String,
    /// The maximum size of a request's body. The maximum size of an item is 500 kB.
    pub body_limit: Size,
    /// How long a client may pause in the middle of a body.
    pub idle_timeout: Timeout,
    /// The rate limit of the visitors, members and the owner of an instance together: `{ requests = 6000, per = "1m"
    /// }`. Defaults to no limit.
    pub rate_limit: Option<RateLimit>,
    /// The rate limit of each member and each owner. Defaults to no limit.
    pub caller_rate_limit: Option<RateLimit>,
    /// The rate limit of an instance's visitors from one client address.
    pub visitor_rate_limit: RateLimit,
    /// The rate limit of the app itself on one instance. Defaults to no limit.
    pub app_rate_limit: Option<RateLimit>,
    /// The maximum number of items and links of an instance, by plan: `{ pro = 100000, "*" = 1000 }`. `*` is any other plan,
    /// including the free one. Beyond it, inserts fail with `STORAGE_QUOTA_EXCEEDED`. Defaults to no limit.
    pub max_items: ByPlan<u64>,
    /// The maximum size of an instance's items as JSON and of its links, by plan: `{ pro = "10GiB", "*" = "100MiB" }`.
    /// Defaults to no limit.
    pub max_bytes: ByPlan<Size>,
}

/// One value for all plans, or one for each.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ByPlan<T> {
    /// The same value for all plans.
    All(T),
    /// By the name of the plan. `*` is any other plan, including the free one.
    Plans(BTreeMap<String, T>),
}

impl<T> Default for ByPlan<T> {
    fn default() -> Self {
        Self::Plans(BTreeMap::new())
    }
}

impl Default for Data {
    fn default() -> Self {
        Self {
            collections: "collections".to_owned(),
            body_limit: Size::mib(16),
            idle_timeout: Timeout::seconds(30),
            rate_limit: None,
            caller_rate_limit: None,
            visitor_rate_limit: RateLimit {
                requests: NonZeroU32::MIN.saturating_add(1199),
                per: Timeout::minutes(1),
            },
            app_rate_limit: None,
            max_items: ByPlan::default(),
            max_bytes: ByPlan::default(),
        }
    }
}
