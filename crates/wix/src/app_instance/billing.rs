//! What is paid for.

use serde::{Deserialize, Serialize};

/// The plan that is paid for, or tried.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Billing {
    /// The plan; the same as `vendorProductId` in signed instances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_name: Option<String>,
    /// `MONTHLY`, `YEARLY`, `ONE_TIME`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_cycle: Option<String>,
    /// When it was bought, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_stamp: Option<String>,
    /// When the cycle ends, ISO 8601; for yearly plans only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_date: Option<String>,
    /// Whether it goes on by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_renewing: Option<bool>,
    /// The invoice of this cycle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<String>,
    /// A coupon's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The trial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_trial_info: Option<FreeTrial>,
}

/// A free trial.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FreeTrial {
    /// `IN_PROGRESS`, `ENDED` or `NOT_AVAILABLE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// When it ended, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
}

/// A plan to choose from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AvailablePlan {
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_name: Option<String>,
    /// A bundle, or another app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}
