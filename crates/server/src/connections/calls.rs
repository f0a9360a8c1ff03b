//! Which calls may be made, and by whom.

use std::sync::Arc;

use backlot_wix::{Caller, Role};
use http::Method;

use super::{AllowedCall, Connection, Connections};
use crate::admission::PlainPath;
use crate::directory::Directory;
use crate::error::{Code, Refusal};

/// Which call is meant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallPlace<'request> {
    pub(crate) method: &'request Method,
    /// The path at the third party.
    pub(crate) path: &'request str,
    pub(crate) query: &'request str,
}

impl Connection {
    /// The lines that fit a call, or the refusal if none does: before anything is proven, so that a call which
    /// nobody may make is not taken for a wrong credential.
    pub(crate) fn fitting(&self, place: &CallPlace<'_>) -> Result<Vec<&AllowedCall>, Refusal> {
        let CallPlace {
            method,
            path,
            query,
        } = *place;
        let plain = PlainPath::with_slash(path).ok_or(Code::PathNotAllowed)?;
        let calls = self.settings.calls.iter();
        let mut fitting: Vec<&AllowedCall> = calls
            .filter(|call| call.pattern.allows(method, &plain))
            .collect();
        let refusal = |code: Code| Refusal::from(code).fact("call", format!("{method} {path}"));
        if fitting.is_empty() {
            return Err(refusal(Code::ConnectionCallNotAllowed));
        }
        let mut parameter = None;
        fitting.retain(|call| match call.query.refused(query) {
            None => true,
            Some(refused) => {
                parameter.get_or_insert(refused);
                false
            }
        });
        match parameter {
            Some(parameter) if fitting.is_empty() => {
                Err(refusal(Code::ConnectionQueryNotAllowed).fact("parameter", parameter))
            }
            _ => Ok(fitting),
        }
    }
}

impl Connections {
    /// The caller, with the plan of its instance where a line or a quota asks for one, if any line admits it.
    pub(crate) async fn admit(
        &self,
        connection: &Connection,
        lines: &[&AllowedCall],
        directory: &Directory,
        caller: Arc<Caller>,
    ) -> Result<Arc<Caller>, Refusal> {
        let caller = if asks_for_plan(connection, lines) {
            // On the heap: most calls need no plan.
            Box::pin(with_plan(connection, lines, directory, caller)).await?
        } else {
            caller
        };
        let mut reason = None;
        for line in lines {
            match line.rules.admit(&caller) {
                Ok(()) => return Ok(caller),
                Err(refusal) => reason = reason.or(Some(refusal)),
            }
        }
        Err(reason.unwrap_or_else(|| Code::ConnectionCallNotAllowed.into()))
    }
}

/// Whether a line or a quota asks for the plan.
fn asks_for_plan(connection: &Connection, lines: &[&AllowedCall]) -> bool {
    !connection.settings.quotas.plans.is_empty()
        || lines.iter().any(|line| !line.rules.plans.is_empty())
}

async fn with_plan(
    connection: &Connection,
    lines: &[&AllowedCall],
    directory: &Directory,
    caller: Arc<Caller>,
) -> Result<Arc<Caller>, Refusal> {
    // Only the lines that the caller's role fits: for the others nobody needs to be asked.
    let rules = lines.iter().map(|line| &line.rules);
    let rules: Vec<_> = rules
        .filter(|rules| rules.roles.contains(caller.role))
        .collect();
    let has_quotas = !connection.settings.quotas.plans.is_empty();
    if !has_quotas && rules.iter().all(|rules| rules.plans.is_empty()) {
        return Ok(caller);
    }
    if has_quotas && caller.role == Role::App && caller.plan.is_none() {
        // The app needs no plan to be let in, but what it does for an instance counts as the instance's.
        let details = directory.get(caller.instance_id).await?;
        let mut caller = Caller::clone(&caller);
        caller.plan = details.answer.plan().map(Into::into);
        return Ok(Arc::new(caller));
    }
    let is_included = |plan: Option<&str>| rules.iter().any(|rules| rules.include(plan));
    Ok(directory.with_plan(caller, is_included).await?)
}
