//! `backlot instance import`

use std::fs::File;
use std::io::{BufRead, BufReader};

use backlot_store::Store;
use backlot_store::instances::Instances as _;
use backlot_store::transfer::{Importer, NotImported, Record};
use backlot_wix::InstanceId;

use crate::cli::arguments::InstanceImport;
use crate::cli::configured::Configured;
use crate::cli::progress::Progress;
use crate::cli::{mistake, runtime};
use crate::collections::apply;

pub(super) fn run(arguments: &InstanceImport) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.place)?;
    let files = configured.collections()?;
    let mut lines: Box<dyn BufRead> = match &arguments.input {
        Some(path) => {
            let cannot = |error| mistake(format!("cannot read {}: {error}", path.display()));
            Box::new(BufReader::new(File::open(path).map_err(cannot)?))
        }
        None => Box::new(BufReader::new(std::io::stdin())),
    };
    let Some(Record::Header { instance_id, .. }) = read(&mut *lines, 1)? else {
        return Err(mistake("this is no export: its first line is no header"));
    };
    let instance_id = arguments.instance.unwrap_or(instance_id);
    runtime()?.block_on(async {
        let store = configured.database.open().await?;
        apply(&store, files).await?;
        if arguments.replace {
            store.delete_instance(instance_id).await?;
        }
        take_all(&store, instance_id, &mut *lines).await
    })
}

async fn take_all(
    store: &Store,
    instance_id: InstanceId,
    lines: &mut dyn BufRead,
) -> anyhow::Result<()> {
    let mut importer = Importer::begin(store, instance_id).await.map_err(told)?;
    let mut progress = Progress::new("importing");
    let mut number = 1;
    loop {
        number += 1;
        let Some(record) = read(lines, number)? else {
            break;
        };
        let taken = importer.take(record).await;
        taken.map_err(|error| match told(error) {
            error if error.is::<NotImported>() => error,
            error => mistake(format!("line {number}: {error}")),
        })?;
        progress.at(format_args!("{} items", importer.imported().items));
    }
    let all = importer.finish().map_err(told)?;
    progress.done(format_args!(
        "{} collections, {} items",
        all.collections, all.items
    ));
    Ok(())
}

/// The database's faults are ours; all others are the export's.
fn told(error: NotImported) -> anyhow::Error {
    match error {
        NotImported::Store(_) => error.into(),
        other => mistake(other.to_string()),
    }
}

/// The next record; none at the end.
fn read(lines: &mut dyn BufRead, number: usize) -> anyhow::Result<Option<Record>> {
    let mut line = String::new();
    if lines.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let record = serde_json::from_str(&line);
    Ok(Some(record.map_err(|error| {
        mistake(format!("line {number} is no record of an export: {error}"))
    })?))
}
