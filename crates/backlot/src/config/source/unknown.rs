//! Unknown keys, each with the nearest valid one.

use toml::{Table, Value};

use super::{Source, renamed};
use crate::config::error::{ConfigError, ConfigProblem};
use crate::config::keys::{SECTIONS, Section};

pub(super) fn check(source: &Source) -> Result<(), ConfigError> {
    let mut errors = ConfigError::default();
    for (name, value) in &source.table {
        let section = SECTIONS
            .iter()
            .find(|section| section.name.trim_end_matches("[]") == name);
        match section {
            None => {
                let known = SECTIONS
                    .iter()
                    .map(|section| section.name.trim_end_matches("[]"));
                let problem = unknown(source, name, name, "section", known);
                errors.0.push(problem);
            }
            Some(section) => check_section(source, section, value, &mut errors),
        }
    }
    if errors.0.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

fn check_section(source: &Source, section: &Section, value: &Value, errors: &mut ConfigError) {
    let name = section.name.trim_end_matches("[]");
    let is_list = section.name.ends_with("[]");
    match value {
        Value::Table(_) if is_list => {
            errors
                .0
                .push(written_otherwise(source, name, &format!("[[{name}]]")));
        }
        Value::Array(_) if !is_list => {
            errors
                .0
                .push(written_otherwise(source, name, &format!("[{name}]")));
        }
        Value::Table(table) => check_keys(source, section, name, table, errors),
        Value::Array(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                if let Value::Table(table) = entry {
                    check_keys(source, section, &format!("{name}[{index}]"), table, errors);
                }
            }
        }
        _ => {}
    }
}

fn written_otherwise(source: &Source, name: &str, header: &str) -> ConfigProblem {
    ConfigProblem {
        origin: source.origin(name).cloned(),
        key: name.to_owned(),
        cause: "the brackets around the section's name are wrong".to_owned(),
        remedy: Some(format!("write {header}")),
    }
}

fn check_keys(
    source: &Source,
    section: &Section,
    prefix: &str,
    table: &Table,
    errors: &mut ConfigError,
) {
    let last = |path: &'static str| path.rsplit('.').next().unwrap_or(path);
    for key in table.keys() {
        let known: Vec<&str> = SECTIONS
            .iter()
            .filter(|it| it.name == section.name)
            .flat_map(|it| it.keys.iter().map(|key| last(&key.path)))
            .collect();
        if !known.contains(&key.as_str()) {
            let path = format!("{prefix}.{key}");
            errors
                .0
                .push(unknown(source, &path, key, "key", known.into_iter()));
        }
    }
}

fn unknown<'known>(
    source: &Source,
    path: &str,
    name: &str,
    what: &str,
    known: impl Iterator<Item = &'known str>,
) -> ConfigProblem {
    if let Some(new) = renamed::key(name) {
        return ConfigProblem {
            origin: source.origin(path).cloned(),
            key: path.to_owned(),
            cause: format!("the key was renamed to {new}"),
            remedy: Some(format!("write `{new}`, which has the same meaning")),
        };
    }
    let known: Vec<&str> = known.collect();
    let nearest = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(candidate, name), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 3)
        .min();
    ConfigProblem {
        origin: source.origin(path).cloned(),
        key: path.to_owned(),
        cause: format!("unknown {what}"),
        remedy: Some(match nearest {
            Some((_, nearest)) => format!("did you mean `{nearest}`?"),
            None => format!("there are: {}", known.join(", ")),
        }),
    }
}
