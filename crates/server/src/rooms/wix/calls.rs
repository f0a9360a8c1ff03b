//! The calls that may be made, and by whom.

use std::sync::Arc;

use backlot_outbound::body::BodyLimits;
use backlot_wix::Caller;
use http::Method;

use super::WixRoomSettings;
use crate::admission::{CallPattern, PlainPath, Rules};
use crate::directory::Directory;
use crate::error::{Code, Refusal};
use crate::methods::Methods;

/// One line of the list.
#[derive(Debug, Clone)]
pub struct AllowedCall {
    /// Which calls.
    pub pattern: CallPattern,
    /// Who may make them.
    pub rules: Rules,
    /// On whose behalf they are made.
    pub on_behalf_of: OnBehalfOf,
}

/// On whose behalf a call is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnBehalfOf {
    /// The app, on the caller's instance.
    App,
    /// The account's API key, about the caller's site.
    Site,
    /// The account's API key, about the account with this id.
    Account(Arc<str>),
}

/// The whole list.
pub(crate) struct Calls {
    list: Vec<AllowedCall>,
    body: BodyLimits,
    nothing: Methods,
}

impl Calls {
    pub(crate) fn new(settings: WixRoomSettings) -> Self {
        Self {
            list: settings.calls,
            body: BodyLimits {
                bytes: settings.body_bytes,
                silence: settings.silence,
            },
            nothing: Methods::new([]),
        }
    }

    pub(crate) const fn body(&self) -> BodyLimits {
        self.body
    }

    /// The methods that the list names for a path under `/wix`.
    pub(crate) fn methods(&self, path: &str) -> Methods {
        let Some(plain) = wix_path(path).and_then(PlainPath::new) else {
            return self.nothing.clone();
        };
        let fitting = self
            .list
            .iter()
            .filter(|call| call.pattern.allows_path(&plain));
        Methods::new(fitting.map(|call| call.pattern.method().clone()))
    }

    /// The lines that fit a request, or the refusal if none does: before anything is proven, so that
    /// a call which nobody may make is not taken for a wrong credential.
    pub(crate) fn fitting(
        &self,
        method: &Method,
        path: &str,
    ) -> Result<Vec<&AllowedCall>, Refusal> {
        let wix_path = wix_path(path).ok_or(Code::RouteNotFound)?;
        let plain = PlainPath::new(wix_path).ok_or(Code::PathNotAllowed)?;
        let fitting: Vec<&AllowedCall> = self
            .list
            .iter()
            .filter(|call| call.pattern.allows(method, &plain))
            .collect();
        if fitting.is_empty() {
            return Err(
                Refusal::from(Code::WixCallNotAllowed).fact("call", format!("{method} {wix_path}"))
            );
        }
        Ok(fitting)
    }
}

/// The path at Wix: what comes after `/wix`.
pub(super) fn wix_path(path: &str) -> Option<&str> {
    path.strip_prefix("/wix")
        .filter(|rest| rest.starts_with('/'))
}

/// The caller with the plan of its instance, where a line asks for one.
pub(crate) async fn with_plan(
    directory: &Directory,
    caller: Arc<Caller>,
    fitting: &[&AllowedCall],
) -> Result<Arc<Caller>, Refusal> {
    // Only the lines that the caller's role fits: for the others nobody needs to be asked.
    let rules = || {
        let rules = fitting.iter().map(|call| &call.rules);
        rules.filter(|rules| rules.roles.contains(caller.role))
    };
    if rules().all(|rules| rules.plans.is_empty()) {
        return Ok(caller);
    }
    let rules: Vec<&Rules> = rules().collect();
    let is_included = |plan: Option<&str>| rules.iter().any(|rules| rules.include(plan));
    Ok(directory.with_plan(caller, is_included).await?)
}

/// The first line that admits the caller. If none does, the first line's reason.
pub(crate) fn admit<'house>(
    fitting: &[&'house AllowedCall],
    caller: &Caller,
) -> Result<&'house AllowedCall, Refusal> {
    let mut reason = None;
    for call in fitting {
        match call.rules.admit(caller) {
            Ok(()) => return Ok(call),
            Err(refusal) => reason = reason.or(Some(refusal)),
        }
    }
    Err(reason.unwrap_or_else(|| Code::WixCallNotAllowed.into()))
}
