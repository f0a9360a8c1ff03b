//! Reads the file, and records the line of each value.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Origin, Source};
use crate::config::error::{ConfigError, ConfigProblem};

pub(super) fn read(path: &Path) -> Result<Source, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigProblem {
        origin: None,
        key: String::new(),
        cause: format!("cannot read {}: {error}", path.display()),
        remedy: Some("`backlot init` writes a configuration with comments".to_owned()),
    })?;
    parse(path, &text)
}

pub(super) fn parse(path: &Path, text: &str) -> Result<Source, ConfigError> {
    let wrong = |error: toml::de::Error| {
        let offset = error.span().map_or(0, |span| span.start);
        ConfigError::from(ConfigProblem {
            origin: Some(Origin::Line(path.to_owned(), line_of(text, offset))),
            key: String::new(),
            cause: format!("this is not TOML: {}", error.message()),
            remedy: None,
        })
    };
    let spanned = DeTable::parse(text).map_err(wrong)?;
    let mut source = Source {
        table: toml::from_str(text).map_err(wrong)?,
        file: Some(path.to_owned()),
        folder: path.parent().map(Path::to_owned).unwrap_or_default(),
        ..Source::default()
    };
    let mut note = |key: String, offset: usize| {
        let line = line_of(text, offset);
        source
            .origins
            .insert(key, Origin::Line(path.to_owned(), line));
    };
    walk_table("", spanned.get_ref(), &mut note);
    Ok(source)
}

/// Returns the line of each key and element of a text, such as `fields[0].min`, counted from one.
pub(crate) fn lines(text: &str) -> Result<BTreeMap<String, usize>, toml::de::Error> {
    let spanned = DeTable::parse(text)?;
    let mut lines = BTreeMap::new();
    let mut note = |key: String, offset: usize| {
        lines.insert(key, line_of(text, offset));
    };
    walk_table("", spanned.get_ref(), &mut note);
    Ok(lines)
}

fn walk_table(prefix: &str, table: &DeTable<'_>, note: &mut dyn FnMut(String, usize)) {
    for (key, value) in table {
        let name = key.get_ref();
        let path = if prefix.is_empty() {
            name.to_string()
        } else {
            format!("{prefix}.{name}")
        };
        note(path.clone(), key.span().start);
        walk_value(&path, value, note);
    }
}

fn walk_value(path: &str, value: &Spanned<DeValue<'_>>, note: &mut dyn FnMut(String, usize)) {
    match value.get_ref() {
        DeValue::Table(table) => walk_table(path, table, note),
        DeValue::Array(array) => {
            for (index, value) in array.iter().enumerate() {
                let path = format!("{path}[{index}]");
                note(path.clone(), value.span().start);
                walk_value(&path, value, note);
            }
        }
        _ => {}
    }
}

/// Returns the line of an offset, counted from one.
fn line_of(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or_default();
    1 + before.matches('\n').count()
}
