//! `backlot migrate`: what a start of the server does to the database; and, with the person's consent, what loses
//! data, which no start does.

use std::io::Write as _;

use super::arguments::Migrate;
use super::configured::Configured;
use super::confirm::confirm;
use super::runtime;
use crate::collections::{Losses, Plan, carry_out, refuse};
use crate::secrets::seal_signing_keys;

pub(super) fn run(arguments: &Migrate) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let files = configured.collections()?;
    let runtime = runtime()?;
    let (store, plan) = runtime.block_on(async {
        let store = configured.open_or_make().await?;
        let place = configured.master_key()?;
        let sealed = seal_signing_keys(&store, &place, configured.token_lifetime()?).await;
        if let Err(error) = sealed {
            writeln!(std::io::stderr(), "warning: {error}")?;
        }
        let plan = Plan::make(&store, &files).await?;
        anyhow::Ok((store, plan))
    })?;
    refuse(&plan, Losses::Meant, configured.flags())?;
    if plan.loses() {
        let losses = plan.losses();
        confirm(arguments.yes, &losses, "yes")?;
    }
    runtime.block_on(carry_out(&store, &plan, files))?;
    let mut out = std::io::stdout();
    write!(out, "{plan}")?;
    writeln!(out, "the database is up to date: {}", configured.database)?;
    if !plan.steps.is_empty() {
        configured.tell_server("it uses the collections as they are now within a second");
    }
    Ok(())
}
