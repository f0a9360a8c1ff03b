//! The files of a folder.

use std::path::{Path, PathBuf};

use backlot_wix::data::collection::Definition;

use super::file::CollectionFile;
use crate::config::{ConfigErrors, Origin, Problem};

/// Reads every `.toml` file of the folder, by name. A folder that does not exist holds none. All that
/// is wrong is reported together.
pub(crate) fn read(folder: &Path) -> Result<Vec<Definition>, ConfigErrors> {
    let mut errors = ConfigErrors::default();
    let mut definitions: Vec<Definition> = Vec::new();
    for path in files(folder)? {
        match read_file(&path) {
            Ok(definition) => {
                if definitions.iter().any(|other| other.id == definition.id) {
                    let cause =
                        format!("there is another file for the collection {}", definition.id);
                    errors.0.push(problem(&path, None, cause));
                }
                definitions.push(definition);
            }
            Err(problem) => errors.0.push(problem),
        }
    }
    if errors.0.is_empty() {
        Ok(definitions)
    } else {
        Err(errors)
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, ConfigErrors> {
    let cannot = |error: std::io::Error| {
        let cause = format!("cannot read the folder of the collections: {error}");
        ConfigErrors::from(problem(folder, None, cause))
    };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(cannot)?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(cannot)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn read_file(path: &Path) -> Result<Definition, Problem> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| problem(path, None, format!("cannot be read: {error}")))?;
    let file: CollectionFile = toml::from_str(&text).map_err(|error| {
        let line = error.span().map(|span| {
            1 + text
                .get(..span.start)
                .unwrap_or_default()
                .matches('\n')
                .count()
        });
        problem(path, line, error.message().to_owned())
    })?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    file.into_definition(&name)
        .map_err(|fault| problem(path, None, fault.to_string()))
}

fn problem(path: &Path, line: Option<usize>, cause: String) -> Problem {
    Problem {
        origin: Some(Origin::Line(path.to_owned(), line.unwrap_or(1))),
        key: String::new(),
        cause,
        remedy: Some("docs/data.md describes the files of collections".to_owned()),
    }
}

#[cfg(test)]
mod tests;
