//! `backlot secret remove`

use std::io::Write as _;

use super::{check_name, open, runtime};
use crate::cli::arguments::SecretPut;
use crate::cli::configured::Configured;
use crate::cli::mistake;

pub(super) fn run(arguments: &SecretPut) -> anyhow::Result<()> {
    let name = &arguments.name;
    check_name(name)?;
    let configured = Configured::read(&arguments.place)?;
    let removed = runtime()?.block_on(async {
        let vault = open(&configured).await?;
        anyhow::Ok(vault.remove_secret(arguments.instance, name).await?)
    })?;
    if !removed {
        return Err(mistake(format!(
            "there is no secret {name}\n  hint: `backlot secret list` says which there are"
        )));
    }
    let _ = writeln!(std::io::stderr(), "{name}: removed");
    Ok(())
}
