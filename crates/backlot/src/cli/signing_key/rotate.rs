//! `backlot signing-key rotate`

use std::io::Write as _;

use backlot_server::auth::elevated_token::SigningKeyError;

use crate::cli::arguments::SigningKeyRotate;
use crate::cli::configured::Configured;
use crate::cli::runtime;
use crate::secrets::open_signing_keys;
use crate::user_error::user_error;

pub(super) fn run(arguments: &SigningKeyRotate) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let (place, lifetime) = (configured.master_key()?, configured.token_lifetime()?);
    let new = runtime()?.block_on(async {
        let store = configured.open().await?;
        let keys = open_signing_keys(&store, &place, lifetime).await?;
        keys.rotate().await.map_err(|error| match error {
            SigningKeyError::RotationUnderWay { .. }
            | SigningKeyError::TooMany
            | SigningKeyError::DoesNotOpen(_) => user_error(error.to_string()),
            error => error.into(),
        })
    })?;
    writeln!(std::io::stdout(), "{}", new.key_id)?;
    writeln!(
        std::io::stderr(),
        "it is published now, and signs from {:.0} on; `backlot signing-key list` says what becomes of the one before",
        new.signs_from
    )?;
    Ok(())
}
