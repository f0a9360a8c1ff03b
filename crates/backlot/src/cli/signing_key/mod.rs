//! `backlot signing-key`: the keys that elevated tokens are signed with.

mod list;
mod rotate;

use super::arguments::SigningKey;

pub(super) fn run(command: &SigningKey) -> anyhow::Result<()> {
    match command {
        SigningKey::List(arguments) => list::run(arguments),
        SigningKey::Rotate(arguments) => rotate::run(arguments),
    }
}
