//! `backlot sign`: one signed instance on standard output.

use std::io::Write as _;

use backlot_server::Clock;
use backlot_simulator::issue::{Issue, LIFETIME};
use backlot_simulator::world::Site;

use super::arguments::Sign;
use super::known_app::{KnownApp, known_app};

pub(super) fn run(arguments: &Sign) -> anyhow::Result<()> {
    let KnownApp {
        resolved, sites, ..
    } = known_app(&arguments.config)?;
    let now = Clock::System.now();
    let signed_at = arguments.signed_at.map_or(now, |at| at.seen_from(now));
    let expires_at = match (arguments.expires_at, arguments.signed_at) {
        (Some(at), _) => Some(at.seen_from(now)),
        (None, Some(_)) => None,
        (None, None) => now.checked_add(LIFETIME).ok(),
    };
    let site = sites
        .into_iter()
        .find(|site| site.instance_id == arguments.instance)
        .unwrap_or_else(|| Site::unknown(arguments.instance));
    let issue = Issue {
        app_id: resolved.settings.policy.app_id,
        site: &site,
        role: arguments.role,
        user_id: arguments.user.as_deref(),
        plan: arguments.plan.as_deref().or(site.plan.as_deref()),
        signed_at,
        expires_at,
    };
    writeln!(
        std::io::stdout(),
        "{}",
        issue.sign(resolved.settings.secrets.newest())
    )?;
    Ok(())
}
