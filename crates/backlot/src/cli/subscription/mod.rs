//! `backlot subscription`

mod secret;

use super::arguments::Subscription;

pub(super) fn run(command: &Subscription) -> anyhow::Result<()> {
    match command {
        Subscription::Secret(arguments) => secret::run(arguments),
    }
}
