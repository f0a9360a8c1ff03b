//! Roles and plans. What is not named is not admitted.

use backlot_wix::{Caller, Role};
use serde_json::Value;

use crate::error::{ApiError, ErrorCode};

/// A set of roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles([bool; Role::COUNT]);

impl Roles {
    /// No role.
    pub(crate) const NONE: Self = Self([false; Role::COUNT]);

    /// These roles and no others.
    pub fn new(roles: impl IntoIterator<Item = Role>) -> Self {
        let mut set = Self::default();
        for role in roles {
            set.0[role.index()] = true;
        }
        set
    }

    /// Whether `role` is one of them.
    pub const fn contains(self, role: Role) -> bool {
        self.0[role.index()]
    }

    /// Whether each of them is one of the others.
    fn are_among(self, others: Self) -> bool {
        Role::ALL
            .into_iter()
            .all(|role| others.contains(role) || !self.contains(role))
    }

    /// Admits a caller with one of these roles.
    pub(crate) fn admit(self, caller: &Caller) -> Result<(), ApiError> {
        if self.contains(caller.role) {
            return Ok(());
        }
        Err(ApiError::from(ErrorCode::RoleNotAllowed)
            .with_data("role", caller.role.as_str())
            .with_data("allowed", self.iter().map(Role::as_str).collect::<Vec<_>>()))
    }

    /// Returns the roles, in their order.
    pub(crate) fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL
            .into_iter()
            .filter(move |role| self.contains(*role))
    }
}

/// Who may use a path.
#[derive(Debug, Clone)]
pub enum AuthPolicy {
    /// All requests, unverified. Only if the configuration says `auth = "none"`.
    Anybody,
    /// Requests of Wix, whose `digest` header is signed over the body.
    WixDigest,
    /// Verified callers whom the rules admit.
    Verified(AccessRule),
}

impl AuthPolicy {
    /// Whether this policy allows no request that the other one refuses.
    pub(crate) fn is_as_strict_as(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Anybody) | (Self::WixDigest, Self::WixDigest) => true,
            (Self::Anybody | Self::WixDigest, Self::Verified(_))
            | (Self::Anybody | Self::Verified(_), Self::WixDigest) => false,
            (Self::Verified(own), Self::Verified(other)) => own.is_as_strict_as(other),
        }
    }
}

/// What a verified caller must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRule {
    /// The roles that may come in.
    pub roles: Roles,
    /// The plans that include this path; empty for all, the free one included.
    pub plans: Vec<String>,
}

impl AccessRule {
    /// Admits or refuses. An elevated token carries no plan, and needs none: the app checked it
    /// when it let the caller in.
    pub(crate) fn admit(&self, caller: &Caller) -> Result<(), ApiError> {
        self.roles.admit(caller)?;
        if caller.role != Role::App && !self.include(caller.plan.as_deref()) {
            return Err(ApiError::from(ErrorCode::PlanNotAllowed)
                .with_data(
                    "plan",
                    caller.plan.as_deref().map_or(Value::Null, Value::from),
                )
                .with_data("allowed", self.plans.clone()));
        }
        Ok(())
    }

    /// Whether these rules admit no caller whom the others refuse.
    pub(crate) fn is_as_strict_as(&self, other: &Self) -> bool {
        let plans_are_among = other.plans.is_empty()
            || (!self.plans.is_empty() && self.plans.iter().all(|plan| other.plans.contains(plan)));
        plans_are_among && self.roles.are_among(other.roles)
    }

    /// Whether a plan (`None`: the free one) is included.
    pub(crate) fn include(&self, plan: Option<&str>) -> bool {
        self.plans.is_empty()
            || plan.is_some_and(|plan| self.plans.iter().any(|included| included == plan))
    }
}
