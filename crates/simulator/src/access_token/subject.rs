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
    /// What token info says of it.
    pub fn token_info(&self) -> TokenInfo {
        TokenInfo {
            active: true,
            subject_type: self.role.subject_type().to_owned(),
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
        if self.role == Role::App {
            return self.app_id.to_string();
        }
        self.user_id.clone().unwrap_or_default()
    }
}
