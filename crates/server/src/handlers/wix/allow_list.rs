//! The calls that may be made, and by whom.

use std::sync::Arc;

use backlot_outbound::body::BodyLimits;
use backlot_wix::Caller;
use http::Method;

use super::WixCallSettings;
use crate::error::{ApiError, ErrorCode};
use crate::http::methods::Methods;
use crate::instances::InstanceDirectory;
use crate::policy::{AccessRule, CallPattern, Deciders, PlainPath, Precedence, RuledLine};

/// One line of the list.
#[derive(Debug, Clone)]
pub struct AllowedCall {
    /// Which calls.
    pub pattern: CallPattern,
    /// Who may make them.
    pub rules: AccessRule,
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

impl RuledLine for AllowedCall {
    fn rules(&self) -> &AccessRule {
        &self.rules
    }
}

/// The whole list.
pub(crate) struct Calls {
    list: Vec<AllowedCall>,
    precedence: Precedence,
    body: BodyLimits,
    nothing: Methods,
}

impl Calls {
    pub(crate) fn new(settings: WixCallSettings) -> Self {
        Self {
            precedence: Precedence::new(settings.calls.iter().map(|call| &call.pattern)),
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

    /// The lines that decide about a request, or the refusal if none fits: before anything is proven, so that
    /// a call which nobody may make is not taken for a wrong credential.
    pub(crate) fn deciders(
        &self,
        method: &Method,
        path: &str,
    ) -> Result<Deciders<'_, AllowedCall>, ApiError> {
        let wix_path = wix_path(path).ok_or(ErrorCode::RouteNotFound)?;
        let plain = PlainPath::new(wix_path).ok_or(ErrorCode::PathNotAllowed)?;
        Deciders::find(&self.list, &self.precedence, method, &plain).ok_or_else(|| {
            ApiError::from(ErrorCode::WixCallNotAllowed)
                .with_data("call", format!("{method} {wix_path}"))
        })
    }
}

/// The path at Wix: what comes after `/wix`.
pub(crate) fn wix_path(path: &str) -> Option<&str> {
    path.strip_prefix("/wix")
        .filter(|rest| rest.starts_with('/'))
}

/// The caller with the plan of its instance, where a line asks for one.
pub(crate) async fn with_plan(
    directory: &InstanceDirectory,
    caller: Arc<Caller>,
    deciders: &Deciders<'_, AllowedCall>,
) -> Result<Arc<Caller>, ApiError> {
    let role = caller.role;
    if !deciders.ask_for_plan(role) {
        return Ok(caller);
    }
    let is_included = |plan: Option<&str>| deciders.include(role, plan);
    Ok(directory.with_plan(caller, is_included).await?)
}

/// The line that the call is made by: the first one of those that fit and admit the caller.
pub(crate) fn admit<'calls>(
    deciders: &Deciders<'calls, AllowedCall>,
    caller: &Caller,
) -> Result<&'calls AllowedCall, ApiError> {
    let line = deciders.admit(caller)?;
    line.ok_or_else(|| ErrorCode::WixCallNotAllowed.into())
}
