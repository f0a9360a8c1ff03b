//! The content of a token, in Wix's order, and the role that follows from it.
//!
//! | `aid` | `uid` | `permissions` | role |
//! | --- | --- | --- | --- |
//! | present | present | any | member |
//! | present | absent | any | visitor |
//! | absent | present | `OWNER` | owner |
//! | absent | present | other | member |
//! | absent | absent | any | app |
//!
//! So Wix's shape needs no addition, as long as every visitor has an id.

use backlot_wix::{AppId, InstanceId, Role};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Subject, TokenIssue};

/// The user id for a site that has no user with the role. A token without any id would be
/// the app's.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

#[derive(Serialize, Deserialize)]
pub(super) struct Claims {
    /// JSON inside JSON, as Wix has it.
    data: String,
    iat: i64,
    exp: i64,
}

#[derive(Serialize, Deserialize)]
struct Data {
    instance: Instance,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are Wix's")]
struct Instance {
    instance_id: InstanceId,
    app_def_id: AppId,
    sign_date: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
    permissions: String,
    demo_mode: bool,
    site_owner_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    site_member_id: Option<String>,
    meta_site_id: String,
    expiration_date: String,
}

impl Claims {
    pub(super) fn new(issue: &TokenIssue<'_>) -> Self {
        let (signed_at, site) = (issue.signed_at, issue.site);
        let ends = signed_at.saturating_add(issue.lifetime);
        let expires_at = ends.unwrap_or(Timestamp::MAX);
        let first = |role| site.first_of(role).unwrap_or(NOBODY).to_owned();
        let wanted = issue.user_id.filter(|id| !id.is_empty());
        let person = || wanted.map_or_else(|| first(issue.role), str::to_owned);
        let owner = issue.role == Role::Owner;
        let (uid, aid) = if issue.role == Role::App {
            (None, None)
        } else if issue.role.is_logged_in() {
            (Some(person()), (!owner).then(|| first(Role::Visitor)))
        } else {
            (None, Some(person()))
        };
        Self::from_instance(Instance {
            instance_id: site.instance_id,
            app_def_id: issue.app_id,
            sign_date: date(signed_at),
            permissions: if owner { "OWNER" } else { "" }.to_owned(),
            demo_mode: false,
            site_owner_id: site.owner_id.clone(),
            site_member_id: uid.clone().filter(|_| issue.role == Role::Member),
            uid,
            aid,
            meta_site_id: site.site_id.clone(),
            expiration_date: date(expires_at),
        })
    }

    fn from_instance(instance: Instance) -> Self {
        let seconds = |date: &str| date.parse().map_or(0, Timestamp::as_second);
        Self {
            iat: seconds(&instance.sign_date),
            exp: seconds(&instance.expiration_date),
            data: serde_json::to_string(&Data { instance }).unwrap_or_default(),
        }
    }

    pub(super) fn expires_at(&self) -> Timestamp {
        Timestamp::from_second(self.exp).unwrap_or(Timestamp::MIN)
    }

    /// Returns the same claims, signed at another time.
    pub(super) fn signed_again(&self, now: Timestamp) -> Option<Self> {
        let mut instance = self.instance()?;
        instance.sign_date = date(now);
        Some(Self::from_instance(instance))
    }

    pub(super) fn subject(&self) -> Option<Subject> {
        let instance = self.instance()?;
        let signed_at = instance.sign_date.parse().ok()?;
        let owner = instance.permissions == "OWNER";
        let (role, user_id) = match (instance.aid, instance.uid) {
            (None, None) => (Role::App, None),
            (Some(visitor), None) => (Role::Visitor, Some(visitor)),
            (None, Some(user)) if owner => (Role::Owner, Some(user)),
            (_, Some(member)) => (Role::Member, Some(member)),
        };
        Some(Subject {
            app_id: instance.app_def_id,
            instance_id: instance.instance_id,
            site_id: instance.meta_site_id,
            role,
            user_id,
            signed_at,
            expires_at: self.expires_at(),
        })
    }

    fn instance(&self) -> Option<Instance> {
        let data: Data = serde_json::from_str(&self.data).ok()?;
        Some(data.instance)
    }
}

fn date(timestamp: Timestamp) -> String {
    format!("{timestamp:.3}")
}
