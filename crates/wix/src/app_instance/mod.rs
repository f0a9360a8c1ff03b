//! `GET /apps/v1/instance`: what Wix knows of one installation of the app, and of its site.
//!
//! Every field may be missing: what a person has not granted, or Wix has not filled in, is left out.
//! Fields that are not named here are ignored.
//!
//! Source: typings of `@wix/auto_sdk_app-management_app-instances` 1.0.49 and Wix's sample.

mod billing;
mod site;

use serde::{Deserialize, Serialize};

pub use billing::{AvailablePlan, Billing, FreeTrial};
pub use site::{Language, LanguageLocale, Multilingual, OwnerInfo, Site};

/// The whole answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppInstance {
    /// The installation.
    pub instance: Installation,
    /// The site that it is on.
    pub site: Site,
}

/// The installation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Installation {
    /// The tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// The app's name in its dashboard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_name: Option<String>,
    /// `0.0.53`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_version: Option<String>,
    /// True when no plan is paid for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_free: Option<bool>,
    /// The plan that is paid for, or tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing: Option<Billing>,
    /// Scopes that the person granted: `WIX_DEVELOPERS.MANAGE_CHARGE`.
    pub permissions: Vec<String>,
    /// The plans that there are to choose from.
    pub available_plans: Vec<AvailablePlan>,
    /// The instance on the site that this one was duplicated from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin_instance_id: Option<String>,
    /// Whether it came with a duplicated site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copied_from_template: Option<bool>,
    /// Whether a trial could be begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_trial_available: Option<bool>,
}

impl AppInstance {
    /// The plan (`vendorProductId`), `None` for the free one.
    pub fn plan(&self) -> Option<&str> {
        let instance = &self.instance;
        if instance.is_free == Some(true) {
            return None;
        }
        let plan = instance.billing.as_ref()?.package_name.as_deref()?;
        (!plan.is_empty()).then_some(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wixs_own_sample() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/vectors/wix-vectors.json")).unwrap();
        let samples = vectors["rest_samples"].as_array().unwrap();
        let sample = samples
            .iter()
            .find(|sample| sample["name"] == "Get App Instance")
            .unwrap();
        let answer: AppInstance =
            serde_json::from_str(sample["response"].as_str().unwrap()).unwrap();
        assert_eq!(answer.plan(), Some("e8f429d4-0a6a-468f-8044-87f519a53202"));
        assert_eq!(answer.instance.permissions.len(), 3);
        assert_eq!(answer.site.locale.as_deref(), Some("he"));
        let origin = answer.site.origin();
        assert_eq!(origin.as_deref(), Some("https://doereg11.wixsite.com"));
        let owner = answer.site.owner_info.unwrap();
        assert_eq!(owner.email.as_deref(), Some("site-owner@test.com"));
    }

    #[test]
    fn free_means_no_plan() {
        let read = |json: &str| serde_json::from_str::<AppInstance>(json).unwrap();
        assert_eq!(read("{}").plan(), None);
        assert_eq!(
            read(r#"{"instance":{"isFree":true,"billing":{"packageName":"pro"}}}"#).plan(),
            None
        );
        assert_eq!(
            read(r#"{"instance":{"billing":{"packageName":""}}}"#).plan(),
            None
        );
        assert_eq!(
            read(r#"{"instance":{"billing":{"packageName":"pro"}}}"#).plan(),
            Some("pro")
        );
    }
}
