//! The current sites: those of the world's file, with changes in memory.

use backlot_wix::InstanceId;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use crate::world::Site;

/// A site with the details that the file does not contain.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SiteNow {
    /// As in the file, or as changed since.
    #[serde(flatten)]
    pub site: Site,
    /// `en`
    pub locale: String,
    /// When the plan was bought, ISO 8601.
    #[serde(skip)]
    pub plan_since: String,
}

/// All of them, by instance.
pub struct Sites(RwLock<Vec<SiteNow>>);

/// A change of a site. Absent fields stay the same.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    clippy::option_option,
    reason = "absent and null say two different things"
)]
pub(crate) struct SiteChange {
    /// Null is the free plan.
    #[serde(default, deserialize_with = "crate::present::present")]
    plan: Option<Option<String>>,
    site_url: Option<String>,
    site_name: Option<String>,
    locale: Option<String>,
}

impl Sites {
    /// A plan of the file was bought on this day: the file keeps none, and a stand-in that says
    /// another at each start could not be compared with itself.
    const PLAN_SINCE: &'static str = "2026-01-15T09:00:00.000Z";

    pub(crate) fn new(sites: &[Site]) -> Self {
        let sites = sites.iter().map(|site| SiteNow {
            site: site.clone(),
            locale: "en".to_owned(),
            plan_since: Self::PLAN_SINCE.to_owned(),
        });
        Self(RwLock::new(sites.collect()))
    }

    /// Every site.
    pub fn all(&self) -> Vec<SiteNow> {
        self.0.read().clone()
    }

    /// Returns the site of an instance.
    pub fn find(&self, instance_id: InstanceId) -> Option<SiteNow> {
        let sites = self.0.read();
        let found = sites.iter().find(|it| it.site.instance_id == instance_id);
        found.cloned()
    }

    /// The site with this id (`metaSiteId`).
    pub fn with_id(&self, site_id: &str) -> Option<SiteNow> {
        let sites = self.0.read();
        sites.iter().find(|it| it.site.site_id == site_id).cloned()
    }

    pub(crate) fn change(
        &self,
        instance_id: InstanceId,
        change: SiteChange,
        now: &str,
    ) -> Option<SiteNow> {
        let mut sites = self.0.write();
        let found = sites
            .iter_mut()
            .find(|it| it.site.instance_id == instance_id)?;
        let plan = change.plan.map(|plan| plan.filter(|name| !name.is_empty()));
        if let Some(plan) = plan.filter(|plan| *plan != found.site.plan) {
            found.site.plan = plan;
            now.clone_into(&mut found.plan_since);
        }
        let put = |place: &mut String, value: Option<String>| {
            if let Some(value) = value {
                *place = value;
            }
        };
        put(&mut found.site.site_url, change.site_url);
        put(&mut found.site.site_name, change.site_name);
        put(&mut found.locale, change.locale);
        Some(found.clone())
    }
}
