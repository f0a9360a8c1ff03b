//! `backlot secret`: secrets that connections and the configuration use.
//!
//! Values come from standard input or a prompt, never from the command line, where others could see them. No
//! command shows one again.

mod list;
mod put;
mod rekey;
mod remove;

use anyhow::Context as _;
use backlot_server::secrets::{Vault, check_secret_name};

use super::arguments::Secret;
use super::configured::Configured;
use super::runtime;
use crate::secrets;
use crate::user_error::user_error;

pub(super) fn run(command: &Secret) -> anyhow::Result<()> {
    match command {
        Secret::Set(arguments) => put::run(arguments, false),
        Secret::Rotate(arguments) => put::run(arguments, true),
        Secret::List(arguments) => list::run(arguments),
        Secret::Remove(arguments) => remove::run(arguments),
        Secret::Rekey(arguments) => rekey::run(arguments),
    }
}

/// Opens the vault, and creates the database if it does not exist.
async fn open(configured: &Configured) -> anyhow::Result<Vault> {
    let store = configured.open_or_make().await?;
    let key = configured.master_key()?;
    let vault = secrets::unlock(&store, &key, true).await?;
    vault.context("the vault stays shut")
}

fn check_name(name: &str) -> anyhow::Result<()> {
    check_secret_name(name).map_err(|error| user_error(format!("{name:?}: {error}")))
}
