//! `backlot backup` and `backlot backup verify`

use std::io::Write as _;
use std::path::Path;

use backlot_server::Clock;
use backlot_store::backup::{Origin, Verified};
use backlot_store::{Existing, StoreError, verify_backup};

use super::arguments::{Backup, BackupVerb, BackupVerify};
use super::configured::Configured;
use super::runtime;
use crate::output_file;
use crate::user_error::user_error;
use crate::wording::count;

pub(super) fn run(arguments: &Backup) -> anyhow::Result<()> {
    match (&arguments.verb, &arguments.file) {
        (Some(BackupVerb::Verify(arguments)), _) => verify_file(arguments),
        (None, Some(file)) => back_up(arguments, file),
        (None, None) => Err(user_error("name the file to write: backlot backup FILE")),
    }
}

fn back_up(arguments: &Backup, file: &Path) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    output_file::refuse_unsafe(file, &configured.protected()?, arguments.force)?;
    let _note = configured.begin_file(file)?;
    let existing = if arguments.force {
        Existing::IsReplaced
    } else {
        Existing::Stays
    };
    let origin = Origin {
        program: Some(env!("CARGO_PKG_VERSION").to_owned()),
        app: configured.app_id()?,
        made_at: Some(Clock::System.now()),
    };
    runtime()?.block_on(async {
        let store = configured.open_sealed().await?;
        let outcome = store.back_up(file, existing, &origin).await;
        outcome.map_err(|error| match error {
            // A link in its place, say, or a folder that is not there.
            StoreError::CannotWrite { .. } | StoreError::Full => user_error(error.to_string()),
            error => error.into(),
        })
    })?;
    let _ = writeln!(std::io::stderr(), "wrote {}", file.display());
    Ok(())
}

fn verify_file(arguments: &BackupVerify) -> anyhow::Result<()> {
    let verified = proven(&arguments.file)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", described(&verified))?;
    for table in &verified.tables {
        let rows = count(table.rows, "row", "rows");
        writeln!(out, "{:24}  {rows:>12}  {}", table.name, table.checksum)?;
    }
    if !verified.has_checksum() {
        return Err(user_error(format!(
            "{}: it is intact as far as can be verified, but it has no checksum: an earlier version wrote it\n  hint: \
             `backlot restore --without-checksum` takes it",
            arguments.file.display()
        )));
    }
    writeln!(out, "the backup is whole")?;
    Ok(())
}

/// Reads all of a backup. What is wrong with it is the file's fault.
pub(super) fn proven(file: &Path) -> anyhow::Result<Verified> {
    if !file.exists() {
        return Err(user_error(format!(
            "there is no backup: {} does not exist",
            file.display()
        )));
    }
    verify_backup(file).map_err(|error| match error {
        StoreError::NoBackup { .. } | StoreError::TooNew { .. } => user_error(error.to_string()),
        error => error.into(),
    })
}

/// What a backup is of, in words.
pub(super) fn described(verified: &Verified) -> String {
    let about = &verified.about;
    let mut words = vec![format!(
        "a backup of {}, format {}, migration {}",
        verified.kind, verified.format, about.migration
    )];
    if let Some(program) = &about.program {
        words.push(format!("made by Backlot {program}"));
    }
    if let Some(made_at) = about.made_at {
        words.push(format!("at {made_at:.0}"));
    }
    if let Some(app) = &about.app {
        words.push(format!("of the app {app}"));
    }
    let rows = |name: &str| {
        verified
            .tables
            .iter()
            .find(|it| it.name == name)
            .map_or(0, |it| it.rows)
    };
    words.push(count(rows("items"), "item", "items"));
    words.push(count(rows("instances"), "instance seen", "instances seen"));
    words.join(", ")
}
