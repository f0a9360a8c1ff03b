//! `backlot check`: whether the configuration is good, and what the files of collections would change.

use std::io::Write as _;

use super::arguments::Check;
use super::configured::Configured;
use super::{environment, mistake, runtime};
use crate::collections::Plan;
use crate::config::{Fallback, Mode, notes_of, resolve};
use crate::data_folder::DataFolder;
use crate::secrets::give_secrets;

pub(super) fn run(arguments: &Check) -> anyhow::Result<()> {
    let mut configured = Configured::read(&arguments.place)?;
    let data = DataFolder::present(arguments.place.data.as_deref());
    runtime()?.block_on(give_secrets(
        &mut configured.source,
        data.path(),
        &environment,
    ))?;
    let files = configured.collections()?;
    // What only production needs may be missing on a developer's machine; all else is checked.
    let has_app = configured.source.parse()?.app.id.is_some();
    let (source, fallback) = (&configured.source, Fallback::default());
    let notes = if has_app {
        resolve(source, Mode::Serve, &fallback, data.path(), &environment)?.notes
    } else {
        notes_of(source, &environment)?
    };
    let mut out = std::io::stdout();
    for note in notes {
        writeln!(out, "note: {note}")?;
    }
    if !configured.database.exists() {
        writeln!(out, "the configuration is good")?;
        for file in &files {
            writeln!(out, "{}: new", file.definition.id)?;
        }
        return Ok(());
    }
    let plan = runtime()?.block_on(async {
        let store = configured.open().await?;
        anyhow::Ok(Plan::make(&store, &files).await?)
    })?;
    write!(out, "{plan}")?;
    if plan.breaks() {
        return Err(mistake(
            "the files of collections cannot be applied: items break their new rules\n  hint: every line that says \
             \"refused\" names what to mend first",
        ));
    }
    if plan.loses() {
        return Err(mistake(
            "the files of collections are not applied by a start: data would be lost\n  hint: `backlot migrate` asks, \
             and applies them then",
        ));
    }
    writeln!(out, "the configuration is good")?;
    Ok(())
}
