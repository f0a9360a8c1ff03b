//! `backlot instance export`

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use backlot_store::transfer::Exporter;

use crate::cli::arguments::InstanceExport;
use crate::cli::configured::Configured;
use crate::cli::progress::Progress;
use crate::cli::{mistake, runtime};

pub(super) fn run(arguments: &InstanceExport) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.place)?;
    let mut out: Box<dyn Write> = match &arguments.output {
        Some(path) => Box::new(BufWriter::new(create(path)?)),
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    runtime()?.block_on(async {
        let store = configured.open().await?;
        let mut exporter = Exporter::new(&store, arguments.instance);
        let mut progress = Progress::new("exporting");
        loop {
            let records = exporter.next().await?;
            if records.is_empty() {
                break;
            }
            for record in records {
                serde_json::to_writer(&mut out, &record)?;
                out.write_all(b"\n")?;
            }
            progress.at(format_args!("{} items", exporter.exported().items));
        }
        out.flush()?;
        let all = exporter.exported();
        progress.done(format_args!(
            "{} collections, {} items",
            all.collections, all.items
        ));
        Ok(())
    })
}

/// An export holds what an app knows of its users: nobody but its owner reads it.
fn create(path: &Path) -> anyhow::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map_err(|error| mistake(format!("cannot write {}: {error}", path.display())))
}
