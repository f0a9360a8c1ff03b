//! `backlot simulator …`: credentials and webhooks of the local stand-in for Wix.

mod events;
mod running;
mod send;
mod token;

use std::io::Write as _;

use super::arguments::Simulator;

/// The module that lets Node programs run against the simulator.
const PRELOAD: &str = include_str!("../../../../../examples/node/wix-in-simulator.mjs");

pub(super) fn run(command: &Simulator) -> anyhow::Result<()> {
    match command {
        Simulator::Token(arguments) => token::run(arguments),
        Simulator::Send(arguments) => send::run(arguments),
        Simulator::Events(arguments) => events::run(arguments),
        Simulator::Preload => Ok(std::io::stdout().write_all(PRELOAD.as_bytes())?),
    }
}

/// The error for a data folder without a simulator.
fn no_world(config: &super::arguments::ConfigArgs) -> anyhow::Error {
    let data = crate::data_folder::DataFolder::with_world(config.data.as_deref());
    crate::user_error::user_error(format!(
        "there is no simulator: {} does not exist\n  hint: run `backlot dev` first, or name its \
         folder with --data",
        data.world().display()
    ))
}
