//! Who asks for data.

use backlot_wix::{AppId, Caller, InstanceId, Role};

/// Who asks, as far as data is concerned.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    /// The tenant.
    pub(crate) instance_id: InstanceId,
    /// What they are to the site.
    pub(crate) role: Role,
    /// The `_owner` of what they insert: the user, or for the app itself its own id.
    pub(crate) owner: Option<String>,
}

impl Who {
    /// The caller of a request.
    pub(crate) fn caller(caller: &Caller, app_id: AppId) -> Self {
        let user = caller.user_id.as_deref().map(str::to_owned);
        let owner = match caller.role {
            Role::App => Some(app_id.to_string()),
            _ => user,
        };
        Self {
            instance_id: caller.instance_id,
            role: caller.role,
            owner,
        }
    }
}
