//! `backlot instance export`

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::Path;

use backlot_store::portability::{Exporter, Record};

use super::counted;
use super::delete::unknown;
use crate::cli::arguments::InstanceExport;
use crate::cli::configured::Configured;
use crate::cli::progress::Progress;
use crate::cli::runtime;
use crate::output_file::{self, OutputFile};
use crate::wording::count;

pub(super) fn run(arguments: &InstanceExport) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let mut note = None;
    if let Some(path) = &arguments.output {
        output_file::refuse_unsafe(path, &configured.protected()?, arguments.force)?;
        note = configured.begin_file(path)?;
    }
    let outcome = runtime()?.block_on(async {
        let store = configured.open().await?;
        if !store.is_known(arguments.instance).await? {
            return Err(unknown(&configured, arguments.instance));
        }
        let mut out = Out::create(arguments.output.as_deref())?;
        let mut exporter = Exporter::new(&store, arguments.instance);
        let mut progress = Progress::new("exporting");
        loop {
            let records = exporter.next().await?;
            if records.is_empty() {
                break;
            }
            for record in records {
                if let Record::Header { leaves_out, .. } = &record {
                    tell(leaves_out);
                }
                let path = arguments.output.as_deref().unwrap_or(Path::new("-"));
                out.write(&record)
                    .map_err(|error| output_file::cannot_write(path, &error))?;
            }
            progress.at(count(exporter.exported().items, "item", "items"));
        }
        let path = arguments.output.as_deref().unwrap_or(Path::new("-"));
        out.finish(arguments.force)
            .map_err(|error| output_file::cannot_write(path, &error))?;
        let all = exporter.exported();
        progress.done(counted(&all));
        Ok(())
    });
    drop(note);
    outcome
}

/// Says what the first line says, too.
fn tell(leaves_out: &BTreeMap<String, u64>) {
    for (what, number) in leaves_out {
        let _ = writeln!(std::io::stderr(), "note: left out: {what}: {number}");
    }
}

/// Standard output, or a file. An export contains data of users, so the file is readable by its owner only.
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
        let file = file.map_err(|error| output_file::cannot_write(path, &error))?;
        Ok(Self::File(BufWriter::new(file)))
    }

    fn write(&mut self, record: &Record) -> std::io::Result<()> {
        let out: &mut dyn Write = match self {
            Self::Standard(out) => out,
            Self::File(out) => out,
        };
        serde_json::to_writer(&mut *out, record)?;
        out.write_all(b"\n")
    }

    fn finish(self, replaces: bool) -> std::io::Result<()> {
        match self {
            Self::Standard(mut out) => out.flush(),
            Self::File(out) => out.into_inner()?.put(replaces),
        }
    }
}
