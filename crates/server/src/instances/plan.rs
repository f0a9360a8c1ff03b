//! The plan of callers whose credential names none: access tokens do not.

use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::wix::{Priority, WixError};
use backlot_wix::caller::CredentialKind;
use backlot_wix::{Caller, Role};

use super::InstanceDirectory;

/// Before somebody is refused for the plan, Wix is asked again if this much time has passed: the plan
/// may have been bought a moment ago.
const FRESH: Duration = Duration::from_mins(1);

impl InstanceDirectory {
    /// The caller with its instance's plan, for rules that ask for one. `is_included` says whether a
    /// plan would do.
    pub(crate) async fn with_plan(
        &self,
        caller: Arc<Caller>,
        is_included: impl Fn(Option<&str>) -> bool,
    ) -> Result<Arc<Caller>, WixError> {
        if caller.credential != CredentialKind::AccessToken || caller.role == Role::App {
            return Ok(caller);
        }
        let id = caller.instance_id;
        let mut details = self.get(id).await?;
        if !is_included(details.answer.plan()) && self.is_older(&details, FRESH) {
            details = self.refresh(id, Priority::Interactive).await?;
        }
        let mut caller = Caller::clone(&caller);
        caller.plan = details.answer.plan().map(Into::into);
        Ok(Arc::new(caller))
    }
}
