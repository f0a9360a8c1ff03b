//! `[data]`

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RateLimit;
use crate::config::values::{Duration, Size};

/// Wix Data on your own server: collections and items for every instance, spoken to with the npm client
/// `@wix/data`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// The folder of the collections that every instance has, one TOML file each (see
    /// `docs/data.md`), relative to the configuration's folder. It need not exist.
    pub collections: String,
    /// The most bytes of a request's body. An item itself has at most 500 kB.
    pub body_limit: Size,
    /// How long a client may be silent in the middle of a body.
    pub idle_timeout: Duration,
    /// How often the visitors, members and the owner of one instance may call, together:
    /// `{ requests = 6000, per = "1m" }`. Defaults to no limit.
    pub rate_limit: Option<RateLimit>,
    /// How often each member and each owner may call. Defaults to no limit.
    pub caller_rate_limit: Option<RateLimit>,
    /// How often visitors of an instance may call from one client address.
    pub visitor_rate_limit: RateLimit,
    /// How often the app itself may call on one instance. Defaults to no limit.
    pub app_rate_limit: Option<RateLimit>,
    /// How many items an instance may keep, by its plan: `{ pro = 100000, "*" = 1000 }`. `*` is any other plan, and none.
    /// Defaults to no limit. Where it is reached, writes that add are answered `STORAGE_QUOTA_EXCEEDED`.
    pub max_items: ByPlan<u64>,
    /// How many bytes of items, as JSON, an instance may keep, by its plan: `{ pro = "10GiB", "*" = "100MiB" }`. Defaults to no
    /// limit.
    pub max_bytes: ByPlan<Size>,
}

/// A figure for every plan, or one for each.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ByPlan<T> {
    /// The same for all.
    All(T),
    /// By the name of the plan; `*` for any other, and none.
    Plans(BTreeMap<String, T>),
}

impl<T> Default for ByPlan<T> {
    /// No limit.
    fn default() -> Self {
        Self::Plans(BTreeMap::new())
    }
}

impl Default for Data {
    fn default() -> Self {
        Self {
            collections: "collections".to_owned(),
            body_limit: Size::mib(16),
            idle_timeout: Duration::seconds(30),
            rate_limit: None,
            caller_rate_limit: None,
            visitor_rate_limit: RateLimit {
                requests: NonZeroU32::MIN.saturating_add(1199),
                per: Duration::seconds(60),
            },
            app_rate_limit: None,
            max_items: ByPlan::default(),
            max_bytes: ByPlan::default(),
        }
    }
}
