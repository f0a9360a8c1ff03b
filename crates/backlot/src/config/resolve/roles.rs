//! The roles, as they are written in the configuration.

use backlot_wix::Role;

use crate::config::sections::RoleName;

pub(super) const fn role(name: RoleName) -> Role {
    match name {
        RoleName::Visitor => Role::Visitor,
        RoleName::Member => Role::Member,
        RoleName::Owner => Role::Owner,
        RoleName::App => Role::App,
    }
}
