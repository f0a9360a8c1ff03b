//! `backlot token`: one elevated token on standard output, as an upstream would be handed it.

use std::io::Write as _;

use backlot_server::Clock;
use backlot_server::elevated::{ElevatedTokens, SigningKeyPair, new_signing_key};
use backlot_store::signing_keys::SigningKeys as _;

use super::arguments::Token;
use super::known_app::known_app;
use super::{mistake, runtime};

pub(super) fn run(arguments: &Token) -> anyhow::Result<()> {
    let resolved = known_app(&arguments.place)?.resolved;
    if !resolved.database.exists() {
        return Err(mistake(format!(
            "there is no database yet: {} does not exist\n  hint: start the backend once, or name its \
             folder with --data or a file with --config",
            resolved.database
        )));
    }
    let now = Clock::System.now();
    let candidate = new_signing_key(now)?;
    let keys = runtime()?.block_on(async {
        let store = resolved.database.open().await?;
        store.signing_keys_or(candidate).await
    })?;
    let keys = keys
        .iter()
        .map(SigningKeyPair::read)
        .collect::<Result<_, _>>()?;
    let settings = &resolved.settings;
    let tokens = ElevatedTokens::new(settings.policy.app_id, settings.elevated_lifetime, keys)?;
    let token = tokens
        .token_for(arguments.instance, now)
        .ok_or_else(|| anyhow::anyhow!("the token cannot be signed"))?;
    writeln!(std::io::stdout(), "{}", token.to_str()?)?;
    Ok(())
}
