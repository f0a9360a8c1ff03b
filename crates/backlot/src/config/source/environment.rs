//! The environment: `BACKLOT_<SECTION>_<KEY>` for every key, and the names that Wix's own CLI uses.

use toml::{Table, Value};

use super::{Environment, Origin, Source};
use crate::config::error::{ConfigError, ConfigProblem};
use crate::config::keys::{Key, Kind, SECTIONS};

/// Wix's own names, which `BACKLOT_…` overrides.
pub(super) const WIX_NAMES: [(&str, &str); 3] = [
    ("WIX_CLIENT_ID", "id"),
    ("WIX_CLIENT_SECRET", "secret"),
    ("WIX_CLIENT_PUBLIC_KEY", "public_key"),
];

/// The maximum number of entries in a list of tables that variables can set.
pub(super) const MAX_ENTRIES: usize = 64;

pub(super) fn overlay(
    source: &mut Source,
    environment: Environment<'_>,
) -> Result<(), ConfigError> {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty());
    for (name, key) in WIX_NAMES {
        if let Some(text) = set(name) {
            let value = if key == "secret" {
                literal_secret(text)
            } else {
                Value::String(text)
            };
            source.set("app", key, value, Origin::Variable(name.to_owned()));
        }
    }
    let mut errors = ConfigError::default();
    for section in SECTIONS.iter() {
        let indexes = if section.name.ends_with("[]") {
            MAX_ENTRIES
        } else {
            1
        };
        for index in 0..indexes {
            for key in &section.keys {
                let variable = key.variable(index);
                let Some(text) = set(&variable) else { continue };
                let outcome = value_of(key, &text)
                    .and_then(|value| put(source, key, index, value, &variable));
                if let Err(cause) = outcome {
                    errors.0.push(ConfigProblem {
                        origin: Some(Origin::Variable(variable)),
                        key: key.path.replace("[]", &format!("[{index}]")),
                        cause,
                        remedy: None,
                    });
                }
            }
        }
    }
    if errors.0.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

fn value_of(key: &Key, text: &str) -> Result<Value, String> {
    match key.kind {
        Kind::Text => Ok(Value::String(text.to_owned())),
        Kind::Boolean => text
            .parse()
            .map(Value::Boolean)
            .map_err(|_| "not `true` or `false`".to_owned()),
        Kind::Integer => text
            .parse()
            .map(Value::Integer)
            .map_err(|_| "not a number".to_owned()),
        Kind::BooleanOrList if matches!(text, "true" | "false") => {
            Ok(Value::Boolean(text == "true"))
        }
        Kind::List | Kind::BooleanOrList if !text.trim_start().starts_with('[') => {
            let items = text
                .split(',')
                .map(|item| Value::String(item.trim().to_owned()));
            Ok(Value::Array(items.collect()))
        }
        Kind::List | Kind::BooleanOrList | Kind::Other => {
            Ok(structured(text).unwrap_or_else(|| {
                if key.path == "app.secret" {
                    literal_secret(text.to_owned())
                } else {
                    Value::String(text.to_owned())
                }
            }))
        }
    }
}

/// Parses TOML in a variable whose key takes a list or a table.
fn structured(text: &str) -> Option<Value> {
    let text = text.trim();
    if !text.starts_with(['[', '{']) {
        return None;
    }
    let mut table: Table = toml::from_str(&format!("value = {text}")).ok()?;
    table.remove("value")
}

/// Wraps a secret that a variable contains.
fn literal_secret(text: String) -> Value {
    let mut table = Table::new();
    table.insert("inline".to_owned(), Value::String(text));
    Value::Table(table)
}

fn put(
    source: &mut Source,
    key: &Key,
    index: usize,
    value: Value,
    variable: &str,
) -> Result<(), String> {
    let origin = Origin::Variable(variable.to_owned());
    let Some((section, name)) = key.path.split_once('.') else {
        return Ok(());
    };
    let Some(list) = section.strip_suffix("[]") else {
        source.set(section, name, value, origin);
        return Ok(());
    };
    let entries = source
        .table
        .entry(list)
        .or_insert_with(|| Value::Array(Vec::new()));
    let Value::Array(entries) = entries else {
        return Err(format!("`{list}` in the file is not a list of tables"));
    };
    if index > entries.len() {
        return Err(format!(
            "there is no entry with the number {} before it",
            entries.len()
        ));
    }
    if index == entries.len() {
        entries.push(Value::Table(Table::new()));
    }
    if let Some(Value::Table(table)) = entries.get_mut(index) {
        table.insert(name.to_owned(), value);
        source.note_origin(format!("{list}[{index}].{name}"), origin);
    }
    Ok(())
}
