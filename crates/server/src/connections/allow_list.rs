//! Which calls may be made, and by whom.

use std::sync::Arc;

use backlot_wix::{Caller, Role};
use http::Method;

use super::{AllowedCall, Connection, Connections};
use crate::error::{ApiError, ErrorCode};
use crate::instances::InstanceDirectory;
use crate::policy::{AccessRule, Deciders, PlainPath, RuledLine};

/// Which call is meant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallPlace<'request> {
    pub(crate) method: &'request Method,
    /// The path at the third party.
    pub(crate) path: &'request str,
    pub(crate) query: &'request str,
}

impl RuledLine for AllowedCall {
    fn rules(&self) -> &AccessRule {
        &self.rules
    }
}

impl Connection {
    /// The lines that decide about a call, or the refusal if none fits: before anything is proven, so that a call
    /// which nobody may make is not taken for a wrong credential.
    pub(crate) fn deciders(
        &self,
        place: &CallPlace<'_>,
    ) -> Result<Deciders<'_, AllowedCall>, ApiError> {
        let CallPlace {
            method,
            path,
            query,
        } = *place;
        let plain = PlainPath::with_slash(path).ok_or(ErrorCode::PathNotAllowed)?;
        let refusal =
            |code: ErrorCode| ApiError::from(code).with_data("call", format!("{method} {path}"));
        let deciders = Deciders::find(&self.settings.calls, &self.precedence, method, &plain);
        let mut deciders = deciders.ok_or_else(|| refusal(ErrorCode::ConnectionCallNotAllowed))?;
        let mut parameter = None;
        let is_complete = deciders.retain(|call| match call.query.refused(query) {
            None => true,
            Some(refused) => {
                parameter.get_or_insert(refused);
                false
            }
        });
        match parameter {
            Some(parameter) if !is_complete => {
                Err(refusal(ErrorCode::ConnectionQueryNotAllowed).with_data("parameter", parameter))
            }
            _ => Ok(deciders),
        }
    }
}

impl Connections {
    /// The caller, with the plan of its instance where a line or a quota asks for one, if the lines admit it.
    pub(crate) async fn admit(
        &self,
        connection: &Connection,
        deciders: &Deciders<'_, AllowedCall>,
        directory: &InstanceDirectory,
        caller: Arc<Caller>,
    ) -> Result<Arc<Caller>, ApiError> {
        let has_quotas = !connection.settings.quotas.plans.is_empty();
        let caller = if has_quotas || deciders.ask_for_plan(caller.role) {
            // On the heap: most calls need no plan.
            Box::pin(with_plan(has_quotas, deciders, directory, caller)).await?
        } else {
            caller
        };
        deciders.admit(&caller)?;
        Ok(caller)
    }
}

async fn with_plan(
    has_quotas: bool,
    deciders: &Deciders<'_, AllowedCall>,
    directory: &InstanceDirectory,
    caller: Arc<Caller>,
) -> Result<Arc<Caller>, ApiError> {
    let role = caller.role;
    if has_quotas && role == Role::App && caller.plan.is_none() {
        // The app needs no plan to be let in, but what it does for an instance counts as the instance's.
        let details = directory.get(caller.instance_id).await?;
        let mut caller = Caller::clone(&caller);
        caller.plan = details.answer.plan().map(Into::into);
        return Ok(Arc::new(caller));
    }
    let is_included = |plan: Option<&str>| deciders.include(role, plan);
    Ok(directory.with_plan(caller, is_included).await?)
}
