//! The kinds of values that stand in a configuration besides text, numbers and lists.

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
    /// A list.
    More(Vec<T>),
    /// One.
    One(T),
}

impl<T> OneOrMore<T> {
    /// All of them.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::More(values) => values,
        }
    }
}
