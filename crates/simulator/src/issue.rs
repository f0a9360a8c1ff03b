//! Signed instances as Wix gives them to pages: one form for the dashboard, one for sites.
//!
//! Source: the payload shapes of 2026 in `crates/wix/tests/vectors`.

use std::borrow::Cow;

use backlot_wix::signed_instance::{Payload, sign};
use backlot_wix::{AppId, AppSecret, Role};
use jiff::{SignedDuration, Timestamp};

use crate::world::Site;

/// The lifetime of an instance at Wix.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(4);

/// The content of an instance.
#[derive(Debug, Clone)]
pub struct Issue<'site> {
    pub app_id: AppId,
    pub site: &'site Site,
    /// The role of the caller. The app itself has no signed instance.
    pub role: Role,
    /// The user. Defaults to the first user with the role.
    pub user_id: Option<&'site str>,
    pub plan: Option<&'site str>,
    pub signed_at: Timestamp,
    /// The expiry. `None` omits `expirationDate`.
    pub expires_at: Option<Timestamp>,
}

impl Issue<'_> {
    pub fn payload(&self) -> Payload<'_> {
        let user = self.user_id.or_else(|| self.site.first_of(self.role));
        let user = user.map(Cow::Borrowed);
        let mut payload = Payload {
            instance_id: self.site.instance_id.to_string().into(),
            app_def_id: Some(self.app_id.to_string().into()),
            sign_date: date(self.signed_at),
            expiration_date: self.expires_at.map(date),
            vendor_product_id: self.plan.map(Cow::Borrowed),
            demo_mode: Some(false),
            site_owner_id: Some(Cow::Borrowed(&self.site.owner_id)),
            permissions: Some(Cow::Borrowed("")),
            ..Payload::default()
        };
        if self.role.is_logged_in() {
            payload.uid.clone_from(&user);
            payload.site_member_id.clone_from(&user);
        }
        if self.role == Role::Owner {
            payload.permissions = Some(Cow::Borrowed("OWNER"));
            payload.login_account_id = user;
            return payload;
        }
        payload.meta_site_id = Some(Cow::Borrowed(&self.site.site_id));
        payload.aid = if self.role.is_logged_in() {
            self.site.first_of(Role::Visitor).map(Cow::Borrowed)
        } else {
            user
        };
        payload
    }

    /// Returns the signed instance.
    pub fn sign(&self, secret: &AppSecret) -> String {
        let json = serde_json::to_vec(&self.payload()).unwrap_or_default();
        sign(secret, &json)
    }
}

fn date(timestamp: Timestamp) -> Cow<'static, str> {
    format!("{timestamp:.3}").into()
}
