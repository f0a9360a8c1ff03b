//! Which calls may be made, and by whom.

use http::Method;

use super::{AllowedCall, Connection};
use crate::error::{ApiError, ErrorCode};
use crate::instances::PlanUse;
use crate::policy::{AccessRule, CallPattern, Deciders, PlainPath, RuledLine};

/// Which call is meant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ThirdPartyCall<'request> {
    pub(crate) method: &'request Method,
    /// The path at the third party.
    pub(crate) path: &'request str,
    pub(crate) query: &'request str,
}

impl RuledLine for AllowedCall {
    fn pattern(&self) -> &CallPattern {
        &self.pattern
    }

    fn rule(&self) -> &AccessRule {
        &self.rules
    }
}

impl Connection {
    /// The lines that decide about a call, or the refusal if none fits: before anything is proven, so that a call
    /// that is not allowed is not reported as a wrong credential.
    pub(crate) fn deciders(
        &self,
        call: &ThirdPartyCall<'_>,
    ) -> Result<Deciders<'_, AllowedCall>, ApiError> {
        let ThirdPartyCall {
            method,
            path,
            query,
        } = *call;
        let plain = PlainPath::with_slash(path).ok_or(ErrorCode::PathNotAllowed)?;
        let refusal =
            |code: ErrorCode| ApiError::from(code).with_data("call", format!("{method} {path}"));
        let deciders = self.calls.deciders(method, &plain);
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

impl Connection {
    /// What depends on the plan of the caller's instance.
    pub(crate) fn plan_use(&self) -> PlanUse {
        if self.settings.quotas.plans.is_empty() {
            PlanUse::Nothing
        } else {
            PlanUse::CallQuota
        }
    }
}
