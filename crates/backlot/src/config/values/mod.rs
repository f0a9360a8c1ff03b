//! Types of values, which check themselves when they are parsed.

mod duration;
pub(crate) mod listen;
mod secret;
mod size;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use duration::{Duration, Timeout};
pub(crate) use listen::listen_address;
pub use secret::{Secret, SecretError, Value};
pub use size::Size;

/// One value, or a list of them.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMore<T> {
    More(Vec<T>),
    One(T),
}

impl<T> OneOrMore<T> {
    /// Returns all values.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::More(values) => values,
        }
    }
}
