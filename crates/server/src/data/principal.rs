//! Who asks for data.

use backlot_wix::{AppId, Caller, InstanceId, Role};

/// Who asks, as far as data is concerned.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    /// The tenant.
    pub(crate) instance_id: InstanceId,
    /// What they are to the site.
    pub(crate) role: Role,
    /// The `_owner` of what they insert: the user, or for the app itself its own id.
    pub(crate) owner: Option<String>,
    /// The plan of the instance, where it is known.
    pub(crate) plan: Option<String>,
}

impl Principal {
    /// The caller of a request.
    pub(crate) fn caller(caller: &Caller, app_id: AppId) -> Self {
        let user_id = caller.user_id.as_deref().map(str::to_owned);
        let plan = caller.plan.as_deref().map(str::to_owned);
        Self {
            plan,
            ..Self::new(caller.instance_id, caller.role, user_id, app_id)
        }
    }

    /// A caller with this role, and perhaps an id.
    pub(crate) fn new(
        instance_id: InstanceId,
        role: Role,
        user_id: Option<String>,
        app_id: AppId,
    ) -> Self {
        let owner = if role == Role::App {
            Some(app_id.to_string())
        } else {
            user_id
        };
        Self {
            instance_id,
            role,
            owner,
            plan: None,
        }
    }
}
