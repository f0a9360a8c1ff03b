//! The files of a folder.

use std::path::{Path, PathBuf};

use backlot_wix::data::{fits_in, limits};

use super::Declared;
use super::check::check_references;
use super::file::CollectionFile;
use super::lines::{Finding, Lines};
use crate::config::{ConfigError, ConfigProblem, Origin};

/// Reads every `.toml` file of the folder, by name. A folder that does not exist holds none. All that
/// is wrong is reported together, each at its own line.
pub(crate) fn read(folder: &Path) -> Result<Vec<Declared>, ConfigError> {
    let mut errors = ConfigError::default();
    let mut read: Vec<(PathBuf, Lines, Declared)> = Vec::new();
    let (paths, others) = entries(folder)?;
    for path in others {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let cause = format!("{name} is no .toml file, so it declares nothing");
        let mut problem = problem(&path, 1, cause);
        problem.remedy = Some("give it a name that ends in .toml, or put it elsewhere".to_owned());
        errors.0.push(problem);
    }
    // A reference to a collection whose own file is wrong is not wrong, too.
    let mut ids: Vec<String> = Vec::new();
    for path in paths {
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match read_file(&path, &stem) {
            Ok((lines, declared)) => {
                let id = &declared.definition.id;
                if ids.contains(id) {
                    let cause = format!("there is another file for the collection {id}");
                    errors.0.push(problem(&path, lines.line("id"), cause));
                }
                ids.push(id.clone());
                read.push((path, lines, declared));
            }
            Err(problems) => {
                ids.push(stem);
                errors.0.extend(problems);
            }
        }
    }
    errors.0.extend(too_large_together(folder, &read));
    for (path, lines, declared) in &read {
        for finding in check_references(&declared.definition, &ids) {
            errors.0.push(at(path, lines, finding));
        }
    }
    if errors.0.is_empty() {
        Ok(read.into_iter().map(|(_, _, declared)| declared).collect())
    } else {
        Err(errors)
    }
}

/// What is wrong if the definitions take up more bytes than all of them may.
fn too_large_together(folder: &Path, read: &[(PathBuf, Lines, Declared)]) -> Option<ConfigProblem> {
    let most = limits::DEFINITIONS_BYTES;
    let definitions: Vec<_> = read.iter().map(|(_, _, it)| &it.definition).collect();
    if usize::try_from(most).is_ok_and(|most| fits_in(&definitions, most)) {
        return None;
    }
    let cause = format!("the definitions have more than {most} bytes as JSON, all together");
    Some(problem(folder, 1, cause))
}

/// The files of a folder that are read as collections, by name.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    Ok(entries(folder)?.0)
}

/// The files that are read, and whatever else is there but what is hidden.
fn entries(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), ConfigError> {
    let cannot = |error: std::io::Error| {
        let cause = format!("cannot read the folder of the collections: {error}");
        ConfigError::from(problem(folder, 1, cause))
    };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok((Vec::new(), Vec::new()));
        }
        other => other.map_err(cannot)?,
    };
    let (mut files, mut others) = (Vec::new(), Vec::new());
    for entry in entries {
        let entry = entry.map_err(cannot)?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        } else {
            others.push(path);
        }
    }
    files.sort_unstable();
    others.sort_unstable();
    Ok((files, others))
}

fn read_file(path: &Path, name: &str) -> Result<(Lines, Declared), Vec<ConfigProblem>> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| vec![problem(path, 1, format!("cannot be read: {error}"))])?;
    let file: CollectionFile = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| {
            let before = text.get(..span.start).unwrap_or_default();
            1 + before.matches('\n').count()
        });
        vec![problem(path, line, error.message().to_owned())]
    })?;
    let lines = Lines::new(&text);
    match file.into_declared(name) {
        Ok(declared) => Ok((lines, declared)),
        Err(findings) => {
            let problems = findings
                .into_iter()
                .map(|finding| at(path, &lines, finding));
            Err(problems.collect())
        }
    }
}

fn at(path: &Path, lines: &Lines, finding: Finding) -> ConfigProblem {
    problem(path, lines.line(&finding.key), finding.cause)
}

fn problem(path: &Path, line: usize, cause: String) -> ConfigProblem {
    ConfigProblem {
        origin: Some(Origin::Line(path.to_owned(), line)),
        key: String::new(),
        cause,
        remedy: Some("docs/data.md describes the files of collections".to_owned()),
    }
}

#[cfg(test)]
mod tests;
