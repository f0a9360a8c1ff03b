//! A site that has the app installed, and its users.

use backlot_wix::{InstanceId, Role};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One site. All ids are GUIDs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Site {
    /// The installation of the app on it: the tenant.
    pub instance_id: InstanceId,
    /// The site (`metaSiteId`).
    pub site_id: String,
    /// Its address.
    pub site_url: String,
    pub site_name: String,
    /// The owner's account.
    pub owner_id: String,
    pub member_ids: Vec<String>,
    /// Visitors who are not logged in.
    pub visitor_ids: Vec<String>,
    /// The app's paid plan there.
    pub plan: Option<String>,
}

impl Site {
    pub(super) fn make(
        name: &str,
        url: &str,
        plan: Option<&str>,
        guid: &mut dyn FnMut() -> Uuid,
    ) -> Self {
        let mut id = || guid().hyphenated().to_string();
        Self {
            site_id: id(),
            site_url: url.to_owned(),
            site_name: name.to_owned(),
            owner_id: id(),
            member_ids: vec![id(), id()],
            visitor_ids: vec![id(), id()],
            plan: plan.map(str::to_owned),
            instance_id: InstanceId::new(guid()),
        }
    }

    /// Returns a site for an unknown instance, such as one of the real app. The ids of its users are derived from the
    /// instance's, so they stay the same.
    pub fn unknown(instance_id: InstanceId) -> Self {
        let mut number = 0;
        let mut guid = || {
            number += 1;
            let mut bytes = *instance_id.as_bytes();
            bytes[0] ^= number;
            Uuid::from_bytes(bytes)
        };
        let mut site = Self::make("A site", "https://site.example", None, &mut guid);
        site.instance_id = instance_id;
        site
    }

    /// Returns the first user with a role.
    pub fn first_of(&self, role: Role) -> Option<&str> {
        if role == Role::App {
            return None;
        }
        if role == Role::Owner {
            return Some(&self.owner_id);
        }
        let users = if role.is_logged_in() {
            &self.member_ids
        } else {
            &self.visitor_ids
        };
        users.first().map(String::as_str)
    }
}
