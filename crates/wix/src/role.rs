//! The role of a caller on a site.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The role of a caller on a site.
///
/// Roles are a set, not a ladder: a rule names each role that it admits. Everything that depends on a role is a method
/// here, so that a new role is decided upon in this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// A visitor of the site who is not logged in.
    Visitor,
    /// A logged-in member of the site, or a contributor without the owner's rights.
    Member,
    /// The site's owner, or a contributor with the owner's rights.
    Owner,
    /// The app itself, for one instance.
    App,
}

impl Role {
    /// The number of roles.
    pub const COUNT: usize = Self::ALL.len();

    /// Every role, in the order of its declaration.
    pub const ALL: [Self; 4] = [Self::Visitor, Self::Member, Self::Owner, Self::App];

    /// Returns the role's name in configuration, headers and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Member => "member",
            Self::Owner => "owner",
            Self::App => "app",
        }
    }

    /// Returns Wix's name for the role: the `subjectType` of an access token.
    ///
    /// A Wix user who holds a token of the app's dashboard has the site's rights: the owner, or a contributor with the
    /// owner's.
    pub const fn subject_type(self) -> &'static str {
        match self {
            Self::Visitor => "VISITOR",
            Self::Member => "MEMBER",
            Self::Owner => "USER",
            Self::App => "APP",
        }
    }

    /// Returns the role with this `subjectType`, or `None` for a subject that has no role here.
    pub fn from_subject_type(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|role| role.subject_type() == name)
    }

    /// Whether the caller is a user who is logged in. The app is not a user.
    pub const fn is_logged_in(self) -> bool {
        match self {
            Self::Member | Self::Owner => true,
            Self::Visitor | Self::App => false,
        }
    }

    /// Whether the caller may do what the site's owner may do.
    pub const fn has_owner_rights(self) -> bool {
        match self {
            Self::Owner | Self::App => true,
            Self::Visitor | Self::Member => false,
        }
    }

    /// Returns the role's index in [`Role::ALL`].
    pub const fn index(self) -> usize {
        // A role that is added here belongs into `ALL` at the same place.
        match self {
            Self::Visitor => 0,
            Self::Member => 1,
            Self::Owner => 2,
            Self::App => 3,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The error for a text that names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a role; the roles are {}", Role::ALL.map(Role::as_str).join(", "))]
pub struct ParseRoleError;

impl FromStr for Role {
    type Err = ParseRoleError;

    fn from_str(text: &str) -> Result<Self, ParseRoleError> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(ParseRoleError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_holds_each_role_at_its_index() {
        for (index, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(role.index(), index);
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(Role::from_subject_type(role.subject_type()), Some(role));
        }
    }
}
