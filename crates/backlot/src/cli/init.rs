//! `backlot init`

use std::io::Write as _;

use super::arguments::Init;
use super::mistake;
use crate::config::TEMPLATE;

pub(super) fn run(arguments: &Init) -> anyhow::Result<()> {
    let path = &arguments.output;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).truncate(true);
    if arguments.force {
        options.create(true);
    } else {
        options.create_new(true);
    }
    let mut file = options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => mistake(format!(
            "{} is there already\n  hint: --force replaces it, --output FILE writes elsewhere",
            path.display()
        )),
        _ => mistake(format!("cannot write {}: {error}", path.display())),
    })?;
    file.write_all(TEMPLATE.as_bytes())?;
    let _ = writeln!(
        std::io::stderr(),
        "Wrote {}. Next: `backlot dev` tries it on this machine.",
        path.display()
    );
    Ok(())
}
