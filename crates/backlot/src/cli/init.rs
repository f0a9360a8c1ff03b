//! `backlot init`

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::arguments::Init;
use super::wix_cli::WixCli;
use crate::config::TEMPLATE;
use crate::data_folder::DataFolder;
use crate::output_file::{self, OutputFile};
use crate::protected_files::ProtectedFiles;
use crate::user_error::user_error;

/// The data folder that `dev` and `serve` make holds the database, its master key and, in development, the app's secret.
const IGNORED: &str = "data/";

/// What is said where the app itself is elsewhere.
const ANY_CLI: &str = "Pages of all three Wix CLIs are allowed; docs/wix-guide.md describes each.";

pub(super) fn run(arguments: &Init) -> anyhow::Result<()> {
    let path = &arguments.output;
    let mut protected = ProtectedFiles::default();
    for data in [DataFolder::of_serve(None), DataFolder::of_dev(None)] {
        protected.add_data_folder(&data);
    }
    protected.let_configurations_be_replaced();
    output_file::refuse_unsafe(path, &protected, arguments.force)?;
    if arguments.force && !is_replaceable(path) {
        return Err(user_error(format!(
            "cannot write {}: what is there is no configuration\n  hint: name another file with --output",
            path.display()
        )));
    }
    write(path, arguments.force).map_err(|error| output_file::cannot_write(path, &error))?;
    let mut said = format!("Wrote {}.", path.display());
    if is_here(path) {
        let list = path.with_file_name(".gitignore");
        match ignore_data(&list) {
            Ok(true) => {
                said.push_str(
                    " .gitignore keeps data/, with the database and its key, out of git.",
                );
            }
            Ok(false) => {}
            Err(error) => {
                return Err(user_error(format!(
                    "{said} But cannot write {}: {error}\n  hint: keep data/, with the database and its key, out of git",
                    list.display()
                )));
            }
        }
    }
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let story = WixCli::of_folder(folder).map_or(ANY_CLI, WixCli::story);
    let _ = writeln!(
        std::io::stderr(),
        "{said} {story}\nNext: `backlot dev` tries it on this machine."
    );
    Ok(())
}

/// Whether there is nothing, or text, as a configuration is, however wrong.
fn is_replaceable(path: &Path) -> bool {
    match std::fs::read_to_string(path) {
        Ok(text) => !text.contains('\0'),
        Err(error) => error.kind() == ErrorKind::NotFound,
    }
}

/// Whether the file goes to the current folder, where `data` will be.
fn is_here(path: &Path) -> bool {
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    folder == PathBuf::new() || folder == Path::new(".")
}

/// Readable by its owner only: it is where an app's secret may be written down.
fn write(path: &Path, replaces: bool) -> std::io::Result<()> {
    let mut file = OutputFile::create(path)?;
    file.write_all(TEMPLATE.as_bytes())?;
    file.put(replaces)
}

/// Adds the data folder to a `.gitignore`, which is made if it is missing. False when it was there already.
fn ignore_data(list: &Path) -> std::io::Result<bool> {
    output_file::check(list)?;
    let known = match std::fs::read_to_string(list) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        known => known?,
    };
    let is_it = |line: &str| line.trim().trim_matches('/') == IGNORED.trim_matches('/');
    if known.lines().any(is_it) {
        return Ok(false);
    }
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.append(true).create(true).open(list)?;
    let gap = if known.is_empty() || known.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    file.write_all(format!("{gap}{IGNORED}\n").as_bytes())?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_folder_is_ignored_once() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join(".gitignore");
        assert!(ignore_data(&list).unwrap());
        assert_eq!(std::fs::read_to_string(&list).unwrap(), "data/\n");
        assert!(!ignore_data(&list).unwrap());
        for (before, after) in [
            ("node_modules", "node_modules\ndata/\n"),
            ("node_modules/\n", "node_modules/\ndata/\n"),
            ("data/x\n", "data/x\ndata/\n"),
            ("!data/\n", "!data/\ndata/\n"),
            ("/data/\r\n", "/data/\r\n"),
            ("x\ndata\n", "x\ndata\n"),
        ] {
            std::fs::write(&list, before).unwrap();
            assert_eq!(ignore_data(&list).unwrap(), before != after, "{before:?}");
            assert_eq!(std::fs::read_to_string(&list).unwrap(), after);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_list_that_is_a_link_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (list, target) = (
            folder.path().join(".gitignore"),
            folder.path().join("target"),
        );
        std::fs::write(&target, "").unwrap();
        std::os::unix::fs::symlink(&target, &list).unwrap();
        assert!(ignore_data(&list).is_err());
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "");
    }

    #[test]
    fn only_the_current_folder_gets_one() {
        for (path, here) in [
            ("backlot.toml", true),
            ("./backlot.toml", true),
            ("deploy/backlot.toml", false),
            ("/etc/backlot.toml", false),
            ("../backlot.toml", false),
        ] {
            assert_eq!(is_here(Path::new(path)), here, "{path}");
        }
    }
}
