//! Authorizing callers by the plan of their instance, which access tokens do not name.

use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::wix::{Priority, WixError};
use backlot_wix::caller::CredentialKind;
use backlot_wix::{Caller, Role};

use super::InstanceDirectory;
use crate::error::ApiError;
use crate::policy::Authorize;

/// Before a caller is refused for its plan, the plan is fetched again if this much time has passed: the plan may have been
/// bought a moment ago.
const REFRESH_AGE: Duration = Duration::from_mins(1);

/// What depends on the plan of a caller's instance besides its access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlanUse {
    Nothing,
    /// How many calls the instance may make. The app's calls count as the instance's.
    CallQuota,
    /// How much the instance may store.
    StorageQuota,
}

impl InstanceDirectory {
    /// Authorizes a caller. The returned one has its instance's plan if something depends on it.
    pub(crate) async fn authorize(
        &self,
        access: &dyn Authorize,
        plan_use: PlanUse,
        caller: Arc<Caller>,
    ) -> Result<Arc<Caller>, ApiError> {
        let caller = if plan_use != PlanUse::Nothing || access.needs_plan(caller.role) {
            // On the heap: most requests need no plan.
            Box::pin(self.with_plan(access, plan_use, caller)).await?
        } else {
            caller
        };
        access.authorize(&caller)?;
        Ok(caller)
    }

    async fn with_plan(
        &self,
        access: &dyn Authorize,
        plan_use: PlanUse,
        caller: Arc<Caller>,
    ) -> Result<Arc<Caller>, WixError> {
        let role = caller.role;
        let is_unknown = if role == Role::App {
            plan_use == PlanUse::CallQuota && caller.plan.is_none()
        } else {
            caller.credential == CredentialKind::AccessToken
        };
        if !is_unknown {
            return Ok(caller);
        }
        let id = caller.instance_id;
        let mut details = self.get(id).await?;
        let is_included = role == Role::App || access.includes_plan(role, details.answer.plan());
        if !is_included && self.is_older(&details, REFRESH_AGE) {
            details = self.refresh(id, Priority::Interactive).await?;
        }
        let mut caller = Caller::clone(&caller);
        caller.plan = details.answer.plan().map(Into::into);
        Ok(Arc::new(caller))
    }
}
