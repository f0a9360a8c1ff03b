//! Reads and merges the file, environment variables and flags, in increasing precedence. The origin of each value is
//! recorded for error messages.

mod environment;
mod file;
mod renamed;
mod unknown;
mod variables;

pub(crate) use file::lines;
pub(crate) use variables::misspelt;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use backlot_server::secrets::SecretString;
use toml::{Table, Value};

use super::error::{ConfigError, ConfigProblem};
use super::sections::Config;
use crate::data_folder::DataFolder;

/// The origin of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A line of the file, counted from one.
    Line(PathBuf, usize),
    /// An environment variable.
    Variable(String),
    /// A command-line flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(path, line) => write!(formatter, "{}:{line}", path.display()),
            Self::Variable(name) => write!(formatter, "environment variable {name}"),
            Self::Flag(name) => write!(formatter, "flag {name}"),
        }
    }
}

/// Finds environment variables. A function, so that tests need not set real ones.
pub type Environment<'env> = &'env dyn Fn(&str) -> Option<String>;

/// The merged values and their origins.
#[derive(Debug, Default)]
pub struct Source {
    table: Table,
    origins: BTreeMap<String, Origin>,
    file: Option<PathBuf>,
    folder: PathBuf,
    secrets: BTreeMap<String, SecretString>,
    command_flags: String,
}

/// The sections whose secrets are read when they are used.
const READING_FOR_EACH_CALL: [&str; 2] = ["connection", "subscription"];
/// The key of these sections whose secrets are read at the start: a connection to NATS is made once.
const NATS: &str = "nats";

impl Source {
    /// Reads a file, if there is one, and the environment.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, or contains unknown keys.
    pub fn read(file: Option<&Path>, environment: Environment<'_>) -> Result<Self, ConfigError> {
        let mut source = match file {
            Some(path) => file::read(path)?,
            None => Self::default(),
        };
        unknown::check(&source)?;
        environment::overlay(&mut source, environment)?;
        Ok(source)
    }

