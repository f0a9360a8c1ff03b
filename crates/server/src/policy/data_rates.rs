//! How often calls may be made: by an instance, and by each of its callers.
//!
//! The app itself is not limited unless it is named. A visitor is known by the client's address: Wix makes a new id for
//! each who comes, so an id would be an allowance without end.

use std::net::IpAddr;

use backlot_wix::{Caller, Role};

use super::{Limiter, RateKey, RateLimit};
use crate::error::ApiError;

/// How often calls may be made; `None` is no limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct DataRates {
    /// By each instance: its visitors, members and owner together.
    pub instance: Option<RateLimit>,
    /// By each member and owner.
    pub caller: Option<RateLimit>,
    /// By each visitor.
    pub visitor: Option<RateLimit>,
    /// By the app, on each instance.
    pub app: Option<RateLimit>,
}

/// The same, counting.
pub(crate) struct DataLimiters {
    instance: Option<Limiter>,
    caller: Option<Limiter>,
    visitor: Option<Limiter>,
    app: Option<Limiter>,
}

impl DataLimiters {
    pub(crate) fn new(rates: DataRates) -> Self {
        Self {
            instance: rates.instance.map(Limiter::new),
            caller: rates.caller.map(Limiter::new),
            visitor: rates.visitor.map(Limiter::new),
            app: rates.app.map(Limiter::new),
        }
    }

    /// Counts a call, or refuses it.
    pub(crate) fn check(
        &self,
        caller: &Caller,
        client: impl Fn() -> IpAddr,
    ) -> Result<(), ApiError> {
        let instance = RateKey::from(caller.instance_id);
        // A key is a hash, and made only where it is counted.
        let (limiter, key): (_, &dyn Fn() -> RateKey) = if caller.role == Role::App {
            (&self.app, &|| instance)
        } else if caller.role.is_logged_in() {
            (&self.caller, &|| {
                instance.of_user(caller.user_id.as_deref())
            })
        } else {
            (&self.visitor, &|| instance.of_client(client()))
        };
        if let Some(limiter) = limiter {
            limiter.check(key())?;
        }
        match &self.instance {
            Some(limiter) if caller.role != Role::App => limiter.check(instance),
            _ => Ok(()),
        }
    }

    pub(crate) fn forget_idle(&self) {
        let all = [&self.instance, &self.caller, &self.visitor, &self.app];
        for limiter in all.into_iter().flatten() {
            limiter.forget_idle();
        }
    }
}
