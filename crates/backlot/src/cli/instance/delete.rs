//! `backlot instance delete`

use std::io::{IsTerminal as _, Write as _};

use backlot_store::instances::Instances as _;

use crate::cli::arguments::InstanceDelete;
use crate::cli::configured::Configured;
use crate::cli::{mistake, runtime};

pub(super) fn run(arguments: &InstanceDelete) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.place)?;
    if std::io::stdin().is_terminal() && !arguments.yes {
        confirm(arguments)?;
    }
    let items = runtime()?.block_on(async {
        let store = configured.open().await?;
        anyhow::Ok(store.delete_instance(arguments.instance).await?)
    })?;
    let _ = writeln!(std::io::stderr(), "deleted, with {items} items");
    Ok(())
}

fn confirm(arguments: &InstanceDelete) -> anyhow::Result<()> {
    let id = arguments.instance.to_string();
    let _ = write!(
        std::io::stderr(),
        "Everything that is kept of {id} is removed for good. Type its id to go on: "
    );
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if answer.trim() == id {
        Ok(())
    } else {
        Err(mistake("nothing was deleted: that is not its id"))
    }
}
