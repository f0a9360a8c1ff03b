//! Who may do what with a collection's items.
//!
//! Each operation names the lowest role that may do it: `ANYONE`, `SITE_MEMBER`,
//! `SITE_MEMBER_AUTHOR`, `CMS_EDITOR`, `PRIVILEGED`, `ADMIN`. The app may do everything, and so may the
//! site's owner.

use serde::{Deserialize, Serialize};

use crate::Role;

/// What is done with items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Queries, counts, references.
    Read,
    /// New items.
    Insert,
    /// Changes of items.
    Update,
    /// Removing items.
    Remove,
}

impl Operation {
    /// The word in Wix's error text.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Remove => "remove",
        }
    }
}

/// The lowest role that an operation admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    /// Every visitor.
    Anyone,
    /// Every logged-in user.
    SiteMember,
    /// Every logged-in user, for their own items.
    SiteMemberAuthor,
    /// Editors of the site's content; here, the owner.
    CmsEditor,
    /// Users with further rights; here, the owner.
    Privileged,
    /// The site's owner, and who has the owner's rights.
    Admin,
}

/// One level an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions {
    /// New items.
    pub insert: Level,
    /// Changes of items.
    pub update: Level,
    /// Removing items.
    pub remove: Level,
    /// Queries, counts, references.
    pub read: Level,
}

/// What a caller is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Every item.
    All,
    /// The items that the caller owns.
    Own,
    /// None.
    Denied,
}

impl Level {
    /// The level of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        serde::Deserialize::deserialize(
            serde::de::value::StrDeserializer::<serde::de::value::Error>::new(name),
        )
        .ok()
    }

    /// What a role is granted.
    pub const fn grants(self, role: Role) -> Access {
        if role.has_owner_rights() {
            return Access::All;
        }
        match self {
            Self::Anyone => Access::All,
            Self::SiteMember if role.is_logged_in() => Access::All,
            Self::SiteMemberAuthor if role.is_logged_in() => Access::Own,
            Self::SiteMember
            | Self::SiteMemberAuthor
            | Self::CmsEditor
            | Self::Privileged
            | Self::Admin => Access::Denied,
        }
    }
}

impl Permissions {
    /// The level of an operation.
    pub const fn level(&self, operation: Operation) -> Level {
        match operation {
            Operation::Read => self.read,
            Operation::Insert => self.insert,
            Operation::Update => self.update,
            Operation::Remove => self.remove,
        }
    }

    /// What a role is granted. Inserting makes an item one's own, so any member who may insert own
    /// items may insert.
    pub const fn grants(&self, operation: Operation, role: Role) -> Access {
        match (operation, self.level(operation).grants(role)) {
            (Operation::Insert, Access::Own) => Access::All,
            (_, access) => access,
        }
    }
}
