//! `backlot init`

use std::io::Write as _;
use std::path::Path;

use super::arguments::Init;
use super::mistake;
use super::wix_cli::WixCli;
use crate::config::TEMPLATE;
use crate::output_file::OutputFile;

/// What is said where the app itself is elsewhere.
const ANY_CLI: &str =
    "Pages of apps of all three Wix CLIs are let in; docs/wix-guide.md says what each needs.";

pub(super) fn run(arguments: &Init) -> anyhow::Result<()> {
    let path = &arguments.output;
    write(path, arguments.force).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => mistake(format!(
            "{} is there already\n  hint: --force replaces it, --output FILE writes elsewhere",
            path.display()
        )),
        _ => mistake(format!("cannot write {}: {error}", path.display())),
    })?;
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let story = WixCli::of_folder(folder).map_or(ANY_CLI, WixCli::story);
    let _ = writeln!(
        std::io::stderr(),
        "Wrote {}. {story}\nNext: `backlot dev` tries it on this machine.",
        path.display()
    );
    Ok(())
}

/// Readable by its owner only: it is where an app's secret may be written down.
fn write(path: &Path, replaces: bool) -> std::io::Result<()> {
    let mut file = OutputFile::create(path)?;
    file.write_all(TEMPLATE.as_bytes())?;
    if replaces {
        file.replace()
    } else {
        file.keep_new()
    }
}
