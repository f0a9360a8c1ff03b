//! `backlot simulator token`: an access token that the simulator of this data folder takes, whether it runs or not.

use std::io::Write as _;

use backlot_server::Clock;
use backlot_simulator::access_token::{LIFETIME, TokenIssue};
use backlot_simulator::world::Site;
use backlot_wix::Role;

use super::no_world;
use crate::cli::arguments::SimulatorToken;
use crate::cli::known_app::known_app;
use crate::user_error::user_error;

pub(super) fn run(arguments: &SimulatorToken) -> anyhow::Result<()> {
    let known = known_app(&arguments.config)?;
    let Some(tokens) = known.simulated_tokens else {
        return Err(no_world(&arguments.config));
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
