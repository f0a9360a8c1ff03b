//! What a caller is to the site: visitor, member, owner, or the app itself.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The roles. They are a set to choose from, not a ladder: a rule names each role it admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Somebody who looks at the site and is not logged in.
    Visitor,
    /// A logged-in member of the site, or a contributor without owner rights.
    Member,
    /// The site's owner, or a contributor with the owner's rights.
    Owner,
    /// The app itself, for one instance.
    App,
}

impl Role {
    /// The number of roles.
    pub const COUNT: usize = 4;

    /// Every role, in the order of the table in the documentation.
    pub const ALL: [Self; Self::COUNT] = [Self::Visitor, Self::Member, Self::Owner, Self::App];

    /// The word in configuration, headers and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Member => "member",
            Self::Owner => "owner",
            Self::App => "app",
        }
    }

    /// Where this role stands in [`Role::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The text named no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a role; the roles are visitor, member, owner and app")]
pub struct NotARole;

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(NotARole)
    }
}
