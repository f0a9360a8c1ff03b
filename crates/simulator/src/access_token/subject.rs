//! The subject of a credential.

use backlot_wix::token_info::TokenInfo;
use backlot_wix::{AppId, InstanceId, Role};
use jiff::Timestamp;

/// The subject of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The app that it was made for.
    pub app_id: AppId,
    /// The installation.
    pub instance_id: InstanceId,
    /// The site; empty where the credential does not name it.
    pub site_id: String,
    pub role: Role,
    /// The user, or `None` for the app.
    pub user_id: Option<String>,
    pub signed_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Subject {
    /// Returns the response of token info.
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

    /// Returns the id of the user, or of the app.
    pub fn subject_id(&self) -> String {
        if self.role == Role::App {
            return self.app_id.to_string();
        }
        self.user_id.clone().unwrap_or_default()
    }
}
