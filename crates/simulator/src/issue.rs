//! Signed instances as Wix would hand them to a page: one shape for the dashboard, one for the
//! site.
//!
//! Source: the payload shapes of 2026 in `crates/wix/tests/vectors`.

use std::borrow::Cow;

use backlot_wix::signed_instance::{Payload, sign};
use backlot_wix::{AppId, AppSecret, Role};
use jiff::{SignedDuration, Timestamp};

use crate::world::Site;

/// How long Wix lets an instance live.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(4);

/// What an instance shall say.
#[derive(Debug, Clone)]
pub struct Issue<'site> {
    /// The app.
    pub app_id: AppId,
    /// Where.
    pub site: &'site Site,
    /// As what. The app itself has no instance string.
    pub role: Role,
    /// As whom; the first of the role when `None`.
    pub user_id: Option<&'site str>,
    /// On which plan.
    pub plan: Option<&'site str>,
    /// Since when.
    pub signed_at: Timestamp,
    /// Until when; `None` leaves `expirationDate` out.
    pub expires_at: Option<Timestamp>,
}

impl Issue<'_> {
    /// The payload.
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

    /// The signed instance.
    pub fn sign(&self, secret: &AppSecret) -> String {
        let json = serde_json::to_vec(&self.payload()).unwrap_or_default();
        sign(secret, &json)
    }
}

fn date(timestamp: Timestamp) -> Cow<'static, str> {
    format!("{timestamp:.3}").into()
}
