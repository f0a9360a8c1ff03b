//! `backlot instance export`

use std::io::{BufWriter, Write};
use std::path::Path;

use backlot_store::transfer::{Exporter, Record};

use crate::cli::arguments::InstanceExport;
use crate::cli::configured::Configured;
use crate::cli::progress::Progress;
use crate::cli::{mistake, runtime};
use crate::output_file::OutputFile;

pub(super) fn run(arguments: &InstanceExport) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.place)?;
    let mut out = Out::create(arguments.output.as_deref())?;
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
                out.write(&record)?;
            }
            progress.at(format_args!("{} items", exporter.exported().items));
        }
        out.finish()?;
        let all = exporter.exported();
        progress.done(format_args!(
            "{} collections, {} items",
            all.collections, all.items
        ));
        Ok(())
    })
}

/// Standard output, or a file: an export holds what an app knows of its users, so nobody but its owner reads it.
enum Out {
    Standard(BufWriter<std::io::Stdout>),
    File(BufWriter<OutputFile>),
}

impl Out {
    fn create(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else {
            return Ok(Self::Standard(BufWriter::new(std::io::stdout())));
        };
        let file = OutputFile::create(path);
        let cannot = |error| mistake(format!("cannot write {}: {error}", path.display()));
        Ok(Self::File(BufWriter::new(file.map_err(cannot)?)))
    }

    fn write(&mut self, record: &Record) -> anyhow::Result<()> {
        let out: &mut dyn Write = match self {
            Self::Standard(out) => out,
            Self::File(out) => out,
        };
        serde_json::to_writer(&mut *out, record)?;
        Ok(out.write_all(b"\n")?)
    }

    fn finish(self) -> std::io::Result<()> {
        match self {
            Self::Standard(mut out) => out.flush(),
            Self::File(out) => out.into_inner()?.replace(),
        }
    }
}