    /// Returns the names of all secrets that are read at the start. Connections and subscriptions read theirs for each call.
    pub(crate) fn secret_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (section, value) in &self.table {
            if !READING_FOR_EACH_CALL.contains(&section.as_str()) {
                find_single(value, "secret", &mut names);
                continue;
            }
            for (_, value) in keys_of_entries(value).filter(|(key, _)| *key == NATS) {
                find_single(value, "secret", &mut names);
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Returns the files that values are read from: `{ file = "…" }`.
    pub(crate) fn value_files(&self) -> Vec<PathBuf> {
        let mut names = Vec::new();
        for value in self.table.values() {
            find_single(value, "file", &mut names);
        }
        names.iter().map(|name| self.folder.join(name)).collect()
    }

    /// Returns the names of all secrets that connections and subscriptions read for each call.
    pub(crate) fn secrets_for_each_call(&self) -> Vec<String> {
        let mut names = Vec::new();
        let sections = READING_FOR_EACH_CALL.iter();
        for value in sections.filter_map(|section| self.table.get(*section)) {
            for (_, value) in keys_of_entries(value).filter(|(key, _)| *key != NATS) {
                find_single(value, "secret", &mut names);
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Returns the keys whose values are this secret, such as `connection[0].auth.bearer`.
    pub(crate) fn users_of_secret(&self, name: &str) -> Vec<String> {
        let mut users = Vec::new();
        for (section, value) in &self.table {
            find_users(value, section, name, &mut users);
        }
        users
    }

    /// Sets the secrets that were read from the database.
    pub(crate) fn give_secrets(&mut self, secrets: BTreeMap<String, SecretString>) {
        self.secrets = secrets;
    }

    pub(crate) fn secret(&self, name: &str) -> Option<String> {
        Some(self.secrets.get(name)?.reveal().to_owned())
    }

    /// Sets the data folder, for hints that name a command.
    pub(crate) fn set_data_folder(&mut self, data: &DataFolder) {
        self.command_flags = data.command_flags(self.file());
    }

    /// Returns the flags with which other commands use the same configuration and data, such as ` --data data/dev`.
    pub(crate) fn command_flags(&self) -> &str {
        &self.command_flags
    }

    /// The file, if there is one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The folder that paths in the configuration are relative to.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Sets one key of a section from a flag.
    pub fn flag(&mut self, section: &str, key: &str, flag: &str, value: impl Into<Value>) {
        let origin = Origin::Flag(flag.to_owned());
        self.set(section, key, value.into(), origin);
    }

    fn set(&mut self, section: &str, key: &str, value: Value, origin: Origin) {
        let entry = self
            .table
            .entry(section)
            .or_insert_with(|| Table::new().into());
        if let Value::Table(table) = entry {
            table.insert(key.to_owned(), value);
            self.note_origin(format!("{section}.{key}"), origin);
        }
    }

    /// Sets the origin of a key and everything below it.
    fn note_origin(&mut self, path: String, origin: Origin) {
        self.origins
            .retain(|known, _| !is_at_or_below(known, &path));
        self.origins.insert(path, origin);
    }

    /// Returns the origin of a key, or of the nearest key above it.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        let mut key = key;
        loop {
            if let Some(origin) = self.origins.get(key) {
                return Some(origin);
            }
            key = &key[..key.rfind(['.', '['])?];
        }
    }

    /// Parses the sections.
    ///
    /// # Errors
    ///
    /// Fails at the first value whose type is wrong.
    pub fn parse(&self) -> Result<Config, ConfigError> {
        serde_path_to_error::deserialize(Value::Table(self.table.clone())).map_err(|error| {
            let key = error.path().to_string();
            ConfigProblem {
                origin: self.origin(&key).cloned(),
                cause: plain_words(&error.into_inner().to_string()),
                remedy: key.split(['.', '[']).next().map(|section| {
                    format!("docs/configuration.md describes the keys of [{section}]")
                }),
                key,
            }
            .into()
        })
    }
}

/// Replaces the parser's names of types in its message.
fn plain_words(said: &str) -> String {
    let said = said.trim().replace('\n', " ");
    // The key stands before it already.
    let said = said.split(" in `").next().unwrap_or(&said);
    let said = said.replace(
        "unit variant, expected string only",
        "expected a text in quotes",
    );
    let numbers = ["u8", "u16", "u32", "u64", "usize"].map(|kind| format!("expected {kind}"));
    numbers.iter().fold(said, |said, number| {
        said.replace(number, "expected a non-negative integer")
    })
}

/// Finds the keys of `{ secret = "name" }` below this one.
fn find_users(value: &Value, key: &str, name: &str, users: &mut Vec<String>) {
    match value {
        Value::Table(table) => {
            if table.len() == 1 && table.get("secret").and_then(Value::as_str) == Some(name) {
                users.push(key.to_owned());
            }
            for (inner, value) in table {
                find_users(value, &format!("{key}.{inner}"), name, users);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                find_users(value, &format!("{key}[{index}]"), name, users);
            }
        }
        _ => {}
    }
}

/// Finds the names in `{ secret = "name" }` or `{ file = "name" }` at any depth.
fn find_single(value: &Value, key: &str, names: &mut Vec<String>) {
    match value {
        Value::Table(table) => {
            if let (1, Some(Value::String(name))) = (table.len(), table.get(key)) {
                names.push(name.clone());
            }
            let values = table.values();
            values.for_each(|value| find_single(value, key, names));
        }
        Value::Array(values) => values
            .iter()
            .for_each(|value| find_single(value, key, names)),
        _ => {}
    }
}

/// Returns the keys of all entries of a section that can be repeated.
fn keys_of_entries(section: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let entries = section.as_array().into_iter().flatten();
    let tables = entries.filter_map(Value::as_table);
    tables.flat_map(|table| table.iter().map(|(key, value)| (key.as_str(), value)))
}

fn is_at_or_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
