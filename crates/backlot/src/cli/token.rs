//! `backlot token`: one elevated token on standard output, as an upstream would be handed it.

use std::io::Write as _;

use backlot_server::Clock;
use backlot_server::auth::elevated_token::{ElevatedTokens, TokenLimits};

use super::arguments::Token;
use super::known_app::known_app;
use super::runtime;
use crate::secrets::open_signing_keys;
use crate::user_error::user_error;

pub(super) fn run(arguments: &Token) -> anyhow::Result<()> {
    let resolved = known_app(&arguments.config)?.resolved;
    if !resolved.database.exists() {
        return Err(user_error(format!(
            "there is no database yet: {} does not exist\n  hint: start the backend once, or name its \
             folder with --data or a file with --config",
            resolved.database
        )));
    }
    let now = Clock::System.now();
    let settings = &resolved.settings;
    let limits = TokenLimits {
        lifetime: settings.elevated_lifetime,
        clock_skew: settings.policy.clock_skew,
    };
    let keys = runtime()?.block_on(async {
        let store = resolved.database.open().await?;
        let keys = open_signing_keys(&store, &resolved.master_key, limits.lifetime).await?;
        anyhow::Ok(keys.load().await?)
    })?;
    let tokens = ElevatedTokens::new(settings.policy.app_id, limits, keys);
    let token = tokens
        .token_for(arguments.instance, now)
        .ok_or_else(|| anyhow::anyhow!("the token cannot be signed"))?;
    writeln!(std::io::stdout(), "{}", token.to_str()?)?;
    Ok(())
}
