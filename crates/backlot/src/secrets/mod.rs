//! Opens the vault with the master key.

mod key_file;
mod master_key;
mod signing_keys;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;
use backlot_server::Clock;
use backlot_server::secrets::{SecretString, Vault, VaultError};
use backlot_store::Store;

use crate::config::{
    ConfigProblem, Environment, MasterKeyPlace, Source, database_of, master_key_of,
};
pub(crate) use key_file::write as write_master_key;
pub(crate) use signing_keys::{open_signing_keys, seal_signing_keys};

/// Opens the vault if it is needed: for a server, a configured master key, or existing secrets. A wrong master key is an
/// error.
pub(crate) async fn unlock(
    store: &Store,
    place: &MasterKeyPlace,
    is_needed: bool,
) -> anyhow::Result<Option<Vault>> {
    let has_keys = !store.list_wrapped_keys().await?.is_empty();
    if !has_keys && !is_needed && !place.is_configured() {
        return Ok(None);
    }
    let key = place.read(has_keys)?;
    let opened = Vault::unlock(store.clone(), Clock::System, &key).await;
    match opened {
        Ok(vault) => Ok(Some(vault)),
        Err(fault @ VaultError::WrongMasterKey) => {
            let Some(newer) = place.newer()? else {
                return Err(place.wrong(&fault));
            };
            // A change of the key was broken off after the database knew of it.
            let vault = Vault::unlock(store.clone(), Clock::System, &newer).await;
            let vault = vault.map_err(|fault| place.wrong(&fault))?;
            place.take_over_newer(Clock::System.now())?;
            Ok(Some(vault))
        }
        Err(fault) => Err(fault).context("cannot open the secrets"),
    }
}

/// Returns the secrets that connections and subscriptions use and that have not been set. Calls would fail without them.
pub(crate) async fn missing_secrets(
    source: &Source,
    data: &Path,
) -> anyhow::Result<Vec<ConfigProblem>> {
    let names = source.secrets_for_each_call();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let (database, _) = database_of(source, data)?;
    let mut present = BTreeSet::new();
    if database.exists() {
        let store = database.open().await?;
        present.extend(
            store
                .list_secrets(None)
                .await?
                .into_iter()
                .map(|it| it.name),
        );
    }
    let mut missing = Vec::new();
    for name in names.iter().filter(|name| !present.contains(*name)) {
        for key in source.users_of_secret(name) {
            missing.push(ConfigProblem {
                origin: source.origin(&key).cloned(),
                key,
                cause: format!("the secret {name} has not been set"),
                remedy: Some(format!(
                    "set it with `backlot secret set {name}{}`",
                    source.command_flags()
                )),
            });
        }
    }
    Ok(missing)
}

/// Reads the secrets that the configuration uses at the start, and adds them to the source.
pub(crate) async fn give_secrets(
    source: &mut Source,
    data: &Path,
    environment: Environment<'_>,
) -> anyhow::Result<()> {
    let names = source.secret_names();
    if names.is_empty() {
        return Ok(());
    }
    let (database, _) = database_of(source, data)?;
    if !database.exists() {
        return Ok(());
    }
    let place = master_key_of(source, data, environment)?;
    let store = database.open().await?;
    let Some(vault) = unlock(&store, &place, false).await? else {
        return Ok(());
    };
    let mut secrets: BTreeMap<String, SecretString> = BTreeMap::new();
    for name in names {
        if let Some(text) = vault.secret(None, &name).await? {
            secrets.insert(name, text);
        }
    }
    source.give_secrets(secrets);
    Ok(())
}
