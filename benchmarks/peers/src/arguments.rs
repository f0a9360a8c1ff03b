//! A command line of `--name value` pairs.

use std::collections::HashMap;
use std::env;
use std::fmt::Display;
use std::str::FromStr;

use crate::Failure;

/// The pairs of the command line.
#[derive(Debug)]
pub struct Arguments(HashMap<String, String>);

impl Arguments {
    /// Reads the command line.
    ///
    /// # Errors
    ///
    /// Fails if it has anything but pairs.
    pub fn read() -> Result<Self, Failure> {
        let mut words = env::args().skip(1);
        let mut pairs = HashMap::new();
        while let Some(word) = words.next() {
            let name = word.strip_prefix("--").ok_or("expected --name value")?;
            let value = words
                .next()
                .ok_or_else(|| format!("--{name} has no value"))?;
            pairs.insert(name.to_owned(), value);
        }
        Ok(Self(pairs))
    }

    /// Returns a value.
    ///
    /// # Errors
    ///
    /// Fails if it is absent, or not of this type.
    pub fn get<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, Failure> {
        let text = self
            .0
            .get(name)
            .ok_or_else(|| format!("--{name} is missing"))?;
        text.parse()
            .map_err(|error| format!("--{name} {text}: {error}").into())
    }
}
