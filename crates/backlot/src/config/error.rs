//! Mistakes in a configuration, with their origin, cause and remedy.

use std::fmt;

use super::source::Origin;

/// A mistake in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigProblem {
    /// The file and line, variable or flag. `None` for a value that is missing everywhere.
    pub origin: Option<Origin>,
    /// The key, such as `cors.origins[1]`.
    pub key: String,
    /// What is wrong.
    pub cause: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(formatter, "{origin}: ")?;
        }
        if !self.key.is_empty() {
            write!(formatter, "{}: ", self.key)?;
        }
        write!(formatter, "{}", self.cause)?;
        if let Some(remedy) = &self.remedy {
            write!(formatter, "\n  hint: {remedy}")?;
        }
        Ok(())
    }
}

/// The error for a configuration with mistakes. Lists all mistakes of one kind: unknown keys, then values of a wrong
/// type, then invalid values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfigError(pub Vec<ConfigProblem>);

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl From<ConfigProblem> for ConfigError {
    fn from(problem: ConfigProblem) -> Self {
        Self(vec![problem])
    }
}
