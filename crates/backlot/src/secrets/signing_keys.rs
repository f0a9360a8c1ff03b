//! The signing keys of elevated tokens.

use anyhow::Context as _;
use backlot_server::Clock;
use backlot_server::auth::elevated_token::{SigningKeyStore, list_signing_keys};
use backlot_store::Store;
use jiff::SignedDuration;

use super::unlock;
use crate::config::MasterKeyPlace;
use crate::user_error::user_error;

/// Opens the signing keys of a database. Creates the master key if it is missing and nothing is encrypted yet.
pub(crate) async fn open_signing_keys(
    store: &Store,
    place: &MasterKeyPlace,
    token_lifetime: SignedDuration,
) -> anyhow::Result<SigningKeyStore> {
    let vault = unlock(store, place, true).await?;
    let vault = vault.context("the vault stays shut")?;
    Ok(SigningKeyStore::new(
        store.clone(),
        vault,
        Clock::System,
        token_lifetime,
    ))
}

/// Encrypts signing keys that an earlier version left unencrypted, before the database is copied. A server does so when it
/// starts.
pub(crate) async fn seal_signing_keys(
    store: &Store,
    place: &MasterKeyPlace,
    token_lifetime: SignedDuration,
) -> anyhow::Result<()> {
    let keys = list_signing_keys(store, Clock::System.now()).await?;
    if keys.iter().all(|key| key.is_sealed) {
        return Ok(());
    }
    // A database on a server may be another machine's business, and so is the key that all nodes share.
    if matches!(store, Store::Postgres(_)) && !place.is_present() {
        return Err(user_error(
            "SIGNING_KEY_CLEAR: an earlier version left its signing key in the database in the clear, and there is \
             no master key here to seal it with\n  hint: start the server once, which seals it, or say in [secrets] \
             where its master key is",
        ));
    }
    let keys = open_signing_keys(store, place, token_lifetime).await?;
    keys.load().await?;
    Ok(())
}
