//! `backlot simulator …`: what the local stand-in for Wix hands out.

use std::io::Write as _;

use backlot_server::Clock;
use backlot_simulator::access_token::{LIFETIME, TokenIssue};
use backlot_simulator::world::Site;
use backlot_wix::Role;

use super::arguments::{Simulator, SimulatorToken};
use super::known_app::known_app;
use crate::data_folder::DataFolder;
use crate::user_error::user_error;

/// The module that lets Node programs run against the simulator.
const PRELOAD: &str = include_str!("../../../../examples/node/wix-in-simulator.mjs");

pub(super) fn run(command: &Simulator) -> anyhow::Result<()> {
    match command {
        Simulator::Token(arguments) => token(arguments),
        Simulator::Preload => Ok(std::io::stdout().write_all(PRELOAD.as_bytes())?),
    }
}

/// An access token that the simulator of this data folder takes, whether it runs or not.
fn token(arguments: &SimulatorToken) -> anyhow::Result<()> {
    let known = known_app(&arguments.config)?;
    let Some(tokens) = known.simulated_tokens else {
        let data = DataFolder::with_world(arguments.config.data.as_deref());
        return Err(user_error(format!(
            "there is no simulator: {} does not exist\n  hint: run `backlot dev` first, or name its \
             folder with --data",
            data.world().display()
        )));
    };
    let site = known
        .sites
        .into_iter()
        .find(|site| site.instance_id == arguments.instance)
        .unwrap_or_else(|| Site::unknown(arguments.instance));
    let role = arguments.role;
    if role == Role::App && arguments.user.is_some() {
        return Err(user_error(
            "--user: the role app has no user; remove --user",
        ));
    }
    let issue = TokenIssue {
        app_id: known.resolved.settings.policy.app_id,
        site: &site,
        role,
        user_id: arguments.user.as_deref(),
        signed_at: Clock::System.now(),
        lifetime: LIFETIME,
    };
    writeln!(std::io::stdout(), "{}", tokens.make(&issue))?;
    Ok(())
}
