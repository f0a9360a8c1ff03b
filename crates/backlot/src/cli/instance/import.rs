//! `backlot instance import`
//!
//! Twice through the export: first to see that all of it is there and whole, and only then into the
//! database. What fails after that is taken back.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek as _, Write as _};

use backlot_store::instances::Instances as _;
use backlot_store::transfer::{Check, Exported, Importer, NotImported, Record};
use backlot_wix::InstanceId;

use crate::cli::arguments::InstanceImport;
use crate::cli::configured::Configured;
use crate::cli::progress::Progress;
use crate::cli::{mistake, runtime};
use crate::collections::apply;

pub(super) fn run(arguments: &InstanceImport) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.place)?;
    let files = configured.collections()?;
    let mut file = match &arguments.input {
        Some(path) => {
            let cannot = |error| mistake(format!("cannot read {}: {error}", path.display()));
            File::open(path).map_err(cannot)?
        }
        None => spooled()?,
    };
    let exported = check(&file)?;
    file.rewind()?;
    let instance_id = arguments.instance.unwrap_or(exported);
    runtime()?.block_on(async {
        let store = configured.database.open().await?;
        apply(&store, files).await?;
        if arguments.replace {
            store.delete_instance(instance_id).await?;
        }
        let importer = Importer::begin(&store, instance_id).await.map_err(told)?;
        let outcome = take_all(importer, &file).await;
        if outcome.is_err() {
            store.delete_instance(instance_id).await?;
        }
        outcome.map(drop)
    })
}

/// Standard input, kept in a file that has no name and vanishes with the program.
fn spooled() -> anyhow::Result<File> {
    let mut file = tempfile::tempfile()?;
    std::io::copy(&mut std::io::stdin().lock(), &mut file)?;
    file.flush()?;
    file.rewind()?;
    Ok(file)
}

/// Whether the export is whole; the instance that it is of.
fn check(file: &File) -> anyhow::Result<InstanceId> {
    let mut lines = BufReader::new(file);
    let mut check = Check::default();
    let (mut number, mut instance) = (0, None);
    loop {
        number += 1;
        let Some(record) = read(&mut lines, number)? else {
            break;
        };
        if let Record::Header { instance_id, .. } = &record {
            instance = Some(*instance_id);
        }
        let looked = check.look(&record);
        looked.map_err(|error| mistake(format!("line {number}: {error}")))?;
    }
    check.finish().map_err(told)?;
    instance.ok_or_else(|| mistake("this is no export: it has no header"))
}

async fn take_all(mut importer: Importer<'_>, file: &File) -> anyhow::Result<Exported> {
    let mut lines = BufReader::new(file);
    let mut progress = Progress::new("importing");
    let mut number = 0;
    loop {
        number += 1;
        let Some(record) = read(&mut lines, number)? else {
            break;
        };
        importer.take(record).await.map_err(|error| match error {
            NotImported::Store(_) => error.into(),
            other => mistake(format!("line {number}: {other}")),
        })?;
        progress.at(format_args!("{} items", importer.imported().items));
    }
    let all = importer.finish().await.map_err(told)?;
    progress.done(format_args!(
        "{} collections, {} items",
        all.collections, all.items
    ));
    Ok(all)
}

/// The database's faults are ours; all others are the export's.
fn told(error: NotImported) -> anyhow::Error {
    match error {
        NotImported::Store(_) => error.into(),
        other => mistake(other.to_string()),
    }
}

/// The next record; none at the end.
fn read(lines: &mut impl BufRead, number: usize) -> anyhow::Result<Option<Record>> {
    let mut line = String::new();
    if lines.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let record = serde_json::from_str(&line);
    Ok(Some(record.map_err(|error| {
        mistake(format!("line {number} is no record of an export: {error}"))
    })?))
}
