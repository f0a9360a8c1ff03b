//! Admission: the one place where the policy of a route is applied to a request.
//!
//! [`Authenticator::admit`] authenticates the caller, authorizes its role and plan, counts the request against its rate,
//! and refuses a body that is announced as too large. [`Admitted`] is the proof that handlers take; nothing else makes one.

use std::ops::Deref;
use std::sync::Arc;

use backlot_outbound::body::content_length;
use backlot_wix::Caller;
use http::HeaderMap;

use super::authenticate::Authenticator;
use crate::context::RequestContext;
use crate::cors::Decision;
use crate::error::{ApiError, ErrorCode};
use crate::http::request_head::RequestHead;
use crate::instances::PlanUse;
use crate::policy::{Authorize, DataLimiters, Limiter, RateKey};

/// The policy of a route, with the settings that it names.
pub(crate) struct Requirements<'route> {
    /// `None` if no credential is read.
    pub(crate) caller: Option<CallerRequirement<'route>>,
    pub(crate) rate: RateRequirement<'route>,
    pub(crate) body: BodyRequirement,
}

/// The callers that are admitted.
pub(crate) struct CallerRequirement<'route> {
    pub(crate) access: &'route dyn Authorize,
    /// Whether the account's API key is a credential, too.
    pub(crate) accepts_api_key: bool,
    /// What else depends on the plan of the caller's instance.
    pub(crate) plan_use: PlanUse,
}

/// The rate that requests are counted against.
#[derive(Clone, Copy)]
pub(crate) enum RateRequirement<'route> {
    None,
    /// By instance, or by client if the caller is not verified.
    Each(&'route Limiter),
    Data(&'route DataLimiters),
}

/// The most bytes of a body, as its head announces them. The rest is counted as it arrives.
#[derive(Clone, Copy)]
pub(crate) struct BodyRequirement {
    pub(crate) max_bytes: u64,
    pub(crate) error: fn(u64) -> ApiError,
}

impl BodyRequirement {
    pub(crate) const fn new(max_bytes: u64) -> Self {
        Self {
            max_bytes,
            error: body_too_large,
        }
    }

    fn check(self, headers: &HeaderMap) -> Result<(), ApiError> {
        if content_length(headers).is_some_and(|bytes| bytes > self.max_bytes) {
            return Err((self.error)(self.max_bytes));
        }
        Ok(())
    }
}

fn body_too_large(max_bytes: u64) -> ApiError {
    ApiError::from(ErrorCode::BodyTooLarge).with_data("limitBytes", max_bytes)
}

/// The proof that a route's policy was applied to a request, with the caller if the route has one.
pub(crate) struct Admitted(Option<Authenticated>);

impl Admitted {
    /// Returns the caller. `None` on a route that reads no credential.
    pub(crate) fn into_caller(self) -> Option<Authenticated> {
        self.0
    }

    /// Returns the caller of a route that has one.
    ///
    /// # Errors
    ///
    /// `CREDENTIAL_MISSING` if the route's policy reads no credential.
    pub(crate) fn authenticated(self) -> Result<Authenticated, ApiError> {
        self.0.ok_or_else(|| ErrorCode::CredentialMissing.into())
    }
}

/// A caller that was authenticated and authorized by the policy of a route.
#[derive(Clone)]
pub(crate) struct Authenticated(Arc<Caller>);

impl Authenticated {
    pub(crate) fn into_inner(self) -> Arc<Caller> {
        self.0
    }
}

impl Deref for Authenticated {
    type Target = Arc<Caller>;

    fn deref(&self) -> &Arc<Caller> {
        &self.0
    }
}

impl Authenticator {
    /// Applies the requirements of a route to a request.
    pub(crate) async fn admit(
        &self,
        context: &mut RequestContext,
        decision: &Decision,
        requirements: &Requirements<'_>,
        request: RequestHead<'_>,
    ) -> Result<Admitted, ApiError> {
        let caller = match &requirements.caller {
            None => None,
            Some(required) => {
                let verdict = if required.accepts_api_key {
                    self.verify_locally_or_api_key(context, request)?
                } else {
                    self.verify_locally(context, request)?
                };
                let caller = self.authenticate(context, decision, verdict).await?;
                let authorized =
                    self.directory
                        .authorize(required.access, required.plan_use, caller);
                Some(authorized.await?)
            }
        };
        match requirements.rate {
            RateRequirement::None => {}
            RateRequirement::Each(limiter) => limiter.check(match &caller {
                Some(caller) => RateKey::from(caller.instance_id),
                None => RateKey::from(context.client_ip(request.headers)),
            })?,
            RateRequirement::Data(limiters) => {
                if let Some(caller) = &caller {
                    limiters.check(caller, || context.client_ip(request.headers))?;
                }
            }
        }
        requirements.body.check(request.headers)?;
        Ok(Admitted(caller.map(Authenticated)))
    }
}
