//! The calls that may be made, and by whom.

use std::sync::Arc;

use backlot_outbound::body::BodyLimits;
use http::Method;

use super::WixCallSettings;
use crate::error::{ApiError, ErrorCode};
use crate::http::methods::Methods;
use crate::policy::{AccessRule, AllowList, CallPattern, Deciders, PlainPath, RuledLine};

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
    fn pattern(&self) -> &CallPattern {
        &self.pattern
    }

    fn rule(&self) -> &AccessRule {
        &self.rules
    }
}

/// The calls to Wix that may be made, with the limits of their bodies.
pub(crate) struct WixCalls {
    list: AllowList<AllowedCall>,
    body: BodyLimits,
}

impl WixCalls {
    pub(crate) fn new(settings: WixCallSettings) -> Self {
        Self {
            list: AllowList::new(settings.calls),
            body: BodyLimits {
                bytes: settings.body_bytes,
                idle_timeout: settings.idle_timeout,
            },
        }
    }

    pub(crate) const fn body(&self) -> BodyLimits {
        self.body
    }

    /// Returns the methods that the list has for a path under `/wix`.
    pub(crate) fn methods(&self, path: &str) -> Methods {
        let plain = wix_path(path).and_then(PlainPath::new);
        plain.map_or_else(|| Methods::new([]), |plain| self.list.methods(&plain))
    }

    /// Returns the lines that decide about a request. A call that no caller may make is refused before any credential is
    /// read, so that the refusal does not look like a wrong credential.
    pub(crate) fn deciders(
        &self,
        method: &Method,
        path: &str,
    ) -> Result<Deciders<'_, AllowedCall>, ApiError> {
        let wix_path = wix_path(path).ok_or(ErrorCode::RouteNotFound)?;
        let plain = PlainPath::new(wix_path).ok_or(ErrorCode::PathNotAllowed)?;
        self.list.deciders(method, &plain).ok_or_else(|| {
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
