//! `backlot secret rekey`
//!
//! The new key is on disk (or in the person's hands) before the database knows of it, so that it cannot be
//! lost in between.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use backlot_server::Clock;
use backlot_server::secrets::{MasterKey, Vault, VaultError};
use zeroize::Zeroizing;

use super::runtime;
use crate::cli::arguments::SecretRekey;
use crate::cli::configured::Configured;
use crate::config::MasterKeyPlace;
use crate::secrets;
use crate::user_error::user_error;

pub(super) fn run(arguments: &SecretRekey) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let place = configured.master_key()?;
    let (new, was_made) = new_key()?;
    let outcome = runtime()?.block_on(change(&configured, &place, &new, was_made));
    let before = outcome?;
    let mut talk = std::io::stderr();
    match place.file() {
        Some(file) => {
            let _ = writeln!(talk, "{} holds the new master key", file.display());
            if let Some(before) = before {
                let _ = writeln!(
                    talk,
                    "  hint: backups made before this open with the old one, kept as {}; remove it with the last \
                     of them",
                    before.display()
                );
            }
        }
        None => {
            let _ = writeln!(
                talk,
                "the database takes the new master key from now on\n  hint: put it where secrets.master_key is \
                 read from before a server is started again; those that run go on\n  hint: backups made before this \
                 open with the old one: keep it as long as you keep them"
            );
        }
    }
    Ok(())
}

/// The new key: from standard input, or made here. True if it was made here.
fn new_key() -> anyhow::Result<(MasterKey, bool)> {
    let mut text = Zeroizing::new(String::new());
    if !std::io::stdin().is_terminal() {
        std::io::stdin()
            .lock()
            .take(1024)
            .read_to_string(&mut text)?;
    }
    if text.trim().is_empty() {
        let key = MasterKey::generate();
        return Ok((
            key.context("the operating system gives no random bytes")?,
            true,
        ));
    }
    let key =
        MasterKey::parse(&text).map_err(|error| user_error(format!("standard input: {error}")))?;
    Ok((key, false))
}

async fn change(
    configured: &Configured,
    place: &MasterKeyPlace,
    new: &MasterKey,
    was_made: bool,
) -> anyhow::Result<Option<PathBuf>> {
    // Two at once would put one another's keys away.
    let _lock = place.lock()?;
    let store = configured.open().await?;
    // Also ends a change that was broken off.
    let vault = secrets::unlock(&store, place, true).await?;
    let vault = vault.context("the vault stays shut")?;
    vault.reseal().await?;
    let old = place.read(true)?;
    match place.newer_file() {
        Some(file) => {
            // One that is left over was never taken: the key in its place opens the database.
            let _ = std::fs::remove_file(&file);
            secrets::write_master_key(&file, new)?;
        }
        None if was_made => {
            let mut out = std::io::stdout().lock();
            writeln!(out, "{}", *new.reveal())?;
            out.flush()?;
        }
        None => {}
    }
    match Vault::rekey(&store, &old, new).await {
        Ok(_) => place.take_over_newer(Clock::System.now()),
        Err(fault @ VaultError::WrongMasterKey) => Err(place.wrong(&fault)),
        Err(fault) => Err(fault).context("the master key stays as it was"),
    }
}
