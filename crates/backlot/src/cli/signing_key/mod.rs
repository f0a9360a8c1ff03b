//! `backlot signing-key`: the keys that sign elevated tokens.

mod list;
mod rotate;

use super::arguments::SigningKey;

pub(super) fn run(command: &SigningKey) -> anyhow::Result<()> {
    match command {
        SigningKey::List(arguments) => list::run(arguments),
        SigningKey::Rotate(arguments) => rotate::run(arguments),
    }
}
