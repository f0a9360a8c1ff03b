//! Deciding whether a caller's role and plan are admitted.

use backlot_wix::{Caller, Role};

use super::{AccessRule, Roles};
use crate::error::ApiError;

/// Something that admits callers by role and plan: a rule, or the lines that decide about a call.
pub(crate) trait Authorize: Sync {
    /// Whether the plan of a caller with this role decides, so that it has to be known.
    fn needs_plan(&self, role: Role) -> bool;

    /// Whether a plan (`None`: the free one) is included for this role.
    fn includes_plan(&self, role: Role, plan: Option<&str>) -> bool;

    /// Admits the caller, or refuses it.
    fn authorize(&self, caller: &Caller) -> Result<(), ApiError>;
}

/// Admits every verified caller.
pub(crate) struct AnyCaller;

impl Authorize for AnyCaller {
    fn needs_plan(&self, _: Role) -> bool {
        false
    }

    fn includes_plan(&self, _: Role, _: Option<&str>) -> bool {
        true
    }

    fn authorize(&self, _: &Caller) -> Result<(), ApiError> {
        Ok(())
    }
}

impl Authorize for AccessRule {
    fn needs_plan(&self, role: Role) -> bool {
        self.roles.contains(role) && !self.plans.is_empty()
    }

    fn includes_plan(&self, _: Role, plan: Option<&str>) -> bool {
        self.include(plan)
    }

    fn authorize(&self, caller: &Caller) -> Result<(), ApiError> {
        self.admit(caller)
    }
}

/// Admits your own server, with its elevated token.
pub(crate) struct OwnServer;

impl Authorize for OwnServer {
    fn needs_plan(&self, _: Role) -> bool {
        false
    }

    fn includes_plan(&self, _: Role, _: Option<&str>) -> bool {
        true
    }

    fn authorize(&self, caller: &Caller) -> Result<(), ApiError> {
        Roles::new([Role::App]).admit(caller).map_err(|refusal| {
            refusal.with_remedy("Call from your own server, with its elevated token.")
        })
    }
}

/// The roles that may connect an account or store a key.
pub(crate) struct Managers(pub(crate) Roles);

impl Authorize for Managers {
    fn needs_plan(&self, _: Role) -> bool {
        false
    }

    fn includes_plan(&self, _: Role, _: Option<&str>) -> bool {
        true
    }

    fn authorize(&self, caller: &Caller) -> Result<(), ApiError> {
        self.0.admit(caller).map_err(|refusal| {
            refusal.with_remedy(
                "Use one of the roles in `data.allowed`, or add the role to `manage` in the `[[connection]]` entry.",
            )
        })
    }
}
