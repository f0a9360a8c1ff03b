//! Whom a credential stands for, in this crate's words and in Wix's.

use backlot_wix::token_info::TokenInfo;
use backlot_wix::{AppId, InstanceId, Role};
use jiff::Timestamp;

/// Who a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The app that it was made for.
    pub app_id: AppId,
    /// The installation.
    pub instance_id: InstanceId,
    /// The site; empty where the credential does not name it.
    pub site_id: String,
    /// As what.
    pub role: Role,
    /// As whom; `None` for the app.
    pub user_id: Option<String>,
    /// Since when.
    pub signed_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Subject {
    /// Wix's word for the role.
    pub const fn subject_type(&self) -> &'static str {
        match self.role {
            Role::App => "APP",
            Role::Owner => "USER",
            Role::Member => "MEMBER",
            Role::Visitor => "VISITOR",
        }
    }

    /// What token info says of it.
    pub fn token_info(&self) -> TokenInfo {
        TokenInfo {
            active: true,
            subject_type: self.subject_type().to_owned(),
            subject_id: self.subject_id(),
            exp: Some(self.expires_at.as_second()),
            iat: Some(self.signed_at.as_second()),
            client_id: self.app_id.to_string(),
            site_id: self.site_id.clone(),
            instance_id: self.instance_id.to_string(),
        }
    }

    /// The person, or the app where it acts for itself.
    pub fn subject_id(&self) -> String {
        match (&self.user_id, self.role) {
            (_, Role::App) => self.app_id.to_string(),
            (user, _) => user.clone().unwrap_or_default(),
        }
    }
}
